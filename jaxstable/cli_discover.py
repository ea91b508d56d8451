"""The command `jaxstable discover`: a discovery, or one that goes on with new rows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jaxstable.config import ConfigError
from jaxstable.data import commandline
from jaxstable.data.blocks import too_large
from jaxstable.data.commandline import OF_A_FILE
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.kinds import check_free, kind_of
from jaxstable.files.ownership import writable
from jaxstable.training.interruption import stopped_within, written_whole

# What loads JAX is imported once the data are read: a file that is refused need not wait for it.
if TYPE_CHECKING:
    from jaxstable.results.discovery_result import Discovery

RUN_DIR = "artifacts-discovery"
LOST = "stopped before there was a graph: nothing is saved; from the search on, Ctrl-C keeps what was found by then"
EXIT_STOPPED = 130  # as after Ctrl-C anywhere else, but the graph by then is saved
ASKED: dict[str, Any] = {
    "max_lag": None,
    "required": None,
    "forbidden": None,
    "draws": 50,
    "seed": 0,
    "prepare": "auto",
}
OF_ROWS = ("time", "time_format", "zone", "missing", "series", "resample", "max_gap", *OF_A_FILE)


def discover(args: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    with stopped_within(LOST):
        found = _updated(args) if args.update else _discovered(args)
    from jaxstable.results.telling import above, tell

    shown = above(found, args.min_probability)
    with written_whole(args.run_dir):
        run_dir = found.save(args.run_dir, keep_rows=not args.no_rows)
        if args.plot:
            found.plot().savefig(run_dir / "discovery.png", dpi=120)
        if args.output:
            shown.to_csv(args.output)
        written = sorted(path for path in run_dir.iterdir() if not path.name.startswith("."))
        tell(shown, args, [*written, *([args.output] if args.output else [])])
    return EXIT_STOPPED if "search" in found.chosen else 0


def _discovered(args: argparse.Namespace) -> Discovery:
    if args.new_series:
        raise ConfigError("--new-series: is for --update DIR")
    args.run_dir = args.run_dir or RUN_DIR
    source = commandline.source_of(args)
    in_blocks = args.block_rows is not None or too_large(source["path"])
    data = commandline.read_blocks(source, args.block_rows) if in_blocks else commandline.read_source(source)
    from jaxstable import api
    from jaxstable.results.telling import announce, progress_of

    _check_place(args.run_dir)
    announce(args, commandline.data_lines(source, data, windows=False))
    asked = {name: default if getattr(args, name) is None else getattr(args, name) for name, default in ASKED.items()}
    return api.discover(data, progress=progress_of(args), **asked).read_from(source)


def _updated(args: argparse.Namespace) -> Discovery:
    """Return what is found in the rows of a directory and those of new files together."""
    for name in ASKED:
        if getattr(args, name) is not None:
            flag = name.replace("_", "-")
            raise ConfigError(
                f"--{flag}: an update keeps what was asked of {args.update}; discover all rows for another"
            )
    if kind_of(args.update) != "discovery":
        raise RunDirectoryError(f"--update: found {args.update!r}, expected the directory of a discovery")
    source = commandline.source_of(args)
    if source["path"] is None:
        raise ConfigError("--update: found no file of new rows; give it as `jaxstable discover --update DIR new.csv`")
    from jaxstable.results.discovery_result import Discovery
    from jaxstable.results.telling import announce, progress_of

    old = Discovery.load(args.update)
    reading = {**(old.origin.reading if old.origin else {}), **source}
    strange = sorted(set(source) - {"path", "window", *OF_ROWS})
    if strange or "long" in reading:
        name = strange[0].replace("_", "-") if strange else "update"
        raise ConfigError(
            f"--{name}: new rows are read as the old ones were, never in the long format; discover all rows"
        )
    args.run_dir = args.run_dir or args.update
    _check_place(args.run_dir)
    how: dict[str, Any] = {name: reading[name] for name in OF_ROWS if name in reading}
    announce(args, f"update {args.update}: rows {old.provenance.get('rows')}; new rows from {source['path']}")
    found = old.update(source["path"], new_series=args.new_series, progress=progress_of(args), **how)
    return found.read_from({**reading, "path": source["path"]}, old.provenance.get("files", ()))


def _check_place(run_dir: str) -> None:
    """Refuse a directory that cannot take the discovery: before the work, not after it."""
    check_free(run_dir, "discovery")
    writable(run_dir)

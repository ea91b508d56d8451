"""The command line: parse, call, write. Nothing imports this file, and `--help` never imports jax."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxstable import __version__, flags
from jaxstable.actions import SHELLS, PrintCompletion
from jaxstable.config import Config, ConfigError
from jaxstable.data import commandline
from jaxstable.phrases import counted, nearest
from jaxstable.training.console import say
from jaxstable.training.grid import axes_of, expand
from jaxstable.training.interruption import written_whole

DATA_FILE = "data.json"
COMPILING = ("train", "sweep", "discover", "resume")
EXIT_DIVERGED = 1
EXIT_BAD_INPUT = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (diverged), 2 (bad input), 130 or 143 (signal)."""
    parser = make_parser()
    # What the package does besides training, such as moving an earlier run aside, is said in a line.
    logging.basicConfig(format="%(message)s")
    logging.getLogger("jaxstable").setLevel(logging.INFO)
    with warnings.catch_warnings():
        flags.warn_in_one_line(commandline.as_flags)
        return _main(parser, argv)


def _main(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unknown(unknown[0], args.parser))
    if getattr(args, "no_cache", False):
        os.environ["JAXSTABLE_CACHE"] = "0"
    # The names of the errors are known only once a command has imported the package's rooms.
    try:
        return args.command(args)
    except ConfigError as error:
        return _refused(error)
    except KeyboardInterrupt as stop:
        say(f"jaxstable: {str(stop) or 'interrupted'}", sys.stderr)
        return 128 + getattr(stop, "signum", 2)
    except ValueError as error:
        if type(error).__name__ not in ("DataError", "RunDirectoryError"):
            raise
        return _refused(error)
    except OSError as error:
        named = f"{error.filename}: {error.strerror}" if error.filename else error
        return _refused(OSError(named))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = flags.Parser(
        prog="jaxstable",
        description="Learn causal graphs from sensor time series by gradient descent that does not blow up.",
    )
    parser.add_argument("--version", action="version", version=f"jaxstable {__version__}")
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        help="print what lets that shell complete the flags, and end",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, function: Any, summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        sub.set_defaults(command=function, parser=sub)
        if name in COMPILING:
            sub.add_argument("--no-cache", action="store_true", help="keep no compiled programs for the next run")
        return sub

    train = command("train", _train, "Train one model on a CSV or Parquet file, or on the embedded plant.")
    commandline.add_data_options(train)
    flags.add_run_options(train, "artifacts", "history and graph")
    flags.add_config_options(train)

    sweep = command("sweep", _sweep, "Train a whole grid of values at once, every point a lane of one program.")
    commandline.add_data_options(sweep)
    flags.add_run_options(sweep, "artifacts-sweep", "the grid and all histories")
    flags.add_grid_options(sweep)

    discover = command("discover", _discover, "Find the causal graph of a data file, without a true graph or a knob.")
    commandline.add_data_options(discover)
    flags.add_discovery_options(discover)

    resume = command("resume", _resume, "Go on with a run or sweep that was stopped, as if it had not been.")
    resume.add_argument("run_dir", help="directory of the run or sweep")
    resume.add_argument(
        "--epochs",
        type=flags.integer,
        help="epochs of a run in all (default: as it was started); schedules that span the run follow the new number",
    )
    resume.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
    flags.add_quiet_option(resume)
    resume.add_argument("-v", "--verbose", action="store_true", help="as for train")

    check = command("check", _check, "Say what was understood of a data file and what is strange in it; learn nothing.")
    commandline.add_data_options(check)
    check.add_argument("--window", type=flags.integer, help="steps of a window (default: 24)")
    check.add_argument("--json", action="store_true", help="print the same as JSON and nothing else")

    show = command("show", _show, "Say again what a run, a sweep or a discovery found, from its directory.")
    show.add_argument("run_dir", help="directory of the run, sweep or discovery")
    show.add_argument("--json", action="store_true", help="print it as JSON and nothing else")
    flags.add_probability_option(show)
    flags.add_report_options(show)

    diagnose = command("diagnose", _diagnose, "Say how healthy a run or sweep is, from its directory or its log.")
    diagnose.add_argument("path", help="directory of a run or sweep, or the log of a run")
    diagnose.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def _train(args: argparse.Namespace) -> int:
    return _run(flags.config_of(args), commandline.source_of(args), args, resume=args.resume)


def _sweep(args: argparse.Namespace) -> int:
    config, grid = flags.grid_of(args)
    return _run_sweep(expand(config, grid), commandline.source_of(args), args, resume=args.resume)


def _discover(args: argparse.Namespace) -> int:
    from jaxstable import cli_discover

    return cli_discover.discover(args)


def _show(args: argparse.Namespace) -> int:
    from jaxstable.results.loading import load
    from jaxstable.results.telling import above, tell

    tell(above(load(args.run_dir), args.min_probability), args)
    return 0


def _resume(args: argparse.Namespace) -> int:
    from jaxstable.files.directory import CONFIG, RunDirectoryError, read_json
    from jaxstable.files.table import lanes_in

    directory = Path(args.run_dir)
    if not (directory / CONFIG).is_file():
        raise RunDirectoryError(f"{directory} holds no {CONFIG}: there is no run or sweep to resume there")
    if not (directory / DATA_FILE).is_file():
        raise RunDirectoryError(
            f"{directory} holds no {DATA_FILE}, so its data are not known here: it was started from Python; "
            "resume it there with train or sweep and the same arguments, run_dir=..., resume=True"
        )
    started, source = read_json(directory / CONFIG), _checked(read_json(directory / DATA_FILE), directory / DATA_FILE)
    args.plot, args.report = False, None
    if "lanes" in started:
        if args.epochs is not None:
            raise ConfigError("--epochs: a sweep goes on as it was started; start another one for other epochs")
        return _run_sweep([*map(Config.from_dict, lanes_in(directory / CONFIG, started))], source, args, resume=True)
    config = Config.from_dict(started)
    if args.epochs is not None:
        config = config.replace(epochs=args.epochs)
    return _run(config, source, args, resume=True)


def _checked(source: dict[str, Any], file: Path) -> dict[str, Any]:
    """Return where the data came from, refusing a document that does not say it."""
    from jaxstable.files.directory import RunDirectoryError

    if not commandline.is_source(source):
        raise RunDirectoryError(
            f"{file} is damaged: it does not say which data were trained on; restore it from a copy"
        )
    return source


def _run(config: Config, source: dict[str, Any], args: argparse.Namespace, *, resume: bool) -> int:
    data = commandline.read_source(source)
    from jaxstable import api
    from jaxstable.results.telling import announce, progress_of, tell

    model = f"model  {config.model}, preset {config.preset}, seed {config.seed}; {_devices()}"
    announce(args, commandline.data_lines(source, data), model)
    result = api.train(
        config, data, run_dir=args.run_dir, resume=resume, progress=progress_of(args), notes={DATA_FILE: source}
    )
    assert result.run_dir is not None
    with written_whole(args.run_dir):
        result.to_graphml(result.run_dir / "graph.graphml")
        if args.plot:
            result.plot().savefig(result.run_dir / "result.png", dpi=120, bbox_inches="tight")
        tell(result, args, _written(result.run_dir))
    return EXIT_DIVERGED if result.status == "DIVERGED" else 0


def _run_sweep(configs: Sequence[Config], source: dict[str, Any], args: argparse.Namespace, *, resume: bool) -> int:
    data = commandline.read_source(source)
    from jaxstable import api
    from jaxstable.results.telling import announce, progress_of, tell

    axes = f"sweep  {counted(len(configs), 'lane')} over {', '.join(axes_of(configs)) or 'nothing'}; {_devices()}"
    announce(args, commandline.data_lines(source, data), axes)
    result = api.sweep(
        None,
        data,
        configs,
        run_dir=args.run_dir,
        resume=resume,
        progress=progress_of(args),
        notes={DATA_FILE: source},
    )
    assert result.run_dir is not None
    with written_whole(args.run_dir):
        if args.plot:
            result.plot().savefig(result.run_dir / "sweep.png", dpi=120, bbox_inches="tight")
        tell(result, args, _written(result.run_dir))
    return EXIT_DIVERGED if all(run.status == "DIVERGED" for run in result.runs) else 0


def _written(run_dir: Path) -> list[Path]:
    return sorted(path for path in run_dir.iterdir() if not path.name.startswith("."))


def _check(args: argparse.Namespace) -> int:
    data = commandline.read_source(commandline.source_of(args))
    from jaxstable.results.data_report import data_report
    from jaxstable.results.telling import line_width
    from jaxstable.results.text import report_text

    report = data_report(data)
    if args.json:
        say(json.dumps(report.document, indent=2))
        return 0
    totals = tuple((what, commandline.as_flags(how)) for what, how in report.totals)
    findings = tuple(finding._replace(remedy=commandline.as_flags(finding.remedy)) for finding in report.findings)
    say(
        report_text(
            report._replace(totals=totals, findings=findings), width=line_width(), well="Nothing strange in the data."
        )
    )
    return 0


def _diagnose(args: argparse.Namespace) -> int:
    from jaxstable.files.directory import RunDirectoryError, read_log
    from jaxstable.results.loading import diagnose
    from jaxstable.results.telling import line_width
    from jaxstable.results.text import findings_text

    path = Path(args.path)
    if path.is_file() and not any("epoch" in record for record in read_log(path).records):
        raise RunDirectoryError(f"{path} is not the log of a run: no line of it is a JSON object with an epoch")
    findings = diagnose(args.path)
    if args.json:
        say(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        say(findings_text(findings, width=line_width()))
    return 0


def _devices() -> str:
    import jax

    from jaxstable.training.devices import prepare_jax

    prepare_jax()
    devices = jax.local_devices()
    return f"jax {jax.__version__} on {len(devices)} x {devices[0].device_kind}"


def _unknown(flag: str, parser: argparse.ArgumentParser) -> str:
    known = [option for action in parser._actions for option in action.option_strings]
    return f"unknown argument {flag!r}{nearest(flag.split('=')[0], known)}"


def _refused(error: Exception) -> int:
    say(f"jaxstable: error: {commandline.as_flags(str(error))}", sys.stderr)
    return EXIT_BAD_INPUT

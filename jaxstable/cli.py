"""The command line: parse, call, write. Nothing imports this file, and `--help` never imports jax."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jaxstable import __version__
from jaxstable.config import PRESETS, Config, ConfigError, read_fields

DATA_FILE = "data.json"
EXIT_DIVERGED = 1
EXIT_BAD_INPUT = 2
DATA_OPTIONS = ("window", "stride", "time", "missing", "environment", "series", "columns", "truth")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 (diverged), 2 (bad input), 130 or 143 (signal)."""
    parser = make_parser()
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unknown(unknown[0], args.parser))
    # The names of the errors are known only once a command has imported the package's rooms.
    try:
        return args.command(args)
    except ConfigError as error:
        return _refused(error)
    except KeyboardInterrupt as stop:
        print(f"jaxstable: {stop or 'interrupted'}", file=sys.stderr)
        return 128 + getattr(stop, "signum", 2)
    except ValueError as error:
        if type(error).__name__ not in ("DataError", "RunDirectoryError"):
            raise
        return _refused(error)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="jaxstable",
        description="Learn causal graphs from sensor time series by gradient descent that does not blow up.",
    )
    parser.add_argument("--version", action="version", version=f"jaxstable {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, function: Any, summary: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
        sub.set_defaults(command=function, parser=sub)
        return sub

    train = command("train", _train, "Train one model on a CSV or Parquet file, or on the embedded plant.")
    train.add_argument("data", nargs="?", help="CSV or Parquet file (default: the embedded plant)")
    _add_run_options(train)
    _add_data_options(train)
    _add_config_options(train)

    resume = command("resume", _resume, "Go on with a run that was stopped, bit for bit as if it had not been.")
    resume.add_argument("run_dir", help="directory of the run")
    resume.add_argument("--epochs", type=int, help="epochs in all (default: as the run was started)")
    resume.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")

    diagnose = command("diagnose", _diagnose, "Say how healthy a run is, from its directory or its log.")
    diagnose.add_argument("path", help="run directory or log file")
    diagnose.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument("--run-dir", default="artifacts", help="where everything is written (default: artifacts)")
    group.add_argument("--resume", action="store_true", help="go on from the checkpoint there, if there is one")
    group.add_argument("--config", metavar="FILE", help="YAML or JSON file of config fields; flags go over it")
    group.add_argument("--plot", action="store_true", help="also write history and graph as a picture")
    group.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("data file")
    group.add_argument("--stride", type=int, help="steps from one window to the next (default: 1)")
    group.add_argument("--time", metavar="COLUMN", help="column of time stamps; gaps in it are respected")
    group.add_argument("--missing", type=float, action="append", metavar="NUMBER", help="value that means missing")
    group.add_argument("--environment", metavar="COLUMN", help="column of environment labels")
    group.add_argument("--series", metavar="COLUMN", help="column that tells series apart")
    group.add_argument("--columns", metavar="A,B,...", type=lambda text: text.split(","), help="columns to use")
    group.add_argument("--truth", metavar="CSV", help="true graph, a named cause x effect matrix of 0 and 1")


def _add_config_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("config")
    hints = typing.get_type_hints(Config)
    for field in dataclasses.fields(Config):
        flag, hint, doc = "--" + field.name.replace("_", "-"), hints[field.name], field.metadata["doc"]
        if field.name == "preset":
            group.add_argument(flag, choices=PRESETS, help="set-up that the other flags go over (default: stable)")
            continue
        shown = "" if field.default is None else f" (default: {field.default})"
        if hint is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=doc + shown)
            continue
        if isinstance(hint, types.UnionType):
            hint = typing.get_args(hint)[0]
        choices = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else None
        kind = str if choices else hint
        metavar = None if choices else kind.__name__.upper()
        group.add_argument(flag, type=kind, choices=choices, metavar=metavar, help=doc + shown)


def _train(args: argparse.Namespace) -> int:
    config = _config_of(args)
    source = {name: value for name in DATA_OPTIONS if (value := getattr(args, name)) is not None}
    source["path"] = args.data
    return _run(config, source, args, resume=args.resume)


def _resume(args: argparse.Namespace) -> int:
    from jaxstable.training.rundir import CONFIG, RunDirectoryError, read_json

    directory = Path(args.run_dir)
    if not (directory / CONFIG).is_file():
        raise RunDirectoryError(f"{directory} holds no {CONFIG}: there is no run to resume there")
    if not (directory / DATA_FILE).is_file():
        raise RunDirectoryError(
            f"{directory} holds no {DATA_FILE}, so its data are not known here: it was started from Python; "
            "resume it there with train(config, data, run_dir=..., resume=True)"
        )
    config = Config.from_dict(read_json(directory / CONFIG))
    if args.epochs is not None:
        config = config.replace(epochs=args.epochs)
    args.plot = False
    return _run(config, read_json(directory / DATA_FILE), args, resume=True)


def _run(config: Config, source: dict[str, Any], args: argparse.Namespace, *, resume: bool) -> int:
    data = _read_data(source)
    from jaxstable import api

    if not args.json:
        print(f"data   {source['path'] or 'embedded plant'}: {data}")
        print(f"model  {config.model}, preset {config.preset}, seed {config.seed}; {_devices()}")
    result = api.train(
        config, data, run_dir=args.run_dir, resume=resume, progress=not args.json, notes={DATA_FILE: source}
    )
    assert result.run_dir is not None
    result.to_graphml(result.run_dir / "graph.graphml")
    if args.plot:
        result.plot().savefig(result.run_dir / "result.png", dpi=120)
    if args.json:
        print(json.dumps({**result.summary(), "run_dir": str(result.run_dir)}))
    else:
        _print_report(result)
    return EXIT_DIVERGED if result.status == "DIVERGED" else 0


def _print_report(result: Any) -> None:
    from jaxstable.results.report import findings_text, summary_text

    written = sorted(path for path in result.run_dir.iterdir() if not path.name.startswith("."))
    print()
    print(findings_text(result.diagnose()))
    print()
    print(summary_text(result.summary(), written))


def _diagnose(args: argparse.Namespace) -> int:
    from jaxstable.results.diagnosis import diagnose_dir
    from jaxstable.results.report import findings_text

    findings = diagnose_dir(args.path)
    if args.json:
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        print(findings_text(findings))
    return 0


def _config_of(args: argparse.Namespace) -> Config:
    """Return the preset with the file's fields over it and the flags over those."""
    fields = read_fields(args.config) if args.config else {}
    names = [field.name for field in dataclasses.fields(Config)]
    flags = {name: value for name in names if (value := getattr(args, name)) is not None}
    return Config.from_preset(**{"preset": "stable", **fields, **flags})


def _read_data(source: dict[str, Any]) -> Any:
    """Return the data set that the options name."""
    from jaxstable.data import sources
    from jaxstable.data.dataset import Dataset

    options = {name: value for name, value in source.items() if name != "path"}
    if source["path"] is not None:
        return Dataset.from_file(source["path"], **options)
    unusable = sorted(set(options) - {"window", "stride"})
    if unusable:
        raise ConfigError(f"--{unusable[0]}: needs a data file; the embedded plant takes --window and --stride only")
    return sources.sensors(**options)


def _devices() -> str:
    import jax

    from jaxstable.training.lanes import use_every_core

    use_every_core()
    devices = jax.local_devices()
    return f"jax {jax.__version__} on {len(devices)} x {devices[0].device_kind}"


def _unknown(flag: str, parser: argparse.ArgumentParser) -> str:
    known = [option for action in parser._actions for option in action.option_strings]
    near = difflib.get_close_matches(flag.split("=")[0], known, n=1, cutoff=0.6)
    return f"unknown argument {flag!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _refused(error: Exception) -> int:
    print(f"jaxstable: error: {error}", file=sys.stderr)
    return EXIT_BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())

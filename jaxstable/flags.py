"""The flags of the command line: every field of the config, where a run writes, lists for a grid."""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
import types
import typing
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from jaxstable.actions import Plot, new_file
from jaxstable.config import PRESETS, Config, ConfigError
from jaxstable.fields import read_fields
from jaxstable.training.console import say
from jaxstable.training.grid import NAMED_GRIDS

FIELDS = tuple(field.name for field in dataclasses.fields(Config))
SWITCHED: dict[str, bool | str] = {"on": True, "off": False, "auto": "auto"}
WORDS = {"true": True, "false": False}
EXPECTED: dict[type, str] = {int: "an integer", float: "a number"}


class Parser(argparse.ArgumentParser):
    """Refuse in one line, and take -1e3 and -999,-1 for values rather than flags."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._negative_number_matcher = re.compile(r"-\.?\d[-+\d.,e]*$")

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, without the usage, and exit with 2."""
        message = re.sub(r"invalid choice: (.*) \(choose from (.*)\)$", r"found \1, expected one of \2", message)
        say(f"jaxstable: error: {message.removeprefix('argument ')}", sys.stderr)
        raise SystemExit(2)

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:
            say(message.removesuffix("\n"), file)


def warn_in_one_line(as_flags: Callable[[str], str]) -> None:
    """Show warnings about the data as a line of words, not as a line of this program."""
    usual = warnings.showwarning

    def show(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
        if category.__name__ == "DataWarning":
            say(f"warning: {as_flags(str(message))}", sys.stderr)
        else:
            usual(message, category, *place, **more)

    warnings.showwarning = show


def add_run_options(parser: argparse.ArgumentParser, run_dir: str, picture: str) -> None:
    """Add what says where a run or a sweep writes and how it reports."""
    group = parser.add_argument_group("run")
    group.add_argument("--run-dir", default=run_dir, help=f"where everything is written (default: {run_dir})")
    group.add_argument("--resume", action="store_true", help="go on from the checkpoint there, if there is one")
    group.add_argument("--config", metavar="FILE", help="YAML or JSON file of config fields; flags go over it")
    group.add_argument("--plot", action=Plot, help=f"also write {picture} as a picture")
    group.add_argument("--json", action="store_true", help="print the summary as JSON and nothing else")
    add_report_options(group)
    add_quiet_option(group)


def add_report_options(group: Any) -> None:
    """Add what says how a result is told."""
    group.add_argument("--report", type=new_file, metavar="FILE", help="also write one self-contained HTML page there")
    group.add_argument(
        *("-v", "--verbose"),
        action="store_true",
        help="also say every edge, what is in order, every setting, and every epoch",
    )


def add_quiet_option(group: Any) -> None:
    """Add what keeps progress to itself."""
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way, only the result")


def add_discovery_options(parser: argparse.ArgumentParser) -> None:
    """Add the few things that may be asked of a discovery."""
    parser.set_defaults(window=2)  # it looks at rows, at no windows
    group = parser.add_argument_group("discovery")
    group.add_argument(
        "--max-lag",
        type=int,
        metavar="STEPS",
        help="largest lag to look at (default: 2, and more while the rows remember more)",
    )
    group.add_argument(
        "--required",
        type=_edge,
        action="append",
        metavar="CAUSE,EFFECT,LAG",
        help="edge that the graph must hold; may be repeated",
    )
    group.add_argument(
        "--forbidden",
        type=_edge,
        action="append",
        metavar="CAUSE,EFFECT[,LAG]",
        help="edge that it must not hold, at any lag if none is given; may be repeated",
    )
    group.add_argument(
        "--prepare",
        type=_parts,
        metavar="PART=on|off,...",
        help="what to take out: levels, drift, cycles, spikes, held, steps; or none (default: what is needed)",
    )
    group.add_argument("--draws", type=int, help="bootstrap draws (default: 50)")
    group.add_argument(
        "--block-rows",
        type=int,
        metavar="ROWS",
        help="read a Parquet file or folder so many rows at a time (default: only if it does not fit into memory)",
    )
    group.add_argument("--seed", type=int, help="seed of the draws (default: 0)")
    group.add_argument(
        "--update", metavar="DIR", help="go on from the discovery there: the data file holds the rows that came later"
    )
    group.add_argument("--new-series", action="store_true", help="the rows of --update are a recording of their own")
    group.add_argument("--no-rows", action="store_true", help="keep no readings in the run directory; see --update")
    group.add_argument(
        "--run-dir", help="where everything is written (default: artifacts-discovery, or the DIR of --update)"
    )
    group.add_argument("--output", type=new_file, metavar="FILE", help="also write the edges there as CSV")
    group.add_argument("--plot", action=Plot, help="also write probabilities and graph as a picture")
    group.add_argument("--json", action="store_true", help="print the discovery as JSON and nothing else")
    add_probability_option(group)
    add_report_options(group)
    add_quiet_option(group)


def add_probability_option(group: Any) -> None:
    """Add what leaves unlikely edges out of what is shown."""
    group.add_argument(
        "--min-probability",
        type=_probability,
        metavar="P",
        help="show edges of at least this probability only; the run directory keeps all",
    )


def _probability(text: str) -> float:
    value = float(text) if re.fullmatch(r"[0-9.]+(e-?\d+)?", text) and text.count(".") < 2 else -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a number from 0 to 1")
    return value


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add one flag for every field of the config."""
    group = parser.add_argument_group("config")
    for field, flag, kind, choices, words in _config_flags():
        if field.name == "preset":
            group.add_argument(flag, choices=PRESETS, help="set-up that the other flags go over (default: stable)")
        elif kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=words)
        else:
            metavar = None if choices else kind.__name__.upper()
            group.add_argument(flag, type=_single(kind, "sweep"), choices=choices, metavar=metavar, help=words)


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """Add one flag for every field of the config, each taking a list of values, and the grids with a name."""
    group = parser.add_argument_group("grid and config: A,B,... sweeps a field, integers also as FROM:TO (TO excluded)")
    group.add_argument("--grid", choices=sorted(NAMED_GRIDS), help="grid with a name; lists of values go over it")
    for field, flag, kind, choices, words in _config_flags():
        if field.name == "preset":
            group.add_argument(flag, choices=PRESETS, help="set-up that the other flags go over (default: stable)")
            continue
        single = "|".join(choices) if choices else "true|false" if kind is bool else kind.__name__.upper()
        optional = {"nargs": "?", "const": [True]} if kind is bool else {}
        group.add_argument(flag, type=_list_of(kind, choices), metavar=f"{single},...", help=words, **optional)
        if kind is bool:
            group.add_argument(
                flag.replace("--", "--no-"),
                dest=field.name,
                action="store_const",
                const=[False],
                help=argparse.SUPPRESS,
            )


def config_of(args: argparse.Namespace) -> Config:
    """Return the preset with the file's fields over it and the flags over those."""
    flags = {name: value for name in FIELDS if (value := getattr(args, name)) is not None}
    return _config(args, flags)


def grid_of(args: argparse.Namespace) -> tuple[Config, dict[str, list[Any]]]:
    """Return what all lanes have in common, and the fields with several values.

    Raises:
        ConfigError: No field has several values.
    """
    lists = {name: value for name in FIELDS if isinstance(value := getattr(args, name), list)}
    common = {name: values[0] for name, values in lists.items() if len(values) == 1}
    if args.preset is not None:
        common["preset"] = args.preset
    grid = {name: list(values) for name, values in NAMED_GRIDS[args.grid].items()} if args.grid else {}
    grid = {name: values for name, values in grid.items() if name not in common}
    grid |= {name: values for name, values in lists.items() if len(values) > 1}
    if not grid:
        raise ConfigError(
            f"there is no grid; give --grid {' or --grid '.join(sorted(NAMED_GRIDS))}, or a list of values for a field "
            "such as --lambda-sparse 1e-5,1e-4,1e-3 or --seed 0:5 (a single run is `jaxstable train`)"
        )
    return _config(args, common), grid


def _parts(text: str) -> str | dict[str, Any]:
    """Return auto, none, or the parts of the preparation that are forced or forbidden."""
    if text in ("auto", "none"):
        return text
    pairs = [part.strip().partition("=") for part in text.split(",")]
    if not all(name and choice in SWITCHED for name, _, choice in pairs):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected auto, none, or parts such as spikes=off,drift=on")
    return {name: SWITCHED[choice] for name, _, choice in pairs}


def _edge(text: str) -> tuple[str | int, ...]:
    """Return CAUSE,EFFECT or CAUSE,EFFECT,LAG as a tuple."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (2, 3) or not all(parts) or (len(parts) == 3 and not parts[2].isdecimal()):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected CAUSE,EFFECT,LAG such as flow,level,1")
    return (*parts[:2], *(int(lag) for lag in parts[2:]))


def _config(args: argparse.Namespace, flags: dict[str, Any]) -> Config:
    fields = read_fields(args.config) if args.config else {}
    return Config.from_dict({**fields, **flags})


def _config_flags() -> list[tuple[Any, str, type, tuple[str, ...] | None, str]]:
    """Return every field with its flag, its type, its choices and its help."""
    hints = typing.get_type_hints(Config)
    found = []
    for field in dataclasses.fields(Config):
        hint = hints[field.name]
        if isinstance(hint, types.UnionType):
            hint = typing.get_args(hint)[0]
        choices = typing.get_args(hint) if typing.get_origin(hint) is typing.Literal else None
        shown = "" if field.default is None else f" (default: {field.default})"
        flag = "--" + field.name.replace("_", "-")
        found.append((field, flag, str if choices else hint, choices, field.metadata["doc"] + shown))
    return found


def _single(kind: type, lists: str = "") -> Callable[[str], Any]:
    """Return a parser of one value; `lists` is the command that takes several."""

    def parse(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            several = lists and re.search(r"\d[,:]", text)
            way_out = f"; a list of values is for `jaxstable {lists}`" if several else ""
            raise argparse.ArgumentTypeError(f"found {text!r}, expected {EXPECTED[kind]}{way_out}") from None

    return parse


integer: Callable[[str], Any] = _single(int)


def _list_of(kind: type, choices: tuple[str, ...] | None) -> Callable[[str], list[Any]]:
    def parse(text: str) -> list[Any]:
        return [value for part in text.split(",") for value in _values(part.strip(), kind, choices)]

    return parse


def _values(text: str, kind: type, choices: tuple[str, ...] | None) -> list[Any]:
    """Return the values that one part of a list stands for."""
    first, colon, last = text.partition(":")
    try:
        if kind is int and colon:
            if found := list(range(int(first), int(last))):
                return found
            raise argparse.ArgumentTypeError(f"found the empty range {text!r}, expected FROM:TO with FROM below TO")
        value = WORDS[text.lower()] if kind is bool else kind(text)
    except (ValueError, KeyError):
        expected = {bool: "true or false", int: "an integer or FROM:TO", float: "a number"}[kind]
        raise argparse.ArgumentTypeError(f"found {text!r}, expected {expected}") from None
    if value == "" or (choices and value not in choices):
        expected = f"one of {', '.join(choices)}" if choices else "a value between the commas"
        raise argparse.ArgumentTypeError(f"found {text!r}, expected {expected}")
    return [value]

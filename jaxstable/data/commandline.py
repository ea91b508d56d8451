"""What the command line says of the data: its flags, and the data set that they name."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
from pathlib import Path
from typing import Any

from jaxstable.data.layouts.names import NAMES
from jaxstable.phrases import counted

OF_A_FILE = ("decimal", "layout", "encoding", "sheet", "ragged")
TEXTS = ("time", "time_format", "zone", "environment", "series", "truth", "text", *OF_A_FILE)
OF_ANY = ("window", "stride", "truth", "missing", "columns", "time_format", "units", "max_gap", "zone")
SHARED = (*OF_ANY, "decimal", "sheet", "ragged")
LONG = ("step", "text")  # besides the shared ones
WIDE = ("time", "environment", "series", "resample", "layout", "encoding")
IN_BLOCKS = ("time", "missing", "environment", "series", "columns", "time_format", "zone", "units", "truth")
DATA_OPTIONS = (*SHARED, *WIDE, "long", *LONG)
# What the Python side writes as time='t', missing=-999 or columns=[...].
WRITTEN = re.compile(rf"\b({'|'.join(DATA_OPTIONS)})=('[^']*'|\[[^]]*\]|[-+.\w]*\w)?")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which data to read, and how."""
    words = "text, Excel, Parquet, Feather or HDF5; several are a recording each (default: the embedded plant)"
    parser.add_argument("data", nargs="*", help=f"files of data: {words}")
    group = parser.add_argument_group("data file", "what is not said is found out; `jaxstable check FILE` shows it")
    group.add_argument("--stride", type=_whole, help="steps from one window to the next (default: 1)")
    group.add_argument("--time", metavar="COLUMN[,COLUMN]", help="column of time stamps, or of date and clock")
    group.add_argument(
        "--time-format", metavar="FORMAT", help="such as '%%d.%%m.%%Y %%H:%%M', 'month first', unix or excel"
    )
    group.add_argument("--zone", metavar="NAME", help="where the clock hangs, such as Europe/Berlin, if it is local")
    group.add_argument(
        "--missing", type=_codes, action="extend", metavar="VALUE,...", help="numbers and texts that mean missing"
    )
    group.add_argument("--environment", metavar="COLUMN", help="column of environment labels")
    group.add_argument("--series", metavar="COLUMN", help="column that tells series apart")
    group.add_argument(
        "--columns", metavar="A,B,...", type=_names, help="columns to use; all but some as --columns=-A,-B"
    )
    group.add_argument("--truth", metavar="CSV", help="true graph: a named cause x effect matrix, or a list of edges")
    group.add_argument("--units", metavar="A=UNIT,...", type=_pairs, help="units of columns, such as flow=m3/h")
    group.add_argument("--resample", metavar="STEP", type=_number_or_text, help="average within steps such as 5min")
    group.add_argument(
        "--max-gap", metavar="STEPS", type=_number_or_text, help="longest gap that is filled, in steps or such as 1h"
    )
    group.add_argument("--decimal", choices=(".", ","), help="decimal mark, where a file does not show it")
    group.add_argument("--layout", choices=(*NAMES, "plain"), help="layout of the file, where it is not recognised")
    group.add_argument(
        "--encoding", metavar="NAME", help="encoding of a text, such as cp932, where it is not found out"
    )
    group.add_argument("--sheet", metavar="NAME", help="sheet of an .xlsx workbook, where several hold cells")
    group.add_argument(
        "--ragged",
        choices=("missing", "short"),
        help="lines of another width: each a row without an entry, or short of their last cells (default: refused)",
    )
    group.add_argument("--long", metavar="TIME,TAG,VALUE", type=_names, help="a row for each new value: these columns")
    group.add_argument("--step", metavar="STEP", type=_number_or_text, help="common clock of --long, such as 1s")
    group.add_argument("--text", choices=("ordinal", "onehot"), help="keep tags of words in --long")


def source_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return where the data come from and how to read them, JSON-ready."""
    source = {name: value for name in DATA_OPTIONS if (value := getattr(args, name, None)) is not None}
    if isinstance(windows := source.get("window"), list):
        source["window"] = windows[0]
    # Absolute, so that the run can be resumed from anywhere.
    if "truth" in source:
        source["truth"] = str(Path(source["truth"]).absolute())
    files = [str(Path(file).absolute()) for file in args.data]
    return {"path": files[0] if len(files) == 1 else files or None, **source}


def is_source(source: dict[str, Any]) -> bool:
    """Tell whether a document says where data come from, as `source_of` writes it."""
    if not set(source) <= {"path", *DATA_OPTIONS} or "path" not in source:
        return False
    path = source["path"]
    files = path if isinstance(path, list) else [path]
    texts = all(isinstance(source.get(name), (str, type(None))) for name in TEXTS)
    lists = all(isinstance(source.get(name, []), list) for name in ("columns", "long"))
    return texts and lists and (path is None or (bool(files) and all(isinstance(file, str) for file in files)))


def read_source(source: dict[str, Any]) -> Any:
    """Return the data set that a source names.

    Raises:
        ConfigError: an option does not fit the others.
        DataError: the data cannot be used.
    """
    from jaxstable.data import sources
    from jaxstable.data.checks import DataError
    from jaxstable.data.dataset import Dataset

    options = {name: value for name, value in source.items() if name not in ("path", "long")}
    long = source.get("long")
    if source["path"] is None:
        unusable = sorted({*options, *(("long",) if long else ())} - {"window", "stride"})
        if unusable:
            name = unusable[0].replace("_", "-")
            raise DataError(f"--{name}: needs a data file; the embedded plant takes --window and --stride only")
        return sources.sensors(**options)
    strange = sorted(set(options) - {*SHARED, *(LONG if long else WIDE)})
    if strange:
        name = strange[0].replace("_", "-")
        raise DataError(f"--{name}: is {'not for the long format' if long else 'for the long format, with --long'}")
    if long is None:
        return Dataset.from_file(source["path"], **options)
    if len(long) != 3:
        raise DataError(f"--long: found {','.join(long)!r}, expected three columns such as time,tag,value")
    return Dataset.from_long(source["path"], *long, **options)


def read_blocks(source: dict[str, Any], rows: int | None) -> Any:
    """Return the rows that a source names as blocks.

    Raises:
        DataError: an option is not for blocks, or the data cannot be used.
    """
    from jaxstable.data.blocks import Blocks
    from jaxstable.data.checks import DataError

    if not isinstance(source["path"], str):
        raise DataError("--block-rows: expected one Parquet file or folder")
    options = {name: value for name, value in source.items() if name not in ("path", "window")}
    strange = sorted(set(options) - {*IN_BLOCKS, "resample", "max_gap"})
    if strange:
        name = strange[0].replace("_", "-")
        raise DataError(f"--{name}: is not for rows in blocks, of Parquet; leave it out, or the blocks")
    return Blocks(source["path"], rows, **options)


def data_lines(source: dict[str, Any], data: Any, windows: bool = True) -> str:
    """Write in two lines which data were read, with the windows if they are used, and what was decided on the way."""
    path = source["path"]
    where = f"{len(path)} files, {Path(path[0]).name} the first" if isinstance(path, list) else path or "embedded plant"
    line = f"data   {where}: {data!r}"
    if not windows:
        line = re.sub(r", \d+ windows? of \d+", "", line)
    if data.longest_gap:
        recordings = int(data.recording[-1]) + 1
        cut = f"{counted(recordings, 'recording')} into {data.n_series} stretches"
        line += f"; gaps in time cut {cut}, the longest gap {data.longest_gap:.4g} steps"
    read = as_flags(data.in_short())
    return f"{line}\nread   {read}" if read else line


def as_flags(message: str) -> str:
    """Write the arguments of Python that a message names as the flags that they are.

    Example:
        >>> as_flags("say time='my clock', or pass missing=['Bad Input', '--']")
        "say --time 'my clock', or pass --missing 'Bad Input,--'"
        >>> as_flags("leave it out, columns=['-inlet mode']")
        "leave it out, --columns='-inlet mode'"
    """

    def flag(found: re.Match[str]) -> str:
        name, value = found[1].replace("_", "-"), found[2]
        if value and value[0] in "'[":
            value = shlex.quote(value[1:-1]) if value[0] == "'" else _list_text(value)
        joint = "=" if value and re.match("'?-[^0-9]", value) else " "  # what begins with - is no value of its own
        return f"--{name}" + (joint + value if value else "")

    return WRITTEN.sub(flag, re.sub(rf"^({'|'.join(DATA_OPTIONS)}):", r"--\1:", message))


def _list_text(value: str) -> str:
    try:
        written = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return "A,B,..."
    return "A,B,..." if ... in written else shlex.quote(",".join(map(str, written)))


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected an integer") from None


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _codes(text: str) -> list[float | str]:
    return [_number_or_text(part.strip()) for part in text.split(",") if part.strip()]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and unit.strip() for name, _, unit in pairs):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected NAME=UNIT,... such as flow=m3/h,T=degC")
    return {name.strip(): unit.strip() for name, _, unit in pairs}

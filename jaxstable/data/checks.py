"""Refuse user input that cannot be trained on, on the host, before anything is compiled."""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence, Set, Sized
from datetime import date, datetime
from typing import Any

import numpy as np

from jaxstable.phrases import counted, listed, shortened

CLOCKS = frozenset({"time", "timestamp", "datetime", "date", "index", "epoch"})
NA_TYPES = ("NAType", "NaTType", "NoneType", "MaskedConstant")
FAR = 1e60  # beyond it, or below 1 / FAR, fourth powers of a column leave float64
MOST_STEPS = 2**31 - 1  # rows are counted in int32
SURROGATE = re.compile("[\ud800-\udfff]")
DECIMAL_COMMA = re.compile(r"^\s*[+-]?\d+,\d+\s*$")


class DataError(ValueError):
    """Say which part of the data cannot be used, what was expected, and the way out."""


class DataWarning(UserWarning):
    """Say which part of the data looks wrong although it can be used."""


def warn(message: str) -> None:
    """Warn with the user's own line as the place, however deep in the package we are."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("jaxstable"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, DataWarning, stacklevel=level)


def check_window(window: Any, stride: Any) -> tuple[int, int]:
    """Return window and stride as integers; refuse a window < 2 and a stride < 1."""
    for field, value, least in (("window", window, 2), ("stride", stride, 1)):
        if not whole_number(value) or not least <= value <= MOST_STEPS:
            found = shortened(value)
            raise DataError(f"{field}={found}: expected a whole number of steps >= {least} and <= {MOST_STEPS}")
    return int(window), int(stride)


def check_rank(values: Any) -> np.ndarray:
    """Return the values as an array [time, variables] or [series, time, variables]."""
    if hasattr(values, "columns") or hasattr(values, "column_names"):
        raise DataError("values is a dataframe: use Dataset.from_dataframe(frame, ...)")
    array = values if isinstance(values, np.ndarray) else as_array(values, "values")
    if array.ndim not in (2, 3):
        raise DataError(
            f"values has {array.ndim} axes, shape {array.shape}: expected [time, variables] "
            "or [series, time, variables]"
        )
    if 0 in array.shape:
        raise DataError(f"values is empty: its shape is {array.shape}")
    if array.shape[-1] < 2:
        raise DataError("values has one variable: a graph needs at least two columns")
    return array


def check_names(names: Sequence[Any] | None, n_vars: int) -> tuple[str, ...]:
    """Return one distinct, non-empty name per variable (x0, x1, ... when none are given)."""
    if names is None:
        return tuple(f"x{i}" for i in range(n_vars))
    if not in_order(names):
        raise DataError(f"names={shortened(names)}: expected a list of {n_vars} names")
    found = tuple(str(name) for name in itertools.islice(names, n_vars + 1))  # an iterator may have no end
    if len(found) != n_vars:
        many = len(names) if isinstance(names, Sized) else len(found) if len(found) < n_vars else f"over {n_vars}"
        raise DataError(f"names has {many} entries for {n_vars} variables: give one each")
    check_distinct(found)
    blank = [i for i, name in enumerate(found) if not name.strip()]
    if blank:
        raise DataError(f"names[{blank[0]}] is empty: give every variable a name")
    return found


def check_distinct(names: Sequence[str], where: str = "") -> None:
    """Refuse names that occur twice, blanks at the ends aside, and names that no file can hold."""
    counts = Counter(unicodedata.normalize("NFC", name).strip() for name in names)
    repeated = [name for name, count in counts.items() if count > 1]
    if repeated:
        raise DataError(f"duplicate column names {listed(repeated)}{where}: rename them")
    broken = [name for name in names if SURROGATE.search(name)]
    if broken:
        raise DataError(
            f"name {broken[0]!a} is broken text (a lone surrogate), which no file can hold: rename the column, "
            "or read the file again with its own encoding"
        )


def in_order(names: Any) -> bool:
    """Tell whether these are several names in an order: no text, and no set, whose order changes from run to run."""
    several = isinstance(names, Iterable) and getattr(names, "ndim", 1) > 0
    return several and not isinstance(names, (str, bytes, Set))


def whole_number(value: Any) -> bool:
    """Tell whether a value is an integer, of Python or numpy, and not a boolean."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def as_array(values: Any, field: str) -> np.ndarray:
    """Return nested lists as an array; refuse ragged ones. What a masked array hides is missing: NaN, NaT or None."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        kind = values.dtype.kind
        array = np.array(np.ma.getdata(values), values.dtype if kind in "mM" else float if kind in "biuf" else object)
        array[np.ma.getmaskarray(values)] = None
        return array
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{field} is ragged ({error}): every row needs the same length") from error
    except (TypeError, RuntimeError) as error:  # of JAX: values under a transformation, random keys, a deleted array
        what = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(f"{field} holds no numbers yet, or no longer ({what}): give an array of numpy") from error


def check_mask(mask: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mask as booleans of the shape of the values, True where observed."""
    array = as_array(mask, "mask")
    if array.shape != shape:
        raise DataError(f"mask has shape {array.shape}, values {shape}: expected one entry per value, 1 where observed")
    if array.dtype != bool:
        if array.dtype.kind not in "iuf" or not np.isin(array, (0, 1)).all():
            raise DataError("mask holds other values than 0 and 1: 1 = observed, 0 = missing")
        array = array.astype(bool)
    return array


def check_sentinels(missing: Any) -> list[float]:
    """Return the declared codes for a missing entry as a list of numbers."""
    codes = [] if missing is None else np.atleast_1d(np.asarray(missing, dtype=object)).ravel().tolist()
    found = []
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (int, float, np.integer, np.floating)):
            raise DataError(f"missing={shortened(missing)}: expected a number such as -200, or a list")
        try:
            found.append(float(code))
        except OverflowError as error:
            raise DataError(f"missing={shortened(code)} is beyond float64: no entry can hold it") from error
    return found


def mark_missing(values: np.ndarray, codes: Sequence[float], rows: int) -> None:
    """Write NaN over declared codes, in place, a block of rows at a time.

    A code is also met as float32 holds it: -99.99 in a column that was float32 is -99.98999786 in float64.
    """
    narrow = float(np.finfo(np.float32).max)
    for code in codes:
        forms = {code} if values.dtype == np.float64 else set()
        if abs(code) <= narrow:
            forms.add(float(np.float32(code)))
        for first in range(0, len(values), rows):
            block = values[first : first + rows]
            for form in forms:
                block[block == form] = np.nan


def check_columns(low: np.ndarray, high: np.ndarray, names: Sequence[str]) -> None:
    """Refuse columns without an entry and of sizes that no square holds, given each column's extremes."""
    largest = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    beyond = [i for i, size in enumerate(largest) if size > FAR or 0 < size < 1 / FAR]
    if beyond:
        shown = f"{largest[beyond[0]]:.3g}"
        raise DataError(
            f"column {listed([names[i] for i in beyond])} reaches {shown} in size, where squares leave float64: "
            f"choose a unit in which it is nearer to 1, e.g. divide it by {shown}"
        )
    empty = [n for n, a in zip(names, low, strict=True) if np.isnan(a)]
    if empty:
        raise DataError(f"column {listed(empty)} has no observed entry: leave it out")


def window_advice(lengths: np.ndarray, stride: int) -> str:
    """Name the largest window of which three fit without overlap: one to train, one to validate, one to test.

    Example:
        >>> window_advice(np.array([60]), stride=1)
        'Choose window <= 20, the largest that leaves steps to train, validate and test.'
    """

    def fits(window: int) -> bool:
        held = lengths[lengths >= window]
        return int(((held - window) // (-(-window // stride) * stride) + 1).sum()) >= 3

    low, high = 1, int(lengths.max()) + 1
    while high - low > 1:  # a longer window never fits more often
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    if low >= 2:
        return f"Choose window <= {low}, the largest that leaves steps to train, validate and test."
    return f"No window fits three times{'' if stride == 1 else f' at stride={stride}'}: record more steps" + (
        "." if stride == 1 else ", or choose a smaller stride."
    )


def check_length(lengths: np.ndarray, window: int, n_vars: int, gaps: int, stride: int = 1) -> None:
    """Refuse data in which no series is as long as one window; warn if most rows are lost."""
    longest, rows = int(lengths.max()), int(lengths.sum())
    if longest < window:
        cut = f" (cut at {counted(gaps, 'gap')} in time; resample to a regular step?)" if gaps else ""
        turned = " Expected [time, variables]: transpose?" if n_vars > rows else ""
        raise DataError(
            f"too few steps for one window: the longest of {len(lengths)} series has {longest} "
            f"steps{cut}, window={window}. {window_advice(lengths, stride)}{turned}"
        )
    used = int(lengths[lengths >= window].sum())
    if used < rows / 2:
        warn(
            f"only {used} of {rows} rows lie in series of at least window={window} steps; the "
            "others are never trained on. Choose a smaller window, or resample over the gaps."
        )


def object_column(column: Iterable[Any], name: str) -> np.ndarray:
    """Turn Python objects (numbers, Decimal, None, NA) into float64; text is refused."""
    out: list[float] = []
    for row, value in enumerate(column):
        if type(value).__name__ in NA_TYPES:
            out.append(np.nan)
            continue
        try:
            if isinstance(value, (str, bytes)):
                raise TypeError
            out.append(float(value))
        except (TypeError, ValueError) as error:
            raise DataError(not_numeric(name, f"row {row}", value)) from error
        except OverflowError as error:
            raise DataError(f"column {name!r}: row {row} holds an integer beyond float64: rescale it") from error
    return np.array(out, dtype=np.float64)


def not_numeric(name: str, where: str, value: Any) -> str:
    """Word the refusal of a column that holds something else than numbers."""
    if isinstance(value, str) and DECIMAL_COMMA.match(value):
        out = "it has a decimal comma: read the file with decimal=',' or Dataset.from_file"
    elif name.lower() in CLOCKS or _is_time(value):
        out = f"if it is the time, say time={name!r}; otherwise leave it out, columns={['-' + name]!r}"
    else:
        out = "convert it to numbers, name it as time=, series= or environment=, or leave it out, "
        out += f"columns={['-' + name]!r}"
    return f"column {shortened(name)} is not numeric: {where} holds {shortened(value)}; {out}"


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return False
    return isinstance(value, date)

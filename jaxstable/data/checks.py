"""Refuse user input that cannot be trained on, on the host, before anything is compiled."""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

CLOCKS = frozenset({"time", "timestamp", "datetime", "date", "index", "epoch"})
NA_TYPES = ("NAType", "NaTType", "NoneType")
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


def listed(names: Sequence[str], most: int = 4) -> str:
    """Write a few names for a message, and how many more there are."""
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def counted(count: int, noun: str) -> str:
    """Write a number with its noun, in the plural unless it is one."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def nearest(name: Any, names: Sequence[Any]) -> str:
    """Ask for the name that was meant, or say nothing."""
    near = difflib.get_close_matches(str(name), [str(other) for other in names], n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def check_window(window: Any, stride: Any) -> tuple[int, int]:
    """Return window and stride as integers; refuse a window < 2 and a stride < 1."""
    for field, value, least in (("window", window, 2), ("stride", stride, 1)):
        whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
        if not whole or value < least:
            raise DataError(f"{field}={value!r}: expected a whole number of steps >= {least}")
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
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise DataError(f"names={names!r}: expected a list of {n_vars} names")
    found = tuple(str(name) for name in names)
    if len(found) != n_vars:
        raise DataError(f"names has {len(found)} entries for {n_vars} variables: give one each")
    check_distinct(found)
    if "" in found:
        raise DataError(f"names[{found.index('')}] is empty: give every variable a name")
    return found


def check_distinct(names: Sequence[str]) -> None:
    """Refuse names that occur twice."""
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise DataError(f"duplicate column names {listed(repeated)}: rename them")


def as_array(values: Any, field: str) -> np.ndarray:
    """Return nested lists as an array; refuse ragged ones."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{field} is ragged ({error}): every row needs the same length") from error


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
    codes = [] if missing is None else np.atleast_1d(np.asarray(missing, dtype=object)).tolist()
    for code in codes:
        if isinstance(code, bool) or not isinstance(code, (int, float, np.integer, np.floating)):
            raise DataError(f"missing={missing!r}: expected a number such as -200, or a list")
    return [float(code) for code in codes]


def check_columns(low: np.ndarray, high: np.ndarray, names: Sequence[str]) -> None:
    """Refuse infinite and all-missing columns, given each column's extremes."""
    infinite = [n for n, a, b in zip(names, low, high, strict=True) if np.isinf(a) or np.isinf(b)]
    if infinite:
        raise DataError(
            f"infinite values in column {listed(infinite)}: replace them by NaN (= missing), "
            "e.g. values[~np.isfinite(values)] = np.nan"
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


def check_truth(truth: Any, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the true graph [cause, effect] and, if it came with lags, [lag, cause, effect]."""
    n = len(names)
    if hasattr(truth, "columns") and [str(c) for c in truth.columns] != list(names):
        raise DataError("the columns of truth are not the variables in order: reorder them")
    array = as_array(truth, "truth")
    if array.ndim not in (2, 3) or array.shape[-2:] != (n, n) or not len(array):
        raise DataError(
            f"truth has shape {array.shape}: expected [cause, effect] = ({n}, {n}) "
            f"or [lag, cause, effect] = (lags, {n}, {n}), lag 0 first"
        )
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise DataError("truth must hold finite numbers: nonzero = edge")
    edges = array != 0
    contemporaneous = edges if edges.ndim == 2 else edges[0]
    loops = np.flatnonzero(np.diagonal(contemporaneous)).tolist()
    if loops:
        raise DataError(
            f"truth has a self loop at {listed([names[i] for i in loops])}: no variable causes "
            "itself at lag 0; clear it with np.fill_diagonal(truth, 0)"
        )
    if edges.ndim == 2:
        return edges, None
    return edges.any(axis=0) & ~np.eye(n, dtype=bool), edges


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
        out = f"if it is the time, say time={name!r}; otherwise leave it out (columns=[...] chooses the variables)"
    else:
        out = (
            "convert it to numbers, name it as time=, series= or environment=, or leave it out "
            "(columns=[...] chooses the variables)"
        )
    return f"column {name!r} is not numeric: {where} holds {value!r}; {out}"


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return False
    return isinstance(value, date)

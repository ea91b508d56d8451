"""Find where one series ends and the next begins: labels that change, and gaps in time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from jaxstable.data.checks import NA_TYPES, DataError, as_array, counted, warn

MANY = 10  # gaps in one recording that are more likely jitter
GAP = 1.5  # a step longer than this many median steps is a gap
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def encode(labels: Any, n_rows: int, field: str) -> np.ndarray:
    """Turn one label per row (strings, numbers, booleans) into codes 0, 1, ... in sorted order.

    Args:
        labels: [rows] labels; none may be missing.
        n_rows: number of rows expected.
        field: name of the argument, for messages.

    Returns:
        int32 [rows].

    Raises:
        DataError: wrong number of labels, or a missing one.

    Example:
        >>> encode(["winter", "summer", "winter"], 3, "environment")
        array([1, 0, 1], dtype=int32)
    """
    array = as_array(labels, field)
    if array.shape != (n_rows,):
        raise DataError(f"{field} has shape {array.shape}: expected one label for {n_rows} rows")
    if array.dtype.kind == "O":
        if any(type(label).__name__ in NA_TYPES or label != label for label in array):
            raise DataError(f"{field} has missing labels: fill them in, or leave those rows out")
        array = array.astype(str)
    elif array.dtype.kind in "fmM" and (array != array).any():
        raise DataError(f"{field} has missing labels: fill them in, or leave those rows out")
    return np.unique(array, return_inverse=True)[1].astype(np.int32)


def label_joints(codes: np.ndarray, field: str) -> np.ndarray:
    """Mark the first row of each run of one label; a label may have one run only.

    Example:
        >>> label_joints(np.array([0, 0, 1]), "series")
        array([ True, False,  True])
    """
    joints = np.append(True, codes[1:] != codes[:-1])
    if joints.sum() != len(np.unique(codes)):
        raise DataError(f"{field}: the rows of one series are not together: sort by {field}, then time")
    return joints


def gap_joints(ticks: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Mark the first row after each gap: a step of more than 1.5 times the median step.

    Args:
        ticks: int64 or float64 [rows], the time in any unit.
        joints: bool [rows], True where a series starts; steps onto those rows do not count.

    Returns:
        bool [rows], True on the first row of a gap.

    Raises:
        DataError: times that repeat or run backwards within a series.

    Example:
        >>> gap_joints(np.array([0, 1, 2, 9, 10]), np.array([True, False, False, False, False]))
        array([False, False, False,  True, False])
    """
    steps = np.diff(ticks)
    inside = ~joints[1:]
    for wrong, what, out in (
        (
            inside & (steps < 0),
            "runs backwards",
            "sort by time first, e.g. frame.sort_values (pandas)",
        ),
        (
            inside & (steps == 0),
            "repeats",
            "drop or average duplicates, or tell series apart by series=",
        ),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(f"time {what} at row {row + 1} of {len(ticks)} ({int(wrong.sum())} such rows): " + out)
    gaps = np.zeros(len(ticks), dtype=bool)
    if inside.any():
        gaps[1:] = inside & (steps > GAP * np.median(steps[inside]))
    return gaps


def longest_gap(ticks: np.ndarray, joints: np.ndarray, gaps: np.ndarray) -> float:
    """Return the longest step over a gap in median steps; warn of a recording with very many gaps.

    Args:
        ticks: [rows], the time in any unit.
        joints: bool [rows], True where a series starts.
        gaps: bool [rows], from `gap_joints`.

    Returns:
        The step over the longest gap, 0 without one.

    Example:
        >>> joints, gaps = np.array([True, False, False, False]), np.array([False, False, False, True])
        >>> longest_gap(np.array([0, 1, 2, 9]), joints, gaps)
        7.0
    """
    if not gaps.any():
        return 0.0
    most = int(np.bincount(np.cumsum(joints)[gaps]).max())
    if most > MANY:
        warn(
            f"time: {counted(most, 'gap')} in one recording cut it into {most + 1} stretches; if its time stamps "
            "jitter, resample to a regular step, or leave the time column out"
        )
    steps = np.diff(ticks)
    return float(steps[gaps[1:]].max() / np.median(steps[~joints[1:]]))


def to_ticks(time: Any, n_rows: int) -> np.ndarray:
    """Turn times into numbers: datetimes into integer ticks, numbers stay, ISO 8601 text is parsed.

    Args:
        time: [rows] datetime64, datetime, date, number, or ISO 8601 text.
        n_rows: number of rows expected.

    Returns:
        int64 or float64 [rows].

    Raises:
        DataError: wrong number of times, a missing one, or text in another format.

    Example:
        >>> np.diff(to_ticks(["2024-03-01 00:00", "2024-03-01 01:00"], 2))
        array([3600000000])
    """
    array = as_array(time, "time")
    if array.shape != (n_rows,):
        raise DataError(f"time has shape {array.shape}: expected one entry for {n_rows} rows")
    if array.dtype.kind == "U":
        array = _numbers_or_dates(array)
    elif array.dtype.kind == "O":
        array = np.array([_microseconds(value, row) for row, value in enumerate(array)])
    if array.dtype.kind in "mM":
        missing, array = np.isnat(array), array.astype(np.int64)
    elif array.dtype.kind in "iu":
        missing, array = np.zeros(n_rows, dtype=bool), array.astype(np.int64)
    elif array.dtype.kind == "f":
        missing = ~np.isfinite(array)
    else:
        raise DataError(f"time is of type {array.dtype}: expected datetimes or numbers")
    if missing.any():
        raise DataError(
            f"time is missing at row {int(np.flatnonzero(missing)[0])} "
            f"({int(missing.sum())} rows): leave those rows out"
        )
    return array


def _numbers_or_dates(text: np.ndarray) -> np.ndarray:
    try:
        return text.astype(np.float64)
    except ValueError:
        return np.array([_microseconds(value, row) for row, value in enumerate(text)])


def _microseconds(value: Any, row: int) -> int:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise DataError(
                f"time at row {row} is {str(value)!r}: expected ISO 8601 such as 2024-03-31T18:00; "
                "parse it first, e.g. pandas.to_datetime(frame['time'], dayfirst=True)"
            ) from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:
        raise DataError(f"time at row {row} is {value!r}: expected a datetime or a number")
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(microseconds=1)

"""Find where one series ends and the next begins: labels that change, and gaps in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxstable.data.checks import NA_TYPES, DataError, as_array, warn
from jaxstable.phrases import counted

MANY = 10  # gaps in one recording that are more likely jitter
FEWEST = 5  # steps of which a usual one is told
EVEN = 0.8  # share of the steps of a clock that are as the usual one
UNEVEN = 0.2  # share of them that differ by a tenth, from which the clock is called uneven
GAP = 1.5  # a step longer than this many median steps is a gap


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


def joints_of(labels: np.ndarray) -> np.ndarray:
    """Mark the first row of each run of one label.

    Example:
        >>> joints_of(np.array(["a", "a", "b", "a"]))
        array([ True, False,  True,  True])
    """
    return np.append(True, labels[1:] != labels[:-1])


def label_joints(codes: np.ndarray, field: str) -> np.ndarray:
    """Mark the first row of each run of one label; a label may have one run only.

    Example:
        >>> label_joints(np.array([0, 0, 1]), "series")
        array([ True, False,  True])
    """
    joints = joints_of(codes)
    if joints.sum() != len(np.unique(codes[joints])):
        raise DataError(f"{field}: the rows of one series are not together: sort by {field}, then time")
    return joints


def gap_joints(
    ticks: np.ndarray, joints: np.ndarray, place: Callable[[int], str] | None = None, step: str = "'1min'"
) -> np.ndarray:
    """Mark the first row after each gap: a step of more than 1.5 times the median step.

    Args:
        ticks: int64 or float64 [rows], the time in any unit.
        joints: bool [rows], True where a series starts; steps onto those rows do not count.
        place: names the place of a row in the file, if there is one.
        step: what to resample to, for the message.

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
            f"average them, e.g. resample={step}, or tell series apart by series=",
        ),
    ):
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            where = place(row + 1) if place else f"row {row + 1} of {len(ticks)}"
            raise DataError(f"time {what} at {where} ({int(wrong.sum())} such rows): " + out)
    gaps = np.zeros(len(ticks), dtype=bool)
    if inside.any():
        gaps[1:] = inside & (steps > GAP * np.median(steps[inside]))
    return gaps


def refuse_repeated_hour(time: np.ndarray, joints: np.ndarray, place: Callable[[int], str]) -> None:
    """Refuse local time in which an hour comes twice: the end of daylight saving, which sorting would shuffle.

    Args:
        time: datetime64 [rows].
        joints: bool [rows], True where a series starts.
        place: names the place of a row.
    """
    steps = np.diff(time.astype("M8[s]")).astype(np.int64)
    if not joints[1:].all() and np.median(steps[~joints[1:]]) < 0:  # the newest row first
        steps = -steps
    back = np.flatnonzero(~joints[1:] & (steps <= 0) & (steps >= -3600)) + 1
    for row in back:
        day = time[row].astype("M8[D]").item()
        hour = time[row].astype("M8[h]").astype(int) % 24
        if (
            day.weekday() == 6
            and day.month in (10, 11)
            and (day.day >= 25 if day.month == 10 else day.day <= 7)
            and hour < 4
        ):
            zone = "America/New_York" if day.month == 11 else "Europe/Berlin"
            raise DataError(
                f"time: the hour at {place(int(row))} ({str(time[row])[11:16]}) comes twice, as local time does "
                f"on {day} at the end of daylight saving: say zone='{zone}' with your own zone, or give it in UTC or "
                f"with its offset (in pandas frame['time'].dt.tz_localize('{zone}', ambiguous='infer'))"
            )


def moved(place: Callable[[int], str], order: np.ndarray) -> Callable[[int], str]:
    """Return what names the places of rows that were brought into another order."""
    return lambda row: place(int(order[row]))


def refuse_other_steps(ticks: np.ndarray, joints: np.ndarray, said: Callable[[float], str]) -> None:
    """Refuse recordings with clocks of different steps: a lag would last longer in one than in another.

    Args:
        ticks: [rows], the time in any unit.
        joints: bool [rows], True where a recording starts.
        said: writes a step.
    """
    if joints.sum() < 2:
        return
    usual = []
    for part in np.split(ticks, np.flatnonzero(joints)[1:]):
        steps = np.diff(part)
        if len(steps) >= FEWEST and (np.abs(steps - (step := float(np.median(steps)))) <= 0.1 * step).mean() >= EVEN:
            usual.append(step)
    low, high = (min(usual), max(usual)) if usual else (1.0, 1.0)
    if high > 1.1 * low:
        of = sum(step > 1.1 * low for step in usual)
        text = said(high)
        asked = repr(text.replace(" ", "")) if " " in text else text
        raise DataError(
            f"the recordings have clocks of different steps, {text} in {of} of {len(usual)} and {said(low)} in others, "
            f"so that a lag would last longer in some: give them one step, e.g. resample={asked}"
        )


def longest_gap(ticks: np.ndarray, joints: np.ndarray, gaps: np.ndarray, step: str = "'10min'") -> float:
    """Return the longest step over a gap in median steps; warn of a recording with very many gaps, or of no usual step.

    Args:
        ticks: [rows], the time in any unit.
        joints: bool [rows], True where a series starts.
        gaps: bool [rows], from `gap_joints`.
        step: what to resample to, for the message.

    Returns:
        The step over the longest gap, 0 without one.

    Example:
        >>> joints, gaps = np.array([True, False, False, False]), np.array([False, False, False, True])
        >>> longest_gap(np.array([0, 1, 2, 9]), joints, gaps)
        7.0
    """
    steps = np.diff(ticks)[~joints[1:]]
    usual = float(np.median(steps)) if len(steps) else 0.0
    uneven = len(steps) >= FEWEST and (np.abs(steps - usual) > 0.1 * usual).mean() > UNEVEN
    most = int(np.bincount(np.cumsum(joints)[gaps]).max()) if gaps.any() else 0
    if most > MANY:
        warn(
            f"time: {counted(most, 'gap')} in one recording cut it into {most + 1} stretches; if its time stamps "
            f"jitter, give them a regular step, e.g. resample={step}; max_gap= says how long a gap is filled"
        )
    elif uneven:
        warn(f"time: the steps of the clock differ, so that a lag has no length: give it one, e.g. resample={step}")
    return float(np.diff(ticks)[gaps[1:]].max() / usual) if most else 0.0

"""Bring rows into the order and onto the steps of their clock: sorted, resampled, skipped stamps filled with NaN."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import DataError, warn
from jaxstable.data.instants import LARGEST
from jaxstable.phrases import counted, shortened
from jaxstable.signals.spans import span_text

MAX_GAP = 5.0  # steps: up to four stamps in a row may be skipped within a recording; a longer pause starts a series
NEAR = 0.1  # of a step: how far a stamp may lie from the clock's own
MOST_ADDED = 100  # rows put in for each that is there, beyond a million
REGULAR = 0.9  # share of the steps that must be whole multiples before any are filled
UNITS = {
    "us": 1, "ms": 1_000, "s": 10**6, "sec": 10**6, "second": 10**6, "min": 6 * 10**7, "m": 6 * 10**7,
    "minute": 6 * 10**7, "h": 36 * 10**8, "hour": 36 * 10**8, "d": 864 * 10**8, "day": 864 * 10**8,
    "w": 6_048 * 10**8, "week": 6_048 * 10**8,
}  # fmt: skip
LOOKED_AT = 10_000  # rows
ROUND = [(unit, count) for unit in ("us", "ms") for count in (1, 2, 5, 10, 20, 50, 100, 200, 500)]
ROUND += [(unit, count) for unit in ("s", "min") for count in (1, 2, 5, 10, 15, 20, 30)]
ROUND += [("h", count) for count in (1, 2, 3, 6, 12)]


class Rows(NamedTuple):
    """Rows of a table and what labels them.

    Attributes:
        values: [rows, variables], NaN where missing.
        time: [rows] int64 microseconds if `dated`, else numbers.
        series: [rows] int32 codes of the recordings.
        environment: [rows] labels, or None.
    """

    values: np.ndarray
    time: np.ndarray
    series: np.ndarray
    environment: np.ndarray | None

    def taken(self, index: np.ndarray) -> Rows:
        """Return these rows in this order."""
        labels = None if self.environment is None else self.environment[index]
        return Rows(self.values[index], self.time[index], self.series[index], labels)


def as_span(value: Any, field: str, dated: bool) -> float:
    """Return a duration such as "5min" in microseconds; of a clock of plain numbers, a number in its own unit.

    Example:
        >>> as_span("1.5 h", "resample", dated=True)
        5400000000.0
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and 0 < value < np.inf and not dated:
        return float(value)
    found = re.fullmatch(r"\s*(\d*\.?\d+)?\s*([a-z]+?)s?\s*", value.lower()) if isinstance(value, str) else None
    unit = found and (UNITS.get(found[2]) or UNITS.get(found[2] + "s"))
    if not found or not unit or not dated:
        expected = "a duration such as '5min', '1h' or '30s'" if dated else "a number in the unit of the time column"
        also = ", or a number of steps" if field == "max_gap" and dated else ""
        raise DataError(f"{field}={shortened(value)}: expected {expected}{also}")
    span = float(found[1] or 1) * unit
    if not span > 0:
        raise DataError(f"{field}={shortened(value)}: expected a duration above 0")
    return span


def own_step(rows: Rows) -> float:
    """Return a step in which every variable is read nine times in ten, 0 if none is read twice."""
    found = [0.0]
    for column in rows.values.T if len(rows.time) else ():
        seen = np.flatnonzero(~np.isnan(column[:LOOKED_AT]))
        steps = np.diff(rows.time[seen])[np.diff(rows.series[seen]) == 0]
        found.append(float(np.quantile(steps[steps > 0], 0.9)) if (steps > 0).any() else 0.0)
    return max(found)


def round_span(micros: float) -> str:
    """Write a duration such as "10min" that is hardly shorter.

    Example:
        >>> round_span(9.68e6), round_span(6e8), round_span(3 * 36e8)
        ('10s', '10min', '3h')
    """
    for unit, count in ROUND:
        if UNITS[unit] * count >= 0.95 * micros:
            return f"{count}{unit}"
    return f"{np.ceil(0.95 * micros / UNITS['d']):.0f}d"


def tick_of(name: str, unit: str = "") -> float | None:
    """Return the microseconds of one unit of a clock of numbers, which its name or its header says; None if neither.

    Example:
        >>> tick_of("time_s"), tick_of("Time", "ms"), tick_of("t")
        (1000000, 1000, None)
    """
    said = unit or (found[1] if (found := re.search(r"[ _.-]([a-z]+)$", name.lower())) else "")
    return UNITS.get(said) or UNITS.get(said.rstrip("s")) if said else None


def step_text(micros: float) -> str:
    """Write the step of a clock.

    Example:
        >>> step_text(5.4e9), step_text(30 * 864e8)
        ('90 min', '1 month')
    """
    return "1 month" if 28 * 864e8 <= micros <= 31 * 864e8 else span_text(micros)


def in_order(rows: Rows, place: Callable[[int], str] = "row {}".format) -> tuple[Rows, np.ndarray | None]:
    """Sort the rows of each recording by time, with a word if they were not; return the order too, if any."""
    steps, inside = np.diff(rows.time), rows.series[1:] == rows.series[:-1]
    together = np.count_nonzero(~inside) + 1 == len(np.unique(rows.series[np.append(True, ~inside)]))
    late = np.flatnonzero(inside & (steps < 0))
    if not len(late) and together:
        return rows, None
    order = np.lexsort((rows.time, rows.series))
    first = f": {counted(len(late), 'row')} came before the one above it, the first at " if len(late) else ""
    where = place(int(late[0]) + 1) if len(late) else ""
    warn(f"time: the rows were sorted by {'time' if together else 'series, then time'}{first}{where}")
    return rows.taken(order), order


def resampled(rows: Rows, step: float) -> Rows:
    """Average the rows of each recording within steps that start at whole multiples of `step`.

    Args:
        rows: in the order of time within each recording.
        step: in the unit of the time, > 0.

    Returns:
        One row for each step that holds a row; a variable is NaN where it has no entry in the step.
    """
    if np.abs(rows.time).max() / step >= LARGEST:
        raise DataError(f"resample={step:g}: its steps cannot be counted in 64 bits; choose a longer one")
    bins = np.floor(rows.time / step).astype(np.int64)
    first = np.flatnonzero(np.append(True, (np.diff(bins) != 0) | (np.diff(rows.series) != 0)))
    observed = ~np.isnan(rows.values)
    count = np.add.reduceat(observed.astype(np.int64), first, axis=0)
    total = np.add.reduceat(np.where(observed, rows.values, 0.0), first, axis=0)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    labels = None if rows.environment is None else rows.environment[first]
    time = bins[first] * (int(step) if float(step).is_integer() and step < LARGEST else step)
    return Rows(mean.astype(rows.values.dtype), time, rows.series[first], labels)


def filled(rows: Rows, max_steps: float = MAX_GAP) -> tuple[Rows, int]:
    """Put rows of NaN where a regular clock skips stamps, so that the rows around them stay in one series.

    Args:
        rows: in the order of time within each recording.
        max_steps: longest step that is filled, in median steps; a longer one is a pause.

    Returns:
        The rows, and how many were put in.

    Example:
        >>> rows = Rows(np.ones((4, 2)), np.array([0, 1, 2, 4]), np.zeros(4, int), None)
        >>> len(filled(rows)[0].values), len(filled(rows, max_steps=1)[0].values)
        (5, 4)
    """
    steps, inside = np.diff(rows.time).astype(np.float64), rows.series[1:] == rows.series[:-1]
    inside = inside & (steps > 0)
    if not inside.any():
        return rows, 0
    ratio = steps / np.median(steps[inside])
    whole = np.maximum(np.round(ratio), 1)
    fits = np.abs(ratio - whole) <= NEAR
    skipped = inside & fits & (whole > 1) & (whole <= max_steps)
    if fits[inside].mean() < REGULAR or not skipped.any():
        return rows, 0
    count = np.ones(len(rows.time), dtype=np.int64)
    wanted = float((whole[skipped] - 1).sum())
    if wanted > MOST_ADDED * len(count) + 10**6:
        raise DataError(
            f"max_gap={max_steps:g} steps: {wanted:.3g} rows of NaN would be put between {len(count)}; choose a "
            "smaller max_gap, which makes two series of what lies around a pause"
        )
    count[:-1] += np.where(skipped, whole - 1, 0).astype(np.int64)
    index = np.repeat(np.arange(len(count)), count)
    new = rows.taken(index)
    extra = np.append(False, index[1:] == index[:-1])
    values = new.values.copy()
    values[extra] = np.nan
    offset = np.arange(len(index)) - np.repeat(np.cumsum(count) - count, count)
    return new._replace(values=values, time=new.time + offset * np.median(steps[inside])), int(extra.sum())

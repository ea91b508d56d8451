"""Spikes: readings that neither the readings around them nor the sensor's own habits explain, nor any other sensor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, rank_filter

from jaxstable.signals.echoes import echoed, loudness
from jaxstable.signals.gaps import runs_of, stretches

FAR = 6.0  # scales from the median of the neighbours
ROW = 5.0  # the same for the farthest of several in a row
NEAR = 4.0  # scales within which other readings may lie, however small the spikes
NEIGHBOURS = 3  # readings on either side
WIDE = 15  # the same where several spikes are in a row
LONGEST = {WIDE: 10, NEIGHBOURS: 2}  # spikes in a row that these can tell, the long ones first
ALONE = 0.25  # of its distance, below which neighbours that are off too do not make a burst of it
MOST = 0.03  # share of the readings of a sensor beyond which spikes need more than standing alone
_OUTSIDE = 3.0  # half spreads of all readings that such spikes are off by: a sudden change of weather is no fault
_UTMOST = 0.15  # beyond which they are its habit and no fault
_RETURNS = 3  # times that a sensor reads the value of a fault
_LASTS = 20  # rows in a row that it does so; longer is a state, such as a pump that stands
_FEWEST = 20  # readings below which a sensor has no habits


class _Distances(NamedTuple):
    """How far readings of one sensor are from those beside them: of each stretch the rows and distances; their scale.

    A sensor without habits, or one that is idle, has no stretches and the scale 0.
    """

    rows: tuple[NDArray[np.int_], ...] = ()
    away: tuple[NDArray[np.float64], ...] = ()
    scale: float = 0.0


def find_spikes(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None, most: float = MOST
) -> NDArray[np.bool_]:
    """Return where readings are spikes, bool `[time, vars]`.

    A reading stands alone if it lies more than six scales from the median of the three readings on either side and
    neither neighbour is off by a quarter as much. The scale is the largest of 1.4826 median absolute deviations of
    these distances, a quarter of half the spread between their 16th and 84th percentile, and the smallest step between
    two values of the sensor: a coarsely read sensor has a deviation of 0 and jumps without a fault. One whose deviation
    and spread are both 0 is idle and reports events: it is left as it is.

    Readings that stand alone are spikes where they are at most a share `most` of a sensor's. More of them, and two to
    ten in a row between two jumps (by the fifteen readings on either side), may as well be events. They are spikes
    where they stand off from all other readings (by three times half the spread between the 16th and 84th percentile;
    at most half as many others are half as far off) and nothing echoes them: neither another sensor in the two rows
    before and after, nor the sensor itself. What nothing else knows of tells nothing of causes. A value that a sensor
    returns to across a gap, as a broken wire reads the end of the scale, is a fault wherever nothing echoes it.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        most: share of a sensor's readings that may stand alone without being asked for echoes.

    Example:
        >>> quiet = np.random.default_rng(0).normal(size=(400, 1))
        >>> quiet[200] = 1000.0
        >>> quiet[300:303] = -50.0
        >>> np.argwhere(find_spikes(quiet, np.ones(quiet.shape, bool)))[:, 0].tolist()
        [200, 300, 301, 302]
    """
    pieces = stretches(series, len(values))
    columns = range(values.shape[1])
    same, alone, runs = (np.zeros(values.shape, bool) for _ in range(3))
    for column in columns:
        for piece in pieces:
            same[piece, column] = _at_fault_value(values[piece, column], seen[piece, column])
        known = seen[:, column] & ~same[:, column]
        near = _distances(values[:, column], known, pieces, NEIGHBOURS)
        for rows, away in zip(near.rows, near.away, strict=True):
            alone[rows[_stand_alone(np.abs(away), near.scale)], column] = True
        for width, longest in LONGEST.items() if _jumps(values[:, column], near) > 1 else ():
            beside = _distances(values[:, column], known & ~runs[:, column], pieces, width)
            least = max(beside.scale, _half_spread(values[known, column]) / FAR)  # wiggles are no faults
            for rows, away in zip(beside.rows, beside.away, strict=True):
                runs[rows[_between_jumps(away, least, longest)], column] = True
    count = np.maximum(seen.sum(axis=0), 1)
    habit = alone.sum(axis=0) > most * count
    some = (habit | (runs & ~alone).any(axis=0)) & (runs.sum(axis=0) <= _UTMOST * count)
    returns = same.any(axis=0) & (same.sum(axis=0) <= _UTMOST * count)
    found = alone & ~habit
    if (some | returns).any():
        beside = seen & ~runs & ~same
        off = [_in_scales(_distances(values[:, one], beside[:, one], pieces, WIDE), len(values)) for one in columns]
        loud = loudness(np.stack(off, axis=1))
        for column in np.flatnonzero(some).tolist():
            spikes, others = runs[:, column], seen[:, column] & ~same[:, column]
            wide = _distances(values[:, column], others, pieces, WIDE)
            if _stand_off(wide, values[:, column], spikes) and not echoed(*_events(wide, spikes), loud):
                found[:, column] = spikes
        for column in np.flatnonzero(returns).tolist():
            wide = _distances(values[:, column], seen[:, column], pieces, WIDE)
            if not echoed(*_events(wide, same[:, column]), loud):
                found[:, column] |= same[:, column]
    return found


def _distances(values: NDArray[Any], seen: NDArray[np.bool_], pieces: list[slice], width: int) -> _Distances:
    known = [piece.start + np.flatnonzero(seen[piece]) for piece in pieces]
    rows = tuple(one for one in known if len(one) > 2 * width)
    if sum(map(len, rows)) < _FEWEST:
        return _Distances()
    away = tuple(_from_median(values[one], width) for one in rows)
    scale = _scale(np.concatenate(away), values[np.concatenate(rows)])
    return _Distances(rows, away, scale) if scale > 0.0 else _Distances()


def _from_median(readings: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Return how far each reading is from the median of those on either side; at the ends of the nearest as many."""
    if width > NEIGHBOURS:  # the two in the middle of all but itself are among the three in the middle of all
        readings = np.asarray(readings, float)
        below, middle, above = (
            rank_filter(readings, rank, 2 * width + 1, mode="nearest") for rank in (width - 1, width, width + 1)
        )
        low, high = np.where(readings <= below, middle, below), np.where(readings >= above, middle, above)
        return readings - 0.5 * (low + high)
    count, others = len(readings), 2 * width
    first = np.clip(np.arange(count) - width, 0, count - others - 1)
    around = first[:, None] + np.arange(others + 1)
    beside = around[around != np.arange(count)[:, None]].reshape(count, others)
    return readings - np.median(readings[beside], axis=1)


def _scale(distance: NDArray[Any], readings: NDArray[Any]) -> float:
    deviation = 1.4826 * float(np.median(np.abs(distance - np.median(distance))))
    half = _half_spread(distance)
    if deviation <= 0.0 and half <= 0.0:
        return 0.0  # an idle sensor, such as a rain gauge: what happens now and then is what it is there to tell
    steps = np.diff(np.unique(readings))
    step = float(steps.min()) if len(steps) else 0.0
    return max(deviation, 0.25 * half, step)


def _half_spread(values: NDArray[Any]) -> float:
    low, high = np.quantile(values, [0.16, 0.84])
    return 0.5 * float(high - low)


def _stand_alone(size: NDArray[Any], scale: float) -> NDArray[np.bool_]:
    # A spike shifts the median around its neighbours by a step of their slope: these are off, but far less.
    beside = np.maximum(np.append(size[1:], 0.0), np.append(0.0, size[:-1]))
    return (size > FAR * scale) & ((beside <= FAR * scale) | (beside < ALONE * size))


def _jumps(values: NDArray[Any], near: _Distances) -> int:
    return sum(int((np.abs(np.diff(values[rows])) > FAR * near.scale).sum()) for rows in near.rows)


def _between_jumps(away: NDArray[Any], scale: float, longest: int) -> NDArray[np.bool_]:
    """Return which readings are among a few in a row that are off, between two jumps, at least one of them far off."""
    size = np.abs(away)
    least = np.maximum(NEAR * scale, ALONE * maximum_filter1d(size, 2 * longest + 1, mode="constant"))
    jump = np.concatenate([[np.inf], np.abs(np.diff(away)), [np.inf]])
    found = np.zeros(len(size), bool)
    for first, end in runs_of(size > least).tolist():
        if end - first <= longest and min(jump[first], jump[end]) > NEAR * scale:
            found[first:end] = size[first:end].max() > ROW * scale
    return found


def _at_fault_value(values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which readings have a value that a sensor returns to, for a few rows, across a gap from all else.

    A wire that breaks reads the end of the scale. One gap is larger than half the spread of the readings, and twice as
    large as any between these.
    """
    found = np.zeros(len(values), bool)
    for value, sign in ((values[seen].min(initial=np.inf), 1.0), (values[seen].max(initial=-np.inf), -1.0)):
        there = seen & (values == value)
        rest = np.unique(values[seen & ~there])
        times = runs_of(there)
        if len(times) < _RETURNS or len(rest) < _FEWEST or np.diff(times).max() > _LASTS:
            continue
        gap = float((sign * (rest - value)).min())
        if gap > max(_half_spread(values[seen & ~there]), 2.0 * float(np.diff(rest).max())):
            found |= there
    return found


def _in_scales(distances: _Distances, n_rows: int) -> NDArray[np.float64]:
    """Return how far off the reading of each row is; NaN where there is none."""
    off = np.full(n_rows, np.nan)
    for rows, away in zip(distances.rows, distances.away, strict=True):
        off[rows] = away / distances.scale
    return off


def _events(wide: _Distances, spikes: NDArray[np.bool_]) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Return the rows of the spikes of one sensor and their signs, over the length of each run."""
    off = _in_scales(wide, len(spikes))
    rows = np.flatnonzero(spikes)
    run = np.cumsum(np.diff(rows, prepend=-2) > 1) - 1
    return rows, np.sign(np.nan_to_num(off[rows])) / np.bincount(run)[run]


def _stand_off(wide: _Distances, values: NDArray[Any], spikes: NDArray[np.bool_]) -> bool:
    """Return whether spikes are something else than the ends of what a sensor reads every day."""
    if not wide.rows:
        return False
    rows = np.concatenate(wide.rows)
    size, spiked = np.abs(np.concatenate(wide.away)), spikes[rows]
    usual = float(np.median(size[spiked])) if spiked.any() else 0.0
    least = max(NEAR * wide.scale, 0.5 * usual)
    return usual > _OUTSIDE * _half_spread(values[rows]) and 2 * int((size[~spiked] > least).sum()) <= int(spiked.sum())

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
    """How far readings of one sensor are from those beside them; a sensor without habits, or an idle one, has none.

    Attributes:
        rows: of the readings.
        starts: places among them at which another stretch begins.
        away: their distances.
        scale: of these; 0 where there are none.
    """

    rows: NDArray[np.int_] = np.zeros(0, int)
    starts: NDArray[np.int_] = np.zeros(0, int)
    away: NDArray[np.float64] = np.zeros(0)
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
    piece = np.repeat(np.arange(len(pieces)), [one.stop - one.start for one in pieces])
    columns = range(values.shape[1])
    alone, runs = (np.zeros(values.shape, bool) for _ in range(2))
    same = _fault_values(values, seen, pieces, piece)
    for column in columns:
        known = seen[:, column] & ~same[:, column]
        near = _distances(values[:, column], known, piece, NEIGHBOURS)
        alone[near.rows, column] = _stand_alone(near)
        for width, longest in LONGEST.items() if _jumps(values[:, column], near) > 1 else ():
            beside = _distances(values[:, column], known & ~runs[:, column], piece, width)
            least = max(beside.scale, _half_spread(values[known, column]) / FAR)  # wiggles are no faults
            runs[beside.rows[_between_jumps(beside, least, longest)], column] = True
    count = np.maximum(seen.sum(axis=0), 1)
    habit = alone.sum(axis=0) > most * count
    some = (habit | (runs & ~alone).any(axis=0)) & (runs.sum(axis=0) <= _UTMOST * count)
    returns = same.any(axis=0) & (same.sum(axis=0) <= _UTMOST * count)
    found = alone & ~habit
    if (some | returns).any():
        beside = seen & ~runs & ~same
        off = [_in_scales(_distances(values[:, one], beside[:, one], piece, WIDE), len(values)) for one in columns]
        loud = loudness(np.stack(off, axis=1))
        for column in np.flatnonzero(some).tolist():
            spikes, others = runs[:, column], seen[:, column] & ~same[:, column]
            wide = _distances(values[:, column], others, piece, WIDE)
            if _stand_off(wide, values[:, column], spikes) and not echoed(*_events(wide, spikes), loud):
                found[:, column] = spikes
        for column in np.flatnonzero(returns).tolist():
            wide = _distances(values[:, column], seen[:, column], piece, WIDE)
            if not echoed(*_events(wide, same[:, column]), loud):
                found[:, column] |= same[:, column]
    return found


def _distances(values: NDArray[Any], seen: NDArray[np.bool_], piece: NDArray[np.int_], width: int) -> _Distances:
    rows = np.flatnonzero(seen)
    rows = rows[(np.bincount(piece[rows]) > 2 * width)[piece[rows]]]
    if len(rows) < _FEWEST:
        return _Distances()
    starts = np.flatnonzero(np.diff(piece[rows], prepend=-1))
    away = _from_median(values[rows], starts, width)
    scale = _scale(away, values[rows])
    return _Distances(rows, starts, away, scale) if scale > 0.0 else _Distances()


def _from_median(readings: NDArray[Any], starts: NDArray[np.int_], width: int) -> NDArray[np.float64]:
    """Return how far each reading is from the median of those on either side; at the ends of the nearest as many."""
    if width > NEIGHBOURS:  # the two in the middle of all but itself are among the three in the middle of all
        places, inside = _padded(starts, len(readings), width)
        padded = np.asarray(readings, float)[places]
        below, middle, above = (
            rank_filter(padded, rank, 2 * width + 1)[inside] for rank in (width - 1, width, width + 1)
        )
        low, high = np.where(readings <= below, middle, below), np.where(readings >= above, middle, above)
        return readings - 0.5 * (low + high)
    count, others = len(readings), 2 * width
    lengths = np.diff(starts, append=count)
    begins, ends = np.repeat(starts, lengths), np.repeat(starts + lengths, lengths)
    first = np.clip(np.arange(count) - width, begins, ends - others - 1)
    around = first[:, None] + np.arange(others + 1)
    beside = around[around != np.arange(count)[:, None]].reshape(count, others)
    return readings - np.median(readings[beside], axis=1)


def _padded(starts: NDArray[np.int_], count: int, width: int) -> tuple[NDArray[np.int_], NDArray[np.bool_]]:
    """Return the places of readings, each stretch after and before so many of its ends, and which are not these."""
    lengths = np.diff(starts, append=count)
    wide = lengths + 2 * width
    place = np.arange(wide.sum()) - np.repeat(np.cumsum(wide) - wide, wide) - width
    last = np.repeat(lengths - 1, wide)
    return np.repeat(starts, wide) + np.clip(place, 0, last), (place >= 0) & (place <= last)


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


def _stand_alone(near: _Distances) -> NDArray[np.bool_]:
    size = np.abs(near.away)
    before, after = np.append(0.0, size)[:-1], np.append(size, 0.0)[1:]
    before[near.starts] = after[near.starts - 1] = 0.0  # nothing beside the ends of a stretch
    # A spike shifts the median around its neighbours by a step of their slope: these are off, but far less.
    beside = np.maximum(after, before)
    return (size > FAR * near.scale) & ((beside <= FAR * near.scale) | (beside < ALONE * size))


def _jumps(values: NDArray[Any], near: _Distances) -> int:
    size = np.abs(np.diff(values[near.rows], prepend=0.0))
    size[near.starts] = 0.0
    return int((size > FAR * near.scale).sum())


def _between_jumps(beside: _Distances, scale: float, longest: int) -> NDArray[np.bool_]:
    """Return which readings are among a few in a row that are off, between two jumps, at least one of them far off."""
    size, found = np.abs(beside.away), np.zeros(len(beside.rows), bool)
    places, inside = _padded(beside.starts, len(size), longest)
    loudest = maximum_filter1d(np.where(inside, size[places], 0.0), 2 * longest + 1, mode="constant")[inside]
    off = size > np.maximum(NEAR * scale, ALONE * loudest)
    jump = np.append(np.abs(np.diff(beside.away, prepend=0.0)), np.inf)
    jump[beside.starts] = np.inf
    begins = np.zeros(len(size) + 1, bool)
    begins[beside.starts] = begins[-1] = True
    first = np.flatnonzero(off & (begins[:-1] | ~np.append(False, off)[:-1]))
    end = np.flatnonzero(off & (begins[1:] | ~np.append(off, False)[1:])) + 1
    fits = (end - first <= longest) & (np.minimum(jump[first], jump[end]) > NEAR * scale)
    for start, stop in zip(first[fits].tolist(), end[fits].tolist(), strict=True):
        found[start:stop] = size[start:stop].max() > ROW * scale
    return found


def _fault_values(
    values: NDArray[Any], seen: NDArray[np.bool_], pieces: list[slice], piece: NDArray[np.int_]
) -> NDArray[np.bool_]:
    """Return which readings have a value that a sensor returns to, for a few rows, across a gap from all else.

    A wire that breaks reads the end of the scale: the smallest or the largest value of a stretch. Few have one several
    times; these are looked at.
    """
    found = np.zeros(values.shape, bool)
    if not len(values):
        return found
    starts = [one.start for one in pieces]
    for sign, utmost in ((1.0, np.minimum), (-1.0, np.maximum)):
        known = np.where(seen, values, sign * np.inf)
        there = seen & (known == utmost.reduceat(known, starts, axis=0)[piece])
        begins = there.copy()
        begins[1:] &= ~there[:-1] | (np.diff(piece) > 0)[:, None]
        times = np.add.reduceat(begins, starts, axis=0, dtype=int)
        for number, column in np.argwhere(times >= _RETURNS).tolist():
            rows = pieces[number]
            own = there[rows, column]
            if _is_fault(values[rows, column], seen[rows, column], own, sign):
                found[rows, column] |= own
    return found


def _is_fault(values: NDArray[Any], seen: NDArray[np.bool_], there: NDArray[np.bool_], sign: float) -> bool:
    """Return whether a value lies across a gap: larger than half the spread of all other readings, and twice as large
    as any between these.
    """
    others = values[seen & ~there]
    rest = np.unique(others)
    if len(rest) < _FEWEST or np.diff(runs_of(there)).max() > _LASTS:
        return False
    gap = float((sign * (rest - values[there][0])).min())
    return gap > max(_half_spread(others), 2.0 * float(np.diff(rest).max()))


def _in_scales(distances: _Distances, n_rows: int) -> NDArray[np.float64]:
    """Return how far off the reading of each row is; NaN where there is none."""
    off = np.full(n_rows, np.nan)
    off[distances.rows] = distances.away / distances.scale
    return off


def _events(wide: _Distances, spikes: NDArray[np.bool_]) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Return the rows of the spikes of one sensor and their signs, over the length of each run."""
    off = _in_scales(wide, len(spikes))
    rows = np.flatnonzero(spikes)
    run = np.cumsum(np.diff(rows, prepend=-2) > 1) - 1
    return rows, np.sign(np.nan_to_num(off[rows])) / np.bincount(run)[run]


def _stand_off(wide: _Distances, values: NDArray[Any], spikes: NDArray[np.bool_]) -> bool:
    """Return whether spikes are something else than the ends of what a sensor reads every day."""
    rows = wide.rows
    if not len(rows):
        return False
    size, spiked = np.abs(wide.away), spikes[rows]
    usual = float(np.median(size[spiked])) if spiked.any() else 0.0
    least = max(NEAR * wide.scale, 0.5 * usual)
    return usual > _OUTSIDE * _half_spread(values[rows]) and 2 * int((size[~spiked] > least).sum()) <= int(spiked.sum())

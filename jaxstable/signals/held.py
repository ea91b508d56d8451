"""Held readings: a sensor that is read less often than the clock ticks or stuck, its last value repeated meanwhile.

What a logger fills in where it has no reading, the last value or a straight line, is no reading either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import runs_of, stretches

MOSTLY = 0.5  # share of the readings that repeat the one before, from which a sensor is held
_OWN = 0.5  # different values per run of equal ones; coarse or switching sensors return to the same few
STUCK = 20  # equal readings in a row that are always too many, in a sensor that hardly ever repeats itself
_CHANCE = 0.01  # of as many in a row somewhere in a sensor, by the share of its runs that go on
_LINE = 1e-9  # of the spread of a sensor, within which three readings lie on a straight line
_ROW = 3  # sensors that hardly ever repeat themselves and do so at once: the logger has repeated the row
_SELDOM = 0.1  # of the readings of such a sensor, and of the length of the row its value elsewhere
_ONE = 0.2  # share of the repeats that one value may have: a night of zeros is a reading, not a repeat


def find_held(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None, always: bool = False
) -> NDArray[np.bool_]:
    """Return where a sensor only repeats its last reading, bool `[time, vars]`.

    A sensor counts as held if more than half of its readings repeat the one before exactly, its runs of equal
    readings have values of their own (a coarse, binary or idle sensor comes back to the same few), and no single
    value makes up a fifth of the repeats. A sensor that hardly ever repeats itself is stuck where so many readings in
    a row are equal that it is no chance, twenty at most, and hardly any other has their value. Likewise, readings that
    lie on a straight line were filled in. A row in which all sensors, three of this kind, repeat the one before was
    written twice.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        always: mark the repeats of every sensor, whatever they look like.

    Example:
        >>> slow = np.repeat(np.random.default_rng(0).normal(size=20), 5)[:, None]
        >>> int(find_held(slow, np.ones(slow.shape, bool)).sum())
        80
    """
    found, again = np.zeros(values.shape, bool), np.zeros(values.shape, bool)
    lengths = [piece.stop - piece.start for piece in stretches(series, len(values))]
    piece = np.repeat(np.arange(len(lengths)), lengths)
    lively = np.zeros(values.shape[1], bool)
    for column in range(values.shape[1]):
        known = np.flatnonzero(seen[:, column])
        readings = values[known, column]
        found[known[1:][(readings[1:] == readings[:-1]) & (np.diff(piece[known]) == 0)], column] = True
        own, repeats = seen[:, column], found[:, column].copy()
        again[:, column] = repeats
        if not always and not _is_held(values[own, column], repeats[own]):
            found[:, column] = False
            found[own, column] = _is_stuck(values[own, column], repeats[own])
            known = known[~found[known, column]]
            lively[column] = _seldom_repeats(values[known, column], repeats[known])
            for rows in _bent_nowhere(values[:, column], known, piece) if lively[column] else ():
                found[rows, column] = _is_filled(values[rows, column])
    if not always:
        twice = (again | ~seen).all(axis=1) & ((again & lively).sum(axis=1) >= _ROW)
        found |= twice[:, None] & again
    return found


def _is_held(readings: NDArray[Any], repeats: NDArray[np.bool_]) -> bool:
    if len(readings) < 2 or repeats.mean() <= MOSTLY:
        return False
    runs = int((~repeats).sum())
    _, count = np.unique(readings[repeats], return_counts=True)
    return len(np.unique(readings)) >= max(_OWN * runs, 3) and bool(count.max() <= _ONE * repeats.sum())


def _is_stuck(readings: NDArray[Any], repeats: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which repeats belong to stretches in which a sensor was stuck."""
    starts = np.flatnonzero(~repeats)
    run, length = np.cumsum(~repeats) - 1, np.diff(starts, append=len(readings))
    _, value = np.unique(readings[starts], return_inverse=True)
    elsewhere = np.bincount(value, length)[value] - length
    stuck = ((length >= _too_many(length)) & (elsewhere <= _SELDOM * length))[run]
    ordinary = _seldom_repeats(readings[~stuck], repeats[~stuck])
    return stuck & repeats if ordinary else np.zeros(len(readings), bool)


def _too_many(length: NDArray[np.int_]) -> float:
    """Return the length of a run of equal readings that is no chance, by the share of short runs that go on."""
    goes_on = (float((length == 2).sum()) + 1.0) / (float((length <= 2).sum()) + 1.0)
    chance = np.log(_CHANCE / max(len(length), 1)) / np.log(goes_on) if goes_on < 1.0 else np.inf
    return min(STUCK, 1.0 + np.ceil(chance))


def _seldom_repeats(readings: NDArray[Any], repeats: NDArray[np.bool_]) -> bool:
    return int(repeats.sum()) <= _SELDOM * len(repeats) and len(np.unique(readings)) >= STUCK


def _bent_nowhere(values: NDArray[Any], known: NDArray[np.int_], piece: NDArray[np.int_]) -> Iterator[NDArray[np.int_]]:
    """Yield the rows of a sensor in each stretch in which three readings may lie on a straight line."""
    readings, own = values[known], piece[known]
    count = np.bincount(own)
    away = readings - (np.bincount(own, readings) / np.maximum(count, 1))[own]
    spread = np.sqrt(np.bincount(own, away**2) / np.maximum(count, 1))
    line = (np.abs(np.diff(readings, 2)) <= 2.0 * _LINE * spread[own[2:]]) & (own[2:] == own[:-2])
    starts = np.searchsorted(own, np.arange(len(count) + 1))
    for number in np.unique(own[2:][line]).tolist():
        yield known[starts[number] : starts[number + 1]]


def _is_filled(readings: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which readings lie between others on a straight line that is too long for chance."""
    filled = np.zeros(len(readings), bool)
    if len(readings) < STUCK:
        return filled
    bend = np.abs(np.diff(readings, 2)) > _LINE * float(np.std(readings))
    bend |= np.diff(readings)[1:] == 0.0  # equal readings are looked at by their value: the end of a scale is no fault
    lines = runs_of(~bend)
    straight = lines[:, 1] - lines[:, 0]  # readings that lie between their neighbours, in a row
    if (~bend).mean() > _SELDOM + straight[straight > 1].sum() / len(bend):
        return filled
    least = _too_many(np.concatenate([straight + 1, np.ones(int(bend.sum()), int)]))
    for first, end in lines[straight + 1 >= least].tolist():
        filled[first + 1 : end + 1] = True
    return filled

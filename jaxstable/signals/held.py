"""Held readings: a sensor that is read less often than the clock ticks or stuck, its last value repeated meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import stretches

MOSTLY = 0.5  # share of the readings that repeat the one before, from which a sensor is held
_OWN = 0.5  # different values per run of equal ones; coarse or switching sensors return to the same few
STUCK = 20  # equal readings in a row, in a sensor that hardly ever repeats itself
_SELDOM = 0.1  # of the readings of such a sensor, and of the length of the row its value elsewhere
_ONE = 0.2  # share of the repeats that one value may have: a night of zeros is a reading, not a repeat


def find_held(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None, always: bool = False
) -> NDArray[np.bool_]:
    """Return where a sensor only repeats its last reading, bool `[time, vars]`.

    A sensor counts as held if more than half of its readings repeat the one before exactly, its runs of equal
    readings have values of their own (a coarse, binary or idle sensor comes back to the same few), and no single
    value makes up a fifth of the repeats. A sensor that hardly ever repeats itself is stuck where twenty or more
    readings in a row are equal, and hardly any other has their value.

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
    found = np.zeros(values.shape, bool)
    pieces = stretches(series, len(values))
    for column in range(values.shape[1]):
        for piece in pieces:
            known = piece.start + np.flatnonzero(seen[piece, column])
            readings = values[known, column]
            found[known[1:][readings[1:] == readings[:-1]], column] = True
        own, repeats = seen[:, column], found[:, column].copy()
        if not always and not _is_held(values[own, column], repeats[own]):
            found[:, column] = False
            found[own, column] = _is_stuck(values[own, column], repeats[own])
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
    stuck = ((length >= STUCK) & (elsewhere <= _SELDOM * length))[run]
    ordinary = (repeats & ~stuck).sum() <= _SELDOM * (~stuck).sum() and len(np.unique(readings[~stuck])) >= STUCK
    return stuck & repeats if ordinary else np.zeros(len(readings), bool)

"""Isolated spikes: single readings that neither the readings around them nor the sensor's own habits explain."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import stretches

FAR = 6.0  # scales from the median of the neighbours
NEIGHBOURS = 3  # readings on either side
ALONE = 0.25  # of its distance, below which neighbours that are off too do not make a burst of it
MOST = 0.03  # share of the readings of a sensor beyond which they are its habit and no fault
_FEWEST = 20  # readings below which a sensor has no habits


def find_spikes(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None, most: float = MOST
) -> NDArray[np.bool_]:
    """Return where single readings stand alone, bool `[time, vars]`.

    A reading is one if it lies more than six scales from the median of the three readings on either side and neither
    neighbour is off by a quarter as much. The scale is the largest of 1.4826 median absolute deviations of these
    distances, a quarter of half the spread between their 16th and 84th percentile, and the smallest step between two
    values of the sensor: a coarsely read sensor has a deviation of 0 and jumps without a fault. One whose deviation
    and spread are both 0 is idle and reports events, and where more than `most` of the readings stand alone, that is a
    sensor's habit: both are left as they are.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        most: share of a sensor's readings that may be spikes.

    Example:
        >>> quiet = np.random.default_rng(0).normal(size=(400, 1))
        >>> quiet[200] = 1000.0
        >>> np.argwhere(find_spikes(quiet, np.ones(quiet.shape, bool))).tolist()
        [[200, 0]]
    """
    found = np.zeros(values.shape, bool)
    pieces = stretches(series, len(values))
    for column in range(values.shape[1]):
        rows, away = [], []
        for piece in pieces:
            known = piece.start + np.flatnonzero(seen[piece, column])
            if len(known) > 2 * NEIGHBOURS:
                rows.append(known)
                away.append(_distance(values[known, column]))
        if sum(map(len, rows)) < _FEWEST:
            continue
        scale = _scale(np.concatenate(away), values[np.concatenate(rows), column])
        if scale <= 0.0:
            continue
        for known, distance in zip(rows, away, strict=True):
            size = np.abs(distance)
            # A spike shifts the median around its neighbours by a step of their slope: these are off, but far less.
            beside = np.maximum(np.append(size[1:], 0.0), np.append(0.0, size[:-1]))
            alone = (beside <= FAR * scale) | (beside < ALONE * size)
            found[known[(size > FAR * scale) & alone], column] = True
        if found[:, column].sum() > most * sum(map(len, rows)):
            found[:, column] = False
    return found


def _distance(readings: NDArray[Any]) -> NDArray[np.float64]:
    """Return how far each reading is from the median of the three on either side; at the ends of the nearest six."""
    count, width = len(readings), 2 * NEIGHBOURS
    first = np.clip(np.arange(count) - NEIGHBOURS, 0, count - width - 1)
    around = first[:, None] + np.arange(width + 1)
    others = around[around != np.arange(count)[:, None]].reshape(count, width)
    return readings - np.median(readings[others], axis=1)


def _scale(distance: NDArray[Any], readings: NDArray[Any]) -> float:
    deviation = 1.4826 * float(np.median(np.abs(distance - np.median(distance))))
    low, high = np.quantile(distance, [0.16, 0.84])
    if deviation <= 0.0 and high <= low:
        return 0.0  # an idle sensor, such as a rain gauge: what happens now and then is what it is there to tell
    steps = np.diff(np.unique(readings))
    step = float(steps.min()) if len(steps) else 0.0
    return max(deviation, 0.25 * 0.5 * float(high - low), step)

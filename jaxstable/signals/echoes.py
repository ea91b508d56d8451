"""Echoes: whether anything in the data knows of the events that one sensor reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

LAGS = range(-2, 3)  # rows from an event in which it would show
CHANCE = 0.001  # of finding an echo among all sensors and lags where there is none
_LOUDEST = 3.0  # scales that one reading counts for


def echoed(rows: NDArray[np.int_], signs: NDArray[np.float64], loud: NDArray[np.float64]) -> bool:
    """Return whether any sensor is off in the direction of the events of one sensor.

    The mean over the events of what a sensor reads in the rows around them, with the sign of the event, is 0 with
    variance one over their number where the sensor knows nothing of them.

    Args:
        rows: of the events, those of one of several rows each.
        signs: their directions; those of an event of several rows are shared among these.
        loud: `[time, vars]` of all sensors, the same one among them (`loudness`).

    Example:
        >>> off = np.random.default_rng(0).normal(size=(500, 2))
        >>> rows = np.arange(10, 500, 50)
        >>> echoed(rows, np.ones(10), loudness(off))
        False
        >>> off[rows + 1, 1] += 3.0
        >>> echoed(rows, np.ones(10), loudness(off))
        True
    """
    level = -float(ndtri(0.5 * CHANCE / (len(LAGS) * loud.shape[1])))
    for lag in LAGS:
        inside = (rows + lag >= 0) & (rows + lag < len(loud))
        around, sign = loud[rows[inside] + lag], signs[inside]
        heard = np.maximum(np.abs(sign) @ (around != 0.0), 1.0)
        if (np.abs(sign @ around) > level * np.sqrt(heard)).any():
            return True
    return False


def loudness(off: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far readings are off, of mean 0 and variance 1, no one by more than three scales; 0 where missing.

    Args:
        off: `[time, vars]` in scales of each sensor; NaN where missing, and where a reading is an event itself: what
            goes wrong in many sensors at once is no echo.
    """
    known = np.isfinite(off)
    count = np.maximum(known.sum(axis=0), 1)
    size = np.where(known, np.clip(off, -_LOUDEST, _LOUDEST), 0.0)
    size = np.where(known, size - size.sum(axis=0) / count, 0.0)
    return size / np.maximum(np.sqrt((size**2).sum(axis=0) / count), 1e-12)

"""Faint spikes: readings that nothing explains, neither the rows around them nor any other sensor."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import bridged, standardised, stretches
from jaxstable.signals.spikes import MOST

REACHES = (2, 1)  # rows on either side that speak for a reading: the first that the data have rows for
_ROWS_PER_TERM = 3  # rows that every reading of such a window must have to itself
FAR = 4.5  # scales from what is expected; more where so many readings have such by chance
BEYOND = 2.0  # times what is expected: what is off less where much is expected is the end of a bent relation, too
SHOCK = 0.93  # of its scales from what the past told, below which a reading is a shock that goes on
_FEWEST = 4  # readings of a sensor that say something of it; fewer so small ones change nothing
_ROUNDS = 3  # of looking again, without the loudest of every neighbourhood
_CLIP = 6.0  # scales that a reading counts for where it speaks for others
_IDLE = 1e-6  # deviations, below which what happens now and then is what a sensor is there to tell
_SHRINK = 1e-3  # of every variance, so that copies may be inverted


class _Look(NamedTuple):
    """What is off at `rows`, all `[rows, vars]` in deviations of a sensor: from what all tell, and from the past alone.

    `scale` and `news_scale`, `[vars]`, say how far readings usually are; infinite for a sensor that is idle.
    """

    expected: NDArray[np.float64]
    off: NDArray[np.float64]
    scale: NDArray[np.float64]
    news: NDArray[np.float64]
    news_scale: NDArray[np.float64]


def find_unexplained(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None
) -> NDArray[np.bool_]:
    """Return where single readings are faults although they are no larger than others, bool `[time, vars]`.

    A linear Gaussian model of all sensors in a few rows tells what to expect of a reading from all others there. One
    that is 4.5 scales off, and more so than any other around it, is a fault or a shock. A shock goes on: it comes as
    news, and what follows makes it less of a surprise. A fault is more of a surprise for what follows. The readings of
    a sensor are faults where this holds of them together, where they are at most 3 % of all and twice as far off as
    what was expected there, and where they stand apart: at most half as many others, less two, are half as far off.
    Heavy tails do not.

    Args:
        values: `[time, vars]`, less what is slow; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.

    Example:
        >>> draw = np.random.default_rng(0).normal(size=(1000, 2))
        >>> draw[100:1000:100, 1] += 8.0
        >>> np.argwhere(find_unexplained(draw, np.ones(draw.shape, bool)))[:, 0].tolist()
        [100, 200, 300, 400, 500, 600, 700, 800, 900]

    References:
        Tsay, Outliers, level shifts, and variance changes in time series, Journal of Forecasting 7, 1988 (additive
        and innovational outliers); Chen and Liu, JASA 88, 1993.
    """
    found = np.zeros(values.shape, bool)
    reach, rows = _window(series, values.shape)
    if not reach:
        return found
    far = max(FAR, float(np.sqrt(2.0 * np.log(max(seen.sum(), 1)))))
    readings, surprise = standardised(values, seen), np.zeros(values.shape)
    pieces = stretches(series, len(values))
    for _ in range(_ROUNDS):
        known = seen & ~found
        look = _look(bridged(readings, known, series), known, pieces, rows, reach)
        size = np.where(known[rows], np.abs(look.off) / look.scale, 0.0)
        loudest = np.zeros(len(values))
        loudest[rows] = size.max(axis=1)
        around = np.max([loudest[rows + shift] for shift in range(-reach, reach + 1)], axis=0)
        new = (size > far) & (size >= around[:, None]) & (np.abs(look.off) > BEYOND * np.abs(look.expected))
        if not new.any():
            break
        at, column = np.nonzero(new)
        found[rows[at], column] = True
        news = np.abs(look.news)[new] / look.news_scale[column]
        surprise[rows[at], column] = np.log(size[new] / np.maximum(news, 1e-12))
    if not found.any():
        return found
    known = seen & ~found
    look = _look(bridged(readings, known, series), known, pieces, rows, reach)
    size = np.where(seen[rows], np.abs(readings[rows] - look.expected) / look.scale, 0.0)
    for one in np.flatnonzero(found.any(axis=0)).tolist():
        spiked = found[:, one]
        shock = surprise[spiked, one].mean() < np.log(SHOCK)
        habit = spiked.sum() > MOST * seen[:, one].sum()
        found[:, one] &= not (shock or habit) and _apart(size[:, one], spiked[rows], far)
    return found


def _window(series: NDArray[Any] | None, shape: tuple[int, ...]) -> tuple[int, NDArray[np.int_]]:
    """Return how many rows on either side speak for a reading, and the rows that have them; 0 for too few rows."""
    for reach in REACHES:
        inner = [np.arange(piece.start + reach, piece.stop - reach) for piece in stretches(series, shape[0])]
        rows = np.concatenate([np.zeros(0, int), *inner])
        if len(rows) >= _ROWS_PER_TERM * (2 * reach + 1) * shape[1]:
            return reach, rows
    return 0, np.zeros(0, int)


def _look(
    filled: NDArray[np.float64], known: NDArray[np.bool_], pieces: list[slice], rows: NDArray[np.int_], reach: int
) -> _Look:
    middle = np.array([np.median(column) for column in filled.T])
    centred = filled - middle
    usual = _usual(centred, known)
    clipped = np.clip(centred, -_CLIP * usual, _CLIP * usual)
    n_vars, lags = filled.shape[1], 2 * reach + 1
    moments = [_moment(clipped, pieces, lag) for lag in range(lags)]
    joint = np.block([[moments[a - b] if a >= b else moments[b - a].T for b in range(lags)] for a in range(lags)])
    joint[np.diag_indices(len(joint))] = joint.diagonal() * (1.0 + _SHRINK) + 1e-6
    now, past = slice(reach * n_vars, (reach + 1) * n_vars), slice(0, reach * n_vars)
    precision = np.linalg.inv(joint)[:, now]
    of_all = -precision / precision[now].diagonal()
    of_all[now][np.diag_indices(n_vars)] = 0.0  # a reading does not speak for itself
    of_all = of_all.reshape(lags, n_vars, n_vars)
    of_past = np.linalg.solve(joint[past, past], joint[past, now]).reshape(reach, n_vars, n_vars)
    expected = sum(clipped[rows + at - reach] @ of_all[at] for at in range(lags))
    told = sum(clipped[rows + at - reach] @ of_past[at] for at in range(reach))
    off, news = centred[rows] - expected, centred[rows] - told
    idle = np.where(usual > _IDLE, 0.0, np.inf)
    return _Look(middle + expected, off, _usual(off, known[rows]) + idle, news, _usual(news, known[rows]) + idle)


def _moment(values: NDArray[np.float64], pieces: list[slice], lag: int) -> NDArray[np.float64]:
    """Return the mean product of every sensor now and every one `lag` rows before, `[vars, vars]`."""
    pairs = [(values[piece][lag:], values[piece]) for piece in pieces]
    return np.sum([now.T @ before[: len(now)] for now, before in pairs], axis=0) / len(values)


def _usual(off: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the scale of each sensor by its readings, `[vars]`; infinite where it has none."""
    sizes = [np.abs(column[kept]) for column, kept in zip(off.T, known.T, strict=True)]
    return np.array([1.4826 * float(np.median(size)) if len(size) else np.inf for size in sizes])


def _apart(size: NDArray[np.float64], spiked: NDArray[np.bool_], far: float) -> bool:
    least = max(far - 1.0, 0.5 * float(np.median(size[spiked])))
    return 2 * (int((size[~spiked] > least).sum()) + _FEWEST // 2) <= int(spiked.sum())

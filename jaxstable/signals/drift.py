"""Slow drift removed from each sensor: a straight line and a few cosines fitted to its readings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxstable.signals.dynamics import Dynamics
from jaxstable.signals.gaps import stretches

# One wave per hundred rows, at most twelve: a hundredth of the information of a short series, and
# drift of up to six periods over a long one.
_ROWS_PER_WAVE = 100
MOST_WAVES = 12
_TRIED = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12)


class Detrended(NamedTuple):
    """Series without drift `values` [time, vars], and the `drift` taken out of it, same shape."""

    values: np.ndarray
    drift: np.ndarray


def needed_waves(values: np.ndarray, seen: np.ndarray, series: np.ndarray | None = None) -> int:
    """Return how many waves the drift of some sensors needs: as many as explain what the dynamics do not.

    Each number of waves joins a vector autoregression of all sensors (`signals.dynamics`); the one with the lowest
    Bayesian information criterion over all sensors is taken. Waves chosen by a sensor alone, or beside its own past
    alone, would take the slow dynamics of an autocorrelated sensor for drift.

    Args:
        values: [time, vars]; anything where missing.
        seen: [time, vars] bool, True where observed.
        series: [time] id; a change starts a new series.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(1000, 3))
        >>> seen = np.ones(noise.shape, bool)
        >>> needed_waves(noise, seen), needed_waves(noise + np.linspace(0, 4, 1000)[:, None], seen) > 0
        (0, True)

    Reference:
        Schwarz, Estimating the dimension of a model, 1978 (the price of a wave).
    """
    dynamics = Dynamics(values, seen, series)
    if not dynamics.enough:
        return 0
    longest = max(piece.stop - piece.start for piece in stretches(series, len(values)))
    tried = [waves for waves in _TRIED if waves <= min(longest // _ROWS_PER_WAVE, MOST_WAVES)]
    scores = {waves: waves_criterion(dynamics, waves, series, len(values)) for waves in tried}
    return min(scores, key=lambda waves: scores[waves])


def waves_criterion(dynamics: Dynamics, waves: int, series: np.ndarray | None, n_rows: int) -> float:
    """Return the criterion of the dynamics with so many waves in each series, fewer in short ones; lower is better."""
    slow = []
    for piece in stretches(series, n_rows):
        length = piece.stop - piece.start
        places = np.arange(*np.searchsorted(dynamics.rows, [piece.start, piece.stop]))
        if len(places) > 1:
            number = min(waves, length // _ROWS_PER_WAVE, MOST_WAVES, len(places) - 1)
            slow.append((places, slow_terms((dynamics.rows[places] - piece.start + 0.5) / length, number)))
    return dynamics.criterion(slow)


def remove_drift(
    values: np.ndarray,
    mask: np.ndarray | None = None,
    series: np.ndarray | None = None,
    waves: int | None = None,
) -> Detrended:
    """Subtract a straight line and slow cosine waves, fitted by least squares to what was read of each series.

    `drift_j(t) = c_1j (t + 1/2) / T + sum_{k=2..K} c_kj cos(pi (k - 1) (t + 1/2) / T)`; the mean stays. The line is the
    first of the K waves: what rises throughout would need all of the others. Calibration drift and ageing act on every
    sensor at once and look like common causes; a graph learned on what is left over is not misled by them. Fast
    dynamics lose only their slowest half waves.

    Args:
        values: [time, vars]; NaN or anything where missing.
        mask: [time, vars], 1 where observed; by default where `values` is finite.
        series: [time] id; a change starts a new series, which has waves of its own.
        waves: K for each series, at most the default: one per 100 rows, 12 in all (none below 100 rows).

    Returns:
        The series and the drift removed, in units of the data.

    Raises:
        ValueError: if `waves` is negative.

    Example:
        >>> time = np.arange(1000)
        >>> slow = 5.0 + np.cos(np.pi * (time + 0.5) / 1000)[:, None] + np.zeros((1, 2))
        >>> bool(np.allclose(remove_drift(slow).values, 5.0, atol=0.01))
        True
    """
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}; drift is removed from [time, vars]")
    if waves is not None and waves < 0:
        raise ValueError(f"waves is {waves}; expected 0 (no drift removed) or more")
    seen = np.isfinite(values)
    if mask is not None:
        seen &= np.asarray(mask).astype(bool)
    drift = np.zeros(values.shape)
    for rows in stretches(series, len(values)):
        length = rows.stop - rows.start
        most = min(length // _ROWS_PER_WAVE, MOST_WAVES)
        n_waves = min(most if waves is None else min(waves, most), length - 1)
        if n_waves > 0:
            drift[rows] = _fit(values[rows], seen[rows], n_waves)
    return Detrended(values - drift, drift)


def slow_terms(time: np.ndarray, waves: int) -> np.ndarray:
    """Return a level, a line and cosines, `[time, waves + 1]`, at times between 0 and 1.

    >>> slow_terms(np.array([0.0, 0.5, 1.0]), 2).round(2).tolist()
    [[1.0, -1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 1.0, -1.0]]
    """
    waving = np.cos(np.pi * time[:, None] * np.arange(1, waves))
    return np.concatenate([np.ones((len(time), 1)), 2.0 * time[:, None] - 1.0, waving], axis=1)[:, : waves + 1]


def _fit(values: np.ndarray, seen: np.ndarray, waves: int) -> np.ndarray:
    n_rows = len(values)
    time = (np.arange(n_rows) + 0.5) / n_rows
    # Made orthogonal: a line and half a wave are so alike that the ridge below would take a part of both.
    basis = np.linalg.qr(slow_terms(time, waves))[0] * np.sqrt(n_rows)
    drift = np.zeros(values.shape)
    for column in range(values.shape[1]):
        rows = seen[:, column]
        if rows.sum() < 2 * (waves + 1):
            continue  # too few readings to tell drift from signal
        used = basis[rows]
        # The ridge only matters where a wave was hardly observed: there it stays small.
        ridge = 1e-3 * rows.sum() * np.eye(waves + 1)
        ridge[0, 0] = 0.0
        centre = values[rows, column].mean()
        weights = np.linalg.solve(used.T @ used + ridge, used.T @ (values[rows, column] - centre))
        drift[:, column] = basis[:, 1:] @ weights[1:]
    return drift

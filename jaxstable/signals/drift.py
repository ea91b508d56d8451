"""Slow drift removed from each sensor by a few cosines fitted to its readings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# One wave per hundred rows, at most twelve: a hundredth of the information of a short series, and
# drift of up to six periods over a long one.
_ROWS_PER_WAVE = 100
_MOST_WAVES = 12


class Detrended(NamedTuple):
    """Series without drift `values` [time, vars], and the `drift` taken out of it, same shape."""

    values: np.ndarray
    drift: np.ndarray


def remove_drift(
    values: np.ndarray,
    mask: np.ndarray | None = None,
    series: np.ndarray | None = None,
    waves: int | None = None,
) -> Detrended:
    """Subtract slow cosine waves fitted by least squares to the observed entries of each series.

    `drift_j(t) = sum_{k=1..K} c_kj cos(pi k (t + 1/2) / T)`; the mean stays. Calibration drift and
    ageing act on every sensor at once and look like common causes; a graph learned on what is left
    over is not misled by them. Fast dynamics lose only their K slowest half waves.

    Args:
        values: [time, vars]; NaN or anything where missing.
        mask: [time, vars], 1 where observed; by default where `values` is finite.
        series: [time] id; a change starts a new series, which has waves of its own.
        waves: K for each series; by default one per 100 rows, at most 12 (none below 100 rows).

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
    ids = np.zeros(len(values)) if series is None else np.asarray(series)
    edges = (np.flatnonzero(np.diff(ids) != 0) + 1).tolist()
    drift = np.zeros(values.shape)
    for start, end in zip([0, *edges], [*edges, len(values)], strict=True):
        most = min((end - start) // _ROWS_PER_WAVE, _MOST_WAVES)
        n_waves = min(most if waves is None else waves, end - start - 1)
        if n_waves > 0:
            drift[start:end] = _fit(values[start:end], seen[start:end], n_waves)
    return Detrended(values - drift, drift)


def _fit(values: np.ndarray, seen: np.ndarray, waves: int) -> np.ndarray:
    n_rows = len(values)
    time = (np.arange(n_rows) + 0.5) / n_rows
    basis = np.cos(np.pi * time[:, None] * np.arange(waves + 1))
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

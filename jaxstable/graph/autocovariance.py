"""The second moments that a linear system of known weights and noise has when it has run for ever."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_DOUBLINGS = 40  # 2^40 steps back nothing is left of a system that settles
_SETTLED = 1e-12


def stacked_covariance(weights: NDArray[Any], noise: NDArray[Any], n_lags: int) -> NDArray[np.float64]:
    """Return the covariance of rows `[x_t .. x_{t - n_lags}]` of a structural vector autoregression.

    `x_t = sum_l x_{t-l} W_l + e_t`. The covariance of the system's own state solves `P = A P A' + Q`, found by
    doubling; those of rows further apart follow from it by the recursion of the system.

    Args:
        weights: `[lags + 1, cause, effect]`, lag 0 acyclic.
        noise: variances of the innovations, `[variables]`.
        n_lags: largest lag of the stacked rows, >= 0.

    Returns:
        `[(n_lags + 1) variables] * 2`; column `lag * variables + variable`.

    Raises:
        ValueError: The system does not settle.

    Example:
        >>> stacked_covariance(np.array([[[0.0]], [[0.5]]]), np.array([0.75]), 1).round(3).tolist()
        [[1.0, 0.5], [0.5, 1.0]]

    Reference:
        Lütkepohl, New introduction to multiple time series analysis, 2005, section 2.1.4 (autocovariances); Smith,
        Matrix equation XA + BX = C, 1968 (doubling).
    """
    n_vars = weights.shape[1]
    mixing, steps, companion = _reduced(weights)
    state = np.zeros_like(companion)
    state[:n_vars, :n_vars] = mixing.T @ (noise[:, None] * mixing)
    with np.errstate(over="ignore", invalid="ignore"):  # of a system that runs away
        for _ in range(_DOUBLINGS):
            added = companion @ state @ companion.T
            state, companion = state + added, companion @ companion
            if not np.isfinite(state).all():
                break
            if np.abs(added).max() <= _SETTLED * np.abs(state).max():
                return _stacked(state, steps, n_lags)
    raise ValueError("weights: the system does not settle; expected a spectral radius below 1")


def spectral_radius(weights: NDArray[Any]) -> float:
    """Return the largest modulus of the roots of a system; below 1 it settles, with absolute weights any shape does.

    Args:
        weights: `[lags + 1, cause, effect]`, lag 0 acyclic.

    Example:
        >>> spectral_radius(np.array([[[0.0]], [[0.5]]]))
        0.5
    """
    return float(np.abs(np.linalg.eigvals(_reduced(weights)[2])).max())


def settled(weights: NDArray[np.float64], radius: float = 0.99) -> NDArray[np.float64]:
    """Return weights whose lagged part is shrunk, if need be, to a spectral radius of no more than `radius`.

    Example:
        >>> settled(np.array([[[0.0]], [[2.0]]])).round(2).tolist()
        [[[0.0]], [[0.99]]]
    """
    found = spectral_radius(weights)
    if found <= radius:
        return weights
    # Multiplying lag l by r^l multiplies every root of the system by r.
    shrunk: NDArray[np.float64] = weights * ((radius / found) ** np.arange(len(weights)))[:, None, None]
    return shrunk


def _reduced(weights: NDArray[Any]) -> tuple[NDArray[Any], list[NDArray[Any]], NDArray[Any]]:
    """Return what mixes the innovations, the reduced form `x_t = sum_l steps[l - 1] x_{t-l}`, and its companion."""
    order, n_vars = max(len(weights) - 1, 1), weights.shape[1]
    mixing = np.linalg.inv(np.eye(n_vars) - weights[0])
    steps = [mixing.T @ lagged.T for lagged in weights[1:]] or [np.zeros((n_vars, n_vars))]
    companion = np.eye(order * n_vars, k=-n_vars)
    companion[:n_vars] = np.concatenate(steps, axis=1)
    return mixing, steps, companion


def _stacked(state: NDArray[Any], steps: list[NDArray[Any]], n_lags: int) -> NDArray[np.float64]:
    n_vars, order = len(steps[0]), len(steps)
    # apart[k] is the covariance of x_t with x_{t-k}, [now, before].
    apart = [state[:n_vars, k * n_vars : (k + 1) * n_vars] for k in range(order)]
    while len(apart) <= n_lags:
        apart.append(sum(step @ apart[-1 - lag] for lag, step in enumerate(steps)))  # type: ignore[arg-type]
    rows = [
        [apart[other - lag] if other >= lag else apart[lag - other].T for other in range(n_lags + 1)]
        for lag in range(n_lags + 1)
    ]
    return np.block(rows)

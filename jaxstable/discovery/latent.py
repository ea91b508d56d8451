"""A linear system with variables that nobody measured, and what the moments of the sensors say of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.autocovariance import settled, stacked_covariance
from jaxstable.graph.refit import Edges, Numbers, Refits

_JITTER = 1e-9


class System(NamedTuple):
    """A linear system of sensors and hidden causes; a hidden cause comes after the sensors and has no cause."""

    graph: Edges
    """`[(lags + 1) variables, variables]`, own lags among them."""
    weights: Numbers
    """`[lags + 1, cause, effect]`."""
    noise: Numbers
    """variances of the innovations, `[variables]`."""


def of_graph(refits: Refits, graph: Edges) -> System:
    """Return the system of a graph whose weights and noise are refitted."""
    n_all = refits.n_vars
    weights = np.stack([refits.coefficients(effect, graph[:, effect]) for effect in range(n_all)], axis=1)
    noise = np.exp([refits.log_variance(effect, graph[:, effect]) for effect in range(n_all)])
    return System(graph, settled(weights.reshape(-1, n_all, n_all)), noise)


def without(system: System, kept: NDArray[np.bool_]) -> System:
    """Return the system of the variables that are kept."""
    n_all = len(kept)
    graph = system.graph.reshape(-1, n_all, n_all)[:, kept][:, :, kept]
    return System(graph.reshape(-1, int(kept.sum())), system.weights[:, kept][:, :, kept], system.noise[kept])


def completed(matrix: NDArray[Any], system: System, n_vars: int) -> Numbers:
    """Return the moments of sensors and hidden causes at the lags of the graph, expected from those of the sensors.

    Args:
        matrix: of the sensors, `[(wide + 1) n_vars] * 2`, wide >= the lags of the graph.
        system: what the sensors are thought to be a part of.
        n_vars: number of sensors.
    """
    n_all, n_rows = len(system.noise), len(system.weights)
    n_wide = matrix.shape[-1] // n_vars
    implied = stacked_covariance(system.weights, system.noise, n_wide - 1)
    hidden = np.tile(np.arange(n_all) >= n_vars, n_wide)
    own = implied[np.ix_(~hidden, ~hidden)]
    across = implied[np.ix_(~hidden, hidden)]
    reading = np.linalg.solve(own + _JITTER * np.eye(len(own)), across)
    whole = np.empty_like(implied)
    whole[np.ix_(~hidden, ~hidden)] = matrix
    whole[np.ix_(~hidden, hidden)] = matrix @ reading
    whole[np.ix_(hidden, ~hidden)] = reading.T @ matrix
    left = implied[np.ix_(hidden, hidden)] - across.T @ reading
    whole[np.ix_(hidden, hidden)] = left + reading.T @ matrix @ reading
    # As many rows before as after: what comes later tells of a hidden cause too.
    first = (n_wide - n_rows) // 2 * n_all
    kept = slice(first, first + n_rows * n_all)
    return whole[kept, kept]


def misfit(matrix: NDArray[Any], system: System, n_vars: int) -> float:
    """Return minus twice the log likelihood of a row of the sensors given those before it, less its constant."""
    n_all = len(system.noise)
    n_wide = matrix.shape[-1] // n_vars
    seen = np.tile(np.arange(n_all) < n_vars, n_wide)
    implied = stacked_covariance(system.weights, system.noise, n_wide - 1)[np.ix_(seen, seen)]
    return _gaussian(implied, matrix) - _gaussian(implied[n_vars:, n_vars:], matrix[n_vars:, n_vars:])


def common_part(refits: Refits, system: System, members: list[int]) -> Numbers:
    """Return the loadings of the members on the first principal component of what the system leaves of them."""
    flat = np.eye(refits.dim, refits.n_vars) - system.weights.reshape(refits.dim, refits.n_vars)
    left = (flat.T @ refits.pooled @ flat)[np.ix_(members, members)]
    return common_loadings(left, np.sqrt(np.diag(left)))


def common_loadings(left: Numbers, spread: Numbers) -> Numbers:
    """Return the loadings of variables on their first principal component, from their covariance and deviations."""
    sizes, directions = np.linalg.eigh(left / np.outer(spread, spread))
    common = max(float(sizes[-1] - sizes[:-1].mean()), 0.1)
    return np.sqrt(common) * directions[:, -1] * spread


def _gaussian(covariance: NDArray[Any], matrix: NDArray[Any]) -> float:
    covariance = covariance + _JITTER * np.eye(len(covariance))
    return float(np.linalg.slogdet(covariance)[1] + np.trace(np.linalg.solve(covariance, matrix)))

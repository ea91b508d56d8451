"""Simulated time series whose causal graph is known: structural VAR, Granger VAR and Lorenz-96."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from jaxstable.graph.autocovariance import spectral_radius
from jaxstable.graph.paths import walks

Shape = Callable[[np.ndarray], np.ndarray]

# Every shape has slope in (0, 1], so a system that is stable with the absolute values of
# its weights stays bounded whatever mixture of shapes its edges carry.
SHAPES: Mapping[str, Shape] = {
    "linear": lambda x: x,
    "saturating": np.tanh,
    "convex": lambda x: 0.7 * x + 0.3 * (np.sqrt(1.0 + x * x) - 1.0),
    "wavy": lambda x: 0.6 * x + 0.2 * np.sin(2.0 * x),
}
_BURN_IN = 200


class Simulated(NamedTuple):
    """A series `values` [time, vars] and its graph `lagged_truth` [lag, cause, effect]."""

    values: np.ndarray
    lagged_truth: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """Return the summary graph [cause, effect]: an edge at any lag."""
        return np.any(self.lagged_truth, axis=0)


def recur(weights: Mapping[str, np.ndarray], noise: np.ndarray) -> np.ndarray:
    """Run a structural vector autoregression with one weight tensor per shape of effect.

    `x_t = sum_s sum_l s(x_{t-l}) W_s[l] + e_t`, exact at every step because lag 0 is acyclic.

    Args:
        weights: for each name in `SHAPES` an array [lag, cause, effect], lag 0 first; the sum over
            shapes of lag 0 must be acyclic.
        noise: innovations [time, vars]; the state before the first row is 0.

    Returns:
        Series [time, vars] in float64.

    Example:
        >>> chain = np.zeros((2, 2, 2))
        >>> chain[1, 0, 1] = 0.5
        >>> recur({"linear": chain}, np.array([[1.0, 0.0], [0.0, 0.0]])).tolist()
        [[1.0, 0.0], [0.0, 0.5]]
    """
    stacks = {SHAPES[name]: np.asarray(w, float) for name, w in weights.items() if np.any(w)}
    n_steps, n_vars = noise.shape
    n_lags = max((len(w) for w in stacks.values()), default=1) - 1
    instant = sum((np.abs(w[0]) for w in stacks.values()), np.zeros((n_vars, n_vars)))
    depth = _longest_path(instant > 0)
    padded = np.zeros((n_steps + n_lags, n_vars))
    for t in range(n_lags, n_steps + n_lags):
        base = noise[t - n_lags].copy()
        for shape, w in stacks.items():
            for lag in range(1, len(w)):
                base += shape(padded[t - lag]) @ w[lag]
        now = base
        for _ in range(depth):
            now = base + sum(shape(now) @ w[0] for shape, w in stacks.items())
        padded[t] = now
    return padded[n_lags:]


def svar(
    n_vars: int = 13,
    n_steps: int = 3000,
    n_lags: int = 2,
    n_instant: int = 13,
    n_lagged: int = 13,
    nonlinear: bool = False,
    seed: int = 0,
) -> Simulated:
    """Simulate a random structural VAR with instantaneous and lagged edges.

    Each variable has an own effect at lag 1 in [0.3, 0.6] (not part of the graph). Instantaneous
    weights have modulus in [0.3, 0.8] along a random order, lagged ones in [0.2, 0.5]; the lagged
    ones are shrunk together, if need be, until the system is stable. Innovations are Gaussian with
    standard deviations in [0.5, 1.5]. Nonlinear edges each take one of the shapes saturating,
    convex and wavy at random.

    Args:
        n_vars: number of variables, >= 2.
        n_steps: rows returned, after a burn-in.
        n_lags: largest lag, >= 1.
        n_instant: edges at lag 0, at most n_vars (n_vars - 1) / 2.
        n_lagged: edges over lags 1 to n_lags between different variables.
        nonlinear: whether edges bend.
        seed: seed of graph, weights and noise.

    Returns:
        Series [n_steps, n_vars] and graph [n_lags + 1, n_vars, n_vars]. A pair may carry an edge at
        several lags, so 13 + 13 edges make about 25 in the summary.

    Raises:
        ValueError: if more edges are asked for than there are places.

    Example:
        >>> svar(5, 100, n_instant=4, n_lagged=3).lagged_truth.sum(axis=(1, 2)).shape
        (3,)
        >>> int(svar(5, 100, n_instant=4, n_lagged=3).lagged_truth.sum())
        7
    """
    rng = np.random.default_rng([seed, 1])
    order = rng.permutation(n_vars)
    upper = np.argwhere(np.triu(np.ones((n_vars, n_vars)), 1) > 0)
    places = np.argwhere(np.broadcast_to(~np.eye(n_vars, dtype=bool), (n_lags, n_vars, n_vars)))
    if n_instant > len(upper) or n_lagged > len(places):
        raise ValueError(
            f"n_instant={n_instant}, n_lagged={n_lagged}: {n_vars} variables and {n_lags} lags have"
            f" room for {len(upper)} and {len(places)} edges; ask for fewer or add variables"
        )
    weights = np.zeros((n_lags + 1, n_vars, n_vars))
    pairs = order[upper[rng.choice(len(upper), n_instant, replace=False)]]
    weights[0][tuple(pairs.T)] = _signed(rng, n_instant, 0.3, 0.8)
    chosen = places[rng.choice(len(places), n_lagged, replace=False)]
    weights[1:][tuple(chosen.T)] = _signed(rng, n_lagged, 0.2, 0.5)
    truth = weights != 0
    weights[1] += np.diag(rng.uniform(0.3, 0.6, n_vars))
    while spectral_radius(weights) > 0.95:
        weights[1:] *= 0.95
    split = {"linear": weights}
    if nonlinear:
        kind = rng.integers(3, size=weights.shape)
        split = {"linear": np.where(truth, 0.0, weights)}
        for index, name in enumerate(("saturating", "convex", "wavy")):
            split[name] = np.where(truth & (kind == index), weights, 0.0)
    scale = rng.uniform(0.5, 1.5, n_vars)
    noise = scale * rng.standard_normal((n_steps + _BURN_IN, n_vars))
    return Simulated(recur(split, noise)[_BURN_IN:], truth)


def var(
    n_vars: int = 20,
    n_steps: int = 1000,
    n_lags: int = 3,
    sparsity: float = 0.2,
    noise: float = 0.1,
    seed: int = 0,
) -> Simulated:
    """Simulate the vector autoregression of the Granger-network literature.

    Every variable has itself and `int(sparsity n_vars) - 1` random others as causes, with one equal
    coefficient at every lag; coefficients are shrunk until the companion matrix has a spectral
    radius below 0.97. There are no instantaneous effects.

    Args:
        n_vars: number of variables.
        n_steps: rows returned, after a burn-in.
        n_lags: number of lags, all of them used by each edge.
        sparsity: share of causes per variable, itself included; in (0, 1].
        noise: standard deviation of the innovations.
        seed: seed of graph and noise.

    Returns:
        Series [n_steps, n_vars] and graph [n_lags + 1, n_vars, n_vars] without own effects.

    Example:
        >>> var(10, 50, sparsity=0.3).truth.sum(axis=0).tolist()
        [2, 2, 2, 2, 2, 2, 2, 2, 2, 2]

    Reference:
        Alex Tank et al., Neural Granger causality (2018), section 6.
    """
    rng = np.random.default_rng([seed, 2])
    n_causes = max(int(n_vars * sparsity) - 1, 0)
    graph = np.eye(n_vars)
    for effect in range(n_vars):
        others = np.delete(np.arange(n_vars), effect)
        graph[rng.choice(others, n_causes, replace=False), effect] = 1.0
    weights = np.concatenate([np.zeros((1, n_vars, n_vars)), np.tile(graph, (n_lags, 1, 1))])
    while spectral_radius(weights) > 0.97:
        weights *= 0.95
    shocks = noise * rng.standard_normal((n_steps + _BURN_IN, n_vars))
    truth = (weights != 0) & ~np.eye(n_vars, dtype=bool)
    return Simulated(recur({"linear": weights}, shocks)[_BURN_IN:], truth)


def lorenz96(
    n_vars: int = 20,
    n_steps: int = 1000,
    forcing: float = 10.0,
    interval: float = 0.1,
    noise: float = 0.1,
    seed: int = 0,
) -> Simulated:
    """Simulate the Lorenz-96 climate model, sampled with measurement noise.

    `dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F` on a ring, by fourth-order Runge-Kutta.

    Args:
        n_vars: size of the ring, >= 4.
        n_steps: samples returned, after a burn-in.
        forcing: F; above about 8 the system is chaotic.
        interval: time between two samples, split in steps of at most 0.01.
        noise: standard deviation of the measurement noise.
        seed: seed of the first state and the noise.

    Returns:
        Series [n_steps, n_vars] and graph [2, n_vars, n_vars]: i+1, i-1 and i-2 cause i at lag 1.

    Example:
        >>> int(lorenz96(8, 20).truth.sum())
        24

    Reference:
        Edward Lorenz, Predictability: a problem partly solved (1996); protocol of Alex Tank et al.,
        Neural Granger causality (2018).
    """
    rng = np.random.default_rng([seed, 3])
    n_inner = max(int(np.ceil(interval / 0.01 - 1e-9)), 1)
    step = interval / n_inner

    def slope(x: np.ndarray) -> np.ndarray:
        return (np.roll(x, -1) - np.roll(x, 2)) * np.roll(x, 1) - x + forcing

    state = forcing + rng.standard_normal(n_vars)
    rows = np.empty((n_steps, n_vars))
    for t in range(-_BURN_IN, n_steps):
        for _ in range(n_inner):
            k1 = slope(state)
            k2 = slope(state + 0.5 * step * k1)
            k3 = slope(state + 0.5 * step * k2)
            k4 = slope(state + step * k3)
            state = state + step / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
        if t >= 0:
            rows[t] = state
    truth = np.zeros((2, n_vars, n_vars), bool)
    effect = np.arange(n_vars)
    for offset in (1, -1, -2):
        truth[1, (effect + offset) % n_vars, effect] = True
    return Simulated(rows + noise * rng.standard_normal(rows.shape), truth)


def _longest_path(graph: np.ndarray) -> int:
    depth = sum(1 for _ in walks(graph))
    if depth == len(graph):
        raise ValueError("weights: lag 0 holds a cycle; instantaneous effects must be acyclic")
    return depth


def _signed(rng: np.random.Generator, n: int, low: float, high: float) -> np.ndarray:
    return rng.uniform(low, high, n) * rng.choice([-1.0, 1.0], n)

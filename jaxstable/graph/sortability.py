"""Whether a graph follows the scale of its variables: variance- and R2-sortability."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxstable.graph.paths import walks


def sortability(values: ArrayLike, graph: ArrayLike) -> float:
    """Return the share of the causal pairs of a graph whose effect has the larger value.

    Pairs that a path of k edges joins count once for every k; equal values count one half. 0.5 is what values say
    that have nothing to do with the order; near 1 (or 0) sorting the variables by them gives the causal order away.

    Args:
        values: one per variable, `[n_vars]`: variances for variance-sortability, `explained_shares` for R2-.
        graph: bool `[cause, effect]`; the diagonal is ignored.

    Returns:
        The share, in [0, 1]; NaN without an edge.

    Example:
        >>> chain = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
        >>> sortability([1.0, 2.0, 3.0], chain), sortability([1.0, 3.0, 2.0], chain)
        (1.0, 0.6666666666666666)

    Reference:
        Reisach, Seiler, Weichwald, Beware of the simulated DAG!, 2021 (variance); Reisach, Tami, Seiler, Chambaz,
        Weichwald, A scale-invariant sorting criterion to find a causal order in additive noise models, 2023 (R2).
    """
    values, graph = np.asarray(values, float), np.asarray(graph).astype(bool)
    edges = graph & ~np.eye(len(graph), dtype=bool)
    rising = (values[:, None] < values[None]) + 0.5 * (values[:, None] == values[None])
    lengths = np.zeros(graph.shape)  # of paths from each to each: how many there are
    for joined in itertools.islice(walks(edges), len(graph) - 1):
        lengths += joined
    np.fill_diagonal(lengths, 0.0)  # a cycle joins a variable with itself
    total = lengths.sum()
    return float((lengths * rising).sum() / total) if total else float("nan")


def explained_shares(covariance: ArrayLike) -> NDArray[np.float64]:
    """Return the share of every variable's variance that all others explain together, `[n_vars]`.

    Example:
        >>> explained_shares([[1.0, 0.6], [0.6, 1.0]]).round(2).tolist()
        [0.36, 0.36]
    """
    covariance = np.asarray(covariance, float)
    variance = np.maximum(np.diag(covariance), 1e-12)
    ridge = 1e-9 * variance.mean() * np.eye(len(covariance))
    left = 1.0 / np.diag(np.linalg.inv(covariance + ridge))
    return np.clip(1.0 - left / variance, 0.0, 1.0)

"""The graph at every threshold of an adjacency, and the choice of one of them."""

from __future__ import annotations

from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxstable.graph import metrics
from jaxstable.graph.paths import closure


class ThresholdSweep(NamedTuple):
    """What an adjacency is worth at each threshold; every field `[thresholds]`."""

    thresholds: jax.Array
    f1: jax.Array
    shd: jax.Array
    edge_count: jax.Array
    acyclic: jax.Array
    true_edge_count: jax.Array


def is_dag(graph: jax.Array) -> jax.Array:
    """Return whether a graph has no cycle; the diagonal is ignored.

    Args:
        graph: bool `[cause, effect]`, square.

    Returns:
        bool scalar.

    >>> import jax.numpy as jnp
    >>> bool(is_dag(jnp.array([[0, 1], [0, 0]]))), bool(is_dag(jnp.array([[0, 1], [1, 0]])))
    (True, False)
    """
    chex.assert_rank(graph, 2)
    n_vars = graph.shape[0]
    off_diagonal = ~jnp.eye(n_vars, dtype=bool)
    return jnp.trace(closure((jnp.asarray(graph).astype(bool) & off_diagonal).astype(jnp.float32))) == 0


def stronger_directions(instantaneous: jax.Array) -> jax.Array:
    """Return lag-0 weights without the weaker of two opposite edges, the one that a certificate would drop.

    Args:
        instantaneous: `[cause, effect]`, nonnegative.

    Returns:
        The same shape; opposite edges of equal weight both stay.

    >>> import jax.numpy as jnp
    >>> stronger_directions(jnp.array([[0.0, 0.6], [0.2, 0.0]])).round(1).tolist()[1]
    [0.0, 0.0]
    """
    return jnp.where(instantaneous >= instantaneous.T, instantaneous, 0.0)


def sweep(
    adjacency: jax.Array,
    thresholds: jax.Array,
    truth: jax.Array | None = None,
    instantaneous: jax.Array | None = None,
) -> ThresholdSweep:
    """Return the metrics of the graph `adjacency > threshold` at every threshold.

    Args:
        adjacency: `[cause, effect]`, nonnegative; the diagonal is ignored.
        thresholds: `[thresholds]`, in any order.
        truth: bool `[cause, effect]`, or None.
        instantaneous: `[cause, effect]`, the lag-0 weights, whose graph must be acyclic. By default
            `adjacency` itself; give it where `adjacency` is a summary over lags.

    Returns:
        ThresholdSweep; `f1`, `shd` and `true_edge_count` are NaN without a truth.

    >>> import jax.numpy as jnp
    >>> table = sweep(jnp.array([[0.0, 0.6], [0.2, 0.0]]), jnp.array([0.1, 0.5]))
    >>> table.edge_count.tolist(), table.acyclic.tolist()
    ([2, 1], [False, True])
    """
    chex.assert_rank([adjacency, thresholds], [2, 1])
    instantaneous = adjacency if instantaneous is None else instantaneous

    def at(threshold: jax.Array) -> ThresholdSweep:
        graph = adjacency > threshold
        unknown = jnp.full((), jnp.nan)
        return ThresholdSweep(
            thresholds=threshold,
            f1=unknown if truth is None else metrics.f1(graph, truth),
            shd=unknown if truth is None else metrics.shd(graph, truth).astype(unknown.dtype),
            edge_count=metrics.edge_count(graph),
            acyclic=is_dag(instantaneous > threshold),
            true_edge_count=unknown if truth is None else metrics.edge_count(truth).astype(unknown.dtype),
        )

    return jax.vmap(at)(thresholds)


def choose(table: ThresholdSweep, criterion: jax.Array | None = None) -> jax.Array:
    """Return the index of the threshold to use.

    With a truth: the highest F1; among those the lowest SHD; among those the lowest threshold. A truth
    without an edge has no F1, so there SHD decides. Without a truth, or where no threshold finds a true
    edge: the lowest threshold whose lag-0 graph is acyclic, or, where none is, the highest. With a criterion: its
    minimum over the thresholds whose lag-0 graph is acyclic, whatever the truth.

    Args:
        table: from `sweep`, one adjacency.
        criterion: `[thresholds]`, lower is better; what the graphs are worth without a truth.

    Returns:
        int32 scalar, an index into the fields of `table`.

    >>> import jax.numpy as jnp
    >>> weights = jnp.array([[0.0, 0.6], [0.2, 0.0]])
    >>> int(choose(sweep(weights, jnp.array([0.0, 0.25, 0.5]))))
    1
    """
    by_f1 = jnp.lexsort((table.thresholds, table.shd, -table.f1))[0]
    preference = table.thresholds if criterion is None else criterion
    lowest = jnp.argmin(jnp.where(table.acyclic, preference, jnp.inf))
    by_acyclicity = jnp.where(jnp.any(table.acyclic), lowest, jnp.argmax(table.thresholds))
    # The lowest SHD of graphs that are all wrong is that of the empty one: it would say nothing.
    uninformed = jnp.all(table.f1 == 0) & (table.true_edge_count[0] != 0)
    blind = jnp.isnan(table.f1[0]) | uninformed | (criterion is not None)
    return jnp.where(blind, by_acyclicity, by_f1).astype(jnp.int32)

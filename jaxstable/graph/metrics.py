"""Metrics of one estimated graph against the true one, jittable; the diagonal is ignored.

Arrays of numpy stay on the host: the same formulas score a finished graph without a compilation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import jax


class GraphMetrics(NamedTuple):
    """How well a graph agrees with the true one; every field a scalar."""

    precision: jax.Array
    recall: jax.Array
    f1: jax.Array
    shd: jax.Array
    skeleton_f1: jax.Array
    edge_count: jax.Array


def precision(graph: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the share of estimated edges that are true, `TP / (TP + FP)`.

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; 0 for a graph without edges.

    >>> import jax.numpy as jnp
    >>> float(precision(jnp.array([[0, 1], [1, 0]]), jnp.array([[0, 1], [0, 0]])))
    0.5
    """
    graph, truth = _edges(graph, truth)
    return _ratio(_count(graph & truth), _count(graph))


def recall(graph: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the share of true edges that were found, `TP / (TP + FN)`.

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; 0 for a truth without edges.

    >>> import jax.numpy as jnp
    >>> float(recall(jnp.array([[0, 1], [1, 0]]), jnp.array([[0, 1], [0, 0]])))
    1.0
    """
    graph, truth = _edges(graph, truth)
    return _ratio(_count(graph & truth), _count(truth))


def f1(graph: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`.

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; 0 where neither graph has an edge.

    >>> import jax.numpy as jnp
    >>> round(float(f1(jnp.array([[0, 1], [1, 0]]), jnp.array([[0, 1], [0, 0]]))), 4)
    0.6667
    """
    graph, truth = _edges(graph, truth)
    return _ratio(2 * _count(graph & truth), _count(graph) + _count(truth))


def shd(graph: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the structural Hamming distance.

    The least number of single-edge additions, deletions and reversals that turn one graph into
    the other. A reversed edge counts once; two edges between one pair count as two edges.

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        int32 scalar.

    Reference: Tsamardinos, Brown, Aliferis, The max-min hill-climbing Bayesian network structure
    learning algorithm, 2006 (there for acyclic graphs).

    >>> import jax.numpy as jnp
    >>> int(shd(jnp.array([[0, 1], [0, 0]]), jnp.array([[0, 0], [1, 0]])))
    1
    """
    graph, truth = _edges(graph, truth)
    extra = graph & ~truth
    return _count(graph != truth) - _count(extra & (truth & ~graph).T)


def skeleton_f1(graph: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the F1 of the undirected graphs: is a pair connected, in whatever direction?

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; 0 where neither graph has an edge.

    >>> import jax.numpy as jnp
    >>> float(skeleton_f1(jnp.array([[0, 1], [0, 0]]), jnp.array([[0, 0], [1, 0]])))
    1.0
    """
    graph, truth = _edges(graph, truth)
    return f1(graph | graph.T, truth | truth.T)


def edge_count(graph: jax.Array) -> jax.Array:
    """Return the number of edges off the diagonal.

    Args:
        graph: bool `[cause, effect]`, square.

    Returns:
        int32 scalar.

    >>> import jax.numpy as jnp
    >>> int(edge_count(jnp.ones((3, 3), bool)))
    6
    """
    return _count(_edges(graph)[0])


def auroc(scores: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the area under the ROC curve of the off-diagonal scores.

    The share of pairs (an edge, a non-edge) in which the edge has the higher score; a tie is 1/2.

    Args:
        scores: `[cause, effect]`, higher for a more likely edge.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; NaN if the truth has no edge or every edge, or a score is NaN.

    >>> import jax.numpy as jnp
    >>> float(auroc(jnp.array([[0.0, 0.9], [0.2, 0.0]]), jnp.array([[0, 1], [0, 0]])))
    1.0
    """
    below = _rank(scores, truth)
    wins = (below.negatives_below + below.negatives_up_to) / 2.0
    return below.over_edges(wins / below.negatives.clip(1))


def average_precision(scores: jax.Array, truth: jax.Array) -> jax.Array:
    """Return the area under the precision-recall steps of the off-diagonal scores.

    `sum_k (R_k - R_{k-1}) P_k` over the distinct scores: the mean over the true edges of the
    precision among all entries that score at least as high.

    Args:
        scores: `[cause, effect]`, higher for a more likely edge.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        Scalar in [0, 1]; NaN if the truth has no edge or every edge, or a score is NaN.

    >>> import jax.numpy as jnp
    >>> float(average_precision(jnp.array([[0.0, 0.9], [0.2, 0.0]]), jnp.array([[0, 1], [0, 0]])))
    1.0
    """
    below = _rank(scores, truth)
    true_positives = below.positives - below.positives_below
    predicted = true_positives + below.negatives - below.negatives_below
    return below.over_edges(true_positives / predicted.clip(1))


def evaluate(graph: jax.Array, truth: jax.Array) -> GraphMetrics:
    """Return every metric of a graph at once.

    Args:
        graph: bool `[cause, effect]`, square.
        truth: bool `[cause, effect]`, same shape.

    Returns:
        GraphMetrics of scalars; see the function of each name.

    >>> import jax.numpy as jnp
    >>> int(evaluate(jnp.array([[0, 1], [0, 0]]), jnp.array([[0, 0], [1, 0]])).shd)
    1
    """
    return GraphMetrics(
        precision=precision(graph, truth),
        recall=recall(graph, truth),
        f1=f1(graph, truth),
        shd=shd(graph, truth),
        skeleton_f1=skeleton_f1(graph, truth),
        edge_count=edge_count(graph),
    )


class _Ranks(NamedTuple):
    """Per entry, how many edges and non-edges score lower; integers, so that ties are exact."""

    is_edge: jax.Array
    positives: jax.Array
    negatives: jax.Array
    positives_below: jax.Array
    negatives_below: jax.Array
    negatives_up_to: jax.Array
    valid: jax.Array

    def over_edges(self, values: jax.Array) -> jax.Array:
        xp = _namespace(values)
        mean = xp.sum(xp.where(self.is_edge, values, 0.0)) / self.positives.clip(1)
        return xp.where(self.valid, mean, xp.nan)


def _rank(scores: jax.Array, truth: jax.Array) -> _Ranks:
    assert scores.shape == truth.shape, f"found shapes {scores.shape} and {truth.shape}, expected one"
    xp = _namespace(scores, truth)
    truth = _edges(truth)[0]
    off_diagonal = np.flatnonzero(~np.eye(truth.shape[0], dtype=bool))
    score, is_edge = xp.ravel(scores)[off_diagonal], xp.ravel(truth)[off_diagonal]
    order = xp.argsort(score)
    ranked = score[order]
    edges_before = xp.concatenate([xp.zeros(1, np.int32), xp.cumsum(is_edge[order])])
    first = xp.searchsorted(ranked, score, side="left")
    last = xp.searchsorted(ranked, score, side="right")
    positives = edges_before[-1]
    negatives = score.size - positives
    return _Ranks(
        is_edge=is_edge,
        positives=positives,
        negatives=negatives,
        positives_below=edges_before[first],
        negatives_below=first - edges_before[first],
        negatives_up_to=last - edges_before[last],
        valid=(positives > 0) & (negatives > 0) & ~xp.any(xp.isnan(score)),
    )


def _edges(*graphs: jax.Array) -> list[jax.Array]:
    xp, n_vars = _namespace(*graphs), len(graphs[0])
    for graph in graphs:
        assert graph.shape == (n_vars, n_vars), f"found shape {graph.shape}, expected {(n_vars, n_vars)}"
    return [xp.asarray(graph).astype(bool) & ~xp.eye(n_vars, dtype=bool) for graph in graphs]


def _namespace(*arrays: Any) -> Any:
    """Return the module of functions for these arrays: that of JAX if any is traced or on a device, else numpy."""
    return next((array.__array_namespace__() for array in arrays if not isinstance(array, np.ndarray)), np)


def _count(edges: jax.Array) -> jax.Array:
    return edges.sum(dtype=np.int32)


def _ratio(part: jax.Array, whole: jax.Array) -> jax.Array:
    return part / whole.clip(1)

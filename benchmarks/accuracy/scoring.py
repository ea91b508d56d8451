"""How well a ranking and a graph agree with the true graph: one dictionary of numbers per run."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.peers import Estimate
from jaxstable.graph import metrics

SCORES = ("auroc", "ap", "f1_count", "f1_best", "f1", "shd", "skeleton_f1", "edges")
MEANING = {
    "auroc": "area under the ROC curve of the ranking",
    "ap": "average precision of the ranking",
    "f1_count": "F1 of the highest-ranked edges, as many as are true; ties at random",
    "f1_best": "F1 at the best threshold: the oracle's",
    "f1": "F1 of the graph that the method itself decides on: label-free",
    "shd": "structural Hamming distance of that graph",
    "skeleton_f1": "F1 of that graph without directions",
    "edges": "edges of that graph",
}


def score(estimate: Estimate, truth: np.ndarray) -> dict[str, float]:
    """Return every score of one estimate.

    Args:
        estimate: ranking and graph, [cause, effect].
        truth: bool [cause, effect], with an edge and a pair without one.

    Returns:
        A number for each name of `SCORES`, and `true_edges`.

    Example:
        >>> truth = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
        >>> found = score(Estimate(truth * 2.0, truth), truth)
        >>> found["auroc"], found["f1_count"], found["shd"]
        (1.0, 1.0, 0.0)
    """
    graph = np.asarray(estimate.graph, bool)
    of_graph = metrics.evaluate(graph, truth)  # pyright: ignore[reportArgumentType]
    ranking = np.asarray(estimate.scores, np.float64)
    order = ranks(ranking)
    away = ~np.eye(len(truth), dtype=bool)
    return {
        "auroc": float(metrics.auroc(order, truth)),  # pyright: ignore[reportArgumentType]
        "ap": float(metrics.average_precision(order, truth)),  # pyright: ignore[reportArgumentType]
        "f1_count": f1_at_count(ranking[away], truth[away]),
        "f1_best": f1_at_best(ranking[away], truth[away]),
        "f1": float(of_graph.f1),
        "shd": float(of_graph.shd),
        "skeleton_f1": float(of_graph.skeleton_f1),
        "edges": float(of_graph.edge_count),
        "true_edges": float(truth[away].sum()),
    }


def ranks(ranking: np.ndarray) -> np.ndarray:
    """Return the ranks of scores: float32 would tie scores that differ, and the metrics ask for the order alone."""
    return np.unique(ranking, return_inverse=True)[1].reshape(ranking.shape).astype(np.float32)


def f1_at_count(ranking: np.ndarray, truth: np.ndarray) -> float:
    """Return the F1 of as many edges as are true, the highest above 0; ties fall at random, seeded.

    Example:
        >>> f1_at_count(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, True, False]))
        0.5
    """
    count = int(truth.sum())
    order = np.lexsort((np.random.default_rng(0).random(len(ranking)), -ranking))[:count]
    chosen = order[ranking[order] > 0]
    return float(2 * truth[chosen].sum() / max(len(chosen) + count, 1))


def f1_at_best(ranking: np.ndarray, truth: np.ndarray) -> float:
    """Return the highest F1 of any threshold on the ranking.

    Example:
        >>> f1_at_best(np.array([3.0, 2.0, 1.0, 0.0]), np.array([True, False, True, False]))
        0.8
    """
    order = np.argsort(-ranking, kind="stable")
    found, chosen = np.cumsum(truth[order]), np.arange(1, len(order) + 1)
    last_of_ties = np.append(np.diff(ranking[order]) != 0, True)
    return float(np.max((2 * found / (chosen + truth.sum()))[last_of_ties]))

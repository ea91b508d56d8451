"""A certified acyclic graph: keep the strongest edges, skip each one that would close a cycle."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Certificate(NamedTuple):
    """An acyclic graph and the order that proves it."""

    graph: NDArray[np.bool_]
    """bool `[cause, effect]`."""
    order: tuple[int, ...]
    """Every variable once, each after all of its causes."""
    dropped: tuple[tuple[int, int, float], ...]
    """The edges left out: (cause, effect, weight), strongest first."""


def certify(weights: NDArray[Any], graph: NDArray[Any]) -> Certificate:
    """Return the acyclic subgraph built greedily from the strongest edge down.

    An edge is skipped if the edges already kept lead from its effect back to its cause. Equal
    |weights| are taken in the order (cause, effect), so the outcome is deterministic.

    Args:
        weights: `[cause, effect]`; the absolute value counts. Read only where `graph` is True.
        graph: bool `[cause, effect]`, the edges to choose from; its diagonal is ignored.

    Returns:
        Certificate(graph, order, dropped); `graph` is unchanged if it has no cycle.

    Raises:
        ValueError: the shapes are not square and equal, or the weight of an edge is NaN.

    >>> found = certify(np.array([[0.0, 0.9], [-0.4, 0.0]]), np.array([[0, 1], [1, 0]]))
    >>> found.order, found.dropped
    ((0, 1), ((1, 0, -0.4),))
    """
    weights, graph = np.asarray(weights), np.asarray(graph).astype(bool)
    if graph.ndim != 2 or graph.shape[0] != graph.shape[1] or weights.shape != graph.shape:
        raise ValueError(
            f"weights and graph: found shapes {weights.shape} and {graph.shape}, expected one"
            " square shape [cause, effect]; certify one lag (lag 0) at a time"
        )
    causes, effects = np.nonzero(graph & ~np.eye(len(graph), dtype=bool))
    strengths = weights[causes, effects]
    if np.isnan(strengths).any():
        worst = int(np.flatnonzero(np.isnan(strengths))[0])
        raise ValueError(
            f"weights: found NaN at edge [{causes[worst]}, {effects[worst]}], expected a number for"
            " every edge of graph; the model that made them has diverged"
        )
    kept = np.zeros_like(graph)
    dropped = []
    # One integer per variable is the set of its descendants (ancestors): bit j for variable j.
    descendants, ancestors = [0] * len(graph), [0] * len(graph)
    for index in np.argsort(-np.abs(strengths), kind="stable"):
        cause, effect = int(causes[index]), int(effects[index])
        if descendants[effect] >> cause & 1:
            dropped.append((cause, effect, float(strengths[index])))
            continue
        kept[cause, effect] = True
        if not descendants[cause] >> effect & 1:
            _connect(cause, effect, descendants, ancestors)
    # Every ancestor of a variable has fewer ancestors than it, so their number is an order.
    order = sorted(range(len(graph)), key=lambda variable: (ancestors[variable].bit_count(), variable))
    return Certificate(kept, tuple(order), tuple(dropped))


def _connect(cause: int, effect: int, descendants: list[int], ancestors: list[int]) -> None:
    above, below = ancestors[cause] | 1 << cause, descendants[effect] | 1 << effect
    newly_above = _members(above & ~ancestors[effect])
    newly_below = _members(below & ~descendants[cause])
    for variable in newly_above:
        descendants[variable] |= below
    for variable in newly_below:
        ancestors[variable] |= above


def _members(bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found

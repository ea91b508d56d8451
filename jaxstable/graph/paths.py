"""Paths along the edges of a graph: what leads where, and in how many steps."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST_PERIOD = 12  # of walks around cycles, that is looked for


def closure(edges: Any, matmul: Callable[[Any, Any], Any] | None = None) -> Any:
    """Return what each variable leads to along one edge or more, by squaring `ceil(log2 n)` times.

    Exact, without eigenvalues, and traceable: works on arrays of numpy and of JAX.

    Args:
        edges: 0 or 1 in a floating type, `[from, to]`; products of booleans have no fast kernel.
        matmul: product of two matrices; None is ``@``.

    Returns:
        0 or 1, same type; the diagonal is 1 on a cycle, or where it was 1.

    Example:
        >>> closure(np.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])).tolist()
        [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    product = matmul or (lambda left, right: left @ right)
    for _ in range(len(edges).bit_length()):
        edges = (edges + product(edges, edges)).clip(max=1.0)
    return edges


def has_cycle(graph: NDArray[np.bool_]) -> bool:
    """Return whether some variables lead back to themselves by way of others.

    >>> has_cycle(np.array([[0, 1], [0, 0]], bool)), has_cycle(np.array([[0, 1], [1, 0]], bool))
    (False, True)
    """
    reach = reachability(graph)
    return bool((reach & reach.T & ~np.eye(len(graph), dtype=bool)).any())


def reachability(graph: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where each variable leads to along the edges of a graph, itself included, `[from, to]`.

    >>> reachability(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)).astype(int).tolist()
    [[1, 1, 1], [0, 1, 1], [0, 0, 1]]
    """
    return closure((graph | np.eye(len(graph), dtype=bool)).astype(np.float32)) > 0


def walks(graph: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Yield what is joined by walks of 1, 2, .. n edges, until nothing is; n walks only end on a cycle.

    >>> [int(joined.sum()) for joined in walks(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool))]
    [2, 1]
    """
    step, joined, recent = graph.astype(np.float32), graph, deque[NDArray[np.bool_]](maxlen=_LONGEST_PERIOD)
    for length in range(len(graph)):
        if not joined.any():
            return
        yield joined
        recent.appendleft(joined)
        joined = (joined.astype(np.float32) @ step) > 0
        # Walks around a cycle repeat themselves: the same arrays come again, without a product.
        again = next((ago for ago, old in enumerate(recent, 1) if np.array_equal(old, joined)), None)
        if again:
            round_trip = [recent[ago] for ago in reversed(range(again))]
            yield from itertools.islice(itertools.cycle(round_trip), len(graph) - length - 1)
            return

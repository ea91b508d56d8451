"""Where to draw the sensors of a graph: in layers, causes before their effects."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.certificate import certify

SWEEPS = 12
STRAIGHT = 6.0  # how much more than a box a line insists on its place


class Layers(NamedTuple):
    """Places of the variables of a graph.

    Attributes:
        layer: int `[variable]`, 0 for the leftmost; -1 for a variable without any edge.
        row: float `[variable]`, place within the layer, in rows; neighbours in one layer are at least one row apart.
        backward: bool `[cause, effect]`, edges that lead back, as in a feedback.
        passing: rows at which an edge (cause, effect) passes the layers between its ends, from cause to effect.
    """

    layer: NDArray[np.int_]
    row: NDArray[np.float64]
    backward: NDArray[np.bool_]
    passing: dict[tuple[int, int], list[float]]


class _Points(NamedTuple):
    """All points to place: the variables, and after them one for every layer that an edge passes.

    Attributes:
        height: rows that each takes.
        pull: how much each insists on its place; lines that pass insist more, so that long edges run straight.
        before: the points of the layer before that each is joined to.
        after: the same of the layer after.
    """

    height: NDArray[np.float64]
    pull: NDArray[np.float64]
    before: list[list[int]]
    after: list[list[int]]


def layered(graph: NDArray[np.bool_], trust: NDArray[np.float64], line: float = 0.45) -> Layers:
    """Lay a graph out in layers, so that edges lead on, cross little and run straight.

    Cycles are cut at the least trusted edge, which then leads back; a variable lies one layer after the last of its
    causes; an edge over several layers holds a place in each. Layers are ordered by the mean place of their neighbours,
    to and fro; the order that crosses least is kept. Then all move as near to their neighbours as the order lets them.

    Args:
        graph: bool `[cause, effect]`.
        trust: probability or weight of every edge, `[cause, effect]`.
        line: height of a line that passes a layer, in rows.

    Example:
        >>> chain = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
        >>> layered(chain, chain.astype(float)).layer.tolist()
        [0, 1, 2]

    Reference:
        Sugiyama, Tagawa, Toda, Methods for visual understanding of hierarchical system structures, 1981.
    """
    order = certify(np.nan_to_num(trust), graph).order
    position = np.argsort(order)
    backward = np.asarray(graph & (position[:, None] > position), dtype=bool)
    onward = (graph & ~backward) | backward.T
    layer = _layers(onward, order, np.asarray(graph.any(axis=0) | graph.any(axis=1)))
    layers, joined, stops_of = layer.tolist(), [], {}
    for cause, effect in np.argwhere(onward).tolist():
        stops = list(range(len(layers), len(layers) + layer[effect] - layer[cause] - 1))
        layers += range(layer[cause] + 1, layer[effect])
        stops_of[cause, effect] = stops
        joined += itertools.pairwise([cause, *stops, effect])
    passes = np.arange(len(layers)) >= len(graph)
    sizes = np.where(passes, line, 1.0), np.where(passes, STRAIGHT, 1.0)
    points = _Points(*sizes, [[] for _ in layers], [[] for _ in layers])
    for left, right in joined:
        points.after[left].append(right)
        points.before[right].append(left)
    groups = [
        [point for point, own in enumerate(layers) if own == number] for number in range(max(layers, default=-1) + 1)
    ]
    row = _placed(_ordered(groups, points), points)
    rows = {ends: [float(row[stop]) for stop in stops] for ends, stops in stops_of.items()}
    ahead = {(i, j): rows[i, j] for i, j in np.argwhere(graph & ~backward).tolist()}
    back = {(i, j): rows[j, i][::-1] for i, j in np.argwhere(backward).tolist()}
    return Layers(layer, row[: len(graph)], backward, ahead | back)


def _layers(onward: NDArray[np.bool_], order: tuple[int, ...], connected: NDArray[np.bool_]) -> NDArray[np.int_]:
    layer = np.where(connected, 0, -1)
    for variable in order:
        causes = np.flatnonzero(onward[:, variable])
        if len(causes):
            layer[variable] = layer[causes].max() + 1
    # A cause that nothing drives stands right before the first of its effects, not at the far left.
    for variable in order:
        effects = np.flatnonzero(onward[variable])
        if len(effects) and not onward[:, variable].any():
            layer[variable] = layer[effects].min() - 1
    return layer


def _ordered(groups: list[list[int]], points: _Points) -> list[list[int]]:
    """Return the points of every layer in the order, of all sweeps, that crosses least."""
    row = np.zeros(len(points.height))
    for group in groups:
        _stack(group, row, points)
    best, least = [list(group) for group in groups], _crossings(groups, row, points)
    for sweep in range(SWEEPS):
        onward = sweep % 2 == 0
        aside = points.before if onward else points.after
        for group in groups if onward else reversed(groups):
            group.sort(key=lambda point: np.mean(row[aside[point]]) if aside[point] else row[point])
            _stack(group, row, points)
        crossings = _crossings(groups, row, points)
        if crossings < least:
            best, least = [list(group) for group in groups], crossings
    return best


def _placed(groups: list[list[int]], points: _Points) -> NDArray[np.float64]:
    """Return the row of every point: near its neighbours, as far as the order and the heights of its layer allow."""
    row = np.zeros(len(points.height))
    for group in groups:
        _stack(group, row, points)
    for sweep in range(SWEEPS):
        for group in groups if sweep % 2 == 0 else reversed(groups):
            near = [[*points.before[point], *points.after[point]] for point in group]
            wanted = [_middle(some or [point], row, points) for point, some in zip(group, near, strict=True)]
            row[group] = _apart(np.array(wanted), points.height[group], points.pull[group])
    return row


def _stack(group: list[int], row: NDArray[np.float64], points: _Points) -> None:
    """Give the points of a layer their rows from top to bottom, centred on zero."""
    heights = points.height[group]
    row[group] = np.cumsum(heights) - heights / 2 - heights.sum() / 2


def _crossings(groups: list[list[int]], row: NDArray[np.float64], points: _Points) -> int:
    """Return how many pairs of joints between neighbouring layers cross."""
    crossings = 0
    for group in groups:
        ends = np.array([(row[point], row[other]) for point in group for other in points.after[point]])
        if len(ends):
            left, right = (end[:, None] - end for end in ends.T)
            crossings += int((left * right < 0).sum()) // 2
    return crossings


def _middle(near: list[int], row: NDArray[np.float64], points: _Points) -> float:
    return float(np.average(row[near], weights=points.pull[near]))


def _apart(wanted: NDArray[np.float64], heights: NDArray[np.float64], pull: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places in the given order, each as near to the wanted one as the heights between them allow.

    The squared distances, times the pull, are least: isotonic regression, by pooling neighbours out of order.

    >>> _apart(np.array([0.0, 0.0, 5.0]), np.ones(3), np.ones(3)).tolist()
    [-0.5, 0.5, 5.0]
    """
    reach = np.cumsum(heights) - heights / 2
    pools: list[tuple[float, float, int]] = []  # mean, pull and size
    for place, own in zip(wanted - reach, pull, strict=True):
        mean, force, size = float(place), float(own), 1
        while pools and pools[-1][0] >= mean:
            other, more, count = pools.pop()
            mean = (mean * force + other * more) / (force + more)
            force, size = force + more, size + count
        pools.append((mean, force, size))
    return np.concatenate([np.full(size, mean) for mean, _, size in pools] or [np.zeros(0)]) + reach

"""Where to draw the sensors of a graph: in layers, causes before their effects."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.certificate import certify

SWEEPS = 12
PASSING = 0.45  # height of a line that passes a layer, in rows


class Layers(NamedTuple):
    """Places of the variables of a graph.

    Attributes:
        layer: int `[variable]`, 0 for the leftmost; -1 for a variable without any edge.
        row: float `[variable]`, place within the layer, in rows; layers are centred on each other.
        backward: bool `[cause, effect]`, edges that lead back, as in a feedback.
        passing: rows at which an edge (cause, effect) passes the layers between its ends, in their order.
    """

    layer: NDArray[np.int_]
    row: NDArray[np.float64]
    backward: NDArray[np.bool_]
    passing: dict[tuple[int, int], list[float]]


def layered(graph: NDArray[np.bool_], trust: NDArray[np.float64]) -> Layers:
    """Lay a graph out in layers, so that edges lead on and cross little.

    Cycles are cut at the least trusted edge; a variable lies one layer after the last of its causes; an edge over
    several layers holds a place in each; within layers all are ordered by the mean place of their neighbours, to and
    fro.

    Args:
        graph: bool `[cause, effect]`.
        trust: probability or weight of every edge, `[cause, effect]`.

    Example:
        >>> chain = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
        >>> layered(chain, chain.astype(float)).layer.tolist()
        [0, 1, 2]

    Reference:
        Sugiyama, Tagawa, Toda, Methods for visual understanding of hierarchical system structures, 1981.
    """
    certificate = certify(np.nan_to_num(trust), graph)
    onward = np.asarray(certificate.graph, dtype=bool)
    layer = _layers(onward, certificate.order, np.asarray(graph.any(axis=0) | graph.any(axis=1)))
    # Points are the variables, and after them one for every layer that an edge passes.
    layers, joined, points = layer.tolist(), [], {}
    for cause, effect in np.argwhere(onward).tolist():
        stops = list(range(len(layers), len(layers) + layer[effect] - layer[cause] - 1))
        layers += range(layer[cause] + 1, layer[effect])
        points[cause, effect] = stops
        chain = [cause, *stops, effect]
        joined += itertools.pairwise(chain)
    row = _rows(layers, joined, len(graph))
    passing = {ends: [float(row[stop]) for stop in stops] for ends, stops in points.items()}
    return Layers(layer, row[: len(graph)], graph & ~onward, passing)


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


def _rows(layers: list[int], joined: list[tuple[int, int]], n_vars: int) -> NDArray[np.float64]:
    """Return the row of every point, after sweeps that order each layer by its neighbours in the layer before."""
    before: list[list[int]] = [[] for _ in layers]
    after: list[list[int]] = [[] for _ in layers]
    for left, right in joined:
        after[left].append(right)
        before[right].append(left)
    groups = [
        [point for point, own in enumerate(layers) if own == number] for number in range(max(layers, default=-1) + 1)
    ]
    row = np.zeros(len(layers))
    for group in groups:
        _stack(group, row, n_vars)
    for sweep in range(SWEEPS):
        onward = sweep % 2 == 0
        aside = before if onward else after
        for group in groups if onward else reversed(groups):
            group.sort(key=lambda point: np.mean(row[aside[point]]) if aside[point] else row[point])
            _stack(group, row, n_vars)
    return row


def _stack(group: list[int], row: NDArray[np.float64], n_vars: int) -> None:
    """Give the points of a layer their rows from top to bottom, centred on zero."""
    heights = np.array([1.0 if point < n_vars else PASSING for point in group])
    row[group] = np.cumsum(heights) - heights / 2 - heights.sum() / 2

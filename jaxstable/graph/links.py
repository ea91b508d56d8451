"""The one reading of an edge: a pair with its trust, its kind and its lags. Every table, picture and export has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.signals.spans import steps_text

SURE, LIKELY, DIRECTED = 0.9, 0.5, 0.8  # probability of a sure edge, of a likely one; confidence in a direction
KINDS = {
    "sure": f"probability {SURE} or more, direction {DIRECTED} or more",
    "likely": f"probability {LIKELY} or more, less than sure",
    "open": f"linked, one way or the other, with probability {LIKELY} or more; the direction is open",
    "doubtful": "less likely than not, or the other way in most draws",
}


class Edge(NamedTuple):
    """One edge at one lag.

    Attributes:
        cause: name of the cause.
        effect: name of the effect.
        lag: steps from cause to effect; 0 is instantaneous.
        weight: of the model or the refit; that of `discover` has both variables in standard deviations.
        probability: that the cause acts on the effect at any lag, None where that is not known.
        lag_probability: that it does at this lag, or None.
        direction: of the draws that link the two, the share with an edge in this direction, no more than the
            likelihoods of both directions allow, or None.
        kind: one of `KINDS`, or None.
        weight_raw: units of the effect per unit of the cause, or None.
    """

    cause: str
    effect: str
    lag: int
    weight: float
    probability: float | None = None
    lag_probability: float | None = None
    direction: float | None = None
    kind: str | None = None
    weight_raw: float | None = None


class Link(NamedTuple):
    """A cause and an effect, over all lags. A pair that acts both ways is two links; one of open direction is one.

    Attributes:
        cause: name of the cause; of the likelier cause where the direction is open.
        effect: name of the effect.
        probability: that the cause acts on the effect at any lag, None where that is not known.
        direction: of the draws that link the two, the share with an edge in this direction, no more than the
            likelihoods of both directions allow, or None.
        kind: one of `KINDS`, or None.
        lags: the lags at which it acts, in steps, of each of `edges`.
        weight: net effect of the cause on the effect: the sum of the weights over the lags.
        weight_raw: the same in units of the effect per unit of the cause, or None.
        edges: one edge a lag, ascending; behind them those of the other way, where the direction is open.
    """

    cause: str
    effect: str
    probability: float | None
    direction: float | None
    kind: str | None
    lags: tuple[int, ...]
    weight: float
    weight_raw: float | None
    edges: tuple[Edge, ...]

    @property
    def first(self) -> Edge:
        """The edge of the earliest lag: the way in which the effect sets out."""
        return self.edges[0]

    @property
    def heaviest(self) -> Edge:
        """The edge of the lag with the largest weight."""
        return max(self.edges, key=lambda edge: abs(edge.weight))


def links_of(graph: LearnedGraph) -> tuple[Link, ...]:
    """Return the links of a graph, the most probable first, the heavier among equals.

    Two sensors of which it is open which drives the other are one link, though some of its lags may point one way and
    some the other; any other edge of the summary graph is a link of its own.
    """
    found: dict[tuple[str, str], Link] = {}
    for link in directed_of(graph):
        other = found.get((link.effect, link.cause))
        if other is not None and link.kind == other.kind == "open":
            both = {"lags": other.lags + link.lags, "edges": other.edges + link.edges}
            found[other.cause, other.effect] = other._replace(**both)
        else:
            found[link.cause, link.effect] = link
    return tuple(found.values())


def directed_of(graph: LearnedGraph) -> tuple[Link, ...]:
    """Return one link for every edge of the summary graph, in the order of `links_of`: for what knows arrows only."""
    found = [_link(graph, int(i), int(j)) for i, j in np.argwhere(graph.graph)]
    return tuple(sorted(found, key=lambda link: (-(link.probability or 0), -abs(link.heaviest.weight), link[:2])))


def peak_of(links: Iterable[Link]) -> float:
    """Return the largest absolute weight of any link at any lag, to which others are compared; 1 without any.

    Example:
        >>> peak_of([])
        1.0
    """
    return max((abs(link.heaviest.weight) for link in links), default=1.0) or 1.0


def edges_of(graph: LearnedGraph) -> tuple[Edge, ...]:
    """Return one edge per link and lag, in the order of the links where they have a probability, else by weight."""
    found = [edge for link in links_of(graph) for edge in link.edges]
    if graph.probability is None:
        found.sort(key=lambda edge: (-abs(edge.weight), edge.lag, edge.cause, edge.effect))
    return tuple(found)


def kind_of(graph: LearnedGraph, cause: int, effect: int) -> str | None:
    """Return the kind of an edge, None without probabilities.

    A direction is open where fewer draws than `DIRECTED` agree on it; the two then count as linked with the sum of the
    probabilities of both directions. Where as many agree on the opposite edge, and the graph holds that one, nothing is
    open: this one is likely or doubtful by its own probability, and doubtful where few draws hold it.
    """
    if graph.probability is None:
        return None
    probability, back = float(graph.probability[cause, effect]), float(graph.probability[effect, cause])
    direction = 1.0 if graph.direction is None else float(graph.direction[cause, effect])
    if direction >= DIRECTED:
        return "sure" if probability >= SURE else "likely" if probability >= LIKELY else "doubtful"
    opposite = 0.0 if graph.direction is None else float(graph.direction[effect, cause])
    rare = direction <= 1.0 - DIRECTED
    if graph.graph[effect, cause] and (rare or opposite >= DIRECTED):
        return "likely" if probability >= LIKELY and not rare else "doubtful"
    return "open" if probability + back >= LIKELY else "doubtful"


def counts_of(graph: LearnedGraph) -> dict[str, int]:
    """Return the number of links of each kind, in the order of `KINDS`; empty without probabilities."""
    if graph.probability is None:
        return {}
    counts = Counter(link.kind for link in links_of(graph))
    return {kind: counts[kind] for kind in KINDS}


def lag_text(lag: int, step: str | None) -> str:
    """Write a lag in steps and, where the step is known, in time.

    >>> lag_text(18, "10 min"), lag_text(0, "1 h"), lag_text(2, None)
    ('18 (3 h)', '0', '2')
    """
    duration = steps_text(lag, step)
    return str(lag) if lag == 0 or duration is None else f"{lag} ({duration})"


def _link(graph: LearnedGraph, i: int, j: int) -> Link:
    pair = graph.names[i], graph.names[j]
    raw = None if graph.scale is None or not graph.scale[i] > 0 else float(graph.scale[j] / graph.scale[i])
    probability = None if graph.probability is None else float(graph.probability[i, j])
    direction = None if graph.direction is None else float(graph.direction[i, j])
    kind = kind_of(graph, i, j)
    edges = []
    for lag in np.flatnonzero(graph.lagged_graph[:, i, j]).tolist():
        weight = float(graph.lagged[lag, i, j])
        at_lag = None if graph.lagged_probability is None else float(graph.lagged_probability[lag, i, j])
        in_units = None if raw is None else weight * raw
        edges.append(Edge(*pair, lag, weight, probability, at_lag, direction, kind, in_units))
    net = sum(edge.weight for edge in edges)
    lags = tuple(edge.lag for edge in edges)
    return Link(*pair, probability, direction, kind, lags, net, None if raw is None else net * raw, tuple(edges))

"""The edges of a dense graph that are drawn at first: as many as a person can follow."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, links_of, peak_of

MOST_EDGES, FIRST_EDGES = 150, 60  # of a graph that is drawn whole, and of a larger one at first
STEPS = 1000  # of the slider from 0 to 1, where there are more


def measure(link: Link, peak: float) -> float:
    """Return what the slider compares: the probability, or the weight as a share of the heaviest."""
    return link.probability if link.probability is not None else abs(link.heaviest.weight) / peak


def first_least(strengths: Iterable[float]) -> float:
    """Return where the slider starts: at 0, or for more than `MOST_EDGES` so high that about `FIRST_EDGES` are drawn.

    It is a step of the slider, `1 / STEPS`. Where the strongest are within one step, these are drawn, however many.

    >>> first_least([0.5, 0.9]), first_least([0.9512, *[0.95] * 60, *[0.91] * 100]), first_least([0.9504] * 200)
    (0.0, 0.951, 0.95)
    """
    ranked = sorted((round(10 * STEPS * strength) for strength in strengths), reverse=True)  # as they are written
    if len(ranked) <= MOST_EDGES:
        return 0.0
    above = ranked[FIRST_EDGES] // 10 + 1
    return (above if 10 * above <= ranked[0] else ranked[0] // 10) / STEPS


def strongest(graph: LearnedGraph) -> LearnedGraph:
    """Return a graph of more than `MOST_EDGES` with the strongest alone, any other as it is.

    An edge that is left out so is none of those that the graph misses of the true one.
    """
    links = links_of(graph)
    peak = peak_of(links)
    least = first_least(measure(link, peak) for link in links)
    if not least:
        return graph
    chosen = [link for link in links if measure(link, peak) >= least]
    if len(chosen) > MOST_EDGES:  # which are as strong as each other
        chosen = sorted(chosen, key=lambda link: -measure(link, peak))[:FIRST_EDGES]
    number = {name: index for index, name in enumerate(graph.names)}
    kept = np.zeros_like(graph.graph)
    for edge in (edge for link in chosen for edge in link.edges):
        kept[number[edge.cause], number[edge.effect]] = True
    truth = None if graph.truth is None else graph.truth & (kept | ~graph.graph)
    return dataclasses.replace(graph, lagged_graph=graph.lagged_graph & kept, truth=truth)

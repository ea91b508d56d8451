"""The edges of a dense graph that are drawn at first: as many as a person can follow."""

from __future__ import annotations

import dataclasses

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, links_of

MOST_EDGES, FIRST_EDGES = 150, 60  # of a graph that is drawn whole, and of a larger one at first


def measure(link: Link, peak: float) -> float:
    """Return what the slider compares: the probability, or the weight as a share of the heaviest."""
    return link.probability if link.probability is not None else abs(link.heaviest.weight) / peak


def first_links(graph: LearnedGraph) -> tuple[Link, ...]:
    """Return the links that are drawn at first: all, or of more than `MOST_EDGES` the strongest.

    Among links of one probability, as many are in a large clear graph, the heavier come first.
    """
    links = links_of(graph)
    return links if len(links) <= MOST_EDGES else links[:FIRST_EDGES]


def strongest(graph: LearnedGraph) -> LearnedGraph:
    """Return a graph of more than `MOST_EDGES` with the strongest alone, any other as it is.

    An edge that is left out so is none of those that the graph misses of the true one.
    """
    chosen = first_links(graph)
    if len(chosen) == len(links_of(graph)):
        return graph
    number = {name: index for index, name in enumerate(graph.names)}
    kept = np.zeros_like(graph.graph)
    for edge in (edge for link in chosen for edge in link.edges):
        kept[number[edge.cause], number[edge.effect]] = True
    truth = None if graph.truth is None else graph.truth & (kept | ~graph.graph)
    return dataclasses.replace(graph, lagged_graph=graph.lagged_graph & kept, truth=truth)

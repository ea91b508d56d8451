"""Of a dense graph the strongest edges are drawn; those left out are neither drawn nor said to be missed."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.learned import LearnedGraph
from jaxstable.results.page_graph import graph_svg
from jaxstable.results.strongest import FIRST_EDGES, MOST_EDGES, first_links, strongest


def dense(n_vars, tested):
    """A graph with an edge from each sensor to all after it, whose probabilities fall where its weights rise."""
    names = tuple(map(str, range(n_vars)))
    there = np.triu(np.ones((n_vars, n_vars), bool), 1)
    weight = np.where(there, np.random.default_rng(0).permutation(n_vars**2).reshape(n_vars, n_vars) + 1.0, 0.0)
    probability = np.where(there, 1 - weight / (2 * n_vars**2), 0.0)
    truth = there.copy()
    truth[-1, 0] = True  # which the graph lacks
    trust = {"probability": probability, "direction": there.astype(float)} if tested else {}
    return LearnedGraph(names, weight[None], there[None], truth=truth, **trust), probability if tested else weight


@pytest.mark.parametrize("tested", [True, False])
def test_the_strongest_edges_of_a_dense_graph_are_kept(tested):
    graph, strength = dense(40, tested)
    shown = strongest(graph)
    left_out = graph.graph & ~shown.graph
    assert FIRST_EDGES - 10 <= shown.graph.sum() <= FIRST_EDGES
    assert strength[shown.graph].min() > strength[left_out].max()
    assert not (shown.graph & ~graph.graph).any()
    assert graph.truth is not None
    np.testing.assert_array_equal(shown.truth, graph.truth & ~left_out)
    assert shown.truth[-1, 0]


def test_a_graph_of_few_edges_stays_as_it_is():
    graph, _ = dense(17, True)
    assert graph.graph.sum() < MOST_EDGES
    assert strongest(graph) is graph


def test_of_many_edges_of_one_probability_the_heavier_are_drawn_at_first_not_the_few_a_hair_above():
    there = np.triu(np.ones((20, 20), bool), 1)  # 190 edges, of which the clear ones have the probability of 50 draws
    probability, weight = there * 0.97998, there * np.linspace(0.1, 0.9, 400).reshape(20, 20)
    probability[0, 1] = 0.984
    names = tuple(map(str, range(20)))
    graph = LearnedGraph(names, weight[None], there[None], probability=probability, direction=there * 1.0)
    drawn = first_links(graph)
    assert len(drawn) == FIRST_EDGES == strongest(graph).graph.sum()
    assert drawn[0][:2] == ("0", "1")
    assert min(link.weight for link in drawn[1:]) > sorted(weight[there])[-FIRST_EDGES] - 1e-9
    text = graph_svg(graph)
    assert text.count('<path class="edge') == there.sum()
    assert text.count("data-late") == there.sum() - FIRST_EDGES

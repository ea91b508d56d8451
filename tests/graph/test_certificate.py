"""The certificate: acyclic, maximal, ordered, deterministic, fast."""

from __future__ import annotations

import time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jaxstable.graph.certificate import certify

WEIGHTS = hnp.arrays(np.float64, (6, 6), elements=st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]))


def greedy(weights: np.ndarray, graph: np.ndarray) -> tuple[nx.DiGraph, list]:
    """Add edges one by one and ask networkx for a path back before each."""
    kept, dropped = nx.DiGraph(), []
    kept.add_nodes_from(range(len(graph)))
    edges = [(i, j) for i, j in np.argwhere(graph).tolist() if i != j]
    for cause, effect in sorted(edges, key=lambda edge: (-abs(weights[edge]), edge)):
        if nx.has_path(kept, effect, cause):
            dropped.append((cause, effect, weights[cause, effect]))
        else:
            kept.add_edge(cause, effect)
    return kept, dropped


@settings(max_examples=150, deadline=None)
@given(WEIGHTS, hnp.arrays(bool, (6, 6)))
def test_certify_equals_the_naive_greedy_rule(weights, graph):
    found = certify(weights, graph)
    kept, dropped = greedy(weights, graph)
    assert sorted(np.argwhere(found.graph).tolist()) == sorted(map(list, kept.edges))
    assert list(found.dropped) == dropped
    position = {variable: place for place, variable in enumerate(found.order)}
    assert sorted(found.order) == list(range(6))
    assert all(position[cause] < position[effect] for cause, effect in kept.edges)


def test_a_dag_is_left_alone():
    graph = np.triu(np.random.default_rng(0).random((20, 20)) < 0.3, 1)
    found = certify(np.ones((20, 20)), graph)
    assert (found.graph == graph).all()
    assert found.dropped == ()


def test_the_weakest_edge_of_a_cycle_goes():
    graph = np.roll(np.eye(4, dtype=bool), 1, axis=1)
    weights = np.where(graph, 0.9, 0.0)
    weights[2, 3] = -0.1
    found = certify(weights, graph)
    assert found.dropped == ((2, 3, -0.1),)
    assert found.order == (3, 0, 1, 2)


def test_equal_weights_are_taken_in_the_order_of_cause_and_effect():
    found = certify(np.ones((5, 5)), np.ones((5, 5), bool))
    assert found.order == (0, 1, 2, 3, 4)
    assert (found.graph == np.triu(np.ones((5, 5), bool), 1)).all()


def test_the_input_is_not_changed_and_weights_off_the_graph_are_not_read():
    graph = np.array([[True, True], [True, False]])
    weights = np.array([[np.nan, 1.0], [2.0, np.nan]])
    found = certify(weights, graph)
    assert found.dropped == ((0, 1, 1.0),)
    assert graph.tolist() == [[True, True], [True, False]]


def test_bad_input_is_refused_with_a_way_out():
    with pytest.raises(ValueError, match=r"\(3, 2, 2\).*one lag"):
        certify(np.zeros((3, 2, 2)), np.zeros((3, 2, 2), bool))
    with pytest.raises(ValueError, match=r"NaN at edge \[0, 1\]"):
        certify(np.full((2, 2), np.nan), np.ones((2, 2), bool))


@pytest.mark.parametrize("kind", ["sparse", "dense", "chain"])
def test_300_variables_take_seconds_at_most(kind):
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(300, 300))
    graph = rng.random((300, 300)) < {"sparse": 0.02, "dense": 1.0, "chain": 0.0}[kind]
    if kind == "chain":
        graph = np.eye(300, k=1, dtype=bool) | np.eye(300, k=-299, dtype=bool)
    started = time.process_time()
    found = certify(weights, graph)
    assert time.process_time() - started < 5.0
    assert nx.is_directed_acyclic_graph(nx.DiGraph(found.graph))
    assert found.graph.sum() + len(found.dropped) == (graph & ~np.eye(300, dtype=bool)).sum()

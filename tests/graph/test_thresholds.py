"""The sweep over thresholds, the choice, and the test for cycles."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jaxstable.graph import metrics
from jaxstable.graph.thresholds import ThresholdSweep, choose, is_dag, sweep

THRESHOLDS = jnp.linspace(0.0, 1.0, 21)
NAN = np.full(4, np.nan, np.float32)


def table(f1=NAN, shd=NAN, acyclic=(False,) * 4, thresholds=(0.1, 0.2, 0.3, 0.4), true_edges=3):
    return ThresholdSweep(
        thresholds=jnp.asarray(thresholds, jnp.float32),
        f1=jnp.asarray(f1, jnp.float32),
        shd=jnp.asarray(shd, jnp.float32),
        edge_count=jnp.zeros(4, jnp.int32),
        acyclic=jnp.asarray(acyclic),
        true_edge_count=jnp.full(4, true_edges, jnp.float32),
    )


@settings(max_examples=150, deadline=None)
@given(hnp.arrays(bool, (6, 6), elements=st.sampled_from([True, False, False, False])))
def test_is_dag_equals_networkx(graph):
    expected = nx.is_directed_acyclic_graph(nx.DiGraph(graph & ~np.eye(6, dtype=bool)))
    assert bool(jax.jit(is_dag)(graph)) == expected


@pytest.mark.parametrize("n", [2, 3, 8, 9, 100, 300])
def test_is_dag_sees_the_longest_cycle(n):
    path = np.eye(n, k=1, dtype=bool)
    ring = path.copy()
    ring[-1, 0] = True
    found = jax.jit(jax.vmap(is_dag))(np.stack([path, ring]))
    assert found.tolist() == [True, False]


def test_sweep_holds_the_metrics_of_each_graph():
    rng = np.random.default_rng(0)
    adjacency = rng.random((7, 7)).astype(np.float32)
    truth = rng.random((7, 7)) < 0.3
    found = jax.jit(sweep)(adjacency, THRESHOLDS, truth)
    for index, threshold in enumerate(THRESHOLDS):
        graph = adjacency > threshold
        assert found.f1[index] == pytest.approx(float(metrics.f1(graph, truth)))
        assert found.shd[index] == int(metrics.shd(graph, truth))
        assert found.edge_count[index] == int(metrics.edge_count(graph))
        assert bool(found.acyclic[index]) == bool(is_dag(graph))
    assert found.edge_count[0] == 42
    assert found.edge_count[-1] == 0


def test_without_truth_nothing_pretends():
    adjacency = np.random.default_rng(1).random((5, 5)).astype(np.float32)
    found = sweep(adjacency, THRESHOLDS)
    assert np.isnan(found.f1).all()
    assert np.isnan(found.shd).all()
    chosen = int(choose(found))
    assert found.acyclic[chosen]
    assert not found.acyclic[:chosen].any()


def test_only_lag_zero_must_be_acyclic():
    summary = jnp.array([[0.0, 0.9], [0.9, 0.0]])
    lag_zero = jnp.array([[0.0, 0.9], [0.0, 0.0]])
    assert not sweep(summary, THRESHOLDS[:3]).acyclic.any()
    assert sweep(summary, THRESHOLDS[:3], instantaneous=lag_zero).acyclic.all()


def test_choose_takes_the_highest_f1_then_shd_then_the_lowest_threshold():
    assert int(choose(table(f1=[0.1, 0.5, 0.4, 0.5], shd=[9, 5, 1, 5]))) == 1
    assert int(choose(table(f1=[0.1, 0.5, 0.4, 0.5], shd=[9, 5, 1, 4]))) == 3
    shuffled = table(f1=[0.5] * 4, shd=[7] * 4, thresholds=(0.4, 0.3, 0.1, 0.2))
    assert int(choose(shuffled)) == 2


def test_choose_does_not_flee_into_the_empty_graph_where_no_edge_is_right():
    wrong = {"f1": [0.0] * 4, "shd": [6, 5, 4, 3]}
    assert int(choose(table(**wrong, acyclic=[False, True, True, True]))) == 1
    assert int(choose(table(**wrong, acyclic=[True] * 4, true_edges=0))) == 3
    adjacency = jnp.array([[0.0, 0.2], [0.0, 0.0]])
    found = sweep(adjacency, THRESHOLDS, jnp.zeros((2, 2), bool))
    assert int(found.edge_count[choose(found)]) == 0


def test_choose_without_truth_takes_the_lowest_acyclic_threshold():
    assert int(choose(table(acyclic=[False, True, False, True]))) == 1
    assert int(choose(table(acyclic=[True] * 4, thresholds=(0.4, 0.3, 0.1, 0.2)))) == 2
    assert int(choose(table(thresholds=(0.1, 0.9, 0.3, 0.2)))) == 1


def test_sweep_and_choose_vmap_over_lanes():
    rng = np.random.default_rng(2)
    lanes = rng.random((200, 13, 13)).astype(np.float32) ** 3
    truth = rng.random((13, 13)) < 0.1

    def choice(adjacency, truth=None):
        return choose(sweep(adjacency, THRESHOLDS, truth))

    for known in (None, truth):
        single = jax.jit(choice)
        chosen = jax.jit(jax.vmap(choice, in_axes=(0, None)))(lanes, known)
        assert chosen.shape == (200,)
        assert [int(single(lanes[lane], known)) for lane in (0, 99, 199)] == [
            int(chosen[lane]) for lane in (0, 99, 199)
        ]

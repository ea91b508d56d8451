"""Graph metrics against scikit-learn and against a search for the shortest edit path."""

from __future__ import annotations

import functools
import itertools
from collections import deque

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from jaxstable.graph import metrics

N_VARS = 5
OFF_DIAGONAL = ~np.eye(N_VARS, dtype=bool)
GRAPHS = hnp.arrays(bool, (N_VARS, N_VARS))
SCORES = hnp.arrays(np.float32, (N_VARS, N_VARS), elements=st.sampled_from([-1, -0.0, 0.0, 0.25, 3]))

evaluate = jax.jit(metrics.evaluate)
auroc = jax.jit(metrics.auroc)
average_precision = jax.jit(metrics.average_precision)


@functools.cache
def edit_distances(size: int, start: int) -> dict[int, int]:
    """Return the least number of additions, deletions and reversals from one graph to each."""
    cells = list(itertools.permutations(range(size), 2))
    partner = [cells.index((effect, cause)) for cause, effect in cells]
    distance, queue = {start: 0}, deque([start])
    while queue:
        graph = queue.popleft()
        moves = [graph ^ (1 << bit) for bit in range(len(cells))]
        for bit, back in enumerate(partner):
            if graph >> bit & 1 and not graph >> back & 1:
                moves.append(graph ^ (1 << bit) ^ (1 << back))
        for move in moves:
            if move not in distance:
                distance[move] = distance[graph] + 1
                queue.append(move)
    return distance


def from_bits(size: int, bits: int) -> np.ndarray:
    graph = np.zeros((size, size), bool)
    for bit, cell in enumerate(itertools.permutations(range(size), 2)):
        graph[cell] = bits >> bit & 1
    return graph


@settings(max_examples=150, deadline=None)
@given(GRAPHS, GRAPHS)
def test_edge_metrics_equal_scikit_learn(graph, truth):
    found = evaluate(graph, truth)
    flat = truth[OFF_DIAGONAL], graph[OFF_DIAGONAL]
    assert found.precision == pytest.approx(sk.precision_score(*flat, zero_division=0))
    assert found.recall == pytest.approx(sk.recall_score(*flat, zero_division=0))
    assert found.f1 == pytest.approx(sk.f1_score(*flat, zero_division=0))
    pairs = np.triu_indices(N_VARS, 1)
    skeletons = (truth | truth.T)[pairs], (graph | graph.T)[pairs]
    assert found.skeleton_f1 == pytest.approx(sk.f1_score(*skeletons, zero_division=0))
    assert found.edge_count == graph[OFF_DIAGONAL].sum()


@pytest.mark.parametrize("start", range(0, 64, 3))
def test_shd_is_the_shortest_edit_path(start):
    shd = jax.jit(jax.vmap(metrics.shd, in_axes=(0, None)))
    distances = edit_distances(3, start)
    assert len(distances) == 64
    graphs = np.stack([from_bits(3, bits) for bits in distances])
    np.testing.assert_array_equal(shd(graphs, from_bits(3, start)), list(distances.values()))


@settings(max_examples=50, deadline=None)
@given(GRAPHS, GRAPHS, GRAPHS)
def test_shd_is_a_distance(first, second, third):
    shd = {pair: int(evaluate(*pair_of).shd) for pair, pair_of in {
        "ab": (first, second), "ba": (second, first), "bc": (second, third),
        "ac": (first, third), "aa": (first, first),
    }.items()}  # fmt: skip
    assert shd["aa"] == 0
    assert shd["ab"] == shd["ba"]
    assert shd["ac"] <= shd["ab"] + shd["bc"]


def test_a_reversed_edge_counts_once_and_a_double_edge_twice():
    edge = np.array([[False, True], [False, False]])
    assert int(metrics.shd(edge, edge.T)) == 1
    assert int(metrics.shd(edge | edge.T, edge)) == 1
    assert int(metrics.shd(edge | edge.T, np.zeros((2, 2), bool))) == 2


def test_the_diagonal_is_ignored():
    rng = np.random.default_rng(0)
    graph, truth = rng.random((2, N_VARS, N_VARS)) < 0.4
    scores = rng.random((N_VARS, N_VARS)).astype(np.float32)
    full = np.eye(N_VARS, dtype=bool)
    assert evaluate(graph | full, truth) == evaluate(graph & ~full, truth & ~full)
    assert auroc(scores, truth | full) == auroc(scores + 9 * full, truth & ~full)


@settings(max_examples=150, deadline=None)
@given(SCORES, GRAPHS)
def test_ranking_metrics_equal_scikit_learn(scores, truth):
    flat = truth[OFF_DIAGONAL], scores[OFF_DIAGONAL]
    if flat[0].all() or not flat[0].any():
        assert np.isnan(auroc(scores, truth))
        assert np.isnan(average_precision(scores, truth))
        return
    assert auroc(scores, truth) == pytest.approx(sk.roc_auc_score(*flat), rel=1e-5)
    expected = sk.average_precision_score(*flat)
    assert average_precision(scores, truth) == pytest.approx(expected, rel=1e-5)


def test_ranking_metrics_at_300_variables():
    rng = np.random.default_rng(1)
    truth = rng.random((300, 300)) < 0.05
    scores = (rng.normal(size=(300, 300)) + truth).astype(np.float32).round(2)
    off = ~np.eye(300, dtype=bool)
    assert auroc(scores, truth) == pytest.approx(sk.roc_auc_score(truth[off], scores[off]), rel=1e-5)
    expected = sk.average_precision_score(truth[off], scores[off])
    assert average_precision(scores, truth) == pytest.approx(expected, rel=1e-5)


def test_nan_scores_give_nan():
    scores = np.full((N_VARS, N_VARS), 0.5, np.float32)
    scores[0, 1] = np.nan
    truth = np.eye(N_VARS, k=1, dtype=bool)
    assert np.isnan(auroc(scores, truth))
    assert np.isnan(average_precision(scores, truth))


def test_empty_graphs_score_zero():
    empty = np.zeros((N_VARS, N_VARS), bool)
    assert [float(value) for value in evaluate(empty, empty)] == [0.0] * 6


def test_metrics_vmap_over_lanes():
    rng = np.random.default_rng(2)
    graphs = rng.random((40, N_VARS, N_VARS)) < 0.3
    scores = rng.random((40, N_VARS, N_VARS)).astype(np.float32)
    truth = rng.random((N_VARS, N_VARS)) < 0.3
    lanes = jax.jit(jax.vmap(metrics.evaluate, in_axes=(0, None)))(graphs, truth)
    areas = jax.jit(jax.vmap(metrics.auroc, in_axes=(0, None)))(scores, truth)
    for lane in (0, 17, 39):
        single = evaluate(graphs[lane], truth)
        assert [float(value[lane]) for value in lanes] == [float(value) for value in single]
        assert areas[lane] == auroc(scores[lane], truth)


def test_shapes_are_checked():
    with pytest.raises(AssertionError):
        metrics.f1(jnp.zeros((2, 3), bool), jnp.zeros((2, 3), bool))
    with pytest.raises(AssertionError):
        metrics.shd(jnp.zeros((2, 2), bool), jnp.zeros((3, 3), bool))

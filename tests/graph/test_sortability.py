"""Sortability: what an order by variance or by R2 says of a graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.graph.paths import walks
from jaxstable.graph.sortability import explained_shares, sortability


@given(st.integers(0, 1000))
def test_turning_every_edge_turns_the_share(seed):
    rng = np.random.default_rng(seed)
    graph, values = np.triu(rng.random((6, 6)) < 0.4, 1), rng.random(6)
    if not graph.any():
        assert np.isnan(sortability(values, graph))
        return
    assert sortability(values, graph) == pytest.approx(1.0 - sortability(values, graph.T))
    assert sortability(np.arange(6.0), graph) == 1.0
    assert sortability(np.ones(6), graph) == 0.5


def test_a_cycle_ends_and_says_nothing():
    assert sortability([1.0, 2.0, 3.0], np.roll(np.eye(3), 1, axis=1)) == pytest.approx(0.5)


@given(st.integers(0, 1000))
def test_pairs_count_once_for_every_length_of_a_path_between_them(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 9))
    graph, values = rng.random((n, n)) < rng.choice([0.1, 0.3]), rng.integers(0, 4, n)
    edges = graph & ~np.eye(n, dtype=bool)
    pairs = [
        (values[cause] < values[effect]) + 0.5 * (values[cause] == values[effect])
        for length in range(1, n)
        for cause, effect in np.argwhere(np.linalg.matrix_power(edges.astype(int), length)).tolist()
        if cause != effect
    ]
    assert sortability(values, graph) == (sum(pairs) / len(pairs) if pairs else pytest.approx(np.nan, nan_ok=True))


@given(st.integers(0, 1000))
def test_walks_around_cycles_are_those_of_matrix_powers(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    graph = (rng.random((n, n)) < rng.choice([0.1, 0.2, 0.4])) & ~np.eye(n, dtype=bool)
    power, expected = graph, []
    while len(expected) < n and power.any():
        expected.append(power)
        power = (power.astype(int) @ graph.astype(int)) > 0
    found = list(walks(graph))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_explained_shares_are_those_of_regressions():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 4)) @ rng.normal(size=(4, 4))
    rows -= rows.mean(axis=0)
    shares = explained_shares(rows.T @ rows / 500)
    for column in range(4):
        others = np.delete(rows, column, axis=1)
        left = rows[:, column] - others @ np.linalg.lstsq(others, rows[:, column], rcond=None)[0]
        assert shares[column] == pytest.approx(1.0 - left.var() / rows[:, column].var(), abs=1e-6)


def test_a_sensor_that_is_there_twice_is_explained():
    assert explained_shares(np.ones((2, 2))).min() > 0.99

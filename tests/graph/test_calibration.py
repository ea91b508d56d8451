"""Probabilities: between 0 and 1, strictly ordered, and no surer than the draws allow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.graph.calibration import Doubts, doubts_of, edge_probability, held_to_direction, lag_probability
from jaxstable.graph.selection import Selection


@given(st.integers(0, 50), st.floats(0.0, 20.0), st.floats(1e-3, 5.0))
def test_more_draws_or_more_evidence_make_an_edge_more_probable(count, evidence, more):
    for probability in (edge_probability, lag_probability):
        here = probability(count / 51, evidence, 51)
        assert 0.0 < here < 1.0
        assert probability(count / 51, evidence + more, 51) > here
        assert probability((count + 1) / 51, evidence, 51) > here


def test_edges_that_every_draw_holds_are_ranked_by_their_evidence():
    found = edge_probability(np.ones(4), [1.0, 2.0, 8.0, 8.1], 50)
    assert (np.diff(found) > 0).all()


def test_few_draws_are_less_sure():
    assert edge_probability(1.0, 2.0, 1) < edge_probability(1.0, 2.0, 50)


def test_what_no_draw_holds_is_improbable_and_what_every_draw_holds_is_not():
    assert edge_probability(0.0, 0.2, 50) < 0.05
    assert edge_probability(1.0, 2.5, 50) > 0.95


def test_each_doubt_lowers_the_probability_of_an_edge_that_was_found():
    plain = selected(turning=80.0)
    base = doubts_of(plain)
    assert not np.any(base)
    sure = edge_probability(1.0, 2.0, 50, Doubts(*(doubt[0, 1] for doubt in base)))
    crowded = np.zeros((1, 7, 7), bool)
    crowded[0, :5, :5] = np.triu(np.ones((5, 5)), 1)
    for doubtful in (selected(turning=4.0), selected(80.0, unexplained=2.0), selected(80.0, graph=crowded)):
        doubts = doubts_of(doubtful)
        assert edge_probability(1.0, 2.0, 50, Doubts(*(doubt[0, 1] for doubt in doubts))) < sure - 0.003
        assert not any(doubt[6, 5] for doubt in doubts)  # no edge, no doubt


def test_a_delayed_edge_has_its_direction_from_time():
    graph = np.zeros((2, 7, 7), bool)
    graph[1, 0, 1] = True
    assert doubts_of(selected(np.inf, graph=graph)).direction[0, 1] == 0.0


def selected(turning: float, unexplained: float = 1.0, graph: np.ndarray | None = None) -> Selection:
    if graph is None:
        graph = np.zeros((1, 7, 7), bool)
        graph[0, 0, 1] = True
    costs = np.where(graph[0], turning, np.inf)
    return Selection(graph, np.where(graph, 10.0, 0.0), graph * 1.0, 1.0, 0.0, costs, unexplained)


def test_an_edge_is_no_surer_than_its_direction():
    said = np.zeros((7, 7))
    said[0, 1], said[1, 0] = 0.93, 0.05
    open_, doubtful, sure = (held_to_direction(said, selected(turning=cost)) for cost in (0.0, 4.0, 80.0))
    np.testing.assert_allclose([open_[0, 1], open_[1, 0]], 0.49, atol=1e-12)
    assert 0.49 < doubtful[0, 1] < 0.93
    assert doubtful[0, 1] + doubtful[1, 0] <= 0.98 + 1e-12
    np.testing.assert_array_equal(sure, said)
    np.testing.assert_array_equal(held_to_direction(said, selected(turning=np.inf)), said)  # required: not asked

"""Probabilities: between 0 and 1, strictly ordered, and no surer than the draws allow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.graph.calibration import edge_probability, lag_probability


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

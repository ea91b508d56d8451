"""The preference between a linear and a nonlinear model: a margin, one standard error, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.graph.preference import MARGIN, prefer

LOSSES = st.lists(st.floats(-5.0, 5.0), min_size=4, max_size=4)


def test_gain_and_error_are_those_of_the_blocks():
    found = prefer([1.0, 2.0, 3.0], [0.5, 1.0, 2.0])
    assert found.gain == pytest.approx(2.5 / 3)
    assert found.error == pytest.approx(np.std([0.5, 1.0, 1.0], ddof=1) / np.sqrt(3))
    assert found.nonlinear


def test_a_gain_that_one_block_alone_brings_is_not_believed():
    assert not prefer(np.ones(10), [*np.ones(9), -2.0]).nonlinear
    assert prefer(np.ones(10), np.full(10, 0.7)).nonlinear


@given(LOSSES, LOSSES)
def test_in_doubt_the_linear_model_is_taken(linear, nonlinear):
    found = prefer(linear, nonlinear)
    assert found.nonlinear == (found.gain > MARGIN + found.error)
    assert not (found.nonlinear and prefer(nonlinear, linear).nonlinear)


@given(LOSSES)
def test_models_that_are_alike_are_not_told_apart(losses):
    assert prefer(losses, losses) == (False, 0.0, 0.0)


def test_what_cannot_be_compared_is_refused():
    for linear, nonlinear in (([1.0, 2.0], [1.0]), ([1.0], [1.0]), ([[1.0, 2.0]], [[1.0, 2.0]])):
        with pytest.raises(ValueError, match="found shapes"):
            prefer(linear, nonlinear)
    with pytest.raises(ValueError, match="not finite"):
        prefer([1.0, np.nan], [1.0, 1.0])

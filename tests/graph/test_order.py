"""The number of lags without truth: found where something acts, not where nothing does."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.criterion import Criterion
from jaxstable.graph.order import choose_order
from jaxstable.graph.refit import Refits
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import svar, var


def refits_of(values, n_lags=3):
    moments = lagged_moments(values, None, n_lags)
    return Refits(moments.matrix, moments.count, values.shape[1], moments.pair_share)


@pytest.mark.parametrize("n_lags", [1, 2])
def test_the_order_of_a_simulated_system_is_found(n_lags):
    systems = [svar(6, 1500, n_lags, n_instant=5, n_lagged=6, seed=seed) for seed in range(4)]
    found = [choose_order(refits_of(system.values)).lags for system in systems]
    assert min(found) == n_lags  # never too few
    assert found.count(n_lags) >= 3


def test_own_lags_count_too():
    assert choose_order(refits_of(var(4, 1500, n_lags=2, sparsity=0.25, seed=0).values)).lags == 2


def test_independent_rows_have_order_0():
    assert choose_order(refits_of(np.random.default_rng(0).normal(size=(800, 4)))).lags == 0


def test_required_edges_keep_their_lag():
    required = np.zeros((4, 4, 4), bool)
    required[2, 0, 1] = True
    found = choose_order(refits_of(np.random.default_rng(0).normal(size=(800, 4))), required)
    assert found.lags == 2
    assert found.scores[:2] == (np.inf, np.inf)


def test_a_lower_order_is_judged_at_the_price_of_all_that_was_looked_at():
    refits = refits_of(svar(5, 800, 1, n_instant=4, n_lagged=4, seed=1).values)
    whole, part = Criterion(refits), Criterion(refits.leading(1), looked_at=3)
    np.testing.assert_allclose(part.penalties, whole.penalties[:3])
    graph = whole.base[: part.dim] & part.base
    wide = np.zeros((whole.dim, 5), bool)
    wide[: part.dim] = graph
    assert part.score(graph, 1.3) == pytest.approx(whole.score(wide, 1.3), rel=1e-9)


def test_more_lags_than_there_are_cannot_be_asked_for():
    refits = refits_of(np.random.default_rng(0).normal(size=(100, 3)), 1)
    with pytest.raises(ValueError, match="n_lags: found 2, expected 0 to 1"):
        refits.leading(2)

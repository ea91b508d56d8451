"""Bootstrap of moments: blocks add up to the whole, draws spread as the sampling error does."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.moments.bootstrap import bootstrap_moments
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate import corruption
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def series():
    return svar(5, 2000, n_instant=4, n_lagged=4, seed=1).values


def test_blocks_add_up_and_bootstrap_has_the_right_spread(series):
    moments = lagged_moments(series, n_lags=1, blocks=200)
    rows = moments.block_count.sum()
    assert rows == moments.count[0]
    assert len(moments.block_count) == 200
    assert np.allclose(moments.block_second.sum(axis=0) / rows, moments.matrix[0], atol=1e-5)
    draws = bootstrap_moments(moments, 300, run=1)
    assert np.allclose(draws.mean(axis=0)[0], moments.matrix[0], atol=0.03)
    # the lag-0 correlation of independent data would have sd 1/sqrt(n); ours is autocorrelated
    spread = draws[:, 0, 0, 1].std()
    assert 0.8 / np.sqrt(rows) < spread < 4.0 / np.sqrt(rows)
    again = bootstrap_moments(moments, 300, run=1)
    assert np.array_equal(draws, again)
    assert not np.array_equal(draws, bootstrap_moments(moments, 300, run=1, seed=1))


def test_bootstrap_draws_are_positive_semidefinite_with_gaps(series):
    holes = corruption.missing_at_random(0.4)(series).values
    draws = bootstrap_moments(lagged_moments(holes, n_lags=1), 20)
    assert np.linalg.eigvalsh(draws[:, 0].astype(float)).min() > -1e-5


def test_environments_are_drawn_apart():
    rows = np.random.default_rng(0).normal(size=(2000, 5))
    label = np.repeat([0, 1], [500, 1500])
    moments = lagged_moments(rows, n_lags=1, series=label, environment=label)
    draws = bootstrap_moments(moments, 200)
    assert draws.shape == (200, 2, 10, 10)
    assert np.allclose(draws.mean(axis=0), moments.matrix, atol=0.05)
    small, large = draws.std(axis=0).mean(axis=(1, 2))
    assert 1.2 * large < small < 2.5 * large  # three times the rows: 1.7 times the precision

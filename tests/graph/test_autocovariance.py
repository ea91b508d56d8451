"""The covariance that a linear system implies, against long simulations of it."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.autocovariance import settled, spectral_radius, stacked_covariance
from jaxstable.simulate.systems import recur


@pytest.fixture(scope="module")
def weights():
    found = np.zeros((3, 4, 4))
    found[0, 0, 1], found[0, 1, 2] = 0.7, -0.5
    found[1] = np.diag([0.5, 0.3, 0.6, 0.2])
    found[2, 2, 3], found[1, 3, 0] = 0.4, 0.3
    return found


def test_it_is_the_covariance_of_a_long_run(weights):
    noise = np.array([1.0, 0.5, 2.0, 1.0])
    rows = recur({"linear": weights}, np.sqrt(noise) * np.random.default_rng(0).standard_normal((100_000, 4)))[100:]
    stacked = np.concatenate([rows[4 - lag : len(rows) - lag] for lag in range(5)], axis=1)
    implied = stacked_covariance(weights, noise, 4)
    assert np.abs(np.cov(stacked.T) - implied).max() < 0.06
    np.testing.assert_allclose(stacked_covariance(weights, noise, 1), implied[:8, :8], atol=1e-12)
    np.testing.assert_allclose(stacked_covariance(weights[:1], noise, 0), _instant(weights[0], noise), atol=1e-12)


def _instant(weights, noise):
    mixing = np.linalg.inv(np.eye(4) - weights)
    return mixing.T @ np.diag(noise) @ mixing


def test_a_system_that_runs_away_is_refused_and_can_be_settled(weights):
    wild = weights.copy()
    wild[1] *= 4.0
    with pytest.raises(ValueError, match="does not settle"):
        stacked_covariance(wild, np.ones(4), 2)
    calm = settled(wild)
    assert spectral_radius(calm) == pytest.approx(0.99)
    assert np.isfinite(stacked_covariance(calm, np.ones(4), 2)).all()
    assert settled(weights) is weights

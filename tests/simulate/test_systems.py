"""Simulators: the graph they return is the graph that made the data."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.autocovariance import spectral_radius
from jaxstable.simulate.systems import SHAPES, lorenz96, recur, svar, var

CASES = {
    "svar": lambda seed: svar(n_steps=800, seed=seed),
    "svar-nonlinear": lambda seed: svar(n_steps=800, nonlinear=True, seed=seed),
    "var": lambda seed: var(n_steps=800, seed=seed),
    "lorenz96": lambda seed: lorenz96(n_steps=200, seed=seed),
}


@pytest.mark.parametrize("name", CASES)
def test_is_deterministic_finite_and_without_self_loops(name):
    first, again, other = CASES[name](0), CASES[name](0), CASES[name](1)
    assert first.values.tobytes() == again.values.tobytes()
    assert not np.array_equal(first.values, other.values)
    assert np.isfinite(first.values).all()
    assert not np.einsum("lii->li", first.lagged_truth).any()
    assert first.truth.shape == (first.values.shape[1],) * 2


@pytest.mark.parametrize("nonlinear", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_svar_has_the_edges_asked_for(seed, nonlinear):
    sample = svar(nonlinear=nonlinear, n_steps=300, seed=seed)
    assert sample.lagged_truth[0].sum() == 13
    assert sample.lagged_truth[1:].sum() == 13
    assert 21 <= sample.truth.sum() <= 26
    assert not np.linalg.matrix_power(sample.lagged_truth[0].astype(int), 13).any()
    assert np.abs(sample.values).max() < 100


def test_svar_refuses_more_edges_than_places():
    with pytest.raises(ValueError, match="room for 3"):
        svar(3, 50, n_instant=4, n_lagged=1)


def test_linear_svar_is_recovered_by_regression_on_its_parents():
    sample = svar(6, 20000, n_instant=5, n_lagged=5, seed=2)
    n_lags = len(sample.lagged_truth) - 1
    x = sample.values
    stacked = np.stack([x[n_lags - lag : len(x) - lag] for lag in range(n_lags + 1)])
    for effect in range(6):
        # all past values and the true instantaneous causes: what is not a cause must get nothing
        use = np.ones((n_lags + 1, 6), bool)
        use[0] = sample.lagged_truth[0, :, effect]
        rows = stacked[use.nonzero()[0], :, use.nonzero()[1]].T
        found = np.zeros((n_lags + 1, 6))
        found[use] = np.linalg.lstsq(rows, stacked[0][:, effect], rcond=None)[0]
        found[1, effect] = 0.0
        assert np.array_equal(np.abs(found) > 0.06, sample.lagged_truth[:, :, effect])


def test_recur_solves_each_step_exactly():
    rng = np.random.default_rng(0)
    weights = {"saturating": np.zeros((2, 3, 3)), "linear": np.zeros((2, 3, 3))}
    weights["saturating"][0, 0, 1] = 0.8
    weights["linear"][0, 1, 2] = -0.5
    weights["linear"][1, 2, 0] = 0.4
    noise = rng.standard_normal((50, 3))
    x = recur(weights, noise)
    past = np.vstack([np.zeros(3), x[:-1]])
    assert np.allclose(x[:, 0], noise[:, 0] + 0.4 * past[:, 2])
    assert np.allclose(x[:, 1], noise[:, 1] + 0.8 * np.tanh(x[:, 0]))
    assert np.allclose(x[:, 2], noise[:, 2] - 0.5 * x[:, 1])


def test_recur_refuses_a_cycle_at_lag_0():
    cycle = np.zeros((1, 2, 2))
    cycle[0, 0, 1] = cycle[0, 1, 0] = 0.1
    with pytest.raises(ValueError, match="cycle"):
        recur({"linear": cycle}, np.zeros((3, 2)))


def test_every_shape_has_slope_in_0_1():
    grid = np.linspace(-8, 8, 4001)
    for shape in SHAPES.values():
        slope = np.diff(shape(grid)) / np.diff(grid)
        assert slope.min() >= 0.0
        assert slope.max() <= 1.0 + 1e-9


def test_var_is_stationary_and_has_its_number_of_causes():
    sample = var(20, 4000, sparsity=0.2, seed=1)
    assert (sample.truth.sum(axis=0) == 3).all()
    first, second = sample.values[:2000].std(axis=0), sample.values[2000:].std(axis=0)
    assert np.all((first / second > 0.5) & (first / second < 2.0))


def test_lorenz96_follows_its_equation():
    fine = lorenz96(10, 400, interval=0.001, noise=0.0).values
    slope = (fine[2:] - fine[:-2]) / 0.002
    x = fine[1:-1]
    expected = (np.roll(x, -1, 1) - np.roll(x, 2, 1)) * np.roll(x, 1, 1) - x + 10.0
    assert np.abs(slope - expected).max() < 1e-3 * np.abs(expected).max()


def test_spectral_radius_matches_a_known_second_order_process():
    # x_t = 1.1 x_{t-1} - 0.3 x_{t-2}: roots 0.6 and 0.5
    weights = np.array([0.0, 1.1, -0.3])[:, None, None]
    assert np.isclose(spectral_radius(weights), 0.6)

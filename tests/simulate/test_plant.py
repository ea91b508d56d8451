"""The embedded plant: bounded for every seed, deterministic, with a graph the data carry."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.autocovariance import spectral_radius
from jaxstable.simulate.plant import plant_weights, sensors


def test_is_stable_whatever_the_seed():
    bound = spectral_radius(np.sum([np.abs(w) for w in plant_weights().values()], axis=0))
    assert bound < 0.95


@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_shapes_scales_and_missing_share(seed):
    plant = sensors(n_steps=4000, seed=seed)
    assert plant.values.shape == plant.mask.shape == (4000, 13)
    assert np.array_equal(np.isnan(plant.values), ~plant.mask)
    assert abs(plant.mask.mean() - 0.9) < 0.03
    means = np.nanmean(plant.values, axis=0)
    assert means.min() > 1
    assert means.max() > 1000
    halves = np.nanmean(plant.values[:2000], axis=0) - np.nanmean(plant.values[2000:], axis=0)
    assert np.all(np.abs(halves) < 0.6 * np.nanstd(plant.values, axis=0))


def test_same_seed_same_bytes():
    first, again, other = sensors(seed=3), sensors(seed=3), sensors(seed=4)
    assert first.values.tobytes() == again.values.tobytes()
    assert not np.allclose(first.values, other.values, equal_nan=True)


def test_graph_is_fixed_without_self_loops_and_acyclic_at_lag_0():
    plant, other = sensors(50), sensors(50, seed=9)
    assert np.array_equal(plant.lagged_truth, other.lagged_truth)
    assert plant.lagged_truth.shape == (3, 13, 13)
    assert not plant.lagged_truth[:, np.arange(13), np.arange(13)].any()
    assert not np.linalg.matrix_power(plant.lagged_truth[0].astype(int), 13).any()
    assert plant.truth.sum() == 16


def test_regression_on_the_true_parents_finds_every_effect():
    plant = sensors(20000, missing=0.0, noise=0.0, drift=0.0)
    z = (plant.values - plant.values.mean(axis=0)) / plant.values.std(axis=0)
    stacked = np.stack([z[2 - lag : len(z) - lag] for lag in range(3)])
    for effect in range(13):
        parents = plant.lagged_truth[:, :, effect].copy()
        parents[1, effect] = True
        x = stacked[parents.nonzero()[0], :, parents.nonzero()[1]].T
        weights = np.linalg.lstsq(x, stacked[0][:, effect], rcond=None)[0]
        assert np.all(np.abs(weights) > 0.15), plant.names[effect]


@pytest.mark.parametrize(
    "argument", [{"missing": 1.0}, {"missing": -0.1}, {"noise": -1}, {"drift": -1}, {"n_steps": 0}]
)
def test_refuses_impossible_arguments(argument):
    with pytest.raises(ValueError, match=next(iter(argument))):
        sensors(**{"n_steps": 20, **argument})

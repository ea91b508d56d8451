"""Fits of the gated network to all rows: the graph of a ring, and whether effects are seen to bend."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.data.dataset import Dataset
from jaxstable.discovery.networks import fit_gates, weigh_nonlinearity
from jaxstable.graph import metrics

N_VARS = 5


def ring(bend, seed=0, n_steps=1500):
    """Each variable follows the one before it, by its size alone if the effect bends."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_steps, N_VARS))
    for t in range(1, n_steps):
        cause = np.roll(values[t - 1], 1)
        values[t] = 0.4 * values[t] + (np.abs(cause) - 0.5 if bend else 0.8 * cause)
    values[rng.random(values.shape) < 0.1] = np.nan
    return Dataset.from_array(values), np.roll(np.eye(N_VARS, dtype=bool), 1, axis=1)


def test_the_ring_is_recovered_though_no_effect_is_linear():
    dataset, truth = ring(bend=True)
    found = fit_gates(dataset)
    assert found.shape == (3, N_VARS, N_VARS)
    assert metrics.auroc(jnp.asarray(found.max(axis=0)), jnp.asarray(truth)) >= 0.99
    assert np.array_equal(found, fit_gates(dataset))


def test_bent_effects_are_told_from_straight_ones():
    bent, straight = (weigh_nonlinearity(ring(bend)[0]) for bend in (True, False))
    assert bent.nonlinear
    assert not straight.nonlinear
    assert bent.gain > 0.1 > 0.05 > straight.gain


def test_too_few_rows_to_hold_any_out_are_refused():
    with pytest.raises(ValueError, match="expected at least 40 to hold a quarter out"):
        weigh_nonlinearity(Dataset.from_array(np.random.default_rng(0).normal(size=(30, 2)), window=4))

"""Sensor faults: one contract for all, and what each one promises."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.simulate import corruption

FAULTS = {
    "random": lambda seed: corruption.missing_at_random(0.2, seed),
    "blocks": lambda seed: corruption.missing_blocks(0.2, 10, seed),
    "not-at-random": lambda seed: corruption.missing_not_at_random(0.2, seed=seed),
    "noise": lambda seed: corruption.noise(0.3, seed),
    "drift": lambda seed: corruption.drift(0.3, seed=seed),
    "bias": lambda seed: corruption.bias(1.0, seed=seed),
    "stuck": lambda seed: corruption.stuck(0.2, 10, seed),
    "spikes": lambda seed: corruption.spikes(0.05, seed=seed),
    "clipping": lambda seed: corruption.clipping(0.1),
}
SEEDLESS = {"clipping"}


@pytest.fixture
def series():
    return np.random.default_rng(0).normal(5.0, 2.0, (6000, 3))


@pytest.mark.parametrize("name", FAULTS)
def test_contract(name, series):
    holes = np.random.default_rng(1).random(series.shape) > 0.1
    before = series.copy()
    values, mask = FAULTS[name](7)(series, holes)
    assert np.array_equal(series, before), "the input must not change"
    assert np.array_equal(np.isnan(values), ~mask)
    assert not np.array_equal(values, np.where(holes, series, np.nan), equal_nan=True)
    again = FAULTS[name](7)(series, holes)
    assert np.array_equal(values, again.values, equal_nan=True)
    other = FAULTS[name](8)(series, holes)
    assert np.array_equal(values, other.values, equal_nan=True) == (name in SEEDLESS)
    if name != "stuck":
        assert not (mask & ~holes).any(), "a fault never brings a missing entry back"


@pytest.mark.parametrize("name", ["random", "blocks", "not-at-random"])
def test_share_lost(name, series):
    lost = 1.0 - FAULTS[name](3)(series).mask.mean()
    assert abs(lost - 0.2) < 0.03


def test_blocks_are_runs_of_the_asked_length(series):
    mask = corruption.missing_blocks(0.3, 20, 0)(series).mask
    runs = (np.diff(mask.astype(int), axis=0) == -1).sum()
    assert 14 < (~mask).sum() / runs < 28


def test_not_at_random_loses_high_values_and_steepness_0_does_not(series):
    steep = corruption.missing_not_at_random(0.3)(series).mask
    flat = corruption.missing_not_at_random(0.3, steepness=0.0)(series).mask
    assert series[~steep].mean() > series[steep].mean() + 1.0
    assert abs(series[~flat].mean() - series[flat].mean()) < 0.15


def test_noise_and_drift_have_the_asked_size_and_speed(series):
    white = corruption.noise(0.3)(series).values - series
    slow = corruption.drift(0.3)(series).values - series
    assert np.allclose(white.std(axis=0) / series.std(axis=0), 0.3, atol=0.02)
    assert np.allclose(slow.std(axis=0) / series.std(axis=0), 0.3, atol=0.001)
    assert np.abs(np.diff(slow, axis=0)).max() < 0.01


def test_bias_moves_only_its_columns_and_only_once(series):
    moved = corruption.bias(2.0, columns=[1], seed=4)(series).values - series
    assert not moved[:, [0, 2]].any()
    assert (np.abs(np.diff(moved[:, 1])) > 1e-9).sum() == 1
    assert np.isclose(np.abs(moved[-1, 1]), 2.0 * series[:, 1].std())


def test_stuck_repeats_the_last_reading(series):
    frozen = corruption.stuck(0.2, 10, 1)(series).values
    changed = frozen != series
    assert 0.1 < changed.mean() < 0.3
    assert np.array_equal(frozen[1:][changed[1:]], frozen[:-1][changed[1:]])


def test_clipping_limits_both_ends(series):
    clipped = corruption.clipping(0.2)(series).values
    low, high = np.quantile(series, [0.1, 0.9], axis=0)
    assert np.allclose(clipped.min(axis=0), low)
    assert np.allclose(clipped.max(axis=0), high)


def test_compose_applies_in_order_and_kinds_are_independent(series):
    both = corruption.compose(corruption.clipping(0.2), corruption.noise(0.3, 5))(series)
    by_hand = corruption.noise(0.3, 5)(*corruption.clipping(0.2)(series))
    assert np.array_equal(both.values, by_hand.values)
    random = corruption.missing_at_random(0.5, 1)(series).mask
    chosen = corruption.missing_not_at_random(0.5, 0.0, 1)(series).mask
    assert abs((random & chosen).mean() - 0.25) < 0.02


def test_refuses_wrong_input(series):
    with pytest.raises(ValueError, match=r"\[time, variables\]"):
        corruption.noise()(series[None])
    for wrong in (corruption.missing_at_random, corruption.missing_blocks, corruption.clipping):
        with pytest.raises(ValueError, match="share"):
            wrong(1.0)
    with pytest.raises(ValueError, match="length"):
        corruption.missing_blocks(0.1, 0.5)

"""Faint spikes: small faults that nothing explains are found; shocks, heavy tails and bent relations are not."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.signals.prepare import prepare
from jaxstable.signals.unexplained import find_unexplained
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def plant():
    return svar(8, 1500, n_instant=8, n_lagged=8, seed=5).values


def found_in(values, series=None):
    return find_unexplained(values, np.isfinite(values), series)


def spiked(plant, size, share=0.01, seed=0):
    rng = np.random.default_rng(seed)
    where = rng.random(plant.shape) < share
    return plant + where * size * plant.std(axis=0) * rng.choice([-1, 1], plant.shape), where


def test_a_clean_plant_has_none(plant):
    assert not found_in(plant).any()


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_faults_no_larger_than_other_readings_are_found(plant, gaps):
    values, where = spiked(plant, 5.0)
    values[np.random.default_rng(1).random(plant.shape) < gaps] = np.nan
    where &= np.isfinite(values)
    cleaned = prepare(values, np.isfinite(values))
    assert (where & ~cleaned.mask).sum() >= 0.9 * where.sum()
    assert (np.isfinite(values) & ~cleaned.mask & ~where).sum() <= 4
    assert sum(len(one.spikes) for one in cleaned.removed) == (np.isfinite(values) & ~cleaned.mask).sum()


def going_on(news, share=0.4):
    for row in range(1, len(news)):
        news[row] += share * news[row - 1]
    return news


@pytest.mark.parametrize("seed", [1, 2])
def test_a_shock_that_goes_on_is_no_fault(seed):
    rng = np.random.default_rng(seed)
    news = rng.standard_normal((2000, 3))
    where = rng.random(2000) < 0.01
    news[where, 0] = 10.0
    assert not found_in(going_on(news.copy())).any()
    fault = going_on(rng.standard_normal((2000, 3)))
    fault[where, 0] = 10.0
    np.testing.assert_array_equal(np.flatnonzero(found_in(fault)[:, 0]), np.flatnonzero(where))


@pytest.mark.parametrize("draw", ["standard_exponential", "standard_t", "laplace"])
def test_heavy_tails_are_no_faults(draw):
    rng = np.random.default_rng(3)
    size = (3000, 4)
    noise = rng.standard_t(3, size) if draw == "standard_t" else getattr(rng, draw)(size=size)
    noise[:, 1] += 0.8 * noise[:, 0]
    assert found_in(noise).sum() <= 2


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ends_of_a_bent_relation_are_no_faults(seed):
    rng = np.random.default_rng(seed)
    signal = going_on(rng.standard_normal(3000), 0.6)
    bent = np.exp(0.5 * signal) + 0.1 * rng.standard_normal(3000)
    assert not found_in(np.stack([signal, bent, rng.standard_normal(3000)], axis=1)).any()


def test_an_idle_sensor_keeps_what_it_tells():
    values = np.random.default_rng(5).standard_normal((1000, 2))
    values[:, 1] = 0.0
    values[::100, 1] = 5.0
    assert not found_in(values).any()


def test_series_too_short_or_too_few_rows_have_none(plant):
    assert not found_in(spiked(plant[:60], 9.0, 0.05)[0]).any()  # 8 sensors in three rows, three rows for each
    values, where = spiked(plant, 6.0)
    series = np.repeat(np.arange(751), 2)[:1500]  # two rows each: nothing is around a reading
    assert not found_in(values, series).any()
    series = np.where(np.arange(1500) < 2, 0, 1)  # a series of two rows beside a long one
    assert found_in(values, series)[where].mean() > 0.8


def test_units_and_levels_change_nothing(plant):
    values, _ = spiked(plant, 5.0)
    np.testing.assert_array_equal(found_in(values), found_in(values * 1000.0 - 7.0))


def test_the_part_may_be_forbidden(plant):
    values, _ = spiked(plant, 5.0)
    assert prepare(values, np.isfinite(values), prepare={"spikes": False}).mask.all()

"""Drift removal: takes out slow waves, leaves fast dynamics, gaps and other series alone."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.signals.drift import remove_drift
from jaxstable.simulate import corruption
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def series():
    return 100.0 + svar(5, 3000, n_instant=4, n_lagged=4, seed=0).values


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_drift_is_removed_also_under_gaps(series, share):
    faults = corruption.compose(corruption.drift(1.0), corruption.missing_at_random(share))
    values, mask = faults(series)
    found = remove_drift(values)
    truth = corruption.drift(1.0)(series).values - series
    left = (found.drift - truth) - (found.drift - truth).mean(axis=0)
    assert np.all(left.std(axis=0) < 0.3 * truth.std(axis=0))
    assert np.array_equal(np.isnan(found.values), ~mask)
    assert np.allclose((found.values + found.drift)[mask], values[mask])


def test_clean_data_hardly_change(series):
    found = remove_drift(series)
    assert np.all(found.drift.std(axis=0) < 0.2 * series.std(axis=0))
    assert np.allclose(found.values.mean(axis=0), series.mean(axis=0), atol=1e-6)


def test_each_series_has_its_own_waves_and_short_ones_none(series):
    ids = np.repeat([0, 1, 2], [1500, 1450, 50])
    found = remove_drift(series, series=ids)
    assert np.allclose(found.drift[:1500], remove_drift(series[:1500]).drift)
    assert np.allclose(found.drift[1500:2950], remove_drift(series[1500:2950]).drift)
    assert not found.drift[2950:].any()
    assert not remove_drift(series, waves=0).drift.any()


def test_a_hardly_observed_sensor_is_left_alone(series):
    values = series.copy()
    values[20:, 0] = np.nan
    found = remove_drift(values)
    assert not found.drift[:, 0].any()
    assert found.drift[:, 1].any()


def test_refuses_wrong_input(series):
    with pytest.raises(ValueError, match="waves is -1"):
        remove_drift(series, waves=-1)
    with pytest.raises(ValueError, match="time, vars"):
        remove_drift(series[None])

"""Moments of held-out rows: sample covariances without gaps, expectations with them."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.moments.heldout import held_out_moments
from jaxstable.moments.lagged import lagged_moments


def series(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, 3))
    values[1:, 1] += 0.8 * values[:-1, 0]
    values[:, 2] += 0.6 * values[:, 1]
    return 5.0 + 10.0 * values


def stacked(values):
    return np.hstack([values[1:], values[:-1]])


def test_without_gaps_they_are_sample_covariances_in_training_units():
    values = series()
    moments = lagged_moments(values[:400], n_lags=1)
    matrix, count = held_out_moments(moments, values[400:])
    unit = np.tile(moments.scale, 2)
    expected = np.cov(stacked(values[400:]).T, bias=True) / np.outer(unit, unit)
    assert count.tolist() == [199]
    np.testing.assert_allclose(matrix[0], expected, rtol=1e-8)


def test_gaps_are_filled_by_what_the_other_rows_taught():
    values = series(4000)
    moments = lagged_moments(values[:2000], n_lags=1)
    rng = np.random.default_rng(1)
    mask = rng.random((2000, 3)) > 0.3
    whole = held_out_moments(moments, values[2000:])[0]
    gappy = held_out_moments(moments, np.where(mask, values[2000:], np.nan))[0]
    np.testing.assert_allclose(gappy, whole, atol=0.08)


def test_sensor_that_is_never_read_has_the_moments_of_the_others_rows():
    values = series(3000)
    moments = lagged_moments(values[:2000], n_lags=1)
    mask = np.ones((1000, 3), bool)
    mask[:, 2] = False
    matrix, _ = held_out_moments(moments, values[2000:], mask)
    assert np.isfinite(matrix).all()
    assert matrix[0, 2, 2] == pytest.approx(moments.models[0].cov[2, 2], rel=0.1)
    assert matrix[0, 1, 2] == pytest.approx(moments.models[0].cov[1, 2], rel=0.15)


def test_environments_keep_apart_and_unknown_ones_are_left_out():
    values = np.vstack([series(300, 1), 3.0 * series(300, 2)])
    labels = np.repeat([4, 7], 300)
    moments = lagged_moments(values, n_lags=1, series=labels, environment=labels)
    rest = np.repeat([7, 9], 50)
    matrix, count = held_out_moments(moments, series(100, 3), series=rest, environment=rest)
    assert count.tolist() == [0, 49]
    np.testing.assert_array_equal(matrix[0], moments.models[0].cov)


def test_rows_too_short_for_the_lags_are_refused():
    values = series(100)
    moments = lagged_moments(values, n_lags=2)
    with pytest.raises(ValueError, match="no held-out row has 2 uninterrupted rows"):
        held_out_moments(moments, values[:2])

"""Lagged moments: exact without gaps, close with them, never across joints."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.moments.imputation import impute
from jaxstable.moments.lagged import lagged_moments, lagged_rows
from jaxstable.simulate import corruption
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def series():
    sample = svar(5, 2000, n_instant=4, n_lagged=4, seed=1)
    return 3.0 + 10.0 * sample.values


def stacked(x, n_lags):
    return np.hstack([x[n_lags - lag : len(x) - lag] for lag in range(n_lags + 1)])


@pytest.mark.parametrize("n_lags", [0, 1, 3])
def test_equals_the_sample_covariance_without_gaps(series, n_lags):
    moments = lagged_moments(series, n_lags=n_lags)
    scale = np.tile(moments.scale, n_lags + 1)
    raw = moments.matrix[0] * np.outer(scale, scale)
    assert np.allclose(raw, np.cov(stacked(series, n_lags).T, bias=True))
    assert np.allclose(np.diag(moments.matrix[0])[:5], 1.0)
    assert not moments.missing_information.any()
    assert moments.convergence[0].converged
    assert moments.convergence[0].iterations == 1


@pytest.mark.parametrize("share", [0.2, 0.4])
def test_comes_close_to_the_complete_moments(series, share):
    holes = corruption.missing_at_random(share)(series)
    full, seen = lagged_moments(series), lagged_moments(holes.values)
    zero = lagged_moments(np.nan_to_num(holes.values, nan=3.0))
    assert seen.convergence[0].converged
    error = np.abs(seen.matrix - full.matrix).max()
    assert error < 0.06
    assert error < 0.4 * np.abs(zero.matrix - full.matrix).max()
    assert (seen.missing_information > 0).all()
    assert (seen.missing_information < share).all()


def test_pair_share_counts_the_rows_with_both_readings(series):
    holes = corruption.missing_at_random(0.4)(series)
    moments = lagged_moments(holes.values, n_lags=2)
    seen = stacked(holes.mask, 2).astype(float)
    assert np.allclose(moments.pair_share, seen.T @ seen[:, :5] / len(seen), atol=1e-5)
    assert np.array_equal(lagged_moments(series).pair_share, np.ones((15, 5)))


def test_readings_that_others_explain_are_no_lost_information(series):
    copy = np.column_stack([series, series[:, 0] + 0.01 * np.arange(2000) / 2000])
    copy[np.random.default_rng(0).random(2000) < 0.5, 0] = np.nan
    lost = lagged_moments(copy, n_lags=1).missing_information
    assert lost[0] < 0.02
    without = lagged_moments(copy[:, :5], n_lags=1).missing_information
    assert without[0] > 0.1


def test_series_are_never_joined(series):
    ids = np.repeat([0, 1, 1, 0], 500)
    assert lagged_rows(8, 2, [0, 0, 0, 1, 1, 0, 0, 0]).tolist() == [2, 7]
    moments = lagged_moments(series, n_lags=2, series=ids)
    rows = np.vstack([stacked(part, 2) for part in (series[:500], series[500:1500], series[1500:])])
    scale = np.tile(moments.scale, 3)
    assert moments.count.tolist() == [1994]
    assert np.allclose(moments.matrix[0] * np.outer(scale, scale), np.cov(rows.T, bias=True))


def test_environments_have_their_own_moments_in_common_units(series):
    label = np.repeat([7, 9], 1000)
    x = series.copy()
    x[1000:] = 5.0 + 2.0 * x[1000:]
    moments = lagged_moments(x, n_lags=1, environment=label, series=label)
    assert moments.environments == (7, 9)
    assert moments.matrix.shape == (2, 10, 10)
    assert np.isclose(moments.matrix[:, :5, :5].trace(axis1=1, axis2=2).mean(), 5.0)
    for k, part in enumerate((x[:1000], x[1000:])):
        scale = np.tile(moments.scale, 2)
        expected = np.cov(stacked(part, 1).T, bias=True)
        assert np.allclose(moments.matrix[k] * np.outer(scale, scale), expected)


def test_subset_and_full_passes_agree_with_em_on_everything(series):
    holes = corruption.missing_at_random(0.3)(series).values
    whole = lagged_moments(holes, tolerance=1e-8)
    staged = lagged_moments(holes, subset=500)
    assert staged.convergence[0].converged
    assert np.abs(staged.matrix - whole.matrix).max() < 0.01


def test_imputation_beats_the_mean_and_knows_its_error(series):
    holes = corruption.missing_blocks(0.2, 3)(series)
    moments = lagged_moments(holes.values)
    filled = impute(holes.values, moments)
    assert np.array_equal(filled.values[holes.mask], series[holes.mask])
    assert not filled.sd[holes.mask].any()
    error = (filled.values - series)[~holes.mask]
    assert error.std() < 0.8 * series[~holes.mask].std()
    assert abs((error / filled.sd[~holes.mask]).std() - 1.0) < 0.1


def test_imputation_does_not_look_into_another_series(series):
    x = np.vstack([series[:300], series[:300] * 1000.0])
    x[300] = np.nan
    ids = np.repeat([0, 1], 300)
    moments = lagged_moments(series, n_lags=2)
    here = impute(x, moments, series=ids).values[300]
    alone = impute(x[300:], moments).values[0]
    assert np.allclose(here, alone)


def test_imputation_refuses_an_unknown_environment(series):
    with pytest.raises(ValueError, match=r"\[3\]"):
        impute(series, lagged_moments(series), environment=np.full(2000, 3))


def test_constant_columns_and_offsets_are_harmless():
    x = np.random.default_rng(0).normal(size=(300, 3))
    x[:, 0] = 7.0
    x[:, 1] = 1e6 + 1e-3 * x[:, 1]
    x[::5, 2] = np.nan
    moments = lagged_moments(x, n_lags=1)
    assert np.isfinite(moments.matrix).all()
    assert np.isclose(moments.matrix[0, 1, 1], 1.0)
    assert moments.matrix[0, 0, 0] < 1e-9
    assert np.isfinite(impute(x, moments).values).all()


def test_refuses_what_it_cannot_use():
    x = np.random.default_rng(0).normal(size=(20, 2))
    with pytest.raises(ValueError, match="choose fewer lags"):
        lagged_moments(x, n_lags=3, series=np.repeat(np.arange(10), 2))
    with pytest.raises(ValueError, match=r"variables \[1\]"):
        lagged_moments(np.where([True, False], x, np.nan), n_lags=1)
    with pytest.raises(ValueError, match="time, vars"):
        lagged_moments(x[None])

"""No row serves two parts, no window leaves its series, and scales come from training rows alone."""

from __future__ import annotations

import dataclasses

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import covered, prepare, split
from jaxstable.data.standardize import covered_rows, mean_and_deviation


@st.composite
def datasets(draw):
    """Recordings of several lengths with gaps in time, cut into any windows that fit."""
    window = draw(st.integers(2, 8))
    lengths = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    lengths[draw(st.integers(0, len(lengths) - 1))] += 2 * window
    labels = np.repeat(np.arange(len(lengths)), lengths)
    rows = len(labels)
    skips = draw(st.lists(st.integers(0, rows - 1), max_size=4))
    steps = np.ones(rows)
    steps[skips] += 50
    values = np.random.default_rng(draw(st.integers(0, 99))).normal(size=(rows, 2))
    values[draw(st.lists(st.integers(0, rows - 1), max_size=rows // 4)), 0] = np.nan
    arguments = {"series": labels, "time": np.cumsum(steps), "window": window}
    return values, arguments | {"stride": draw(st.integers(1, 5))}


def build(case):
    values, arguments = case
    try:
        return Dataset.from_array(values, **arguments)
    except DataError:
        return None


@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
@settings(max_examples=150, deadline=None)
@given(datasets(), st.floats(0.2, 0.8), st.floats(0.05, 0.15))
def test_parts_share_no_row_and_windows_stay_in_their_series(case, train, validation):
    data = build(case)
    if data is None:
        return
    try:
        parts = split(data, train, validation)
    except DataError:
        chain = data.starts[0]
        for _ in range(2):
            later = data.starts[data.starts >= chain + data.window]
            if not len(later):
                return
            chain = later[0]
        raise AssertionError("refused although three windows fit side by side") from None
    covered = [covered_rows(part, data.window, data.n_rows) for part in parts]
    assert (np.sum(covered, axis=0) <= 1).all()
    for part in parts:
        assert len(part)
        assert np.isin(part, data.starts).all()
        assert (np.diff(part) > 0).all()
        assert (data.series[part] == data.series[part + data.window - 1]).all()
    for one in np.unique(data.recording[data.series]):
        own = data.recording[data.series] == one
        last = -1
        for rows in covered:
            inside = np.flatnonzero(rows & own)
            assert not len(inside) or inside[0] > last
            last = inside[-1] if len(inside) else last


@settings(max_examples=60, deadline=None)
@given(st.integers(60, 2000), st.integers(2, 20), st.floats(0.3, 0.8), st.floats(0.05, 0.15))
def test_one_series_keeps_every_window_that_crosses_no_boundary(rows, window, train, validation):
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(rows, 2)), window=window)
    parts = split(data, train, validation)
    assert len(np.concatenate(parts)) == data.n_windows - 2 * (window - 1)
    assert parts.validation[0] == parts.train[-1] + window
    assert parts.test[0] == parts.validation[-1] + window
    if rows > 400:
        assert abs(parts.validation[0] - train * data.n_windows) <= 1


@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
@settings(max_examples=40, deadline=None)
@given(datasets(), st.sampled_from([0.0, 1e6, -1e3]), st.sampled_from([1.0, 1e-3, 50.0]))
def test_standardising_equals_numpy_on_the_training_rows(case, offset, unit):
    values, arguments = case
    data = build((offset + unit * values, arguments))
    if data is None:
        return
    try:
        ready = prepare(data)
    except DataError:
        return
    rows = covered_rows(np.asarray(ready.train.starts), data.window, data.n_rows)
    if np.isnan(data.values[rows]).all(axis=0).any():
        return
    np.testing.assert_allclose(ready.mean, np.nanmean(data.values[rows], axis=0), rtol=1e-12)
    deviation = np.nanstd(data.values[rows], axis=0)
    expected = np.where(deviation > 1e-12 * np.abs(ready.mean), deviation, 1.0)
    np.testing.assert_allclose(ready.scale, expected, rtol=1e-6)
    z = np.where(data.mask, (data.values - ready.mean) / ready.scale, 0.0)
    np.testing.assert_allclose(ready.train.values, z, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ready.train.mask, data.mask)


def test_a_small_deviation_at_a_large_offset_survives():
    noise = np.random.default_rng(0).normal(size=(50_000, 2))
    ready = prepare(Dataset.from_array(1e6 + 1e-3 * noise))
    np.testing.assert_allclose(ready.scale, 1e-3, rtol=0.02)
    z = np.asarray(ready.train.values)
    np.testing.assert_allclose(z * ready.scale / 1e-3, noise - noise.mean(0), atol=0.02)


def test_many_short_recordings_are_dealt_whole():
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(20, 21, 3)), window=5)
    parts = [np.unique(data.series[part]).tolist() for part in split(data)]
    assert parts == [list(range(14)), [14, 15, 16], [17, 18, 19]]
    assert sum(map(len, split(data))) == data.n_windows


def test_long_recordings_are_each_cut_in_time():
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(3, 500, 2)), window=10)
    for part in split(data):
        assert np.unique(data.series[part]).tolist() == [0, 1, 2]


def test_two_recordings_of_which_one_is_short():
    labels = np.repeat([0, 1], [300, 12])
    values = np.random.default_rng(0).normal(size=(312, 2))
    parts = split(Dataset.from_array(values, series=labels, window=10))
    assert min(map(len, parts)) > 20


@pytest.mark.parametrize("shares", [(0.0, 0.5), (0.7, 0.3), (0.5, -0.1), (float("nan"), 0.1)])
def test_shares_are_checked(shares):
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(100, 2)), window=10)
    with pytest.raises(DataError, match="shares above 0"):
        split(data, *shares)


def test_too_few_steps_for_three_parts():
    data = Dataset.from_array(np.random.default_rng(0).normal(size=(29, 2)), window=10)
    with pytest.raises(DataError, match=r"20 windows of 10 steps in 29 rows.*Choose window <= 9,"):
        split(data)


def test_raw_values_are_only_cast():
    values = np.random.default_rng(0).normal(size=(100, 2)).astype("f4")
    ready = prepare(Dataset.from_array(values, window=10), standardize=False)
    np.testing.assert_array_equal(ready.train.values, values)
    assert ready.mean.tolist() == [0, 0]
    assert ready.scale.tolist() == [1, 1]


def test_a_constant_gets_scale_one():
    values = np.random.default_rng(0).normal(size=(100, 2))
    values[:, 1] = 0.1
    with pytest.warns(DataWarning, match="constant"):
        data = Dataset.from_array(values, window=10)
    ready = prepare(data)
    assert ready.scale[1] == 1.0
    np.testing.assert_array_equal(ready.train.values[:, 1], 0.0)


def test_a_sensor_installed_after_training_is_scaled_by_what_it_has():
    values = 1e4 + np.random.default_rng(0).normal(size=(200, 2))
    values[:150, 0] = np.nan
    with pytest.warns(DataWarning, match="'x0' has no observed training entry"):
        ready = prepare(Dataset.from_array(values, window=10))
    np.testing.assert_allclose(ready.mean[0], values[150:, 0].mean())
    assert float(abs(ready.test.values).max()) < 5


def test_values_beyond_float32_are_refused():
    values = np.random.default_rng(0).normal(size=(100, 2)) * [1, 1e40]
    with pytest.raises(DataError, match="'x1' leaves the range of float32"):
        prepare(Dataset.from_array(values, window=10), standardize=False)


def test_parts_share_the_series_on_the_device():
    values = np.random.default_rng(0).normal(size=(100, 2))
    ready = prepare(Dataset.from_array(values, window=10))
    assert ready.train.values is ready.validation.values is ready.test.values
    assert ready.train.mask is ready.test.mask
    assert ready.train.values.dtype == jax.numpy.float32


def test_deviation_over_several_blocks(monkeypatch):
    monkeypatch.setattr("jaxstable.data.standardize.BLOCK", 7)
    values = np.random.default_rng(0).normal(3.0, 2.0, size=(100, 3))
    values[::3, 1] = np.nan
    rows = np.arange(100) % 4 > 0
    mean, deviation = mean_and_deviation(values, rows)
    np.testing.assert_allclose(mean, np.nanmean(values[rows], axis=0), rtol=1e-13)
    np.testing.assert_allclose(deviation, np.nanstd(values[rows], axis=0), rtol=1e-13)


def test_covered_rows_keep_series_gaps_and_environments_apart():
    values = np.arange(40.0).reshape(20, 2)
    values[3, 1] = np.nan
    environment = np.repeat([0, 1], 10)
    data = Dataset.from_array(values, window=3, environment=environment)
    windows = dataclasses.replace(prepare(data, standardize=False).train, starts=np.array([0, 1, 12]))
    found = covered(data, windows)
    rows = [0, 1, 2, 3, 12, 13, 14]
    np.testing.assert_array_equal(found.values[found.mask], values[rows][~np.isnan(values[rows])])
    np.testing.assert_array_equal(found.mask, ~np.isnan(values[rows]))
    assert [len(set(found.series[:4])), len(set(found.series[4:])), len(set(found.series))] == [1, 1, 2]
    np.testing.assert_array_equal(found.environment, environment[rows])

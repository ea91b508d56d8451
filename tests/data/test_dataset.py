"""A data set keeps values, joints and labels as given, and cuts windows inside its series only."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset

RNG = np.random.default_rng(0)


def test_two_axes_are_one_series():
    data = Dataset.from_array(RNG.normal(size=(50, 3)), window=10, stride=4)
    assert (data.n_rows, data.n_vars, data.n_series, data.names) == (50, 3, 1, ("x0", "x1", "x2"))
    np.testing.assert_array_equal(data.starts, np.arange(0, 41, 4))
    assert data.starts.dtype == np.int32


def test_three_axes_are_a_series_each():
    values = RNG.normal(size=(3, 20, 2))
    data = Dataset.from_array(values, window=15, environment=["b", "a", "b"])
    np.testing.assert_array_equal(data.values.reshape(3, 20, 2), values)
    np.testing.assert_array_equal(data.starts, [*range(6), *range(20, 26), *range(40, 46)])
    np.testing.assert_array_equal(data.environment, np.repeat([1, 0, 1], 20))
    np.testing.assert_array_equal(data.series, np.repeat([0, 1, 2], 20))


def test_precut_windows_give_one_window_each():
    assert Dataset.from_array(RNG.normal(size=(80, 12, 6)), window=12).n_windows == 80


def test_mask_nan_sentinel_and_masked_array_all_mean_missing():
    values = np.arange(40.0).reshape(20, 2)
    values[0, 0] = np.nan
    mask = np.ones((20, 2))
    mask[1, 1] = 0
    hidden = np.ma.masked_equal(values, 4.0)
    with pytest.warns(DataWarning, match="mask is 1 at 1 place where values hold NaN"):
        data = Dataset.from_array(hidden, mask, window=5, missing=[7, -200])
    gone = {(0, 0), (1, 1), (2, 0), (3, 1)}
    assert {tuple(map(int, at)) for at in np.argwhere(~data.mask)} == gone
    np.testing.assert_array_equal(np.isnan(data.values), ~data.mask)
    assert data.missing_share == pytest.approx(0.1)


@pytest.mark.parametrize(("given", "kept"), [("f4", "f4"), ("f8", "f8"), ("f2", "f8"), ("i4", "f8")])
def test_float32_stays_and_the_rest_becomes_float64(given, kept):
    assert Dataset.from_array(RNG.integers(0, 50, (50, 2)).astype(given)).values.dtype == kept


def test_the_input_is_neither_changed_nor_shared():
    values = RNG.normal(size=(50, 2))
    before = values.copy()
    data = Dataset.from_array(values, mask=values > -1, window=10)
    np.testing.assert_array_equal(values, before)
    assert not np.shares_memory(values, data.values)
    with pytest.raises(ValueError, match="read-only"):
        data.values[0, 0] = 1.0


def test_truth_is_summarised_over_lags():
    lagged = np.zeros((3, 3, 3))
    lagged[0, 0, 1] = lagged[2, 1, 2] = lagged[1, 0, 0] = -0.5
    data = Dataset.from_array(RNG.normal(size=(50, 3)), truth=lagged)
    np.testing.assert_array_equal(data.truth, [[0, 1, 0], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(data.lagged_truth, lagged != 0)
    assert data.truth.dtype == bool


def test_summary_truth_has_no_lags():
    data = Dataset.from_array(RNG.normal(size=(50, 2)), truth=[[0, 1], [0, 0]])
    assert data.lagged_truth is None
    assert data.truth.sum() == 1


def test_a_gap_starts_a_series_of_the_same_recording():
    hours = np.r_[np.arange(30), np.arange(40, 60), np.arange(5, 25)]
    labels = ["one"] * 50 + ["two"] * 20
    time = np.datetime64("2024-03-01", "h") + hours
    data = Dataset.from_array(RNG.normal(size=(70, 2)), time=time, series=labels, window=15)
    np.testing.assert_array_equal(data.series, np.repeat([0, 1, 2], [30, 20, 20]))
    np.testing.assert_array_equal(data.recording, [0, 0, 1])
    np.testing.assert_array_equal(data.starts, [*range(16), *range(30, 36), *range(50, 56)])


def test_a_step_of_one_and_a_half_is_no_gap():
    time = np.r_[np.arange(30), 30.5 + np.arange(30)]
    assert Dataset.from_array(RNG.normal(size=(60, 2)), time=time).n_series == 1
    assert Dataset.from_array(RNG.normal(size=(60, 2)), time=time + (time > 30) * 0.1).n_series == 2


def test_with_window_shares_the_series():
    data = Dataset.from_array(RNG.normal(size=(50, 2)), window=10)
    other = data.with_window(20, stride=5)
    assert other.n_windows == 7
    assert other.values is data.values
    assert data.n_windows == 41
    with pytest.raises(DataError, match="window=51"):
        data.with_window(51)


def test_repr_is_one_short_line():
    data = Dataset.from_array(RNG.normal(size=(50, 2)), truth=[[0, 1], [0, 0]])
    expected = "Dataset(50 rows, 2 variables, 1 series, 0.0 % missing, 27 windows of 24, 1 true edge)"
    assert repr(data) == expected


def test_building_a_data_set_loads_neither_jax_nor_pandas():
    code = (
        "import sys, numpy as np; from jaxstable.data import sources; "
        "from jaxstable.data.dataset import Dataset; "
        "Dataset.from_array(np.random.default_rng(0).normal(size=(50, 2))).starts; "
        "print([m for m in ('jax', 'pandas', 'narwhals', 'pooch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("file", "window"), [("netsim/sim1", 24), ("dream3/size10_Ecoli1", 5)])
def test_real_trajectories_are_never_joined(shared, file, window):
    stored = np.load(shared / "data" / f"{file}.npz")
    values, graph = stored["X"], stored["A"]
    data = Dataset.from_array(values, truth=graph if graph.ndim == 2 else graph[0], window=window)
    count, steps = values.shape[:2]
    assert data.n_windows == count * (steps - window + 1)
    assert (data.series[data.starts] == data.series[data.starts + window - 1]).all()


def test_the_real_panel_keeps_its_missing_entries(shared):
    values = np.load(shared / "data" / "causaltime" / "aqi_real.npz")["X"]
    data = Dataset.from_array(values)
    assert data.missing_share == pytest.approx(np.isnan(values).mean())
    assert data.n_windows == len(values) - 23

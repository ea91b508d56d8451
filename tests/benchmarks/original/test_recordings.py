"""The original's data preparation and the reading of its recordings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmarks.original.recordings import SETUPS, difference, load_golden, load_series, load_uci, moments, standardize

UCI_LIKE = """Date;Time;CO(GT);T;;
10/03/2004;18.00.00;2,6;-200;;
10/03/2004;19.00.00;2;13,3;;
10/03/2004;20.00.00;-200;11;;
10/03/2004;21.00.00;1,5;-1,9;;
;;;;;
"""


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "air.csv"
    path.write_text(UCI_LIKE)
    return path


def recording(**changes):
    """Arrays of a one-case recording: 4 windows in 2 steps of 3, one epoch, of the unstable setup."""
    components = np.array([[[4.0, 0.5, 0.1, 2.0], [3.0, 0.4, 0.2, 1.0]]], np.float32)
    arrays = {
        "init.structure_learner.A_base": np.zeros((2, 2), np.float32),
        "init.structure_learner.temperature": np.float32(1.0),
        "order": np.array([[[3, 0, 1], [2, -1, -1]]], np.int32),
        "loss": (components @ np.array(SETUPS["before"].lambdas)).astype(np.float32),
        "grad_norm": np.array([[7.0, 5.0]], np.float32),
        "components": components,
    }
    return arrays | changes


def test_missing_entries_are_zero_and_empty_rows_stay(csv):
    series = load_series(csv)
    assert series.names == ("CO(GT)", "T")
    np.testing.assert_array_equal(series.values, np.float32([[2.6, 0], [2, 13.3], [0, 11], [1.5, -1.9], [0, 0]]))
    np.testing.assert_array_equal(series.mask, [[1, 0], [1, 1], [0, 1], [1, 1], [0, 0]])


def test_commas_separate_where_points_are_decimal(tmp_path):
    path = tmp_path / "plant.csv"
    path.write_text("time,flow,label\n2024-01-01,1.5,a\n2024-01-02,,b\n")
    series = load_series(path)
    assert series.names == ("flow",)
    np.testing.assert_array_equal(series.mask[:, 0], [1, 0])


def test_a_file_without_numbers_is_refused(tmp_path):
    path = tmp_path / "text.csv"
    path.write_text("a;b\nx;y\n")
    with pytest.raises(ValueError, match="no numeric column"):
        load_series(path)


def test_windows_have_stride_one_and_parts_no_gap(csv):
    data = load_uci(csv, window=2)
    assert data.values.shape == (4, 2, 2)
    assert (data.n_train, data.n_validation) == (2, 0)
    np.testing.assert_array_equal(data.values[1], np.float32([[2, 13.3], [0, 11]]))


def test_more_window_than_rows_is_refused(csv):
    with pytest.raises(ValueError, match="5 rows hold no two windows of 5"):
        load_uci(csv, window=5)


def test_moments_count_zeros_and_overlaps_of_training_windows_only():
    values = np.array([[[0.0], [2.0]], [[2.0], [4.0]], [[99.0], [99.0]]], np.float32)
    mean, scale = moments(values, n_train=2)
    assert mean[0] == 2.0
    assert scale[0] == pytest.approx(math.sqrt(8 / 3), rel=1e-6)
    np.testing.assert_allclose(standardize(values, 2)[0, 0, 0], -2 / math.sqrt(8 / 3), rtol=1e-6)


def test_the_case_is_told_by_its_lambdas_and_the_temperature_is_no_parameter(tmp_path):
    np.savez(tmp_path / "one.npz", **recording())
    (golden,) = load_golden(tmp_path / "one.npz")
    assert golden.case == "before"
    assert golden.n_train == 4
    assert list(golden.init) == ["structure_learner.A_base"]


def test_both_cases_of_a_prefixed_file(tmp_path):
    both = {f"{case}.{name}": value for case in SETUPS for name, value in recording().items()}
    np.savez(tmp_path / "both.npz", **both)
    assert [golden.case for golden in load_golden(tmp_path / "both.npz")] == ["stable", "before"]
    assert [golden.case for golden in load_golden(tmp_path / "both.npz", "before")] == ["before"]


def test_what_is_no_recording_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(ValueError, match="not a recording"):
        load_golden(tmp_path / "other.npz")
    np.savez(tmp_path / "stable.npz", **{f"stable.{name}": value for name, value in recording().items()})
    with pytest.raises(ValueError, match="no case 'before'; it holds \\['stable'\\]"):
        load_golden(tmp_path / "stable.npz", "before")


def test_data_that_do_not_fit_the_recording_are_refused(tmp_path, csv):
    np.savez(tmp_path / "one.npz", **recording())
    (golden,) = load_golden(tmp_path / "one.npz")
    with pytest.raises(ValueError, match="pass the recorded CSV with --data"):
        golden.windows()
    with pytest.raises(ValueError, match=r"2 training windows of 2 variables.* recorded on 4 of 2"):
        golden.windows(csv, window=2)


def test_the_values_in_a_recording_are_taken_as_they_stand_but_for_nan(tmp_path):
    values = np.ones((4, 2, 2), np.float32)
    values[0, 0] = [np.nan, 5.0]
    np.savez(tmp_path / "one.npz", **recording(X=values, M=np.zeros((4, 2, 2))))
    (golden,) = load_golden(tmp_path / "one.npz")
    assert golden.windows().values[0, 0].tolist() == [0.0, 5.0]


def test_difference_by_hand():
    recorded = np.full((2, 150), 2.0)
    replayed = recorded.copy()
    replayed[0, 0], replayed[1, 149] = 2.02, 4.0
    found = difference(recorded, replayed)
    assert found.first == pytest.approx(0.01)
    assert found.every == pytest.approx(1.0)
    assert found.epoch_means == pytest.approx(1 / 150)
    replayed[0, 3] = np.nan
    assert math.isinf(difference(recorded, replayed).first)

"""What cannot be trained on is refused with the name, what was found and the way out."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset

GOOD = np.random.default_rng(0).normal(size=(60, 2))
INF, DEAD = GOOD.copy(), GOOD.copy()
INF[3, 1], DEAD[:, 0] = np.inf, np.nan

REFUSED = {
    "one axis": (GOOD[:, 0], {}, r"1 axes.*\[time, variables\]"),
    "four axes": (GOOD[None, None], {}, "4 axes"),
    "ragged": ([[1.0, 2.0], [3.0]], {}, "ragged"),
    "no rows": (GOOD[:0], {}, "empty"),
    "one variable": (GOOD[:, :1], {}, "one variable"),
    "infinite": (INF, {}, "infinite values in column 'x1'.*NaN"),
    "all missing": (DEAD, {}, "'x0' has no observed entry"),
    "all declared missing": (GOOD * [0, 1] - [200, 0], {"missing": -200}, "'x0' has no observed"),
    "all masked": (GOOD, {"mask": np.repeat([[0, 1]], 60, 0)}, "'x0' has no observed entry"),
    "text": (GOOD.astype(str), {}, "not numeric"),
    "decimal comma": (np.array([["1,5", 2]] * 60, dtype=object), {}, "decimal comma"),
    "times": (GOOD.astype("M8[s]"), {}, "time='x0'"),
    "complex": (GOOD + 1j, {}, "not numeric"),
    "duplicate names": (GOOD, {"names": ["a", "a"]}, "duplicate column names 'a'"),
    "names count": (GOOD, {"names": ["a", "b", "c"]}, "3 entries for 2 variables"),
    "names one string": (GOOD, {"names": "ab"}, "names='ab': expected a list"),
    "empty name": (GOOD, {"names": ["a", ""]}, r"names\[1\] is empty"),
    "mask shape": (GOOD, {"mask": np.ones(60)}, r"mask has shape \(60,\), values \(60, 2\)"),
    "mask values": (GOOD, {"mask": GOOD}, "other values than 0 and 1"),
    "truth shape": (GOOD, {"truth": np.zeros((3, 3))}, r"truth has shape \(3, 3\)"),
    "truth loop": (GOOD, {"truth": np.diag([0, 1])}, "self loop at 'x1'.*fill_diagonal"),
    "truth loop at lag 0": (GOOD, {"truth": np.eye(2)[None]}, "self loop"),
    "truth NaN": (GOOD, {"truth": np.full((2, 2), np.nan)}, "finite"),
    "window 1": (GOOD, {"window": 1}, "window=1.*>= 2"),
    "window float": (GOOD, {"window": 8.0}, "window=8.0"),
    "window bool": (GOOD, {"window": True}, "window=True"),
    "stride 0": (GOOD, {"stride": 0}, "stride=0.*>= 1"),
    "names": (GOOD, {"names": 5}, "names=5: expected a list"),
    "ragged mask": (GOOD, {"mask": [[1, 0], [1]]}, "mask is ragged"),
    "time of three axes": (np.stack([GOOD, GOOD]), {"time": range(7)}, r"time has shape \(7,\)"),
    "huge integer": ([[1, 10**400], [2, 3]], {}, "row 0 holds an integer beyond float64"),
    "too few steps": (GOOD, {"window": 61}, "has 60 steps, window=61. Choose window <= 20"),
    "transposed": (GOOD.T, {}, "transpose"),
    "sentinel text": (GOOD, {"missing": "none"}, "missing='none'"),
    "environment count": (GOOD, {"environment": ["a"]}, "environment has shape"),
    "environment missing": (GOOD, {"environment": [None] * 60}, "environment has missing labels"),
    "series mixed": (GOOD, {"series": [0, 1] * 30}, "not together"),
    "time count": (GOOD, {"time": [0]}, "time has shape"),
    "time unsorted": (GOOD, {"time": np.arange(60)[::-1]}, "runs backwards.*sort"),
    "time repeated": (GOOD, {"time": np.arange(60) // 2}, "repeats at row 1"),
    "time missing": (GOOD, {"time": np.where(np.arange(60) == 5, np.nan, 1.0)}, "missing at row 5"),
    "time text": (GOOD, {"time": ["soon"] * 60}, "row 0 is 'soon': expected a date such as 2024-03-31T18:00"),
    "no such date": (GOOD, {"time": ["2024-13-45"] * 60}, "row 0 is '2024-13-45', which does not exist"),
    "dataframe": (type("Frame", (), {"columns": []})(), {}, "from_dataframe"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    values, arguments, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        Dataset.from_array(values, **{"window": 10, **arguments})


def test_three_axes_take_no_series_labels():
    with pytest.raises(DataError, match="three axes"):
        Dataset.from_array(GOOD.reshape(2, 30, 2), series=[0, 1], window=10)


def test_infinity_under_the_mask_is_missing():
    data = Dataset.from_array(INF, mask=np.isfinite(INF), window=10)
    assert np.isnan(data.values[3, 1])
    assert not data.mask[3, 1]


def test_objects_that_are_numbers_are_read():
    objects = np.array([[1, None], [2.5, 4], [True, 7]] * 10, dtype=object)
    data = Dataset.from_array(objects, window=5)
    np.testing.assert_array_equal(data.values[:3], [[1, np.nan], [2.5, 4], [1, 7]])


def test_warns_when_most_rows_are_in_too_short_series():
    time = np.concatenate([np.arange(9) + 100 * k for k in range(4)] + [np.arange(1000, 1024)])
    with pytest.warns(DataWarning, match="only 24 of 60 rows"):
        Dataset.from_array(GOOD, time=time, window=10)


def test_a_warning_points_at_the_line_of_the_user():
    with pytest.warns(DataWarning) as caught:
        Dataset.from_array(GOOD * [0, 1], window=10)
    assert caught[0].filename == __file__

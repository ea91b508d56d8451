"""Hostile calls: each ends in finite numbers or in an error of ours that names the argument, soon and in few words."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

GOOD = np.random.default_rng(0).normal(size=(60, 3))
STEPS = np.arange(60)
PAUSE = np.r_[:30, 10**9 : 10**9 + 30]


def hidden(values, where):
    return np.ma.masked_array(values, mask=where)


REFUSED = {
    "names in no order": ({"names": {"a", "b", "c"}}, "names="),
    "names of bytes": ({"names": b"abc"}, "names="),
    "names without end": ({"names": itertools.count()}, "names has over 3 entries"),
    "too many names": ({"names": list("abcd")}, "names has 4 entries"),
    "names of a million letters": ({"names": ["a" * 10**6, "a" * 10**6, "b"]}, "duplicate column names 'aaa"),
    "units of a number": ({"units": 5}, "units=5"),
    "units without a length": ({"units": (unit for unit in "abc")}, "units=<generator"),
    "a unit of broken text": ({"units": {"x0": "\ud800"}}, "units: .* broken text"),
    "hidden labels": ({"environment": hidden(STEPS // 30, STEPS > 30)}, "environment has missing labels"),
    "hidden words": ({"environment": hidden(np.array(["a"] * 60), STEPS > 30)}, "environment has missing labels"),
    "a hidden moment": ({"time": hidden(STEPS, STEPS == 5)}, "time is missing at row 5"),
    "a hidden date": ({"time": hidden(STEPS.astype("M8[h]"), STEPS == 5)}, "time is missing at row 5"),
    "a hidden mask": ({"mask": hidden(GOOD > 0, GOOD > 1)}, "mask holds other values"),
    "a hidden truth": ({"truth": hidden(np.eye(3, k=1), np.eye(3) > 0)}, "truth must hold finite numbers"),
    "time without end": ({"time": STEPS * 1e300}, "time at row 1 is 1e.300, too far"),
    "time beyond signed integers": ({"time": STEPS.astype("u8") + np.uint64(2**63)}, "time at row 0 is .* too far"),
    "years beyond microseconds": ({"time": (STEPS * 10**6).astype("M8[Y]")}, "time at row 1 is .* too far"),
    "picoseconds": ({"time": STEPS.astype("M8[ps]")}, r"time is of type datetime64\[ps\]"),
    "a step without end": ({"time": STEPS, "resample": np.inf}, "resample=inf"),
    "a step of nothing": ({"time": STEPS, "resample": 1e-300}, "resample=1e-300"),
    "a pause filled to the brim": ({"time": PAUSE, "max_gap": 10**12}, r"max_gap=1e\+12 steps: 1e\+09 rows"),
    "a pause filled without end": ({"time": PAUSE, "max_gap": np.inf}, r"max_gap=inf steps"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name_in_few_words(case):
    arguments, message = REFUSED[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=message) as refusal:
            Dataset.from_array(GOOD, window=6, **arguments)
    assert len(str(refusal.value)) < 1000


def test_a_cell_of_a_million_letters_is_refused_in_few_words():
    cells = GOOD.astype(object)
    cells[3, 1] = "a" * 10**6
    with pytest.raises(DataError, match="column 'x1' is not numeric: row 3 holds 'aaa") as refusal:
        Dataset.from_array(cells, window=6)
    assert len(str(refusal.value)) < 1000


def test_columns_in_no_order_are_refused():
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="columns="):
        Dataset.from_dataframe(pandas.DataFrame(GOOD, columns=list("abc")), columns={"a", "b"})


def test_a_step_longer_than_all_rows_leaves_one():
    with pytest.raises(DataError, match="longest of 1 series has 1 steps"):
        Dataset.from_array(GOOD, window=6, time=STEPS, resample=1e300)


def test_a_clock_of_nanoseconds_since_a_start_keeps_its_steps():
    data = Dataset.from_array(GOOD, window=6, time=STEPS.astype("m8[ns]"))
    assert len(data.values) == 60
    assert ("step", "1 ns") in data.understood


@pytest.mark.parametrize(
    "values",
    [
        GOOD[::-1, ::-1],
        np.asfortranarray(GOOD),
        GOOD.astype(">f8"),
        np.frombuffer(GOOD.tobytes()).reshape(60, 3),
        np.broadcast_to(GOOD[:, :1] + [0, 1e-3, 1], (60, 3)),
        GOOD.astype("f2"),
        GOOD > 0,
    ],
    ids=["reversed", "fortran", "big endian", "read only", "broadcast", "half", "boolean"],
)
def test_any_layout_in_memory_is_copied(values):
    data = Dataset.from_array(values, window=6)
    np.testing.assert_array_equal(data.values, values.astype(float))
    assert not np.shares_memory(data.values, values)

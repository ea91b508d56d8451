"""Dataframes of three libraries give the same data set, and say what they cannot."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

N = 60
A, B = np.random.default_rng(0).normal(size=(2, N))
HOURS = [dt.datetime(2024, 3, 30) + dt.timedelta(hours=i + 5 * (i > 30)) for i in range(N)]
COLUMNS = {"t": HOURS, "a": A, "b": B, "place": ["x"] * 40 + ["y"] * 20}
MAKERS = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def read(frame, **arguments):
    return Dataset.from_dataframe(frame, **{"window": 10, **arguments})


@pytest.mark.parametrize("library", MAKERS)
def test_three_libraries_agree(library):
    data = read(MAKERS[library](COLUMNS), time="t", environment="place")
    np.testing.assert_array_equal(data.values, np.stack([A, B], axis=1))
    np.testing.assert_array_equal(data.series, np.arange(N) > 30)
    np.testing.assert_array_equal(data.environment, np.arange(N) >= 40)
    assert data.names == ("a", "b")


@pytest.mark.parametrize("library", MAKERS)
def test_null_and_nan_are_missing(library):
    column = [None if i % 5 == 0 else float(i) for i in range(N)]
    data = read(MAKERS[library]({"a": column, "b": np.where(np.arange(N) == 3, np.nan, B)}))
    np.testing.assert_array_equal(~data.mask[:, 0], np.arange(N) % 5 == 0)
    np.testing.assert_array_equal(~data.mask[:, 1], np.arange(N) == 3)


@pytest.mark.parametrize("library", MAKERS)
def test_float32_is_kept_if_every_column_is(library):
    short = A.astype("f4")
    assert read(MAKERS[library]({"a": short, "b": short[::-1]})).values.dtype == np.float32
    assert read(MAKERS[library]({"a": short, "b": B})).values.dtype == np.float64


NUMERIC = {
    "nullable integers": pd.array([None, 1, 2] * 20, dtype="Int64"),
    "nullable floats": pd.array([None, 1.0, 2.0] * 20, dtype="Float64"),
    "nullable booleans": pd.array([None, True, False] * 20, dtype="boolean"),
    "objects with NA": pd.Series([pd.NA, 1, 2.0] * 20, dtype=object),
    "decimals": pd.Series([None, Decimal("1"), Decimal("2.5")] * 20, dtype=object),
}


@pytest.mark.parametrize("case", NUMERIC)
def test_pandas_types_that_are_numbers(case):
    data = read(pd.DataFrame({"a": NUMERIC[case], "b": B}))
    np.testing.assert_array_equal(~data.mask[:, 0], np.arange(N) % 3 == 0)
    assert data.values[1, 0] == 1.0


TIMES = {
    "zone": pd.Series(pd.date_range("2024-03-30", periods=N, freq="h", tz="Europe/Rome")),
    "nanoseconds": pd.Series(pd.date_range("2024-03-30", periods=N, freq="ns")),
    "text": pd.Series(HOURS).astype(str).where(np.arange(N) <= 30, "2024-03-31T06:00:00Z")[:31],
    "dates": pl.Series([dt.date(2024, 2, 20) + dt.timedelta(days=i) for i in range(N)]),
    "numbers": pd.Series(0.25 * np.arange(N)),
}


@pytest.mark.parametrize("case", TIMES)
def test_regular_times_of_every_type_are_one_series(case):
    time = TIMES[case]
    make = pl.DataFrame if isinstance(time, pl.Series) else pd.DataFrame
    n = len(time)
    assert read(make({"t": time, "a": A[:n], "b": B[:n]}), time="t").n_series == 1


def test_a_datetime_index_is_the_time():
    frame = pd.DataFrame({"a": A, "b": B}, index=pd.DatetimeIndex(HOURS))
    assert read(frame).n_series == 2
    assert read(frame.reset_index(drop=True)).n_series == 1


def test_series_column_and_chosen_variables():
    frame = pd.DataFrame(COLUMNS)
    frame["t"] = list(range(40)) + list(range(20))
    data = read(frame, time="t", series="place", columns=["b", "a"])
    assert data.names == ("b", "a")
    assert data.n_series == 2


def test_columns_named_by_numbers():
    assert read(pd.DataFrame(np.stack([A, B], axis=1))).names == ("0", "1")


def test_row_numbers_that_pandas_leaves_in_arrow_are_no_variable():
    frame = pd.DataFrame({"a": A, "b": B}).drop(index=[3])
    assert read(pa.Table.from_pandas(frame)).names == ("a", "b")


REFUSED = {
    "text": ({"a": ["low", "high"] * 30, "b": B}, {}, "'a' is not numeric: row 0 holds 'low'"),
    "a clock and one sensor": (
        {"a": HOURS, "b": B},
        {},
        "the only variable is 'b': .* at least two columns; clock: 'a' .the first",
    ),
    "one word": ({"a": ["low"] * N, "b": B}, {}, "columns left out: 1 column: 'a' .the same word in every row"),
    "unknown time": ({"a": A, "b": B}, {"time": "zeit"}, "time='zeit' is not a column.*'a', 'b'"),
    "unknown variable": ({"a": A, "b": B}, {"columns": ["a", "z"]}, "'z' not found"),
    "one variable": ({"a": A, "b": B}, {"columns": ["a"]}, "at least two columns"),
    "all null": ({"a": [None] * N, "b": B}, {}, "columns left out: 1 column: 'a' .holds no entry"),
    "all null, chosen": ({"a": [None] * N, "b": B}, {"columns": ["a", "b"]}, "'a' has no observed entry"),
    "missing label": ({"a": A, "b": B, "e": ["x", None] * 30}, {"environment": "e"}, "missing labels"),
    "missing time": ({"a": A, "b": B, "t": [None, *HOURS[1:]]}, {"time": "t"}, "'t' has 1 missing"),
}


@pytest.mark.parametrize("library", MAKERS)
@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, library):
    columns, arguments, message = REFUSED[case]
    with pytest.raises(DataError, match=message):
        read(MAKERS[library](columns), **arguments)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(np.stack([A, B], axis=1), columns=["a", "a"]),
        pa.Table.from_arrays([pa.array(A), pa.array(B)], names=["a", "a"]),
    ],
    ids=["pandas", "pyarrow"],
)
def test_duplicate_names(frame):
    with pytest.raises(DataError, match=r"duplicate column names.*'a'"):
        read(frame)


@pytest.mark.parametrize("frame", [A, {"a": A}], ids=["array", "dict"])
def test_what_is_no_dataframe(frame):
    with pytest.raises(DataError, match="expected a pandas, polars, pyarrow, DuckDB or xarray table"):
        read(frame)


def test_integers_are_checked_before_they_are_cast():
    with pytest.warns(DataWarning, match="'a' holds integers above 2"):
        read(pl.DataFrame({"b": B, "a": 2**60 + 1000 * np.arange(N)}))

"""Rows of the fault matrix that concern what comes in: each ends in the right data, or in one clear refusal."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset

RNG = np.random.default_rng(0)
GOOD = RNG.normal(size=(60, 3))


def build(values=GOOD, **arguments):
    return Dataset.from_array(values, **{"window": 10, "names": list("abc"), **arguments})


def chain(n_rows=400):
    """a drives b, b drives c, one step later each."""
    values = np.random.default_rng(1).normal(size=(n_rows, 3))
    for row in range(1, n_rows):
        values[row, 1:] += 0.8 * values[row - 1, :2]
    return values


@pytest.mark.fault(1)
def test_nan_without_a_mask_is_missing():
    holes = GOOD.copy()
    holes[[3, 5], [0, 2]] = np.nan
    data = build(holes)
    np.testing.assert_array_equal(data.mask, ~np.isnan(holes))
    assert data.missing_share == pytest.approx(2 / 180)


@pytest.mark.fault(2)
def test_nan_where_the_mask_says_observed_is_counted():
    holes = GOOD.copy()
    holes[[3, 5], [0, 2]] = np.nan
    with pytest.warns(DataWarning, match="mask is 1 at 2 places where values hold NaN"):
        data = build(holes, mask=np.ones_like(holes))
    assert not data.mask[3, 0]


@pytest.mark.fault(3)
def test_infinity_is_refused_by_name_or_missing_under_the_mask():
    endless = GOOD.copy()
    endless[4, 1] = -np.inf
    with pytest.raises(DataError, match="infinite values in column 'b'"):
        build(endless)
    assert np.isnan(build(endless, mask=np.isfinite(endless)).values[4, 1])


@pytest.mark.fault(4)
def test_a_column_without_an_entry_is_refused_by_name():
    with pytest.raises(DataError, match="column 'c' has no observed entry"):
        build(np.where([True, True, False], GOOD, np.nan))


@pytest.mark.fault(4)
def test_a_column_without_a_training_entry_is_named():
    from jaxstable.data.split import prepare

    late = GOOD.copy()
    late[:50, 2] = np.nan
    with pytest.warns(DataWarning, match="column 'c' has no observed training entry"):
        prepared = prepare(build(late, window=3))
    assert np.isfinite(prepared.scale).all()


@pytest.mark.fault(7)
def test_integers_that_float64_cannot_hold_are_named():
    counts = RNG.integers(0, 90, (60, 3))
    np.testing.assert_array_equal(build(counts).values, counts)
    counts[:, 1] += 2**53 + 1
    with pytest.warns(DataWarning, match=r"column 'b' holds integers above 2\^53"):
        build(counts)


@pytest.mark.fault(7)
def test_arrow_integers_that_float64_cannot_hold_are_named():
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"a": 2**60 + 1000 * RNG.integers(0, 90, 60), "b": GOOD[:, 1]})
    with pytest.warns(DataWarning, match=r"column 'a' holds integers above 2\^53"):
        Dataset.from_dataframe(table, window=10)


@pytest.mark.fault(8)
def test_a_small_spread_at_a_large_offset_gives_the_same_graph():
    from jaxstable import discover

    values = chain()
    plain = discover(build(values), draws=0, max_lag=1, progress=False)
    moved = discover(build(1e6 + 1e-3 * values), draws=0, max_lag=1, progress=False)
    np.testing.assert_array_equal(moved.graph, plain.graph)
    assert plain.graph[0, 1]


@pytest.mark.fault(9)
def test_text_is_refused_with_column_and_row(tmp_path):
    texts = GOOD.astype(object)
    texts[7, 1] = "off line"
    with pytest.raises(DataError, match="column 'b' is not numeric: row 7 holds 'off line'"):
        build(texts)
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 30 + "1,what\n" + "1,2\n" * 30)
    with pytest.raises(DataError, match="'b' is not numeric: line 32 holds 'what'"):
        Dataset.from_file(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("values", "arguments", "message"),
    [
        pytest.param(GOOD[:, 0], {}, "1 axes", marks=pytest.mark.fault(10)),
        pytest.param(GOOD[None, None], {}, "4 axes", marks=pytest.mark.fault(10)),
        pytest.param(GOOD, {"mask": np.ones((3, 60))}, "mask has shape", marks=pytest.mark.fault(11)),
        pytest.param(GOOD, {"mask": np.full(GOOD.shape, 2)}, "other values than 0 and 1", marks=pytest.mark.fault(12)),
        pytest.param(GOOD, {"window": 61}, "Choose window <= 20", marks=pytest.mark.fault(16)),
        pytest.param(GOOD[:, :1], {"names": None}, "one variable", marks=pytest.mark.fault(18)),
        pytest.param(GOOD, {"names": [1, "1", "b"]}, "duplicate column names '1'", marks=pytest.mark.fault(20)),
        pytest.param(GOOD, {"names": ["a", " a", "b"]}, "duplicate column names 'a'", marks=pytest.mark.fault(20)),
        pytest.param(GOOD, {"names": ["a", "b", "\ud800"]}, r"'\\ud800' is broken text", marks=pytest.mark.fault(21)),
        pytest.param(GOOD, {"time": np.r_[0:30, 20:50]}, "backwards at row 30", marks=pytest.mark.fault(22)),
        pytest.param(GOOD, {"time": np.r_[0:31, 30:59]}, "repeats at row 31", marks=pytest.mark.fault(22)),
        pytest.param(
            GOOD,
            {"time": np.array(["2024-01-01"] * 5 + ["NaT"] + ["2024-01-01"] * 54, "M8[s]")},
            "missing at row 5",
            marks=pytest.mark.fault(22),
        ),
    ],
)
def test_refused_with_the_way_out(values, arguments, message):
    with pytest.raises(DataError, match=message):
        build(values, **arguments)


@pytest.mark.fault(13)
@pytest.mark.parametrize("times", [2, 3, 30])
def test_an_undeclared_code_is_named_and_never_masked(times):
    values = RNG.normal(size=(2000, 3))
    values[:times, 1] = -999
    with pytest.warns(DataWarning, match="-999 repeats far outside the rest of column 'b'"):
        data = build(values)
    assert data.mask.all()


@pytest.mark.fault(14)
@pytest.mark.parametrize("scale", [1e200, 1e-200, 1e100, -1e-100])
def test_a_unit_beyond_all_reason_is_refused_by_name(scale):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=r"column 'b' reaches .* in size"):
            build(GOOD * [1, scale, 1])


@pytest.mark.fault(14)
@pytest.mark.parametrize("scale", [1e12, 1e-12, 1e30, 1e-30])
def test_another_unit_gives_the_same_graph(scale):
    from jaxstable import discover

    values = chain()
    plain = discover(build(values), draws=0, max_lag=1, progress=False)
    other = discover(build(values * [1, scale, 1]), draws=0, max_lag=1, progress=False)
    np.testing.assert_array_equal(other.graph, plain.graph)


@pytest.mark.fault(17)
def test_no_window_to_validate_on_is_refused_with_the_way_out():
    from jaxstable.data.split import split

    with pytest.raises(DataError, match="Choose window <= 20"):
        split(build(window=40))
    assert len(split(build(window=20)).validation)


@pytest.mark.fault(21)
@pytest.mark.parametrize("name", ["Größe", "温度", "<b>a</b>", "=1+1", "a\tb", "🌡"])
def test_odd_names_are_kept(name):
    assert build(names=["a", "b", name]).names[2] == name


@pytest.mark.fault(25)
def test_the_rows_of_a_truth_frame_are_matched_by_name():
    pd = pytest.importorskip("pandas")
    truth = pd.DataFrame(np.zeros((3, 3)), index=list("abc"), columns=list("abc"))
    truth.loc["a", "b"] = 1
    for rows in ("abc", "cab"):
        for columns in ("abc", "bca"):
            data = build(truth=truth.loc[list(rows), list(columns)])
            assert np.argwhere(data.truth).tolist() == [[0, 1]]
    with pytest.raises(DataError, match="rows named 'a' more than once"):
        build(truth=truth.loc[["a", "b", "c", "a"]])
    with pytest.raises(DataError, match="columns named 'b' more than once"):
        build(truth=truth.loc[:, ["a", "b", "b", "c"]])
    with pytest.raises(DataError, match="rows of truth are not the variables: 'd'"):
        build(truth=truth.rename(index={"a": "d"}))


@pytest.mark.fault(25)
def test_a_graph_file_with_a_row_or_a_column_twice_is_refused(tmp_path):
    file = tmp_path / "graph.csv"
    file.write_text(",a,b,c\na,0,1,0\nb,0,0,1\nc,0,0,0\na,0,0,1\n")
    with pytest.raises(DataError, match="line 5 is the second row for 'a'"):
        build(truth=file)
    file.write_text(",a,b,b,c\na,0,1,0,0\nb,0,0,0,1\nc,0,0,0,0\n")
    with pytest.raises(DataError, match="duplicate column names 'b'"):
        build(truth=file)


@pytest.mark.fault(26)
def test_a_truth_with_a_loop_or_a_cycle_at_lag_0_is_refused():
    with pytest.raises(DataError, match="self loop at 'b'"):
        build(truth=np.diag([0, 1, 0]))
    lagged = np.zeros((2, 3, 3))
    lagged[0, 0, 1] = lagged[0, 1, 2] = lagged[1, 2, 0] = 1
    assert build(truth=lagged).truth.sum() == 3
    lagged[0, 2, 0] = 1
    with pytest.raises(DataError, match="cycle at lag 0 through 'a', 'b', 'c'"):
        build(truth=lagged)


class Missing:
    """Stands for pandas' NA where pandas is not installed: it refuses to be true or false."""

    def __bool__(self):
        raise TypeError("ambiguous")

    def __ne__(self, other):
        return self


Missing.__name__ = "NAType"

RAW = {  # what ended in an error of another library, or leaked a warning of numpy
    "a code without end": (GOOD, {"missing": 10**400}, "missing=an integer of 1329 bits is beyond float64"),
    "ragged labels": (GOOD, {"series": [[1], [2, 3]]}, "series is ragged"),
    "a stride without end": (GOOD, {"stride": 10**30}, "stride=10+: expected"),
    "a window without end": (GOOD, {"window": 10**5000}, "window=an integer of"),
    "labels of NA": (GOOD, {"environment": np.array([Missing()] * 60, object)}, "environment has missing labels"),
    "longdouble": (np.full((60, 3), np.longdouble("1e400")), {}, "numbers beyond float64"),
}


@pytest.mark.parametrize("case", RAW)
def test_what_was_a_raw_error_is_ours(case):
    values, arguments, message = RAW[case]
    if case == "longdouble" and np.finfo(np.longdouble).max <= np.finfo(np.float64).max:
        pytest.skip("no longer floats on this machine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=message):
            build(values, **arguments)


def test_masked_among_objects_is_missing_and_a_code_beyond_float32_is_met_by_nothing():
    objects = GOOD.astype(object)
    objects[2, 1] = np.ma.masked
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not build(objects).mask[2, 1]
        assert build(GOOD.astype("f4"), missing=1e300).mask.all()


@pytest.mark.parametrize(("field", "value"), [("columns", 5), ("columns", "ab"), ("time", 5), ("series", 2.5)])
def test_what_names_no_column_is_refused(tmp_path, field, value):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(GOOD, columns=list("abc"))
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=f"{field}="):
        Dataset.from_dataframe(frame, **{field: value})
    with pytest.raises(DataError, match=f"{field}="):
        Dataset.from_file(tmp_path / "a.csv", **{field: value})


def test_a_frame_of_integers_without_a_row_is_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(DataError, match="no rows"):
        Dataset.from_dataframe(pd.DataFrame({"a": [1], "b": [2]}).iloc[:0])


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_code_is_met_in_the_precision_of_the_column(dtype):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(20 + GOOD, columns=list("abc"))
    frame.iloc[::6, 0] = -99.99
    data = Dataset.from_dataframe(frame.astype({"a": dtype}), window=10, missing=-99.99)
    assert (~data.mask).sum(axis=0).tolist() == [10, 0, 0]

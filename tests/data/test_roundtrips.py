"""What pandas, polars and R write is read back equal, whatever the dialect; advice that messages give works."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.data.checks import DataError
from jaxstable.data.clocks import read_clock
from jaxstable.data.dataset import Dataset
from jaxstable.data.layout import look
from jaxstable.data.regular import Rows, filled, resampled

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

CELLS = st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda v: round(v, 4)), st.integers(-(10**6), 10**6))
FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d-%b-%Y %H:%M",
    "%Y%m%d%H%M",
)


@st.composite
def tables(draw):
    count = draw(st.integers(2, 4))
    rows = draw(st.lists(st.tuples(*[CELLS] * count), min_size=12, max_size=30))
    values = np.array([[np.nan if cell is None else float(cell) for cell in row] for row in rows])
    values[[0, -1]] = 0.5 + np.arange(count)  # no column is empty, and no row at the end, where such are left out
    values[np.abs(values) < 1e-4] = 0.25
    return values


@given(
    values=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    writer=st.sampled_from(["pandas", "polars", "R", "quoted"]),
    form=st.sampled_from([None, *FORMS]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_tables_are_read_back_equal(tmp_path_factory, values, delimiter, decimal, writer, form, encoding):
    if delimiter == "," and decimal == ",":
        writer = "quoted"
    frame = pd.DataFrame(values, columns=[f"säule {i}" for i in range(values.shape[1])])
    time = pd.date_range("2024-01-20", periods=len(frame), freq="7h")
    text = io.StringIO()
    stamped = frame if form is None else frame.assign(zeit=time.strftime(form))
    if writer == "polars" and decimal == ".":
        text.write(
            pl.from_pandas(stamped).with_columns(pl.selectors.float().fill_nan(None)).write_csv(separator=delimiter)
        )
    elif writer == "R":
        stamped.to_csv(text, sep=delimiter, decimal=decimal, quoting=csv.QUOTE_NONNUMERIC, na_rep="NA")
        text = io.StringIO(text.getvalue().replace(f'""{delimiter}', "", 1))  # R names no column of row names
    else:
        quoting = csv.QUOTE_ALL if writer == "quoted" else csv.QUOTE_MINIMAL
        stamped.to_csv(text, sep=delimiter, decimal=decimal, index=False, quoting=quoting)
    file = tmp_path_factory.mktemp("table") / "a.csv"
    file.write_bytes(text.getvalue().encode(encoding))
    data = Dataset.from_file(file, window=3, time=None if form is None else "zeit", decimal=decimal)
    assert data.names == tuple(frame.columns)
    np.testing.assert_array_equal(data.values, values)
    assert data.step == (None if form is None else "7 h")


@given(
    seconds=st.lists(st.integers(-(2**31), 2**33), min_size=2, max_size=20, unique=True),
    form=st.sampled_from(FORMS[:2]),
)
def test_instants_are_read_back_equal(seconds, form):
    time = np.sort(np.array(seconds, "M8[s]")).astype("M8[m]")
    texts = [t.astype("M8[s]").item().strftime(form) for t in time]
    np.testing.assert_array_equal(read_clock(texts).time, time)


@given(kept=st.lists(st.booleans(), min_size=30, max_size=60), most=st.integers(1, 6))
def test_filling_puts_back_exactly_the_short_holes(kept, most):
    kept = np.array([True, *kept, True])
    ticks = np.flatnonzero(kept)
    steps = np.diff(ticks)
    rows = Rows(ticks[:, None] * np.ones(2), ticks, np.zeros(len(ticks), int), None)
    full, added = filled(rows, most)
    usual = np.median(steps)
    if usual != 1:
        return
    assert added == (steps[steps <= most] - 1).sum()
    seen = ~np.isnan(full.values[:, 0])
    np.testing.assert_array_equal(full.values[seen, 0], ticks)
    np.testing.assert_array_equal(full.time[seen], ticks)


@given(step=st.integers(1, 9), count=st.integers(5, 60))
def test_resampling_averages_every_reading_once(step, count):
    rng = np.random.default_rng(count)
    values = np.where(rng.random((count, 2)) < 0.2, np.nan, rng.normal(size=(count, 2)))
    series = (np.arange(count) >= count // 2).astype(np.int32)
    rows = Rows(values, np.arange(count), series, None)
    out = resampled(rows, step)
    for row, (bin_start, label) in enumerate(zip(out.time, out.series, strict=True)):
        inside = values[(rows.time >= bin_start) & (rows.time < bin_start + step) & (series == label)]
        for column in range(2):
            seen = inside[:, column][~np.isnan(inside[:, column])]
            expected = seen.mean() if len(seen) else np.nan
            assert out.values[row, column] == pytest.approx(expected, nan_ok=True)


BAD, FORM = {"missing": "Bad Input"}, {"time_format": "day %j"}
ADVICE = {  # a text, how it is read, what the refusal says, and that way out
    "two clocks": ("Day,C,a,b\n", "{d:%d/%m/%Y},{d:%H:%M},", {"time": "Day"}, "time='Day,C'", {"time": "Day,C"}),
    "text for missing": (
        "t,a,b\n",
        "{i},",
        {"time": "t"},
        "missing='Bad Input'",
        {"time": "t", "missing": "Bad Input"},
    ),
    "two readings": ("t;a;b\n", "{i};", {"time": "t"}, "decimal=','", {"time": "t", "decimal": ","}),
    "a clock of its own": (
        "x,a,b\n",
        "day {i:03},",
        {"time": "x"},
        "time_format=",
        {"time": "x", "time_format": "day %j"},
    ),
    "repeats": ("time,a,b\n", "{e:%Y-%m-%d %H:%M},", {}, "resample='1min'", {"resample": "1min", "window": 5}),
    "words": ("a,b,note\n", "", {}, r"columns=\['-note'\]", {"columns": ["-note"]}),
}


@pytest.mark.parametrize("case", ADVICE)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_what_a_refusal_says_to_do_works(tmp_path, case):
    header, first, wrong, says, right = ADVICE[case]
    mark = ";" if ";" in header else ","
    rows = []
    for i in range(1, 41):
        a = {"text for missing": "Bad Input" if i % 9 == 0 else f"{i % 7}.5", "two readings": f"1.{100 + i}"}.get(
            case, f"{i % 7}.5"
        )
        hour = pd.Timestamp("2024-03-12") + pd.Timedelta(hours=i)
        twice = pd.Timestamp("2024-03-12") + pd.Timedelta(minutes=i // 2)
        last = f"{mark}ok so {i}" if case == "words" else ""
        rows.append(first.format(i=i, d=hour, e=twice) + f"{a}{mark}{i % 5 + 3}{last}\n")
    (tmp_path / "a.csv").write_text(header + "".join(rows))
    with pytest.raises(DataError, match=says):
        Dataset.from_file(tmp_path / "a.csv", **{"window": 5, **wrong})
    assert Dataset.from_file(tmp_path / "a.csv", **{"window": 5, **right}).n_vars == 2


def test_a_comma_in_numbers_is_no_delimiter_where_the_names_have_another(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("flow [m3/h];level\n" + "".join(f"{day},5;{day % 7},25\n" for day in range(1, 29)))
    data = Dataset.from_file(path, window=5)
    assert (data.names, data.units) == (("flow", "level"), {"flow": "m3/h"})
    np.testing.assert_array_equal(data.values[:3], [[1.5, 1.25], [2.5, 2.25], [3.5, 3.25]])
    path.write_text("time;flow\n" + "".join(f"2024-03-{day:02};{day},5\n" for day in range(1, 29)))
    assert dict(look(path.read_text()).notes)["delimiter"] == "semicolon"

"""CSV, Parquet and graph files give the table they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.data.delimited import read_delimited
from jaxstable.data.layouts import names
from jaxstable.data.reading import Reading
from jaxstable.data.truth import read_graph

A = np.round(np.random.default_rng(0).normal(size=40), 3)
B = np.round(np.random.default_rng(1).normal(size=40), 3)


def lines(rows, header="t,a,b", end="\n"):
    return end.join([header, *rows]) + end


def rows(mark=",", decimal="."):
    cells = ([str(i), str(a), str(b)] for i, (a, b) in enumerate(zip(A, B, strict=True)))
    return [mark.join(cell.replace(".", decimal) for cell in row) for row in cells]


LAYOUTS = {
    "comma": lines(rows()),
    "semicolon": lines(rows(";"), "t;a;b"),
    "decimal comma": lines(rows(";", ","), "t;a;b"),
    "tab, decimal comma": lines(rows("\t", ","), "t\ta\tb"),
    "byte order mark, CRLF": "\ufeff" + lines(rows(), end="\r\n"),
    "quoted names": lines(rows(), '"t","a","b"'),
    "blank lines": lines([row + "\n" for row in rows()]),
    "empty rows and columns at the end": lines([row + ";;" for row in rows(";", ",")] + [";;;;"] * 7, "t;a;b;;"),
    "row numbers of pandas": lines([f"{i},{row}" for i, row in enumerate(rows())], ",t,a,b"),
}


def test_every_file_of_a_layout_is_known():
    files = {file.stem for file in Path(names.__file__).parent.glob("*.py")} - {"__init__", "known", "names"}
    assert files == set(names.NAMES)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(tmp_path, layout):
    (tmp_path / "file.csv").write_text(LAYOUTS[layout], encoding="utf-8", newline="")
    data = Dataset.from_file(tmp_path / "file.csv", time="t", window=10)
    np.testing.assert_array_equal(data.values, np.stack([A, B], axis=1))
    assert data.names == ("a", "b")


def test_missing_entries_labels_and_iso_times(tmp_path):
    words = ["", "NA", "nan", "null", "None", "?", "-", "N/A"]
    body = [f"2024-03-01T00:{i:02}:00,{w},{i},{'xy'[i > 3]}" for i, w in enumerate(words)]
    (tmp_path / "file.csv").write_text(
        lines([*body, "2024-03-01T01:00:00,1,2,y", "2024-03-01T01:01:00,3,4,y"], "t,a,b,place")
    )
    table = read_delimited(tmp_path / "file.csv", Reading(time=("t",), environment="place"))
    np.testing.assert_array_equal(table.values[:, 0], [np.nan] * 8 + [1.0, 3.0])
    data = Dataset.from_file(tmp_path / "file.csv", time="t", environment="place", columns=["b", "a"], window=2)
    np.testing.assert_array_equal(data.environment, [0] * 4 + [1] * 6)
    assert data.n_series == 2
    assert data.names == ("b", "a")


REFUSED = {
    "text": (lines(["0,1,low", "1,2,3"]), "'b' is not numeric: line 2 holds 'low'"),
    "ragged": (lines(["0,1,2", "1,2"]), "line 3 has 2 fields, the header 3"),
    "one column": ("a\n1\n", "expected names split by"),
    "duplicate names": (lines(rows(), "t,a,a"), "duplicate column names 'a'"),
    "no rows": (lines([]), "no rows"),
    "empty rows": (lines([",,", ",,"]), "no rows"),
    "empty file": ("", "is empty"),
    "two decimal marks": (lines(["0;1.5;2", "1;1,5;2"], "t;a;b"), "'a' is not numeric: line 3 holds '1,5'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path, case):
    content, message = REFUSED[case]
    (tmp_path / "file.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        Dataset.from_file(tmp_path / "file.csv")


def test_other_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="no such file: /"):
        Dataset.from_file(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="no such file: /"):
        Dataset.from_file(tmp_path / "absent.parquet")
    with pytest.raises(DataError, match=r"found '\.xls': save the workbook as \.xlsx or CSV"):
        Dataset.from_file(tmp_path / "book.xls")


def test_parquet(tmp_path):
    pl = pytest.importorskip("polars")
    pl.DataFrame({"t": range(40), "a": A, "b": B}).write_parquet(tmp_path / "file.parquet")
    data = Dataset.from_file(tmp_path / "file.parquet", time="t", window=10)
    np.testing.assert_array_equal(data.values, np.stack([A, B], axis=1))


def test_graph_is_put_in_the_order_of_the_names(tmp_path):
    (tmp_path / "graph.csv").write_text(",b,a,c\nb,0,1,0\na,0,0,0\nc,0,0,0\n")
    np.testing.assert_array_equal(read_graph(tmp_path / "graph.csv", ["a", "b"]), [[0, 0], [1, 0]])
    with pytest.raises(DataError, match=r"lacks a row or column for \['d'\]"):
        read_graph(tmp_path / "graph.csv", ["a", "d"])


def test_original_uci_file(shared):
    path = shared / "data" / "uci_air" / "AirQualityUCI.csv"
    table = read_delimited(path, Reading())
    assert table.values.shape == (9357, 13)
    table.values[table.values == -200] = np.nan
    np.testing.assert_array_equal(table.values[0, [0, 2, 12]], [2.6, 150, 0.7578])
    assert np.nanmin(table.values) == -1.9
    assert np.nanmax(table.values) == 2775
    assert str(table.time[0].astype("M8[s]")) == "2004-03-10T18:00:00"
    assert (np.diff(table.time) == np.timedelta64(1, "h")).all()


def test_uci_file_agrees_with_pandas(shared):
    pd = pytest.importorskip("pandas")
    path = shared / "data" / "uci_air" / "AirQualityUCI.csv"
    frame = pd.read_csv(path, sep=";", decimal=",").iloc[:, 2:15]
    table = read_delimited(path, Reading())
    assert table.names == tuple(frame.columns)
    assert frame[9357:].isna().all(axis=None)
    np.testing.assert_array_equal(table.values, frame[:9357].replace(-200, np.nan).to_numpy(dtype=float))


def test_uci_file_with_a_gap_is_two_series(shared, tmp_path):
    original = (shared / "data" / "uci_air" / "AirQualityUCI.csv").read_text().splitlines()
    (tmp_path / "part.csv").write_text("\n".join(original[:100] + original[110:300]))
    data = Dataset.from_file(tmp_path / "part.csv")
    assert data.n_series == 2
    assert data.n_rows == 289


def test_hand_drawn_graph_of_the_uci_data(shared):
    folder = shared / "data" / "uci_air"
    data = Dataset.from_file(folder / "AirQualityUCI.csv", truth=folder / "graph_13edges.csv")
    assert data.truth.sum() == 13
    assert data.truth[data.names.index("T"), data.names.index("AH")]


def test_service_latencies_with_rounded_times(shared):
    path = shared / "data" / "petshop" / "low_traffic_latency_Average.csv"
    with pytest.raises(DataError, match="time repeats at line 4"):
        Dataset.from_file(path, time="timestamp")


def test_damaged_parquet_and_a_field_without_end_are_refused(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        Dataset.from_file(tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n" + '"' + 200_000 * "x")
    with pytest.raises(DataError, match="damaged"):
        Dataset.from_file(tmp_path / "a.csv")

"""Excel workbooks: what a spreadsheet holds is read as what it shows, or refused with the way out."""

from __future__ import annotations

import datetime
import sys

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, check

from jaxstable.cli import main
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

openpyxl = pytest.importorskip("openpyxl")
TIMES = [hour.astype(object) for hour in HOURS]
ROWS = [["time", "Flow", "Temp"], *([time, *row] for time, row in zip(TIMES, BOTH.tolist(), strict=True))]


def book(folder, *, hidden=(), **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    made.save(folder / "plant.xlsx")
    return folder / "plant.xlsx"


def with_units():
    return [
        ["Plant 7", None, None],
        ["exported", datetime.datetime(2024, 5, 1), None],
        [],
        ["time", "Flow [m3/h]", "Temp [°C]"],
        *ROWS[1:],
    ]


def apart():
    return [
        ["Date", "Time", "Flow", "Temp"],
        *([t.date(), t.time(), *row[1:]] for t, row in zip(TIMES, ROWS[1:], strict=True)),
    ]


def with_gaps():
    rows = [list(row) for row in ROWS]
    rows[3][1], rows[5][2], rows[7][1] = None, "#N/A", ""
    return rows


CASES = {
    "plain": (ROWS, {}, HOUR),
    "metadata and units above": (with_units(), {}, HOUR | {"units": {"Flow": "m3/h", "Temp": "°C"}}),
    "day and hour apart": (apart(), {}, HOUR),
    "empty cells and errors": (with_gaps(), {}, {"missing": 3, "rows": len(HOURS)}),
    "text with commas": (
        [ROWS[0], *([t, str(a).replace(".", ","), b] for t, a, b in ROWS[1:])],
        {"decimal": ","},
        HOUR,
    ),
    "text with commas, not said": (
        [ROWS[0], *([t, str(a).replace(".", ","), b] for t, a, b in ROWS[1:])],
        {},
        HOUR,
    ),
    "text of thousands, or not": (
        [[*ROWS[0], "Power"], *([*row, f"1,{100 + i}"] for i, row in enumerate(ROWS[1:]))],
        {},
        {"error": r"the text '1,100', of which nothing says .*decimal='.' or decimal=','"},
    ),
    "text of thousands": (
        [[*ROWS[0], "Power"], *([*row, f"1,{100 + i}"] for i, row in enumerate(ROWS[1:]))],
        {"decimal": "."},
        {"row": [*BOTH[0], 1100.0]},
    ),
    "text of three digits": (
        [[*ROWS[0], "Power"], *([*row, f"1,{100 + i}"] for i, row in enumerate(ROWS[1:]))],
        {"decimal": ","},
        {"row": [*BOTH[0], 1.1]},
    ),
    "rows of blanks below": ([*ROWS, [], [None, None]], {}, HOUR),
    "switches": (
        [[*ROWS[0], "Pump"], *([*row, i % 3 == 0] for i, row in enumerate(ROWS[1:]))],
        {},
        {"names": ("Flow", "Temp", "Pump"), "row": [*BOTH[0], 1.0]},
    ),
    "only a header": ([ROWS[0]], {}, {"error": "no rows of data"}),
    "empty": ([[]], {}, {"error": "plant.xlsx holds no cells"}),
}


@pytest.mark.parametrize("case", CASES)
def test_sheet(case, tmp_path):
    rows, how, expected = CASES[case]
    path = book(tmp_path, Data=rows)
    if "error" in expected:
        with pytest.raises(DataError, match=expected["error"]):
            Dataset.from_file(path, **how)
    else:
        check(Dataset.from_file(path, **how), expected)


def test_a_sheet_is_chosen_by_its_name(tmp_path, capsys):
    path = book(tmp_path, Notes=[["made by", "Ada"]], Data=ROWS)
    with pytest.raises(DataError, match=r"holds the sheets 'Notes', 'Data': say which, such as sheet='Notes'"):
        Dataset.from_file(path)
    with pytest.raises(DataError, match=r"sheet='Dat': plant.xlsx holds the sheets 'Notes', 'Data'.*'Data'\?"):
        Dataset.from_file(path, sheet="Dat")
    data = Dataset.from_file(path, sheet="Data")
    check(data, HOUR)
    assert dict(data.understood)["file"] == "xlsx, sheet 'Data'"
    assert main(["check", str(path)]) == 2
    assert "such as --sheet Notes" in capsys.readouterr().err
    assert main(["check", str(path), "--sheet", "Data"]) == 0
    assert "sheet 'Data'" in capsys.readouterr().out
    (tmp_path / "plant.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"plant.csv is no workbook"):
        Dataset.from_file(tmp_path / "plant.csv", sheet="Data")


def test_hidden_and_empty_sheets_are_no_choice(tmp_path):
    check(Dataset.from_file(book(tmp_path, hidden=["Old"], Old=ROWS[:30], Data=ROWS, Chart=[[]])), HOUR)


def test_a_formula_without_its_value_is_refused(tmp_path):
    rows = [list(row) for row in ROWS]
    rows[4][2] = "=B5*2"
    with pytest.raises(DataError, match=r"row 5, column 3 holds the formula '=B5\*2' without its value"):
        Dataset.from_file(book(tmp_path, Data=rows))


def test_long_format_in_a_workbook(tmp_path):
    rows = [[time, name, row[i]] for time, row in zip(TIMES, BOTH.tolist(), strict=True) for i, name in enumerate("ab")]
    data = Dataset.from_long(book(tmp_path, Data=[["t", "tag", "v"], *rows]), "t", "tag", "v", step="1h")
    np.testing.assert_allclose(data.values, BOTH)


def test_what_is_no_workbook_is_refused(tmp_path, monkeypatch):
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 an encrypted workbook")
    with pytest.raises(DataError, match=r"locked.xlsx cannot be read as a workbook.*without a password, or as CSV"):
        Dataset.from_file(tmp_path / "locked.xlsx")
    with pytest.raises(DataError, match="no such file"):
        Dataset.from_file(tmp_path / "absent.xlsx")
    path = book(tmp_path, Data=ROWS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"plant.xlsx: a workbook needs openpyxl: pip install openpyxl"):
        Dataset.from_file(path)

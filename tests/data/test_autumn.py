"""Local clocks through the autumn night in which an hour comes twice: read where something tells the two apart."""

from __future__ import annotations

import datetime
import warnings

import numpy as np
import pytest

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

START = datetime.datetime(2024, 10, 26, 20)  # in UTC
UTC = [START + datetime.timedelta(minutes=15 * i) for i in range(60)]
SUMMER = [moment < datetime.datetime(2024, 10, 27, 1) for moment in UTC]
LOCAL = [moment + datetime.timedelta(hours=2 if s else 1) for moment, s in zip(UTC, SUMMER, strict=True)]
VALUES = np.random.default_rng(0).normal(size=(60, 2)).round(3)
TWICE = r"comes twice.*say zone='Europe/Berlin' with your own zone"


def letter(moment, summer):
    return ("A" if summer else "B") if moment.hour == 2 else ""


# case -> (names of the clock, its cells in a row, whether the zone must be said)
WRITTEN = {
    "zones behind the time": ("time", lambda t, s: f"{t:%Y-%m-%d %H:%M} {'CEST' if s else 'CET'}", False),
    "zones in a column": ("time,zone", lambda t, s: f"{t:%Y-%m-%d %H:%M},{'MESZ' if s else 'MEZ'}", False),
    "offsets in a column": ("Time,offset", lambda t, s: f"{t:%d.%m.%Y %H:%M},{'+02:00' if s else '+01:00'}", False),
    "date, hour and zone": ("Date,Time,TZ", lambda t, s: f"{t:%Y-%m-%d,%H:%M},{'CEST' if s else 'CET'}", False),
    "letters behind the hour": ("time", lambda t, s: f"{t:%Y-%m-%d %H}{letter(t, s)}{t::%M}", True),
    "letters behind the time": ("time", lambda t, s: f"{t:%d.%m.%Y %H:%M}{letter(t, s)}", True),
    "letters apart": ("Datum,Zeit", lambda t, s: f"{t:%d.%m.%Y,%H:%M} {letter(t, s)}", True),
    "a column of 0 and 1": ("time,dst", lambda t, s: f"{t:%Y-%m-%d %H:%M},{int(s)}", True),
    "nothing": ("time", lambda t, s: f"{t:%Y-%m-%d %H:%M}", True),
}


def lines(cells):
    return [f"{cells(t, s)},{a},{b}\n" for t, s, (a, b) in zip(LOCAL, SUMMER, VALUES, strict=True)]


def check(data):
    assert (data.names, data.step) == (("a", "b"), "15 min")
    assert dict(data.understood)["rows"] == "60, 2024-10-26 20:00:00 to 2024-10-27 10:45:00"
    np.testing.assert_array_equal(data.values, VALUES)


@pytest.mark.parametrize("newest", ["last", "first"])
@pytest.mark.parametrize("case", WRITTEN)
def test_the_night_is_read_in_utc(case, newest, tmp_path):
    names, cells, unsaid = WRITTEN[case]
    rows = lines(cells) if newest == "last" else lines(cells)[::-1]
    (tmp_path / "a.csv").write_text(f"{names},a,b\n" + "".join(rows))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "time: the rows were sorted")
        if unsaid:
            with pytest.raises(DataError, match=TWICE):
                Dataset.from_file(tmp_path / "a.csv")
        check(Dataset.from_file(tmp_path / "a.csv", **({"zone": "Europe/Berlin"} if unsaid else {})))


@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
def test_rows_of_machines_that_take_turns_are_each_in_their_order(tmp_path):
    rows = [line.replace(",", f",{m},", 1) for line in lines(WRITTEN["nothing"][1]) for m in (1, 2)]
    (tmp_path / "a.csv").write_text("time,machine,a,b\n" + "".join(rows))
    data = Dataset.from_file(tmp_path / "a.csv", series="machine", zone="Europe/Berlin")
    assert data.n_series == 2
    np.testing.assert_array_equal(data.values, np.concatenate([VALUES, VALUES]))


@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
@pytest.mark.parametrize("order", ["in turns", "by tag", "newest first"])
def test_tags_in_the_long_format_are_each_in_their_order(order, tmp_path):
    rows = [
        f"{t:%Y-%m-%d %H:%M},{tag},{v}\n"
        for t, row in zip(LOCAL, VALUES, strict=True)
        for tag, v in zip("ab", row, strict=True)
    ]
    rows = {"in turns": rows, "by tag": rows[::2] + rows[1::2], "newest first": rows[::-1]}[order]
    (tmp_path / "a.csv").write_text("time,tag,value\n" + "".join(rows))
    with pytest.raises(DataError, match=TWICE):
        Dataset.from_long(tmp_path / "a.csv", "time", "tag", "value")
    check(Dataset.from_long(tmp_path / "a.csv", "time", "tag", "value", zone="Europe/Berlin"))


def test_rows_in_utc_with_the_newest_first_are_no_autumn_night(tmp_path):
    rows = [f"{t:%Y-%m-%d %H:%M},{a},{b}\n" for t, (a, b) in zip(UTC, VALUES, strict=True)][::-1]
    (tmp_path / "a.csv").write_text("time,a,b\n" + "".join(rows))
    with pytest.warns(UserWarning, match="sorted by time"):
        check(Dataset.from_file(tmp_path / "a.csv"))

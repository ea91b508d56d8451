"""Exports met in the field: what tells units, dates and clocks apart, in the manner of many makers."""

from __future__ import annotations

import pytest
from loggerfiles import BOTH, HOUR, body, check, check_file, stamp

from jaxstable.data.dataset import Dataset

HEAD = "time,Flow,Temp\n"


@pytest.mark.parametrize(
    "header",
    ["time {s},Flow {m3/h},Temp {°C}", "time <s>,Flow <m3/h>,Temp <°C>", "time [s],Flow{m3/h},Temp[°C]"],
)
def test_units_stand_in_brackets_of_any_kind(header, tmp_path):
    text = header + "\n" + body([str(i) for i in range(60)])
    expected = {"names": ("Flow", "Temp"), "values": BOTH, "step": "1 s", "units": {"Flow": "m3/h", "Temp": "°C"}}
    check_file(tmp_path, ("", text, {}, expected))


@pytest.mark.parametrize(
    ("how", "start", "said"),
    [
        ({}, "2024-06-05", "day first (nothing in the column decides; time_format='month first' if that is right)"),
        ({"time_format": "month first"}, "2024-05-06", "month first (as said)"),
        ({"time_format": "day first"}, "2024-06-05", "day first (as said)"),
    ],
)
def test_dates_that_nothing_decides_say_so_and_can_be_turned(how, start, said, tmp_path):
    times = [f"05/06/2024 {i // 4:02}:{15 * (i % 4):02}" for i in range(60)]
    check_file(tmp_path, ("", HEAD + body(times), how, {"values": BOTH, "start": f"{start} 00:00:00"}))
    told = [text for what, text in Dataset.from_file(tmp_path / "a.csv", **how).understood if what == "clock"]
    assert told == [f"'time' (found by its name): dates, {said}"]


def test_an_order_of_dates_that_have_one_only_is_refused(tmp_path):
    error = "time_format='month first': the dates can be read in one way only, such as '2024-03-04T00:00' at line 2"
    check_file(tmp_path, ("", HEAD + body(), {"time_format": "month first"}, {"error": error}))
    data = Dataset.from_file(tmp_path / "a.csv")
    check(data, HOUR | {"start": stamp("%Y-%m-%d %H:%M:%S")[0]})

"""More files in the manner of loggers and programs: each is read right, or refused with the place and a way out."""

from __future__ import annotations

import numpy as np
import pytest
from loggerfiles import BOTH, HOURS, N, body, check, stamp

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

HOUR = {"names": ("Flow", "Temp"), "values": BOTH, "step": "1 h"}
NAMES = "time,Flow,Temp\n"
UNIX = HOURS.astype("M8[s]").astype(int)


def clock(form, name="time", mark=","):
    """The two sensors behind a clock written in some form, quoted if it holds the delimiter."""
    texts = stamp(form) if isinstance(form, str) else [form(hour.astype(object)) for hour in HOURS]
    return f"{name}{mark}Flow{mark}Temp\n" + body([f'"{t}"' if mark in t else t for t in texts], mark)


def beside(name, cells):
    """The two sensors, and a column more behind the clock."""
    return f"time,{name},Flow,Temp\n" + body(
        [f"{t},{c}" for t, c in zip(stamp("%Y-%m-%d %H:%M:%S"), cells, strict=True)]
    )


def numbered(name, cells):
    """The two sensors behind a column that is no date."""
    return f"{name},Flow,Temp\n" + body([str(c) for c in cells])


def autumn(zone):
    hours = [(0, 0), (1, 0), (2, 0), (2, 1), *((h, 1) for h in range(3, 24))]
    return NAMES + body(
        [f"2024-10-27 {h:02}:00 {zone[late]}" for h, late in hours], cells=[[str(a), str(b)] for a, b in BOTH[:25]]
    )


# case -> (source of the idea, text, how it is read, what is expected)
CLOCKS = {
    "month in words, two digits": ("PI", clock("%d-%b-%y %H:%M:%S"), {}, HOUR),
    "month in words first": ("US program", clock("%b %d, %Y %I:%M:%S %p"), {}, HOUR),
    "whole month in words": ("US program", clock("%B %d, %Y, %H:%M"), {}, HOUR),
    "SAS": ("SAS", clock("%d%b%Y:%H:%M:%S"), {}, HOUR),
    "German months": ("Excel", clock(lambda t: f"{t:%d}. März {t:%Y %H:%M}", mark=";"), {}, HOUR),
    "French months": ("Excel", clock(lambda t: f"{t:%d} mars {t:%Y %H:%M}", mark=";"), {}, HOUR),
    "weekday before": ("mail, HTTP", clock("%a, %d %b %Y %H:%M:%S GMT"), {}, HOUR),
    "ctime": ("C, Perl", clock("%a %b %d %H:%M:%S %Y"), {}, HOUR),
    "Spanish half days": ("Excel", clock(lambda t: f"{t:%d/%m/%Y %I:%M} {'ap'[t.hour > 11]}. m."), {}, HOUR),
    "French hours": ("Excel", clock(lambda t: f"{t:%d/%m/%Y %H}h{t:%M}", "Date", ";"), {}, HOUR),
    "Japanese": ("Japanese logger", clock(lambda t: f"{t:%Y}年{t:%m}月{t:%d}日 {t:%H}時{t:%M}分", "時刻"), {}, HOUR),
    "year first in two digits": ("Japanese logger", clock("%y/%m/%d %H:%M:%S"), {}, HOUR),
    "lines between the hours": ("file names", clock("%Y-%m-%d_%H-%M-%S"), {}, HOUR),
    "milliseconds after a colon": ("instrument", clock("%Y-%m-%d %H:%M:%S:000"), {}, HOUR),
    "apostrophes": ("spreadsheet", clock("'%Y-%m-%d %H:%M:%S'"), {}, HOUR),
    "offset in hours": ("PostgreSQL", clock("%Y-%m-%d %H:%M:%S+01"), {}, HOUR),
    "offset and zone": ("Java", clock("%Y-%m-%dT%H:%M:%S+01:00[Europe/Berlin]"), {}, HOUR),
    "name of a zone": ("US logger", clock("%Y-%m-%d %H:%M:%S EST"), {}, HOUR),
    "name of no zone": (
        "logger",
        clock("%Y-%m-%d %H:%M:%S XYZ"),
        {},
        {"error": "line 2 .*'XYZ' can mean several zones"},
    ),
    "midnight without its hour": (
        "R",
        clock(lambda t: f"{t:%Y-%m-%d}" + (f"{t: %H:%M:%S}" if t.hour else "")),
        {},
        HOUR,
    ),
    "names of zones over the autumn hour": ("Germany", autumn(("CEST", "CET")), {}, {"rows": 25, "step": "1 h"}),
    "zone over the autumn hour": (
        "Home Assistant",
        autumn(("", "")).replace(" ,", ","),
        {"zone": "Europe/Berlin"},
        {"rows": 25, "series": 1, "step": "1 h"},
    ),
    "zone of an hour that spring skips": (
        "a wrong zone",
        NAMES + body([f"2024-03-31 {h:02}:00" for h in range(24)], cells=[[str(a), str(b)] for a, b in BOTH[:24]]),
        {"zone": "Europe/Berlin"},
        {"error": "line 4 .*skip in spring: leave zone= out"},
    ),
    "no such zone": (
        "typing error",
        clock("%Y-%m-%d %H:%M"),
        {"zone": "Mars"},
        {"error": "zone='Mars'.*Europe/Berlin"},
    ),
    "days and hours of the day from 1": (
        "grid operator",
        "date,hour,Flow,Temp\n" + body([f"{t:%Y-%m-%d},{t.hour + 1}" for t in HOURS.astype(object)]),
        {},
        HOUR,
    ),
    "hours ending as 100 to 2400": (
        "grid operator",
        "date,time,Flow,Temp\n" + body([f"{t:%Y-%m-%d},{100 * (t.hour + 1)}" for t in HOURS.astype(object)]),
        {},
        HOUR,
    ),
    "days and hours without a zero": (
        "program",
        "date,time,Flow,Temp\n" + body([f"{t:%Y%m%d},{int(f'{t:%H%M%S}')}" for t in HOURS.astype(object)]),
        {},
        HOUR,
    ),
    "day and hour in Portuguese": (
        "Excel",
        "Data;Hora;Flow;Temp\n" + body(stamp("%d/%m/%Y;%H:%M:%S"), ";", ","),
        {},
        HOUR,
    ),
    "day and hour in Spanish": ("Excel", "Fecha;Hora;Flow;Temp\n" + body(stamp("%d/%m/%Y;%H:%M"), ";", ","), {}, HOUR),
    "day of the year": ("Campbell", "Year,DOY,HHMM,Flow,Temp\n" + body(stamp("%Y,%j,%H%M")), {}, HOUR),
    "day of the year and hour": ("NASA", "year,doy,hour,Flow,Temp\n" + body(stamp("%Y,%-j,%-H")), {}, HOUR),
    "year and day in one": (
        "ISO 8601",
        clock(lambda t: f"2024-{64 + t.day * 24 + t.hour - 96:03}"),
        {},
        {**HOUR, "step": "1 d"},
    ),
    "months": (
        "economics",
        numbered("month", [f"{2015 + i // 12}-{1 + i % 12:02}" for i in range(N)]),
        {},
        {"step": "1 month"},
    ),
    "ISO weeks": (
        "surveillance",
        numbered("week", [f"{2023 + i // 52}-W{1 + i % 52:02}" for i in range(N)]),
        {},
        {"step": "7 d"},
    ),
    "quarters": (
        "economics",
        numbered("date", [f"{2005 + i // 4}Q{1 + i % 4}" for i in range(N)]),
        {},
        {"series": 1, "rows": N},
    ),
    "years": ("climate", numbered("Year", range(1960, 1960 + N)), {}, {"names": ("Flow", "Temp"), "series": 1}),
    "seconds as numbers": (
        "oscilloscope",
        numbered("t", [f"{i / 100:.2f}" for i in range(N)]),
        {},
        {"names": ("Flow", "Temp")},
    ),
    "seconds with a decimal comma": (
        "LabVIEW",
        "Time (s);Flow;Temp\n" + body([f"{i / 2:.2f}".replace(".", ",") for i in range(N)], ";", ","),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "hours since the start": (
        "test bench",
        numbered("Elapsed", [f"{i // 60:02}:{i % 60:02}:00" for i in range(N)]),
        {},
        {"step": "1 min"},
    ),
    "hours without a date over midnight": ("display", clock("%H:%M:%S"), {}, HOUR),
    "Unix milliseconds without a name": (
        "Node-RED",
        body([str(1000 * s) for s in UNIX]),
        {},
        {"values": BOTH, "step": "1 h"},
    ),
    "seconds and nanoseconds": (
        "ROS",
        "sec,nsec,Flow,Temp\n" + body([f"{1709510400 + i // 10},{i % 10 * 10**8}" for i in range(N)]),
        {},
        {**HOUR, "step": "100 ms"},
    ),
    "digits cut by a spreadsheet": (
        "Excel",
        numbered("timestamp", ["1.70951E+12"] * N),
        {},
        {"names": ("Flow", "Temp")},
    ),
    "Excel serials not said": (
        "Excel",
        numbered("Zeit", [f"{45355 + i / 24:.6f}" for i in range(N)]),
        {},
        {"names": ("Flow", "Temp")},
    ),
    "Excel serials said": (
        "Excel",
        numbered("Zeit", [f"{45355 + i / 24:.6f}" for i in range(N)]),
        {"time": "Zeit", "time_format": "excel"},
        HOUR,
    ),
    "MATLAB datenums": (
        "MATLAB",
        numbered("datenum", [f"{739315 + i / 24:.7f}" for i in range(N)]),
        {"time_format": "matlab"},
        HOUR,
    ),
    "a column of two decimals is no clock": (
        "instrument",
        "Flow,Temp\n" + "".join(f"{a:.2f},{b:.2f}\n" for a, b in BOTH),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH, "step": None},
    ),
}
ROLES = {
    "an id that falls": ("Kaggle", beside("id", range(N, 0, -1)), {}, HOUR),
    "a counter of another name": ("PLC", beside("Zaehler", range(1000, 1000 + N)), {}, HOUR),
    "a counter that skips": ("telegrams", beside("field.seq", [i + i // 20 for i in range(N)]), {}, HOUR),
    "a counter insisted on": (
        "PLC",
        beside("Zaehler", range(N)),
        {"columns": ["Zaehler", "Temp"]},
        {"names": ("Zaehler", "Temp")},
    ),
    "Unix seconds beside dates": ("API", "iso" + beside("unix", UNIX)[4:], {}, HOUR),
    "milliseconds beside dates": ("API", beside("ms", 3600_000 * np.arange(N)), {}, HOUR),
    "another clock": ("API", beside("time_local", stamp("%Y-%m-%d %H:30")), {}, HOUR),
    "an empty column": ("spare channel", beside("spare", [""] * N), {}, HOUR),
    "a column of nothing but NA": ("spare channel", beside("spare", ["NA"] * N), {}, HOUR),
    "numbers of machines": (
        "predictive maintenance",
        "time,machineID,Flow,Temp\n" + "".join(body([f"{t},{m}" for t in stamp("%F %H:%M")]) for m in (1, 2)),
        {},
        {"error": "'machineID' tells 2 recordings apart.*series='machineID'"},
    ),
    "numbers of machines said": (
        "predictive maintenance",
        "time,machineID,Flow,Temp\n" + "".join(body([f"{t},{m}" for t in stamp("%F %H:%M")]) for m in (1, 2)),
        {"series": "machineID"},
        {"names": ("Flow", "Temp"), "series": 2, "rows": 2 * N},
    ),
    "units and cycles without names": (
        "C-MAPSS",
        "".join(body([f"{m} {i + 1}" for i in range(N)], " ") for m in (1, 2)),
        {},
        {"error": "'column 1' tells 2 recordings apart.*series='column 1'"},
    ),
    "units and cycles said": (
        "C-MAPSS",
        "".join(body([f"{m} {i + 1}" for i in range(N)], " ") for m in (1, 2)),
        {"series": "column 1"},
        {"names": ("column 3", "column 4"), "series": 2},
    ),
}
FILES = CLOCKS | ROLES


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    _, text, how, expected = FILES[case]
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    if "error" in expected:
        with pytest.raises(DataError, match=expected["error"]):
            Dataset.from_file(tmp_path / "a.csv", **{"window": 8, **how})
        return
    check(Dataset.from_file(tmp_path / "a.csv", **{"window": 8, **how}), expected)

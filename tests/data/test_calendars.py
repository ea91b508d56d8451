"""Clocks written as integers, dates of which the header says what comes first, and parts of the calendar."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, N, body, check_file, stamp

from jaxstable.data.clocks import read_clock
from jaxstable.data.dataset import Dataset

DAYS = [datetime.date(2024, 2, 5) + datetime.timedelta(days=i) for i in range(N)]
DAY = {**HOUR, "step": "1 d", "start": "2024-02-05 00:00:00"}
ONE_DAY = [datetime.datetime(2024, 3, 4) + datetime.timedelta(minutes=5 * i) for i in range(N)]
FIVE = {**HOUR, "step": "5 min"}


def days(form):
    return [day.strftime(form) for day in DAYS]


def minutes(form):
    return [moment.strftime(form) for moment in ONE_DAY]


# case -> (source of the idea, text, how it is read, what is expected)
FILES = {
    "YYMMDD": ("laboratory", "date,Flow,Temp\n" + body(days("%y%m%d")), {}, DAY),
    "YYMMDD of an unknown name": ("laboratory", "taken,Flow,Temp\n" + body(days("%y%m%d")), {}, DAY),
    "DDMMYY": ("marine logger", "date,Flow,Temp\n" + body(days("%d%m%y")), {}, DAY),
    "DDMMYYYY": ("bank", "date,Flow,Temp\n" + body(days("%d%m%Y")), {}, DAY),
    "YYMMDDhhmm": ("datalogger", "time,Flow,Temp\n" + body(stamp("%y%m%d%H%M")), {}, HOUR),
    "YYMMDDhhmmss": ("datalogger", "time,Flow,Temp\n" + body(stamp("%y%m%d%H%M%S")), {}, HOUR),
    "YYYYMM": (
        "statistics",
        "month,Flow,Temp\n" + body([f"{2015 + i // 12}{i % 12 + 1:02}" for i in range(N)]),
        {"time": "month"},
        {**HOUR, "step": "1 month", "start": "2015-01-01 00:00:00"},
    ),
    "ddmmyy beside hhmmss": ("GPS", "date,time,Flow,Temp\n" + body(stamp("%d%m%y,%H%M%S")), {}, HOUR),
    "month first, said by the header": (
        "MIDC",
        "DATE (MM/DD/YYYY),MST,Flow,Temp\n" + body(minutes("%m/%d/%Y,%H:%M")),
        {},
        FIVE,
    ),
    "day first, said by the header": (
        "Spain",
        "Fecha (DD/MM/AAAA HH:MM),Flow,Temp\n" + body(minutes("%d/%m/%Y %H:%M")),
        {},
        FIVE,
    ),
    "the form as a name": (
        "Germany",
        "TT.MM.JJJJ hh:mm;Flow;Temp\n" + body(minutes("%d.%m.%Y %H:%M"), mark=";"),
        {},
        FIVE,
    ),
    "month first beside a.m. and p.m.": ("GANF", "time,Flow,Temp\n" + body(minutes("%m/%d/%Y %I:%M %p")), {}, FIVE),
    "day first beside a.m. and p.m., said": (
        "Australia",
        "time,Flow,Temp\n" + body(minutes("%d/%m/%Y %I:%M %p")),
        {"time_format": "day first"},
        FIVE,
    ),
    "units behind a slash": (
        "physics",
        "t/min;Flow/%;p/bar;km/h\n"
        + body([f"{60 * i}" for i in range(N)], mark=";", cells=[[f"{a}", f"{b}", f"{a}"] for a, b in BOTH]),
        {},
        {"names": ("Flow", "p", "km/h"), "units": {"Flow": "%", "p": "bar"}, "step": "1 h"},
    ),
    "date and hours of unusual names": (
        "Germany",
        "Wann;Uhr;Flow;Temp\n" + body(stamp("%d.%m.%Y;%H:%M"), mark=";"),
        {"columns": ["Flow", "Temp"]},
        HOUR,
    ),
    "parts of the calendar in another language": (
        "Germany",
        "Datum;KW;Tag im Jahr;WT;Flow;Temp\n"
        + body([f"{d:%d.%m.%Y};{d.isocalendar()[1]};{d:%-j};{d.isoweekday()}" for d in DAYS], mark=";"),
        {},
        DAY,
    ),
    "a counter in another language": (
        "injection moulding",
        "Zyklus,Flow,Temp\n" + body([f"{100 + 5 * i}" for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "a second clock does not tell the decimal mark": (
        "SMARD",
        "Datum von;Datum bis;Flow;Temp\n"
        + body(
            stamp("%d.%m.%Y %H:%M;%d.%m.%Y"), mark=";", cells=[[f"{1 + i % 3}.{i:03}", "986"] for i in range(N)]
        ).replace(";986\n", ";1.986\n", 1),
        {},
        {"error": "'Flow': line 2 holds '1.000', which can be 1.000 or 1000"},
    ),
    "no readings among switches": (
        "Home Assistant",
        "time,Flow,pump\n" + body(cells=[[f"{a}", "unavailable" if i == 7 else "on"] for i, (a, _) in enumerate(BOTH)]),
        {},
        {"error": "line 9 holds 'unavailable' among switches; .*say missing='unavailable'"},
    ),
    "no readings among switches, said": (
        "Home Assistant",
        "time,Flow,pump\n" + body(cells=[[f"{a}", "unavailable" if i == 7 else "on"] for i, (a, _) in enumerate(BOTH)]),
        {"missing": "unavailable"},
        {"names": ("Flow", "pump"), "missing": 1},
    ),
    "machines that run and stop": (
        "PLC",
        "time,Flow,pump\n" + body(cells=[[f"{a}", ("RUN", "STOP")[i % 9 > 5]] for i, (a, _) in enumerate(BOTH)]),
        {},
        {"names": ("Flow", "pump"), "row": (BOTH[0, 0], 1)},
    ),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)


@pytest.mark.parametrize(
    ("numbers", "how"),
    [
        (np.arange(220105, 220128), "numbers"),
        (np.arange(100101, 100401), "numbers"),
        (1_703_010_000 + 3600 * np.arange(50), "Unix seconds"),
        (np.cumsum(np.random.default_rng(0).integers(1, 9, 200)) + 120_101, "numbers"),
        (np.array([1000, 1130, 1200]), "numbers"),
    ],
)
def test_counts_stay_numbers(numbers, how):
    assert read_clock(numbers).how == how


def test_what_decided_an_order_is_said():
    for times, header, why in (
        (minutes("%m/%d/%Y %H:%M"), "Date (mm/dd/yyyy)", "month first (as its header says; time_format='day first' if"),
        (minutes("%m/%d/%Y %I:%M %p"), "", "month first (as usual beside a.m. and p.m.; time_format='day first' if"),
        (minutes("%d/%m/%Y %H:%M"), "", "day first (nothing in the column decides; time_format='month first' if"),
        (minutes("%y-%m-%d %H:%M"), "", "year first (nothing in the column decides; time_format='day first' if"),
        (minutes("%d.%m.%y %H:%M"), "", "day first (nothing in the column decides; time_format='month first' if"),
    ):
        assert why in read_clock(times, header=header).how
    wrong = [f"{hour.astype(object):%d/%m/%Y %H:%M}" for hour in HOURS + np.timedelta64(20, "D")]
    assert read_clock(wrong, header="MM/DD/YYYY").how == "dates, day first"  # a header that cannot be right


def test_that_there_is_no_clock_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("Flow,Temp\n" + "".join(f"{a},{b}\n" for a, b in BOTH))
    data = Dataset.from_file(tmp_path / "a.csv")
    assert dict(data.understood)["clock"] == "none: each row is one step"
    assert dict(Dataset.from_file(tmp_path / "a.csv", missing=[-9.0, "Bad"]).understood)["missing"] == (
        "none ('Bad', '-9' declared)"
    )

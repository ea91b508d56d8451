"""Sheets as people and historians export them: limits, tags above the clock's line, cells of Excel, odd seconds."""

from __future__ import annotations

import datetime

import pytest
from loggerfiles import BOTH, HOUR, HOURS, N, check_file, stamp

TIMES = [hour.astype(object) for hour in HOURS]
PLAIN = stamp("%Y-%m-%d %H:%M:%S")
NAMES = "time,Flow,Temp\n"
UNITS = {"units": {"Flow": "m3/h", "Temp": "degC"}}


def rows(form, some=range(N)):
    """One line a row, made by a function of its number, time, flow and temperature."""
    return "".join(form(i, TIMES[i], *BOTH[i]) + "\n" for i in some)


USUAL = rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{b}")
PI = rows(lambda i, t, a, b: f"{t:%d-%b-%y %H:%M:%S},{a},{b}")


def seconds(stamps):
    return NAMES + rows(lambda i, t, a, b: f"{stamps[i]},{a},{b}")


NEW_YEAR = [f"{datetime.datetime(2016, 12, 31, 23, 59, 30) + datetime.timedelta(seconds=i)}" for i in range(N)]

# case -> (source of the idea, text, how it is read, what is expected)
FILES = {
    "limits below the names": ("quality", NAMES + "LSL,10,20\nUSL,50,90\n" + USUAL, {}, HOUR),
    "units and limits": (
        "test bench",
        NAMES + "unit,m3/h,degC\nmin,10,20\nmax,50,90\n" + USUAL,
        {},
        HOUR | UNITS,
    ),
    "ranges below the names": ("transmitters", NAMES + "range,0-100,0..200\n" + USUAL, {}, HOUR),
    "limits above the names": ("quality", "LSL,10,20\nUSL,50,90\n" + NAMES + USUAL, {}, HOUR),
    "limits that nothing names": (
        "quality",
        NAMES + ",10,20\n,50,90\n" + USUAL,
        {},
        {"error": "time is missing at line 2 .2 rows.: leave those rows out"},
    ),
    "tags, the clock without a name": ("PI DataLink", ",Flow,Temp\n" + USUAL, {}, HOUR),
    "tags and units, the clock without a name": ("PI DataLink", ",Flow,Temp\n,m3/h,degC\n" + USUAL, {}, HOUR | UNITS),
    "tags, words and units": ("PI DataLink", ",Flow,Temp\n,Feed,Inlet\nTime,m3/h,degC\n" + PI, {}, HOUR | UNITS),
    "tags above the line of the clock": ("PI DataLink", ",Flow,Temp\nTimestamp,Value,Value\n" + USUAL, {}, HOUR),
    "what is asked for above the tags": (
        "PI DataLink",
        "Start,04-Mar-24\nEnd,*\nInterval,1h\n,Flow,Temp\n" + PI,
        {},
        HOUR,
    ),
    "tags over pairs of time and value": (
        "PI DataLink",
        "Flow,,Temp,\nTimestamp,Value,Timestamp,Value\n" + rows(lambda i, t, a, b: f"{t},{a},{t},{b}"),
        {},
        {**HOUR, "names": ("Flow Value", "Temp Value")},
    ),
    "names that stand under one of several": (
        "spreadsheet",
        ",Reactor 1,,Reactor 2,\ntime,Flow,Temp,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t},{a},{b},{b},{a}"),
        {},
        {"names": ("Reactor 1 Flow", "Reactor 1 Temp", "Reactor 2 Flow", "Reactor 2 Temp"), "step": "1 h"},
    ),
    "the same name twice": (
        "spreadsheet",
        "time,Flow,Flow\n" + USUAL,
        {},
        {"error": "duplicate column names 'Flow' in line 1: rename them"},
    ),
    "cells that Excel must not guess": (
        "web page",
        NAMES + rows(lambda i, t, a, b: f'="{t}",="{a}",="{b}"'),
        {},
        HOUR,
    ),
    "cells that Excel must not guess, quoted": (
        "web page",
        'time;="Flow";Temp\n' + rows(lambda i, t, a, b: f'"=""{t}""";="{a}";{b}').replace(".", ","),
        {},
        HOUR,
    ),
    "seconds rounded up to 60": (
        "logger",
        seconds([f"2024-03-04 00:{i:02}:60" for i in range(N)]),
        {},
        {**HOUR, "step": "1 min", "start": "2024-03-04 00:01:00"},
    ),
    "a leap second": (
        "GNSS",
        seconds([*NEW_YEAR[:30], "2016-12-31 23:59:60", *NEW_YEAR[30:-1]]),
        {},
        {"error": "line 32 is '2016-12-31 23:59:60', a leap second.*leave that line out"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)

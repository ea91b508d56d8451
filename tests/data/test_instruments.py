"""Files that were written to break the readers: codes, odd names, torn and joined files; read right or refused."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, SINCE, N, check_file, stamp

TIMES = [hour.astype(object) for hour in HOURS]
ISO, PLAIN = stamp("%Y-%m-%dT%H:%M"), stamp("%Y-%m-%d %H:%M:%S")
LATER = [f"{time + datetime.timedelta(hours=1):%Y-%m-%d %H:%M:%S}" for time in TIMES]
HEAD = "time,Flow,Temp\n"


def rows(form, some=range(N)):
    """One line a row, made by a function of its number, time, flow and temperature."""
    return "".join(form(i, PLAIN[i], *BOTH[i]) + "\n" for i in some)


def more(name, form):
    """The two sensors and a third column made by a function of the row's number."""
    return f"time,Flow,Temp,{name}\n" + rows(lambda i, t, a, b: f"{t},{a},{b},{form(i)}")


def with_third(form):
    return {"names": ("Flow", "Temp", "third"), "row": [*BOTH[0], form], "step": "1 h"}


USUAL = rows(lambda i, t, a, b: f"{t},{a},{b}")
GAPS = np.where((np.arange(N) % 7 == 0)[:, None] & np.array([True, False]), np.nan, BOTH)
NAMED = {"values": BOTH, "rows": N}

# case -> (source of the idea, text, how it is read, what is expected)
READ = {
    "start and end": (
        "log of periods",
        "start,end,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t},{LATER[i]},{a},{b}"),
        {},
        HOUR,
    ),
    "duration beside the clock": (
        "machine log",
        "time,Run,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t},00:{i % 60:02}:{i * 7 % 60:02},{a},{b}"),
        {},
        HOUR,
    ),
    "hours beyond a day": (
        "stop watch",
        "Elapsed,Flow,Temp\n" + rows(lambda i, t, a, b: f"{i}:00:00,{a},{b}"),
        {},
        {**HOUR, "start": SINCE},
    ),
    "newest first": ("web page", HEAD + rows(lambda i, t, a, b: f"{t},{a},{b}", reversed(range(N))), {}, HOUR),
    "clock in the last column": ("program", "Flow,Temp,time\n" + rows(lambda i, t, a, b: f"{a},{b},{t}"), {}, HOUR),
    "two tables side by side": (
        "spreadsheet",
        "Time A,Flow,Time B,Temp\n" + rows(lambda i, t, a, b: f"{t},{a},{LATER[i]},{b}"),
        {},
        HOUR,
    ),
    "12 hours, no minutes": (
        "US program",
        "Date,Hour,Flow,Temp\n" + rows(lambda i, t, a, b: f"{TIMES[i]:%m/%d/%Y},{TIMES[i]:%I %p},{a},{b}"),
        {},
        HOUR,
    ),
    "nanoseconds": ("Go", HEAD + rows(lambda i, t, a, b: f"{ISO[i]}:00.000000123Z,{a},{b}"), {}, HOUR),
    "zone in the name": ("HOBO", HEAD.replace("time", "Date Time GMT+01:00") + USUAL, {}, HOUR),
    "psql": (
        "PostgreSQL",
        " time | Flow | Temp\n-----+-----+----\n" + rows(lambda i, t, a, b: f" {t} | {a} | {b}") + "(60 rows)\n",
        {},
        HOUR,
    ),
    "nulls of databases": (
        "MySQL, PostgreSQL",
        "time\tFlow\tTemp\n" + rows(lambda i, t, a, b: f"{t}\t{a if i % 7 else chr(92) + 'N'}\t{b}"),
        {},
        HOUR | {"values": GAPS},
    ),
    "quoted NA": (
        "R",
        '"time","Flow","Temp"\n' + rows(lambda i, t, a, b: f'"{t}",{a},{b}' if i % 7 else f'"{t}","NA",{b}'),
        {},
        HOUR | {"values": GAPS},
    ),
    "quality letters": (
        "oceanography",
        "time,Flow,Flow_QC,Temp,Temp_QC\n" + rows(lambda i, t, a, b: f"{t},{a},{'GB'[i % 2]},{b},G"),
        {},
        HOUR,
    ),
    "description and units rows": (
        "historian",
        HEAD + "stamp,flow of feed,temperature\n,m3/h,degC\n" + USUAL,
        {},
        HOUR | {"units": {"Flow": "m3/h", "Temp": "degC"}},
    ),
    "units above the names": ("spreadsheet", ",m3/h,degC\n" + HEAD + USUAL, {}, HOUR),
    "numbers as names": ("PLC", "time,101,102\n" + USUAL, {}, NAMED | {"names": ("101", "102")}),
    "depths as names": ("buoy", "time,0.5m,1.0m\n" + USUAL, {}, NAMED | {"names": ("0.5m", "1.0m")}),
    "depths in numbers": ("buoy", "time,0.5,1.0\n" + USUAL, {}, NAMED | {"names": ("0.5", "1.0")}),
    "numbers as names, no clock": (
        "PLC",
        "101,102\n" + rows(lambda i, t, a, b: f"{a},{b}"),
        {},
        NAMED | {"names": ("101", "102")},
    ),
    "Julian dates": (
        "astronomy",
        "JD,Flow,Temp\n" + rows(lambda i, t, a, b: f"{2460373.5 + i / 24:.6f},{a},{b}"),
        {},
        NAMED | {"names": HOUR["names"]},
    ),
    "decimal years": (
        "climate",
        "decimal_year,Flow,Temp\n" + rows(lambda i, t, a, b: f"{2020 + i / 12:.4f},{a},{b}"),
        {},
        NAMED | {"names": HOUR["names"]},
    ),
    "seconds of the GPS week": (
        "GNSS",
        "tow,Flow,Temp\n" + rows(lambda i, t, a, b: f"{86400 + 3600 * i},{a},{b}"),
        {},
        NAMED | {"names": HOUR["names"]},
    ),
    "days of service": ("maintenance", more("Serviced", lambda i: f"2024010{1 + i // 20}"), {}, HOUR),
    "a meter that counts": ("energy meter", more("third", lambda i: 1000 + 5 * i + i % 3), {}, with_third(1000)),
    "leading zeros": ("PLC", more("third", lambda i: f"{i * 37 % 900 + 5:05d}"), {}, with_third(5)),
    "a state of three": ("drive", more("third", lambda i: (1, 0, -1)[i % 3]), {}, with_third(1)),
    "byte order mark within": (
        "files put below each other",
        HEAD + rows(lambda i, t, a, b: f"{t},{a},{b}", range(30)) + "\ufeff"
        + rows(lambda i, t, a, b: f"{t},{a},{b}", range(30, N)),
        {},
        HOUR,
    ),
    "form feeds": ("printer", HEAD + rows(lambda i, t, a, b: "\f" * (i % 20 == 5) + f"{t},{a},{b}"), {}, HOUR),
    "older rows below": (
        "files put below each other",
        HEAD + rows(lambda i, t, a, b: f"{t},{a},{b}", range(30, N)) + HEAD
        + rows(lambda i, t, a, b: f"{t},{a},{b}", range(30)),
        {},
        HOUR,
    ),
    "page headers": (
        "report",
        "Report\n" + HEAD + rows(lambda i, t, a, b: "Report, page 2\n" * (i == 20) + f"{t},{a},{b}"),
        {"ragged": "missing"},
        HOUR,
    ),
}  # fmt: skip
REFUSED = {
    "words of bits": ("PLC", more("Word", lambda i: f"{i:08b}"), "line 2 holds '00000000', a word of bits"),
    "addresses": ("network", more("ip", lambda i: f"10.168.100.{100 + i % 3}"), "'10.168.100.100', an address"),
    "lots": ("factory", more("Lot", lambda i: ("1E5", "2E3", "7E8")[i % 3]), "'1E5', a code and no number"),
    "gaps of fixed width": (
        "Fortran",
        "time Flow Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]} {a if i % 8 else '':6} {b:5.1f}"),
        "line 2 has 2 fields, the header 3: mend the line, or .*ragged='missing'$",
    ),
    "kilo in the cell": (
        "multimeter",
        more("Power", lambda i: "900 W" if i % 2 else "1.1 kW"),
        "column 'Power' is not numeric: line 2 holds '1.1 kW'",
    ),
    "flags behind numbers": (
        "weather service",
        HEAD + rows(lambda i, t, a, b: f"{t},{a}{'*' * (i % 7 == 0)},{b}"),
        r"column 'Flow' is not numeric: line 2 holds '.*\*'",
    ),
    "beyond the range": (
        "multimeter",
        HEAD + rows(lambda i, t, a, b: f"{t},{a if i % 9 else 'OL'},{b}"),
        "holds 'OL' .7 such cells.; if it stands for missing, say missing='OL'",
    ),
    "another order below": (
        "files put below each other",
        HEAD + rows(lambda i, t, a, b: f"{t},{a},{b}", range(30)) + "time,Temp,Flow\n"
        + rows(lambda i, t, a, b: f"{t},{b},{a}", range(30, N)),
        "line 32 holds the names of another table, 'time', 'Temp', 'Flow': save each table as a file",
    ),
    "a form of the date that changes": (
        "spreadsheet",
        HEAD + rows(lambda i, t, a, b: (t if i < 30 else f"{TIMES[i]:%d/%m/%Y %H:%M}") + f",{a},{b}"),
        "time at line 32 is '05/03/2024 06:00'",
    ),
    "a last row twice": ("logger", HEAD + USUAL + USUAL.splitlines()[-1], "time repeats at line 62"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
@pytest.mark.parametrize("case", READ)
def test_read(case, tmp_path):
    check_file(tmp_path, READ[case])


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    source, text, error = REFUSED[case]
    check_file(tmp_path, (source, text, {}, {"error": error}))


def test_blanks_do_not_tell_which_cell_a_line_lacks(tmp_path):
    source, text, _ = REFUSED["gaps of fixed width"]
    error = "line 2 has another number of cells than the header, and where blanks split them any may be the one"
    check_file(tmp_path, (source, text, {"ragged": "short"}, {"error": error}))
    check_file(tmp_path, (source, text, {"ragged": "missing"}, {"rows": N - 1, "missing": 14, "step": "1 h"}))

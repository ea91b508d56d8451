"""More files in the manner of loggers and programs: each is read right, or refused with the place and a way out."""

from __future__ import annotations

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOUR_EARLIER, HOUR_LATER, HOURS, SINCE, N, body, check_case, check_file, stamp

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset

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
    "offset in hours": ("PostgreSQL", clock("%Y-%m-%d %H:%M:%S+01"), {}, HOUR_EARLIER),
    "offset and zone": ("Java", clock("%Y-%m-%dT%H:%M:%S+01:00[Europe/Berlin]"), {}, HOUR_EARLIER),
    "name of a zone": ("US logger", clock("%Y-%m-%d %H:%M:%S EST"), {}, {**HOUR, "start": "2024-03-04 05:00:00"}),
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
    "autumn hour in America": (
        "US logger",
        NAMES + body([f"2024-11-03 {h:02}:{m:02}" for h in (0, 1, 1, 2, 3, 4) for m in range(0, 60, 6)]),
        {},
        {"error": "line 22 .*comes twice.*zone='America/New_York'"},
    ),
    "autumn hour in America, said": (
        "US logger",
        NAMES + body([f"2024-11-03 {h:02}:{m:02}" for h in (0, 1, 1, 2, 3, 4) for m in range(0, 60, 6)]),
        {"zone": "America/New_York"},
        {"values": BOTH, "step": "6 min"},
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
        HOUR_LATER,
    ),
    "hours ending as 100 to 2400": (
        "grid operator",
        "date,time,Flow,Temp\n" + body([f"{t:%Y-%m-%d},{100 * (t.hour + 1)}" for t in HOURS.astype(object)]),
        {},
        HOUR_LATER,
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
        {**HOUR, "step": "500 ms", "start": "0"},
    ),
    "a unit in the name of the clock": (
        "MATLAB",
        numbered("time_min", range(0, 5 * N, 5)),
        {},
        {**HOUR, "step": "5 min", "start": "0"},
    ),
    "hours since the start": (
        "test bench",
        numbered("Elapsed", [f"{i // 60:02}:{i % 60:02}:00" for i in range(N)]),
        {},
        {"step": "1 min"},
    ),
    "hours without a date over midnight": ("display", clock("%H:%M:%S"), {}, {**HOUR, "start": SINCE}),
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
INFLUX = (
    "#group,false,false,true,false,true\n#datatype,string,long,dateTime:RFC3339,double,string\n#default,_result,,,,\n"
    ",result,table,_time,_value,_field\n"
)
LVM = (
    "LabVIEW Measurement\t\nWriter_Version\t2\nSeparator\tTab\nDecimal_Separator\t{mark}\nMulti_Headings\tNo\n"
    "***End_of_Header***\t\n\t\nChannels\t2\t\t\nSamples\t60\t60\t\nX_Dimension\tTime\tTime\t\n"
    "***End_of_Header***\t\t\t\nX_Value\tFlow\tTemp\tComment\n"
)
PLAIN = NAMES + body(stamp("%Y-%m-%d %H:%M:%S"))


def measured(form):
    """The two sensors, the unit of each behind its number."""
    return NAMES + body(stamp("%F %T"), cells=[[form.format(a, "m³/h"), form.format(b, "°C")] for a, b in BOTH])


def first(form):
    """The two sensors, each first cell written in another form."""
    return NAMES + body(stamp("%F %T"), cells=[[form.format(a), str(b)] for a, b in BOTH])


LAYOUTS = {
    "TOACI1": (
        "Campbell",
        '"TOACI1","st","Table1"\n"TMSTAMP","RECNBR","Flow","Temp"\n'
        + body([f'"{t}",{i}' for i, t in enumerate(stamp("%F %T"))]),
        {},
        HOUR,
    ),
    "array-based": (
        "Campbell",
        body([f"101,{t}" for t in (h.strftime("%Y,%-j,") + str(100 * h.hour) for h in HOURS.astype(object))]),
        {},
        {"names": ("column 5", "column 6"), "values": BOTH, "step": "1 h"},
    ),
    "events beside readings": (
        "HOBO",
        'Plot Title: tank\n"#","Date Time, GMT-05:00","Flow, m3/h (LGR S/N: 1)","Temp, °C","Host Connected"\n'
        + body([f"{i + 1},{t}" for i, t in enumerate(stamp("%m/%d/%y %I:%M:%S %p"))], end=",")
        + "61,03/06/24 11:00:07 AM,,,Logged\n",
        {},
        {"names": ("Flow", "Temp"), "rows": N + 1, "missing": 2},
    ),
    "LabVIEW": (
        "LabVIEW",
        LVM.format(mark=".") + body([f"{i / 10:.6f}" for i in range(N)], "\t", end="\t"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "LabVIEW in German": (
        "LabVIEW",
        LVM.format(mark=",") + body([f"{i / 10:.6f}".replace(".", ",") for i in range(N)], "\t", ",", "\t"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "blanks within quotes": (
        "R write.table",
        '"time" "Flow" "Temp"\n' + body([f'"{i + 1}" "{t}"' for i, t in enumerate(stamp("%F %T"))], " "),
        {},
        HOUR,
    ),
    "quotes after a blank": (
        "program",
        'time, "Flow, main", "Temp"\n' + body(stamp("%F %T"), ", "),
        {},
        {**HOUR, "names": ("Flow, main", "Temp")},
    ),
    "rules": (
        "PostgreSQL",
        " time | Flow | Temp \n------+------+------\n" + body(stamp(" %F %T"), " | ") + "(60 rows)\n",
        {},
        HOUR,
    ),
    "a box": (
        "MySQL",
        "+---+---+---+\n| time | Flow | Temp |\n+---+---+---+\n"
        + body(stamp("| %F %T"), " | ", end=" |")
        + "+---+---+---+\n",
        {},
        HOUR,
    ),
    "Markdown": (
        "notes",
        "| time | Flow | Temp |\n|---|---|---|\n" + body(stamp("| %F %T"), " | ", end=" |"),
        {},
        HOUR,
    ),
    "the header again": ("files put together", PLAIN.replace("2024-03-05 06", NAMES + "2024-03-05 06"), {}, HOUR),
    "the header again, no clock": (
        "files put together",
        2 * ("Flow,Temp\n" + "".join(f"{a},{b}\n" for a, b in BOTH)),
        {},
        {"names": ("Flow", "Temp"), "series": 2, "rows": 2 * N},
    ),
    "sums below": ("report", PLAIN + "Average,20.1,50.2\nMax,30,60\n", {}, HOUR),
    "pivoted": ("InfluxDB", "#group,false\n,result,_time,Flow,Temp\n" + body(stamp(",,%Y-%m-%dT%H:%M:%SZ")), {}, HOUR),
    "a name too many": (
        "torn header",
        "time,a,Flow,Temp\n" + body(stamp("%F %T")),
        {},
        {"error": "line 2 has 3 fields, the header 4"},
    ),
    "a name too few": (
        "torn header",
        "time,Flow,Temp\n" + body(stamp("%F %T"), end=",7"),
        {},
        {"error": "line 2 has 4 fields, the header 3"},
    ),
    "decimal commas not quoted": (
        "Excel",
        NAMES + body(stamp("%F %T"), decimal=","),
        {},
        {"error": "line 2 has 5 fields, the header 3.*decimal commas"},
    ),
    "a quote in the middle": (
        "torn file",
        PLAIN.replace("2024-03-05 06", '"2024-03-05 06'),
        {},
        {"error": "line 32 .*quote"},
    ),
    "long cells": (
        "pictures",
        beside("blob", ["x" * 200_000] * N),
        {},
        {"error": "line 2, a cell of more than 131072"},
    ),
    "a page of the web": ("login", "<!DOCTYPE html>\n<p>a, b</p>\n", {}, {"error": "holds a page of the web"}),
    "XML": ("PLC", "<?xml version='1.0'?>\n<r t='1'/>\n", {}, {"error": "holds XML: export it as CSV"}),
    "JSON": ("Node-RED", '{"ts": 1, "flow": 2}\n' * 9, {}, {"error": "holds JSON: export it as CSV"}),
    "nothing": ("full disk", "", {}, {"error": "is empty"}),
    "blank lines only": ("full disk", "\n\n\n", {}, {"error": "is empty"}),
    "names only": ("new logger", NAMES, {}, {"error": "no rows of data under its header"}),
    "names without a line end": ("new logger", NAMES.strip(), {}, {"error": "no rows of data under its header"}),
    "one row": ("new logger", NAMES + "2024-03-04,1,2\n", {}, {"error": "has 1 steps"}),
}
NUMBERS = {
    "units behind numbers": ("Grafana", measured("{} {}"), {}, {**HOUR, "units": {"Flow": "m³/h", "Temp": "°C"}}),
    "percent": ("Grafana", first("{}%"), {}, {**HOUR, "units": {"Flow": "%"}}),
    "percent after a blank": ("Excel", first("{} %").replace(",", ";"), {}, {**HOUR, "units": {"Flow": "%"}}),
    "minus of typesetters": ("report", first("\u2212{}"), {}, {"row": (-BOTH[0, 0], BOTH[0, 1])}),
    "minus behind": ("SAP", first("{}-"), {}, HOUR | {"values": BOTH * [-1, 1]}),
    "brackets for minus": ("accounts", first("({})"), {}, {"error": "'Flow' is not numeric: line 2"}),
    "currency": ("accounts", first("€{}"), {}, {"error": "'Flow' is not numeric: line 2"}),
    "hexadecimal": ("PLC", first("0x{}"), {}, {"error": "'Flow' is not numeric: line 2"}),
    "Indian thousands": (
        "accounts",
        first("1,23,{}").replace(",", ";").replace("1;23;", "1,23,"),
        {},
        {"error": "'Flow' is not numeric"},
    ),
    "invisible signs": ("web page", first("\u200b{}"), {}, {"error": r"line 2 holds '\\u200b20.38'"}),
    "infinite": (
        "Campbell",
        first("{}").replace("24.11", "INF").replace("20.38", "INF"),
        {},
        {"error": "column 'Flow', first at line 2: .*missing=inf"},
    ),
    "infinite declared": ("Campbell", first("{}").replace("20.38", "INF"), {"missing": float("inf")}, {"missing": 1}),
    "German switches": (
        "Excel",
        beside("Pumpe", ["WAHR" if i % 3 else "FALSCH" for i in range(N)]),
        {},
        {"names": ("Pumpe", "Flow", "Temp")},
    ),
    "French switches": (
        "Excel",
        beside("Pompe", ["VRAI" if i % 3 else "FAUX" for i in range(N)]),
        {},
        {"names": ("Pompe", "Flow", "Temp")},
    ),
    "a switch in words and numbers": (
        "Home Assistant",
        beside("pump", ["ON" if i % 3 else 0 for i in range(N)]),
        {},
        {"row": (0, *BOTH[0])},
    ),
    "overflown cells": (
        "Excel",
        first("{}").replace("20.38", "########"),
        {},
        {"error": "line 2 holds '########'.*missing='########'"},
    ),
    "quality in words": (
        "OPC UA",
        beside("Flow_Q", ["Bad" if i == 4 else "Good" for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "missing": 1},
    ),
    "quality in numbers": (
        "OPC DA",
        beside("Flow.Quality", [0 if i == 4 else 192 for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "missing": 1},
    ),
    "flags of some scale": (
        "weather service",
        beside("Temp_QC", [i % 3 for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "missing": 0},
    ),
}
FILES = CLOCKS | ROLES | LAYOUTS | NUMBERS


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)


# case -> (source of the idea, text, columns of time, tag and value, how it is read, what is expected)
def tagged(names, row, extra=""):
    """A row for each value of the two sensors, behind each other."""
    rows = [
        row.format(t=t, tag=tag, v=v)
        for k, tag in enumerate(("Flow", "Temp"))
        for t, v in zip(stamp("%FT%TZ"), BOTH[:, k], strict=True)
    ]
    return names + "\n".join(rows) + "\n" + extra


LONG = {
    "InfluxDB": (tagged(INFLUX, ",,0,{t},{v},{tag}"), ("_time", "_value", "_field"), {}, HOUR),
    "InfluxDB, two tables": (
        "".join(
            INFLUX + "".join(f",,{k},{t},{v},{tag}\n" for t, v in zip(stamp("%FT%TZ"), BOTH[:, k], strict=True)) + "\n"
            for k, tag in enumerate(("Flow", "Temp"))
        ),
        ("_time", "_value", "_field"),
        {},
        HOUR,
    ),
    "Home Assistant": (
        tagged("entity_id,state,last_changed\n", "{tag},{v},{t}", "Temp,unavailable,2024-03-06T11:30:00Z\n"),
        ("last_changed", "state", "entity_id"),
        {},
        {"error": "tag 'Temp' holds numbers, and 1 time 'unavailable'.*missing='unavailable'"},
    ),
    "Home Assistant, declared": (
        tagged("entity_id,state,last_changed\n", "{tag},{v},{t}", "Temp,unavailable,2024-03-06T11:30:00Z\n"),
        ("last_changed", "state", "entity_id"),
        {"missing": "unavailable"},
        {"names": ("Flow", "Temp"), "step": "1 h", "rows": N},
    ),
    "OPC UA": (
        tagged("NodeId;SourceTimestamp;Value;StatusCode\n", "{tag};{t};{v};Good").replace(
            "20.38;Good", "9999;BadNoCommunication"
        ),
        ("SourceTimestamp", "Value", "NodeId"),
        {"step": "1h"},
        {"names": ("Flow", "Temp"), "missing": 1, "rows": N},
    ),
    "WinCC": (
        tagged(
            "VarName;TimeString;VarValue;Validity\n", "{tag};{t};{v};1", "$RT_OFF$;2024-03-06T11:00:01Z;0;2\n"
        ).replace(".", ","),
        ("TimeString", "VarValue", "VarName"),
        {},
        HOUR,
    ),
    "decimal commas of three digits": (
        "t;tag;value\n"
        + "".join(f"{i};{tag};{v}\n" for i in range(N) for tag, v in (("a", f"1,{200 + i}"), ("b", f"0,{i + 1}5"))),
        ("t", "value", "tag"),
        {},
        {"row": (1.2, 0.15)},
    ),
    "undecided": (
        "t;tag;value\n"
        + "".join(f"{i};{tag};{v}\n" for i in range(N) for tag, v in (("a", f"1,{200 + i}"), ("b", f"2,{300 + i}"))),
        ("t", "value", "tag"),
        {},
        {"error": "can be 1.200 or 1200.*decimal=','"},
    ),
}


@pytest.mark.parametrize("case", LONG)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_long_file(tmp_path, case):
    text, (time, value, tag), how, expected = LONG[case]
    (tmp_path / "a.csv").write_text(text)
    which = {"time": time, "name": tag, "value": value, "window": 8}
    check_case(Dataset.from_long, tmp_path / "a.csv", which | how, expected)
    with pytest.raises(DataError, match=f"the long format .*from_long.path, '{time}', '{tag}', '{value}'"):
        Dataset.from_file(tmp_path / "a.csv", window=8)


def test_the_line_of_a_row_is_told_after_sorting(tmp_path):
    lines = PLAIN.splitlines()
    (tmp_path / "a.csv").write_text("\n".join([lines[0], *lines[40:], *lines[1:41]]) + "\n")
    with pytest.warns(DataWarning, match="the first at line 23"), pytest.raises(DataError, match="repeats at line 62"):
        Dataset.from_file(tmp_path / "a.csv", window=8)

"""Exports met in the field: what tells units, dates and clocks apart, in the manner of many makers."""

from __future__ import annotations

import datetime

import pyarrow.json
import pytest
from loggerfiles import BOTH, HOUR, HOUR_LATER, HOURS, N, body, check, check_file, stamp

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

HEAD = "time,Flow,Temp\n"
BOTH_NAMES = ("Flow", "Temp")


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


TIMES = [hour.astype(object) for hour in HOURS]
ISO = stamp("%Y-%m-%d %H:%M:%S")
AN_HOUR = datetime.timedelta(hours=1)


def rows(form):
    """One line a row, made by a function of its number, time, flow and temperature."""
    return "".join(form(i, TIMES[i], *BOTH[i]) + "\n" for i in range(N))


def tagged(head, form):
    """A row for each value of the two sensors."""
    pairs = [
        (t, tag, v) for tag, values in zip(BOTH_NAMES, BOTH.T, strict=True) for t, v in zip(TIMES, values, strict=True)
    ]
    return head + "".join(form(*pair) + "\n" for pair in pairs)


def comma(value):
    return str(value).replace(".", ",")


def half(t):
    return t.hour % 12 or 12


def long_by(time, tag, value):
    return {"error": rf"from_long\(path, '{time}', '{tag}', '{value}'\)"}


INFLUX = (
    "#group,false,false,false,false,true,true\n#datatype,string,long,dateTime:RFC3339,double,string,string\n"
    "#default,_result,,,,,\n,result,table,_time,_value,_field,_measurement\n"
)
NETATMO = 'Name;Long;Lat;ModuleName;ModuleType\n"Home";2.3;48.8;;\nTimestamp;"Timezone : Europe/Paris";Temp;Humidity\n'
PANGAEA = "/* DATA DESCRIPTION:\nCitation:\tSomebody (2024)\nParameter(s):\tDATE/TIME (Date/Time)\n\tDepth\n*/\n"
POWER = (
    "-BEGIN HEADER-\nNASA/POWER Hourly\nDates: 03/04/2024 through 03/06/2024\n-END HEADER-\nYEAR,MO,DY,HR,Flow,Temp\n"
)
TMY3 = '723815,"DAGGETT",CA,-8.0,34.850,-116.800,586\nDate (MM/DD/YYYY),Time (HH:MM),Flow (W/m^2),Temp (C)\n'
UNITS = {"Flow": "m3/h", "Temp": "°C"}

# case -> (source of the idea, text, how it is read, what is expected)
CASES = {
    "brackets in names": (
        "Ignition",
        "t_stamp,[default]Flow,[default]Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]}.000,{a},{b}"),
        {},
        HOUR | {"names": ("[default]Flow", "[default]Temp")},
    ),
    "names, types and counts above": (
        "Ignition",
        '"#NAMES"\n"t_stamp","Flow","Temp"\n"#TYPES"\n"date","D","D"\n"#ROWS","60"\n'
        + rows(lambda i, t, a, b: f'"{ISO[i]}","{a}","{b}"'),
        {},
        HOUR,
    ),
    "annotations": (
        "InfluxDB",
        tagged(INFLUX, lambda t, tag, v: f",,0,{t:%Y-%m-%dT%H:%M:%SZ},{v},{tag},plant"),
        {},
        long_by("_time", "_field", "_value"),
    ),
    "states of entities": (
        "Home Assistant",
        tagged("entity_id,state,last_changed\n", lambda t, tag, v: f"sensor.{tag},{v},{t:%Y-%m-%dT%H:%M:%S.000Z}"),
        {},
        long_by("last_changed", "entity_id", "state"),
    ),
    "one letter for half of the day": (
        "WeatherLink",
        "Date\tTime\tFlow\tTemp\n"
        + rows(lambda i, t, a, b: f"{t.month}/{t.day}/{t:%y}\t{half(t)}:{t:%M}{'ap'[t.hour > 11]}\t{a}\t{b}"),
        {},
        HOUR,
    ),
    "half of the day in Hungarian": (
        "spreadsheet",
        "Idő;Flow;Temp\n"
        + rows(lambda i, t, a, b: f"{t:%Y.%m.%d.} {'du.' if t.hour > 11 else 'de.'} {half(t)}:{t:%M};{a};{b}"),
        {},
        HOUR,
    ),
    "units below, one of the clock": (
        "Fronius",
        "Datum und Uhrzeit;Flow;Temp\n[dd.MM.yyyy HH:mm];[Wh];[W]\n"
        + rows(lambda i, t, a, b: f"{t:%d.%m.%Y %H:%M};{comma(a)};{comma(b)}"),
        {},
        HOUR | {"units": {"Flow": "Wh", "Temp": "W"}},
    ),
    "Unix seconds beside local time": (
        "Netatmo",
        NETATMO
        + rows(
            lambda i, t, a, b: f'{t.replace(tzinfo=datetime.UTC).timestamp():.0f};"{t + AN_HOUR:%Y/%m/%d %T}";{a};{b}'
        ),
        {},
        HOUR | {"names": ("Temp", "Humidity")},
    ),
    "words for no reading": (
        "PI",
        HEAD + rows(lambda i, t, a, b: f"{t:%d-%b-%y %H:%M:%S},{a if i % 9 else 'No Data'},{b if i % 11 else 'Bad'}"),
        {"missing": ["No Data", "Bad"]},
        {"names": ("Flow", "Temp"), "missing": 13, "step": "1 h"},
    ),
    "a word among decimal commas": (
        "Leitwarte",
        "Zeit;Flow;Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]};{comma(a) if i != 9 else 'Fehler'};{comma(b)}"),
        {},
        {"error": "'Flow' is not numeric: line 11 holds 'Fehler' .*say missing='Fehler'"},
    ),
    "a station above the names": (
        "TMY3",
        TMY3 + rows(lambda i, t, a, b: f"{t:%m/%d/%Y},{t.hour + 1:02}:00,{a},{b}"),
        {},
        HOUR_LATER | {"names": ("Flow", "Temp")},
    ),
    "a value and its code in one cell": (
        "NOAA ISD",
        '"DATE","TMP","DEW"\n' + rows(lambda i, t, a, b: f'"{ISO[i]}","+{10 * a:04.0f},1","+{10 * b:04.0f},1"'),
        {},
        {"error": r"'TMP': line 2 holds '\+0204,1', which can be 204.1, or 204 and a code behind it: say decimal=','"},
    ),
    "names and units in rows": (
        "ERDDAP",
        "time,latitude,Flow,Temp\nUTC,degrees_north,m3 s-1,degree_C\n"
        + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M:%SZ},54.2,{a},{b}"),
        {},
        HOUR | {"units": {"Flow": "m3 s-1", "Temp": "degree_C"}},
    ),
    "a comment of many lines": (
        "PANGAEA",
        PANGAEA + "Date/Time\tFlow [m3/h]\tTemp [°C]\n" + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M}\t{a}\t{b}"),
        {},
        HOUR | {"units": UNITS},
    ),
    "a header between marks": (
        "NASA POWER",
        POWER + rows(lambda i, t, a, b: f"{t.year},{t.month},{t.day},{t.hour},{a},{b}"),
        {},
        HOUR,
    ),
    "places and two clocks of tags": (
        "OpenAQ",
        tagged(
            "location_id,parameter,value,unit,datetimeUtc,datetimeLocal\n",
            lambda t, tag, v: f"4,{tag},{v},ppm,{t:%Y-%m-%dT%H:%M:%SZ},{t + AN_HOUR:%Y-%m-%dT%H:%M:%S+01:00}",
        ),
        {},
        long_by("datetimeUtc", "parameter", "value"),
    ),
    "an object in each line": (
        "MQTT",
        rows(lambda i, t, a, b: f'{{"time": "{ISO[i]}", "Flow": {a}, "Temp": {b}}}'),
        {},
        {"error": "holds JSON: .* where each line is an object, name it .jsonl"},
    ),
    "the word missing": (
        "Julia",
        HEAD + rows(lambda i, t, a, b: f"{ISO[i]},{a if i % 9 else 'missing'},{b}"),
        {},
        {"names": ("Flow", "Temp"), "missing": 7, "step": "1 h"},
    ),
    "fractions of other lengths": (
        "Java",
        HEAD + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M:%S}{('', '.0', '.000', '.000000', '.00')[i % 5]}Z,{a},{b}"),
        {},
        HOUR,
    ),
    "some times with a zone": (
        "joined logs",
        HEAD + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M:%S}{'Z' if i % 2 else ''},{a},{b}"),
        {},
        {"error": "line 2 is '2024-03-04T00:00:00', without a zone or an offset, unlike others: write one behind each"},
    ),
    "thin spaces": (
        "report",
        "time;Flow;Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]};{1000 * a:,.0f};{b}".replace(",", "\u2009")),
        {},
        HOUR | {"values": BOTH * [1000, 1]},
    ),
    "prefixes that change": (
        "meter",
        "time;Flow;Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]};{f'{a} kW' if i % 7 else f'{1000 * a:.0f} W'};{b} W"),
        {},
        {"error": "'Flow' is not numeric: line 2 holds '20380 W'"},
    ),
    "bars, rules and minus behind": (
        "SAP",
        "04.03.2024     list\n"
        + "-" * 30
        + "\n|Datum     |Zeit    |Flow  |Temp  |\n"
        + "-" * 30
        + "\n"
        + rows(lambda i, t, a, b: f"|{t:%d.%m.%Y}|{t:%H:%M:%S}|{comma(a):>5}-|{comma(b):>6}|"),
        {},
        HOUR | {"values": BOTH * [-1, 1]},
    ),
    "numbers of registers": ("Modbus", "Time,40001,40002\n" + body(ISO), {}, HOUR | {"names": ("40001", "40002")}),
    "serials with commas": (
        "Excel",
        "t;Flow;Temp\n" + rows(lambda i, t, a, b: comma(f"{45355 + i / 24:.6f};{a};{b}")),
        {"time": "t", "time_format": "excel"},
        HOUR,
    ),
    "days of ISO weeks": (
        "planning",
        HEAD + body([(TIMES[0] + 24 * i * AN_HOUR).strftime("%G-W%V-%u") for i in range(N)]),
        {},
        HOUR | {"step": "1 d"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_file(case, tmp_path):
    check_file(tmp_path, CASES[case])


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson"])
def test_lines_of_json_are_read_and_their_levels_named(suffix, tmp_path):
    text = rows(lambda i, t, a, b: f'{{"ts": "{ISO[i]}", "device": "d1", "is": {{"flow": {a}, "temp": {b}}}}}')
    (tmp_path / f"a{suffix}").write_text(text)
    check(Dataset.from_file(tmp_path / f"a{suffix}"), HOUR | {"names": ("is.flow", "is.temp")})


def test_the_advice_to_read_the_long_format_works_for_files_of_columns(tmp_path):
    (tmp_path / "a.jsonl").write_text(tagged("", lambda t, tag, v: f'{{"time": "{t}", "topic": "{tag}", "v": {v}}}'))
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.json.read_json(tmp_path / "a.jsonl"), tmp_path / "a.parquet")
    for path in (tmp_path / "a.jsonl", tmp_path / "a.parquet"):
        with pytest.raises(DataError, match=r"from_long\(path, 'time', 'topic', 'v'\)"):
            Dataset.from_file(path)
        check(Dataset.from_long(path, "time", "topic", "v"), HOUR)


def test_the_long_format_says_how_its_clock_was_read(tmp_path):
    (tmp_path / "a.csv").write_text(tagged("t,tag,v\n", lambda t, tag, v: f"05/06/2024 {t:%H:%M:}{t.day:02},{tag},{v}"))
    with pytest.warns(UserWarning, match="sorted by time"):
        data = Dataset.from_long(tmp_path / "a.csv", "t", "tag", "v")
    assert dict(data.understood)["clock"].startswith("'t': dates, day first (nothing in the column decides")


MORE = {
    "milliseconds that no time needs": (
        "WinCC",
        "Nr.;Datum;Zeit;ms;Flow;Temp\n"
        + rows(lambda i, t, a, b: f"{i + 1};{t:%d.%m.%Y};{t:%H:%M:%S};{37 * i % 1000:03};{comma(a)};{comma(b)}"),
        {},
        HOUR,
    ),
    "hours and minutes around an h": (
        "French spreadsheet",
        "Date;Heure;Flow (m3/h);Temp (°C)\n" + rows(lambda i, t, a, b: f"{t:%d/%m/%Y};{t:%Hh%M};{comma(a)};{comma(b)}"),
        {},
        HOUR | {"units": UNITS},
    ),
    "year, day, hour and minute in one": ("Campbell", HEAD + body(stamp("%Y%j%H%M")), {}, HOUR),
    "time since a start": (
        "ESP32",
        "uptime_ms,Flow,Temp\n" + body([str(12345 + 250 * i) for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH, "step": "250 ms"},
    ),
    "another table of the same width below": (
        "report",
        HEAD + body(ISO) + "\ntime,Level,Power\n" + body(ISO),
        {},
        {"error": "line 63 holds the names of another table, 'time', 'Level', 'Power': save each table as a file"},
    ),
    "a period between two times": (
        "Solcast",
        "PeriodEnd,PeriodStart,Period,Flow,Temp\n"
        + rows(lambda i, t, a, b: f"{t + AN_HOUR:%Y-%m-%dT%H:%M:%SZ},{t:%Y-%m-%dT%H:%M:%SZ},PT1H,{a},{b}"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH, "step": "1 h"},
    ),
    "a series by its labels": (
        "Prometheus",
        tagged("name,timestamp,value\n", lambda t, tag, v: f'"{tag}{{host=""a"",job=""b""}}",{t:%s},{v}'),
        {},
        long_by("timestamp", "name", "value"),
    ),
}


@pytest.mark.parametrize("case", MORE)
def test_file_of_more_makers(case, tmp_path):
    check_file(tmp_path, MORE[case])

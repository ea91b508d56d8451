"""Files of weather services, grid operators, instruments and countries: read right, or refused with a way out."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOUR_EARLIER, HOUR_LATER, HOURS, SINCE, N, check, check_case, check_file, stamp

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

TIMES = [hour.astype(object) for hour in HOURS]
PLAIN = stamp("%Y-%m-%d %H:%M:%S")
HEAD, SEMI = "time,Flow,Temp\n", "time;Flow;Temp\n"
AN_HOUR = datetime.timedelta(hours=1)


def rows(form, some=range(N)):
    """One line a row, made by a function of its number, time, flow and temperature."""
    return "".join(form(i, TIMES[i], *BOTH[i]) + "\n" for i in some)


def comma(form):
    """The same rows with decimal commas in all that is behind the first semicolon."""

    def line(i, t, a, b):
        first, _, rest = form(i, t, a, b).partition(";")
        return f"{first};{rest.replace('.', ',')}"

    return rows(line)


def with_third(name, form, third, **more):
    """The two sensors and a third column, and what its first row holds."""
    text = f"time,Flow,Temp,{name}\n" + rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{b},{form(i)}")
    return "words of switches", text, {}, {"names": ("Flow", "Temp", name), "row": (*BOTH[0], third), **more}


def timed(form, mark=",", clock="time", how=None, **more):
    """The two sensors behind a clock that is written in its own way, in one column or in several."""
    text = mark.join([clock, "Flow", "Temp"]) + "\n" + rows(lambda i, t, a, b: mark.join([form(i, t), f"{a}", f"{b}"]))
    return "clock", text, how or {}, {**HOUR, **more}


def named(*names, **more):
    return {**HOUR, "names": names, **more}


USUAL = rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{b}")
DEGREES = {"units": {"Flow": "°C", "Temp": "°C"}}
ARABIC = str.maketrans("0123456789.", "".join(chr(0x660 + i) for i in range(10)) + chr(0x66B))
WIDE = str.maketrans("0123456789", "".join(chr(0xFF10 + i) for i in range(10)))
BUOY = "#YY  MM DD hh mm WSPD WTMP\n#yr  mo dy hr mn m/s degC\n"

# case -> (source of the idea, text, how it is read, what is expected)
SERVICES = {
    "buoys": (
        "NOAA",
        BUOY + rows(lambda i, t, a, b: f"{t:%Y %m %d %H %M} {a:4.2f} {b:5.1f}"),
        {},
        named("WSPD", "WTMP", units={"WSPD": "m/s", "WTMP": "degC"}),
    ),
    "buoys, missing said": (
        "NOAA",
        BUOY + rows(lambda i, t, a, b: f"{t:%Y %m %d %H %M} {a if i % 6 else 'MM'} {b:5.1f}"),
        {"missing": "MM"},
        {"names": ("WSPD", "WTMP"), "step": "1 h", "start": HOUR["start"], "missing": 10},
    ),
    "RDB": (
        "USGS",
        "# US\n#\nagency_cd\tsite_no\tdatetime\ttz_cd\t1_00060\t1_00060_cd\t2_00010\t2_00010_cd\n"
        "5s\t15s\t20d\t6s\t14n\t10s\t14n\t10s\n"
        + rows(lambda i, t, a, b: f"USGS\t01646500\t{t:%Y-%m-%d %H:%M}\tEST\t{a}\tA\t{b}\tP"),
        {},
        named("1_00060", "2_00010", start="2024-03-04 05:00:00"),
    ),
    "fixed width, no names": (
        "NOAA ISD-lite",
        rows(lambda i, t, a, b: f"{t:%Y %m %d %H} {a:6.2f} {b:6.1f} -9999"),
        {"missing": -9999, "columns": ["column 5", "column 6"]},
        named("column 5", "column 6"),
    ),
    "station, then the calendar, no names": (
        "archive",
        rows(lambda i, t, a, b: f"3987,{t:%Y,%m,%d,%H},{a},{b}"),
        {"columns": ["column 6", "column 7"]},
        named("column 6", "column 7"),
    ),
    "station, levels of quality, end of row": (
        "DWD",
        "STATIONS_ID;MESS_DATUM;QN_9;TT_TU;RF_TU;eor\n"
        + rows(lambda i, t, a, b: f"       3987;{t:%Y%m%d%H};    {i % 3};{a if i % 9 else -999:7.2f};{b:6.1f};eor"),
        {},
        {"names": ("TT_TU", "RF_TU"), "step": "1 h", "missing": 7},
    ),
    "day and hour without names": (
        "Meteostat",
        rows(lambda i, t, a, b: f"{t:%Y-%m-%d},{t.hour},{a},{b},,,,"),
        {},
        {"values": BOTH, "step": "1 h"},
    ),
    "hour ending beside another column": (
        "ISO-NE",
        '"C","Five"\n"C","report"\n"H","Date","Hour Ending","Flow","Temp"\n'
        + rows(lambda i, t, a, b: f'"D","{t:%m/%d/%Y}","{t.hour + 1:02}","{a}","{b}"'),
        {},
        HOUR_LATER,
    ),
    "number of the half hour": (
        "Elexon",
        "SETTLEMENT_DATE,SETTLEMENT_PERIOD,ND,TSD\n"
        + rows(lambda i, t, a, b: f"{4 + i // 48:02}-Mar-2024,{1 + i % 48},{a},{b}"),
        {},
        {"names": ("ND", "TSD"), "values": BOTH, "step": "30 min"},
    ),
    "hour again in another column": (
        "CAISO",
        "INTERVALSTARTTIME_GMT,OPR_DT,OPR_HR,Flow,Temp\n"
        + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M:%S}-00:00,{t:%Y-%m-%d},{t.hour + 1},{a},{b}"),
        {},
        HOUR,
    ),
    "metadata with a row of entries": (
        "NSRDB",
        "Source,Location,City,State,Country,Latitude,Longitude\nNSRDB,145809,-,-,-,39.73,-105.02\n"
        "Year,Month,Day,Hour,Minute,Flow,Temp\n"
        + rows(lambda i, t, a, b: f"{t.year},{t.month},{t.day},{t.hour},0,{a},{b}"),
        {},
        HOUR,
    ),
    "metadata of another width": (
        "report",
        "Site: Plant, north\nOperator: A, B, C\n\n" + HEAD + USUAL,
        {},
        HOUR,
    ),
    "metadata as wide as the data": ("report", "Site,Plant,1\nOperator,X,2\n" + HEAD + USUAL, {}, HOUR),
    "units of science": (
        "ERDDAP",
        HEAD + "UTC,m3 s-1,degree_C\n" + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M:%SZ},{a},{b}"),
        {},
        {**HOUR, "units": {"Flow": "m3 s-1", "Temp": "degree_C"}},
    ),
    "tags as elements": (
        "NOAA GHCN",
        "STATION,DATE,ELEMENT,VALUE\n"
        + "".join(f"USW00023062,{20240101 + i},{tag},{100 + i}\n" for i in range(28) for tag in ("TMAX", "TMIN")),
        {},
        {"error": "'ELEMENT' names what 'VALUE' is of, the long format"},
    ),
    "a clock of that name": (
        "Zabbix",
        "itemid;clock;value;ns\n" + rows(lambda i, t, a, b: f"12;{1709510400 + 60 * i};{a};{i}"),
        {},
        {"error": "'itemid' names what 'value' is of"},
    ),
}
INSTRUMENTS = {
    "number of the row before the clock": (
        "Testo",
        "id;Datum/Zeit;Kanal 1 [°C];Kanal 2 [%]\n" + rows(lambda i, t, a, b: f"{i};{t:%d.%m.%Y %H:%M};{a};{b}"),
        {},
        named("Kanal 1", "Kanal 2", units={"Kanal 1": "°C", "Kanal 2": "%"}),
    ),
    "a clock of an unknown name": (
        "any",
        "Flow,gemessen um,Temp\n" + rows(lambda i, t, a, b: f"{a},{PLAIN[i]},{b}"),
        {},
        HOUR,
    ),
    "ctime with a zone": (
        "Ignition",
        '"t_stamp","Flow","Temp"\n' + rows(lambda i, t, a, b: f'"{t:%a %b %d %H:%M:%S} UTC {t.year}","{a}","{b}"'),
        {},
        HOUR,
    ),
    "labels of one clock": (
        "Onset",
        '"#","Time, GMT-04:00","Temp, °C (LGR S/N: 9, SEN S/N: 9, LBL: Flow)",'
        '"RH, % (LGR S/N: 9, SEN S/N: 9, LBL: Temp)"\n'
        + rows(lambda i, t, a, b: f"{i + 1},{t:%m/%d/%y %H:%M:%S},{a},{b}"),
        {},
        {**HOUR, "units": {"Flow": "°C", "Temp": "%"}},
    ),
    "quality of values": (
        "Kepware",
        "Timestamp,Flow_VALUE,Flow_QUALITY,Temp_VALUE,Temp_QUALITY\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{0 if i == 4 else 192},{b},192"),
        {},
        {"names": ("Flow_VALUE", "Temp_VALUE"), "missing": 1},
    ),
    "numbers of channels as names": (
        "oscilloscope",
        "x-axis,1,2\nsecond,Volt,Volt\n" + rows(lambda i, t, a, b: f"{i * 1e-6:+.6E},{a:+.5E},{b:+.5E}"),
        {"columns": ["1", "2"]},
        {"values": BOTH, "units": {"1": "Volt", "2": "Volt"}},
    ),
    "settings above the names": (
        "oscilloscope",
        "Model,MDO3024\nVersion,1.30\n\nPoint Format,Y,\nHorizontal Units,S,\nSample Interval,4e-10\n\nTIME,CH1,CH2\n"
        + rows(lambda i, t, a, b: f"{-2e-6 + i * 4e-10:.9e},{a},{b}"),
        {},
        {"names": ("CH1", "CH2"), "values": BOTH},
    ),
    "the axis counts": (
        "oscilloscope",
        "X,CH1,CH2,Start,Increment\nSequence,Volt,Volt,-1.2e-03,2e-06\n" + rows(lambda i, t, a, b: f"{i},{a},{b},,"),
        {},
        {"names": ("CH1", "CH2"), "values": BOTH},
    ),
    "one word in every row": (
        "InfluxDB",
        "name,tags,time,Flow,Temp\n" + rows(lambda i, t, a, b: f"boiler,,{1709510400 + 3600 * i}000000000,{a},{b}"),
        {},
        HOUR,
    ),
    "several words": (
        "any",
        "name,time,Flow,Temp\n" + rows(lambda i, t, a, b: f"{'boiler' if i % 2 else 'pump'},{PLAIN[i]},{a},{b}"),
        {},
        {"error": "column 'name' is not numeric: line 2 holds 'pump'"},
    ),
    "carets": ("mainframe", HEAD.replace(",", "^") + USUAL.replace(",", "^"), {}, HOUR),
    "trailing delimiters that the header lacks": ("SCADA", HEAD + USUAL.replace("\n", ",,\n"), {}, HOUR),
    "date and hours under one name": (
        "SQL*Plus",
        "TIME                      FLOW       TEMP\n------------------- ---------- ----------\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]} {a:10.2f} {b:10.1f}")
        + "\n60 rows selected.\n",
        {},
        named("FLOW", "TEMP"),
    ),
    "sums in German": ("report", HEAD + USUAL + "Min.,1,3\nMax.,9,8\nMittel,5,5\n", {}, HOUR),
    "a clock that stands once": (
        "Modelica",
        HEAD + rows(lambda i, t, a, b: f"{i * 0.5},{a},{b}") + "29.5,1,2\n",
        {},
        {"error": "time repeats at line 62"},
    ),
    "a clock that starts again": (
        "test bench",
        "t,Flow,Temp\n" + rows(lambda i, t, a, b: f"{i % 30 * 0.1:.1f},{a},{b}"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH, "series": 2},
    ),
    "a clock that starts again beside its label": (
        "Tennessee Eastman",
        "simulationRun,sample,xmeas_1,xmeas_2\n" + rows(lambda i, t, a, b: f"{3 + i // 30},{1 + i % 30},{a},{b}"),
        {},
        {"names": ("xmeas_1", "xmeas_2"), "values": BOTH, "series": 2},
    ),
    "a clock that falls": (
        "newest first",
        "t,Flow,Temp\n" + rows(lambda i, t, a, b: f"{i * 0.1:.1f},{a},{b}", reversed(range(N))),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "a clock out of order": (
        "files put below each other",
        HEAD + rows(lambda i, t, a, b: f"{i},{a},{b}", [*range(20, N), *range(20)]),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "a temperature of that name": (
        "any",
        "t,Flow,Temp\n" + rows(lambda i, t, a, b: f"{20 + np.sin(i):.6f},{a},{b}"),
        {},
        {"names": ("t", "Flow", "Temp"), "row": (20, *BOTH[0])},
    ),
    "tables side by side that go apart": (
        "PI DataLink",
        "Time A,Flow,Time B,Temp\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{t + datetime.timedelta(minutes=7 * i)},{b}"),
        {},
        {"error": "'Time A' and 'Time B' are clocks that go apart .line 2 .*say time='Time A'"},
    ),
    "tables side by side, said": (
        "PI DataLink",
        "Time A,Flow,Time B,Temp\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{t + datetime.timedelta(minutes=7 * i)},{b}"),
        {"time": "Time A"},
        HOUR,
    ),
    "another zone, over its change": (
        "any",
        "utc,local,Flow,Temp\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]},{t + AN_HOUR * (1 + (i >= 25)):%Y-%m-%d %H:%M},{a},{b}"),
        {},
        HOUR,
    ),
    "delayed stamps": (
        "gateway",
        "time,received,Flow,Temp\n"
        + rows(lambda i, t, a, b: f"{PLAIN[i]},{t + datetime.timedelta(seconds=i % 7)},{a},{b}"),
        {},
        HOUR,
    ),
}
CLOCKS = {
    "half days in Chinese": timed(
        lambda i, t: f"{t.year}/{t.month}/{t.day} {'下午' if t.hour > 11 else '上午'} {t:%I:%M:%S}"
    ),
    "half days in Korean": timed(
        lambda i, t: f"{t.year}. {t.month}. {t.day}. {'오후' if t.hour > 11 else '오전'} {t:%I:%M}"
    ),
    "Korean": timed(lambda i, t: f"{t:%Y년 %m월 %d일 %H시 %M분}"),
    "Hungarian": timed(lambda i, t: f"{t:%Y. %m. %d. %H:%M:%S}", ";"),
    "Czech": timed(lambda i, t: f"{t.day}. {t.month}. {t.year} {t:%H:%M}", ";"),
    "months in Russian": timed(lambda i, t: f"{t.day} марта {t.year} {t:%H:%M}", ";"),
    "a weekday in French": timed(lambda i, t: f"lundi {t.day} mars {t.year} {t:%H:%M}", ";"),
    "o'clock in German": timed(lambda i, t: f"{t:%d.%m.%Y %H:%M} Uhr", ";"),
    "o'clock in Danish": timed(lambda i, t: f"{t:%d.%m.%Y} kl. {t:%H:%M}", ";"),
    "digits of full width": timed(lambda i, t: f"{t:%Y/%m/%d %H:%M}".translate(WIDE)),
    "small letters": timed(lambda i, t: f"{t:%Y-%m-%dt%H:%M:%Sz}"),
    "compact with an offset": timed(lambda i, t: f"{t:%Y%m%dT%H%M%S}+0100", **HOUR_EARLIER),
    "period of a day and hours": timed(lambda i, t: f"{t:%d/%m/%Y %H:%M} - {t + AN_HOUR:%H:%M}"),
    "period of two dates": timed(lambda i, t: f"{t:%d.%m.%Y %H:%M} - {t + AN_HOUR:%d.%m.%Y %H:%M}"),
    "period that looks like an offset": timed(lambda i, t: f"{t:%d/%m/%Y %H:%M}-{t + AN_HOUR:%H:%M}"),
    "year and day as an integer": timed(lambda i, t: f"{2024001 + i}", step="1 d", start="2024-01-01 00:00:00"),
    "durations of ISO 8601": timed(lambda i, t: f"PT{i // 2}M{i % 2 * 30}S", start=SINCE, step="30 s"),
    "durations of pandas": timed(lambda i, t: f"{i // 24} days {i % 24:02}:00:00", start=SINCE),
    "durations of Python": timed(lambda i, t: str(i * AN_HOUR).replace(",", ""), ";", start=SINCE),
    "durations of .NET": timed(lambda i, t: f"{i // 24}.{i % 24:02}:00:00", start=SINCE),
    "durations of MATLAB": timed(lambda i, t: f"{i * 0.5:g} sec", start=SINCE, step="500 ms"),
    "hours with their unit": timed(lambda i, t: f"{i} hr", start=SINCE),
    "minutes, seconds and tenths": timed(lambda i, t: f"{i // 10:02}:{i % 10 * 6:02}.0", start=SINCE, step="6 s"),
    "hours lost by a spreadsheet": timed(lambda i, t: f"{i * 10 % 60:02}:00.0", start=SINCE, step="10 min"),
    "period of hours beside a date": timed(
        lambda i, t: f"{t:%d/%m/%Y};{t:%H:%M}-{t + AN_HOUR:%H:%M}", ";", clock="Date;Period"
    ),
    "hour to hour beside a date": timed(
        lambda i, t: f"{t:%d/%m/%Y};{t.hour:02} - {t.hour + 1:02}", ";", clock="Date;Hours"
    ),
    "milliseconds beside seconds": timed(
        lambda i, t: f"2024-03-04 00:00:{i // 10:02},{i % 10 * 100}", clock="time,ms", step="100 ms"
    ),
    "milliseconds beside date and seconds": timed(
        lambda i, t: f"2024-03-04,00:00:{i // 10:02},{i % 10 * 100}", clock="Date,Time,ms", step="100 ms"
    ),
    "names of months in a calendar": timed(
        lambda i, t: f"2024,{'Jan' if i < 31 else 'Feb'},{1 + i % 31}",
        clock="Year,Month,Day",
        how={"max_gap": 0},
        step="1 d",
        start="2024-01-01 00:00:00",
    ),
    "year and month": timed(
        lambda i, t: f"{2015 + i // 12},{1 + i % 12}", clock="Year,Month", step="1 month", start="2015-01-01 00:00:00"
    ),
    "hours with decimals": timed(
        lambda i, t: f"2024-03-{4 + i // 48:02},{i % 48 / 2}", clock="Date,Hour", step="30 min"
    ),
    "weekdays": timed(lambda i, t: f"{PLAIN[i]},{t:%A}", clock="time,weekday"),
    "months in French beside a clock": timed(
        lambda i, t: f"{PLAIN[i]},{('fév', 'Déc', 'juin', 'août')[i % 4]}", clock="time,mois"
    ),
    "machines that take turns": (
        "gateway",
        "time,machine,Flow,Temp\n" + rows(lambda i, t, a, b: f"{PLAIN[i // 2]},{i % 2 + 1},{a},{b}"),
        {},
        {"error": "'machine' tells 2 recordings apart, whose rows share their times: say series='machine'"},
    ),
    "machines that take turns, said": (
        "gateway",
        "time,machine,Flow,Temp\n" + rows(lambda i, t, a, b: f"{PLAIN[i // 2]},{i % 2 + 1},{a},{b}"),
        {"series": "machine"},
        {"names": ("Flow", "Temp"), "series": 2},
    ),
    "a clock that stands still": (
        "any",
        HEAD + rows(lambda i, t, a, b: f"2024-03-04 00:00,{a},{b}"),
        {},
        {"error": "time repeats at line 3 .*resample='1min'"},
    ),
}
CELLS = {
    "Spanish": with_third("Bomba", lambda i: "Sí" if i % 3 else "No", 0),
    "Swedish": with_third("Pump", lambda i: "PÅ" if i % 3 else "AV", 0),
    "Dutch": with_third("Pomp", lambda i: "aan" if i % 3 else "uit", 0),
    "valves": with_third("Valve", lambda i: "OPEN" if i % 3 else "CLOSED", 0),
    "T and F": with_third("Pump", lambda i: "T" if i % 3 else "F", 0),
    "Y and N": with_third("Pump", lambda i: "Y" if i % 3 else "N", 0),
    "directions": (
        "weather",
        "time,Flow,Temp,wd\n" + rows(lambda i, t, a, b: f"{PLAIN[i]},{a},{b},{('N', 'S', 'W')[i % 3]}"),
        {},
        {"error": "column 'wd' is not numeric: line 2 holds 'N'"},
    ),
    "names that are switches": (
        "shares",
        "Open,Close,Low\n2,2,3\n" + "3,1,2\n" * 9,
        {"window": 4},
        {"names": ("Open", "Close", "Low")},
    ),
    "a first row that is censored": (
        "laboratory",
        "Flow,Temp\n<0.1,5\n" + rows(lambda i, t, a, b: f"{a},{b}"),
        {},
        {"error": "'Flow': line 2 holds '<0.1', beyond"},
    ),
    "a first row of a word and a number": (
        "historian",
        "Flow,Temp\nBad,5\n" + rows(lambda i, t, a, b: f"{a},{b}"),
        {},
        {"error": "'Flow' is not numeric: line 2 holds 'Bad'"},
    ),
    "powers": (
        "report",
        HEAD + rows(lambda i, t, a, b: f"{PLAIN[i]},1.{i}x10^3,{b}"),
        {},
        {"error": "'Flow' is not numeric: line 2 holds '1.0x10"},
    ),
    "digits of Arabic": (
        "Excel",
        HEAD + rows(lambda i, t, a, b: f"{PLAIN[i]}," + f"{a},{b}".translate(ARABIC)),
        {},
        HOUR,
    ),
    "odd signs of degrees": (
        "spreadsheet",
        HEAD + rows(lambda i, t, a, b: f"{PLAIN[i]},{a}℃,{b}ºC"),
        {},
        {**HOUR, "units": {"Flow": "℃", "Temp": "ºC"}},
    ),
}  # fmt: skip
FILES = SERVICES | INSTRUMENTS | CLOCKS | CELLS


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)


def test_weather_files_of_energyplus(tmp_path):
    head = "LOCATION,Denver,CO\nDESIGN CONDITIONS,0\n" + "X,0\n" * 5 + "DATA PERIODS,1,1,Data,Sunday,1/1,12/31\n"
    line = "{t.year},{t.month},{t.day},{h},60,?9?9?9,{a},{b},40,83100,0,9999,250"
    text = head + rows(lambda i, t, a, b: line.format(t=t, h=t.hour + 1, a=a, b=b))
    (tmp_path / "a.epw").write_text(text)
    data = Dataset.from_file(tmp_path / "a.epw", columns=["Dry bulb temperature", "Dew point temperature"], window=8)
    check(data, {**HOUR_LATER, "names": data.names, "units": dict.fromkeys(data.names, "C")})


def tagged(row, head="t,tag,v", tags=("Flow", "Temp")):
    """A row for each value of the two sensors."""
    return (head + "\n") + "".join(
        row(t, tag, v) + "\n"
        for tag, column in zip(tags, BOTH.T, strict=True)
        for t, v in zip(TIMES, column, strict=True)
    )


EVENTS = tagged(lambda t, tag, v: f"{t},{tag},{v}")
UNITS = {"Flow": "m3/h", "Temp": "degC"}
# case -> (text, columns of time, tag and value, what is expected)
LONG = {
    "a column of units": (
        tagged(lambda t, tag, v: f"{t},{tag},{v},{UNITS[tag]}", "t,tag,v,unit"),
        "t",
        {**HOUR, "units": UNITS},
    ),
    "units behind numbers": (
        tagged(lambda t, tag, v: f"{t},{tag},{v} kW"),
        "t",
        {**HOUR, "units": dict.fromkeys(UNITS, "kW")},
    ),
    "blanks around tags": (tagged(lambda t, tag, v: f"{t}, {tag} ,{v}"), "t", HOUR),
    "date and hour": (tagged(lambda t, tag, v: f"{t:%Y-%m-%d,%H:%M},{tag},{v}", "d,c,tag,v"), "d,c", HOUR),
    "no tag": (EVENTS + "2024-03-06 12:00:00,,5\n", "t", {"error": "the tag is missing at line 122 .1 row.: leave"}),
    "a first row that is torn": (EVENTS.replace("20.38", "12_3"), "t", {"error": "12_3"}),
    "a first row that is censored": (EVENTS.replace("20.38", "<0.1"), "t", {"error": "<0.1"}),
    "words below numbers": (
        EVENTS + "".join(f"{t},Mode,{'auto' if t.hour % 3 else 'man'}\n" for t in TIMES),
        "t",
        HOUR,
    ),
}


@pytest.mark.parametrize("case", LONG)
@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
def test_long_file(tmp_path, case):
    text, time, expected = LONG[case]
    (tmp_path / "a.csv").write_text(text)
    check_case(
        Dataset.from_long, tmp_path / "a.csv", {"time": time, "name": "tag", "value": "v", "window": 8}, expected
    )


@pytest.mark.parametrize(
    ("layout", "rows", "said"),
    [
        ("epw", 2, "has 8 lines above its data"),
        ("epw", 20, "10 columns or more: line 9 of this one has 2"),
        ("dwd", 20, "MESS_DATUM: none"),
        ("toa5", 20, "names in its second line: this one has '1' there"),
        ("usgs", 20, "a line of widths .*: none is there"),
    ],
)
def test_a_layout_that_is_named_and_does_not_fit_is_refused(tmp_path, layout, rows, said):
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * rows)
    with pytest.raises(DataError, match=said):
        Dataset.from_file(tmp_path / "a.csv", layout=layout, window=2)


def test_a_wrong_encoding_that_is_said_is_named_in_the_refusal(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 20)
    with pytest.raises(DataError, match=r"read as utf-16: leave encoding= out to have it found"):
        Dataset.from_file(tmp_path / "a.csv", encoding="utf-16", window=2)


def test_lines_between_names_and_data_are_told(tmp_path):
    (tmp_path / "a.csv").write_text(HEAD + "stamp,of feed,inlet\n,m3/h,degC\n" + USUAL)
    told = Dataset.from_file(tmp_path / "a.csv", window=8).understood
    assert ("lines left out", "1 line below the names, line 2") in told

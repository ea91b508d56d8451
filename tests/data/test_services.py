"""Files of weather services, air and water networks, dashboards, control systems and instruments, and odd encodings."""

from __future__ import annotations

import datetime

import pytest
from loggerfiles import BOTH, HOUR, HOUR_EARLIER, HOUR_LATER, HOURS, N, check, check_file, stamp

from jaxstable.data.dataset import Dataset

TIMES = [hour.astype(object) for hour in HOURS]
ISO = stamp("%Y-%m-%d %H:%M:%S")
UTC_MS = [int(t.replace(tzinfo=datetime.UTC).timestamp() * 1000) for t in TIMES]
HEAD = "time,Flow,Temp\n"
AN_HOUR = datetime.timedelta(hours=1)
DAYS = [datetime.date(2024, 1, 1) + datetime.timedelta(days=i) for i in range(N)]


def rows(form, some=range(N)):
    """One line a row, made by a function of its number, time, flow and temperature."""
    return "".join(form(i, TIMES[i], *BOTH[i]) + "\n" for i in some)


def tagged(head, form):
    """A row for each value of the two sensors."""
    return head + "".join(
        form(t, tag, v) + "\n"
        for tag, column in zip(("Flow", "Temp"), BOTH.T, strict=True)
        for t, v in zip(TIMES, column, strict=True)
    )


def named(*names, **more):
    return {**HOUR, "names": names, **more}


USUAL = rows(lambda i, t, a, b: f"{ISO[i]},{a},{b}")
DAILY = {"step": "1 d", "start": "2024-01-01 00:00:00"}
C_AND_MORE = {"Flow": "m3/h", "Temp": "°C"}

# case -> (source of the idea, text, how it is read, what is expected)
WEATHER = {
    "number of a post": (
        "Météo-France",
        "POSTE;DATE;RR1;T\n" + rows(lambda i, t, a, b: f"01234001;{t:%Y%m%d%H};{a};{b}"),
        {},
        named("RR1", "T"),
    ),
    "hours to 24 beside integers, names in a comment": (
        "KNMI",
        "# STN = station\n# STN,YYYYMMDD,   HH,   FF,    T\n\n"
        + rows(lambda i, t, a, b: f"  260,{t:%Y%m%d},{t.hour + 1:5},{a:5},{b:5}"),
        {},
        HOUR_LATER | {"names": ("FF", "T")},
    ),
    "words beside the first rows": (
        "SMHI",
        "Datum;Tid (UTC);Flow;Temp;;Tidsutsnitt:\n"
        + rows(lambda i, t, a, b: f"{t:%Y-%m-%d};{t:%H:%M:%S};{a};{b};;" + ("2 stationer" if i == 0 else "")),
        {},
        HOUR,
    ),
    "calendar in Finnish, hours with minutes": (
        "FMI",
        '"Asema","Vuosi","Kuukausi","Päivä","Aika [Paikallinen aika]","Flow [m3/h]","Temp [°C]"\n'
        + rows(lambda i, t, a, b: f'"Kaisaniemi","{t.year}","{t.month}","{t.day}","{t:%H:%M}","{a}","{b}"'),
        {},
        HOUR | {"units": C_AND_MORE},
    ),
    "place and flags in every row": (
        "Environment Canada",
        '"Longitude (x)","Latitude (y)","Station Name","Climate ID","Date/Time (LST)","Year","Time (LST)","Flow",'
        '"Flow Flag","Temp (°C)","Temp Flag"\n'
        + rows(
            lambda i, t, a, b: f'"-79.4","43.6","X","6158355","{t:%Y-%m-%d %H:%M}","2024","{t:%H:%M}","{a}","","{b}",""'
        ),
        {},
        HOUR | {"units": {"Temp": "°C"}},
    ),
    "names over their quality": (
        "JMA",
        "時刻,2024/05/01 10:00:00\n\n,東京,東京,東京,東京\n年月日時,気温(℃),気温(℃),風速(m/s),風速(m/s)\n"
        ",,品質情報,,品質情報\n"
        + rows(lambda i, t, a, b: f"{t.year}/{t.month}/{t.day} {t.hour}:00:00,{a},{8 - i % 3},{b},8"),
        {"columns": ["気温(℃)", "風速(m/s)"]},
        HOUR | {"names": ("気温(℃)", "風速(m/s)")},
    ),
    "quality named first": (
        "ECA&D",
        "EUROPEAN CLIMATE ASSESSMENT\n\nSTAID, SOUID,    DATE,   TG, Q_TG,   RR\n"
        + rows(lambda i, t, a, b: f"    10, 35381,{DAYS[i]:%Y%m%d},{a:7},    0,{b:7}"),
        {},
        {**DAILY, "names": ("TG", "RR"), "values": BOTH},
    ),
    "metadata as names and a row": (
        "Open-Meteo",
        "latitude,longitude,elevation,utc_offset_seconds\n52.5,13.4,38.0,0\n\ntime,Flow (m3/h),Temp (°C)\n"
        + rows(lambda i, t, a, b: f"{t:%Y-%m-%dT%H:%M},{a},{b}"),
        {},
        HOUR | {"units": C_AND_MORE},
    ),
    "a header between marks": (
        "NASA POWER",
        "-BEGIN HEADER-\nNASA/POWER\nDates: 03/04/2024\n-END HEADER-\nYEAR,MO,DY,HR,T2M,RH2M\n"
        + rows(lambda i, t, a, b: f"{t.year},{t.month},{t.day},{t.hour},{a},{b}"),
        {},
        named("T2M", "RH2M"),
    ),
    "a letter for missing": (
        "ASOS",
        "station,valid,tmpf,relh\n" + rows(lambda i, t, a, b: f"DSM,{t:%Y-%m-%d %H:%M},{a},{b if i % 9 else 'M'}"),
        {},
        {"error": "'relh' is not numeric: line 2 holds 'M' .7 such cells.; if it stands for missing, say missing='M'"},
    ),
}
NETWORKS = {
    "one pollutant and its validity": (
        "EEA",
        "AirPollutant,Concentration,DatetimeBegin,DatetimeEnd,Validity\n"
        + rows(lambda i, t, a, b: f"NO2,{a},{t:%Y-%m-%d %H:%M:%S} +01:00,{t + AN_HOUR:%Y-%m-%d %H:%M:%S} +01:00,1"),
        {},
        {"error": "the only variable is 'Concentration'.*'Validity' .the same label in every row"},
    ),
    "status and unit behind each name": (
        "UK-AIR",
        "All Data GMT hour ending\n\n,,London,,,London,,\nDate,time,Ozone,status,unit,Nitric oxide,status,unit\n"
        + rows(lambda i, t, a, b: f"{t:%d-%m-%Y},{t.hour + 1:02}:00,{a},R,ugm-3,{b},R,ugm-3"),
        {},
        HOUR_LATER | {"names": ("Ozone", "Nitric oxide")},
    ),
    "hours between apostrophes": (
        "UBA",
        "Code;Datum;Zeit;Flow;Temp\n"
        + rows(lambda i, t, a, b: f"DEBE010;{t:%d.%m.%Y};'{t:%H:%M}';" + f"{a};{b}".replace(".", ",")),
        {},
        HOUR,
    ),
    "where the sensor hangs": (
        "sensor.community",
        "sensor_id;sensor_type;location;lat;lon;timestamp;P1;durP1;P2\n"
        + rows(lambda i, t, a, b: f"92;SDS011;42;48.8;9.1;{t:%Y-%m-%dT%H:%M:%S};{a};;{b}"),
        {},
        named("P1", "P2"),
    ),
    "a name for the entry": (
        "ThingSpeak",
        "created_at,entry_id,field1,field2,latitude,longitude,elevation,status\n"
        + rows(lambda i, t, a, b: f"{t:%Y-%m-%d %H:%M:%S} UTC,{700 + i},{a},{b},,,,"),
        {},
        named("field1", "field2"),
    ),
    "marks before the data": (
        "ZRXP",
        "#SANR12345|*|SNAMEGauge|*|\n#CNRFlow|*|RINVAL-777|*|\n" + rows(lambda i, t, a, b: f"{t:%Y%m%d%H%M%S} {a} {b}"),
        {},
        named("column 2", "column 3"),
    ),
    "hours that are not there": (
        "GRDC",
        "# GRDC\nYYYY-MM-DD;hh:mm; Original; Calculated\n" + rows(lambda i, t, a, b: f"{DAYS[i]};--:--;{a:10};{b:10}"),
        {},
        {**DAILY, "names": ("Original", "Calculated"), "values": BOTH},
    ),
    "one row for each parameter": (
        "OpenAQ",
        tagged(
            "location,utc,local,parameter,value,unit\n",
            lambda t, tag, v: f"X,{t:%Y-%m-%dT%H:%M:%SZ},{t:%Y-%m-%dT%H:%M:%S+01:00},{tag},{v},µg/m³",
        ),
        {},
        {"error": "'parameter' names what 'value' is of.*--long 'utc,parameter,value'"},
    ),
}
SYSTEMS = {
    "labels in names": (
        "Prometheus, Grafana",
        '"Time","Flow {host=""a""}","Temp {host=""a""}"\n' + rows(lambda i, t, a, b: f"{UTC_MS[i]},{a},{b}"),
        {},
        named('Flow {host="a"}', 'Temp {host="a"}'),
    ),
    "labels in names, not quoted": (
        "Prometheus",
        'time,{instance="a",job="x"},{instance="b",job="x"}\n' + rows(lambda i, t, a, b: f"{UTC_MS[i]},{a},{b}"),
        {},
        {"error": "line 2 has 3 fields, the header 5"},
    ),
    "undefined": (
        "Grafana",
        HEAD + rows(lambda i, t, a, b: f"{ISO[i]},{a if i % 6 else 'undefined'},{b}"),
        {},
        {"missing": 10, "step": "1 h"},
    ),
    "what was asked for below the names": (
        "CloudWatch",
        "Label,Flow,Temp\nFull label,Flow,Temp\nStat,Average,Average\nPeriod,3600,3600\nTimestamp,,\n"
        + rows(lambda i, t, a, b: f"{t:%Y/%m/%d %H:%M:%S},{a},{b}"),
        {},
        HOUR,
    ),
    "words of a tag of another name": (
        "WinCC Unified",
        tagged('"LoggingTag";"Timestamp";"Value";"Quality"\n', lambda t, tag, v: f'"{tag}";"{t}";"{v}";"192"'),
        {},
        {"error": "'LoggingTag' names what 'Value' is of"},
    ),
    "devices that take turns": (
        "Timescale",
        tagged("time,device,value\n", lambda t, tag, v: f"{t},{tag},{v}"),
        {},
        {"error": "'device' names what 'value' is of.*--long 'time,device,value'"},
    ),
    "pairs of X and Y": (
        "WinCC",
        "Flow ValueX;Flow ValueY;Temp ValueX;Temp ValueY\n"
        + rows(lambda i, t, a, b: f"{t:%d.%m.%Y %H:%M:%S};{a};{t:%d.%m.%Y %H:%M:%S};{b}"),
        {},
        named("Flow ValueY", "Temp ValueY"),
    ),
    "state behind each value": (
        "WinCC",
        "Time;Flow ValueY;Flow State;Temp ValueY;Temp State\n"
        + rows(lambda i, t, a, b: f"{t:%d.%m.%Y %H:%M:%S};{a};Good;{b};Good"),
        {},
        named("Flow ValueY", "Temp ValueY"),
    ),
    "the same word for each status": (
        "Aspen IP.21",
        "Date Time\tFlow\tStatus\tTemp\tStatus\n"
        + rows(lambda i, t, a, b: f"{t:%d-%b-%y %H:%M:%S.0}\t{a}\t{'Good' if i % 20 else 'Bad'}\t{b}\tGood"),
        {},
        {"names": ("Flow", "Temp"), "missing": 3, "step": "1 h"},
    ),
    "milliseconds and markers": (
        "FactoryTalk",
        "Date;Time;Millitm;Marker;Flow;Sts_00;Temp\n"
        + rows(lambda i, t, a, b: f"{t:%m/%d/%Y};{t:%H:%M:%S};0;{'B' if i == 0 else ''};{a};;{b}").replace(
            ";B;", ";Begin;"
        ),
        {},
        HOUR,
    ),
    "an event log": (
        "PLC",
        "Timestamp,Event,Severity\n" + rows(lambda i, t, a, b: f"{ISO[i]},{'Start' if i % 2 else 'Stop'},{i % 3}"),
        {},
        {"error": "'Event' is not numeric: line 2 holds 'Stop'"},
    ),
    "registers in hexadecimal": (
        "Modbus gateway",
        "time,reg0,reg1\n" + rows(lambda i, t, a, b: f"{ISO[i]},0x{int(a * 100):04X},0x{int(b * 100):04X}"),
        {},
        {"error": "'reg0' is not numeric: line 2 holds '0x07F6'"},
    ),
    "numbers of registers": (
        "Modbus gateway",
        "No.;Date;Time;[40001] Flow;[40002] Temp\n"
        + rows(lambda i, t, a, b: f"{i + 1};{t:%Y/%m/%d};{t:%H:%M:%S};{a};{b}"),
        {},
        named("[40001] Flow", "[40002] Temp"),
    ),
    "a file of another program": (
        "Wonderware",
        "ASCII\n|\nAdmin|1|Server Local|10|2\n"
        + rows(lambda i, t, a, b: f"Flow|0|{t:%Y/%m/%d}|{t:%H:%M:%S}.000|0|{a}|192"),
        {},
        {"error": "line 4 has 7 fields, the header 5"},
    ),
}
LVM = (
    "LabVIEW Measurement\t\nWriter_Version\t2\nSeparator\tTab\nDecimal_Separator\t.\nX_Columns\t{x}\n"
    "***End_of_Header***\t\nChannels\t2\n***End_of_Header***\t\n"
)
INSTRUMENTS = {
    "a clock for each channel": (
        "LabVIEW",
        LVM.format(x="Multi")
        + "X_Value\tFlow\tX_Value\tTemp\tComment\n"
        + rows(lambda i, t, a, b: f"{i / 10:.6f}\t{a}\t{i / 10:.6f}\t{b}\t"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "no clock": (
        "LabVIEW",
        LVM.format(x="No") + "X_Value\tFlow\tTemp\tComment\n" + rows(lambda i, t, a, b: f"\t{a}\t{b}\t"),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH, "step": None},
    ),
    "properties of channels": (
        "TDMS",
        "Group\tRaw\n\nChannel\tFlow\tTemp\nUnit\tm3/h\tdegC\nStart time\t04.03.2024 00:00:00\t04.03.2024 00:00:00\n"
        "Increment\t1\t1\n\n" + rows(lambda i, t, a, b: f"{i}\t{a}\t{b}"),
        {},
        {"error": "line 5 holds 'Start time'"},
    ),
    "three lines without a title": (
        "LoggerNet",
        '"TIMESTAMP","RECORD","Flow","Temp"\n"TS","RN","m3/h","Deg C"\n"","","Avg","Avg"\n'
        + rows(lambda i, t, a, b: f'"{ISO[i]}",{i},{a},{b}'),
        {},
        HOUR | {"units": {"Flow": "m3/h", "Temp": "Deg C"}},
    ),
    "numbers of lines": (
        "HOBOlink",
        '"Line#","Date","Flow","Temp"\n' + rows(lambda i, t, a, b: f"{i + 1},{t:%m/%d/%y %H:%M:%S},{a},{b}"),
        {},
        HOUR,
    ),
    "channels with their number": (
        "HOBO MX",
        '#,Date-Time (CET),"Ch: 1 - Flow   (m3/h)","Ch: 2 - Temp   (°C)","Host Connected","End of File"\n'
        + rows(lambda i, t, a, b: f"{i + 1},{t:%m/%d/%Y %H:%M:%S},{a},{b},,"),
        {},
        named("Ch: 1 - Flow", "Ch: 2 - Temp", units={"Ch: 1 - Flow": "m3/h", "Ch: 2 - Temp": "°C"}),
    ),
    "least, largest and mean above the data": (
        "Testo",
        '"Datum Uhrzeit";"Raum 1[°C]";"Raum 2[°C]"\n"min.";"10,1";"40,1"\n"max.";"30,0";"60,0"\n"Mittel";"20,2";"50"\n'
        + rows(lambda i, t, a, b: f'"{t:%d.%m.%Y %H:%M:%S}";' + f'"{a}";"{b}"'.replace(".", ",")),
        {},
        named("Raum 1", "Raum 2", units={"Raum 1": "°C", "Raum 2": "°C"}),
    ),
    "several clocks in each row": (
        "Fluke",
        "Reading,Sample,Start Time,Max Time,Max,Stop Time\n"
        + rows(
            lambda i, t, a, b: (
                f"{i + 1},{a} °C,{t:%m/%d/%Y %I:%M:%S %p},{t:%m/%d/%Y %I:%M:%S %p},{b} °C,"
                f"{t + AN_HOUR:%m/%d/%Y %I:%M:%S %p}"
            )
        ),
        {},
        named("Sample", "Max", units={"Sample": "°C", "Max": "°C"}),
    ),
    "a list of channels above the names": (
        "Graphtec",
        "Model,GL840\nAMP settings\nCH,Signal name,Input,Range\nCH1,Flow,DC,5V\nCH2,Temp,DC,5V\nData\n"
        "Number,Date&Time,ms,CH1,CH2\nNO.,Time,ms,V,degC\n"
        + rows(lambda i, t, a, b: f"{i + 1},{t:%Y/%m/%d %H:%M:%S},0,{a},{b}"),
        {},
        named("CH1", "CH2", units={"CH1": "V", "CH2": "degC"}),
    ),
    "numbers of scans": (
        "Keysight",
        "Instrument:,34970A\n\nScan,Time,101 <Flow> (C),102 <Temp> (C)\n"
        + rows(lambda i, t, a, b: f"{i + 1},{t:%m/%d/%Y %H:%M:%S}:000,{a},{b}"),
        {},
        named("101 <Flow>", "102 <Temp>"),
    ),
    "units as in DIN": (
        "Ahlborn",
        "Zeit;Flow / m3/h;Temp in °C\n" + rows(lambda i, t, a, b: f"{t:%d.%m.%Y %H:%M};{a};{b}"),
        {},
        HOUR | {"units": C_AND_MORE},
    ),
}
CLOCKS = {
    f"clock as {what}": ("program", HEAD + rows(lambda i, t, a, b, form=form: f"{form(i, t)},{a},{b}"), {}, expected)
    for what, form, expected in (
        ("ticks of Windows", lambda i, t: int((t - datetime.datetime(1601, 1, 1)).total_seconds()) * 10**7, HOUR),
        ("ticks of .NET", lambda i, t: int((t - datetime.datetime(1, 1, 1)).total_seconds()) * 10**7, HOUR),
        ("JavaScript", lambda i, t: f"{t:%a %b %d %Y %H:%M:%S} GMT+0100 (CET)", HOUR_EARLIER),
        ("UTC+1", lambda i, t: f"{t:%Y-%m-%d %H:%M:%S} UTC+1", HOUR_EARLIER),
        ("Unix seconds with an exponent", lambda i, t: f"{UTC_MS[i] / 1000:.9e}", HOUR),
        ("am without a blank", lambda i, t: f"{t:%m/%d/%Y %I:%M%p}", HOUR),
    )
}
TABLES = {
    "a day beside its clock": (
        "report",
        "Date,Timestamp,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t:%Y-%m-%d},{ISO[i]},{a},{b}"),
        {},
        HOUR,
    ),
    "a day and an hour with its letter": (
        "report",
        "Day,Hour,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t:%d.%m.%Y},{t:%H}h,{a},{b}"),
        {},
        HOUR,
    ),
    "a calendar and hours with minutes": (
        "report",
        "Year,Month,Day,Time,Flow,Temp\n" + rows(lambda i, t, a, b: f"{t.year},{t.month},{t.day},{t:%H:%M},{a},{b}"),
        {},
        HOUR,
    ),
    "a meter that is read in whole numbers": (
        "energy",
        "time,reading,Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]},{1000 + 3 * i + i % 2},{b}"),
        {},
        {"names": ("reading", "Temp"), "step": "1 h"},
    ),
    "remarks": (
        "hand edited",
        "time,Flow,Temp,Comment\n" + rows(lambda i, t, a, b: f"{ISO[i]},{a},{b},{'2 valves off' if i == 7 else ''}"),
        {},
        HOUR,
    ),
    "a few torn numbers and nothing else": (
        "unknown",
        "time,Flow,Temp,Third\n" + rows(lambda i, t, a, b: f"{ISO[i]},{a},{b},{'12_3' if i == 7 else ''}"),
        {},
        {"error": "'Third' is not numeric: line 9 holds '12_3'"},
    ),
    "another table below": (
        "report",
        "time,Flow\n" + rows(lambda i, t, a, b: f"{ISO[i]},{a}") + "\nTable 2\ntime,Temp\n" + f"{ISO[0]},1\n",
        {},
        {"error": "line 64 holds the names of another table, 'time', 'Temp': save each table as a file of its own"},
    ),
    "tables side by side, a gap between": (
        "spreadsheet",
        "time,Flow,,time,Temp\n" + rows(lambda i, t, a, b: f"{ISO[i]},{a},,{ISO[i]},{b}"),
        {},
        {"error": "duplicate column names 'time' in line 1"},
    ),
    "a row for each sensor": (
        "spreadsheet",
        f"sensor,{','.join(ISO)}\nFlow,{','.join(map(str, BOTH[:, 0]))}\nTemp,{','.join(map(str, BOTH[:, 1]))}\n",
        {},
        {"error": "line 1 holds a moment in every column but the first.*turn it"},
    ),
    "a column for each hour": (
        "grid operator",
        f"Date,{','.join(f'{h:02}:00' for h in range(24))}\n"
        + "".join(f"{day},{','.join(str(BOTH[h, 0]) for h in range(24))}\n" for day in DAYS[:20]),
        {},
        {"error": "columns '00:00' to '23:00' are hours of a day, no sensors: write a row for each hour"},
    ),
    "rows of two units": (
        "plant",
        "time,unit,Flow,Temp\n" + rows(lambda i, t, a, b: f"{ISO[i // 2]},{'AB'[i % 2]},{a},{b}"),
        {},
        {"error": "'unit' tells 2 recordings apart, whose rows share their times: say series='unit'"},
    ),
    "when it was exported, below": (
        "report",
        HEAD + USUAL + "\nExported,2024-05-01 10:00:00,by me\n",
        {},
        {"error": "time at line 63 is 'Exported'.*leave that line out"},
    ),
    "a clock that was not set": (
        "logger",
        HEAD + "0000-00-00 00:00:00,0,0\n" + USUAL,
        {},
        {"error": "line 2 is '0000-00-00 00:00:00', which does not exist"},
    ),
    "rows sent again": (
        "logger",
        HEAD + USUAL + rows(lambda i, t, a, b: f"{ISO[i]},{a},{b}", range(55, N)),
        {},
        {"error": "time repeats at line 62 .5 such rows.: average them, e.g. resample='1h'"},
    ),
    "doubled carriage returns": ("FTP", (HEAD + USUAL).replace("\n", "\r\r\n"), {}, HOUR),
    "blanks that do not break": (
        "web page",
        "time;Flow;Temp\n" + rows(lambda i, t, a, b: f"{t:%d.%m.%Y}\u00a0{t:%H:%M};{a}\u00a0;\u00a0{b}"),
        {},
        HOUR,
    ),
}  # fmt: skip
FILES = WEATHER | NETWORKS | SYSTEMS | INSTRUMENTS | CLOCKS | TABLES


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)


def test_lines_of_two_encodings_are_each_read_by_their_own(tmp_path):
    (tmp_path / "a.csv").write_bytes("time,Flöw,Temp\n".encode() + USUAL.encode() + "# grüße\n".encode("latin-1"))
    data = Dataset.from_file(tmp_path / "a.csv", window=8)
    check(data, named("Flöw", "Temp"))
    assert dict(data.understood)["file"] == "csv, UTF-8 and Windows-1252, line by line (encoding= says otherwise)"


def test_what_is_no_table_of_text_is_refused_with_the_way_out(tmp_path):
    from jaxstable.data.checks import DataError

    for suffix, said in ((".npz", "Dataset.from_array"), (".mat", "scipy.io.loadmat"), (".json", "json_normalize")):
        (tmp_path / f"a{suffix}").write_bytes(b"x")
        with pytest.raises(DataError, match=f"found '{suffix}': .*{said}"):
            Dataset.from_file(tmp_path / f"a{suffix}")

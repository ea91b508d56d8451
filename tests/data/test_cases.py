"""Files and frames in the manner of real loggers: each is read right, or refused with the place and a way out."""

from __future__ import annotations

import gzip
import io
import re
import zipfile

import numpy as np
import pytest
from loggerfiles import BOTH, FLOW, HOUR, HOURS, N, body, check, check_case, check_file, stamp

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.data.layout import Layout


def put(text, column, value, every=7):
    """Write something else into every seventh cell of a column."""
    rows = text.splitlines()
    for i in range(3, len(rows), every):
        cells = rows[i].split(",")
        cells[column] = value
        rows[i] = ",".join(cells)
    return "\n".join(rows) + "\n"


PLAIN = "time,Flow,Temp\n" + body()

# case -> (source of the idea, text, how it is read, what is expected)
FILES = {
    # layouts
    "plain": ("any", PLAIN, {}, HOUR),
    "semicolon, decimal comma": ("European export", "time;Flow;Temp\n" + body(mark=";", decimal=","), {}, HOUR),
    "tab": ("spreadsheet", "time\tFlow\tTemp\n" + body(mark="\t"), {}, HOUR),
    "bar": ("database dump", "time|Flow|Temp\n" + body(mark="|"), {}, HOUR),
    "blanks": ("SURFRAD", "time Flow   Temp\n" + body(mark="   "), {}, HOUR),
    "byte order mark": ("Excel", "\ufeff" + PLAIN, {}, HOUR),
    "carriage returns": ("Windows", PLAIN.replace("\n", "\r\n"), {}, HOUR),
    "units row": (
        "SCADA",
        "time,Flow,Temp\n,m3/h,°C\n" + body(),
        {},
        {**HOUR, "units": {"Flow": "m3/h", "Temp": "°C"}},
    ),
    "TOA5": (
        "Campbell",
        '"TOA5","st","CR1000","1","OS","P","1","T"\n"TIMESTAMP","RECORD","Flow","Temp"\n"TS","RN","m3/h","degC"\n"","","Avg","Avg"\n'
        + body([f'"{t}",{i + 70}' for i, t in enumerate(stamp("%Y-%m-%d %H:%M:%S"))]),
        {},
        {**HOUR, "units": {"Flow": "m3/h", "Temp": "degC"}},
    ),
    "HOBO": (
        "HOBOware",
        'Plot Title: tank\n"#","Date Time, GMT-05:00","Flow, m3/h (LGR S/N: 1)","Temp, °C (LGR S/N: 1)"\n'
        + body([f"{i + 1},{t}" for i, t in enumerate(stamp("%m/%d/%y %I:%M:%S %p"))]),
        {},
        {**HOUR, "units": {"Flow": "m3/h", "Temp": "°C"}},
    ),
    "sep= line": ("Grafana, Excel", "sep=;\ntime;Flow;Temp\n" + body(mark=";"), {}, HOUR),
    "comments": ("pvlib", "# latitude: 35\n# longitude: -106\n" + PLAIN, {}, HOUR),
    "names in the last comment": ("CAMS", "# a\n# time;Flow;Temp\n" + body(mark=";"), {}, HOUR),
    "periods": (
        "CAMS",
        "# Title: x\n# Observation period;Flow;Temp\n"
        + body([f"{a}:00.0/{b}:00.0" for a, b in zip(HOURS, HOURS + np.timedelta64(60, "m"), strict=True)], mark=";"),
        {},
        HOUR,
    ),
    "metadata above": ("PVGIS", "Latitude (decimal degrees): 45.000\nElevation (m): 250.0\n" + PLAIN, {}, HOUR),
    "PVGIS clock and footer": (
        "PVGIS",
        "Latitude (decimal degrees):\t45.0\n\ntime,Flow,Temp\n"
        + body(stamp("%Y%m%d:%H%M"))
        + "\nFlow: of water\n\nPVGIS (c)\n",
        {},
        HOUR,
    ),
    "title above": ("report", "Plant 7; line 2\n\n" + PLAIN, {}, HOUR),
    "R row names": (
        "UCI Occupancy",
        '"time","Flow","Temp"\n' + body([f'"{i}","{t}"' for i, t in enumerate(stamp("%F %T"))]),
        {},
        HOUR,
    ),
    "words as row names": (
        "R",
        "Flow,Temp\n" + body([f"run{i}" for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "line break in a name": (
        "Excel",
        'time,"Flow\n[m3/h]","Temp\n(°C)"\n' + body(),
        {},
        {**HOUR, "units": {"Flow": "m3/h", "Temp": "°C"}},
    ),
    "trailing delimiter": ("SCADA", "time,Flow,Temp\n" + body(end=","), {}, HOUR),
    "trailing delimiter everywhere": ("UCI", "time,Flow,Temp,,\n" + body(end=",,") + ",,,,\n" * 9, {}, HOUR),
    "footer": ("report", PLAIN + "End of report\n", {}, HOUR),
    "footer of full width": ("report", PLAIN + "End of report,,\n", {}, HOUR),
    "no names": ("SRML", body(), {}, {"names": ("column 2", "column 3"), "values": BOTH, "step": "1 h"}),
    "names of a bare frame": (
        "pandas",
        "0,1\n" + "".join(f"{a},{b}\n" for a, b in BOTH),
        {},
        {"names": ("0", "1"), "values": BOTH},
    ),
    "row numbers with holes": (
        "pandas dropna().to_csv()",
        ",Flow,Temp\n" + body([str(i) for i in range(N + 1) if i != 9]),
        {},
        {"names": ("Flow", "Temp"), "rows": N + 1, "series": 1},
    ),
    "row numbers": (
        "pandas to_csv()",
        ",Flow,Temp\n" + body([str(i) for i in range(N)]),
        {},
        {"names": ("Flow", "Temp"), "values": BOTH},
    ),
    "own layout": (
        "a person",
        "x\n" * 3 + body(mark="!"),
        {"layout": Layout("mine", "!", ("time", "Flow", "Temp"), 3, time=("time",))},
        HOUR,
    ),
    "named layout": ("a person", PLAIN, {"layout": "plain"}, HOUR),
    "blank lines, no clock": (
        "hand edited",
        "Flow,Temp\n" + "".join(f"{a},{b}\n" + "\n" * (i == 20) for i, (a, b) in enumerate(BOTH)),
        {},
        {"rows": N + 1, "missing": 2},
    ),
    "blank lines beside a clock": ("hand edited", PLAIN.replace("2024-03-05T00:00", "\n2024-03-05T00:00"), {}, HOUR),
    "doubled line ends": ("FTP", PLAIN.replace("\n", "\n\n"), {}, HOUR),
    # numbers
    "thousands beside hundreds": (
        "SMARD",
        "load;wind\n" + "".join(f"{'986' if i % 3 else '1.012'};{40 + i % 9}\n" for i in range(N)),
        {},
        {"row": (1012, 40)},
    ),
    "thousands proved elsewhere": (
        "SMARD",
        "load;wind\n" + "".join(f"1.{i:03};{4 + i % 9},5\n" for i in range(N)),
        {},
        {"row": (1000, 4.5)},
    ),
    "points proved elsewhere": (
        "instrument",
        "p;q\n" + "".join(f"234.8{i:02};0.4{i:02}\n" for i in range(N)),
        {},
        {"row": (234.8, 0.4)},
    ),
    "thousands of millions": (
        "accounts",
        "a;b\n" + "".join(f"1.234.5{i:02};{i}\n" for i in range(N)),
        {},
        {"row": (1234500, 0)},
    ),
    "both marks": ("accounts", "a;b\n" + "".join(f"1.2{i:02},5;{i % 7}\n" for i in range(N)), {}, {"row": (1200.5, 0)}),
    "blanks split thousands": (
        "French export",
        "a;b\n" + "".join(f"1 2{i:02},5;{i % 7}\n" for i in range(N)),
        {},
        {"row": (1200.5, 0)},
    ),
    "apostrophes split thousands": (
        "Swiss export",
        "a;b\n" + "".join(f"1'2{i:02};{i % 7}\n" for i in range(N)),
        {},
        {"row": (1200, 0)},
    ),
    "quoted decimal comma": (
        "spreadsheet",
        "a,b\n" + "".join(f'"2{i % 7},5","1,{i % 9}"\n' for i in range(N)),
        {},
        {"row": (20.5, 1.0)},
    ),
    "undecided": (
        "Grafana",
        "Time;rx;tx\n" + "".join(f"{i};{754784 + i:,};{70 + i % 9}\n" for i in range(N)),
        {"time": "Time"},
        {"error": "'rx': line 2 holds '754,784', which can be 754.784 or 754784"},
    ),
    "undecided, said": (
        "Grafana",
        "Time;rx;tx\n" + "".join(f"{i};{754784 + i:,};{70 + i % 9}\n" for i in range(N)),
        {"time": "Time", "decimal": "."},
        {"row": (754784, 70)},
    ),
    "two marks in one column": (
        "hand edited",
        "a;b\n" + "".join(f"1.5{i};{i}\n" for i in range(9)) + "1,55;3\n",
        {},
        {"error": "'a' is not numeric: line 11 holds '1,55'"},
    ),
    "underscores": (
        "unit numbers",
        "unit,a,b\n" + "".join(f"{i}_{i % 3},{i % 7},{i % 5}\n" for i in range(N)),
        {},
        {"error": "line 2 holds '0_0'"},
    ),
    "exponents and signs": (
        "Fortran",
        "a,b\n" + "".join(f"+1.5e{i % 3},-{i}.\n" for i in range(1, N)),
        {},
        {"row": (15, -1)},
    ),
    # missing
    "#N/A and --": ("Excel, PI", put(put(PLAIN, 1, "#N/A"), 2, "--"), {}, {"missing": 18}),
    "Bad Input": (
        "PI",
        put(PLAIN, 1, "Bad Input"),
        {},
        {"error": r"line 4 holds 'Bad Input' \(9 such cells\).*missing='Bad Input'"},
    ),
    "Bad Input declared": ("PI", put(PLAIN, 1, "Bad Input"), {"missing": "Bad Input"}, {"missing": 9}),
    "texts and numbers declared": (
        "PI",
        put(put(PLAIN, 1, "No Data"), 2, "-999"),
        {"missing": ["No Data", -999]},
        {"missing": 18},
    ),
    "censored": (
        "laboratory",
        put(PLAIN, 1, "<0.1"),
        {},
        {"error": "line 4 holds '<0.1', beyond what the instrument can measure"},
    ),
    "censored declared": ("laboratory", put(PLAIN, 1, "<0.1"), {"missing": "<0.1"}, {"missing": 9}),
    "question marks": ("household power", put(PLAIN, 1, "?"), {}, {"missing": 9}),
    "switches": (
        "Home Assistant",
        "time,pump,valve\n" + body(cells=[["on" if i % 3 else "OFF", "True" if i % 4 else "false"] for i in range(N)]),
        {},
        {"row": (0, 0), "step": "1 h"},
    ),
    # clocks
    "date and clock apart": ("UCI", "Date,Time,Flow,Temp\n" + body(stamp("%d/%m/%Y,%H:%M:%S")), {}, HOUR),
    "date and clock named": (
        "household power",
        "D,C,Flow,Temp\n" + body(stamp("%d/%m/%Y,%H:%M:%S")),
        {"time": "D,C"},
        HOUR,
    ),
    "date alone": (
        "UCI",
        "Day,C,Flow,Temp\n" + body(stamp("%d/%m/%Y,%H:%M:%S")),
        {"time": "Day"},
        {"error": "say time='Day,C'"},
    ),
    "clock alone": (
        "UCI",
        "Day,C,Flow,Temp\n" + body(stamp("%d/%m/%Y,%H:%M:%S")),
        {"time": "C"},
        {"error": "say time='Day,C'"},
    ),
    "US dates, am and pm": ("GANF", "time,Flow,Temp\n" + body(stamp("%m/%d/%Y %I:%M %p")), {}, HOUR),
    "day first": ("European export", "time,Flow,Temp\n" + body(stamp("%d.%m.%Y %H:%M")), {}, HOUR),
    "month in words": ("oscilloscope", "time,Flow,Temp\n" + body(stamp("%d-%b-%Y %H:%M:%S")), {}, HOUR),
    "time_format": (
        "old logger",
        "time,Flow,Temp\n" + body(stamp("%Y %j %H%M")),
        {"time": "time", "time_format": "%Y %j %H%M"},
        HOUR,
    ),
    "YYYYMMDDHH": ("DWD", "time,Flow,Temp\n" + body(stamp("%Y%m%d%H")), {"time": "time"}, HOUR),
    "YYYYMMDDHHMM, both ends": (
        "FLUXNET",
        "TIMESTAMP_START,TIMESTAMP_END,Flow,Temp\n"
        + body(
            [f"{a},{b}" for a, b in zip(stamp("%Y%m%d%H%M"), [*stamp("%Y%m%d%H%M")[1:], "202403061200"], strict=True)]
        ),
        {},
        HOUR,
    ),
    "calendar columns": (
        "PRSA",
        "No,year,month,day,hour,Flow,Temp\n" + body([f"{i + 1},{t}" for i, t in enumerate(stamp("%Y,%-m,%-d,%-H"))]),
        {},
        HOUR,
    ),
    "Unix seconds": (
        "Influx",
        "time,Flow,Temp\n" + body([str(t.astype("M8[s]").astype(int)) for t in HOURS]),
        {},
        HOUR,
    ),
    "Unix milliseconds": (
        "Grafana",
        "ts,Flow,Temp\n" + body([str(t.astype("M8[ms]").astype(int)) for t in HOURS]),
        {},
        HOUR,
    ),
    "Excel serials": (
        "spreadsheet",
        "time,Flow,Temp\n" + body([f"{45355 + i / 24:.9f}" for i in range(N)]),
        {"time": "time", "time_format": "excel"},
        {"step": "1 h", "rows": N},
    ),
    "offsets over the autumn hour": (
        "API",
        "time,Flow,Temp\n"
        + body(
            [
                f"2024-10-2{7 if i < 24 else 8}T{i % 24:02}:00:00+0{2 if i < 3 else 1}:00"
                for i in range(30)
                for _ in [0]
            ],
            cells=[[str(a), str(b)] for a, b in BOTH[:30]],
        ),
        {},
        {"series": 1, "rows": 31},
    ),
    "naive autumn hour": (
        "Home Assistant",
        "time,Flow,Temp\n" + body([f"2024-10-27T{h:02}:{m:02}" for h in (0, 1, 2, 2, 3, 4) for m in range(0, 60, 6)]),
        {},
        {"error": r"line 32 .*comes twice.*daylight saving.*tz_localize"},
    ),
    "no such date": (
        "typing error",
        PLAIN.replace("2024-03-05T03:00", "2024-13-45T03:00"),
        {},
        {"error": "line 29 is '2024-13-45T03:00', which does not exist"},
    ),
    "empty time": (
        "logger restart",
        PLAIN.replace("2024-03-05T03:00", ""),
        {"time": "time"},
        {"error": "missing at line 29"},
    ),
    "skipped stamps": (
        "SKAB",
        re.sub(r"2024-03-05T0[37].*\n", "", PLAIN),
        {},
        {"rows": N, "series": 1, "missing": 4, "step": "1 h"},
    ),
    "skipped stamps kept out": (
        "SKAB",
        re.sub(r"2024-03-05T03.*\n", "", PLAIN),
        {"max_gap": 1},
        {"rows": N - 1, "series": 2},
    ),
    "a pause": (
        "shift",
        re.sub(r"2024-03-05T(0|1[0-4]).*\n", "", PLAIN),
        {"window": 10},
        {"rows": N - 15, "series": 2},
    ),
    "a pause filled": (
        "shift",
        re.sub(r"2024-03-05T(0|1[0-4]).*\n", "", PLAIN),
        {"max_gap": "1 d"},
        {"rows": N, "series": 1},
    ),
    "resampled": (
        "mixed rates",
        PLAIN,
        {"resample": "2h", "window": 10},
        {"rows": N // 2, "step": "2 h", "row": tuple(BOTH[:2].mean(axis=0))},
    ),
    "repeated, averaged": ("retransmission", PLAIN + PLAIN.splitlines()[-1] + "\n", {"resample": "1h"}, HOUR),
    "repeated": ("retransmission", PLAIN + PLAIN.splitlines()[-1] + "\n", {}, {"error": "time repeats at line 62"}),
    # choice of columns
    "a counter insisted on": (
        "energy meter",
        "No,Flow,Temp\n" + body([str(i) for i in range(N)]),
        {"columns": ["No", "Temp"]},
        {"names": ("No", "Temp")},
    ),
    "all columns but some": (
        "PLC",
        PLAIN.replace("Flow,Temp", "Flow,Temp,Mode,By")
        .replace("\n", ",hand,AB\n")
        .replace("By,hand,AB", "By")
        .replace(",hand,AB\n", ",auto,CD\n", 9),
        {"columns": ["-Mode", "-By"]},
        HOUR,
    ),
    "all columns but some, with a unit": (
        "PLC",
        PLAIN.replace("Flow,Temp", "Flow,Temp,Gas [m3/h]").replace("\n", ",7 a\n").replace("h],7 a", "h]"),
        {"columns": ["-Gas [m3/h]"]},
        HOUR,
    ),
    "columns of words": (
        "PLC",
        PLAIN.replace("Flow,Temp", "Flow,Temp,Mode,By")
        .replace("\n", ",hand,AB\n")
        .replace("By,hand,AB", "By")
        .replace(",hand,AB\n", ",auto,CD\n", 9),
        {},
        {"error": r"'Mode' is not numeric: line 2 holds 'auto'.*'By' likewise: columns=\['-Mode', '-By'\]"},
    ),
    "some columns and not others": (
        "PLC",
        PLAIN,
        {"columns": ["-Flow", "Temp"]},
        {"error": "name those that are used, or each with a - that is not"},
    ),
    "no such column to leave out": (
        "PLC",
        PLAIN,
        {"columns": ["-Flwo"]},
        {"error": "'Flwo' not found in 'time', 'Flow', 'Temp'; did you mean 'Flow'"},
    ),
    "a name with its unit": (
        "logger",
        "time,Flow [m3/h],Temp (°C)\n" + body(),
        {"columns": ["Temp (°C)", "Flow"]},
        {"names": ("Temp", "Flow")},
    ),
    "units said": ("a person", PLAIN, {"units": {"Flow": "l/s"}}, {**HOUR, "units": {"Flow": "l/s"}}),
    "brackets that are no unit": (
        "UCI",
        PLAIN.replace("Flow", "CO(GT)"),
        {},
        {"names": ("CO(GT)", "Temp"), "units": None},
    ),
    # errors
    "ragged": ("torn line", PLAIN + "2024-03-07T00:00,1\n", {}, {"error": "line 62 has 2 fields, the header 3"}),
    "open quote": ("torn file", 'a,b\n1,2\n"' + 200_000 * "x", {}, {"error": "damaged"}),
    "the same name twice": (
        "join",
        "t,a,a\n" + body([str(i) for i in range(N)]),
        {},
        {"error": "duplicate column names 'a'"},
    ),
    "unknown layout": (
        "typing error",
        PLAIN,
        {"layout": "toa6"},
        {"error": "layout='toa6': expected one of uci, toa5"},
    ),
    "a text file of words": ("wrong file", "hello world\nthis is no data at all\n", {}, {"error": "."}),
}


@pytest.mark.parametrize("case", FILES)
@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case])


def test_there_are_cases_enough():
    assert len(FILES) + len(BYTES) + len(FRAMES) >= 60


BYTES = {
    "UTF-16": ("a.csv", PLAIN.replace("Flow", "Größe").encode("utf-16")),
    "Latin-1 in a name": ("a.csv", PLAIN.replace("Flow", "Größe").encode("latin-1")),
    "gzip": ("a.csv.gz", gzip.compress(PLAIN.replace("Flow", "Größe").encode())),
    "dat": ("a.dat", PLAIN.replace("Flow", "Größe").encode()),
    "UTF-16 without a mark": ("a.csv", PLAIN.replace("Flow", "Größe").encode("utf-16-le")),
    "UTF-16, big end first": ("a.csv", PLAIN.replace("Flow", "Größe").encode("utf-16-be")),
    "zeros at the end": ("a.csv", PLAIN.replace("Flow", "Größe").encode() + b"\0" * 500),
    "end of file as DOS marks it": ("a.csv", PLAIN.replace("Flow", "Größe").replace("\n", "\r\n").encode() + b"\x1a"),
    "line ends of three kinds": (
        "a.csv",
        PLAIN.replace("Flow", "Größe").replace("\n", "\r", 9).replace("\n", "\r\n", 20).encode(),
    ),
}
FOREIGN = {
    "cp932": ("流量センサー", "温度センサー"),
    "gb18030": ("流量", "温度"),
    "cp1252": ("Débit", "Température °C"),
}


@pytest.mark.parametrize("case", BYTES)
def test_encodings_and_packed_files(tmp_path, case):
    name, content = BYTES[case]
    (tmp_path / name).write_bytes(content)
    check(Dataset.from_file(tmp_path / name), {**HOUR, "names": ("Größe", "Temp")})


@pytest.mark.parametrize("encoding", FOREIGN)
def test_names_in_an_encoding_of_another_country(tmp_path, encoding):
    names = FOREIGN[encoding]
    (tmp_path / "a.csv").write_text(PLAIN.replace("Flow", names[0]).replace("Temp", names[1]), encoding=encoding)
    for said in (None, encoding):
        check(Dataset.from_file(tmp_path / "a.csv", encoding=said), {**HOUR, "names": names})
    with pytest.raises(DataError, match="expected a name such as 'cp1252'"):
        Dataset.from_file(tmp_path / "a.csv", encoding="klingon")
    with pytest.raises(DataError, match=r"is not encoded in utf-8 .*leave encoding= out"):
        Dataset.from_file(tmp_path / "a.csv", encoding="utf-8")


def test_zeros_inside_are_refused_with_their_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(PLAIN.encode()[:500] + b"\0" * 9 + PLAIN.encode()[500:])
    with pytest.raises(DataError, match=r"zero bytes in line 19: .*leave that line out"):
        Dataset.from_file(tmp_path / "a.csv")


def test_zip_holds_one_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("inside.csv", PLAIN)
    check(Dataset.from_file(tmp_path / "a.zip"), HOUR)
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        archive.writestr("other.csv", PLAIN)
    with pytest.raises(DataError, match="holds 2 text files"):
        Dataset.from_file(tmp_path / "a.zip")
    (tmp_path / "b.csv.gz").write_bytes(b"\x1f\x8b nothing")
    with pytest.raises(DataError, match="is damaged"):
        Dataset.from_file(tmp_path / "b.csv.gz")


pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
TABLE = pd.DataFrame(BOTH, columns=["Flow", "Temp"])
TIMED = TABLE.set_index(pd.DatetimeIndex(HOURS.astype("M8[us]")))


def every_sixth(value):
    frame = TABLE.astype(object if isinstance(value, str) else float)
    frame.iloc[::6] = value
    return frame


GAP = TIMED.drop(TIMED.index[20:40])

SOME = [(i == 3, False) for i in range(N)]
FRAMES = {
    "MultiIndex": (pd.concat({"A": TIMED, "B": TIMED}), {"series": 2, "rows": 2 * N, "step": "1 h"}),
    "PeriodIndex": (GAP.set_index(GAP.index.to_period("h")), {"series": 2, "step": "1 h"}),
    "TimedeltaIndex": (GAP.set_index(GAP.index - GAP.index[0]), {"series": 2, "step": "1 h"}),
    "text index": (GAP.set_index(GAP.index.astype(str)), {"series": 2, "step": "1 h"}),
    "object index": (GAP.set_axis(pd.Index(GAP.index.to_list(), dtype=object)), {"series": 2, "step": "1 h"}),
    "index of row numbers with holes": (TABLE.drop(index=[7, 9]), {"series": 1, "rows": N, "missing": 4}),
    "index of words": (
        TABLE.set_index(pd.Index([f"w{i}" for i in range(N)])),
        {"error": r"holds 'w0' and the like.*reset_index\(drop=True\)"},
    ),
    "MultiIndex without a time": (pd.concat({"A": TABLE, "B": TABLE}), {"error": "of which 0 are times"}),
    "no rows": (TIMED.iloc[:0].rename_axis("time").reset_index(), {"error": "the table has no rows"}),
    "lazy": (pl.from_pandas(TABLE).lazy(), {"values": BOTH}),
    "arrow": (pa.Table.from_pandas(TABLE), {"values": BOTH}),
    "named fields": (np.rec.fromarrays(BOTH.T, names="Flow,Temp"), {"values": BOTH, "names": ("Flow", "Temp")}),
    "counter and calendar": (TIMED.assign(No=range(N), hour=TIMED.index.hour), {"names": ("Flow", "Temp")}),
    "clock by its name": (TIMED.rename_axis("time").reset_index(), {"names": ("Flow", "Temp"), "step": "1 h"}),
    "float32 code": (every_sixth(-99.99).astype({"Flow": "float32"}), {"missing": 20, "how": {"missing": -99.99}}),
    "decimals": (pl.from_pandas(TABLE).with_columns(pl.col("Temp").cast(pl.Decimal(10, 1))), {"values": BOTH}),
    "two clocks": (
        TIMED.rename_axis("time").reset_index().assign(local=HOURS),
        {"names": ("Flow", "Temp"), "step": "1 h"},
    ),
    "units and cycles, told by the index": (
        pd.concat([TABLE, TABLE]).assign(unit=np.repeat([1, 2], N), cycle=np.tile(np.arange(N), 2)),
        {"series": 2, "names": ("Flow", "Temp")},
    ),
    "units and cycles": (
        pd.concat([TABLE, TABLE], ignore_index=True).assign(unit=np.repeat([1, 2], N), cycle=np.tile(np.arange(N), 2)),
        {"error": "'unit' tells 2 recordings apart.*series='unit'", "how": {}},
    ),
    "local time in autumn, by the index": (
        TABLE.set_index(pd.date_range("2024-10-26", periods=N, freq="h", tz="Europe/Berlin").tz_localize(None)),
        {"values": BOTH, "step": "1 h", "how": {"zone": "Europe/Berlin"}},
    ),
    "durations": (TABLE.assign(time=pd.to_timedelta(range(N), unit="h")), {"values": BOTH, "step": "1 h"}),
    "durations of polars": (
        pl.from_pandas(TABLE.assign(time=pd.to_timedelta(range(N), unit="h"))),
        {"values": BOTH, "step": "1 h"},
    ),
    "periods": (
        TABLE.assign(time=pd.period_range("2024-01", periods=N, freq="M")),
        {"values": BOTH, "step": "1 month"},
    ),
    "days": (
        TABLE.assign(time=[(HOURS[0] + np.timedelta64(i, "D")).astype("M8[D]").astype(object) for i in range(N)]),
        {"values": BOTH, "step": "1 d"},
    ),
    "hours of a day": (
        pa.table({"time": [t.astype(object).time() for t in HOURS[:24]], "Flow": FLOW[:24], "Temp": BOTH[:24, 1]}),
        {"values": BOTH[:24], "step": "1 h"},
    ),
    "clock in words": (TABLE.assign(time=list(map(str, HOURS))), {"values": BOTH, "step": "1 h"}),
    "clock of an unknown name": (TABLE.assign(gemessen=HOURS.astype("M8[us]")), {"values": BOTH, "step": "1 h"}),
    "a time that is missing": (
        TABLE.assign(time=np.where(np.arange(N) == 4, np.datetime64("NaT", "us"), HOURS).astype("M8[us]")),
        {"error": "time column 'time' has 1 missing entry: leave those rows out"},
    ),
    "times with and without a zone": (
        TABLE.assign(
            time=np.array([pd.Timestamp(t, tz="UTC" if i == 3 else None) for i, t in enumerate(HOURS)], object)
        ),
        {"error": "time at row 3 is .*with a zone, unlike the rows above it", "how": {"time": "time"}},
    ),
    "record batch": (pa.RecordBatch.from_pydict({"Flow": FLOW, "Temp": BOTH[:, 1]}), {"values": BOTH}),
    "masked fields": (
        np.ma.array(list(map(tuple, BOTH)), dtype=[("Flow", float), ("Temp", float)], mask=SOME),
        {"missing": 1},
    ),
    "128 bits": (
        pl.from_pandas(TABLE).with_columns((pl.int_range(N) % 7).cast(getattr(pl, "Int128", pl.Int64)).alias("q")),
        {"names": ("Flow", "Temp", "q"), "row": (*BOTH[0], 0)},
    ),
    "categories of numbers": (TABLE.assign(q=pd.Categorical([i % 3 for i in range(N)])), {"row": (*BOTH[0], 0)}),
    "two frames below each other": (pd.concat([TABLE, TABLE]), {"series": 2, "rows": 2 * N}),
    "an index that falls": (TABLE.iloc[::-1], {"values": BOTH}),
    "an index out of order": (
        TABLE.sort_values("Flow"),
        {"error": r"the index holds numbers out of order.*sort_index.*reset_index\(drop=True\) keeps this one"},
    ),
    "an index of labels": (TABLE.set_index(pd.Index(np.repeat([1, 2], N // 2))), {"error": "series= takes"}),
    "a clock that starts again": (
        TABLE.assign(t=[i % 30 * 0.5 for i in range(N)], machine=np.repeat([3, 8], N // 2)),
        {"series": 2, "names": ("Flow", "Temp")},
    ),
    "clocks that go apart": (
        TABLE.assign(time=HOURS.astype("M8[us]"), other=(HOURS + 7 * np.arange(N)).astype("M8[us]")),
        {"error": "'time' and 'other' are clocks that go apart"},
    ),
    "a weekday beside the clock": (
        TABLE.assign(time=HOURS.astype("M8[us]"), weekday=[t.astype(object).strftime("%A") for t in HOURS]),
        {"values": BOTH, "names": ("Flow", "Temp")},
    ),
    "one word in every row": (TABLE.assign(site="north", unit=None), {"values": BOTH, "names": ("Flow", "Temp")}),
    "date and hours apart": (
        TABLE.assign(Date=HOURS.astype("M8[D]").astype("M8[s]"), Time=[t.astype(object).time() for t in HOURS]),
        HOUR,
    ),
    "date and hours apart, in words": (TABLE.assign(Day=stamp("%d/%m/%Y"), Clock=stamp("%H:%M")), HOUR),
    "date and number of the hour": (
        TABLE.assign(date=stamp("%Y-%m-%d"), hour=[t.astype(object).hour for t in HOURS]),
        HOUR,
    ),
    "parts of the calendar": (
        TABLE.assign(**{p: [getattr(t.astype(object), p) for t in HOURS] for p in ("year", "month", "day", "hour")}),
        HOUR,
    ),
    "hours without their date": (
        TABLE.assign(Day=stamp("%d/%m/%Y"), Clock=stamp("%H:%M")),
        {"error": "time='Clock' holds the hour of a day only: say time='Day,Clock'", "how": {"time": "Clock"}},
    ),
    "rows without an entry below": (
        TABLE.assign(time=HOURS.astype("M8[us]")).reindex(range(N + 3)),
        {**HOUR, "missing": 0},
    ),
    "seconds since a start": (TABLE.assign(time_s=0.5 * np.arange(N)), {"values": BOTH, "step": "500 ms"}),
    "Unix seconds first": (TABLE.assign(x=HOURS.astype("M8[s]").astype(int))[["x", "Flow", "Temp"]], HOUR),
    "quality in words": (
        TABLE.assign(Flow_Q=["Bad" if i == 4 else "Good" for i in range(N)]),
        {"missing": 1, "names": ("Flow", "Temp")},
    ),
    "quality of a column that is chosen": (
        TABLE.assign(Flow_Q=["Bad" if i == 4 else "Good" for i in range(N)]),
        {"missing": 1, "how": {"columns": ["Temp", "Flow"]}},
    ),
    "long": (
        pd.DataFrame({"t": np.tile(HOURS, 2), "tag": np.repeat(["a", "b"], N), "value": BOTH.T.ravel()}),
        {"error": "'tag' names what 'value' is of, the long format"},
    ),
    "machines that take turns": (
        TABLE.assign(time=np.repeat(HOURS[: N // 2], 2), machine=np.tile([1, 2], N // 2)),
        {"error": "'machine' tells 2 recordings apart, whose rows share their times: say series='machine'"},
    ),
    "columns named by numbers, with a clock": (
        pd.DataFrame({0: HOURS.astype("M8[us]"), 1: FLOW, 2: BOTH[:, 1]}),
        {"values": BOTH, "names": ("1", "2"), "step": "1 h", "how": {"time": 0}},
    ),
    "text that means missing": (every_sixth("Bad"), {"missing": 20, "how": {"missing": "Bad"}}),
    "date and hour": (
        TABLE.assign(D=[t[:10] for t in map(str, HOURS)], C=[t[11:] for t in map(str, HOURS)]),
        {"step": "1 h", "how": {"time": ["D", "C"]}},
    ),
}


@pytest.mark.parametrize("case", FRAMES)
@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
def test_frame(case):
    frame, expected = FRAMES[case]
    check_case(Dataset.from_dataframe, frame, {"window": 10, **expected.get("how", {})}, expected)


ONLY_PANDAS = {
    "periods",
    "times with and without a zone",
    "columns named by numbers, with a clock",
    "text that means missing",
}
PLAIN_FRAMES = {
    case
    for case, (frame, _) in FRAMES.items()
    if isinstance(frame, pd.DataFrame) and frame.index.equals(pd.RangeIndex(N)) and case not in ONLY_PANDAS
}


@pytest.mark.parametrize("case", sorted(PLAIN_FRAMES))
def test_frames_of_polars_are_read_as_those_of_pandas(case):
    frame, expected = FRAMES[case]
    try:
        same = pl.from_pandas(frame)
    except pl.exceptions.ComputeError as error:  # the oldest knows no categories of numbers
        pytest.skip(f"this polars holds no such column: {error}")
    check_case(Dataset.from_dataframe, same, {"window": 10, **expected.get("how", {})}, expected)


def test_what_the_advice_on_an_index_says_works():
    frame = FRAMES["index of words"][0]
    assert Dataset.from_dataframe(frame.reset_index(drop=True)).n_rows == N
    both = FRAMES["MultiIndex without a time"][0].reset_index(names=["machine", "row"])
    assert Dataset.from_dataframe(both, time="row", series="machine").n_series == 2


def test_what_the_advice_on_daylight_saving_says_works():
    local = [f"2024-10-27T{h:02}:{m:02}" for h in (0, 1, 2, 2, 3, 4) for m in range(0, 60, 6)]
    frame = TABLE.assign(time=pd.to_datetime(local))
    with pytest.raises(DataError, match="daylight saving"):
        Dataset.from_dataframe(frame, time="time")
    zoned = Dataset.from_dataframe(frame, time="time", zone="Europe/Berlin")
    assert Dataset.from_array(BOTH[: len(frame)], time=local, zone="Europe/Berlin", names=["Flow", "Temp"]) == zoned
    with pytest.raises(DataError, match="zone='Europe/Berlin': needs the times"):
        Dataset.from_array(BOTH, zone="Europe/Berlin")
    frame["time"] = frame["time"].dt.tz_localize("Europe/Berlin", ambiguous="infer")
    data = Dataset.from_dataframe(frame, time="time")
    assert (data.n_series, data.step) == (1, "6 min")
    assert zoned == data


@pytest.mark.parametrize("kind", ["xarray", "duckdb"])
def test_other_libraries(kind):
    library = pytest.importorskip(kind)
    frame = library.Dataset.from_dataframe(TIMED.rename_axis("time")) if kind == "xarray" else library.from_df(TABLE)
    np.testing.assert_array_equal(Dataset.from_dataframe(frame).values, BOTH)


def test_feather_and_folders_of_parquet(tmp_path):
    pl.from_pandas(TABLE).write_ipc(tmp_path / "a.feather")
    np.testing.assert_array_equal(Dataset.from_file(tmp_path / "a.feather").values, BOTH)
    for site in "ab":
        (tmp_path / "lake" / f"site={site}").mkdir(parents=True)
        pl.from_pandas(TABLE).write_parquet(tmp_path / "lake" / f"site={site}" / "part.parquet")
    data = Dataset.from_file(tmp_path / "lake", series="site")
    assert (data.n_series, data.n_rows, data.names) == (2, 2 * N, ("Flow", "Temp"))


def test_rows_out_of_order_are_sorted_with_a_word(tmp_path):
    lines = PLAIN.splitlines()
    (tmp_path / "a.csv").write_text("\n".join([lines[0], *lines[40:], *lines[1:40]]) + "\n")
    with pytest.warns(DataWarning, match="time: the rows were sorted by time: 1 row came before"):
        data = Dataset.from_file(tmp_path / "a.csv")
    np.testing.assert_array_equal(data.values, BOTH)


def test_several_files_are_a_recording_each(tmp_path):
    for day in (1, 2, 3):
        (tmp_path / f"run_{day}.csv").write_text(PLAIN)
    for path in (tmp_path, str(tmp_path / "run_*.csv"), sorted(tmp_path.iterdir())):
        data = Dataset.from_file(path)
        assert (data.n_series, data.recording.tolist(), data.n_rows) == (3, [0, 1, 2], 3 * N)
    with pytest.raises(DataError, match="no file matches"):
        Dataset.from_file(str(tmp_path / "walk_*.csv"))
    (tmp_path / "run_2.csv").write_text(PLAIN.replace("20.38", "20.38.1"))
    (tmp_path / "run_2.csv").write_text(put(PLAIN, 1, "what"))
    with pytest.raises(DataError, match=r"run_2\.csv: column 'Flow' is not numeric: line 4 holds 'what'"):
        Dataset.from_file(tmp_path)


def test_understood_says_what_was_decided(tmp_path):
    (tmp_path / "a.csv").write_text(FILES["TOA5"][1])
    data = Dataset.from_file(tmp_path / "a.csv")
    told = dict(data.understood)
    assert told["layout"] == "toa5 (by its first lines)"
    assert told["delimiter"] == "comma"
    assert told["clock"] == "'TIMESTAMP' (as its layout says): dates"
    assert told["step"] == "1 h"
    assert told["columns left out"].startswith("1 column: 'RECORD' (counts the rows)")
    assert told["units"] == "Flow m3/h, Temp degC"
    assert told["rows"] == "60, 2024-03-04 00:00:00 to 2024-03-06 11:00:00"
    assert str(data).splitlines()[0] == repr(data)
    assert "<th>step</th><td>1 h</td>" in data._repr_html_()


def test_a_data_set_is_compared_chosen_from_and_handed_on(tmp_path):
    data = Dataset.from_array(BOTH, names=["Flow", "Temp"], truth=[[0, 1], [0, 0]], units={"Temp": "degC"})
    again = Dataset.from_array(BOTH.copy(), names=["Flow", "Temp"], truth=[[0, 1], [0, 0]], units={"Temp": "degC"})
    assert data == again
    assert data != Dataset.from_array(BOTH + 1, names=["Flow", "Temp"])
    assert len(data) == N
    turned = data["Temp", "Flow"]
    assert (turned.names, turned.truth.tolist(), turned.units) == (
        ("Temp", "Flow"),
        [[False, False], [True, False]],
        {"Temp": "degC"},
    )
    np.testing.assert_array_equal(data.to_pandas()["Flow"], FLOW)
    apart = Dataset.from_array(BOTH, names=["Flow", "Temp"], series=[7] * 5 + [2] * (N - 5))
    assert Dataset.from_dataframe(apart.to_pandas()) == apart
    with pytest.raises(DataError, match=r"'Tmp' is not a variable.*did you mean 'Temp'"):
        data["Flow", "Tmp"]
    with pytest.raises(DataError, match="two or more"):
        data["Flow"]


@pytest.mark.parametrize(
    ("units", "same"),
    [
        (None, False),
        ({"Flow": "°C"}, False),
        ({"Flow": "°C", "Temp": "deg C"}, True),
        ({"Flow": "m³/h", "Temp": "m3/h"}, True),
        ({"Flow": "mW", "Temp": "MW"}, False),
        ({"Flow": "", "Temp": ""}, False),
    ],
)
def test_whether_all_columns_share_one_unit_is_known(units, same):
    assert Dataset.from_array(BOTH, names=["Flow", "Temp"], units=units).same_units is same


def test_reading_a_large_file_takes_no_loop_over_cells(tmp_path):
    """300,000 x 7 took 42 s: 30,000 rows must not take the twentieth part of that, on any machine."""
    import time

    values = np.random.default_rng(0).normal(size=(30_000, 7)).round(3)
    text = io.StringIO()
    stamps = pd.date_range("2020", periods=30_000, freq="min").strftime("%Y-%m-%d %H:%M:%S")
    pd.DataFrame(values, columns=list("abcdefg")).assign(time=stamps).to_csv(text, index=False)
    (tmp_path / "a.csv").write_text(text.getvalue())
    start = time.process_time()
    data = Dataset.from_file(tmp_path / "a.csv", time="time")
    assert time.process_time() - start < 2.0
    np.testing.assert_array_equal(data.values, values)

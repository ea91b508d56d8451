"""Files of weather stations and inverters as their makers write them: two lines of names, codes, marks of quality."""

from __future__ import annotations

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, N, body, check_file, stamp

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.data.layouts.surfrad import SENSORS

MOMENTS = [hour.astype(object) for hour in HOURS]
POINTS = ("N", "NNE", "SW", "---")
LETTERS = "".join(
    f"{t.month}/{t.day}/{t:%y}\t{t.hour % 12 or 12}:{t:%M} {'ap'[t.hour > 11]}\t{a}\t{b}\t{POINTS[i % 4]}\n"
    for i, (t, (a, b)) in enumerate(zip(MOMENTS, BOTH, strict=True))
)


def surfrad(reading=lambda row, sensor: BOTH[row, sensor % 2], quality=lambda row, sensor: 0):
    lines = [" Desert Rock", "   36.63 -116.02  1007 m version 1"]
    for row, t in enumerate(MOMENTS):
        cells = [
            f" {t.year} {t.timetuple().tm_yday:5} {t.month:2} {t.day:2} {t.hour:2} {t.minute:2} {t.hour:6.3f} 71.25"
        ]
        cells += [f"{reading(row, i):7} {quality(row, i)}" for i in range(len(SENSORS))]
        lines.append(" ".join(cells))
    return "\n".join(lines) + "\n"


SRML = "94255\t2024\t1000\t0\t9301\t0\n" + "".join(
    f"{t.timetuple().tm_yday}\t{t:%H%M}\t{a}\t12\t{b}\t{99 if i == 7 else 12}\n"
    for i, (t, (a, b)) in enumerate(zip(MOMENTS, BOTH, strict=True))
)
SBFSPOT = (
    "sep=;\nVersion CSV1|Tool SBFspot3.9.7 (Linux)|Delimiter semicolon|Decimalpoint comma\n\n"
    ";SN: 2130012345;SN: 2130012345\n;SB 5000TL;SB 5000TL\n;2130012345;2130012345\n;Flow;Temp\n;Counter;Analog\n"
    "dd/MM/yyyy HH:mm:ss;kWh;kW\n" + body(stamp("%d/%m/%Y %H:%M:%S"), mark=";", decimal=",")
)
# case -> (source of the idea, text, how it is read, what is expected)
FILES = {
    "names in two halves": (
        "WeatherLink",
        "\t\tTemp\tHi\tWind\nDate\tTime\tOut\tTemp\tDir\n" + LETTERS,
        {},
        {**HOUR, "names": ("Temp Out", "Hi Temp")},
    ),
    "names in two halves, saved by a spreadsheet": (
        "WeatherLink",
        ",,Temp,Hi,Wind\nDate,Time,Out,Temp,Dir\n" + LETTERS.replace("\t", ","),
        {},
        {**HOUR, "names": ("Temp Out", "Hi Temp")},
    ),
    "points of the compass asked for": (
        "WeatherLink",
        "\t\tTemp\tHi\tWind\nDate\tTime\tOut\tTemp\tDir\n" + LETTERS,
        {"columns": ["Temp Out", "Wind Dir"]},
        {"error": "'Wind Dir' is not numeric: line 3 holds 'N'"},
    ),
    "calm winds": (
        "PRSA",
        "time,Flow,Temp,cbwd\n"
        + body(cells=[[f"{a}", f"{b}", ("NW", "cv", "SE")[i % 3]] for i, (a, b) in enumerate(BOTH)]),
        {},
        HOUR,
    ),
    "codes of what is measured": (
        "SRML",
        SRML,
        {},
        {
            "names": ("global irradiance 1000", "air temperature 9301"),
            "units": {"global irradiance 1000": "W/m2", "air temperature 9301": "C"},
            "missing": 1,
            "row": tuple(BOTH[0]),
            "start": HOUR["start"],
            "step": "1 h",
        },
    ),
    "numbers of inverters above the names": ("SBFspot", SBFSPOT, {}, {**HOUR, "units": {"Flow": "kWh", "Temp": "kW"}}),
    "two inverters": (
        "SBFspot",
        "sep=;\n;SN: 1;SN: 1;SN: 2;SN: 2\n;Power;Yield;Power;Yield\ndd/MM/yyyy HH:mm;kW;kWh;kW;kWh\n"
        + body(stamp("%d/%m/%Y %H:%M"), mark=";", cells=[[f"{a}", f"{b}", f"{b}", f"{a}"] for a, b in BOTH]),
        {},
        {"names": ("SN: 1 Power", "SN: 1 Yield", "SN: 2 Power", "SN: 2 Yield"), "step": "1 h"},
    ),
    "number of the logger in the first row": (
        "EasyLog",
        "EL-USB-2,Time,Flow(°C),Temp(%rh),Serial Number\n"
        + "".join(
            f"{i + 1},{t},{a},{b}" + ",010012345" * (i == 0) + "\n"
            for i, (t, (a, b)) in enumerate(zip(stamp("%d/%m/%Y %H:%M:%S"), BOTH, strict=True))
        ),
        {},
        {**HOUR, "units": {"Flow": "°C", "Temp": "%rh"}},
    ),
    "signs apart from their numbers": (
        "Graphtec",
        "time,Flow,Temp\n" + body(cells=[[f"+ {a}", f"-   {b}"] for a, b in BOTH]),
        {},
        {**HOUR, "values": BOTH * [1, -1]},
    ),
    "double precision": (
        "Fortran",
        "time,Flow,Temp\n"
        + body(cells=[[f"{a:.8E}".replace("E", "D"), f"{b:.8e}".replace("e", "d")] for a, b in BOTH]),
        {},
        HOUR,
    ),
    "no numbers of C": (
        "Windows",
        "time,Flow,Temp\n"
        + body(
            cells=[
                ["-1.#IND00" if i == 7 else f"{a}", "1.#QNAN" if i == 9 else f"{b}"] for i, (a, b) in enumerate(BOTH)
            ]
        ),
        {},
        {"missing": 2, "names": ("Flow", "Temp")},
    ),
    "not of this layout": ("a person", "a\tb\n1\t2\n" * 9, {"layout": "weatherlink"}, {"error": "names in two lines"}),
    "not of this layout either": (
        "a person",
        "a\tb\n1\t2\n" * 9,
        {"layout": "srml"},
        {"error": "begins with a line of"},
    ),
    "nor this one": ("a person", "a,b\n1,2\n" * 9, {"layout": "lascar"}, {"error": "Serial Number last in its first"}),
    "nor of this": ("a person", "a b\n1 2\n" * 9, {"layout": "surfrad"}, {"error": "48 columns .* this one has 2"}),
}


@pytest.mark.parametrize("case", FILES)
def test_file(tmp_path, case):
    check_file(tmp_path, FILES[case], window=8)


def test_surfrad_has_names_units_and_quality(tmp_path):
    (tmp_path / "drk24064.dat").write_text(surfrad(quality=lambda row, sensor: int((row, sensor) == (5, 3))))
    data = Dataset.from_file(tmp_path / "drk24064.dat", columns=[name for name, _ in SENSORS[:4]])
    assert (data.names, data.step) == (tuple(name for name, _ in SENSORS[:4]), "1 h")
    assert data.units == dict(SENSORS[:4])
    assert np.argwhere(~data.mask).tolist() == [[5, 3]]
    np.testing.assert_array_equal(data.values[:, :2], BOTH)


@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_a_sensor_that_is_never_there_is_left_out_with_a_word(tmp_path):
    text = surfrad(reading=lambda row, sensor: -9999.9 if sensor == 10 else BOTH[row, sensor % 2] + sensor)
    (tmp_path / "a.dat").write_text(text)
    data = Dataset.from_file(tmp_path / "a.dat")
    assert "global UVB" not in data.names
    assert "'global UVB' (holds no entry)" in dict(data.understood)["columns left out"]
    (tmp_path / "a.csv").write_text("time,Flow,Temp,gone\n" + body(cells=[[f"{a}", f"{b}", "-999"] for a, b in BOTH]))
    data = Dataset.from_file(tmp_path / "a.csv", missing=-999)
    assert (data.names, len(data)) == (("Flow", "Temp"), N)
    with pytest.raises(DataError, match="'gone' has no observed entry"):
        Dataset.from_file(tmp_path / "a.csv", missing=-999, columns=["Flow", "gone"])

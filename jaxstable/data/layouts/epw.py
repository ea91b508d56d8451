"""EPW weather files of EnergyPlus: eight lines of metadata, then rows without names whose hour is the end of a step."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

FIRST = 8  # lines above the data
LEAST = 10  # columns
CLOCK = ("Year", "Month", "Day", "Hour")  # 1 to 24; the minute is 0 or 60 whichever is meant
NO_SENSORS = ("Minute", "Flags")
SENSORS = (
    ("Dry bulb temperature", "C"),
    ("Dew point temperature", "C"),
    ("Relative humidity", "%"),
    ("Pressure", "Pa"),
    ("Extraterrestrial horizontal radiation", "Wh/m2"),
    ("Extraterrestrial direct normal radiation", "Wh/m2"),
    ("Horizontal infrared radiation", "Wh/m2"),
    ("Global horizontal radiation", "Wh/m2"),
    ("Direct normal radiation", "Wh/m2"),
    ("Diffuse horizontal radiation", "Wh/m2"),
    ("Global horizontal illuminance", "lux"),
    ("Direct normal illuminance", "lux"),
    ("Diffuse horizontal illuminance", "lux"),
    ("Zenith luminance", "cd/m2"),
    ("Wind direction", "deg"),
    ("Wind speed", "m/s"),
    ("Total sky cover", ""),
    ("Opaque sky cover", ""),
    ("Visibility", "km"),
    ("Ceiling height", "m"),
    ("Weather observation", ""),
    ("Weather codes", ""),
    ("Precipitable water", "mm"),
    ("Aerosol optical depth", ""),
    ("Snow depth", "cm"),
    ("Days since snowfall", "d"),
    ("Albedo", ""),
    ("Rain depth", "mm"),
    ("Rain duration", "h"),
)
CODES = ("Weather observation", "Weather codes")


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the first and the eighth line are those of a weather file."""
    return (
        len(lines) > FIRST
        and lines[0].lstrip("\ufeff").upper().startswith("LOCATION,")
        and lines[FIRST - 1].upper().startswith("DATA PERIODS,")
    )


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the columns, as many as there are; refuse a file without rows."""
    if len(lines) <= FIRST:
        raise DataError(f"an EPW file has {FIRST} lines above its data: this one has {len(lines)} in all")
    width = len(lines[FIRST].split(","))
    if width < LEAST:
        raise DataError(f"an EPW file has {LEAST} columns or more: line {FIRST + 1} of this one has {width}")
    columns = [*[(name, "") for name in (*CLOCK, *NO_SENSORS)], *SENSORS][:width]
    columns += [(f"column {i + 1}", "") for i in range(len(columns), width)]
    return dataclasses.replace(
        layout,
        delimiter=",",
        names=tuple(name for name, _ in columns),
        units=tuple(unit for _, unit in columns),
        first=FIRST,
        header=0,
        decimal=".",
        time=CLOCK,
        without=(*NO_SENSORS, *CODES),
        notes=(("delimiter", "comma"), ("header", "none: columns are named as in every EPW file")),
    )

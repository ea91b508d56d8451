"""SURFRAD of NOAA: station and place in two lines, no names, a mark of quality behind each reading, -9999.9."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

PLACE = re.compile(r"\s*-?\d+\.\d+\s+-?\d+\.\d+\s+-?\d+\s*m\s+version\s+\d+\s*$")
CLOCK = ("year", "month", "day", "hour", "minute")
FIRST = ("year", "jday", "month", "day", "hour", "minute", "dt", "solar zenith angle")
SENSORS = (
    ("downwelling global solar", "W/m2"),
    ("upwelling global solar", "W/m2"),
    ("direct normal solar", "W/m2"),
    ("downwelling diffuse solar", "W/m2"),
    ("downwelling infrared", "W/m2"),
    ("downwelling infrared case temperature", "K"),
    ("downwelling infrared dome temperature", "K"),
    ("upwelling infrared", "W/m2"),
    ("upwelling infrared case temperature", "K"),
    ("upwelling infrared dome temperature", "K"),
    ("global UVB", "mW/m2"),
    ("photosynthetically active radiation", "W/m2"),
    ("net solar", "W/m2"),
    ("net infrared", "W/m2"),
    ("net radiation", "W/m2"),
    ("air temperature", "C"),
    ("relative humidity", "%"),
    ("wind speed", "m/s"),
    ("wind direction", "deg"),
    ("pressure", "mb"),
)


def matches(lines: Sequence[str]) -> bool:
    """Tell the second line, which holds the place and a version."""
    return len(lines) > 2 and bool(PLACE.match(lines[1]))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the columns: each sensor and, behind it, how good its reading is."""
    named = [
        *[(name, "") for name in FIRST],
        *[pair for name, unit in SENSORS for pair in ((name, unit), (f"{name} qc", ""))],
    ]
    width = len(lines[2].split()) if len(lines) > 2 else 0
    if width != len(named):
        raise DataError(f"a SURFRAD file has {len(named)} columns below two lines: this one has {width}")
    return dataclasses.replace(
        layout,
        delimiter=" ",
        names=tuple(name for name, _ in named),
        units=tuple(unit for _, unit in named),
        first=2,
        header=0,
        decimal=".",
        missing=(-9999.9,),
        time=CLOCK,
        without=("jday", "dt"),
        good=(0,),
        notes=(("delimiter", "blanks"), ("header", "none: columns are named as in every SURFRAD file")),
    )

"""SRML of the University of Oregon: a line with station, year and codes of what is measured; day of the year, hhmm."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

FIRST = re.compile(r"\d{1,6}\t(?:19|20)\d\d(?:\t\d{3,4}\t0)+\s*$")
CLOCK = ("year", "doy", "hhmm")
KINDS = {  # by the first digits of a code; its last tells instruments apart
    "1": ("global irradiance", "W/m2"),
    "2": ("direct normal irradiance", "W/m2"),
    "3": ("diffuse irradiance", "W/m2"),
    "920": ("wind direction", "deg"),
    "921": ("wind speed", "m/s"),
    "917": ("pressure", "mb"),
    "930": ("air temperature", "C"),
    "931": ("dew point", "C"),
    "933": ("relative humidity", "%"),
    "937": ("cell temperature", "C"),
}


def matches(lines: Sequence[str]) -> bool:
    """Tell a first line of whole numbers, each code with a 0 above the marks of quality."""
    return bool(FIRST.match(lines[0].lstrip("\ufeff")))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the columns by what their codes mean, and take the year from the first line."""
    if not matches(lines):
        raise DataError(
            "an SRML file begins with a line of station, year, and a code and a 0 for each sensor: not found"
        )
    _, year, *cells = lines[0].lstrip("\ufeff").split()
    named = [(code, KINDS.get(code[:3]) or KINDS.get(code[:1]) or ("element", "")) for code in cells[::2]]
    sensors = [(f"{what} {code}", unit) for code, (what, unit) in named]
    columns = [(name, "") for name in CLOCK[1:]]
    columns += [pair for name, unit in sensors for pair in ((name, unit), (f"{name} flag", ""))]
    return dataclasses.replace(
        layout,
        delimiter="\t",
        names=tuple(name for name, _ in columns),
        units=tuple(unit for _, unit in columns),
        first=1,
        header=1,
        decimal=".",
        time=CLOCK,
        given=(("year", year),),
        good=tuple(range(99)),  # 99 is missing or bad
        notes=(("delimiter", "tab"), ("header", "line 1, codes of what is measured")),
    )

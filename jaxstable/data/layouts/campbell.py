"""Array-based output of older Campbell loggers: no names; number of the table, year, day of the year, hhmm first."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.layout import Layout

ROW = re.compile(
    r"\d{1,3},(?:19|20)\d\d,(?:[1-9]|[1-9]\d|[12]\d\d|3[0-5]\d|36[0-6]),(?:\d|[1-5]\d|\d{0,2}[0-5]\d),[-+\d.]"
)
FIRST = ("table", "year", "doy", "hhmm")


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the first lines all begin with a table, a year, a day of it and hours with minutes."""
    first = [line for line in lines[:20] if line]
    return len(first) > 2 and all(map(ROW.match, first)) and len({line.split(",")[0] for line in first}) == 1


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the first columns; the others are numbered."""
    width = len(lines[0].split(","))
    names = (*FIRST, *(f"column {i + 1}" for i in range(len(FIRST), width)))
    return dataclasses.replace(
        layout, delimiter=",", names=names, units=("",) * width, first=0, header=0, time=FIRST[1:], without=FIRST[:1]
    )

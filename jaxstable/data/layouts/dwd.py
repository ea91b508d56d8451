"""Climate data of the German weather service: number of the station, YYYYMMDD[HH[MM]], levels of quality, -999, eor."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

START = "STATIONS_ID;MESS_DATUM"


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the file starts with the names of the service."""
    return lines[0].lstrip("\ufeff ").startswith(START)


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the clock, what means missing, and the columns that are no sensors; refuse a file without that clock."""
    clock = next((name for name in layout.names if name.startswith("MESS_DATUM")), None)
    if clock is None:
        raise DataError("a file of the German weather service has its clock in a column MESS_DATUM: none is there")
    others = ("STATIONS_ID", "QN", "QUALITAETS", "MESS_DATUM", "eor", "STRAHLUNG_EOR")
    return dataclasses.replace(
        layout,
        time=(clock,),
        decimal=".",
        missing=(-999.0,),
        without=tuple(name for name in layout.names if name != clock and name.startswith(others)),
    )

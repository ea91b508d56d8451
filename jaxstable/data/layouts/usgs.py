"""RDB of the U.S. Geological Survey: comments, names, a line of widths such as 5s and 14n, and codes of quality."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

WIDTHS = re.compile(r"\d+[sdn](?:\t\d+[sdn])+$")
CLOCK = ("datetime", "tz_cd")


def _widths(lines: Sequence[str]) -> int | None:
    return next((i for i, line in enumerate(lines[:500]) if i and WIDTHS.match(line.strip())), None)


def matches(lines: Sequence[str]) -> bool:
    """Tell whether some line near the start holds widths of columns."""
    return _widths(lines) is not None


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Take the names from above the widths; what ends in _cd says how good a reading is, or in which zone."""
    place = _widths(lines)
    if place is None:
        raise DataError("an RDB file has a line of widths such as 5s and 14n below its names: none is there")
    names = tuple(name.strip() for name in lines[place - 1].split("\t"))
    return dataclasses.replace(
        layout,
        delimiter="\t",
        names=names,
        units=("",) * len(names),
        first=place + 1,
        header=place,
        decimal=".",
        time=tuple(name for name in CLOCK if name in names) or None,
        without=tuple(name for name in names if name.endswith("_cd") or name == "site_no"),
        notes=(("delimiter", "tab"), ("header", f"line {place}, widths in line {place + 1}")),
    )

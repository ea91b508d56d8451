"""WeatherLink of Davis: names in two lines, the upper half above the lower one, with date and clock in columns."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import NAMED, Layout

CLOCK = ("Date", "Time")
MARKS = "\t,;"


def matches(lines: Sequence[str]) -> bool:
    """Tell two lines of names, of which the upper one is empty above date and clock."""
    return any(lines[1:]) and bool(_marks(lines))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Put the two halves of each name together."""
    if not any(lines[1:]) or not (marks := _marks(lines)):
        raise DataError("a WeatherLink file has names in two lines, the lower one with Date and Time first: not found")
    mark = marks[0]
    upper, lower = (next(csv.reader([line.lstrip("\ufeff")], delimiter=mark)) for line in lines[:2])
    upper += [""] * (len(lower) - len(upper))
    names = tuple(" ".join(f"{one} {other}".split()) for one, other in zip(upper, lower, strict=False))
    return dataclasses.replace(
        layout,
        delimiter=mark,
        names=names,
        units=("",) * len(names),
        first=2,
        header=2,
        time=CLOCK,
        missing=("---",),
        notes=(("delimiter", NAMED[mark]), ("header", "lines 1 and 2, the halves of each name")),
    )


def _marks(lines: Sequence[str]) -> list[str]:
    """Return what splits the cells, if date and clock come first, with nothing above them."""
    return [mark for mark in MARKS if _first(lines[1], mark) == CLOCK and _first(lines[0], mark) == ("", "")]


def _first(line: str, mark: str) -> tuple[str, ...]:
    return tuple(cell.strip('\ufeff" ') for cell in line.split(mark)[:2])

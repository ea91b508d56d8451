"""EasyLog of Lascar: name of the logger above its counter, units in the names, its number in the first row alone."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

FIRST = re.compile(r"\ufeff?[^,\d][^,]*,Time,.*,Serial Number\s*$")
NAME = re.compile(r"(.+?) ?\(([^()]+)\)$")


def matches(lines: Sequence[str]) -> bool:
    """Tell the first line, which ends with the number of the logger that only the line below it holds."""
    return bool(FIRST.match(lines[0]))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Part the names and their units; below the first row the last cell is left out."""
    if not matches(lines):
        raise DataError("an EasyLog file has Time second and Serial Number last in its first line: not found")
    cells = [cell.strip() for cell in lines[0].lstrip("\ufeff").split(",")]
    parted = [found.groups() if (found := NAME.match(cell)) else (cell, "") for cell in cells]
    names = tuple(name for name, _ in parted)
    return dataclasses.replace(
        layout,
        delimiter=",",
        names=names,
        units=tuple(unit for _, unit in parted),
        decimal=".",
        time=("Time",),
        without=(names[0], "Serial Number"),
        ragged="short",
        notes=(("delimiter", "comma"), ("header", "line 1")),
    )

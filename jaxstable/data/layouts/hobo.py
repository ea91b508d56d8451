"""HOBOware exports: a title, then names with unit and serial numbers in one cell, US dates with am and pm."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.layout import Layout

EVENTS = (
    "Coupler",
    "Host Conn",
    "Stopped",
    "End Of File",
    "Button",
    "Started",
    "Bad Battery",
    "Good Battery",
    "New Interval",
)


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the file starts with a plot title or with the names of HOBOware."""
    return bool(re.match(r'\ufeff?"?(Plot Title|#"?,"?(?:Date )?Time,)', lines[0]))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Part 'Temp, °F (LGR S/N: 1, LBL: tank)' into a name and a unit, by the label where there is one."""
    names, units = [], []
    for name in layout.names:
        stem, _, rest = name.partition(",")
        label = re.search(r"LBL: ([^),]+)", rest)
        unit = rest.partition("(")[0].strip()
        clock = stem.startswith(("Date", "Time"))
        names.append(label[1].strip() if label else stem.strip())
        units.append("" if clock else unit)
    if len(set(filter(None, names))) < len([name for name in names if name]):
        return layout
    clock = tuple(name for name in names if name.startswith(("Date", "Time")))[:1]
    events = tuple(name for name in names if name.startswith(EVENTS))
    return dataclasses.replace(layout, names=tuple(names), units=tuple(units), time=clock or None, without=events)

"""TOA5 of Campbell loggers: station, names, units and kind of processing in four lines; TOACI1 has the first two."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout
from jaxstable.data.vocabulary import is_datum

NO_UNIT = {"TS", "RN", ""}  # time stamp, record number


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the first line is that of a TOA5 or a TOACI1 file."""
    return lines[0].lstrip("\ufeff").replace('"', "").startswith(("TOA5,", "TOACI1,"))


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Take names and units from the second and the third line."""
    if "TOACI1" in lines[0][:10]:
        if len(lines) < 2:
            raise DataError("a TOACI1 file has two lines above its data, this one fewer: export it again")
        names = next(csv.reader([lines[1]]))
        return dataclasses.replace(
            layout,
            delimiter=",",
            names=tuple(name.strip() for name in names),
            units=("",) * len(names),
            first=2,
            header=2,
            time=(names[0].strip(),),
            missing=("NAN", -7999.0),
            decimal=".",
            notes=(("delimiter", "comma"), ("header", "line 2")),
        )
    if len(lines) < 4:
        raise DataError("a TOA5 file has four lines above its data, this one fewer: export it again")
    names, units = (next(csv.reader([line])) for line in lines[1:3])
    if data := [cell for cell in names if cell.strip() and is_datum(cell)]:
        raise DataError(f"a TOA5 file has names in its second line: this one has {data[0]!r} there")
    units = [unit.strip() if unit.strip() not in NO_UNIT else "" for unit in units]
    return dataclasses.replace(
        layout,
        delimiter=",",
        names=tuple(name.strip() for name in names),
        units=tuple(units),
        first=4,
        header=2,
        time=("TIMESTAMP",),
        missing=("NAN", -7999.0),
        decimal=".",
        notes=(("delimiter", "comma"), ("header", "line 2, units in line 3, kind of processing in line 4")),
    )

"""LabVIEW measurement files: keys and values, then a block for each segment that ends above its names."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout

END = "***End_of_Header***"
CLOCK = "X_Value"


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the first line is that of a LabVIEW measurement file."""
    return lines[0].lstrip("\ufeff").startswith("LabVIEW Measurement")


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Take delimiter and decimal mark from the keys, and the names from below the last of the header's ends."""
    told = (line.replace(",", "\t").split("\t", 2)[:2] for line in lines if "\t" in line or "," in line)
    keys = {key: value for key, value in told if key in ("Separator", "X_Columns")}
    mark = "," if keys.get("Separator") == "Comma" else "\t"
    ends = [i for i, line in enumerate(lines) if line.startswith(END)]
    header = next((i for i, line in enumerate(lines) if ends and i > ends[0] and line.startswith(CLOCK)), None)
    if header is None:
        raise DataError(f"a LabVIEW measurement file names its columns in a line that begins with {CLOCK}: none does")
    names = [name.strip() for name in lines[header].split(mark)]
    names = [f"{name} {i}" if name == CLOCK and i else name for i, name in enumerate(names)]  # one for each sensor
    timed = keys.get("X_Columns") != "No"
    return dataclasses.replace(
        layout,
        delimiter=mark,
        names=tuple(names),
        units=("",) * len(names),
        first=header + 1,
        header=header + 1,
        time=(CLOCK,) if timed else None,
        without=("Comment",) if timed else ("Comment", CLOCK),
        decimal="," if "Decimal_Separator\t," in "\n".join(lines[:header]) else ".",
        notes=(("delimiter", "comma" if mark == "," else "tab"), ("header", f"line {header + 1}")),
    )

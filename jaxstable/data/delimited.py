"""Turn the cells of a text file into a table: its clock, units and numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data.assigned import assigned, blank_rows, filled_rows, parts_of
from jaxstable.data.cellkinds import codes_of, is_dated, never_twice, numbers_of
from jaxstable.data.cellunits import without_unit
from jaxstable.data.checks import DataError, check_distinct
from jaxstable.data.clockjoin import joined_clock
from jaxstable.data.clocks import read_clock
from jaxstable.data.numerals import decimal_mark, refuse_pairs, to_numbers
from jaxstable.data.reading import Reading
from jaxstable.data.regular import tick_of
from jaxstable.data.roles import is_counter
from jaxstable.data.sheet import Sheet, read_sheet
from jaxstable.data.tables import Table
from jaxstable.data.vocabulary import clean
from jaxstable.signals.threads import on_all_cores


def read_delimited(path: str | Path, asked: Reading) -> Table:
    """Read a text file of cells into a table.

    Args:
        path: the file.
        asked: what is known of it.

    Returns:
        The table, with what was understood.

    Raises:
        DataError: the file cannot be read, or a column holds something else than it should.
    """
    import pyarrow as pa

    sheet = read_sheet(path, asked)

    def where(row: int) -> str:
        return f"line {sheet.lines[row]}"

    names, dropped = _named(sheet)
    header = {name: unit for name, unit in zip(names, sheet.layout.units, strict=False) if unit}
    cells = {name: column for name, column in zip(names, sheet.columns, strict=True) if name}
    cells |= {name: pa.repeat(text, len(sheet.lines)) for name, text in sheet.layout.given}
    check_distinct([name for name in names if name], f" in line {sheet.layout.header}")
    asked = dataclasses.replace(asked, time=_known(asked.time, cells), columns=_known(asked.columns, cells)).of(
        [*cells]
    )
    parts = parts_of(cells, asked, sheet.layout)
    parts.dropped = dropped | parts.dropped
    clock, sensors = parts.clock, parts.sensors
    notes = list(sheet.notes)
    time = None
    if clock:
        cells, lines = _without_blank_rows(cells, sheet.lines, notes)
        parts.cells = cells
        sheet = sheet._replace(lines=lines)
        text = joined_clock([cells[name] for name in clock], clock)
        time_format = asked.time_format or (sheet.layout.time_format if clock == sheet.layout.time else None)
        read = read_clock(
            text,
            where,
            time_format,
            asked.zone,
            None if asked.series is None else codes_of(cells[asked.series]),
            " ".join(f"{name} {header.get(name, '')}" for name in clock),
        )
        time = read.time
        notes.append(("clock", f"{' and '.join(map(repr, clock))}{parts.how}: {read.how}"))
    for name in sensors:
        cells[name], unit = without_unit(cells[name])
        if unit:
            header.setdefault(name, unit)
            notes.append((f"column {name}", f"{unit!r} stands behind each number"))
    given = asked.decimal or sheet.layout.decimal
    for name in sensors if given is None and sheet.layout.delimiter == "," else ():
        refuse_pairs(cells[name], name, where)
    decimal = given or decimal_mark([cells[name] for name in sensors], sheet.layout.delimiter)
    if decimal:
        notes.append(("decimal mark", {".": "point", ",": "comma"}[decimal] + (" (as said)" if asked.decimal else "")))
    missing = (*asked.missing, *(text for text in sheet.layout.missing if isinstance(text, str)))
    told: dict[str, list[str]] = {}

    def numbers(name: str) -> np.ndarray | DataError:
        try:
            found, told[name] = to_numbers(cells[name], name, where, decimal, missing)
            return found
        except DataError as error:
            return error

    # Arrow lets go of the interpreter while it parses.
    found = dict(zip(sensors, on_all_cores(numbers, sensors), strict=True))
    series = None
    if asked.series is None and not clock and len(sheet.repeats):
        series = np.searchsorted(sheet.repeats, sheet.lines)
        notes.append(("recordings", "a repeated header starts another one"))
    table = assigned(parts, found, asked=asked, time=time, timed=bool(clock), series=series, notes=notes, place=where)
    notes.extend((f"column {name}", text) for name in table.names for text in told[name])
    if not clock and "" in dropped and (rows := _row_clock(sheet)) is not None:
        table = table._replace(time=rows)
        notes.append(("clock", "the row numbers of the unnamed first column, which skip some"))
    return table._replace(
        units={name: unit for name, unit in header.items() if name in table.names},
        codes=[code for code in sheet.layout.missing if not isinstance(code, str)],
        tick=tick_of(clock[0], header.get(clock[0], "")) if len(clock) == 1 else None,
    )


def _named(sheet: Sheet) -> tuple[list[str], dict[str, str]]:
    """Name every column; one without an entry, or an unnamed one that counts the rows, gets no name."""
    names, dropped = list(sheet.names), {}
    for i, (name, column) in enumerate(zip(sheet.names, sheet.columns, strict=True)):
        if name or column.null_count == len(column):
            continue
        rows = numbers_of(column) if i == 0 else None
        if rows is not None and is_counter(rows):
            dropped[""] = "counts the rows"
        elif i == 0 and never_twice(column) and not is_dated(column):
            dropped[""] = "names the rows"
        else:
            names[i] = f"column {i + 1}"
    return names, dropped


def _row_clock(sheet: Sheet) -> np.ndarray | None:
    rows = numbers_of(sheet.columns[0])
    if rows is None or not is_counter(rows) or len(rows) != len(sheet.lines):
        return None
    return rows if (np.diff(rows) > 1).any() else None


def _known(columns: Any, cells: Mapping[str, Any]) -> Any:
    """Return the chosen columns, those named as in the header, with their unit, by their name alone."""
    if isinstance(columns, str):
        plain = clean(columns)[0]
        return plain if columns not in cells and plain.removeprefix("-") in cells else columns
    return [_known(name, cells) for name in columns] if isinstance(columns, (list, tuple)) else columns


def _without_blank_rows(
    cells: dict[str, Any], lines: np.ndarray, notes: list[tuple[str, str]]
) -> tuple[dict[str, Any], np.ndarray]:
    """Leave out rows without any entry, and say so in place of what was said of them before."""
    import pyarrow as pa

    filled = filled_rows(cells)
    if filled.all():
        return cells, lines
    notes[:] = [note for note in notes if note[0] != "blank lines"]
    notes.append(blank_rows(filled))
    return {name: column.filter(pa.array(filled)) for name, column in cells.items()}, lines[filled]

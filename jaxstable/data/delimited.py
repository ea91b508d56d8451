"""Turn the cells of a text file into a table: which columns are clock, labels and sensors, and their numbers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.cellunits import without_unit
from jaxstable.data.checks import DataError, check_distinct, counted
from jaxstable.data.clockcolumns import find_clock, is_dated, refuse_apart, refuse_hours
from jaxstable.data.clockjoin import joined_clock
from jaxstable.data.clocks import read_clock
from jaxstable.data.clockshapes import NO_MONTH, WEEKDAYS, month_of
from jaxstable.data.longformat import refuse_long
from jaxstable.data.numerals import decimal_mark, to_numbers
from jaxstable.data.quality import flagged, good
from jaxstable.data.reading import Reading
from jaxstable.data.regular import tick_of
from jaxstable.data.sheet import Sheet, read_sheet
from jaxstable.data.tables import Table, choose_columns
from jaxstable.data.timeline import joints_of
from jaxstable.data.vocabulary import clean


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
    sheet = read_sheet(path, asked)
    place = "line {}".format

    def where(row: int) -> str:
        return place(sheet.lines[row])

    names, dropped = _named(sheet)
    header = {name: unit for name, unit in zip(names, sheet.layout.units, strict=False) if unit}
    cells = {name: column for name, column in zip(names, sheet.columns, strict=True) if name}
    check_distinct([name for name in names if name])
    chosen = _known(asked.columns, cells)
    clock, how = find_clock(asked, sheet.layout, cells, chosen)
    clock = tuple(_known(clock, cells) or ())
    labels = {"environment": asked.environment, "series": asked.series}
    labels |= {"time" if len(clock) == 1 else f"time[{i}]": name for i, name in enumerate(clock)}
    sensors = choose_columns(list(cells), labels, chosen)
    if chosen is None:
        dropped |= {name: "no sensor in this layout" for name in sheet.layout.without if name in sensors}
        sensors = [name for name in sensors if name not in dropped]
    notes = list(sheet.notes)
    time = None
    refuse_hours(cells, clock, sensors, chosen)
    if clock:
        cells, lines = _without_blank_rows(cells, sheet.lines, notes)
        sheet = sheet._replace(lines=lines)
        text = joined_clock([cells[name] for name in clock], clock)
        time_format = asked.time_format or (sheet.layout.time_format if clock == sheet.layout.time else None)
        read = read_clock(text, where, time_format, asked.zone)
        time = read.time
        notes.append(("clock", f"{' and '.join(map(repr, clock))}{how}: {read.how}"))
    if chosen is None and asked.series is None:
        refuse_long(cells, clock)
    flags = {} if chosen is not None else {name: good(name, cells[name]) for name in flagged(sensors)}
    sensors = [name for name in sensors if name not in flags]
    for name in sensors:
        cells[name], unit = without_unit(cells[name])
        if unit:
            header.setdefault(name, unit)
            notes.append((f"column {name}", f"{unit!r} stands behind each number"))
    given = asked.decimal or sheet.layout.decimal
    decimal = given or decimal_mark([cells[name] for name in sensors], sheet.layout.delimiter)
    if decimal:
        notes.append(("decimal mark", {".": "point", ",": "comma"}[decimal] + (" (as said)" if asked.decimal else "")))
    missing = (*asked.missing, *(text for text in sheet.layout.missing if isinstance(text, str)))

    def numbers(name: str) -> tuple[np.ndarray, list[str]] | DataError:
        try:
            return to_numbers(cells[name], name, where, decimal, missing)
        except DataError as error:
            return error

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:  # arrow lets go of the interpreter while it parses
        found = dict(zip(sensors, pool.map(numbers, sensors), strict=True))
    texts = [
        None if name is None else np.array(cells[name].to_pylist(), dtype=object)
        for name in (asked.environment, asked.series)
    ]
    if texts[1] is None and not clock and len(sheet.repeats):
        texts[1] = np.searchsorted(sheet.repeats, sheet.lines)
        notes.append(("recordings", "a repeated header starts another one"))
    if texts[1] is None and asked.time is None and (again := roles.restarts_of(time)) is not None:
        texts[1] = again
        notes.append(("recordings", "another one wherever the clock starts again"))
    if chosen is None:

        def column(i: int) -> np.ndarray | None:
            return None if isinstance(read := found[sensors[i]], DataError) else read[0]

        joints = None if texts[1] is None else joints_of(texts[1])
        reasons = roles.left_out(sensors, column, bool(clock), time, joints)
        words = [name for name in sensors if isinstance(found[name], DataError)]
        clocks = [name for name in words if is_dated(cells[name])]
        if time is not None and asked.time is None and time.dtype.kind == "M":
            others = [name for name in clocks if not is_dated(cells[name], hours=True)]
            refuse_apart(time, {name: _moments(cells[name]) for name in others}, clock[0], where)
        reasons |= dict.fromkeys(clocks if clock else [], "another clock")
        days = [name for name in words if clock and _names_days(cells[name])]
        reasons |= dict.fromkeys(days, "a part of the calendar")
        same = [name for name in words if name not in reasons and _is_one_word(cells[name])]
        reasons |= dict.fromkeys(same, "the same word in every row")
        again = [name for name, why in reasons.items() if why == roles.STARTS_AGAIN]
        if asked.series is None:
            roles.refuse_labels(sensors, column, again)
            roles.refuse_turns(sensors, column, time)
        sensors = [name for name in sensors if name not in reasons]
        dropped |= reasons
    values = np.empty((len(sheet.lines), len(sensors)))
    for i, name in enumerate(sensors):
        if isinstance(read := found.pop(name), DataError):
            raise read
        values[:, i] = read[0]
        notes.extend((f"column {name}", text) for text in read[1])
    for flag, right in flags.items():
        sensor = flagged([flag, *sensors, *flags]).get(flag)
        if right is not None and sensor in sensors:
            values[~right, sensors.index(sensor)] = np.nan
            notes.append((f"column {sensor}", f"{counted(int((~right).sum()), 'row')} missing that {flag!r} calls bad"))
        dropped[flag] = "says how good another column is" + (
            ", in a way that is not known: not used" if right is None else ""
        )
    if not clock and "" in dropped and (rows := _row_clock(sheet)) is not None:
        time = rows
        notes.append(("clock", "the row numbers of the unnamed first column, which skip some"))
    if row := roles.told(dropped):
        notes.append(row)
    units = {name: unit for name, unit in header.items() if name in sensors}
    codes = [code for code in sheet.layout.missing if not isinstance(code, str)]
    return Table(
        values,
        tuple(sensors),
        time=time,
        environment=texts[0],
        series=texts[1],
        units=units,
        codes=codes,
        notes=notes,
        sortable=True,
        place=where,
        tick=tick_of(clock[0], header.get(clock[0], "")) if len(clock) == 1 else None,
    )


def _named(sheet: Sheet) -> tuple[list[str], dict[str, str]]:
    """Name every column; one without an entry, or an unnamed one that counts the rows, gets no name."""
    names, dropped = list(sheet.names), {}
    for i, name in enumerate(names):
        if name:
            continue
        filled = sheet.columns[i].null_count < len(sheet.columns[i])
        if i == 0 and filled and _counts(sheet.columns[i]):
            dropped[""] = "counts the rows"
        elif (
            i == 0
            and filled
            and len(sheet.columns[i].unique()) == len(sheet.columns[i])
            and not is_dated(sheet.columns[i])
        ):
            dropped[""] = "names the rows"
        elif filled:
            names[i] = f"column {i + 1}"
    return names, dropped


def _moments(column: Any) -> np.ndarray:
    """Return another clock as dates, NaT where there is none or where it cannot be read."""
    there = column.is_valid().to_numpy(zero_copy_only=False)
    found = np.full(len(column), "NaT", "M8[us]")
    try:
        time = read_clock(column.drop_null()).time
    except DataError:
        return found
    if time.dtype.kind == "M":
        found[there] = time
    return found


def _names_days(column: Any) -> bool:
    words = {word.strip().lower() for word in column.unique().to_pylist() if word}
    return 1 < len(words) <= 12 and (words <= WEEKDAYS or all(month_of(word) != NO_MONTH for word in words))


def _is_one_word(column: Any) -> bool:
    return not column.null_count and len(column.unique()) == 1


def _counts(column: Any) -> bool:
    import pyarrow as pa

    try:
        return roles.is_counter(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return False


def _row_clock(sheet: Sheet) -> np.ndarray | None:
    import pyarrow as pa

    if not _counts(sheet.columns[0]):
        return None
    rows = sheet.columns[0].cast(pa.float64()).to_numpy(zero_copy_only=False)
    return rows if len(rows) == len(sheet.lines) and (np.diff(rows) > 1).any() else None


def _known(columns: Sequence[str] | None, cells: dict[str, Any]) -> Sequence[str] | None:
    """Return the chosen columns, those named as in the header, with their unit, by their name alone."""
    if columns is None or isinstance(columns, str) or not isinstance(columns, Sequence):
        return columns
    return [
        clean(name)[0] if isinstance(name, str) and name not in cells and clean(name)[0] in cells else name
        for name in columns
    ]


def _without_blank_rows(
    cells: dict[str, Any], lines: np.ndarray, notes: list[tuple[str, str]]
) -> tuple[dict[str, Any], np.ndarray]:
    """Leave out rows without any entry: with a clock, the rows around them tell what is missing."""
    import pyarrow as pa

    filled = np.zeros(len(lines), dtype=bool)
    for column in cells.values():
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
        if filled.all():
            return cells, lines
    notes[:] = [note for note in notes if note[0] != "blank lines"]
    notes.append(("blank lines", f"{counted(int((~filled).sum()), 'row')} without an entry; the clock tells the gap"))
    return {name: column.filter(pa.array(filled)) for name, column in cells.items()}, lines[filled]

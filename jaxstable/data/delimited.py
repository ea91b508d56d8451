"""Turn the cells of a text file into a table: which columns are clock, labels and sensors, and their numbers."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.checks import DataError, check_distinct, counted, shortened
from jaxstable.data.clocks import read_clock
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import MOMENT, Layout, clean
from jaxstable.data.numerals import decimal_mark, to_numbers
from jaxstable.data.sheet import Sheet, read_sheet
from jaxstable.data.tables import Table, choose_columns, column_list

OF_DAY = re.compile(
    r"\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?(?: ?[AaPp][Mm])?)?$"
)  # an hour, or hours and minutes


@dataclasses.dataclass(frozen=True)
class Reading:
    """What a person says of how a file is to be read; None where it is to be found out.

    Attributes:
        time: columns of the clock; several are joined by a blank.
        time_format: as in `read_clock`.
        environment, series: columns of labels.
        columns: the sensors, in order.
        missing: texts that mean missing.
        decimal: decimal mark.
        layout: name of a layout, or one of your own.
        encoding: of the text.
    """

    time: tuple[str, ...] | None = None
    time_format: str | None = None
    environment: str | None = None
    series: str | None = None
    columns: Sequence[str] | None = None
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    layout: str | Layout | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        for field in ("environment", "series"):
            if not isinstance(column := getattr(self, field), Hashable):
                raise DataError(f"{field}={shortened(column)}: expected the name of one column")
        object.__setattr__(self, "columns", column_list(self.columns))


def clock_columns(time: Any, present: Sequence[str]) -> tuple[str, ...] | None:
    """Return the columns that `time=` names: one, a list of them, or "Date,Time".

    Example:
        >>> clock_columns("Date,Time", ["Date", "Time", "flow"])
        ('Date', 'Time')
    """
    if time is None:
        return None
    if isinstance(time, str):
        return (time,) if time in present or "," not in time else tuple(part.strip() for part in time.split(","))
    if isinstance(time, (list, tuple)) and time and all(isinstance(part, str) for part in time):
        return tuple(time)
    raise DataError(f"time={shortened(time)}: expected the name of one column, or a list of names")


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
    sheet = read_sheet(path, asked.layout, asked.encoding)
    place = "line {}".format

    def where(row: int) -> str:
        return place(sheet.lines[row])

    names, dropped = _named(sheet)
    cells = {name: column for name, column in zip(names, sheet.columns, strict=True) if name}
    check_distinct([name for name in names if name])
    missing = (*asked.missing, *(text for text in sheet.layout.missing if isinstance(text, str)))
    chosen = _known(asked.columns, cells)
    clock, how = _clock(asked, sheet.layout, cells, chosen)
    labels = {"environment": asked.environment, "series": asked.series}
    labels |= {"time" if len(clock) == 1 else f"time[{i}]": name for i, name in enumerate(clock)}
    sensors = choose_columns(list(cells), labels, chosen)
    notes = list(sheet.notes)
    lines, time = sheet.lines, None
    _refuse_hours(cells, clock, sensors, chosen)
    if clock:
        cells, lines = _without_blank_rows(cells, lines, notes)
        sheet = sheet._replace(lines=lines)
        text = _joined([cells[name] for name in clock], clock[0].lower() in roles.FIELDS[0])
        time_format = asked.time_format or (sheet.layout.time_format if clock == sheet.layout.time else None)
        read = read_clock(text, where, time_format)
        time = read.time
        notes.append(("clock", f"{' and '.join(map(repr, clock))}{how}: {read.how}"))
    given = asked.decimal or sheet.layout.decimal
    decimal = given or decimal_mark([cells[name] for name in sensors], sheet.layout.delimiter)
    if decimal:
        notes.append(("decimal mark", {".": "point", ",": "comma"}[decimal] + (" (as said)" if asked.decimal else "")))

    def numbers(name: str) -> tuple[np.ndarray, list[str]]:
        return to_numbers(cells[name], name, where, decimal, missing)

    if chosen is None:
        reasons = roles.left_out(sensors, lambda i: _tried(numbers, sensors[i]), dated=bool(clock))
        sensors = [name for name in sensors if name not in reasons]
        dropped |= reasons
    values = np.empty((len(lines), len(sensors)))
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:  # arrow lets go of the interpreter while it parses
        for i, (column, said) in enumerate(pool.map(numbers, sensors)):
            values[:, i] = column
            notes.extend((f"column {sensors[i]}", text) for text in said)
    if not clock and "" in dropped and (rows := _row_clock(names, sheet)) is not None:
        time = rows
        notes.append(("clock", "the row numbers of the unnamed first column, which skip some"))
    if row := roles.told(dropped):
        notes.append(row)
    texts = [
        None if name is None else np.array(cells[name].to_pylist(), dtype=object)
        for name in (asked.environment, asked.series)
    ]
    units = {name: unit for name, unit in zip(names, sheet.layout.units, strict=False) if unit and name in sensors}
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
            and not _dated(sheet.columns[i])
        ):
            dropped[""] = "names the rows"
        elif filled:
            names[i] = f"column {i + 1}"
    return names, dropped


def _counts(column: Any) -> bool:
    import pyarrow as pa

    try:
        return roles.is_counter(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return False


def _row_clock(names: Sequence[str], sheet: Sheet) -> np.ndarray | None:
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


def _clock(
    asked: Reading, layout: Layout, cells: dict[str, Any], chosen: Sequence[str] | None
) -> tuple[tuple[str, ...], str]:
    """Return the columns of the clock, and how they were found."""
    if asked.time is not None:
        named = clock_columns(asked.time, list(cells)) or ()
        return tuple(_known(named, cells) or ()), ""
    if layout.time and set(layout.time) <= set(cells):
        return layout.time, " (as its layout says)"
    taken = {asked.environment, asked.series, *(chosen if isinstance(chosen, (list, tuple)) else ())}
    free = [name for name in cells if name not in taken]
    lower = {name.lower(): name for name in free}
    for one, other in roles.PAIRS:
        if one in lower and other in lower and _dated(cells[lower[one]]):
            if _dated(cells[lower[other]]) and not _dated(cells[lower[other]], hours=True):
                continue
            return (lower[one], lower[other]), " (found by their names)"
    for name in free:
        if roles.is_clock_name(name) and (_dated(cells[name]) or _counts_up(cells[name])):
            return (name,), " (found by its name)"
    if free and (first := free[0]) == next(iter(cells)) and _dated(cells[first]) and not _counts_up(cells[first]):
        return (first,), " (the first column holds dates)"
    fields = [next((lower[name] for name in group if name in lower), None) for group in roles.FIELDS]
    if all(fields[:3]):
        parts = tuple(name for name in fields[: fields.index(None) if None in fields else None] if name)
        return parts, " (parts of the calendar)"
    return (), ""


def _dated(column: Any, hours: bool = False) -> bool:
    """Tell whether the first cells of a column are moments, or hours of a day."""
    first = [cell.strip() for cell in column[:200].to_pylist() if cell and cell.strip()]
    return bool(first) and all(map(OF_DAY.match if hours else MOMENT.match, first))


def _refuse_hours(
    cells: dict[str, Any], clock: tuple[str, ...], sensors: Sequence[str], chosen: Sequence[str] | None
) -> None:
    """Refuse a clock that lacks its date or its hours, which another column holds."""
    hours = [name for name in (*clock, *sensors) if ":" in str(cells[name][0]) and _dated(cells[name], hours=True)]
    dates = [name for name in (*clock, *sensors) if _dated(cells[name]) and name not in hours]
    if hours and hours[0] in clock and len(clock) == 1:
        way = f"say time='{dates[0]},{hours[0]}'" if dates else "leave it out, there is no column of dates"
        raise DataError(f"time={hours[0]!r} holds the hour of a day only: {way}")
    if hours and hours[0] not in clock and chosen is None and dates:
        raise DataError(f"column {hours[0]!r} holds the hour of a day: say time='{dates[0]},{hours[0]}'")


def _counts_up(column: Any) -> bool:
    import pyarrow as pa

    try:
        values = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return False
    return len(values) > 1 and bool((np.diff(values) > 0).all())


def _joined(parts: list[Any], calendar: bool) -> Any:
    """Join the parts of a clock by blanks, those of a calendar as 2024-3-31 18:00."""
    pc = kernels()
    if len(parts) == 1:
        return parts[0]
    parts = [pc.fill_null(pc.utf8_trim_whitespace(part), "") for part in parts]
    if not calendar or len(parts) < 3:
        return pc.binary_join_element_wise(*parts, " ")
    day = pc.binary_join_element_wise(*parts[:3], "-")
    if len(parts) == 3:
        return day
    hour = pc.binary_join_element_wise(*(pc.utf8_lpad(part, 2, "0") for part in parts[3:]), ":")
    return pc.binary_join_element_wise(day, hour, " ")


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


def _tried(numbers: Callable[[str], tuple[np.ndarray, list[str]]], name: str) -> np.ndarray | None:
    try:
        return numbers(name)[0]
    except DataError:
        return None

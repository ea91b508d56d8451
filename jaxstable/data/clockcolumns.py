"""Find the columns of a file that are its clock, and join them where there are several."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.checks import DataError
from jaxstable.data.instants import from_numbers
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import Layout
from jaxstable.data.reading import Reading, clock_columns
from jaxstable.data.vocabulary import MOMENT

OF_DAY = re.compile(  # an hour, or hours and minutes
    r"\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?(?: ?[AaPp]\.? ?[Mm]\.?)?)?$"
)
READING = re.compile(
    r"\d{1,2}[.,]\d+$|0\d{7}$"
)  # 20.38 is a number, not 38 minutes after 8 p.m.; nor is 00000101 a day
SAMPLE = 200  # cells that are looked at


def find_clock(
    asked: Reading, layout: Layout, cells: Mapping[str, Any], chosen: Sequence[str] | None
) -> tuple[tuple[str, ...], str]:
    """Return the columns of the clock, none if there are none, and how they were found.

    Args:
        asked: what is known.
        layout: of the file.
        cells: an arrow array of text for each column.
        chosen: the sensors that are asked for, which are no clock.
    """
    if asked.time is not None:
        return clock_columns(asked.time, list(cells)) or (), ""
    if layout.time and set(layout.time) <= set(cells):
        return layout.time, " (as its layout says)"
    taken = {asked.environment, asked.series, *(chosen if isinstance(chosen, (list, tuple)) else ())}
    free = [name for name in cells if name not in taken]
    lower = {name.lower(): name for name in free}
    for one, other in roles.PAIRS:
        if one in lower and other in lower and is_dated(cells[lower[one]]):
            if is_dated(cells[lower[other]]) and not is_dated(cells[lower[other]], hours=True):
                continue
            return (lower[one], lower[other]), " (found by their names)"
    first = free[0] if free and free[0] == next(iter(cells)) else None
    for name in free:
        if (roles.is_clock_name(name) or name == first) and is_dated(cells[name]) and not _sensor_like(cells[name]):
            how = " (found by its name)" if roles.is_clock_name(name) else " (the first column holds dates)"
            apart = _apart(name, free, cells)
            return (name, *apart), " (one holds dates, one hours)" if apart else how
    for seconds, nanos in roles.SPLIT:
        if seconds in lower and nanos in lower:
            return (lower[seconds], lower[nanos]), " (seconds and what is beyond them)"
    for name in free:
        if (roles.is_clock_name(name) or name.lower() in roles.FIELDS[0]) and _rises(cells[name]):
            return (name,), " (found by its name)"
    if first is not None and _rises(cells[first]):
        values = numbers_of(cells[first])
        if values is not None and from_numbers(values).time.dtype.kind == "M":
            return (first,), " (the first column holds dates)"
    if parts := roles.calendar_parts(lower):
        return parts, " (parts of the calendar)"
    for name in free:
        if roles.is_clock_name(name) and cells[name].null_count < len(cells[name]) and numbers_of(cells[name]) is None:
            return (name,), " (found by its name)"  # reading it says what is wrong
    return (), ""


def _sensor_like(column: Any) -> bool:
    """Tell numbers of eight digits that are no dates."""
    values = numbers_of(column)
    return values is not None and from_numbers(values).time.dtype.kind != "M"


def _apart(dates: str, free: Sequence[str], cells: Mapping[str, Any]) -> list[str]:
    """Return the only other column that holds hours of a day, if the dates hold none."""
    if _has_hours(cells[dates]):
        return []
    hours = [name for name in free if name != dates and _of_day(cells[name])]
    return hours if len(hours) == 1 else []


def _has_hours(column: Any) -> bool:
    return any(re.search(r"\d[T :]+\d", text) for text in _first(column))


def _first(column: Any) -> list[str]:
    return [cell.strip() for cell in column[:SAMPLE].to_pylist() if cell and cell.strip()]


def is_dated(column: Any, hours: bool = False) -> bool:
    """Tell whether the first cells of a column are moments, or hours of a day; one in ten may be something else."""
    first = _first(column)
    found = sum(bool(OF_DAY.match(cell) if hours else MOMENT.match(cell) and not READING.match(cell)) for cell in first)
    return bool(first) and found >= max(0.9 * len(first), 1)


def _of_day(column: Any) -> bool:
    return ":" in str(column[0]) and is_dated(column, hours=True)


def refuse_hours(
    cells: Mapping[str, Any], clock: tuple[str, ...], sensors: Sequence[str], chosen: Sequence[str] | None
) -> None:
    """Refuse a clock that lacks its date or its hours, which another column holds."""
    hours = [name for name in (*clock, *sensors) if _of_day(cells[name])]
    dates = [name for name in (*clock, *sensors) if is_dated(cells[name]) and name not in hours]
    if hours and hours[0] in clock and len(clock) == 1 and dates:
        raise DataError(f"time={hours[0]!r} holds the hour of a day only: say time='{dates[0]},{hours[0]}'")
    if hours and hours[0] not in clock and chosen is None and dates and not _has_hours(cells[dates[0]]):
        raise DataError(f"column {hours[0]!r} holds the hour of a day: say time='{dates[0]},{hours[0]}'")


def numbers_of(column: Any) -> np.ndarray | None:
    """Return a column of numbers, whichever its decimal mark; None of another kind."""
    import pyarrow as pa

    for mark in ".,":
        try:
            plain = column if mark == "." else kernels().replace_substring(column, ",", ".")
            return plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            continue
    return None


def _rises(column: Any) -> bool:
    values = numbers_of(column)
    return values is not None and len(values) > 1 and bool((np.diff(values) > 0).all())


def joined_clock(parts: Sequence[Any], names: Sequence[str]) -> Any:
    """Join the cells of the columns of a clock to text such as 2024-3-31 18:00.

    Args:
        parts: an arrow array of text for each column.
        names: of the columns; those of a calendar are joined by their place in it.

    Returns:
        An arrow array of text.
    """
    pc = kernels()
    if len(parts) == 1:
        return parts[0]
    parts = [pc.fill_null(pc.utf8_trim_whitespace(part), "") for part in parts]
    if tuple(name.lower() for name in names) in roles.SPLIT:
        return pc.binary_join_element_wise(parts[0], pc.utf8_lpad(parts[1], 9, "0"), ".")
    of_calendar = names[0].lower() in roles.FIELDS[0] and len(parts) > 1
    days = 1 if not of_calendar else 2 if names[1].lower() in roles.DAYS_OF_YEAR else 3
    date = parts[0]
    if of_calendar:
        wide = [part if days == 3 else pc.utf8_lpad(part, 3, "0") for part in parts[1:days]]
        date = pc.binary_join_element_wise(date, *wide, "-")
    rest = list(parts[days:])
    if rest:
        rest[0] = _as_hours(rest[0])
    if of_calendar and len(rest) > 1:
        rest = [pc.binary_join_element_wise(*(pc.utf8_lpad(part, 2, "0") for part in rest), ":")]
    return pc.binary_join_element_wise(date, *rest, " ")


def _as_hours(column: Any) -> Any:
    """Write 930 or 2400 as 0930, 91500 as 091500; a column of hours alone, or with colons, stays."""
    import pyarrow as pa

    try:
        most = kernels().max(column.cast(pa.int64())).as_py()
    except pa.ArrowInvalid:
        return column
    if most is None or most <= 24:
        return column
    return kernels().utf8_lpad(column, 4 if most <= 2400 else 6, "0")

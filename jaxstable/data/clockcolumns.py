"""Find the columns of a file that are its clock, and join them where there are several."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxstable.data import columnnames, roles
from jaxstable.data.checks import DataError
from jaxstable.data.instants import from_numbers
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import Layout
from jaxstable.data.reading import Reading, clock_columns
from jaxstable.data.vocabulary import MOMENT

OF_DAY = re.compile(  # an hour, or hours and minutes, or a period of them
    r"\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?(?: ?[AaPp]\.? ?[Mm]\.?)?)?"
    r"(?: ?[-\u2013] ?\d{1,2}(?::\d{2}(?::\d{2})?)?)?$"
)
HOUR_TO_HOUR = re.compile(r"\d{1,2} ?[-\u2013] ?\d{1,2}$")
READING = re.compile(
    r"\d{1,2}[.,]\d+$|0\d{7}$"
)  # 20.38 is a number, not 38 minutes after 8 p.m.; nor is 00000101 a day
SAMPLE = 200  # cells that are looked at
ZONES = 3  # differences of the same clock in another zone
APART = 0.1  # share of the rows whose second clock is off by half a step, above which it is of another table
UNNAMED = ((1800, 2300), (1, 12), (1, 31), (0, 24), (0, 59))  # year, month, day, hour, minute
SHAPE = tuple(highest + 1 for _, highest in UNNAMED)


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
    for one, other in columnnames.PAIRS:
        if one in lower and other in lower and is_dated(cells[lower[one]]):
            if is_dated(cells[lower[other]]) and not is_dated(cells[lower[other]], hours=True):
                continue
            pair = (lower[one], lower[other])
            fine = _milliseconds(free, cells)
            if fine and _never_twice(kernels().binary_join_element_wise(*(cells[name] for name in pair), " ")):
                fine = []
            return (*pair, *fine), " (found by their names)"
    first = free[0] if free and free[0] == next(iter(cells)) else None
    named = [name for name in free if columnnames.is_clock_name(name)]
    dated = [name for name in free if is_dated(cells[name]) and not _sensor_like(cells[name])]
    for name in dated:
        if name in named or name == first:
            how = " (found by its name)" if name in named else " (the first column holds dates)"
            apart = _apart(name, free, cells)
            fine = bool(apart) and apart[0].lower().strip() in columnnames.MILLISECONDS
            both = " (time and milliseconds)" if fine else " (one holds dates, one hours)"
            return (name, *apart), both if apart else how
    for seconds, nanos in columnnames.SPLIT:
        if seconds in lower and nanos in lower:
            return (lower[seconds], lower[nanos]), " (seconds and what is beyond them)"
    for name in free:
        if (name in named or name.lower() in columnnames.FIELDS[0]) and _rises(cells[name]):
            return (name,), " (found by its name)"
    if first is not None and _rises(cells[first]):
        values = numbers_of(cells[first])
        if values is not None and from_numbers(values).time.dtype.kind == "M":
            return (first,), " (the first column holds dates)"
    if parts := columnnames.calendar_parts(free):
        return parts, " (parts of the calendar)"
    if (parts := columnnames.months_of(free)) and _rises_in(parts, cells):
        return parts, " (parts of the calendar)"
    if not layout.header and (parts := _unnamed_calendar(free, cells)):
        return parts, " (parts of the calendar, told by their numbers)"
    if single := next((name for name in dated if _never_twice(cells[name])), dated[0] if len(dated) == 1 else None):
        return (single, *_apart(single, free, cells)), " (holds dates)"
    for name in named:
        if cells[name].null_count < len(cells[name]) and numbers_of(cells[name]) is None:
            return (name,), " (found by its name)"  # reading it says what is wrong
    return (), ""


def _rises_in(names: Sequence[str], cells: Mapping[str, Any]) -> bool:
    """Tell years and months of which each comes once."""
    year, month = (numbers_of(cells[name]) for name in names)
    return year is not None and month is not None and bool((np.diff(12 * year + month) > 0).all())


def _never_twice(column: Any) -> bool:
    return len(column.unique()) == len(column)


def _unnamed_calendar(names: Sequence[str], cells: Mapping[str, Any]) -> tuple[str, ...]:
    """Return columns without names that hold year, month, day and what follows of hour and minute; none otherwise."""
    for start in (0, 1):  # behind the number of a station
        values = []
        for name, (lowest, highest) in zip(names[start:], UNNAMED, strict=False):
            column = numbers_of(cells[name])
            if column is None or not _whole_within(column, lowest, highest):
                break
            values.append(column.astype(int))
        for count in range(len(values), 2, -1):
            if (np.diff(np.ravel_multi_index(values[:count], SHAPE[:count])) > 0).all():
                return tuple(names[start : start + count])
    return ()


def _whole_within(values: np.ndarray, lowest: int, highest: int) -> bool:
    return bool(((values == np.floor(values)) & (values >= lowest) & (values <= highest)).all())


def _sensor_like(column: Any) -> bool:
    """Tell numbers of eight digits that are no dates."""
    if numbers_of(column[:SAMPLE]) is None:
        return False
    values = numbers_of(column)
    return values is not None and from_numbers(values).time.dtype.kind != "M"


def _apart(dates: str, free: Sequence[str], cells: Mapping[str, Any]) -> list[str]:
    """Return the only other column that holds hours of a day, if the dates hold none; milliseconds, if they repeat."""
    if _has_hours(cells[dates]):
        fine = _milliseconds(free, cells)
        return [] if not fine or _never_twice(cells[dates]) else fine
    hours = [name for name in free if name != dates and _of_day(cells[name])]
    if len(hours) == 1:
        return hours
    if _never_twice(cells[dates]):
        return []
    place = list(cells).index(dates) + 1
    after = [name for name in list(cells)[place : place + 1] if name in free]
    return [name for name in after if _counts_hours(cells[dates], cells[name])]


def _milliseconds(free: Sequence[str], cells: Mapping[str, Any]) -> list[str]:
    for name in free:
        if name.lower().strip() in columnnames.MILLISECONDS and (values := numbers_of(cells[name])) is not None:
            return [name] if _whole_within(values, 0, 999) else []
    return []


def _counts_hours(dates: Any, column: Any) -> bool:
    """Tell whole numbers to 100 that rise within each day: hours, or parts of them, behind dates that lack them."""
    values = numbers_of(column)
    if values is None or len(values) < 2 or not _whole_within(values, 0, 100):
        return False
    codes = dates.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    same = codes[1:] == codes[:-1]
    return bool((np.diff(values)[same] > 0).all()) and len(np.unique(codes * 101 + values)) == len(values)


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
    first = _first(column)
    marked = ":" in str(column[0]) or (bool(first) and all(map(HOUR_TO_HOUR.match, first)))
    return marked and is_dated(column, hours=True)


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
    return values is not None and roles.rises(values)


def refuse_apart(time: np.ndarray, others: Mapping[str, np.ndarray], clock: str, place: Callable[[int], str]) -> None:
    """Refuse a second clock that does not go with the first, as of tables side by side.

    Args:
        time: [rows] dates of the clock.
        others: datetime64[us] [rows] of each other clock, NaT where there is none.
        clock: name of the first.
        place: names the place of a row.
    """
    time = time.astype("M8[us]")
    usual = np.median(np.abs(np.diff(time)).astype(np.int64)) if len(time) > 1 else 0
    for name, other in others.items():
        there = ~np.isnat(other)
        later = np.diff(other[there]).astype(np.int64)
        ahead = (other - time)[there].astype(np.int64)
        same = len(np.unique(ahead)) <= ZONES
        if name.lower() in columnnames.ENDS or same or not len(later) or not (later > 0).all():
            continue
        apart = np.abs(ahead - np.median(ahead)) > usual / 2
        if apart.mean() > APART:
            row = int(np.flatnonzero(there)[np.argmax(apart)])
            raise DataError(
                f"columns {clock!r} and {name!r} are clocks that go apart ({place(row)} holds {str(time[row])[:19]} "
                f"and {str(other[row])[:19]}), as of tables side by side: save each table as a file of its own, or "
                f"say time={clock!r} if that is the clock of all columns"
            )

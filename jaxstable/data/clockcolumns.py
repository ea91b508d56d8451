"""Find the columns of a table that are its clock: rules that are asked one after the other, each in a few words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from jaxstable.data import columnnames
from jaxstable.data.cellkinds import (
    as_text,
    has_hours,
    holds_zones,
    is_date_number,
    is_dated,
    is_of_day,
    is_sensor_like,
    is_short,
    never_twice,
    numbers_of,
    rises,
    whole_within,
)
from jaxstable.data.checks import DataError
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import Layout
from jaxstable.data.reading import Reading, clock_columns

ZONES = 3  # differences of the same clock in another zone
APART = 0.1  # share of the rows whose second clock is off by half a step, above which it is of another table
UNNAMED = ((1800, 2300), (1, 12), (1, 31), (0, 24), (0, 59))  # year, month, day, hour, minute
SHAPE = tuple(highest + 1 for _, highest in UNNAMED)
Found = tuple[tuple[str, ...], str] | None  # the columns of the clock, and how they were found


@dataclasses.dataclass(frozen=True)
class Columns:
    """What the rules look at.

    Attributes:
        cells: an arrow array for each column.
        free: the columns that are asked for as nothing else.
        header: whether the file names its columns.
    """

    cells: Mapping[str, Any]
    free: Sequence[str]
    header: bool

    @cached_property
    def lower(self) -> dict[str, str]:
        """The free columns by their name in small letters."""
        return {name.lower(): name for name in self.free}

    @cached_property
    def first(self) -> str | None:
        """The first column, if it is free."""
        return self.free[0] if self.free and self.free[0] == next(iter(self.cells)) else None

    @cached_property
    def named(self) -> list[str]:
        """The free columns that are named like a clock."""
        return [name for name in self.free if columnnames.is_clock_name(name)]

    @cached_property
    def dated(self) -> list[str]:
        """The free columns that hold dates, or hours of a day alone."""
        return [name for name in self.free if is_dated(self.cells[name]) and not is_sensor_like(self.cells[name])]

    @cached_property
    def dates(self) -> list[str]:
        """Those of them that hold more than hours of a day."""
        return [name for name in self.dated if not is_dated(self.cells[name], hours=True)]


def find_clock(
    asked: Reading, layout: Layout, cells: Mapping[str, Any], chosen: Sequence[str] | None
) -> tuple[tuple[str, ...], str]:
    """Return the columns of the clock, none if there are none, and how they were found.

    Args:
        asked: what is known.
        layout: of the file.
        cells: an arrow array for each column.
        chosen: the sensors that are asked for, which are no clock.
    """
    if asked.time is not None:
        return clock_columns(asked.time, list(cells)) or (), ""
    if layout.time and set(layout.time) <= set(cells):
        return layout.time, " (as its layout says)"
    taken = {asked.environment, asked.series, *(chosen if isinstance(chosen, (list, tuple)) else ())}
    columns = Columns(cells, [name for name in cells if name not in taken], bool(layout.header))
    clock, how = next((found for rule in RULES if (found := rule(columns))), ((), ""))
    zones = [name for name in columns.free if name not in clock and holds_zones(cells[name])]
    if len(zones) == 1 and clock and is_dated(cells[clock[0]]):
        return (*clock, zones[0]), " (with the zone beside it)"
    return clock, how


def _date_and_hour(columns: Columns) -> Found:
    """Take a date and the hours beside it, as their names say."""
    cells, lower = columns.cells, columns.lower
    for one, other in columnnames.PAIRS:
        if one not in lower or other not in lower or not (is_dated(cells[lower[one]]) or is_short(cells[lower[one]])):
            continue
        pair = (lower[one], lower[other])
        if is_dated(cells[pair[1]]) and not is_dated(cells[pair[1]], hours=True):
            continue
        fine = _milliseconds(columns)
        if fine and never_twice(kernels().binary_join_element_wise(*(as_text(cells[name]) for name in pair), " ")):
            fine = []
        return (*pair, *fine), " (found by their names)"
    return None


def _named_dates(columns: Columns) -> Found:
    """Take dates that are named like a clock or come first, with the hours that stand apart.

    Days that repeat give way to a clock with hours.
    """
    found = _named_among(columns.dates, columns)
    if found and len(found[0]) == 1 and not has_hours(column := columns.cells[found[0][0]]) and not never_twice(column):
        finer = [name for name in columns.dates if has_hours(columns.cells[name])]
        return _named_among(finer, columns) or found
    return found


def _named_hours(columns: Columns) -> Found:
    """Take hours of a day without a date."""
    return _named_among(columns.dated, columns)


def _named_among(dated: Sequence[str], columns: Columns) -> Found:
    for name in dated:
        if name in columns.named or name == columns.first:
            how = " (found by its name)" if name in columns.named else " (the first column holds dates)"
            apart = _apart(name, columns)
            fine = bool(apart) and apart[0].lower().strip() in columnnames.MILLISECONDS
            both = " (time and milliseconds)" if fine else " (one holds dates, one hours)"
            return (name, *apart), both if apart else how
    return None


def _seconds_and_rest(columns: Columns) -> Found:
    pairs = [pair for pair in columnnames.SPLIT if columns.lower.keys() >= set(pair)]
    return (tuple(columns.lower[part] for part in pairs[0]), " (seconds and what is beyond them)") if pairs else None


def _named_numbers(columns: Columns) -> Found:
    named = (n for n in columns.free if n in columns.named or n.lower() in columnnames.FIELDS[0])
    found = next((name for name in named if rises(columns.cells[name])), None)
    return ((found,), " (found by its name)") if found else None


def _first_numbers(columns: Columns) -> Found:
    if columns.first is None or not rises(columns.cells[columns.first]):
        return None
    values = numbers_of(columns.cells[columns.first])
    dates = values is not None and is_date_number(values)
    return ((columns.first,), " (the first column holds dates)") if dates else None


def _calendar(columns: Columns) -> Found:
    """Take year, month, day and so on, by their names or, where there are none, by their numbers."""
    if parts := columnnames.calendar_parts(columns.free):
        hours = [name for name in columns.free if name not in parts and is_of_day(columns.cells[name])]
        more = hours if len(hours) == 1 and len(parts) == 3 else []
        return (*parts, *more), " (parts of the calendar)"
    if (parts := columnnames.months_of(columns.free)) and _rises_in(parts, columns.cells):
        return parts, " (parts of the calendar)"
    if not columns.header and (parts := _unnamed_calendar(columns.free, columns.cells)):
        return parts, " (parts of the calendar, told by their numbers)"
    return None


def _only_dates(columns: Columns) -> Found:
    dated = columns.dates or columns.dated
    single = next((name for name in dated if never_twice(columns.cells[name])), None)
    single = single or (dated[0] if len(dated) == 1 else None)
    return ((single, *_apart(single, columns)), " (holds dates)") if single else None


def _named_words(columns: Columns) -> Found:
    """Take what is named like a clock and holds neither dates nor numbers: reading it says what is wrong."""
    for name in columns.named:
        column = columns.cells[name]
        if column.null_count < len(column) and numbers_of(column) is None:
            return (name,), " (found by its name)"
    return None


RULES: tuple[Callable[[Columns], Found], ...] = (
    _date_and_hour,
    _named_dates,
    _seconds_and_rest,
    _named_numbers,
    _first_numbers,
    _calendar,
    _only_dates,
    _named_hours,
    _named_words,
)


def _rises_in(names: Sequence[str], cells: Mapping[str, Any]) -> bool:
    """Tell years and months of which each comes once."""
    year, month = (numbers_of(cells[name]) for name in names)
    return year is not None and month is not None and bool((np.diff(12 * year + month) > 0).all())


def _unnamed_calendar(names: Sequence[str], cells: Mapping[str, Any]) -> tuple[str, ...]:
    """Return columns without names that hold year, month, day and what follows of hour and minute; none otherwise."""
    for start in (0, 1):  # behind the number of a station
        values = []
        for name, (lowest, highest) in zip(names[start:], UNNAMED, strict=False):
            column = numbers_of(cells[name])
            if column is None or not whole_within(column, lowest, highest):
                break
            values.append(column.astype(int))
        for count in range(len(values), 2, -1):
            if (np.diff(np.ravel_multi_index(values[:count], SHAPE[:count])) > 0).all():
                return tuple(names[start : start + count])
    return ()


def _apart(dates: str, columns: Columns) -> list[str]:
    """Return the only other column that holds hours of a day, if the dates hold none; milliseconds, if they repeat."""
    cells = columns.cells
    if has_hours(cells[dates]):
        fine = _milliseconds(columns)
        return [] if not fine or never_twice(cells[dates]) else fine
    hours = [name for name in columns.free if name != dates and is_of_day(cells[name])]
    if len(hours) == 1:
        return hours
    if never_twice(cells[dates]):
        return []
    place = list(cells).index(dates) + 1
    after = [name for name in list(cells)[place : place + 1] if name in columns.free]
    return [name for name in after if _counts_hours(cells[dates], cells[name])]


def _milliseconds(columns: Columns) -> list[str]:
    for name in columns.free:
        if name.lower().strip() in columnnames.MILLISECONDS and (v := numbers_of(columns.cells[name])) is not None:
            return [name] if whole_within(v, 0, 999) else []
    return []


def _counts_hours(dates: Any, column: Any) -> bool:
    """Tell whole numbers to 100 that rise within each day: hours, or parts of them, behind dates that lack them."""
    values = numbers_of(column)
    if values is None or len(values) < 2 or not whole_within(values, 0, 100):
        return False
    codes = dates.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    same = codes[1:] == codes[:-1]
    return bool((np.diff(values)[same] > 0).all()) and len(np.unique(codes * 101 + values)) == len(values)


def refuse_hours(
    cells: Mapping[str, Any], clock: tuple[str, ...], sensors: Sequence[str], chosen: Sequence[str] | None
) -> None:
    """Refuse a clock that lacks its date or its hours, which another column holds."""
    hours = [name for name in (*clock, *sensors) if is_of_day(cells[name])]
    dates = [name for name in (*clock, *sensors) if is_dated(cells[name]) and name not in hours]
    if hours and hours[0] in clock and len(clock) == 1 and dates:
        raise DataError(f"time={hours[0]!r} holds the hour of a day only: say time='{dates[0]},{hours[0]}'")
    if hours and hours[0] not in clock and chosen is None and dates and not has_hours(cells[dates[0]]):
        raise DataError(f"column {hours[0]!r} holds the hour of a day: say time='{dates[0]},{hours[0]}'")


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

"""Turn what a column of time holds, text, numbers or dates, into instants, and say how it was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError, as_array
from jaxstable.data.clocktext import from_text
from jaxstable.data.instants import NUMERIC, Clock, checked, from_numbers
from jaxstable.data.zones import in_utc
from jaxstable.phrases import shortened

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_clock(
    values: Any,
    place: Callable[[int], str] = "row {}".format,
    time_format: str | None = None,
    zone: str | None = None,
    groups: np.ndarray | None = None,
    header: str = "",
) -> Clock:
    """Read times of any kind: dates, datetimes, text in the usual notations, numbers, integers such as 20240301.

    Whether 03/04/2024 names a day or a month first is decided from the whole column: by which reading exists, else by
    which makes the steps regular, else by a header such as "Date (MM/DD/YYYY)". Numbers in the range of Unix seconds,
    milliseconds, microseconds or nanoseconds after 2001 are dates, and so are integers of which every one is YYYYMMDD,
    YYYYMMDDHH, YYYYMMDDHHMM or YYYYMMDDHHMMSS; others, such as YYMMDD, are if only so their steps are regular. Text
    with an offset is UTC afterwards.

    Args:
        values: [rows].
        place: names the place of a row, for messages.
        time_format: as in `datetime.strptime`, or "unix", "unix_ms", "excel" (serial days), "matlab" (datenum), or
            which field of dates such as 03/04/2024 comes first: "day first", "month first", "year first".
        zone: where the clock hangs, such as "Europe/Berlin": local times become UTC.
        groups: [rows] numbers of the machines or tags whose rows may take turns, or None.
        header: what stands above the times.

    Raises:
        DataError: a time that is missing, that does not exist, or that nobody can read, with its place.

    Example:
        >>> read_clock(["13/03/2024 1:00 PM", "14/03/2024 1:00 PM"]).how
        'dates, day first'
    """
    clock = _read(values, place, time_format, header)
    if zone is None:
        return clock
    if clock.time.dtype.kind != "M":
        raise DataError(f"zone={shortened(zone)}: the time holds {clock.how}, which have no zone: leave it out")
    if not clock.local:
        return clock._replace(how=f"{clock.how} (zone= is not needed)")
    return Clock(in_utc(clock.time, zone, place, groups), f"{clock.how}, local time of {zone}, as UTC")


def is_readable(values: Any) -> bool:
    """Tell whether some values are times, in a way that `read_clock` knows.

    Example:
        >>> is_readable(["2024-03-31 18:00"]), is_readable(["inlet"])
        (True, False)
    """
    try:
        read_clock(values)
    except (DataError, TypeError, ValueError):
        return False
    return True


def _read(values: Any, place: Callable[[int], str], time_format: str | None, header: str) -> Clock:
    array = values if hasattr(values, "null_count") else as_array(values, "time")
    if time_format is not None and not isinstance(time_format, str):
        raise DataError(f"time_format={shortened(time_format)}: expected a text such as '%d/%m/%Y %H:%M'")
    if hasattr(array, "null_count") or array.dtype.kind in "UT":
        return from_text(array, place, time_format, header)
    if array.dtype.kind == "O":
        return _from_objects(array, place, time_format, header)
    if array.dtype.kind == "m":
        fine = "ns" if np.datetime_data(array.dtype)[0] == "ns" else "us"
        return Clock(np.datetime64(0, fine) + checked(array, place).astype(f"m8[{fine}]"), "times since a start")
    if array.dtype.kind == "M":
        return Clock(checked(array, place), "dates", True)
    if array.dtype.kind not in "iuf":
        raise DataError(f"time is of type {array.dtype}: expected datetimes or numbers")
    array = checked(array, place)
    if time_format is not None and time_format not in NUMERIC:
        return from_text(array.astype(np.int64).astype(str), place, time_format)
    return from_numbers(array, time_format)


def _from_objects(array: np.ndarray, place: Callable[[int], str], time_format: str | None, header: str) -> Clock:
    if all(isinstance(value, str) for value in array):
        return from_text(array, place, time_format, header)
    zoned = [getattr(value, "tzinfo", None) is not None for value in array]
    if any(zoned) != all(zoned):
        row = zoned.index(not zoned[0])
        raise DataError(
            f"time at {place(row)} is {shortened(array[row])}, {'with' if zoned[row] else 'without'} a zone, unlike "
            "the rows above it: give all of them one, e.g. with pandas.to_datetime(..., utc=True)"
        )
    return Clock(
        np.array([_instant(value, row, place) for row, value in enumerate(array)], "M8[us]"),
        "dates",
        not any(zoned),
    )


def _instant(value: Any, row: int, place: Callable[[int], str]) -> np.datetime64:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:
        raise DataError(f"time at {place(row)} is {shortened(value)}: expected a datetime or a number")
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return np.datetime64((aware - EPOCH) // timedelta(microseconds=1), "us")

"""Turn numbers, and fields such as year and month, into instants, and say how they were read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.kernels import kernels

DAY = 86_400_000_000  # microseconds
FARTHEST_YEAR = 200_000  # before or after 1970; microseconds in 64 bits reach a little further
LARGEST = 2.0**62  # the difference of two such numbers fits into 64 bits
NUMERIC = {  # what a number may count: factor to microseconds, days before 1970
    "unix": (1_000_000, 0),
    "unix_ms": (1_000, 0),
    "excel": (DAY, 25_569),
    "matlab": (DAY, 719_529),
}
TICKS = {  # of 100 nanoseconds; how many passed before 1970
    "ticks of Windows": 116_444_736_000_000_000,
    "ticks of .NET": 621_355_968_000_000_000,
}
FORMS = (  # of integers, hours and minutes in small letters, besides those that begin with a year of four digits
    "YYMMDD", "YYYYMM", "DDMMYY", "MMDDYY", "DDMMYYYY", "MMDDYYYY", "YYMMDDhh", "YYMMDDhhmm", "DDMMYYhhmm",
    "YYMMDDhhmmss", "DDMMYYhhmmss", "DDMMYYYYhhmm", "DDMMYYYYhhmmss",
)  # fmt: skip
SERIALS = {"excel": (30_000, 60_000), "matlab": (700_000, 760_000)}  # days of 1982 to 2064, of 1916 to 2080


class Clock(NamedTuple):
    """Instants and how they were read.

    Attributes:
        time: [rows] datetime64[us] if they are dates, else numbers.
        how: in a few words, such as "dates, day first".
        local: whether they are dates of which nothing says the zone.
    """

    time: np.ndarray
    how: str
    local: bool = False


def checked(time: np.ndarray, place: Callable[[int], str]) -> np.ndarray:
    """Refuse instants that are missing, or that 64 bits hold only coarsely or not at all once they are subtracted."""
    dated = time.dtype.kind in "mM"
    missing = np.isnat(time) if dated else ~np.isfinite(time.astype(float))
    if missing.any():
        where = place(int(np.flatnonzero(missing)[0]))
        raise DataError(f"time is missing at {where} ({int(missing.sum())} rows): leave those rows out")
    unit = np.datetime_data(time.dtype)[0] if dated else ""
    if unit in ("ps", "fs", "as", "generic"):
        raise DataError(f"time is of type {time.dtype}: expected a unit from years to ns, e.g. time.astype('M8[ns]')")
    if unit == "ns":
        return time
    ends = time[[time.argmin(), time.argmax()]] if len(time) else time  # most often they say that all are near
    if _beyond(ends).any():
        row = int(np.flatnonzero(_beyond(time))[0])
        raise DataError(f"time at {place(row)} is {time[row]}, too far for its steps to be told: subtract its start")
    return time


def _beyond(time: np.ndarray) -> np.ndarray:
    if time.dtype.kind not in "mM":
        return np.abs(time.astype(float)) >= LARGEST
    return np.abs(time.astype(f"{time.dtype.kind}8[Y]").astype(np.int64)) > FARTHEST_YEAR


def from_numbers(array: np.ndarray, time_format: str | None = None) -> Clock:
    """Read numbers as dates where their size or their digits say so, or the format does.

    Args:
        array: [rows] finite.
        time_format: a key of `NUMERIC`, or None.
    """
    if time_format in NUMERIC:
        factor, origin = NUMERIC[time_format]
        counts = (array.astype(np.float64) - origin) * factor
        # Days are written to some decimals only: they mean whole seconds where all are near them.
        whole_seconds = factor == DAY and (np.abs(counts - np.round(counts / 1e6) * 1e6) < 1e5).all()
        unit = 1e6 if whole_seconds else 1e3
        counts = np.round(counts / unit) * unit
        local = time_format not in ("unix", "unix_ms")
        return Clock(counts.astype(np.int64).astype("M8[us]"), f"dates, {time_format}", local)
    whole = array.astype(np.int64) if array.dtype.kind in "iu" or (array == np.floor(array)).all() else None
    if whole is not None and len(whole) and abs(int(whole[0])) < 10**15:
        digits = len(str(abs(int(whole[0]))))
        if digits in (7, 11) and (dated := _days_of_year(whole, digits)) is not None:
            hours = ", hour and minute" if digits > 7 else ""
            return Clock(dated, f"dates written as integers, year and day of the year{hours}", True)
        if digits in (8, 10, 12, 14) and (dated := _calendar(whole, digits)) is not None:
            return Clock(dated, "dates written as integers, " + "YYYYMMDDHHMMSS"[:digits], True)
        if (named := _only_even_as_dates(whole)) is not None:
            return Clock(named[1], f"dates written as integers, {named[0]}", True)
    if not len(array):
        return Clock(array, "numbers")
    low, high = float(array.min()), float(array.max())
    for factor, what in ((1e6, "seconds"), (1e3, "milliseconds"), (1.0, "microseconds"), (1e-3, "nanoseconds")):
        if 1e9 * 1e6 / factor <= low and high <= 2.2e9 * 1e6 / factor:
            counts = array // 1000 if factor < 1 else np.round(array.astype(np.float64) * factor)
            return Clock(counts.astype(np.int64).astype("M8[us]"), f"Unix {what}")
    for what, origin in TICKS.items():
        if low >= origin + 1e16 and high <= origin + 2.2e16:
            return Clock(((array.astype(np.int64) - origin) // 10).astype("M8[us]"), what)
    kinds = [kind for kind, (least, most) in SERIALS.items() if least <= low and high <= most]
    hint = f" (if they are days as {kinds[0].title()} counts them, say time_format={kinds[0]!r})" if kinds else ""
    return Clock(array.astype(np.int64) if array.dtype.kind in "iu" else array, f"numbers{hint}")


def _calendar(whole: np.ndarray, digits: int) -> np.ndarray | None:
    """Return integers as dates if every one of them is one."""
    fields = [whole // 10 ** (digits - 4)]
    fields += [whole // 10 ** (digits - 4 - 2 * k) % 100 for k in range(1, (digits - 4) // 2 + 1)]
    if ((fields[0] < 1900) | (fields[0] > 2200)).any():
        return None
    time, wrong = assembled(*fields)
    return None if wrong.any() else time


def _only_even_as_dates(whole: np.ndarray) -> tuple[str, np.ndarray] | None:
    """Return integers such as 240301 or 01032024 as dates, and their form, if only so their steps are regular."""
    length = len(str(int(whole.max()))) if whole.min() > 0 else 0
    length += length % 2  # of 010324 the first digit is lost
    best = (unevenness(whole), "", None)
    for form in FORMS if len(whole) > 2 else ():
        if len(form) != length or _in_form(whole[:64], form)[1].any():
            continue
        time, wrong = _in_form(whole, form)
        if not wrong.any() and (uneven := unevenness(time)) < best[0]:
            best = (uneven, form, time)
    return None if best[2] is None else (best[1], best[2])


def _in_form(whole: np.ndarray, form: str) -> tuple[np.ndarray, np.ndarray]:
    """Return integers of such a form, as in `FORMS`, as instants, and which of them do not exist."""
    fields = {"D": np.ones(1, np.int64), "h": 0, "m": 0, "s": 0}
    for letter in dict.fromkeys(form):
        behind = len(form) - form.rindex(letter) - 1
        fields[letter] = whole // 10**behind % 10 ** form.count(letter)
    return assembled(full_year(fields["Y"]), *(fields[letter] for letter in "MDhms"))


def unevenness(time: np.ndarray) -> float:
    """Say how far the steps of a clock are from being all the same, and upwards: 0 to 2."""
    steps = np.diff(time).astype(np.int64)
    if not len(steps):
        return 0.0
    usual = np.median(np.abs(steps))
    return float((steps <= 0).mean() + (np.abs(steps - usual) > 0.1 * usual).mean())


def full_year(year: np.ndarray) -> np.ndarray:
    """Return years of two digits as those from 1970 to 2069."""
    return np.where(year < 70, year + 2000, np.where(year < 100, year + 1900, year))


def _days_of_year(whole: np.ndarray, digits: int) -> np.ndarray | None:
    """Return integers such as 2024060 or 20240601330 as dates if every one of several is one."""
    date, rest = whole // 10 ** (digits - 7), whole % 10 ** (digits - 7)
    year, day = date // 1000, date % 1000
    if len(whole) < 2 or ((year < 1900) | (year > 2200)).any():
        return None
    time, wrong = by_day_of_year(year, day, rest // 100, rest % 100)
    return None if wrong.any() else time


def by_day_of_year(year: Any, day: Any, *rest: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return year, day of the year, hour and so on as instants, and which of them do not exist.

    Example:
        >>> by_day_of_year(np.array([2024, 2023]), np.array([366, 366]))[1]
        array([False,  True])
    """
    start, wrong = assembled(year, 1, 1, *rest)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return start + (day - 1).astype("m8[D]"), wrong | (day < 1) | (day > 365 + leap)


def of_day(hour: np.ndarray, half: Any) -> np.ndarray:
    """Return hours from midnight; those beside a.m. or p.m., an arrow array of text, are of half a day."""
    pc = kernels()
    letter = pc.utf8_lower(pc.utf8_slice_codeunits(half, 0, 1)).to_numpy(zero_copy_only=False)
    return np.where(letter == "", hour, hour % 12 + 12 * (letter == "p")) if (letter != "").any() else hour


def assembled(
    year: Any, month: Any, day: Any, hour: Any = 0, minute: Any = 0, second: Any = 0, micro: Any = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return fields as instants, and which of them do not exist; hour 24 is the next midnight."""
    year, month, day, hour, minute, second, micro = np.broadcast_arrays(year, month, day, hour, minute, second, micro)
    wrong = (month < 1) | (month > 12) | (day < 1) | (hour > 24) | (minute > 59) | (second > 60)
    first = (year.astype(np.int64) - 1970).astype("M8[Y]").astype("M8[M]") + np.where(wrong, 0, month - 1)
    days = first.astype("M8[D]") + np.where(wrong, 0, day - 1)
    wrong |= days.astype("M8[M]") != first
    inside = (hour * 3600 + minute * 60 + second).astype(np.int64) * 1_000_000 + micro
    return days.astype("M8[us]") + inside.astype("m8[us]"), wrong

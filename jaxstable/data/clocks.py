"""Turn what a column of time holds, text, numbers or dates, into instants, and say how it was read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import DataError, as_array, shortened
from jaxstable.data.kernels import kernels

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000  # microseconds
FARTHEST_YEAR = 200_000  # before or after 1970; microseconds in 64 bits reach a little further
LARGEST = 2.0**62  # the difference of two such numbers fits into 64 bits
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NUMERIC = {  # what a number may count: factor to microseconds, days before 1970
    "unix": (1_000_000, 0),
    "unix_ms": (1_000, 0),
    "excel": (DAY, 25_569),
    "matlab": (DAY, 719_529),
}
OFF = (
    r"(?:[T ,;:]+(?P<H>\d{1,2})(?:[:.h](?P<M>\d{2})(?:[:.](?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?)?"
    r" ?(?P<p>[AaPp]\.?[Mm]\.?)?)? ?(?P<z>Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
SHAPES = {
    "year first": r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + OFF,
    "slashed": r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})" + OFF,
    "month in words": r"^(?P<d>\d{1,2})[- /.](?P<m>[A-Za-z]{3})[A-Za-z]*\.?[- /.,]+(?P<y>\d{4})" + OFF,
    "compact": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T:_ -]?(?P<H>\d{2}):?(?P<M>\d{2})?:?(?P<S>\d{2})?)?"
    r"(?P<f>)(?P<p>)(?P<z>Z)?$",
}


class Clock(NamedTuple):
    """Instants and how they were read.

    Attributes:
        time: [rows] datetime64[us] if they are dates, else numbers.
        how: in a few words, such as "dates, day first".
    """

    time: np.ndarray
    how: str


def read_clock(values: Any, place: Callable[[int], str] = "row {}".format, time_format: str | None = None) -> Clock:
    """Read times of any kind: dates, datetimes, text in the usual notations, numbers, integers such as 20240301.

    Whether 03/04/2024 names a day or a month first is decided from the whole column: by a field above 12, else by
    which reading makes the steps regular. Numbers in the range of Unix seconds, milliseconds, microseconds or
    nanoseconds after 2001 are dates, and so are integers of which every one is YYYYMMDD, YYYYMMDDHH, YYYYMMDDHHMM or
    YYYYMMDDHHMMSS. Text with an offset is UTC afterwards.

    Args:
        values: [rows].
        place: names the place of a row, for messages.
        time_format: as in `datetime.strptime`, or "unix", "unix_ms", "excel" (serial days) or "matlab" (datenum).

    Raises:
        DataError: a time that is missing, that does not exist, or that nobody can read, with its place.

    Example:
        >>> read_clock(["13/03/2024 1:00 PM", "14/03/2024 1:00 PM"]).how
        'dates, day first'
    """
    array = values if hasattr(values, "null_count") else as_array(values, "time")
    if time_format is not None and not isinstance(time_format, str):
        raise DataError(f"time_format={shortened(time_format)}: expected a text such as '%d/%m/%Y %H:%M'")
    if hasattr(array, "null_count") or array.dtype.kind in "UT":
        return _from_text(array, place, time_format)
    if array.dtype.kind == "O":
        return _from_objects(array, place, time_format)
    if array.dtype.kind == "m":
        fine = "ns" if np.datetime_data(array.dtype)[0] == "ns" else "us"
        return Clock(np.datetime64(0, fine) + _checked(array, place).astype(f"m8[{fine}]"), "times since a start")
    if array.dtype.kind == "M":
        return Clock(_checked(array, place), "dates")
    if array.dtype.kind not in "iuf":
        raise DataError(f"time is of type {array.dtype}: expected datetimes or numbers")
    return _from_numbers(_checked(array, place), place, time_format)


def _checked(time: np.ndarray, place: Callable[[int], str]) -> np.ndarray:
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
    years = time.astype(f"{time.dtype.kind}8[Y]").astype(np.int64) if dated else 0
    beyond = np.abs(years) > FARTHEST_YEAR if dated else np.abs(time.astype(float)) >= LARGEST
    if beyond.any():
        row = int(np.flatnonzero(beyond)[0])
        raise DataError(f"time at {place(row)} is {time[row]}, too far for its steps to be told: subtract its start")
    return time


def _from_numbers(array: np.ndarray, place: Callable[[int], str], time_format: str | None) -> Clock:
    if time_format in NUMERIC:
        factor, origin = NUMERIC[time_format]
        counts = (
            np.round((array.astype(np.float64) - origin) * factor / 1000) * 1000
        )  # days are written to a millisecond
        return Clock(counts.astype(np.int64).astype("M8[us]"), f"dates, {time_format}")
    if time_format is not None:
        return _from_text(array.astype(np.int64).astype(str), place, time_format)
    whole = array.astype(np.int64) if array.dtype.kind in "iu" or (array == np.floor(array)).all() else None
    if whole is not None and len(whole) and abs(int(whole[0])) < 10**15:
        digits = len(str(abs(int(whole[0]))))
        if digits in (8, 10, 12, 14) and (dated := _calendar(whole, digits)) is not None:
            return Clock(dated, "dates written as integers, " + "YYYYMMDDHHMMSS"[:digits])
    if not len(array):
        return Clock(array, "numbers")
    low, high = float(array.min()), float(array.max())
    for factor, what in ((1e6, "seconds"), (1e3, "milliseconds"), (1.0, "microseconds"), (1e-3, "nanoseconds")):
        if 1e9 * 1e6 / factor <= low and high <= 2.2e9 * 1e6 / factor:
            counts = array // 1000 if factor < 1 else np.round(array.astype(np.float64) * factor)
            return Clock(counts.astype(np.int64).astype("M8[us]"), f"Unix {what}")
    return Clock(array.astype(np.int64) if array.dtype.kind in "iu" else array, "numbers")


def _calendar(whole: np.ndarray, digits: int) -> np.ndarray | None:
    """Return integers as dates if every one of them is one."""
    fields = [whole // 10 ** (digits - 4)]
    fields += [whole // 10 ** (digits - 4 - 2 * k) % 100 for k in range(1, (digits - 4) // 2 + 1)]
    if ((fields[0] < 1900) | (fields[0] > 2200)).any():
        return None
    time, wrong = _assembled(*fields)
    return None if wrong.any() else time


def _assembled(
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


def _from_text(values: Any, place: Callable[[int], str], time_format: str | None) -> Clock:
    import pyarrow as pa

    pc = kernels()
    cells = pa.array(values, pa.string())
    if time_format is None and not cells.null_count:
        try:
            return Clock(pc.cast(cells, pa.timestamp("us")).to_numpy(zero_copy_only=False), "dates")
        except pa.ArrowInvalid:
            pass  # not all of them are ISO 8601 in local time
    cells = pc.fill_null(pc.utf8_trim_whitespace(cells), "")
    empty = pc.is_in(pc.utf8_lower(cells), pa.array(["", "nan", "nat", "na", "null", "none"]))
    empty = empty.to_numpy(zero_copy_only=False)
    if empty.any():
        where = place(int(np.flatnonzero(empty)[0]))
        raise DataError(f"time is missing at {where} ({int(empty.sum())} rows): leave those rows out")
    if time_format is not None and time_format not in NUMERIC:
        return _by_format(cells, place, time_format)
    try:
        numbers = pc.cast(cells, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        pass
    else:
        return _from_numbers(numbers, place, time_format)
    cells = pc.replace_substring_regex(cells, r"^(\d{4}-\d{2}-\d{2}T[^/]*)/\d{4}-.*$", r"\1")  # a period: its start
    best: tuple[int, str, Any] = (-1, "", None)
    for shape, pattern in SHAPES.items():
        fields = pc.extract_regex(cells, pattern=pattern)
        missed = fields.null_count
        if best[0] < 0 or missed < best[0]:
            best = (missed, shape, fields)
        if not missed:
            break
    missed, shape, fields = best
    if missed:
        row = int(np.flatnonzero(pc.is_null(fields).to_numpy(zero_copy_only=False))[0])
        raise DataError(
            f"time at {place(row)} is {cells[row].as_py()!r}: expected a date such as 2024-03-31T18:00, "
            "31/03/2024 18:00 or 3/31/2024 6:00 PM; say how it is written, e.g. time_format='%d %b %Y %H.%M'"
        )
    named = {name: pc.struct_field(fields, name) for name in re.findall(r"\?P<(\w+)>", SHAPES[shape])}
    return _from_fields(named, shape, cells, place)


def _from_fields(fields: dict[str, Any], shape: str, cells: Any, place: Callable[[int], str]) -> Clock:
    import pyarrow as pa

    pc = kernels()

    def whole(name: str, fill: str = "0") -> np.ndarray:
        column = pc.if_else(pc.equal(fields[name], ""), fill, fields[name])
        return pc.cast(column, pa.int64()).to_numpy()

    year = whole("y")
    year = np.where(year < 70, year + 2000, np.where(year < 100, year + 1900, year))
    hour, minute, second = whole("H"), whole("M"), whole("S")
    micro = pc.cast(pc.utf8_slice_codeunits(pc.utf8_rpad(fields["f"], 6, "0"), 0, 6), pa.int64()).to_numpy()
    half = pc.utf8_lower(pc.utf8_slice_codeunits(fields["p"], 0, 1)).to_numpy(zero_copy_only=False)
    if (half != "").any():
        hour = np.where(half == "", hour, hour % 12 + 12 * (half == "p"))
    rest = (hour, minute, second, micro)
    how = "dates"
    if shape == "slashed":
        time, wrong, how = _slashed(year, whole("a"), whole("b"), rest)
    else:
        if shape == "month in words":
            month = pc.index_in(pc.utf8_lower(fields["m"]), pa.array(MONTHS)).to_numpy(zero_copy_only=False)
            month = np.nan_to_num(month, nan=98).astype(np.int64) + 1
        else:
            month = whole("m")
        time, wrong = _assembled(year, month, whole("d"), *rest)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"time at {place(row)} is {cells[row].as_py()!r}, which does not exist: mend it, or leave it out"
        )
    zones = pc.replace_substring_regex(fields["z"], "^(Z|UTC|GMT)$", "+00:00")
    if pc.any(pc.not_equal(zones, "")).as_py():
        zones = pc.if_else(pc.equal(zones, ""), "+00:00", pc.replace_substring(zones, ":", ""))
        offset = pc.cast(pc.utf8_slice_codeunits(pc.replace_substring(zones, ":", ""), 1, 5), pa.int64()).to_numpy()
        sign = np.where(pc.starts_with(zones, "-").to_numpy(zero_copy_only=False), -1, 1)
        time = time - (sign * (offset // 100 * 60 + offset % 100) * 60_000_000).astype("m8[us]")
        how += " with an offset, as UTC"
    return Clock(time, how)


def _slashed(
    year: np.ndarray, first: np.ndarray, second: np.ndarray, rest: tuple
) -> tuple[np.ndarray, np.ndarray, str]:
    """Decide between day and month first from the whole column."""
    day, month = _assembled(year, second, first, *rest), _assembled(year, first, second, *rest)
    if second.max() > 12 or first.max() > 12:
        return (*month, "dates, month first") if first.max() <= 12 else (*day, "dates, day first")
    irregular = [_unevenness(time) for time, _ in (day, month)]
    if irregular[1] < irregular[0]:
        return *month, "dates, month first (only then are the steps regular)"
    why = "only then are the steps regular" if irregular[0] < irregular[1] else "nothing in the column decides"
    return *day, f"dates, day first ({why})"


def _unevenness(time: np.ndarray) -> float:
    steps = np.diff(time).astype(np.int64)
    if not len(steps):
        return 0.0
    usual = np.median(np.abs(steps))
    return float((steps <= 0).mean() + (np.abs(steps - usual) > 0.1 * usual).mean())


def _by_format(cells: Any, place: Callable[[int], str], time_format: str) -> Clock:
    pc = kernels()
    coded = pc.dictionary_encode(cells)
    found = np.empty(len(coded.dictionary), "M8[us]")
    for i, text in enumerate(coded.dictionary.to_pylist()):
        try:
            moment = datetime.strptime(text, time_format)
        except ValueError as error:
            row = int(np.flatnonzero(coded.indices.to_numpy() == i)[0])
            raise DataError(
                f"time at {place(row)} is {text!r}, which is not {time_format!r}: give the time_format of every row"
            ) from error
        found[i] = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us")
    return Clock(found[coded.indices.to_numpy()], f"dates, as {time_format}")


def _from_objects(array: np.ndarray, place: Callable[[int], str], time_format: str | None) -> Clock:
    if all(isinstance(value, str) for value in array):
        return _from_text(array, place, time_format)
    return Clock(np.array([_instant(value, row, place) for row, value in enumerate(array)], "M8[us]"), "dates")


def _instant(value: Any, row: int, place: Callable[[int], str]) -> np.datetime64:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if not isinstance(value, datetime) or value != value:
        raise DataError(f"time at {place(row)} is {shortened(value)}: expected a datetime or a number")
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return np.datetime64((aware - EPOCH) // timedelta(microseconds=1), "us")

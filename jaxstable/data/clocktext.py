"""Read times written as text, in the notations that loggers, spreadsheets and programs use, and say which it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.clockshapes import REWRITTEN, SHAPES, month_of
from jaxstable.data.columnnames import order_of
from jaxstable.data.durations import since_start
from jaxstable.data.instants import (
    NUMERIC,
    Clock,
    assembled,
    by_day_of_year,
    from_numbers,
    full_year,
    of_day,
    unevenness,
)
from jaxstable.data.kernels import kernels
from jaxstable.data.zones import ABBREVIATIONS
from jaxstable.phrases import shortened

ORDERS = ("day first", "month first", "year first")  # of dates such as 03/04/05
RECENT = np.datetime64("2010-01-01", "us")  # 22-07-03 is of 2022 rather than of 2003
MOST_OFFSETS = 4  # that one column of times has: of summer and winter, and of a journey


def from_text(values: Any, place: Callable[[int], str], time_format: str | None, header: str = "") -> Clock:
    """Read times of text.

    Args:
        values: [rows] text, or an arrow array of it.
        place: names the place of a row, for messages.
        time_format, header: as in `read_clock`.

    Raises:
        DataError: a time that is missing, that does not exist, or that nobody can read, with its place.
    """
    import pyarrow as pa

    pc = kernels()
    cells = pa.array(values, pa.string())
    if time_format is None and not cells.null_count:
        try:
            return Clock(pc.cast(cells, pa.timestamp("us")).to_numpy(zero_copy_only=False), "dates", True)
        except pa.ArrowInvalid:
            pass  # not all of them are ISO 8601 in local time
    cells = pc.fill_null(pc.utf8_trim(cells, characters=" \t'\"\u00a0\u202f"), "")
    empty = pc.is_in(pc.utf8_lower(cells), pa.array(["", "nan", "nat", "na", "null", "none"]))
    empty = empty.to_numpy(zero_copy_only=False)
    if empty.any():
        where = place(int(np.flatnonzero(empty)[0]))
        raise DataError(f"time is missing at {where} ({int(empty.sum())} rows): leave those rows out")
    order = time_format if time_format in ORDERS else None
    if time_format is not None and time_format not in NUMERIC and order is None:
        return _by_format(cells, place, time_format)
    for plain in (lambda: cells, lambda: pc.replace_substring(cells, ",", ".")) if order is None else ():
        try:
            return from_numbers(pc.cast(plain(), pa.float64()).to_numpy(), time_format)
        except pa.ArrowInvalid:
            continue
    written, cells = cells, pc.replace_substring_regex(cells, "[\u00a0\u202f]", " ")
    cells = _without_ends(cells)
    missed, shape, fields = _fitting(cells)
    if missed:
        for pattern, plain in REWRITTEN:
            cells = pc.replace_substring_regex(cells, pattern, plain)
        missed, shape, fields = _fitting(cells)
    if missed and (since := since_start(cells, place)) is not None:
        return since
    if missed:
        row = int(np.flatnonzero(pc.is_null(fields).to_numpy(zero_copy_only=False))[0])
        raise DataError(
            f"time at {place(row)} is {shortened(written[row].as_py())}: expected a date such as 2024-03-31T18:00, "
            "31/03/2024 18:00 or 3/31/2024 6:00 PM; say how it is written, e.g. time_format='%d %b %Y %H.%M'"
            + (f", or leave that line out ({missed} such)" if missed < len(cells) / 10 else "")
        )
    named = {name: pc.struct_field(fields, name) for name in re.findall(r"\?P<(\w+)>", SHAPES[shape])}
    return _from_fields(named, shape, written, place, order, header)


def _fitting(cells: Any) -> tuple[int, str, Any]:
    """Return the shape that most cells have, how many have another one, and the fields of each."""
    best: tuple[int, str, Any] = (-1, "", None)
    for shape, pattern in SHAPES.items():
        fields = kernels().extract_regex(cells, pattern=pattern)
        if best[0] < 0 or fields.null_count < best[0]:
            best = (fields.null_count, shape, fields)
        if not best[0]:
            break
    return best


def _without_ends(cells: Any) -> Any:
    """Return periods such as 03/04/2024 01:00-02:00 by their start; their ends look like offsets, but are many."""
    pc = kernels()
    ends = pc.extract_regex(cells, pattern=r"\d:\d{2}-(?P<end>\d{2}:\d{2})$")
    if ends.null_count or len(pc.unique(pc.struct_field(ends, 0))) <= MOST_OFFSETS:
        return cells
    return pc.replace_substring_regex(cells, r"-\d{2}:\d{2}$", "")


def _whole(fields: dict[str, Any], name: str, fill: str = "0") -> np.ndarray:
    if name not in fields:
        return np.zeros(1, np.int64)
    pc = kernels()
    return pc.cast(pc.if_else(pc.equal(fields[name], ""), fill, fields[name]), "int64").to_numpy()


def _from_fields(
    fields: dict[str, Any], shape: str, cells: Any, place: Callable[[int], str], order: str | None, header: str
) -> Clock:
    pc = kernels()
    micro = pc.cast(pc.utf8_slice_codeunits(pc.utf8_rpad(fields["f"], 6, "0"), 0, 6), "int64").to_numpy()
    rest = (of_day(_whole(fields, "H"), fields["p"]), _whole(fields, "M"), _whole(fields, "S"), micro)
    how = "dates"
    if order is not None and shape not in ("slashed", "month in words, two digits"):
        raise DataError(
            f"time_format={order!r}: the dates can be read in one way only, such as {shortened(cells[0].as_py())} at "
            f"{place(0)}: leave it out"
        )
    if shape == "slashed":
        first, second, third = _whole(fields, "a"), _whole(fields, "b"), _whole(fields, "y")
        ways = [("day first", third, second, first), ("month first", third, first, second)]
        if third.max() < 100:
            ways.append(("year first", first, second, third))
        likely, why = order_of(header), "as its header says"
        if likely is None and "/" in (cells[0].as_py() or "") and pc.any(pc.not_equal(fields["p"], "")).as_py():
            likely, why = "month first", "as usual beside a.m. and p.m."
        time, wrong, how = _decided(ways, rest, order, likely, why)
    elif shape == "month in words, two digits":
        month = _months(fields["m"])
        first, last = _whole(fields, "a"), _whole(fields, "b")
        ways = [("day first", last, month, first), ("year first", first, month, last)]
        time, wrong, how = _decided(ways, rest, order)
    elif shape in ("days of a year", "ISO weeks", "quarters"):
        time, wrong = _counted(fields, shape, rest)
        how = shape
    else:
        month = _months(fields["m"]) if "words" in shape or shape == "year last" else _whole(fields, "m")
        day = _whole(fields, "d") if "d" in fields else np.ones(1, np.int64)
        time, wrong = assembled(full_year(_whole(fields, "y")), month, day, *rest)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"time at {place(row)} is {shortened(cells[row].as_py())}, which does not exist: mend it, or leave it out"
        )
    leap = np.flatnonzero((rest[2] == 60)[:-1] & (time[1:] == time[:-1])) if len(rest[2]) == len(time) else []
    if len(leap):
        raise DataError(
            f"time at {place(int(leap[0]))} is {shortened(cells[int(leap[0])].as_py())}, a leap second, which the row "
            "below it repeats to a clock without such seconds: leave that line out"
        )
    if not pc.any(pc.not_equal(fields["z"], "")).as_py():
        return Clock(time, how, True)
    return Clock(time - _offsets(fields["z"], cells, place), f"{how} with an offset, as UTC")


def _months(column: Any) -> np.ndarray:
    """Return names of months in several languages as numbers."""
    coded = column.dictionary_encode()
    known = [month_of(word) for word in coded.dictionary.to_pylist()]
    return np.array(known, np.int64)[coded.indices.to_numpy()]


def _offsets(column: Any, cells: Any, place: Callable[[int], str]) -> np.ndarray:
    """Return what is written behind a time, +01:00 or CET, as timedelta64."""
    coded = column.dictionary_encode()
    minutes = []
    if "" in (words := coded.dictionary.to_pylist()):
        row = int(np.flatnonzero(coded.indices.to_numpy() == words.index(""))[0])
        raise DataError(
            f"time at {place(row)} is {shortened(cells[row].as_py())}, without a zone or an offset, unlike others: "
            "write one behind each, or behind none"
        )
    for i, text in enumerate(words):
        if text[:1] in ("+", "-"):
            digits = text[1:].replace(":", "").ljust(4, "0")
            minutes.append((1 if text[0] == "+" else -1) * (int(digits[:2]) * 60 + int(digits[2:])))
        elif text and text not in ABBREVIATIONS:
            row = int(np.flatnonzero(coded.indices.to_numpy() == i)[0])
            raise DataError(
                f"time at {place(row)} is {shortened(cells[row].as_py())}: {text!r} can mean several zones; say how it "
                f"is written, e.g. time_format='%Y-%m-%d %H:%M:%S {text}'"
            )
        else:
            minutes.append(60 * ABBREVIATIONS.get(text, 0))
    return np.array(minutes, np.int64)[coded.indices.to_numpy()].astype("m8[m]").astype("m8[us]")


def _decided(
    ways: Sequence[tuple[str, Any, Any, Any]], rest: tuple, order: str | None, likely: str | None = None, hint: str = ""
) -> tuple[np.ndarray, np.ndarray, str]:
    """Decide from the whole column which field is the day, the month and the year, where nobody says it."""
    ways = [way for way in ways if order in (None, way[0])] or ways
    read = [(name, *assembled(full_year(year), month, day, *rest)) for name, year, month, day in ways]
    right = [way for way in read if not way[2].any()]
    if not right:
        name, time, wrong = min(read, key=lambda way: way[2].sum())
        return time, wrong, ""
    # Of those that are as good the first is taken: the likely one, else one that is not of long ago.
    right.sort(key=lambda way: (way[0] != likely, way[1].min() < RECENT))
    uneven = [unevenness(time) for _, time, _ in right]
    name, time, wrong = right[int(np.argmin(uneven))]
    if len(right) == 1:
        return time, wrong, f"dates, {name}{' (as said)' if order else ''}"
    other = next(
        (way[0] for way, value in zip(right, uneven, strict=True) if way[0] != name and value == min(uneven)), None
    )
    why = "only then are the steps regular"
    if other:
        why = hint if name == likely else "nothing in the column decides"
        why += f"; time_format={other!r} if that is right"
    return time, wrong, f"dates, {name} ({why})"


def _counted(fields: dict[str, Any], shape: str, rest: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Return the days of a year, ISO weeks or quarters as instants, and which of them do not exist."""
    year = _whole(fields, "y")
    if shape == "quarters":
        return assembled(year, 3 * _whole(fields, "q") - 2, 1, *rest)
    if shape == "days of a year":
        return by_day_of_year(year, _whole(fields, "n"), *rest)
    week, weekday = _whole(fields, "w"), _whole(fields, "e", "1")
    fourth, wrong = assembled(year, 1, 4)  # is in the first week
    monday = fourth.astype("M8[D]") - (fourth.astype("M8[D]").astype(np.int64) + 3) % 7
    time = monday + (7 * (week - 1) + weekday - 1).astype("m8[D]")
    return time.astype("M8[us]"), wrong | (week < 1) | (week > 53)


def _by_format(cells: Any, place: Callable[[int], str], time_format: str) -> Clock:
    coded = kernels().dictionary_encode(cells)
    found, local = np.empty(len(coded.dictionary), "M8[us]"), True
    for i, text in enumerate(coded.dictionary.to_pylist()):
        try:
            moment = datetime.strptime(text, time_format)
        except ValueError as error:
            row = int(np.flatnonzero(coded.indices.to_numpy() == i)[0])
            raise DataError(
                f"time at {place(row)} is {shortened(text)}, which is not {time_format!r}: give the time_format of "
                "every row"
            ) from error
        local &= moment.tzinfo is None
        found[i] = np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us")
    return Clock(found[coded.indices.to_numpy()], f"dates, as {time_format}", local)

"""What the cells of a column look like, whether they are text, numbers or moments: dates, hours of a day, counts."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.checks import DataError
from jaxstable.data.clocks import read_clock
from jaxstable.data.clockshapes import NO_MONTH, WEEKDAYS, month_of
from jaxstable.data.instants import from_numbers
from jaxstable.data.kernels import kernels
from jaxstable.data.vocabulary import MISSING, MOMENT, is_datum
from jaxstable.data.zones import names_zones

OF_DAY = re.compile(  # an hour, or hours and minutes, or a period of them
    r"(?!\d{1,2}\.\d{1,2}\.\d{4}$)\d{1,2}(?:[:.h]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?(?: ?(?:[AaPp]\.? ?[Mm]\.?|[ap]))?)?"
    r"(?: ?[-\u2013] ?\d{1,2}(?::\d{2}(?::\d{2})?)?| ?h)?$"
)
HOUR_TO_HOUR = re.compile(r"\d{1,2} ?(?:[-\u2013] ?\d{1,2}|h)$")  # or one hour, such as 07h
MARKED = re.compile(r".*:|\d{1,2}h\d{2}")
READING = re.compile(
    r"\d{1,2}[.,]\d+$|0\d{7}$"
)  # 20.38 is a number, not 38 minutes after 8 p.m.; nor is 00000101 a day
SHORT = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d\d$")
SAMPLE = 200  # cells that are looked at
COMPASS = re.compile(r"[NS]{1,2}[EWO]{1,2}|[EWO][NS][EWO]|[NSEWO]")
CALM = frozenset({"CALM", "CV", "VRB", "VAR", "VARIABLE", "C", *(word.upper() for word in MISSING)})
REMARKS = 0.1  # share of the rows that remarks stand in at the most


def as_text(column: Any) -> Any:
    """Write an arrow array of any kind as text: whole numbers without a point, days without an hour.

    Example:
        >>> import pyarrow as pa
        >>> as_text(pa.array([9.0, None])).to_pylist()
        ['9', None]
    """
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return column
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        moments = _instants(column)
        days = bool((moments[~np.isnat(moments)].astype(np.int64) % 86_400_000_000 == 0).all())
        texts = np.datetime_as_string(moments, unit="D" if days else "us")
        return pa.array(texts, pa.string(), mask=np.isnat(moments))
    if pa.types.is_floating(column.type):
        values = column.to_numpy(zero_copy_only=False)
        if (values[np.isfinite(values)] % 1 == 0).all() and np.abs(values[np.isfinite(values)]).max(initial=0) < 2**62:
            hidden = ~np.isfinite(values)
            column = pa.array(np.where(hidden, 0, values).astype(np.int64), mask=hidden)
    return kernels().cast(column, pa.string())


def moments_of(column: Any) -> np.ndarray:
    """Return a column as dates in microseconds, NaT where there is none; all of them if they cannot be read."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return _instants(column)
    there = column.is_valid().to_numpy(zero_copy_only=False)
    found = np.full(len(column), "NaT", "M8[us]")
    try:
        time = read_clock(as_text(column.drop_null())).time
    except DataError:
        return found
    if time.dtype.kind == "M":
        found[there] = time
    return found


def _instants(column: Any) -> np.ndarray:
    import pyarrow as pa

    plain = kernels().cast(column, pa.timestamp("us"), safe=False)  # in UTC if it knows its zone; without nanoseconds
    return plain.to_numpy(zero_copy_only=False)


def numbers_of(column: Any) -> np.ndarray | None:
    """Return a column of numbers, or of text that holds them whichever its decimal mark; None of another kind."""
    import pyarrow as pa

    if pa.types.is_duration(column.type):
        column = column.cast(pa.int64())
    if not pa.types.is_string(column.type):
        held = any(is_kind(column.type) for is_kind in (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal))
        return kernels().cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False) if held else None
    column = kernels().utf8_trim_whitespace(column)
    for mark in ".,":
        try:
            plain = column if mark == "." else kernels().replace_substring(column, ",", ".")
            return plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
        except pa.ArrowInvalid:
            continue
    return None


def is_dated(column: Any, hours: bool = False) -> bool:
    """Tell whether the first cells of a column are moments, or hours of a day; one in ten may be something else."""
    if _is_fraction(column):
        return False
    first = first_cells(column)
    found = sum(bool(OF_DAY.match(cell) if hours else MOMENT.match(cell) and not READING.match(cell)) for cell in first)
    return bool(first) and found >= max(0.9 * len(first), 1)


def is_of_day(column: Any) -> bool:
    """Tell hours and minutes of a day, or periods from hour to hour."""
    if _is_fraction(column):
        return False
    first = first_cells(column)
    marked = bool(first) and (bool(MARKED.match(first[0])) or all(map(HOUR_TO_HOUR.match, first)))
    return marked and is_dated(column, hours=True)


def _is_fraction(column: Any) -> bool:
    """Tell floating numbers of which one of the first is not whole, most columns of a frame, at little cost."""
    import pyarrow as pa

    if not pa.types.is_floating(column.type):
        return False
    first = column[:SAMPLE].to_numpy(zero_copy_only=False)
    return bool((first[np.isfinite(first)] % 1 != 0).any())


def codes_of(column: Any) -> np.ndarray:
    """Return a number for each row, the same where the cells are."""
    return column.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)


def has_hours(column: Any) -> bool:
    """Tell whether some date of a column has an hour."""
    return any(re.search(r"\d[T :]+\d", text) for text in first_cells(column))


def first_cells(column: Any) -> list[str]:
    """Return the first cells of a column that hold something, as text."""
    return [text for cell in as_text(column[:SAMPLE]).to_pylist() if cell and (text := cell.strip(" \t'\""))]


def is_short(column: Any) -> bool:
    """Tell dates such as 240301 or 010324, which only stand for dates beside hours."""
    first = first_cells(column)
    return bool(first) and all(map(SHORT.match, first))


def is_sensor_like(column: Any) -> bool:
    """Tell numbers of eight digits that are no dates."""
    if numbers_of(column[:SAMPLE]) is None:
        return False
    values = numbers_of(column)
    return values is not None and not is_date_number(values)


def is_date_number(values: np.ndarray) -> bool:
    """Tell numbers that are dates by their digits or their size."""
    return bool(np.isfinite(values).all()) and from_numbers(values).time.dtype.kind == "M"


def rises(column: Any) -> bool:
    """Tell numbers that can be a clock."""
    values = numbers_of(column)
    return values is not None and roles.rises(values)


def never_twice(column: Any) -> bool:
    """Tell whether each cell of a column is another."""
    return len(column.unique()) == len(column)


def whole_within(values: np.ndarray, lowest: int, highest: int) -> bool:
    """Tell whether all numbers are whole and within a range."""
    return bool(((values == np.floor(values)) & (values >= lowest) & (values <= highest)).all())


def names_days(column: Any) -> bool:
    """Tell the words of weekdays or of months."""
    words = {word.strip().lower() for word in as_text(column.unique()).to_pylist() if word}
    return 1 < len(words) <= 12 and (words <= WEEKDAYS or all(month_of(word) != NO_MONTH for word in words))


def holds_zones(column: Any) -> bool:
    """Tell zones or offsets in every row, such as CET and CEST."""
    if column.null_count or numbers_of(column[:SAMPLE]) is not None or not names_zones(first_cells(column[:1])):
        return False
    return names_zones([word.strip() for word in as_text(column.unique()).to_pylist()])


def is_one_word(column: Any) -> bool:
    """Tell a column that holds the same in every row."""
    return not column.null_count and len(column.unique()) == 1


def is_compass(column: Any) -> bool:
    """Tell directions of the wind in letters, such as NNE."""
    words = {word.strip().upper() for word in as_text(column.drop_null().unique()).to_pylist()}
    points = {word for word in words if COMPASS.fullmatch(word)}
    return words <= points | CALM and any(len(word) > 1 for word in points)


def is_remark(column: Any) -> bool:
    """Tell words in a few rows of a column that is empty otherwise and never holds a number or a moment."""
    words = as_text(column.drop_null().unique()).to_pylist()
    few = len(column) - column.null_count <= REMARKS * len(column)
    return few and all(re.search(r"[^\W\d_]{3}", word) and not is_datum(word) for word in words)

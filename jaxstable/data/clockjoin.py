"""Join the columns of a clock, such as day and hour, or year, month and day, to one text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data import columnnames
from jaxstable.data.kernels import kernels

PARTS = {
    30: range(45, 51),
    15: range(91, 101),
}  # minutes -> how many of a day, more or fewer where the clock is changed


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
    if names[-1].lower().strip() in columnnames.MILLISECONDS:
        last = pc.utf8_lpad(pc.fill_null(pc.utf8_trim_whitespace(parts[-1]), ""), 3, "0")
        return pc.binary_join_element_wise(joined_clock(parts[:-1], names[:-1]), last, ".")
    parts = [pc.fill_null(pc.utf8_trim(part, characters=" \t'\""), "") for part in parts]
    if tuple(name.lower() for name in names) in columnnames.SPLIT:
        return pc.binary_join_element_wise(parts[0], pc.utf8_lpad(parts[1], 9, "0"), ".")
    by_name = names[0].lower().strip() in columnnames.FIELDS[0]
    of_calendar = by_name or (len(parts) > 2 and pc.all(pc.equal(pc.utf8_length(parts[0]), 4)).as_py())
    days = 1 if not of_calendar else 2 if names[1].lower() in columnnames.DAYS_OF_YEAR else 3
    date = parts[0]
    if of_calendar:
        date = pc.replace_substring_regex(
            pc.replace_substring_regex(date, r"^([0-6]\d)$", r"20\1"), r"^(\d\d)$", r"19\1"
        )
        wide = [part if days == 3 else pc.utf8_lpad(part, 3, "0") for part in parts[1:days]]
        date = pc.binary_join_element_wise(date, *wide, "-")
    rest = list(parts[days:])
    if rest:
        rest[0] = _as_hours(rest[0])
    if of_calendar and len(rest) > 1:
        rest = [pc.binary_join_element_wise(*(pc.utf8_lpad(part, 2, "0") for part in rest), ":")]
    return pc.binary_join_element_wise(date, *rest, " ")


def _as_hours(column: Any) -> Any:
    """Write 930 or 2400 as 0930, 91500 as 091500, a period or its number by its start; hours, or colons, stay."""
    import pyarrow as pa

    column = kernels().replace_substring_regex(column, r"^(\d{1,2}(?::\d{2}){0,2}) ?[-\x{2013}] ?\d.*$", r"\1")
    try:
        most = kernels().max(column.cast(pa.int64())).as_py()
    except pa.ArrowInvalid:
        return _decimal_hours(column)
    if most is None or most <= 24:
        return kernels().utf8_lpad(column, 2, "0")
    numbers = column.cast(pa.int64()).to_numpy()
    steps = np.diff(numbers)
    part = next((minutes for minutes, counts in PARTS.items() if most in counts), None)
    if part and numbers.min() >= 1 and (steps[steps > 0] == 1).all():
        return pa.array([f"{minute // 60:02}:{minute % 60:02}" for minute in ((numbers - 1) * part).tolist()])
    return kernels().utf8_lpad(column, 4 if most <= 2400 else 6, "0")


def _decimal_hours(column: Any) -> Any:
    """Write 0.5 or 13.75 as 00:30 or 13:45 where some cell cannot be hours and minutes; other columns stay."""
    import pyarrow as pa

    pc = kernels()
    if not pc.any(pc.match_substring_regex(column, r"^\d{1,2}\.(?:\d|[6-9]\d+)$")).as_py():
        return column
    try:
        seconds = np.round(column.cast(pa.float64()).to_numpy(zero_copy_only=False) * 3600)
    except pa.ArrowInvalid:
        return column
    whole = seconds.astype(int).tolist()
    return pa.array([f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in whole])

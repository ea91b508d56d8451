"""How long something lasts, as a person would say it: every table, page and sentence writes a duration here."""

from __future__ import annotations

import re

MICROSECONDS = {"d": 864e8, "h": 36e8, "min": 6e7, "s": 1e6, "ms": 1e3, "us": 1.0}
MOST = 1_000  # of a unit; more are written in a larger one
SAME = 1e-6  # how far a number may be from a whole one


def span_text(micros: float) -> str:
    """Write microseconds in the largest unit of which they are a whole number, or two and some tenths; else roughly.

    Example:
        >>> span_text(5.4e9), span_text(108e8), span_text(17.28e9), span_text(3.43e9)
        ('90 min', '3 h', '4.8 h', '57.2 min')
    """
    for unit, size in MICROSECONDS.items():
        count = micros / size
        shown = round(count, 1)
        plain = shown >= 2 or shown == 1 or unit == "s"
        if plain and 1 <= shown < MOST and abs(count - shown) < SAME:
            return f"{shown:g} {unit}"
    unit, size = next(((unit, size) for unit, size in MICROSECONDS.items() if micros >= size), ("us", 1.0))
    return f"{micros / size:.3g} {unit}"


def steps_text(count: float, step: str | None) -> str | None:
    """Write how long some steps of a clock last; None where nobody knows how long one is.

    Args:
        count: of the steps, which need not be whole.
        step: what one lasts, such as "10 min".

    Example:
        >>> steps_text(18, "10 min"), steps_text(2, "1 month"), steps_text(2, None)
        ('3 h', '2 months', None)
    """
    found = re.fullmatch(r"([0-9.]+(?:e[-+]?\d+)?) *(\D.*)", step or "")
    if found is None:
        return None
    total, unit = count * float(found[1]), found[2]
    if unit in MICROSECONDS:
        return span_text(total * MICROSECONDS[unit])
    return f"{total:.4g} {unit}{'s' if unit == 'month' and total > 1 else ''}"

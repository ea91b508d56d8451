"""Read times since a start, such as 1:30:00, 2 days 03:00:00, PT5M or 12 sec."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.clockshapes import DURATIONS
from jaxstable.data.instants import Clock, of_day
from jaxstable.data.kernels import kernels

NAMES = "DHMSp"


def since_start(cells: Any, place: Callable[[int], str]) -> Clock | None:
    """Return times since a start, None if some cell is none.

    Where hours, or minutes and seconds alone, fall back, a day or an hour has passed unwritten.

    Args:
        cells: arrow array of text.
        place: names the place of a row, for messages.

    Raises:
        DataError: more than 59 minutes beside hours.

    Example:
        >>> import pyarrow as pa
        >>> since_start(pa.array(["PT1M", "PT1M30S"]), "row {}".format).time.astype(int)
        array([60000000, 90000000])
    """
    pc = kernels()
    for pattern in DURATIONS:
        fields = pc.extract_regex(cells, pattern=pattern)
        if not fields.null_count:
            break
    else:
        return None
    days, hours, minutes, seconds, half = (pc.struct_field(fields, name) for name in NAMES)
    days, hours, minutes, seconds = (_numbers(part) for part in (days, hours, minutes, seconds))
    hours = of_day(hours, half)
    time = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    told = ""
    if pattern == DURATIONS[0]:
        odd = np.flatnonzero(minutes > 59)
        if len(odd):
            where = place(int(odd[0]))
            raise DataError(f"time at {where} has {minutes[odd[0]]:g} minutes: mend it, or leave that line out")
        if not days.any() and hours.max() < 24:
            time, told = _unwrapped(time, 86_400, "a day added at each of {} midnights")
    elif pattern == DURATIONS[1] and minutes.max() < 60:
        time, told = _unwrapped(time, 3_600, "an hour added each of {} times that the minutes start again")
    how = "hours without a date" if pattern == DURATIONS[0] else "times since a start"
    return Clock(np.round(time * 1e6).astype(np.int64).astype("M8[us]"), how + told)


def _numbers(column: Any) -> np.ndarray:
    pc = kernels()
    plain = pc.replace_substring(pc.if_else(pc.equal(column, ""), "0", column), ",", ".")
    return pc.cast(plain, "float64").to_numpy(zero_copy_only=False)


def _unwrapped(seconds: np.ndarray, period: int, words: str) -> tuple[np.ndarray, str]:
    """Add a period where the time falls back by more than half of it, and say how often."""
    periods = np.cumsum(np.append(0, np.diff(seconds) < -period / 2))
    return seconds + period * periods, f", {words.format(periods[-1])}" if periods[-1] else ""

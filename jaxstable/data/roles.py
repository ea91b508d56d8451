"""What each column is for: clock, sensor, or a count and a part of the calendar that are no sensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from jaxstable.data.checks import CLOCKS, counted, listed

COUNTERS = frozenset(
    ("", "#", "no", "no.", "nr", "nr.", "row", "index", "idx", "id", "record", "recnbr", "rownames", "unnamed: 0")
) | frozenset(("line", "sample", "seq", "count", "obs", "rownum", "level_0"))
CALENDAR = {  # name -> smallest and largest value
    "year": (1800, 2300), "yr": (1800, 2300), "month": (1, 12), "mon": (1, 12), "day": (1, 31), "hour": (0, 24),
    "hr": (0, 24), "minute": (0, 59), "min": (0, 59), "second": (0, 60), "sec": (0, 60), "week": (0, 53),
    "weekday": (0, 7), "dayofweek": (0, 7), "dow": (0, 7), "doy": (1, 366), "dayofyear": (1, 366), "jday": (1, 366),
    "yday": (1, 366), "quarter": (1, 4),
}  # fmt: skip
FIELDS = (("year", "yr"), ("month", "mon"), ("day",), ("hour", "hr"), ("minute", "min"), ("second", "sec"))
PAIRS = (
    ("date", "time"),
    ("date", "hour"),
    ("date", "clock"),
    ("day", "time"),
    ("datum", "uhrzeit"),
    ("datum", "zeit"),
)
ENDS = frozenset({"timestamp_end", "time_end", "end_time", "date_end", "end", "stop", "timestamp_stop"})
MORE_CLOCKS = frozenset({"date_time", "date time", "datetime_utc", "timestamp_start", "time_utc", "time(utc)", "datum",
                         "zeit", "measurement date", "valid_time", "_time", "ts", "date-time", "start"})  # fmt: skip


def is_clock_name(name: str) -> bool:
    """Tell whether a column's name says that it is the time.

    Example:
        >>> is_clock_name("TIMESTAMP"), is_clock_name("flow time")
        (True, False)
    """
    return name.lower() in CLOCKS | MORE_CLOCKS


def is_counter(values: np.ndarray) -> bool:
    """Tell whether numbers count rows: whole, each larger than the one before."""
    return bool(
        len(values) > 1
        and np.isfinite(values).all()
        and (values == np.floor(values)).all()
        and (np.diff(values) > 0).all()
    )


def _never_falls(values: np.ndarray) -> bool:
    steps = np.diff(values)
    return bool(len(steps) and (steps >= 0).all() and (steps == 0).any() and (steps > 0).any())


def left_out(names: Sequence[str], column: Callable[[int], np.ndarray | None], dated: bool) -> dict[str, str]:
    """Return the columns that are no sensors, and why.

    Args:
        names: name of each column that nobody has chosen or named otherwise.
        column: its numbers, or None if it holds something else.
        dated: whether the data have a clock, so that parts of a calendar repeat it.

    Example:
        >>> left_out(["no", "flow"], lambda i: np.arange(5.0), dated=False)
        {'no': 'counts the rows'}
    """
    found = {}
    for i, name in enumerate(names):
        low = name.lower().strip()
        if low in COUNTERS and (values := column(i)) is not None and is_counter(values):
            found[name] = "counts the rows"
        elif low in CALENDAR and (values := column(i)) is not None and len(values):
            lowest, highest = CALENDAR[low]
            seen = values[~np.isnan(values)]
            whole = len(seen) and (seen == np.floor(seen)).all() and lowest <= seen.min() and seen.max() <= highest
            others = sum(other.lower().strip() in CALENDAR for other in names)
            if whole and (dated or others > 1):
                found[name] = "a part of the calendar"
        elif is_clock_name(name) and not dated and (values := column(i)) is not None and _never_falls(values):
            found[name] = "never falls but repeats, a clock too coarse to use"
        elif low in ENDS and dated:
            found[name] = "the end of the step whose start is the time"
    return found


def told(reasons: dict[str, str]) -> tuple[str, str] | None:
    """Write the columns left out as a row of what was understood, None without any."""
    if not reasons:
        return None
    words: dict[str, list[str]] = {}
    for name, why in reasons.items():
        words.setdefault(why, []).append(name or "the unnamed column")
    text = "; ".join(f"{listed(names, 8)} ({why})" for why, names in words.items())
    return "columns left out", f"{counted(len(reasons), 'column')}: {text}; columns=[...] chooses otherwise"

"""What each column is for: clock, sensor, or a count, a label and a part of the calendar that are no sensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from jaxstable.data.checks import CLOCKS, DataError, counted, listed

COUNTERS = frozenset(
    ("", "#", "no", "no.", "nr", "nr.", "row", "index", "idx", "id", "record", "recnbr", "rownames", "unnamed: 0")
) | frozenset(("line", "sample", "seq", "count", "obs", "rownum", "level_0"))
CALENDAR = {  # name -> smallest and largest value
    "year": (1800, 2300), "yr": (1800, 2300), "month": (1, 12), "mon": (1, 12), "day": (1, 31), "hour": (0, 24),
    "hr": (0, 24), "minute": (0, 59), "min": (0, 59), "second": (0, 60), "sec": (0, 60), "week": (0, 53),
    "weekday": (0, 7), "dayofweek": (0, 7), "dow": (0, 7), "doy": (1, 366), "dayofyear": (1, 366), "jday": (1, 366),
    "yday": (1, 366), "quarter": (1, 4), "hhmm": (0, 2400), "hrmn": (0, 2400), "hour_minute": (0, 2400),
}  # fmt: skip
FIELDS = (("year", "yr"), ("month", "mon"), ("day",), ("hour", "hr"), ("minute", "min"), ("second", "sec"))
DAYS_OF_YEAR = ("doy", "dayofyear", "jday", "yday", "julian_day", "day_of_year")
HOURS = (*FIELDS[3], "hhmm", "hrmn", "hour_minute")
PAIRS = (
    ("date", "time"),
    ("date", "hour"),
    ("date", "clock"),
    ("day", "time"),
    ("datum", "uhrzeit"),
    ("datum", "zeit"),
)
SPLIT = (("sec", "nsec"), ("secs", "nsecs"), ("seconds", "nanoseconds"), ("sec", "nanosec"))
ENDS = frozenset({"timestamp_end", "time_end", "end_time", "date_end", "end", "stop", "timestamp_stop"})
MORE_CLOCKS = frozenset({"date_time", "date time", "datetime_utc", "timestamp_start", "time_utc", "time(utc)", "datum",
                         "zeit", "measurement date", "valid_time", "_time", "ts", "date-time", "start", "uhrzeit",
                         "zeitstempel", "fecha", "data", "data/hora", "horodate", "horodatage", "datenum", "date/time",
                         "tmstamp", "x_value", "timestring", "日時", "時刻", "日期", "时间", "時間"})  # fmt: skip
CLOCK_NAME = re.compile(
    r"(?:elapsed|relative|rel\.?|run|test|unix|epoch|system|utc|local|sample|log)[ _-]?(?:time|ts|timestamp)?"
    r"(?:[ _-]?(?:s|ms|us|ns|sec|secs|seconds|milliseconds))?$|(?:time|timestamp|ts|t)[ _-]?"
    r"(?:s|ms|us|ns|sec|secs|seconds|milliseconds|min|minutes|h|hours|d|days|unix|epoch)$"
)
LABEL = re.compile(
    r"(?:unit|machine|device|sensor|station|site|plant|asset|engine|turbine|well|meter|node|location|experiment|trial|"
    r"batch|episode|subject|run|serial)[ _-]?(?:id|no|nr|number|name)|unit|machine|station|engine|trial|batch"
)
COUNTING = re.compile(  # a word of a name that says that its column counts rows or time; a nameless one may
    r"(?:^|[ ._-])(?:n|no|nr|num|number|counter|count|seq|sequence|id|idx|index|row|rn|rec|record|sample|cycle|step|"
    r"frame|iteration|line|obs|zaehler|zähler|lfd|t|time|timestamp|unix|epoch|s|ms|us|ns|sec|secs|seconds|nsec|datenum|"
    r"jd|mjd|julian|elapsed|zeit|year|stamp|tow|sow|filetime|ticks?)(?:$|[ ._-])|^column \d+$"
)
STARTS_AGAIN = "counts and starts again"
FEWEST = 10  # rows from which a column that rises evenly is taken for a count
ROUNDED = 2e-3  # of an even step: what the digits of a date in numbers, such as a decimal year, leave of it
REGULAR = 0.9  # share of the steps of a count of rows that are 1


def is_clock_name(name: str) -> bool:
    """Tell whether a column's name says that it is the time.

    Example:
        >>> is_clock_name("TIMESTAMP"), is_clock_name("time (s)"), is_clock_name("flow time")
        (True, True, False)
    """
    low = re.sub(r" ?[(\[].{0,24}[)\]]$", "", name.lower().strip()) or name.lower()
    return low in CLOCKS | MORE_CLOCKS or name.lower() in MORE_CLOCKS or bool(CLOCK_NAME.match(low)) or name == "t"


def is_counter(values: np.ndarray) -> bool:
    """Tell whether numbers count rows: whole, each larger than the one before."""
    return bool(
        len(values) > 1
        and np.isfinite(values).all()
        and (values == np.floor(values)).all()
        and (np.diff(values) > 0).all()
    )


def calendar_parts(lower: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns of year, month, day and so on, or of year, day of the year and hour; none without a day.

    Args:
        lower: the names that there are, by their lower case.

    Example:
        >>> calendar_parts({"year": "Year", "doy": "DOY", "hhmm": "HHMM", "flow": "flow"})
        ('Year', 'DOY', 'HHMM')
    """

    def first(names: Sequence[str]) -> str | None:
        return next((lower[name] for name in names if name in lower), None)

    year, month, day, of_year = (first(names) for names in (*FIELDS[:3], DAYS_OF_YEAR))
    date = (year, month, day) if month and day else (year, of_year)
    if not all(date):
        return ()
    found = list(date)
    for names in (HOURS, *FIELDS[4:]):
        if not (part := first(names)):
            break
        found.append(part)
    return tuple(part for part in found if part)


def _stands_or_rises(values: np.ndarray) -> bool:
    steps = np.diff(values)
    return bool(len(steps) and (steps >= 0).all() and (steps == 0).any())


def _evenly(values: np.ndarray, time: np.ndarray | None) -> str | None:
    """Say what a column counts whose steps are all the same, or as long as those of the clock; None if neither."""
    if len(values) < FEWEST or not _one_way(values[:64]) or not _one_way(values):
        return None
    steps = np.diff(values)
    usual = float(np.median(steps))
    if (np.abs(steps - usual) <= ROUNDED * abs(usual)).all():
        return "rises or falls by the same step in every row"
    if (steps == 1).mean() >= REGULAR:
        return "counts the rows"
    if time is None or time[-1] == time[0]:
        return None
    line = values[0] + (values[-1] - values[0]) * ((time - time[0]) / (time[-1] - time[0]))
    return "repeats the clock" if np.abs(values - line).max() <= 1e-6 * abs(values[-1] - values[0]) else None


def _one_way(values: np.ndarray) -> bool:
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())


def left_out(
    names: Sequence[str],
    column: Callable[[int], np.ndarray | None],
    dated: bool,
    time: np.ndarray | None = None,
    joints: np.ndarray | None = None,
) -> dict[str, str]:
    """Return the columns that are no sensors, and why.

    Args:
        names: name of each column that nobody has chosen or named otherwise.
        column: its numbers, or None if it holds something else.
        dated: whether the data have a clock, so that parts of a calendar repeat it.
        time: [rows] the clock as numbers, or None.
        joints: bool [rows], True on the first row of each recording, or None if there is one.

    Example:
        >>> left_out(["no", "flow"], lambda i: np.arange(5.0), dated=False)
        {'no': 'counts the rows'}
    """
    found = {}
    for i, name in enumerate(names):
        low = name.lower().strip()
        values = column(i)
        if values is None or not len(values):
            if low in ENDS and dated:
                found[name] = "the end of the step whose start is the time"
            continue
        if np.isnan(values[0]) and np.isnan(values).all():
            found[name] = "holds no entry"
        elif low in COUNTERS and (is_counter(values) or is_counter(-values)):
            found[name] = "counts the rows"
        elif low in CALENDAR or low in DAYS_OF_YEAR:
            lowest, highest = CALENDAR.get(low, (1, 366))
            seen = values[~np.isnan(values)]
            whole = bool((seen == np.floor(seen)).all())
            others = sum(other.lower().strip() in CALENDAR for other in names)
            if whole and lowest <= seen.min() and seen.max() <= highest and (dated or others > 1):
                found[name] = "a part of the calendar"
        elif is_clock_name(name) and not dated and _stands_or_rises(values):
            found[name] = "never falls but repeats, a clock too coarse to use"
        elif low in ENDS and dated:
            found[name] = "the end of the step whose start is the time"
        elif dated and _are_days(values):
            found[name] = "holds days, such as 20240301"
        if name not in found and COUNTING.search(low) and (why := _evenly(values, time) or _in_runs(values, joints)):
            found[name] = why
    return found


def _are_days(values: np.ndarray) -> bool:
    """Tell numbers all of which are days such as 20240301."""
    seen = values[~np.isnan(values)]
    if not len(seen) or not (seen.min() >= 19_000_101 and seen.max() <= 21_001_231):
        return False
    month, day = seen // 100 % 100, seen % 100
    return bool((seen == np.floor(seen)).all() and ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def _in_runs(values: np.ndarray, joints: np.ndarray | None) -> str | None:
    """Tell a count that starts again in each recording, or by itself."""
    if len(values) < FEWEST or (np.diff(values[:FEWEST]) == 1).mean() < 0.5:
        return None
    steps = np.diff(values)
    again = steps != 1
    if (steps == 1).mean() < REGULAR or not np.isfinite(values).all() or not again.any():
        return None
    if joints is not None and not (again & ~joints[1:]).any():
        return "counts the rows of each recording"
    return STARTS_AGAIN if (values[1:][again] == values[0]).all() else None


def refuse_labels(names: Sequence[str], column: Callable[[int], np.ndarray | None], counts: Sequence[str]) -> None:
    """Refuse numbers that tell recordings apart: by their name, or since a count starts again where they change.

    Args:
        names: name of each column that nobody has chosen.
        column: its numbers, or None if it holds something else.
        counts: those of them that count and start again.
    """
    starts = [np.diff(values) != 1 for name in counts if (values := column(list(names).index(name))) is not None]
    for i, name in enumerate(names):
        named = bool(LABEL.fullmatch(name.lower().strip()))
        if name in counts or not (named or starts) or (values := column(i)) is None or len(values) < FEWEST:
            continue
        changes = np.diff(values) != 0
        kinds = int(changes.sum()) + 1
        if not changes.any() or not (values == np.floor(values)).all() or kinds > len(values) / 5:
            continue
        if any(np.array_equal(changes, start) for start in starts) or (named and len(np.unique(values)) == kinds):
            raise DataError(
                f"column {name!r} tells {kinds} recordings apart, in runs of rows: say series={name!r}, or take it for "
                "a sensor with columns=[...]"
            )


def told(reasons: dict[str, str]) -> tuple[str, str] | None:
    """Write the columns left out as a row of what was understood, None without any."""
    if not reasons:
        return None
    words: dict[str, list[str]] = {}
    for name, why in reasons.items():
        words.setdefault(why, []).append(name or "the unnamed column")
    text = "; ".join(f"{listed(names, 8)} ({why})" for why, names in words.items())
    return "columns left out", f"{counted(len(reasons), 'column')}: {text}; columns=[...] chooses otherwise"

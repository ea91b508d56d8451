"""What each column is for: clock, sensor, or a count, a label and a part of the calendar that are no sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.columnnames import CALENDAR, COUNTERS, COUNTING, DAYS_OF_YEAR, ENDS, LABEL, PLACE, is_clock_name
from jaxstable.phrases import counted, listed

COARSE = "never falls but repeats, a clock too coarse to use"
PAUSE = 5.0  # usual steps of such a clock, beyond which it paused
STARTS_AGAIN = "counts and starts again"
FEWEST = 10  # rows from which a column that rises evenly is taken for a count
ROUNDED = 2e-3  # of an even step: what the digits of a date in numbers, such as a decimal year, leave of it
STANDING = 0.1  # share of the steps of a clock of numbers that may repeat a time or start again
REGULAR = 0.9  # share of the steps of a count of rows that are 1


def rises(values: np.ndarray) -> bool:
    """Tell numbers that can be a clock: they rise, or fall from row to row; one step in ten at the most does not."""
    steps = np.diff(values)
    onward = np.sign(steps[0]) if len(steps) else 0.0
    return bool(onward and (np.sign(steps) != onward).mean() <= STANDING)


def restarts_of(time: np.ndarray | None) -> np.ndarray | None:
    """Return int [rows], the recording of each row of a clock of numbers that starts again, None if it does not.

    Numbers that fall now and then are out of order where each is another, and start again where some come twice.

    Example:
        >>> restarts_of(np.array([0.0, 1.0, 2.0, 0.0, 1.0]))
        array([0, 0, 0, 1, 1])
    """
    if time is None or time.dtype.kind not in "iuf":
        return None
    falls = np.diff(time) < 0
    if not falls.any() or falls.all() or len(np.unique(time)) == len(time):
        return None
    return np.cumsum(np.append(False, falls))


def pauses_of(time: np.ndarray) -> np.ndarray | None:
    """Return int [rows], the recording of each row of a clock whose numbers repeat, None if it never pauses.

    Example:
        >>> pauses_of(np.array([0, 0, 1, 1, 2, 90, 90]))
        array([0, 0, 0, 0, 0, 1, 1])
    """
    steps = np.diff(time)
    onward = steps[steps > 0]
    pauses = steps > PAUSE * np.median(onward) if len(onward) else np.zeros(0, dtype=bool)
    return np.cumsum(np.append(False, pauses)) if pauses.any() else None


def is_counter(values: np.ndarray) -> bool:
    """Tell whether numbers count rows: whole, each larger than the one before."""
    return bool(
        len(values) > 1
        and np.isfinite(values).all()
        and (values == np.floor(values)).all()
        and (np.diff(values) > 0).all()
    )


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


Numbers = Mapping[str, np.ndarray | None]  # by the name of their column, None where it holds something else


def left_out(
    columns: Numbers,
    dated: bool,
    time: np.ndarray | None = None,
    joints: np.ndarray | None = None,
) -> dict[str, str]:
    """Return the columns that are no sensors, and why.

    Args:
        columns: those that nobody has chosen or named otherwise.
        dated: whether the data have a clock, so that parts of a calendar repeat it.
        time: [rows] the clock, or None.
        joints: bool [rows], True on the first row of each recording, or None if there is one.

    Example:
        >>> left_out({"no": np.arange(5.0), "flow": np.arange(5.0)}, dated=False)
        {'no': 'counts the rows'}
    """
    found = {}
    for name, values in columns.items():
        low = name.lower().strip()
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
            others = sum(other.lower().strip() in CALENDAR for other in columns)
            if whole and lowest <= seen.min() and seen.max() <= highest and (dated or others > 1):
                found[name] = "a part of the calendar"
        elif is_clock_name(name) and not dated and _stands_or_rises(values):
            found[name] = COARSE
        elif low in ENDS and dated:
            found[name] = "the end of the step whose start is the time"
        elif dated and _are_days(values):
            found[name] = "holds days, such as 20240301"
        if name in found or len(values) < FEWEST:
            continue
        if not np.ptp(values[:64]) and not np.ptp(values) and (LABEL.fullmatch(low) or PLACE.fullmatch(low)):
            found[name] = "the same label in every row"
        elif _repeats_part(values, time):
            found[name] = "a part of the calendar"
        elif joints is not None and _labels(values, joints):
            found[name] = "a label of the recordings"
        elif COUNTING.search(low) and (why := _evenly(values, time) or _in_runs(values, joints)):
            found[name] = why
    return found


def _repeats_part(values: np.ndarray, time: np.ndarray | None) -> bool:
    """Tell the hour of the clock, its minute, day, week or month, as long as it varies."""
    if time is None or time.dtype.kind != "M" or (values[:64] != np.floor(values[:64])).any():
        return False
    alike = [i for i, part in enumerate(_parts(time[:64])) if (part == values[:64]).all()]
    if not alike or not np.ptp(values):
        return False
    parts = _parts(time)
    return any(bool((parts[i] == values).all()) for i in alike)


def _parts(time: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the parts of the calendar from hour to quarter, from 0 or 1 as they are counted."""
    day, month, year = (time.astype(f"M8[{unit}]") for unit in "DMY")
    minutes = (time - day).astype("m8[m]").astype(np.int64)
    hours, months = minutes // 60, (month - year).astype(np.int64)
    weekday = (day.astype(np.int64) + 3) % 7  # Monday is 0
    thursday = day + (3 - weekday)  # whose year is that of its ISO week
    week = (thursday - thursday.astype("M8[Y]")).astype(np.int64) // 7 + 1
    days = (day - month).astype(np.int64) + 1, (day - year).astype(np.int64) + 1
    weekdays = weekday, weekday + 1, (weekday + 1) % 7, (weekday + 1) % 7 + 1
    return hours, hours + 1, minutes % 60, months + 1, months // 3 + 1, *days, *weekdays, week


def _labels(values: np.ndarray, joints: np.ndarray) -> bool:
    """Tell whole numbers that stay within each of several recordings, and are another in each."""
    first = values[joints]
    same = bool((np.diff(values)[~joints[1:]] == 0).all())
    return len(first) > 1 and same and bool((first == np.floor(first)).all()) and len(np.unique(first)) == len(first)


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


def refuse_labels(columns: Numbers, counts: Sequence[str]) -> None:
    """Refuse numbers that tell recordings apart: by their name, or since a count starts again where they change.

    Args:
        columns: those that nobody has chosen.
        counts: those of them that count and start again.
    """
    starts = [np.diff(values) != 1 for name in counts if (values := columns[name]) is not None]
    for name, values in columns.items():
        named = bool(LABEL.fullmatch(name.lower().strip()))
        if name in counts or not (named or starts) or values is None or len(values) < FEWEST:
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


def refuse_turns(columns: Numbers, time: np.ndarray | None) -> None:
    """Refuse a number of a machine whose rows take turns with those of others at the same times."""
    for name, values in columns.items():
        if time is None or not LABEL.fullmatch(name.lower().strip()) or values is None:
            continue
        if np.isnan(values).any() or len(np.unique(time)) == len(time):
            continue
        kinds, codes = np.unique(values, return_inverse=True)
        pairs = np.unique(np.stack([codes, np.unique(time, return_inverse=True)[1]]), axis=1).shape[1]
        if 1 < len(kinds) <= len(values) / 5 and pairs == len(values):
            raise DataError(
                f"column {name!r} tells {len(kinds)} recordings apart, whose rows share their times: say "
                f"series={name!r}, or take it for a sensor with columns=[...]"
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

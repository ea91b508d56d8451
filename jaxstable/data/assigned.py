"""Give each column of a file or a frame its role: clock, label, count, word of quality, sensor; then make the table."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.cellkinds import as_text, is_compass, is_dated, is_one_word, is_remark, moments_of, names_days
from jaxstable.data.checks import DataError, check_sentinels, mark_missing
from jaxstable.data.clockcolumns import find_clock, refuse_apart, refuse_hours
from jaxstable.data.layout import Layout
from jaxstable.data.longformat import refuse_long, refuse_numbers_in_turns, refuse_words_in_turns
from jaxstable.data.quality import flagged, good
from jaxstable.data.reading import Reading
from jaxstable.data.tables import Table, choose_columns
from jaxstable.data.timeline import joints_of
from jaxstable.phrases import counted, listed

HOUR = re.compile(r"\d{1,2}[:h.]\d{2}(?:[:.]\d{2})?(?: ?[-\u2013] ?\d{1,2}[:h.]\d{2})?")
MOST_HOURS = 12  # names of columns that may look like hours


@dataclasses.dataclass
class Parts:
    """The columns of a table by what they are for.

    Attributes:
        cells: an arrow array for each column: text, numbers or moments.
        clock: the columns of the clock, none where there is none or where an index is the clock.
        how: how the clock was found.
        sensors: the columns that may be sensors.
        flags: the columns of quality, and the sensor that each speaks of.
        dropped: the columns that are left out, and why.
        layout: of the file; an empty one for a frame.
    """

    cells: Mapping[str, Any]
    clock: tuple[str, ...]
    how: str
    sensors: list[str]
    flags: dict[str, str]
    dropped: dict[str, str]
    layout: Layout


def parts_of(cells: Mapping[str, Any], asked: Reading, layout: Layout, *, indexed: bool = False) -> Parts:
    """Part the columns of a table, before the clock and the numbers are read.

    Args:
        cells: an arrow array for each column.
        asked: what is known.
        layout: of the file; an empty one for a frame.
        indexed: the index of the frame is its clock, where no other is asked for.

    Raises:
        DataError: a column that is not there, hours without their date, or the long format.
    """
    chosen = asked.columns
    clock, how = ((), "") if indexed and asked.time is None else find_clock(asked, layout, cells, chosen)
    labels = {"environment": asked.environment, "series": asked.series}
    labels |= {"time" if len(clock) == 1 else f"time[{i}]": name for i, name in enumerate(clock)}
    sensors = choose_columns(list(cells), labels, chosen)
    refuse_hours(cells, clock, sensors, chosen)
    dropped = {}
    if chosen is None:
        _refuse_hours_as_names(sensors)
        dropped = {name: "no sensor in this layout" for name in layout.without if name in sensors}
        dropped |= dict.fromkeys([name for name in asked.without if name in sensors], "as said")
        if asked.series is None:
            refuse_long(cells, clock)
            refuse_numbers_in_turns(cells, sensors, clock)
    free = [name for name in cells if name not in labels.values() and name not in dropped]
    flags = {flag: of for flag, of in flagged(free).items() if of in sensors and flag not in (chosen or ())}
    kept = [name for name in sensors if name not in dropped and name not in flags]
    return Parts(cells, clock, how, kept, flags, dropped, layout)


def filled_rows(cells: Mapping[str, Any]) -> np.ndarray:
    """Return which rows hold some entry, bool [rows]; with a clock, those around the others tell what is missing."""
    filled = np.zeros(len(next(iter(cells.values()))), dtype=bool)
    for column in cells.values():
        filled |= column.is_valid().to_numpy(zero_copy_only=False)
        if filled.all():
            break
    return filled


def blank_rows(filled: np.ndarray) -> tuple[str, str]:
    """Say how many rows without an entry were left out."""
    return "blank lines", f"{counted(int((~filled).sum()), 'row')} without an entry; the clock tells the gap"


def _refuse_hours_as_names(names: Sequence[str]) -> None:
    """Refuse a table of days by hours of the day, whose columns are no sensors."""
    hours = [name for name in names if HOUR.fullmatch(name.strip())]
    if len(hours) >= MOST_HOURS:
        raise DataError(
            f"columns {hours[0]!r} to {hours[-1]!r} are hours of a day, no sensors: write a row for each hour, e.g. "
            "with frame.melt(id_vars='Date') of pandas, one column for each sensor"
        )


def assigned(
    parts: Parts,
    found: Mapping[str, np.ndarray | DataError],
    *,
    asked: Reading,
    time: np.ndarray | None,
    timed: bool,
    series: np.ndarray | None,
    notes: list[tuple[str, str]],
    place: Callable[[int], str],
) -> Table:
    """Leave out the columns that are no sensors, and make a table of the others.

    Args:
        parts: the columns.
        found: numbers of each that may be a sensor, or why it holds none.
        asked: what is known.
        time: [rows] the clock, or None.
        timed: whether there is a clock of its own.
        series: [rows] labels of recordings that are told otherwise than by a column.
        notes: rows (what, how) of what was understood so far; more are put behind them.
        place: names the place of a row.

    Raises:
        DataError: a column holds something else than numbers, or tells recordings apart.
    """
    cells, sensors, dropped = parts.cells, parts.sensors, dict(parts.dropped)
    if asked.series is not None:
        series = _labels(cells[asked.series])
    if series is None and asked.time is None and (series := roles.restarts_of(time)) is not None:
        notes.append(("recordings", "another one wherever the clock starts again"))
    codes = [*asked.codes, *(code for code in parts.layout.missing if not isinstance(code, str))]
    found = {name: _without_codes(numbers, codes) for name, numbers in found.items()} if codes else found
    if asked.columns is None:
        reasons = _reasons(parts, found, asked, time, timed, series, place)
        sensors = [name for name in sensors if name not in reasons]
        dropped |= reasons
        coarse = next((name for name, why in reasons.items() if why == roles.COARSE), None)
        if coarse and series is None and (series := roles.pauses_of(np.asarray(found[coarse]))) is not None:
            notes.append(
                ("pauses", f"{counted(int(series[-1]), 'pause')} of {coarse!r}, each starts another recording")
            )
    columns = []
    wrong = [name for name in sensors if isinstance(found[name], DataError)]
    if len(wrong) > 1:
        raise DataError(f"{found[wrong[0]]} ({listed(wrong[1:], 20)} likewise: columns={['-' + n for n in wrong]!r})")
    for name in sensors:
        if isinstance(numbers := found[name], DataError):
            raise numbers
        columns.append(numbers)
    narrow = bool(columns) and all(column.dtype == np.float32 for column in columns)
    rows = len(next(iter(cells.values()))) if cells else 0
    values = np.empty((rows, len(sensors)), np.float32 if narrow else np.float64)
    for i, column in enumerate(columns):
        values[:, i] = column
    for flag, sensor in parts.flags.items():
        right = good(flag, as_text(cells[flag]), parts.layout.good)
        if right is not None and sensor in sensors:
            values[~right, sensors.index(sensor)] = np.nan
            if bad := int((~right).sum()):
                notes.append((f"column {sensor}", f"{counted(bad, 'row')} missing that {flag!r} calls bad"))
        if asked.columns is None:
            unknown = ", in a way that is not known: not used" if right is None else ""
            dropped[flag] = f"says how good another column is{unknown}"
    if row := roles.told(dropped):
        notes.append(row)
    return Table(
        values,
        tuple(sensors),
        time=time,
        environment=None if asked.environment is None else _labels(cells[asked.environment]),
        series=series,
        notes=notes,
        sortable=True,
        place=place,
    )


def _without_codes(numbers: np.ndarray | DataError, codes: Sequence[Any]) -> np.ndarray | DataError:
    """Return numbers with NaN in place of what means missing, so that a column of nothing else holds no entry."""
    if isinstance(numbers, DataError):
        return numbers
    plain = np.array(numbers, numbers.dtype if numbers.dtype.kind == "f" else np.float64)
    mark_missing(plain, check_sentinels(codes), len(plain))
    return plain


def _labels(column: Any) -> np.ndarray:
    """Return labels as numbers where they all are, else as objects."""
    import pyarrow as pa

    if column.null_count or pa.types.is_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    return column.to_numpy(zero_copy_only=False)


def _reasons(
    parts: Parts,
    found: Mapping[str, np.ndarray | DataError],
    asked: Reading,
    time: np.ndarray | None,
    timed: bool,
    series: np.ndarray | None,
    place: Callable[[int], str],
) -> dict[str, str]:
    """Return the columns that are no sensors, and why; refuse those that tell recordings apart."""
    cells, sensors = parts.cells, parts.sensors
    numbers = {name: None if isinstance(read := found[name], DataError) else read for name in sensors}
    reasons = roles.left_out(numbers, timed, time, None if series is None else joints_of(series))
    words = [name for name in sensors if numbers[name] is None]
    clocks = [name for name in words if is_dated(cells[name])]
    if parts.clock and time is not None and asked.time is None and time.dtype.kind == "M":
        others = [name for name in clocks if not is_dated(cells[name], hours=True)]
        refuse_apart(time, {name: moments_of(cells[name]) for name in others}, parts.clock[0], place)
    reasons |= dict.fromkeys(clocks if timed else [], "another clock")
    reasons |= dict.fromkeys([n for n in words if timed and names_days(cells[n])], "a part of the calendar")
    alike = [name for name in words if name not in reasons and is_one_word(cells[name])]
    reasons |= dict.fromkeys(alike, "the same word in every row")
    compass = [name for name in words if name not in reasons and is_compass(cells[name])]
    reasons |= dict.fromkeys(compass, "points of the compass, no numbers")
    remarks = [name for name in words if name not in reasons and is_remark(cells[name])]
    reasons |= dict.fromkeys(remarks, "words in a few rows, never a number")
    if asked.series is None:
        if timed and parts.clock:
            refuse_words_in_turns(cells, [n for n in words if n not in reasons], parts.clock)
        again = [name for name, why in reasons.items() if why == roles.STARTS_AGAIN]
        kept = {name: numbers[name] for name in sensors if name in again or name not in reasons}
        roles.refuse_labels(kept, again)
        roles.refuse_turns(kept, time)
    return reasons

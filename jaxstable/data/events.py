"""The rows of (time, tag, value) of a file or a frame, recording by recording."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data import columnar
from jaxstable.data.checks import DataError, warn
from jaxstable.data.clockjoin import joined_clock
from jaxstable.data.clocks import read_clock
from jaxstable.data.frames import as_columns
from jaxstable.data.quality import without_bad
from jaxstable.data.reading import Reading, clock_columns
from jaxstable.data.recordings import files_of
from jaxstable.data.sheet import read_sheet, without_blanks
from jaxstable.data.timeline import joints_of, moved, refuse_repeated_hour
from jaxstable.phrases import counted, listed, nearest, shortened

UNITS = frozenset({"unit", "units", "uom", "einheit", "unit_of_measurement", "eu", "engunits", "engineeringunits"})


class Events(NamedTuple):
    """The rows of one recording: microseconds or numbers, tags, values as text, and the unit of each tag."""

    label: str
    time: np.ndarray
    dated: bool
    tag: np.ndarray
    value: Any
    place: Any
    units: dict[str, str]


def recordings_of(
    source: Any, names: tuple[str, str, str], asked: Reading
) -> tuple[list[Events], list[tuple[str, str]]]:
    """Read the rows of the long format, each recording sorted by time.

    Args:
        source: a dataframe, or files, each of them a recording.
        names: columns of time, tag and value; the time may be several columns of a file, split by commas.
        asked: what is known.

    Returns:
        The recordings, and rows (what, how) of what was understood.

    Raises:
        DataError: a column that is absent, a time or a tag that is missing, or dates beside numbers of time.
    """
    import pyarrow as pa

    for field, column in zip(("time", "name", "value"), names, strict=True):
        if not isinstance(column, str):
            raise DataError(f"{field}={shortened(column)}: expected the name of one column")
    found = []
    notes: list[tuple[str, str]] = []
    is_path = isinstance(source, (str, list, tuple)) or hasattr(source, "__fspath__")
    for file in files_of(source) if is_path else [None]:
        if file is None:
            label, columns, place = "", as_columns(source), "row {}".format
        elif file.is_dir() or file.suffix.lower() in columnar.KINDS:
            label, columns, place = file.name, as_columns(columnar.read_columnar(file)[0]), "row {}".format
        else:
            sheet = without_blanks(read_sheet(file, asked))
            notes = notes or list(sheet.notes)
            label, columns, place = file.name, dict(zip(sheet.names, sheet.columns, strict=True)), _lines(sheet.lines)
        parts = clock_columns(names[0], list(columns)) or ()
        if len(parts) > 1 and file is not None and set(parts) <= set(columns):
            columns[names[0]] = joined_clock([columns[part] for part in parts], parts)
        absent = [column for column in names if column not in columns]
        if absent:
            where = f"{label}: " if label else ""
            raise DataError(
                f"{where}{listed(absent)} is not a column: there are {listed(list(columns), 20)}"
                + nearest(absent[0], list(columns))
            )
        time, tag, value = (columns[column] for column in names)
        tags = _tags(tag, place)
        groups = np.unique(tags, return_inverse=True)[1]
        clock = read_clock(time, place, asked.time_format, asked.zone, groups, names[0])
        by_tag = np.argsort(groups, kind="stable")
        if clock.local and asked.zone is None:
            refuse_repeated_hour(clock.time[by_tag], joints_of(groups[by_tag]), moved(place, by_tag))
        if not any(what == "clock" for what, _ in notes):
            notes.append(("clock", f"{names[0]!r}: {clock.how}"))
        ticks = clock.time.astype("M8[us]").astype(np.int64) if clock.time.dtype.kind == "M" else clock.time
        texts = (
            value
            if hasattr(value, "null_count")
            else pa.array([None if v is None or v != v else str(v) for v in np.asarray(value).tolist()], pa.string())
        )
        texts, bad = without_bad(columns, names, texts)
        if bad and not any(what == "quality" for what, _ in notes):
            notes.append(("quality", bad))
        order = np.argsort(ticks, kind="stable")
        if (np.diff(ticks[by_tag])[np.diff(groups[by_tag]) == 0] < 0).any():
            warn("time: the rows were sorted by time")
        found.append(
            Events(
                label,
                ticks[order],
                clock.time.dtype.kind == "M",
                tags[order],
                texts.take(pa.array(order)),
                place,
                _units(columns, names, tags),
            )
        )
    if len({events.dated for events in found}) > 1:
        raise DataError(f"{names[0]!r} holds dates in some files and numbers in others: read them apart")
    return found, notes


def _lines(lines: np.ndarray) -> Any:
    return lambda row: f"line {lines[row]}"


def _listed(column: Any) -> list[Any]:
    return column.to_pylist() if hasattr(column, "to_pylist") else list(column)


def _tags(column: Any, place: Callable[[int], str]) -> np.ndarray:
    """Return the tags as text without blanks around them."""
    cells = _listed(column)
    empty = [i for i, cell in enumerate(cells) if cell is None or cell != cell or not str(cell).strip()]
    if empty:
        raise DataError(f"the tag is missing at {place(empty[0])} ({counted(len(empty), 'row')}): leave those rows out")
    return np.array([str(cell).strip() for cell in cells])


def _units(columns: Mapping[str, Any], names: tuple[str, str, str], tags: np.ndarray) -> dict[str, str]:
    """Return the unit of each tag that a column of units gives one, and always the same."""
    column = next((name for name in columns if name.lower().strip() in UNITS and name not in names), None)
    if column is None:
        return {}
    pairs = set(zip(tags.tolist(), _listed(columns[column]), strict=True))
    units = {tag: str(unit).strip() for tag, unit in pairs if unit is not None and unit == unit}
    return {tag: unit for tag, unit in units.items() if unit and sum(tag == other for other, _ in pairs) == 1}

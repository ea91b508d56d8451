"""Tell a file of the long format, a row for each new value, that is read as if each column were a sensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxstable.data import columnnames
from jaxstable.data.cellkinds import as_text, is_dated, never_twice, numbers_of
from jaxstable.data.checks import DataError
from jaxstable.data.kernels import kernels

HEAD = 64  # rows that are looked at first
FULL = 0.9  # share of the times at which each number stands
TAGS = frozenset({
    "tag", "tagname", "tag_name", "variable", "varname", "parameter", "metric", "metric_name", "sensor",
    "sensor_id", "sensorid", "signal", "channel", "entity_id", "nodeid", "node_id", "_field", "topic", "point",
    "pointname", "item", "itemid", "measurement", "attribute", "name", "series", "sensor_name", "register",
    "node", "param", "quantity", "tagid", "element", "datatype", "data_type", "characteristicname", "datapoint",
    "key", "property",
})  # fmt: skip
VALUES = (
    "_value", "value", "val", "varvalue", "reading", "state", "payload", "wert", "result", "v", "avg",
    "resultmeasurevalue", "val_num",
)  # fmt: skip


def refuse_long(cells: Mapping[str, Any], clock: tuple[str, ...]) -> None:
    """Refuse columns of which one names a tag and one holds its value; say how to read them.

    Args:
        cells: an arrow array of text for each column.
        clock: the columns of the clock, as far as they were found.
    """
    held = {name.lower(): name for name in cells if cells[name].null_count < len(cells[name])}
    value = next((held[name] for name in VALUES if name in held), None)
    time = clock[0] if clock else next((n for n in cells if columnnames.is_clock_name(n) or is_dated(cells[n])), None)
    if value is None or time is None:
        return
    tag = next((name for name in cells if name.lower() in TAGS), None)
    tag = tag or next((name for name in cells if name not in (value, *clock) and _takes_turns(cells, name, time)), None)
    if tag is None or 3 * len(cells[tag].unique()) > len(cells[tag]):
        return
    raise DataError(
        f"column {tag!r} names what {value!r} is of, the long format of one row for each new value: read it with "
        f"Dataset.from_long(path, {time!r}, {tag!r}, {value!r}), on the command line --long '{time},{tag},{value}'"
    )


def refuse_words_in_turns(cells: Mapping[str, Any], words: Sequence[str], clock: tuple[str, ...]) -> None:
    """Refuse names of machines whose rows share their times, beside several sensors."""
    name = next((name for name in words if _takes_turns(cells, name, clock[0])), None) if len(clock) == 1 else None
    if name is not None and 5 * len(cells[name].unique()) <= len(cells[name]):
        raise DataError(
            f"column {name!r} tells {len(cells[name].unique())} recordings apart, whose rows share their times: say "
            f"series={name!r}, or leave it out, columns={['-' + name]!r}"
        )


def refuse_numbers_in_turns(cells: Mapping[str, Any], free: Sequence[str], clock: tuple[str, ...]) -> None:
    """Refuse numbers of machines of which each stands at each time, also where those times are too many for a clock."""
    named = (name for name in cells if columnnames.is_clock_name(name) and (name in free or name in clock))
    time = clock[0] if len(clock) == 1 else None if clock else next(named, None)
    name = time and next((name for name in free if name != time and _takes_turns(cells, name, time)), None)
    if name and numbers_of(cells[name]) is not None:
        said = "" if clock else f"time={time!r}, "
        raise DataError(
            f"column {name!r} tells {len(cells[name].unique())} recordings apart, whose rows share their times: say "
            f"{said}series={name!r}; or, of rows with one value each, read the long format, Dataset.from_long(path, "
            f"{time!r}, {name!r}, ...); columns=[...] takes it for a sensor"
        )


def _takes_turns(cells: Mapping[str, Any], name: str, time: str) -> bool:
    """Tell words of which each stands once at each time, beside others; or whole numbers of which each does."""
    column = cells[name]
    if column.null_count or is_dated(column) or (numbers := _few_whole(column[:HEAD])) is None:
        return False
    kinds = len(column.unique())
    clock = as_text(cells[time])
    times = len(clock.unique())
    if kinds < 2 or times == len(clock):
        return False
    if numbers and (5 * kinds > len(column) or len(column) < FULL * kinds * times):
        return False
    return never_twice(kernels().binary_join_element_wise(clock, as_text(column), "|"))


def _few_whole(column: Any) -> bool | None:
    """Tell words (False) and few whole numbers that take turns (True) from other numbers (None)."""
    values = numbers_of(column)
    if values is None or not len(values):
        return False
    few = len(np.unique(values)) <= len(values) / 2 and bool((values == np.floor(values)).all())
    return True if few and (np.diff(values) != 0).mean() > 0.5 else None

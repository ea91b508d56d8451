"""Rows that came later, joined to the data set that they go on from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data.build import Wish, build
from jaxstable.data.checks import DataError, as_array
from jaxstable.data.dataset import Dataset
from jaxstable.data.delimited import Reading
from jaxstable.data.frames import from_frame
from jaxstable.data.recorded import plain_unit
from jaxstable.data.recordings import read_files
from jaxstable.data.regular import MAX_GAP, NEAR, as_span
from jaxstable.data.sources import is_frame
from jaxstable.data.tables import from_array
from jaxstable.data.timeline import GAP
from jaxstable.phrases import counted, listed, nearest

ENDS = re.compile(r"^\d+, (?P<first>\d{4}-\d\d-\d\d.*) to (?P<last>\d{4}-\d\d-\d\d.*)$")


def continued(old: Dataset, rows: Any, *, apart: bool = False, **reading: Any) -> Dataset:
    """Return old and new rows as one data set.

    The new rows go on from the last series. Where both have a clock of dates, a step of 1.5 to five of the old steps
    is filled with rows of NaN and a longer one starts a new stretch of the recording, as within one file.

    Args:
        old: the data set.
        rows: a `Dataset`, an array `[time, variables]` of the same variables, a dataframe or a path; one row is enough.
        apart: the new rows are a recording of their own.
        **reading: as in `Dataset.from_file`: time, time_format, missing, series, resample, max_gap, decimal, layout,
            encoding, sheet, ragged.

    Raises:
        DataError: other variables, units or steps, rows that do not come after the old ones, or labels of environments.

    Example:
        >>> old = Dataset.from_array(np.arange(60.0).reshape(30, 2), window=10)
        >>> continued(old, [[60.0, 61.0]])
        Dataset(31 rows, 2 variables, 1 series, 0.0 % missing, 22 windows of 10, no true graph)
    """
    part = rows if isinstance(rows, Dataset) else _read(old, rows, reading)
    _check_same(old, part)
    between = 0 if apart else _rows_between(old, part)
    new_stretch = apart or between is None
    pause = np.full((between or 0, old.n_vars), np.nan, part.values.dtype)
    values = np.concatenate([old.values, pause, part.values])
    mask = np.concatenate([old.mask, np.isfinite(pause), part.mask])
    last = old.series[-1]
    series = np.concatenate([old.series, np.full(len(pause), last, np.int32), part.series + (last + new_stretch)])
    whose = [np.arange(one.n_series, dtype=np.int32) if one.recording is None else one.recording for one in (old, part)]
    later = whose[1] + (whose[0][-1] + apart)
    for array in (values, mask):
        array.setflags(write=False)
    told = [row for row in old.understood if row[0] not in ("rows", "missing", "joined")]
    told += [
        ("rows", f"{len(values)}{_ends_of_both(old, part)}"),
        ("joined", f"{counted(part.n_rows, 'row')} to {old.n_rows}"),
    ]
    return dataclasses.replace(
        old,
        values=values,
        mask=mask,
        series=series.astype(np.int32),
        recording=np.concatenate([whose[0], later if new_stretch else later[1:]]),
        units={**(part.units or {}), **(old.units or {})} or None,
        step=old.step or part.step,
        longest_gap=max(old.longest_gap, part.longest_gap),
        understood=told,
    )


def _read(old: Dataset, rows: Any, reading: Mapping[str, Any]) -> Dataset:
    """Return new rows as a data set of the old one's variables; these rows may be few, and a sensor silent in them."""
    given = {name: value for name, value in reading.items() if value is not None}
    wish = Wish(2, 1, **{name: given.pop(name, None) for name in ("missing", "resample", "max_gap")}, part=True)
    files = isinstance(rows, (str, Path)) or (
        isinstance(rows, (list, tuple)) and bool(rows) and all(isinstance(one, (str, Path)) for one in rows)
    )
    if files or is_frame(rows):
        asked = Reading(columns=old.names, missing=wish.texts, **given)
        table, mask = (read_files(rows, asked) if files else from_frame(rows, asked)), None
    else:
        array = as_array(rows, "rows")
        if array.ndim in (2, 3) and array.shape[-1] != old.n_vars:
            raise DataError(
                f"rows: found {counted(array.shape[-1], 'column')}, expected {old.n_vars}: {listed(old.names, 20)}"
            )
        labels = {name: given.pop(name, None) for name in ("time", "series")}
        table, mask = from_array(rows, None, old.names, None, **labels, missing=wish.texts)
    return Dataset(**build(table, mask, wish))


def _check_same(old: Dataset, part: Dataset) -> None:
    if part.names != old.names:
        lacking = [name for name in old.names if name not in part.names]
        more = [name for name in part.names if name not in old.names]
        if lacking:
            raise DataError(
                f"rows: no column {lacking[0]!r}{nearest(lacking[0], more)}; expected {listed(old.names, 20)}"
            )
        if more:
            raise DataError(f"rows: the column {more[0]!r} was not among the old ones: {listed(old.names, 20)}")
        place = next(i for i, (one, other) in enumerate(zip(part.names, old.names, strict=True)) if one != other)
        raise DataError(
            f"rows: column {place} is {part.names[place]!r}, expected {old.names[place]!r}: "
            f"rows[{listed(old.names, 3)}, ...] puts them in order"
        )
    for name, unit in (part.units or {}).items():
        known = (old.units or {}).get(name)
        if known and plain_unit(known) != plain_unit(unit):
            raise DataError(f"rows: {name!r} is in {unit}, expected {known}, as in the old rows: convert it")
    if old.step and part.step and old.step != part.step:
        raise DataError(
            f"rows: a row every {part.step}, expected every {old.step}; resample={old.step!r} averages them"
        )
    if old.environment is not None or part.environment is not None:
        raise DataError("rows: the data have environments, whose labels are not kept: discover all rows together")


def _rows_between(old: Dataset, part: Dataset) -> int | None:
    """Return how many rows of the clock lie between old and new ones; None where a pause parts them."""
    last, first = (_ends(one)[end] for one, end in ((old, "last"), (part, "first")))
    if last is None or first is None:
        return 0
    if first <= last:
        raise DataError(
            f"rows: the first is of {first}, the last of the old ones of {last}: give only the rows after it, "
            "or new_series=True for another recording"
        )
    if old.step is None or "month" in old.step:
        return 0
    steps = float((first - last).astype("m8[us]").astype(np.int64)) / as_span(old.step, "step", dated=True)
    if steps <= GAP:
        return 0
    whole = round(steps)
    return whole - 1 if whole <= MAX_GAP and abs(steps - whole) <= NEAR else None


def _ends(dataset: Dataset) -> dict[str, np.datetime64 | None]:
    """Return the first and the last stamp of a clock of dates, None without one."""
    found = ENDS.match(dict(dataset.understood).get("rows", ""))
    return {end: np.datetime64(found[end].replace(" ", "T")) if found else None for end in ("first", "last")}


def _ends_of_both(old: Dataset, part: Dataset) -> str:
    found = [ENDS.match(dict(one.understood).get("rows", "")) for one in (old, part)]
    return f", {found[0]['first']} to {found[1]['last']}" if found[0] and found[1] else ""

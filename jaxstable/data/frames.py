"""Turn a dataframe of any library into a table: its columns, its index, and the kinds of number it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.checks import DataError, check_distinct, listed, not_numeric, object_column, shortened
from jaxstable.data.clocks import read_clock
from jaxstable.data.numerals import to_numbers
from jaxstable.data.reading import ANYTHING, Reading, clock_columns
from jaxstable.data.suspicions import warn_integers
from jaxstable.data.tables import Table, choose_columns
from jaxstable.data.vocabulary import clean


def from_frame(frame: Any, asked: Reading = ANYTHING) -> Table:
    """Read a dataframe; every column not named otherwise is a variable.

    Args:
        frame: pandas, polars (lazy too), pyarrow, DuckDB, xarray, or a numpy array with named fields.
        asked: what is known of it.

    Returns:
        A table that owns its values: float32 if every column is, else float64.

    Raises:
        DataError: no dataframe, an index of unknown use, an unknown, duplicate or
            non-numeric column.

    Example:
        >>> import polars as pl
        >>> from_frame(pl.DataFrame({"t": [0, 1], "a": [1.0, None], "b": [3, 4]}), Reading(time=("t",))).names
        ('a', 'b')
    """
    import narwhals as nw

    table = _eager(nw, frame)
    check_distinct([str(name) for name in table.columns])
    present = [name for name in table.columns if not _is_row_number(table, name)]
    notes: list[tuple[str, str]] = []
    clock, how = _clock(nw, table, present, asked)
    labels = {"environment": asked.environment, "series": asked.series}
    labels |= {"time" if len(clock) == 1 else f"time[{i}]": name for i, name in enumerate(clock)}
    names = choose_columns(present, labels, asked.columns)
    if asked.columns is None:
        columns = [table.get_column(name) for name in names]
        texts = [str(name) for name in names]
        timed = bool(clock) or _has_timed_index(nw, table)
        reasons = roles.left_out(texts, lambda i: _plain(columns[i]), dated=timed)
        clocks = [str(column.name) for column in columns if column.dtype in (nw.Datetime, nw.Date)]
        reasons |= dict.fromkeys(clocks if timed else [], "another clock")
        if asked.series is None and not timed:
            again = [name for name, why in reasons.items() if why == roles.STARTS_AGAIN]
            roles.refuse_labels(texts, lambda i: _plain(columns[i]), again)
        names = [name for name in names if str(name) not in reasons]
        if row := roles.told(reasons):
            notes.append(row)
    kept = [table.get_column(name) for name in names]
    narrow = bool(kept) and all(column.dtype == nw.Float32 for column in kept)
    values = np.empty((len(table), len(names)), dtype=np.float32 if narrow else np.float64)
    overflowed: set[str] = set()
    for i, column in enumerate(kept):
        if column.dtype.is_integer() and not column.null_count():
            overflowed |= warn_integers([column.to_numpy()], [str(names[i])])
        values[:, i] = _numeric(nw, column, str(names[i]), asked.missing)
    time, series = None, None
    if clock:
        columns = [_times(nw, table.get_column(name)) for name in clock]
        aware = any(getattr(table.get_column(name).dtype, "time_zone", None) for name in clock)
        read = read_clock(
            _joined(columns) if len(columns) > 1 else columns[0],
            time_format=asked.time_format,
            zone=None if aware else asked.zone,
        )
        time = read.time
        notes.append(("clock", f"{' and '.join(repr(str(name)) for name in clock)}{how}: {read.how}"))
    elif asked.time is None:
        time, series, said = _from_index(nw.maybe_get_index(table), asked.zone)
        notes.extend(said)
    found = [None if c is None else _labels(table.get_column(c)) for c in (asked.environment, asked.series)]
    units = {str(name): unit for name in names if (unit := clean(str(name))[1])}
    return Table(
        values,
        tuple(map(str, names)),
        frozenset(overflowed),
        time=time,
        environment=found[0],
        series=series if found[1] is None else found[1],
        units=units,
        notes=notes,
        sortable=True,
    )


def as_columns(frame: Any) -> dict[str, Any]:
    """Return the columns of a dataframe of any kind by name: times as datetime64, the rest as objects or numbers."""
    import narwhals as nw

    table = _eager(nw, frame)
    found = {}
    for name in table.columns:
        column = table.get_column(name)
        timed = column.dtype in (nw.Datetime, nw.Date)
        found[str(name)] = _times(nw, column) if timed else np.array(column.to_list(), dtype=object)
        if column.dtype.is_numeric() and not column.null_count():
            found[str(name)] = column.to_numpy()
    return found


def _eager(nw: Any, frame: Any) -> Any:
    """Return a frame of any kind as an eager one."""
    if isinstance(frame, np.ndarray) and frame.dtype.names:
        import pyarrow as pa

        frame = pa.table({name: np.ascontiguousarray(frame[name]) for name in frame.dtype.names})
    elif type(frame).__module__.startswith("xarray"):
        frame = frame.to_dataframe()  # pyright: ignore[reportAttributeAccessIssue]
    try:
        table = nw.from_native(frame)
        return table.collect() if isinstance(table, nw.LazyFrame) else table
    except TypeError as error:
        raise DataError(
            f"frame is a {type(frame).__module__}.{type(frame).__name__}: expected a pandas, polars, pyarrow, "
            "DuckDB or xarray table, or a numpy array with named fields (from_array takes plain arrays)"
        ) from error
    except nw.exceptions.DuplicateError as error:
        found = " ".join(str(error).split())
        raise DataError(f"duplicate column names, rename them: {found}") from error


def _is_row_number(table: Any, name: Any) -> bool:
    """Tell the index that pandas leaves in arrow tables from a column of the user's."""
    left_over = str(name).startswith("__index_level_")
    return left_over and table.get_column(name).dtype.is_integer()


def _has_timed_index(nw: Any, table: Any) -> bool:
    kind = type(nw.maybe_get_index(table)).__name__
    return kind in ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex", "MultiIndex")


def _clock(nw: Any, table: Any, present: Sequence[Any], asked: Reading) -> tuple[tuple[Any, ...], str]:
    """Return the columns of the clock, and how they were found."""
    if asked.time is not None and not isinstance(asked.time, (str, list, tuple)) and asked.time in present:
        return (asked.time,), ""
    if (named := clock_columns(asked.time, present)) is not None:
        return named, ""
    if _has_timed_index(nw, table):
        return (), ""
    taken = {asked.environment, asked.series, *(asked.columns or ())}
    for name in present:
        column = table.get_column(name)
        if name not in taken and roles.is_clock_name(str(name)) and not column.null_count():
            dated = column.dtype in (nw.Datetime, nw.Date)
            if dated or ((values := _plain(column)) is not None and len(values) > 1 and (np.diff(values) > 0).all()):
                return (name,), " (found by its name)"
    return (), ""


def _plain(column: Any) -> np.ndarray | None:
    """Return a column of numbers without a missing entry, None of another kind."""
    if not column.dtype.is_numeric() or column.null_count():
        return None
    values = column.to_numpy()
    return values if values.dtype.kind in "iuf" else values.astype(np.float64)  # decimals come as objects


def _numeric(nw: Any, column: Any, name: str, missing: Sequence[str]) -> np.ndarray:
    dtype = column.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if dtype.is_integer() and not column.null_count():
            return column.to_numpy()  # arrow refuses to cast integers above 2^53, numpy rounds them
        return column.cast(nw.Float64 if dtype != nw.Float32 else nw.Float32).to_numpy()
    texts = {text.strip().lower() for text in missing}
    if texts and (dtype in (nw.Object, nw.Unknown, nw.String)):
        cells = [None if isinstance(v, str) and v.strip().lower() in texts else v for v in column.to_list()]
        if any(isinstance(value, str) for value in cells):
            import pyarrow as pa

            return to_numbers(
                pa.array([None if v is None else str(v) for v in cells], pa.string()), name, "row {}".format, "."
            )[0]
        return object_column(cells, name)
    if dtype == nw.Object or dtype == nw.Unknown:
        return object_column(column.to_list(), name)
    present = column.drop_nulls()
    if not len(present):
        return np.full(len(column), np.nan)
    raise DataError(not_numeric(name, "its first entry", present.to_list()[0]))


def _times(nw: Any, column: Any) -> Any:
    if column.null_count():
        raise DataError(f"time column {column.name!r} has {column.null_count()} missing entries")
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if column.dtype == nw.Datetime:
        unit = column.dtype.time_unit
        unit = unit if unit in ("ns", "us", "ms") else "ms"
        return column.dt.timestamp(unit).to_numpy().astype(np.int64).view(f"M8[{unit}]")
    return column.to_numpy() if column.dtype.is_numeric() else column.to_list()


def _joined(columns: list[Any]) -> list[str]:
    return [" ".join(str(part).removesuffix(" 00:00:00") for part in row) for row in zip(*columns, strict=True)]


def _labels(column: Any) -> np.ndarray:
    return np.array(column.to_list(), dtype=object) if column.null_count() else column.to_numpy()


def _from_index(index: Any, zone: str | None) -> tuple[Any, Any, list[tuple[str, str]]]:
    """Return time and series that a pandas index holds, and how it was read; refuse one of unknown use."""
    kind = type(index).__name__
    if index is None or (kind == "RangeIndex" and index.start == 0 and index.step == 1):
        return None, None, []
    if kind == "MultiIndex":
        times = [level for level in range(index.nlevels) if _is_time(index.get_level_values(level))]
        if len(times) != 1:
            raise DataError(
                f"the index has {index.nlevels} levels, {listed([str(n) for n in index.names])}, of which "
                f"{len(times)} are times: make columns of them with frame.reset_index() and name them (time=, series=)"
            )
        rest = [index.get_level_values(level) for level in range(index.nlevels) if level != times[0]]
        labels = np.array(["|".join(map(str, row)) for row in zip(*rest, strict=True)])
        time, _, _ = _from_index(index.get_level_values(times[0]), zone)
        return (
            time,
            labels,
            [("clock", "a level of the index"), ("recordings", "told apart by the other levels of the index")],
        )
    if kind == "PeriodIndex":
        return index.to_timestamp().to_numpy(), None, [("clock", "the index, starts of periods")]
    if kind in ("DatetimeIndex", "TimedeltaIndex"):
        aware = getattr(index, "tz", None) is not None
        time = read_clock(index.to_numpy(), zone=None if aware or kind == "TimedeltaIndex" else zone)
        return time.time, None, [("clock", f"the index: {time.how}")]
    if len(index) and index.dtype.kind in "iuf":
        values = index.to_numpy()
        if (np.diff(values) > 0).all():
            time = read_clock(values, zone=zone)
            return time.time, None, [("clock", f"the index: {time.how}")]
        return None, None, [("index", "numbers that do not rise: not used")]
    if len(index) and _is_time(index):
        time = read_clock(np.array(index, dtype=object), zone=zone)
        return time.time, None, [("clock", f"the index: {time.how}")]
    raise DataError(
        f"the index holds {shortened(index[0] if len(index) else index)} and the like, neither times nor "
        "row numbers: name it as a column with frame.reset_index() (series= or environment= takes labels), or drop it "
        "with frame.reset_index(drop=True)"
    )


def _is_time(index: Any) -> bool:
    if type(index).__name__ in ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex"):
        return True
    if index.dtype.kind in "iufb" or not len(index):
        return False
    try:
        read_clock(np.array(index[:200], dtype=object))
    except (DataError, TypeError, ValueError):
        return False
    return True

"""Turn a dataframe of any library into a table: its columns, its index, and the kinds of number it holds."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data import columnnames, roles
from jaxstable.data.checks import DataError, check_distinct, counted, not_numeric, object_column
from jaxstable.data.clockcolumns import refuse_apart
from jaxstable.data.clocks import is_readable, read_clock
from jaxstable.data.frameindex import from_index, has_times
from jaxstable.data.numerals import to_numbers
from jaxstable.data.reading import ANYTHING, Reading, clock_columns
from jaxstable.data.suspicions import warn_integers
from jaxstable.data.tables import Table, choose_columns
from jaxstable.data.timeline import joints_of
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
        if asked.time is None and asked.series is None and (series := roles.restarts_of(time)) is not None:
            notes.append(("recordings", "another one wherever the clock starts again"))
    elif asked.time is None:
        time, series, said = from_index(nw.maybe_get_index(table), asked.zone)
        notes.extend(said)
    found = [None if c is None else _labels(table.get_column(c)) for c in (asked.environment, asked.series)]
    series = series if found[1] is None else found[1]
    if asked.columns is None:
        columns = [table.get_column(name) for name in names]
        texts = [str(name) for name in names]
        timed = bool(clock) or has_times(nw.maybe_get_index(table))
        joints = None if series is None else joints_of(series)
        reasons = roles.left_out(texts, lambda i: _plain(columns[i]), timed, time, joints)
        clocks = [column for column in columns if column.dtype in (nw.Datetime, nw.Date)]
        if clock and time is not None and time.dtype.kind == "M" and asked.time is None:
            refuse_apart(time, {str(c.name): _dates(nw, c) for c in clocks}, str(clock[0]), "row {}".format)
        reasons |= dict.fromkeys([str(column.name) for column in clocks] if timed else [], "another clock")
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
    units = {str(name): unit for name in names if (unit := clean(str(name))[1])}
    return Table(
        values,
        tuple(map(str, names)),
        frozenset(overflowed),
        time=time,
        environment=found[0],
        series=series,
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

        mask = np.ma.getmaskarray(frame) if isinstance(frame, np.ma.MaskedArray) else None
        fields = {name: np.ascontiguousarray(np.ma.getdata(frame)[name]) for name in frame.dtype.names}
        hidden = {name: None if mask is None else np.ascontiguousarray(mask[name]) for name in fields}
        frame = pa.table({name: pa.array(values, mask=hidden[name]) for name, values in fields.items()})
    elif type(frame).__name__ == "RecordBatch":
        import pyarrow as pa

        frame = pa.Table.from_batches([frame])
    elif type(frame).__module__.startswith("xarray"):
        frame = frame.to_dataframe()  # pyright: ignore[reportAttributeAccessIssue]
    try:
        table = nw.from_native(frame)
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        wide = [name for name, dtype in table.schema.items() if dtype in (nw.Int128, nw.UInt128)]
        return table.with_columns(nw.col(*wide).cast(nw.Float64)) if wide else table
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


def _clock(nw: Any, table: Any, present: Sequence[Any], asked: Reading) -> tuple[tuple[Any, ...], str]:
    """Return the columns of the clock, and how they were found."""
    if asked.time is not None and not isinstance(asked.time, (str, list, tuple)) and asked.time in present:
        return (asked.time,), ""
    if (named := clock_columns(asked.time, present)) is not None:
        return named, ""
    if has_times(nw.maybe_get_index(table)):
        return (), ""
    taken = {asked.environment, asked.series, *(asked.columns or ())}
    free = [name for name in present if name not in taken]
    for name in free:
        if columnnames.is_clock_name(str(name)) and _is_clock(nw, table.get_column(name)):
            return (name,), " (found by its name)"
    dated = [name for name in free if table.get_column(name).dtype in (nw.Datetime, nw.Date)]
    return ((dated[0],), " (holds dates)") if len(dated) == 1 and len(free) > 2 else ((), "")


def _is_clock(nw: Any, column: Any) -> bool:
    """Tell whether a column that is named like a clock holds one: dates, durations, text, numbers that rise."""
    if column.dtype in (nw.Datetime, nw.Date, nw.Duration):
        return True
    if column.dtype.is_numeric():
        values = _plain(column)
        return values is not None and roles.rises(values)
    if column.dtype not in (nw.String, nw.Object, nw.Unknown, nw.Time) or column.null_count():
        return False
    return is_readable(_times(nw, column.head(200)))


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
    if dtype == nw.Categorical and not isinstance(present.head(1).to_list()[0], str):
        return object_column(column.to_list(), name)
    raise DataError(not_numeric(name, "its first entry", present.to_list()[0]))


def _times(nw: Any, column: Any) -> Any:
    if gone := column.null_count():
        raise DataError(f"time column {column.name!r} has {counted(gone, 'missing entry')}: leave those rows out")
    if column.dtype == nw.Duration:
        return column.dt.total_microseconds().to_numpy().astype(np.int64).view("m8[us]")
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if column.dtype == nw.Datetime:
        unit = column.dtype.time_unit
        unit = unit if unit in ("ns", "us", "ms") else "ms"
        return column.dt.timestamp(unit).to_numpy().astype(np.int64).view(f"M8[{unit}]")
    if column.dtype.is_numeric():
        return column.to_numpy()
    cells = column.to_list()
    if all(isinstance(cell, datetime.time) for cell in cells):
        return [cell.isoformat() for cell in cells]
    return [cell.to_timestamp() if type(cell).__name__ == "Period" else cell for cell in cells]


def _dates(nw: Any, column: Any) -> np.ndarray:
    """Return another clock in microseconds, NaT where it is missing."""
    found = np.full(len(column), "NaT", "M8[us]")
    there = (~column.is_null()).to_numpy().astype(bool)
    found[there] = _times(nw, column.drop_nulls())
    return found


def _joined(columns: list[Any]) -> list[str]:
    return [" ".join(str(part).removesuffix(" 00:00:00") for part in row) for row in zip(*columns, strict=True)]


def _labels(column: Any) -> np.ndarray:
    return np.array(column.to_list(), dtype=object) if column.null_count() else column.to_numpy()

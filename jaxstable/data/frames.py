"""Turn a dataframe of any library into a table: its columns, its index, and the kinds of number it holds."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data.assigned import assigned, blank_rows, filled_rows, parts_of
from jaxstable.data.cellkinds import as_text, codes_of
from jaxstable.data.cellunits import without_unit
from jaxstable.data.checks import NA_TYPES, DataError, check_distinct, not_numeric, object_column
from jaxstable.data.clockjoin import joined_clock
from jaxstable.data.clocks import read_clock
from jaxstable.data.frameindex import from_index, has_times
from jaxstable.data.layout import Layout
from jaxstable.data.numerals import decimal_mark, to_numbers
from jaxstable.data.reading import ANYTHING, Reading
from jaxstable.data.regular import tick_of
from jaxstable.data.suspicions import warn_integers
from jaxstable.data.tables import Table
from jaxstable.data.vocabulary import clean
from jaxstable.phrases import counted, listed


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
    check_distinct([_text(name) for name in table.columns])
    asked = _by_text(asked, table.columns).of([_text(name) for name in table.columns])
    index = nw.maybe_get_index(table)
    indexed = has_times(index)
    columns, cells = _columns(nw, table)
    parts = parts_of(cells, asked, Layout(), indexed=indexed)
    notes: list[tuple[str, str]] = []
    if parts.clock and not (filled := filled_rows(cells)).all():
        notes.append(blank_rows(filled))
        columns, parts.cells = _columns(nw, table.filter(filled.tolist()))
        cells = parts.cells
    time, series = None, None
    if clock := parts.clock:
        aware = any(getattr(columns[name].dtype, "time_zone", None) for name in clock)
        first, *more = clock
        read = read_clock(
            joined_clock([as_text(cells[name]) for name in clock], clock) if more else _times(nw, columns[first]),
            time_format=asked.time_format,
            zone=None if aware else asked.zone,
            groups=None if asked.series is None else codes_of(cells[asked.series]),
            header=" ".join(clock),
        )
        time = read.time
        notes.append(("clock", f"{' and '.join(map(repr, clock))}{parts.how}: {read.how}"))
    elif asked.time is None:
        time, series, said = from_index(index, asked.zone)
        notes.extend(said)
    found: dict[str, np.ndarray | DataError] = {}
    told: dict[str, list[str]] = {}
    for name in parts.sensors:
        try:
            found[name], told[name] = _numbers(nw, columns[name], cells[name], name, asked.missing)
        except DataError as error:
            found[name] = error
    table = assigned(
        parts,
        found,
        asked=asked,
        time=time,
        timed=bool(clock) or indexed,
        series=series,
        notes=notes,
        place="row {}".format,
    )
    notes.extend((f"column {name}", text) for name in table.names for text in told[name])
    units = {name: unit for name in table.names if (unit := clean(name)[1])} | _attributes(frame, table.names)
    overflowed: set[str] = set()
    for name in table.names:
        if columns[name].dtype.is_integer() and not columns[name].null_count():
            overflowed |= warn_integers([columns[name].to_numpy()], [name])
    tick = tick_of(*clean(clock[0])) if len(clock) == 1 else None
    return table._replace(units=units, overflowed=frozenset(overflowed), tick=tick)


def as_columns(frame: Any) -> dict[str, Any]:
    """Return the columns of a dataframe of any kind by name: times as datetime64, the rest as objects or numbers."""
    import narwhals as nw

    table = _eager(nw, frame)
    found = {}
    for name in table.columns:
        column = table.get_column(name)
        timed = column.dtype in (nw.Datetime, nw.Date)
        found[_text(name)] = _times(nw, column) if timed else np.array(column.to_list(), dtype=object)
        if column.dtype.is_numeric() and not column.null_count():
            found[_text(name)] = column.to_numpy()
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
        frame = _of_xarray(frame)
    try:
        table = nw.from_native(frame)
        table = table.collect() if isinstance(table, nw.LazyFrame) else table
        wide = [name for name, dtype in table.schema.items() if dtype in (nw.Int128, nw.UInt128)]
        return table.with_columns(nw.col(*wide).cast(nw.Float64)) if wide else table
    except TypeError as error:
        raise DataError(
            f"frame is a {type(frame).__module__}.{type(frame).__name__}: expected a pandas, polars, pyarrow, "
            "DuckDB or xarray table, or a numpy array with named fields; pandas.DataFrame(frame) makes one of lists by "
            "name (from_array takes plain arrays)"
        ) from error
    except nw.exceptions.DuplicateError as error:
        found = " ".join(str(error).split())
        raise DataError(f"duplicate column names, rename them: {found}") from error


def _of_xarray(frame: Any) -> Any:
    """Return a pandas frame: of an array with two axes the one of times down, the other as its columns."""
    if len(getattr(frame, "data_vars", ())) == 1:
        (frame,) = frame.data_vars.values()
    if not hasattr(frame, "data_vars") and frame.ndim > 2:
        axes = tuple(map(str, frame.dims))
        raise DataError(
            f"frame is one array with the axes {listed(axes)}: make a variable of each sensor, e.g. with "
            f"array.to_dataset(dim={axes[-1]!r})"
        )
    if not hasattr(frame, "data_vars") and frame.ndim == 2:
        table = frame.to_pandas()
        return table.T if has_times(table.columns) and not has_times(table.index) else table
    return frame.to_dataframe(**({} if hasattr(frame, "data_vars") else {"name": frame.name or "value"}))


def _attributes(frame: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the units that xarray keeps beside its variables."""
    held = getattr(frame, "data_vars", {})
    return {
        str(name): str(held[name].attrs["units"]) for name in held if name in names and held[name].attrs.get("units")
    }


def _text(name: Any) -> str:
    """Write the name of a column as text, the levels of one that has several behind each other."""
    return " ".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def _is_row_number(table: Any, name: Any) -> bool:
    """Tell the index that pandas leaves in arrow tables from a column of the user's."""
    left_over = str(name).startswith("__index_level_")
    return left_over and table.get_column(name).dtype.is_integer()


def _columns(nw: Any, table: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the columns of a table by name, and the same as arrow arrays."""
    columns = {_text(name): table.get_column(name) for name in table.columns if not _is_row_number(table, name)}
    return columns, {name: _cells(nw, column) for name, column in columns.items()}


def _by_text(asked: Reading, present: Sequence[Any]) -> Reading:
    """Name the columns by text, as everything behind this knows them."""

    def text(name: Any) -> Any:
        if isinstance(name, (list, tuple)) and name not in present:
            return [text(one) for one in name]
        return _text(name) if not isinstance(name, str) and name in present else name

    return dataclasses.replace(
        asked, **{field: text(getattr(asked, field)) for field in ("time", "environment", "series", "columns")}
    )


def _cells(nw: Any, column: Any) -> Any:
    """Return a column as an arrow array: numbers, moments, or the text of anything else."""
    import pyarrow as pa

    dtype = column.dtype
    if dtype.is_numeric() or dtype.is_temporal() or dtype in (nw.Boolean, nw.String):
        found = column.to_arrow()
        found = found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
        return found.cast(pa.string()) if dtype == nw.String else found
    return pa.array([None if _is_missing(cell) else str(cell) for cell in column.to_list()], pa.string())


def _is_missing(cell: Any) -> bool:
    return type(cell).__name__ in NA_TYPES or (isinstance(cell, float) and cell != cell)


def _numbers(nw: Any, column: Any, cells: Any, name: str, missing: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return the numbers of a column, text as a file would have it, and what is worth saying of how it was read."""
    dtype = column.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if dtype.is_integer() and not column.null_count():
            return column.to_numpy(), []  # arrow refuses to cast integers above 2^53, numpy rounds them
        return column.cast(nw.Float64 if dtype != nw.Float32 else nw.Float32).to_numpy(), []
    values = column.drop_nulls().to_list()
    if not values:
        return np.full(len(column), np.nan), []
    if any(isinstance(value, str) for value in values):
        plain, unit = without_unit(cells)
        numbers, told = to_numbers(plain, name, "row {}".format, decimal_mark([plain], ","), missing)
        return numbers, [*([f"{unit!r} stands behind each number"] if unit else []), *told]
    if dtype.is_temporal():
        raise DataError(not_numeric(name, "its first entry", values[0]))
    return object_column(column.to_list(), name), []


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

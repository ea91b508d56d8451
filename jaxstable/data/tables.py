"""Turn what the user hands over, an array or a dataframe, into one float table and its labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import (
    DataError,
    check_distinct,
    listed,
    nearest,
    not_numeric,
    object_column,
    shortened,
)
from jaxstable.data.suspicions import warn_integers


class Table(NamedTuple):
    """Columns of a data set, the variables in one table that nobody else holds.

    Attributes:
        values: [rows, variables] float32 or float64, NaN where missing.
        names: name of each variable.
        overflowed: names already warned about.
        time: [rows] times, or None.
        environment: [rows] labels, or None.
        series: [rows] labels, or None.
    """

    values: np.ndarray
    names: tuple[str, ...]
    overflowed: frozenset[str] = frozenset()
    time: Any = None
    environment: Any = None
    series: Any = None


def from_numbers(array: np.ndarray, names: tuple[str, ...]) -> Table:
    """Copy an array [rows, variables] once: float32 stays, all other numbers become float64.

    Args:
        array: numbers of any type, or objects that are numbers, None or NA.
        names: name of each column.

    Returns:
        A table that owns its values.

    Raises:
        DataError: a column holds text, times or complex numbers.

    Example:
        >>> from_numbers(np.array([[1, None], [2.5, 4]], dtype=object), ("a", "b")).values
        array([[1. , nan],
               [2.5, 4. ]])
    """
    kind = array.dtype.kind
    if kind == "O":
        values = np.stack([object_column(array[:, i], n) for i, n in enumerate(names)], axis=1)
        return Table(values, names)
    if kind not in "biuf":
        raise DataError(f"values is of type {array.dtype}: " + not_numeric(names[0], "row 0", array[0, 0].item()))
    overflowed = warn_integers(array.T, names)
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    if array.dtype.itemsize > 8 and kind == "f":
        wide = [n for i, n in enumerate(names) if (np.abs(array[:, i]) > np.finfo(np.float64).max).any()]
        if wide and not np.isinf(array).any():
            raise DataError(f"column {listed(wide)} holds numbers beyond float64: rescale it")
    with np.errstate(over="ignore"):
        return Table(np.array(array, dtype=dtype, order="C"), names, frozenset(overflowed))


def from_frame(
    frame: Any,
    time: str | None = None,
    environment: str | None = None,
    series: str | None = None,
    columns: Sequence[str] | None = None,
) -> Table:
    """Read a pandas, polars or pyarrow table; every column not named otherwise is a variable.

    Args:
        frame: an eager dataframe. A pandas DatetimeIndex is the time if no column is named.
        time: column of the time.
        environment: column of the environment labels.
        series: column that tells several series apart.
        columns: the variables, in order (all other columns by default).

    Returns:
        A table that owns its values: float32 if every column is, else float64.

    Raises:
        DataError: no dataframe, narwhals not installed, an unknown, duplicate or non-numeric
            column.

    Example:
        >>> import polars as pl
        >>> from_frame(pl.DataFrame({"t": [0, 1], "a": [1.0, None], "b": [3, 4]}), time="t").names
        ('a', 'b')
    """
    nw = _narwhals()
    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise DataError(
            f"frame is a {type(frame).__module__}.{type(frame).__name__}: expected an eager "
            "pandas, polars or pyarrow table (collect() a lazy one; from_array takes arrays)"
        ) from error
    except nw.exceptions.DuplicateError as error:
        found = " ".join(str(error).split())
        raise DataError(f"duplicate column names, rename them: {found}") from error
    check_distinct([str(name) for name in table.columns])
    labels = {"time": time, "environment": environment, "series": series}
    present = [name for name in table.columns if not _is_row_number(table, name)]
    names = choose_columns(present, labels, columns)
    kept = [table.get_column(name) for name in names]
    narrow = bool(kept) and all(column.dtype == nw.Float32 for column in kept)
    values = np.empty((len(table), len(names)), dtype=np.float32 if narrow else np.float64)
    overflowed: set[str] = set()
    for i, column in enumerate(kept):
        if column.dtype.is_integer() and not column.null_count():
            overflowed |= warn_integers([column.to_numpy()], [str(names[i])])
        values[:, i] = _numeric(nw, column, str(names[i]))
    index = nw.maybe_get_index(table) if time is None else None
    if index is not None and type(index).__name__ == "DatetimeIndex":
        ticks = index.to_numpy()
    else:
        ticks = None if time is None else _time(nw, table.get_column(time))
    found = [None if c is None else table.get_column(c).to_numpy() for c in (environment, series)]
    return Table(values, tuple(map(str, names)), frozenset(overflowed), ticks, *found)


def choose_columns(present: Sequence[str], labels: dict[str, str | None], columns: Sequence[str] | None) -> list[str]:
    """Return the columns that are variables: those chosen, or all that are not labels.

    Example:
        >>> choose_columns(["t", "a", "b"], {"time": "t"}, None)
        ['a', 'b']
    """
    for field, column in labels.items():
        if column is not None and not isinstance(column, str) and column not in present:
            raise DataError(f"{field}={shortened(column)}: expected the name of one column")
        if column is not None and column not in present:
            raise DataError(
                f"{field}={column!r} is not a column: there are {listed(list(present), 20)}{nearest(column, present)}"
            )
    if columns is not None and (isinstance(columns, str) or not isinstance(columns, Iterable)):
        raise DataError(f"columns={shortened(columns)}: expected a list of names of columns")
    if columns is None:
        return [name for name in present if name not in labels.values()]
    columns = list(columns)
    unknown = [name for name in columns if name not in present]
    if unknown:
        meant = nearest(unknown[0], present)
        raise DataError(f"columns: {listed(unknown)} not found in {listed(list(present), 20)}{meant}")
    if len(set(columns)) < len(columns):
        twice = sorted({str(name) for name in columns if columns.count(name) > 1})
        raise DataError(f"columns: {listed(twice)} named more than once; name every variable once")
    return columns


def _narwhals() -> Any:
    try:
        import narwhals as nw
    except ImportError as error:
        raise DataError(
            "dataframes need narwhals: pip install 'jaxstable[tables]', or pass "
            "Dataset.from_array(frame.to_numpy(), names=list(frame.columns))"
        ) from error
    return nw


def _is_row_number(table: Any, name: Any) -> bool:
    """Tell the index that pandas leaves in arrow tables from a column of the user's."""
    left_over = str(name).startswith("__index_level_")
    return left_over and table.get_column(name).dtype.is_integer()


def _numeric(nw: Any, column: Any, name: str) -> np.ndarray:
    dtype = column.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        if dtype.is_integer() and not column.null_count():
            return column.to_numpy()  # arrow refuses to cast integers above 2^53, numpy rounds them
        return column.cast(nw.Float64 if dtype != nw.Float32 else nw.Float32).to_numpy()
    if dtype == nw.Object or dtype == nw.Unknown:
        return object_column(column.to_list(), name)
    present = column.drop_nulls()
    if not len(present):
        return np.full(len(column), np.nan)
    raise DataError(not_numeric(name, "its first entry", present.to_list()[0]))


def _time(nw: Any, column: Any) -> Any:
    if column.null_count():
        raise DataError(f"time column {column.name!r} has {column.null_count()} missing entries")
    if column.dtype == nw.Date:
        column = column.cast(nw.Datetime("us"))
    if column.dtype == nw.Datetime:
        unit = column.dtype.time_unit
        return column.dt.timestamp(unit if unit in ("ns", "us", "ms") else "ms").to_numpy()
    return column.to_numpy() if column.dtype.is_numeric() else column.to_list()

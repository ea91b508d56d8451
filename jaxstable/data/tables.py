"""The table that every way in ends in: variables as floats, and what labels their rows."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import (
    DataError,
    as_array,
    check_mask,
    check_names,
    check_rank,
    in_order,
    not_numeric,
    object_column,
)
from jaxstable.data.suspicions import warn_integers
from jaxstable.data.vocabulary import clean
from jaxstable.phrases import listed, nearest, shortened

MOST_COLUMNS = 10**6


class Table(NamedTuple):
    """Columns of a data set, the variables in one table that nobody else holds.

    Attributes:
        values: [rows, variables] float32 or float64, NaN where missing.
        names: name of each variable.
        overflowed: names already warned about.
        time: [rows] times, or None.
        environment: [rows] labels, or None.
        series: [rows] labels, or None.
        units: unit of the variables that have one.
        codes: numbers that mean missing, as the layout of the file says.
        notes: rows (what, how) of what was understood.
        sortable: whether rows may be sorted by time; those of an array may not.
        place: names the place of a row, such as "line 12".
        tick: microseconds of one unit of a clock of numbers, or None if nothing says it.
    """

    values: np.ndarray
    names: tuple[str, ...]
    overflowed: frozenset[str] = frozenset()
    time: Any = None
    environment: Any = None
    series: Any = None
    units: Mapping[str, str] = MappingProxyType({})
    codes: Sequence[float] = ()
    notes: Sequence[tuple[str, str]] = ()
    sortable: bool = False
    place: Callable[[int], str] = "row {}".format
    tick: float | None = None


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


def from_array(
    values: Any, mask: Any, names: Any, environment: Any, time: Any, series: Any, missing: Sequence[str] = ()
) -> tuple[Table, np.ndarray | None]:
    """Check an array and what labels its rows, and lay its series below each other.

    Args:
        values: [time, variables] or [series, time, variables].
        mask: same shape, 1 where observed, or None.
        names: one per variable, or None.
        environment, time, series: as in `Dataset.from_array`.
        missing: texts that mean missing, among objects.

    Returns:
        The table, and the mask [rows, variables] or None.

    Raises:
        DataError: shapes that do not fit, or names that come twice.
    """
    array = check_rank(values)
    names = check_names(names, array.shape[-1])
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(values)
        mask = ~hidden if mask is None else check_mask(mask, array.shape) & ~hidden
        array = np.ma.getdata(values)
    if missing and array.dtype.kind != "O":
        raise DataError(f"missing={missing[0]!r}: expected numbers, for the values hold no text")
    if missing:
        array = array.copy()
        array[np.isin(array.astype(str), missing)] = None
    if mask is not None:
        mask = check_mask(mask, array.shape).reshape(-1, array.shape[-1])
    if array.ndim == 3:
        if series is not None:
            raise DataError("series= is for values [time, variables]: three axes hold one each")
        count, steps = array.shape[:2]
        series = np.repeat(np.arange(count), steps)
        if time is not None:
            time = as_array(time, "time")
            if time.shape not in ((steps,), (count, steps)):
                raise DataError(f"time has shape {time.shape}: expected ({steps},) or ({count}, {steps})")
            time = np.broadcast_to(time, (count, steps)).ravel()
        if environment is not None and np.ndim(environment) == 1 and len(environment) == count:
            environment = np.repeat(as_array(environment, "environment"), steps)
        elif environment is not None:
            environment = np.ravel(as_array(environment, "environment"))
    table = from_numbers(array.reshape(-1, array.shape[-1]), names)
    units = {name: unit for name in names if (unit := clean(name)[1])}
    return table._replace(time=time, environment=environment, series=series, units=units), mask


def column_list(columns: Any) -> list[Any] | None:
    """Return the names that `columns=` asks for, in order; refuse what is no list of names."""
    if columns is None:
        return None
    found = list(itertools.islice(columns, MOST_COLUMNS + 1)) if in_order(columns) else None
    if found is None or len(found) > MOST_COLUMNS or not all(isinstance(name, Hashable) for name in found):
        raise DataError(f"columns={shortened(columns)}: expected a list of names of columns")
    return found


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
    if columns is None:
        return [name for name in present if name not in labels.values()]
    unknown = [name for name in columns if name not in present]
    if unknown:
        meant = nearest(unknown[0], present)
        raise DataError(f"columns: {listed(unknown)} not found in {listed(list(present), 20)}{meant}")
    if len(set(columns)) < len(columns):
        twice = sorted(str(name) for name, count in Counter(columns).items() if count > 1)
        raise DataError(f"columns: {listed(twice)} named more than once; name every variable once")
    return list(columns)

"""The true graph that data may come with: read it, put it in the order of the variables, refuse what is none."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError, as_array, check_distinct, warn
from jaxstable.graph.paths import closure
from jaxstable.phrases import listed

CAUSES = ("cause", "source", "from", "source_label", "source_name", "parent")
EFFECTS = ("effect", "target", "to", "target_label", "target_name", "child")
LAGS = ("lag", "delay", "lag_steps")


def check_truth(truth: Any, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the true graph [cause, effect] and, if it came with lags, [lag, cause, effect].

    Args:
        truth: numbers of either shape, nonzero = edge; a dataframe, whose rows and columns are matched by name; or
            the path of a CSV file, a matrix with names on both sides or a list of edges (`read_graph`).
        names: name of each variable.

    Raises:
        DataError: another shape or other names, numbers that are not finite, a loop, or a cycle at lag 0.

    Example:
        >>> check_truth([[0, 1], [0, 0]], ["a", "b"])[0]
        array([[False,  True],
               [False, False]])
    """
    n = len(names)
    if isinstance(truth, (str, Path)):
        truth = read_graph(truth, names)
    elif hasattr(truth, "columns") or hasattr(truth, "column_names"):
        truth = _by_name(truth, names)
    array = as_array(truth, "truth")
    if array.ndim not in (2, 3) or array.shape[-2:] != (n, n) or not len(array):
        raise DataError(
            f"truth has shape {array.shape}: expected [cause, effect] = ({n}, {n}) "
            f"or [lag, cause, effect] = (lags, {n}, {n}), lag 0 first"
        )
    if array.dtype.kind == "O":
        array = _numbers(array)
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise DataError("truth must hold finite numbers: nonzero = edge")
    edges = array != 0
    contemporaneous = edges if edges.ndim == 2 else edges[0]
    loops = np.flatnonzero(np.diagonal(contemporaneous)).tolist()
    if loops:
        raise DataError(
            f"truth has a self loop at {listed([names[i] for i in loops])}: no variable causes "
            "itself at lag 0; clear it with np.fill_diagonal(truth, 0)"
        )
    if edges.ndim == 2:
        return edges, None
    cycle = np.flatnonzero(np.diagonal(closure(edges[0].astype(np.float32)))).tolist()
    if len(cycle):
        raise DataError(
            f"truth has a cycle at lag 0 through {listed([names[i] for i in cycle])}: within one time step nothing "
            "can cause itself in a circle; give one of these edges a lag, or pass a [cause, effect] summary"
        )
    return edges.any(axis=0) & ~np.eye(n, dtype=bool), edges


def read_graph(path: str | Path, names: Sequence[str]) -> np.ndarray:
    """Read a graph from a CSV file: a matrix, row = cause and column = effect, or a list of edges.

    A list of edges has one column for the cause (`cause`, `source`, `from` or `source_label`), one for the effect
    (`effect`, `target`, `to` or `target_label`) and perhaps one called `lag`; edges between other names than the
    variables are left out, with a word.

    Args:
        path: the file; its names may come in another order than the variables.
        names: name of each variable.

    Returns:
        float64 [cause, effect], or [lag, cause, effect] of a list with lags, in the order of `names`.

    Raises:
        DataError: no such file, a name that comes twice, a variable without row or column, or an entry that is no
            number.
    """
    rows = _cells(Path(path))
    header = [cell.strip() for cell in rows[0][1]]
    places = [
        next((lower.index(n) for n in wanted if n in lower), None)
        for wanted in (CAUSES, EFFECTS, LAGS)
        for lower in [[name.lower() for name in header]]
    ]
    if places[0] is not None and places[1] is not None:
        return _edge_list(Path(path), rows[1:], places, names)
    causes: dict[str, list[float]] = {}
    check_distinct(header[1:])
    for line, cells in rows[1:]:
        cause = cells[0].strip()
        if cause in causes:
            raise DataError(f"{path}: line {line} is the second row for {cause!r}: one row for each cause")
        if len(cells) != len(header):
            raise DataError(f"{path}: line {line} has {len(cells)} fields, the header {len(header)}: mend the line")
        causes[cause] = [_entry(path, line, cell) for cell in cells[1:]]
    column = {name: i for i, name in enumerate(header[1:])}
    absent = [name for name in names if name not in causes or name not in column]
    if absent:
        raise DataError(f"{path}: the graph lacks a row or column for {absent}: add it, or leave them out")
    return np.array([[causes[cause][column[effect]] for effect in names] for cause in names])


def _cells(path: Path) -> list[tuple[int, list[str]]]:
    if not path.is_file():
        raise DataError(f"no such file: {path.absolute()}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: save the graph as CSV UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        found = [(i, cells) for i, cells in enumerate(csv.reader(text.splitlines(), delimiter=delimiter), 1) if cells]
    except csv.Error as error:
        raise DataError(f"{path} is damaged ({error}): a quote that is not closed?") from error
    if not found or len(found[0][1]) < 2:
        raise DataError(f"{path} holds no graph: expected names split by , ; tab or | in its first line")
    return found


def _edge_list(
    path: Path, rows: Iterable[tuple[int, list[str]]], places: Sequence[int | None], names: Sequence[str]
) -> np.ndarray:
    index = {name: i for i, name in enumerate(names)}
    edges, unknown = [], Counter[str]()
    for line, cells in rows:
        if len(cells) <= max(place for place in places if place is not None):
            raise DataError(f"{path}: line {line} has {len(cells)} fields: cause and effect of an edge are not there")
        cause, effect = (cells[place].strip() for place in places[:2] if place is not None)
        lag = 0 if places[2] is None else _entry(path, line, cells[places[2]])
        if lag < 0 or lag != int(lag):
            raise DataError(f"{path}: line {line} holds the lag {lag:g}: expected a whole number of steps >= 0")
        unknown.update(name for name in {cause, effect} if name not in index)
        if cause in index and effect in index:
            edges.append((int(lag), index[cause], index[effect]))
    if not edges:
        raise DataError(f"{path}: no edge lies between the variables {listed(list(names))}: check the names in it")
    if unknown:
        warn(f"truth: {path.name} has edges of {listed(sorted(unknown))}, which the data lack; they are left out")
    graph = np.zeros((1 + max(lag for lag, _, _ in edges), len(names), len(names)))
    graph[tuple(np.transpose(edges))] = 1.0
    return graph[0] if places[2] is None else graph


def _entry(path: Any, line: int, cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise DataError(f"{path}: line {line} holds {cell!r} where a number was expected") from error


def _by_name(frame: Any, names: Sequence[str]) -> np.ndarray:
    """Return a dataframe's numbers with rows and columns in the order of the variables."""
    columns = [str(name) for name in getattr(frame, "column_names", None) or list(frame.columns)]
    index = getattr(frame, "index", None)
    rows = columns if index is None or type(index).__name__ == "RangeIndex" else [str(name) for name in index]
    for what, found in (("rows", rows), ("columns", columns)):
        twice = [name for name, count in Counter(found).items() if count > 1]
        if twice:
            raise DataError(f"truth has {what} named {listed(twice)} more than once: keep one of each")
        if set(found) != set(names):
            other = [name for name in found if name not in names] or [name for name in names if name not in found]
            raise DataError(
                f"the {what} of truth are not the variables: {listed(other)} on one side only; name its rows and "
                "columns like the data, e.g. truth.loc[names, names]"
            )
    array = np.asarray(frame.to_pandas() if hasattr(frame, "column_names") else frame)
    if array.shape != (len(names), len(names)):
        raise DataError(f"truth has shape {array.shape}: expected a row and a column for each variable")
    return array[np.ix_([rows.index(name) for name in names], [columns.index(name) for name in names])]


def _numbers(array: np.ndarray) -> np.ndarray:
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError("truth must hold finite numbers: nonzero = edge") from error

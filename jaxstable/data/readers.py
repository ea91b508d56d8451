"""Read CSV and Parquet files; CSV needs no dataframe library."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError, check_distinct, not_numeric, shortened
from jaxstable.data.tables import Table, choose_columns

BLOCK = 20_000  # rows held as text at a time
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
DECIMAL = {mark: re.compile(rf"\s*[+-]?\d+{re.escape(mark)}\d+\s*").fullmatch for mark in ",."}


def read_csv(
    path: str | Path,
    time: str | Sequence[str] | None = None,
    environment: str | None = None,
    series: str | None = None,
    columns: Sequence[str] | None = None,
    trim: bool = True,
) -> Table:
    """Read a CSV file with a header line; the delimiter and a decimal comma are recognised.

    Empty trailing rows and unnamed empty columns are dropped, and so is an unnamed first column
    that counts the rows (pandas writes one). Empty cells, NA, NaN, null, None, ? and - are missing.

    Args:
        path: the file, UTF-8.
        time: column of the time; several, such as date and clock, are joined by a space.
        environment: column of the environment labels.
        series: column that tells several series apart.
        columns: the variables, in order (all other columns by default).
        trim: drop empty rows at the end.

    Returns:
        The table; its time, environment and series are still text.

    Raises:
        DataError: no such file, no header, a ragged line, or a column that is not numeric.
    """
    if time is not None and not isinstance(time, (str, list, tuple)):
        raise DataError(f"time={shortened(time)}: expected the name of one column, or a list of names")
    clock = [time] if isinstance(time, str) else list(time or ())
    header, delimiter, first_block = sniff(path)
    names = _name_columns(header, first_block)
    labels = {
        "environment": environment,
        "series": series,
        **{"time" if len(clock) == 1 else f"time[{i}]": c for i, c in enumerate(clock)},
    }
    chosen = choose_columns([n for n in names if n], labels, columns)
    comma = delimiter != "," and _decimal_comma(first_block)
    numbers: dict[str, list[np.ndarray]] = {name: [] for name in chosen}
    texts: dict[str, list[str]] = {name: [] for name in labels.values() if name}
    n_rows = 0
    for lines, cells in _blocks(path, delimiter, len(header)):
        for name, column in zip(names, zip(*cells, strict=True), strict=True):
            if name in numbers:
                numbers[name].append(_to_floats(column, name, lines, comma))
            if name in texts:
                texts[name].extend(column)
        n_rows += len(cells)
    values = np.empty((n_rows, len(chosen)))
    for i, name in enumerate(chosen):
        values[:, i] = np.concatenate(numbers.pop(name)) if n_rows else np.nan
    filled = ~np.isnan(values).all(axis=1)
    for column in texts.values():
        filled |= np.array([cell != "" for cell in column], dtype=bool)
    if not filled.any():
        raise DataError(f"{path} has no rows of data under its header")
    if trim:
        n_rows = int(np.flatnonzero(filled)[-1]) + 1
    kept = {name: column[:n_rows] for name, column in texts.items()}
    return Table(
        values[:n_rows],
        tuple(chosen),
        time=[" ".join(parts) for parts in zip(*(kept[c] for c in clock), strict=True)] if clock else None,
        environment=kept[environment] if environment else None,
        series=kept[series] if series else None,
    )


def sniff(path: str | Path) -> tuple[list[str], str, list[list[str]]]:
    """Return the header, the delimiter that splits it into most fields, and the first rows."""
    file = Path(path)
    if not file.is_file():
        raise DataError(f"no such file: {file.absolute()}")
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            line = stream.readline()
            delimiter = max(",;\t|", key=lambda mark: len(next(csv.reader([line], delimiter=mark), [])))
            block = list(islice(csv.reader(stream, delimiter=delimiter), 200))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text ({error}): save it as CSV UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path} is damaged ({error}): a quote that is not closed?") from error
    header = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]
    if len(header) < 2:
        raise DataError(f"{path}: line 1 has {len(header)} column: expected names split by , ; tab or |")
    if all(_is_number(cell) for cell in header if cell):
        raise DataError(f"{path}: line 1 holds numbers where names were expected: add a header line")
    return header, delimiter, block


def read_parquet(path: str | Path) -> Any:
    """Read a Parquet file into whichever of pyarrow or polars is installed."""
    if not Path(path).is_file():
        raise DataError(f"no such file: {Path(path).absolute()}")
    try:
        from pyarrow import parquet
    except ImportError:
        pass
    else:
        from pyarrow import ArrowException

        try:
            return parquet.read_table(str(path))
        except ArrowException as error:
            raise DataError(f"{path} cannot be read as Parquet ({error}): write it anew") from error
    try:
        import polars
    except ImportError as error:
        raise DataError("Parquet needs pyarrow or polars: pip install 'jaxstable[tables]'") from error
    try:
        return polars.read_parquet(path)
    except polars.exceptions.PolarsError as error:
        raise DataError(f"{path} cannot be read as Parquet ({error}): write it anew") from error


def _blocks(path: str | Path, delimiter: str, width: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    with Path(path).open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        next(reader)
        numbered = ((reader.line_num, cells) for cells in reader if cells)
        while block := _next_block(numbered, path, reader):
            for line, cells in block:
                if len(cells) != width:
                    raise DataError(f"{path}: line {line} has {len(cells)} fields, the header {width}: mend the line")
            yield [line for line, _ in block], [cells for _, cells in block]


def _next_block(numbered: Iterator[Any], path: str | Path, reader: Any) -> list[tuple[int, list[str]]]:
    try:
        return list(islice(numbered, BLOCK))
    except (csv.Error, UnicodeDecodeError) as error:
        where = f"line {reader.line_num + 1}"
        raise DataError(f"{path} is damaged near {where} ({error}): a quote that is not closed?") from error


def _name_columns(header: list[str], block: list[list[str]]) -> list[str]:
    """Name every column; an empty string means that it holds nothing and is left out."""
    names = list(header)
    for i, name in enumerate(header):
        if name:
            continue
        cells = [row[i].strip() for row in block if len(row) > i]
        counts = i == 0 and cells in ([str(k + s) for k in range(len(cells))] for s in (0, 1))
        names[i] = f"column {i + 1}" if any(cells) and not counts else ""
    check_distinct([name for name in names if name])
    return names


def _decimal_comma(block: list[list[str]]) -> bool:
    cells = [cell for row in block for cell in row]
    return any(map(DECIMAL[","], cells)) and not any(map(DECIMAL["."], cells))


def _to_floats(cells: Sequence[str], name: str, lines: Sequence[int], comma: bool) -> np.ndarray:
    out = np.empty(len(cells))
    for i, cell in enumerate(cells):
        try:
            out[i] = float(cell.replace(",", ".")) if comma else float(cell)
        except ValueError as error:
            if cell.strip().lower() not in MISSING:
                raise DataError(not_numeric(name, f"line {lines[i]}", cell)) from error
            out[i] = np.nan
    return out


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True

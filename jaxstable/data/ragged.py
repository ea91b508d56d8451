"""Lines with more or fewer cells than the header: refused, rows without an entry, or short of their last cells."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.layout import other_width
from jaxstable.data.vocabulary import is_datum
from jaxstable.phrases import counted

HOW = {"missing": "each a row without an entry", "short": "the cells that they lack at their end are missing"}


def cells_in(text: str, mark: str) -> list[str]:
    """Return the cells of one line.

    Example:
        >>> cells_in('1,"2,5"', ",")
        ['1', '2,5']
    """
    return next(csv.reader([text], delimiter=mark, strict=False), [])


def refusal(line: int, text: str, width: int, mark: str) -> str:
    """Word the refusal of a line of another width."""
    if '"' in text:
        return f"{other_width(line, len(text.split(mark)), width, mark)} (a quote that is not closed?)"
    found = len(cells_in(text, mark))
    if not any(map(is_datum, cells_in(text, mark))):
        return f"{other_width(line, found, width, mark)}; if another table begins there, save it as a file of its own"
    short = ", or without its last cells, ragged='short'" if found < width and mark != " " else ""
    return f"{other_width(line, found, width, mark)}, or read it as a row without an entry, ragged='missing'{short}"


def with_ragged(
    columns: Sequence[Any],
    lines: np.ndarray,
    keep: np.ndarray,
    found: Sequence[tuple[int, str]],
    how: str,
    mark: str,
) -> tuple[list[Any], np.ndarray, np.ndarray]:
    """Put lines of another width among the rows, in order.

    Args:
        columns: arrow text of each column, without these lines.
        lines: int [rows], the line of each row.
        keep: bool [rows], which rows stay.
        found: number and text of each of these lines, in order.
        how: "missing" or "short".
        mark: what splits cells.

    Returns:
        Columns, lines and keep with them.

    Raises:
        DataError: a line is longer than the header, or blanks split cells, which "short" does not speak of.
    """
    import pyarrow as pa

    cells: list[list[str]] = [[] for _ in found]
    if how == "short":
        if mark == " ":
            raise DataError(
                f"line {found[0][0]} has another number of cells than the header, and where blanks split them any may "
                "be the one that is missing: ragged='missing' takes such lines for rows without an entry"
            )
        cells = [cells_in(text, mark) for _, text in found]
        for (line, text), own in zip(found, cells, strict=True):
            if len(own) > len(columns):
                raise DataError(refusal(line, text, len(columns), mark))
    places = np.array([line for line, _ in found])
    order = np.argsort(np.concatenate([lines, places]), kind="stable")
    merged = []
    for i, column in enumerate(columns):
        more = [own[i].strip() or None if i < len(own) else None for own in cells]
        merged.append(pa.concat_arrays([column, pa.array(more, pa.string())]).take(pa.array(order)))
    return merged, np.concatenate([lines, places])[order], np.append(keep, np.ones(len(found), bool))[order]


def told(found: Sequence[tuple[int, str]], how: str) -> tuple[str, str]:
    """Say what became of lines of another width."""
    return "ragged lines", f"{counted(len(found), 'line')}, the first line {found[0][0]}: {HOW[how]}"

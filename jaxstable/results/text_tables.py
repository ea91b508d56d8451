"""A table as lines of text that fit the width there is, from 60 columns on: nothing is cut."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

from jaxstable.results.report import LINE, Table

GAP = "  "
ARROWS = (" -> ", " -- ")
SHORT = {
    "net in raw units": "net (raw)",
    "probability": "prob.",
    "direction": "dir.",
    "first row": "first",
    "last row": "last",
    "deviation": "dev.",
}


def table_text(table: Table, width: int | None = None) -> str:
    """Format a table under its title: words to the left, numbers to the right.

    Where it is too wide, the names of columns are shortened; where that does not help, the two ends of an edge get a
    line each; and where that does not either, every row becomes a sentence of names and values. Columns without any
    entry are left out.

    Args:
        table: the table.
        width: characters of a line, None for as many as it takes.

    Returns:
        Lines without a trailing newline.

    >>> print(table_text(Table("Sure (1)", ("edge", "lag"), (("a -> b", "1"),))))
    Sure (1)
      edge    lag
      a -> b    1
    """
    title = wrapped(f"{table.title}: {table.note}" if table.note else table.title, width)
    told = [place for place in range(len(table.columns)) if place == 0 or any(row[place] for row in table.rows)]
    names = [table.columns[place] for place in told]
    whole = [tuple(row[place] for place in told) for row in table.rows]
    short = [SHORT.get(name, name) for name in names]
    broken = [_broken(row) for row in whole]
    for columns, rows in ((names, whole), (short, whole), (names, broken), (short, broken)):
        lines = _aligned([columns, *rows])
        if width is None or max(map(len, lines)) <= width:
            return "\n".join([title, *lines])
    return "\n".join([title, *(_told(names, row, width) for row in whole)])


def beginning(table: Table, most: int) -> Table:
    """Return a table with its first rows, at least one, that take no more than this many lines together.

    >>> lags = Table("Sure (3)", ("edge", "lag"), (("a -> b", "1\\n2"), ("b -> c", "1"), ("a -> c", "1")))
    >>> len(beginning(lags, 3).rows), len(beginning(lags, 1).rows), len(beginning(lags, 9).rows)
    (2, 1, 3)
    """
    lines = itertools.accumulate(max(cell.count(LINE) + 1 for cell in row) for row in table.rows)
    count = max(1, sum(so_far <= most for so_far in lines))
    return table._replace(rows=table.rows[:count], ends=table.ends[:count])


def wrapped(text: str, width: int | None, first: str = "", rest: str = "") -> str:
    """Break a text at words only; a word that is longer than the line, such as a path, stays whole."""
    if width is None or not text:
        return (first + text).rstrip()
    lines = textwrap.TextWrapper(
        width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return lines.fill(text)


def _broken(row: Sequence[str]) -> tuple[str, ...]:
    """Return a row with the two ends of its edge on lines of their own."""
    first, *others = row
    for arrow in ARROWS:
        cause, found, effect = first.partition(arrow)
        if found:
            return f"{cause}{LINE}{arrow[1:]}{effect}", *others
    return tuple(row)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.split(LINE) for cell in row] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        for first, *others in itertools.zip_longest(*row, fillvalue=""):
            texts = [f"{first:<{widths[0]}}", *(f"{text:>{w}}" for text, w in zip(others, widths[1:], strict=True))]
            lines.append(f"{GAP}{GAP.join(texts)}".rstrip())
    return lines


def _told(columns: Sequence[str], row: Sequence[str], width: int | None) -> str:
    first, *others = (cell.replace(LINE, ", ") for cell in row)
    said = "; ".join(f"{name} {cell}" for name, cell in zip(columns[1:], others, strict=True) if cell)
    return "\n".join([wrapped(first, width, GAP, 2 * GAP), wrapped(said, width, 2 * GAP, 2 * GAP)])

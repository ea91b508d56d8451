"""Tell which row of a text is the first one of data, below names, units, metadata and titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from jaxstable.data.vocabulary import MOMENT, UNIT, is_datum

MOST_TITLES = 8  # lines of a header
TIMED = re.compile(r"\d[-/:]\d")


def usual_width(rows: Sequence[tuple[int, list[str]]]) -> int:
    """Return how many cells most of the later rows have."""
    later = rows[len(rows) // 2 :] if len(rows) > 20 else rows
    counts = Counter(len(cells) for _, cells in later)
    return max(counts, key=lambda width: (counts[width], width), default=0)


def first_row(rows: Sequence[tuple[int, list[str]]]) -> tuple[int, int]:
    """Return which row is the first of data, and how many cells a row of data has."""
    width = usual_width(rows)
    later = [cells for _, cells in rows[len(rows) // 2 :] if len(cells) == width]
    data = []
    for column in range(width):
        filled = [cells[column] for cells in later if cells[column].strip()]
        if not filled or sum(map(is_datum, filled)) >= 0.6 * len(filled):
            data.append(column)
    named = False
    for place, (_, cells) in enumerate(rows):
        filled = [cells[column] for column in data if column < len(cells) and cells[column].strip()]
        if len(cells) == width and (
            _word_for_a_moment(cells, later) or (not place and _names_in_numbers(cells, later))
        ):
            continue
        held = sum(map(is_datum, filled))
        half = 2 * held == len(filled) and named and not any(UNIT.fullmatch(c) for c in filled if not is_datum(c))
        if len(cells) == width and filled and (2 * held > len(filled) or half or _begins(cells, later)):
            below = rows[place + 1][1] if place + 1 < len(rows) else []
            if _without_moment(cells, later) and any(
                len(row) == width and _no_datum(row) for _, row in rows[place + 1 : place + MOST_TITLES]
            ):
                continue  # numbers of instruments above their names
            if not all(map(is_datum, filled)) and len(below) == width and not any(map(is_datum, below)):
                continue  # entries of metadata, such as the place, with the names of the data below them
            numbers = [cell.strip() for cell in cells if cell.strip()]
            counted = [[str(i + s) for i in range(len(numbers))] for s in (0, 1)]
            if place == 0 and len(rows) > 1 and numbers in counted:
                continue  # names that pandas gives to the columns of an array
            while place and len(rows[place - 1][1]) != width and _dated(rows[place - 1][1]) and _dated(cells):
                place -= 1  # a torn row, which must not be lost among the titles
            return place, width
        named = named or (len(cells) == width and len(set(cells)) == width and not held)
    full = [place for place, (_, cells) in enumerate(rows) if len(cells) == width]
    blank = [place for place in full if not any(cell.strip() for cell in rows[place][1])]
    return (blank[0] if blank and not data else min(full[:1] or [0]) + 1), width


def _begins(cells: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    """Tell a first row of data by its moment, or by numbers that are torn or written with a sign, such as <0.1."""
    for i, cell in enumerate(cells):
        below = [row[i].strip() for row in later if row[i].strip()]
        if TIMED.search(cell) and MOMENT.match(cell.strip()) and below and all(map(MOMENT.match, below)):
            return True
    signs = [bool(re.match(r"\W{0,3}\d", cell.strip())) for cell in cells if cell.strip()]
    return all(signs) and any(map(is_datum, cells)) and len(later) > 2


def _without_moment(cells: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    """Tell a row that holds nothing where all rows hold moments."""
    return any(not cell.strip() and all(MOMENT.match(row[i].strip()) for row in later) for i, cell in enumerate(cells))


def _no_datum(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells) and not any(is_datum(cell) for cell in cells if cell.strip())


def _dated(cells: Sequence[str]) -> bool:
    return bool(cells) and bool(MOMENT.match(cells[0].strip()))


def _word_for_a_moment(cells: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    """Tell names, or limits such as LSL,10,20, by a word where all rows hold moments."""
    return len(later) > 1 and any(
        cell.strip() and not any(map(str.isdigit, cell)) and all(MOMENT.match(row[i].strip()) for row in later)
        for i, cell in enumerate(cells)
    )


def _names_in_numbers(cells: Sequence[str], later: Sequence[Sequence[str]]) -> bool:
    """Tell names that are numbers, such as those of tags or depths: all are whole where all rows hold decimals."""
    if len(later) < 2 or len(set(cells)) < len(cells):
        return False
    first = cells[1:] if not is_datum(cells[0]) and all(map(is_datum, (row[0] for row in later))) else cells
    return all(cell.strip().isdigit() for cell in first) and all(
        "." in cell for row in later for cell in row[-len(first) :]
    )

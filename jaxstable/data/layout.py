"""Look at the head of a text file once and decide how it is laid out: delimiter, names, units, first line of data."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections import Counter
from collections.abc import Sequence

from jaxstable.data.checks import CLOCKS, DataError
from jaxstable.data.columnnames import calendar_parts, is_clock_name
from jaxstable.data.firstrow import TIMED, first_row, usual_width
from jaxstable.data.titles import told_apart
from jaxstable.data.vocabulary import COMMENTS, MOMENT, NUMBER, RULE, UNIT, clean, is_datum
from jaxstable.phrases import counted

HEAD = 400_000  # characters that are looked at
ROWS = 400  # of them, rows
DELIMITERS = (",", ";", "\t", "|", "^", " ")
HOURS_OF = " (hour)"  # the name of hours that a blank parts from their date
HOURS = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?$")
NAMED = {",": "comma", "^": "caret", ";": "semicolon", "\t": "tab", "|": "bar", " ": "blanks"}


@dataclasses.dataclass(frozen=True)
class Layout:
    """What a text file looks like, as found out from its head, or as a person says it.

    Attributes:
        name: the layout, "plain" if it is none of `layouts`.
        delimiter: what splits cells; a blank stands for any run of blanks.
        names: name of each column; "" for one that has none.
        first: number of lines above the first row of data.
        units: unit of each column, "" where none is given.
        decimal: decimal mark, or None if the columns decide.
        missing: texts and numbers that mean missing here, besides the usual ones.
        time: columns of the clock, or None if none is known.
        time_format: as `Dataset.from_file` takes it, or None.
        header: number of the line that the names come from; 0 without one.
        without: columns that are no sensors.
        given: name and text of columns that the lines above the data hold once, such as a year.
        ragged: what lines of another width are, as `Dataset.from_file` takes it, or None.
        good: numbers that columns of quality write beside a good reading; none if they are as those of others.
        notes: rows (what, how) of what was decided.

    Example:
        >>> look("time;flow [m3/h]\\n2024-03-01;1,5\\n2024-03-02;2,5\\n").units
        ('', 'm3/h')
    """

    name: str = "plain"
    delimiter: str = ","
    names: tuple[str, ...] = ()
    first: int = 1
    units: tuple[str, ...] = ()
    decimal: str | None = None
    missing: tuple[str | float, ...] = ()
    time: tuple[str, ...] | None = None
    time_format: str | None = None
    header: int = 1
    without: tuple[str, ...] = ()
    given: tuple[tuple[str, str], ...] = ()
    good: tuple[float, ...] = ()
    ragged: str | None = None
    notes: tuple[tuple[str, str], ...] = ()


def look(text: str, delimiter: str | None = None) -> Layout:
    """Find out the layout of a text from its first rows.

    Args:
        text: the file, plain line ends.
        delimiter: what splits cells, where it is known.

    Returns:
        The layout.

    Raises:
        DataError: nothing splits its lines into columns, or the names do not fit the rows.
    """
    skipped, said = 0, re.match(r"\ufeff?\"?sep=(.)\"?\n", text, re.IGNORECASE)
    if said:
        skipped, delimiter = 1, said[1]
        text = text[said.end() :]
    head = text[:HEAD]
    if len(head) < len(text):
        head = head[: head.rfind("\n") + 1]
    marks = (delimiter,) if delimiter else DELIMITERS
    tried = [
        (score * (0.95 if mark == " " else 1.0), mark, rows) for mark in marks for score, rows in [_try(head, mark)]
    ]
    tried = [found for found in tried if found[1] != "^" or len({len(cells) for _, cells in found[2]}) == 1]
    score, mark, rows = max(tried, key=lambda found: found[0])
    if not score:
        if not rows:
            raise DataError("is empty: expected names, and rows of data below them")
        width = len(rows[0][1])
        raise DataError(
            f"line {skipped + rows[0][0]} has {counted(width, 'column')}: expected names split by , ; tab or |"
        )
    start, width = first_row(rows)
    _refuse_turned(rows[start:], skipped)
    names, units, header, above = _names(rows, start, width, head, mark)
    found = Layout(
        delimiter=mark,
        names=names,
        units=units,
        first=skipped + (rows[start][0] - 1 if start < len(rows) else head.rstrip("\n").count("\n") + 1),
        header=skipped + header if header else 0,
    )
    notes = [("delimiter", NAMED.get(mark, repr(mark)) + (" (its first line says so)" if said else ""))]
    notes.append(("header", f"line {found.header}" if header else "none: columns are numbered"))
    if above:
        notes.append(("lines left out", f"{above} above the names"))
    end = rows[start][0] if start < len(rows) else 0
    below = [line for line, cells in rows if header and header < line < end and not _are_units(cells)]
    if below:
        notes.append(("lines left out", f"{counted(len(below), 'line')} below the names, line {skipped + below[0]}"))
    return dataclasses.replace(found, notes=tuple(notes))


def _refuse_turned(rows: Sequence[tuple[int, list[str]]], skipped: int) -> None:
    """Refuse a table with a row for each sensor, which begins with a line of moments behind a word."""
    if len(rows) < 2:
        return
    line, first = rows[0]
    moments = [bool(MOMENT.match(cell.strip())) and not NUMBER.match(cell.strip()) for cell in first[1:]]
    numbers = not any(TIMED.search(cell) for _, cells in rows[1:] for cell in cells[1:])
    if len(moments) > 1 and all(moments) and numbers and not any(is_datum(cells[0]) for _, cells in rows):
        raise DataError(
            f"line {skipped + line} holds a moment in every column but the first: the table has a row for each sensor; "
            "turn it, so that each sensor is a column, e.g. pandas.read_csv(path, index_col=0).T.to_csv('turned.csv')"
        )


def cells_of(text: str, mark: str) -> list[tuple[int, list[str]]]:
    """Return the first rows with the number of the line each starts in, without blank lines, comments and rules."""
    reader, rows, line = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True), [], 1
    try:
        for cells in reader:
            cells = [cell for cell in cells if cell] if mark == " " else cells
            if (
                cells
                and not (cells[0].lstrip().startswith(COMMENTS) and cells[0].strip() != "#")
                and not _is_rule(cells)
            ):
                rows.append((line, cells))
            line = reader.line_num + 1
            if len(rows) >= ROWS:
                break
    except csv.Error as error:
        if "field larger" in str(error):
            most = csv.field_size_limit()
            raise DataError(
                f"damaged near line {line}, a cell of more than {most} characters: a quote that is not closed? "
                "otherwise leave its column out of the file"
            ) from error
        raise DataError(f"damaged near line {line} ({error}): a quote that is not closed?") from error
    return rows


def _is_rule(cells: Sequence[str]) -> bool:
    """Tell the line that databases draw between names and rows, such as ------+-----."""
    return any("---" in cell or "===" in cell for cell in cells) and all(map(RULE.fullmatch, cells))


def _try(head: str, mark: str) -> tuple[float, list[tuple[int, list[str]]]]:
    """Score a delimiter: how many rows have the usual width, and how many of their cells look like data."""
    rows = cells_of(head, mark)
    width = usual_width(rows)
    if width < 2:
        return 0.0, rows
    later = rows[len(rows) // 2 :]
    fit = [cells for _, cells in later if len(cells) == width]
    filled = [cell for cells in fit for cell in cells if cell.strip()]
    data = sum(map(is_datum, filled)) / max(len(filled), 1)
    # Where two marks fit the rows alike, as in "2024-03-01;1,5", the line of the names tells: it has but one of them.
    alike = sum(len(cells) == width for _, cells in rows) / len(rows)
    named = 1.1 if len(rows[0][1]) == width else 1.0
    return len(fit) / len(later) * (0.2 + data) * named + 1e-3 * alike + 1e-4 * min(width, 99), rows


def _names(
    rows: Sequence[tuple[int, list[str]]], start: int, width: int, head: str, mark: str
) -> tuple[tuple[str, ...], tuple[str, ...], int, int]:
    """Return names, units, the line of the names (0 without) and the number of lines left out above it."""
    block = start
    body = [row for _, row in rows[start:] if len(row) == width]
    used = max((i + 1 for row in body for i, cell in enumerate(row) if cell.strip()), default=width)
    while block > 0 and max(used - 1, 2) <= len(rows[block - 1][1]) <= width + 1:
        block -= 1
    titles = rows[block:start]
    if not titles:
        line = rows[start][0] if start < len(rows) else head.count("\n") + 1
        comments = _comments_above(head.split("\n")[: line - 1], width, mark)
        if comments:
            titles, block = comments, 0
        elif start > 0 and len(rows[start - 1][1]) > 1:
            raise DataError(other_width(rows[start][0], width, len(rows[start - 1][1]), mark))
        else:
            return tuple(f"column {i + 1}" for i in range(width)), ("",) * width, 0, start
    sensors = [i for i in range(width) if not all(MOMENT.match(row[i].strip()) for row in body)] or list(range(width))
    best = max(range(len(titles)), key=lambda i: (_named(titles[i][1], sensors), -i))
    line, cells = titles[best]
    cells = [" ".join(cell.split()) for cell in cells]
    if len(set(filter(None, cells))) < len(list(filter(None, cells))):
        cells = told_apart(cells, [row for _, row in titles[:best]], [row for _, row in titles[best + 1 :]])
    if used <= len(cells) < width - 1:
        cells = [*cells, *[""] * (width - len(cells))]
    extra = any(cell.strip() for cell in cells[width:])
    if mark == " " and len(cells) == width - 1 and (place := _split_clock(body)) is not None and cells[place]:
        cells = [*cells[: place + 1], cells[place] + HOURS_OF, *cells[place + 1 :]]
    if len(cells) == width - 1:
        trailing = not any(row[-1].strip() for row in body)
        extra = not trailing and not _row_names([row[0].strip() for row in body], cells[0])
        cells = [*cells, ""] if trailing else ["", *cells]  # R writes row names under no name
    if extra:
        raise DataError(other_width(rows[start][0], width, len(titles[best][1]), mark))
    parted = [clean(cell) for cell in cells[:width]]
    stems = Counter(stem for stem, _ in parted)
    names = tuple(stem if stems[stem] == 1 else cell for (stem, _), cell in zip(parted, cells, strict=False))
    units = [unit for _, unit in parted]
    for _, below in titles[best + 1 :]:
        if len(below) == width and not any(units) and _are_units(below):
            units = [unit if unit not in ("TS", "RN", "-") else "" for unit in map(_bare, below)]
    return names, tuple(units), line, line - 1


def _bare(cell: str) -> str:
    return cell.strip().strip("()[]")


def _are_units(cells: Sequence[str]) -> bool:
    """Tell a row of which most cells are units, such as m3/h or [°C]."""
    filled = [cell for cell in map(_bare, cells) if cell]
    return bool(filled) and 2 * sum(map(bool, map(UNIT.fullmatch, filled))) > len(filled)


def _comments_above(above: Sequence[str], width: int, mark: str) -> list[tuple[int, list[str]]]:
    """Return the last comments above the data that have as many cells as a row, with their lines."""
    found = []
    for line in range(len(above), 0, -1):
        if not above[line - 1].strip():
            continue
        rows = cells_of(above[line - 1].lstrip("#%/ "), mark) if above[line - 1].startswith(COMMENTS) else []
        if not rows or len(rows[0][1]) != width:
            break
        found.insert(0, (line, rows[0][1]))
    return found


def other_width(line: int, found: int, expected: int, mark: str) -> str:
    """Word the refusal of a line of another width."""
    commas = mark == "," and found > 1.5 * expected
    hint = ", or write its decimal commas within quotes" if commas else ""
    return f"line {line} has {counted(found, 'field')}, the header {expected}: mend the line{hint}"


def _split_clock(body: Sequence[Sequence[str]]) -> int | None:
    """Return the column of dates whose hours, behind a blank, are taken for the next column."""
    for place in range(len(body[0]) - 1 if body else 0):
        date, hours = ([row[column].strip() for row in body] for column in (place, place + 1))
        if all(map(MOMENT.match, date)) and not any(":" in cell for cell in date) and all(map(HOURS.match, hours)):
            return place
    return None


def _row_names(first: Sequence[str], name: str) -> bool:
    """Tell names or numbers of rows, each another, from a sensor or a clock that has lost its name."""
    if len(set(first)) < len(first) or (name.lower() in CLOCKS and any(map(MOMENT.match, first))):
        return False
    return not all(map(NUMBER.match, first)) or all(text.isdigit() for text in first)


def _named(cells: Sequence[str], sensors: Sequence[int]) -> float:
    """Say how much a row looks like one of names: above each sensor another text that is no unit and no datum."""
    filled = [cells[i].strip() for i in sensors if i < len(cells) and cells[i].strip()]
    units = sum(bool(UNIT.fullmatch(bare)) and not {"(", "["} & set(bare) for bare in map(_bare, filled))
    data = sum(bool(MOMENT.match(cell) or NUMBER.match(cell)) for cell in filled)
    timed = any(map(is_clock_name, cells)) or bool(calendar_parts([cell.strip() for cell in cells]))
    return len(set(filled)) / len(sensors) - (units + 0.5 * data) / max(len(filled), 1) + 0.2 * timed

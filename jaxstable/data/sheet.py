"""Read a text file once, by its layout, into columns of text that know the line of each row."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data import workbook
from jaxstable.data.checks import DataError
from jaxstable.data.foreign import foreign
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import Layout
from jaxstable.data.layouts.known import layout_of
from jaxstable.data.plaintext import read_plain
from jaxstable.data.ragged import refusal, told, with_ragged
from jaxstable.data.reading import ANYTHING, Reading
from jaxstable.data.vocabulary import COMMENTS, MOMENT, clean, is_datum, plain_digits
from jaxstable.phrases import counted, listed

HEAD = 1_000_000  # bytes that a layout is found out from
BLOCK = 1 << 26  # bytes that are split into cells at a time
SUMMARIES = frozenset({
    "average", "avg", "mean", "median", "max", "maximum", "min", "minimum", "sum", "total", "std", "stdev",
    "count", "mittelwert", "mittel", "summe", "gesamt", "moyenne", "somme", "media", "totale", "suma", "promedio",
    "máximo", "mínimo", "média", "итого", "合計", "合计", "平均",
})  # fmt: skip
EMPTY = [" " * count for count in range(33)]


class Sheet(NamedTuple):
    """The cells of a file.

    Attributes:
        names: name of each column, "" for one without.
        columns: arrow array of text [rows] for each column; null where a cell is empty.
        lines: int [rows], the line that each row starts in.
        layout: what the file looks like.
        notes: rows (what, how) of what was decided.
        repeats: int, the lines that repeat the header, which are left out.
    """

    names: tuple[str, ...]
    columns: list[Any]
    lines: np.ndarray
    layout: Layout
    notes: list[tuple[str, str]]
    repeats: np.ndarray


def read_sheet(path: str | Path, asked: Reading = ANYTHING) -> Sheet:
    """Read a file of cells.

    Lines that are comments are left out, and so are lines of words below the data. A blank line is a row without
    an entry, except where every second line is one, which is a line end written twice.

    Args:
        path: text, text packed by gzip or zip, or a workbook.
        asked: what is known of it: layout, encoding, sheet and ragged count here.

    Raises:
        DataError: no such file, no layout that fits, a line of another width, or no rows.
    """
    suffix = Path(path).suffix.lower()
    is_book = suffix in workbook.SUFFIXES
    if asked.sheet is not None and not is_book:
        raise DataError(f"sheet={asked.sheet!r}: {Path(path).name} is no workbook, so it has no sheets: leave it out")
    decimal = None
    if is_book:
        plain, encoding, decimal = workbook.read_workbook(Path(path), asked.sheet, asked.decimal)
    else:
        plain, encoding = read_plain(Path(path), asked.encoding)
    head = plain if len(plain) <= HEAD else plain[: plain.rfind(b"\n", 0, HEAD) + 1]
    if strange := foreign(head[:200].decode(errors="replace")):
        raise DataError(f"{path} {strange}")
    try:
        plan = layout_of(head.decode(), asked.layout, "\t" if suffix == ".tsv" or is_book else None)
    except DataError as error:
        said = "" if asked.encoding is None else f" (read as {asked.encoding}: leave encoding= out to have it found)"
        raise DataError(f"{path}{'' if re.match('is |holds ', str(error)) else ':'} {error}{said}") from error
    plan = dataclasses.replace(plan, decimal=decimal or plan.decimal)
    body, width = plain_digits(_body(plain, plan)), len(plan.names)
    columns, rows, ragged = _cells(body, plan.delimiter, width)
    lines = plan.first + _starts(body, rows)
    notes = [("file", f"{suffix.lstrip('.') or 'text'}, {encoding}"), *plan.notes]
    keep, said = _kept(columns, lines, body)
    comments = _comments(columns[0])
    if len(comments):
        keep[comments] = False
        said.append(("lines left out", f"{counted(len(comments), 'comment')} among the rows"))
    again = _repeats(columns, plan.names, lines)
    repeats = lines[again]
    if len(again):
        keep[again] = False
        said.append(("lines left out", f"{counted(len(again), 'line')} that repeat the header, line {repeats[0]}"))
    last = int(lines[keep][-1]) if keep.any() else 0
    footer, torn = [], []
    for number, text in ragged:
        line = plan.first + int(_starts(body, np.array([number]))[0])
        words = [cell for cell in text.split(plan.delimiter) if cell.strip()]
        if text.lstrip().startswith(COMMENTS):
            continue
        if line > last and _is_prose(words):
            footer.append(line)
        else:
            torn.append((line, text))
    if footer:
        said.append(("lines left out", f"{counted(len(footer), 'line')} of words below the data"))
    if torn:
        ragged_lines = asked.ragged or plan.ragged
        if ragged_lines is None:
            raise DataError(f"{path}: {refusal(torn[0][0], torn[0][1], width, plan.delimiter)}")
        notes.append(told(torn, ragged_lines))
        torn = [row for row in torn if ragged_lines == "short" or row[0] < last]
        columns, lines, keep = with_ragged(columns, lines, keep, torn, ragged_lines, plan.delimiter)
    if not keep.any():
        raise DataError(f"{path} has no rows of data under its header")
    if not keep.all():
        columns = [column.filter(_arrow_mask(keep)) for column in columns]
    return Sheet(plan.names, columns, lines[keep], plan, notes + said, repeats)


def without_blanks(sheet: Sheet) -> Sheet:
    """Leave out rows without an entry, such as stand between the tables of a long file."""
    filled = np.any([column.is_valid().to_numpy(zero_copy_only=False) for column in sheet.columns], axis=0)
    columns = [column.filter(_arrow_mask(filled)) for column in sheet.columns]
    return sheet._replace(columns=columns, lines=sheet.lines[filled])


def _body(plain: bytes, plan: Layout) -> bytes:
    """Return what is below the lines above the data; runs of blanks are one where they split cells."""
    at = 0
    for _ in range(plan.first):
        at = plain.find(b"\n", at) + 1
        if not at:
            return b""
    body = plain[at:]
    if plan.delimiter == " ":
        pieces = re.split(rb'("[^"\n]*")', body)  # blanks within quotes stay
        pieces[::2] = [re.sub(rb"[ \t]+", b" ", piece) for piece in pieces[::2]]
        return re.sub(rb"(?m)^ +| +$", b"", b"".join(pieces))
    mark = re.escape(plan.delimiter.encode())
    return re.sub(rb"(" + mark + rb') +"', rb'\1"', body) if b'"' in body else body


def _cells(body: bytes, delimiter: str, width: int) -> tuple[list[Any], np.ndarray, list[tuple[int, str]]]:
    """Return the columns as text, null where empty; the number of each row from 1; and the rows of another width."""
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[tuple[int, str]] = []

    def note(row: Any) -> str:
        ragged.append((row.number, row.text))
        return "skip"

    keys = [str(i) for i in range(width)]
    if body.isspace() or not body:
        return [pa.array([], pa.string())] * width, np.zeros(0, int), []
    try:
        # One thread: it is as fast here, and only then are the numbers of ragged rows known.
        table = csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=keys, use_threads=False, block_size=BLOCK),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in body,
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=True, null_values=EMPTY
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"the file is damaged ({' '.join(str(error).split())}): a quote that is not closed?") from error
    rows = np.arange(1, table.num_rows + len(ragged) + 1)
    good = np.ones(len(rows), dtype=bool)
    good[[number - 1 for number, _ in ragged]] = False
    return [column.combine_chunks() for column in table.columns], rows[good], ragged


def _starts(body: bytes, rows: np.ndarray) -> np.ndarray:
    """Return the line in which each of these rows starts, where quoted cells may hold line ends."""
    if b'"' not in body:
        return rows
    signs = np.frombuffer(body, np.uint8)
    ends = np.flatnonzero(signs == ord("\n"))
    quotes = np.flatnonzero(signs == ord('"'))
    outside = np.searchsorted(quotes, ends) % 2 == 0
    if outside.all():
        return rows
    starts = np.append(1, np.flatnonzero(outside) + 2)
    return starts[np.minimum(rows - 1, len(starts) - 1)]


def _kept(columns: list[Any], lines: np.ndarray, body: bytes) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Return which rows stay: no blank ones at the end, no doubled line ends, no words below the data."""
    if not len(lines):
        return np.zeros(0, bool), []
    filled = [c.is_valid().to_numpy(zero_copy_only=False) for c in columns]
    blank: np.ndarray = ~filled[0]
    for column in filled[1:]:
        if not blank.any():
            break
        blank = blank & ~column
    keep = np.ones(len(lines), dtype=bool)
    blanks = []
    if blank.all():
        return np.zeros(len(lines), bool), []
    end = int(np.flatnonzero(~blank)[-1]) + 1
    keep[end:] = False
    words = 0
    while end > 1 and filled[0][end - 1] and len(filled) > 1 and not any(column[end - 1] for column in filled[1:]):
        cell = columns[0][end - 1].as_py()
        if is_datum(cell) or not any(column[: end - 1].any() for column in filled[1:]):
            break
        end, words = end - 1, words + 1
        keep[end:] = False
    while end > 2 and _is_summary(columns, end - 1):
        end, words = end - 1, words + 1
        keep[end:] = False
    if words:
        blanks.append(("lines left out", f"{counted(words, 'line')} of words or sums below the data"))
    inner = blank[:end]
    if inner.any():
        if len(inner) > 2 and inner[1::2].all() and not inner[::2].any() and body.count(b"\n\n") >= inner.sum():
            keep &= ~blank
            blanks.append(("blank lines", "every second line: taken for doubled line ends"))
        else:
            blanks.append(("blank lines", f"{int(inner.sum())} between rows, each a row without an entry"))
    return keep, blanks


def _is_summary(columns: list[Any], row: int) -> bool:
    """Tell a row that sums up the others by its first word, such as Average or Total."""
    first = next((cell for column in columns[:2] if (cell := column[row].as_py())), "")
    words = re.findall(r"[^\W\d_]+", first.lower())
    return bool(words) and words[0] in SUMMARIES


def _is_prose(words: Sequence[str]) -> bool:
    """Tell the words of a footer, such as "60 rows selected.", from a torn row."""
    if not any(map(is_datum, words)):
        return True
    letters = sum(word.strip(" .,:!").isalpha() for word in words)
    return 2 * letters > len(words) and not MOMENT.match(words[0].strip())


def _comments(column: Any) -> np.ndarray:
    """Return the rows that are comments as wide as the data, unless the first column is full of such signs."""
    signs = kernels().fill_null(kernels().starts_with(column, "#"), False).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(signs)
    rows = rows[[not is_datum(column[int(row)].as_py()) for row in rows[:10_000]]] if len(rows) < 10_000 else rows[:0]
    return rows if 5 * len(rows) < len(column) else rows[:0]


def _repeats(columns: list[Any], names: tuple[str, ...], lines: np.ndarray) -> np.ndarray:
    """Return the rows that hold the names again, as files do that were put below each other."""
    place = next((i for i, name in enumerate(names) if name), None)
    if place is None:
        return np.zeros(0, int)
    pc = kernels()
    alike = pc.fill_null(pc.starts_with(pc.utf8_trim_whitespace(columns[place]), names[place]), False)
    rows = np.flatnonzero(alike.to_numpy(zero_copy_only=False))

    def is_header(row: int) -> bool:
        cells = [column[row].as_py() or "" for column in columns]
        return all(
            cell.strip() == name or clean(cell)[0] == name for cell, name in zip(cells, names, strict=True) if name
        )

    for row in rows[:10_000]:
        cells = [(column[row].as_py() or "").strip() for column in columns]
        if cells[place] == names[place] and not is_header(row) and not any(map(is_datum, cells)):
            raise DataError(
                f"line {lines[row]} holds the names of another table, {listed(cells)}: save each table as a file of "
                "its own"
            )
    return np.array([row for row in rows[:10_000] if is_header(row)], int)


def _arrow_mask(keep: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.array(keep)

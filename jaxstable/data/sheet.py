"""Read a text file once, by its layout, into columns of text that know the line of each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxstable.data.checks import DataError, counted
from jaxstable.data.kernels import kernels
from jaxstable.data.layout import COMMENTS, Layout, is_datum
from jaxstable.data.layouts.known import layout_of
from jaxstable.data.plaintext import read_text


class Sheet(NamedTuple):
    """The cells of a file.

    Attributes:
        names: name of each column, "" for one without.
        columns: arrow array of text [rows] for each column; "" where a row ends early or is blank.
        lines: int [rows], the line that each row starts in.
        layout: what the file looks like.
        notes: rows (what, how) of what was decided.
    """

    names: tuple[str, ...]
    columns: list[Any]
    lines: np.ndarray
    layout: Layout
    notes: list[tuple[str, str]]


def read_sheet(path: str | Path, layout: str | Layout | None = None) -> Sheet:
    """Read a file of cells.

    Lines that are comments are left out, and so are lines of words below the data. A blank line is a row without
    an entry, except where every second line is one, which is a line end written twice.

    Args:
        path: text, or text packed by gzip or zip.
        layout: name of a layout, one of your own, or None to find it out.

    Raises:
        DataError: no such file, no layout that fits, a line of another width, or no rows.
    """
    text, encoding = read_text(Path(path))
    try:
        plan = layout_of(text, layout, "\t" if Path(path).suffix.lower() == ".tsv" else None)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    body, width = _body(text, plan), len(plan.names)
    columns, rows, ragged = _cells(body.encode(), plan.delimiter, width)
    lines = plan.first + (rows if '"' not in body else _starts(body, plan.delimiter, rows))
    notes = [("file", f"{Path(path).suffix.lower().lstrip('.') or 'text'}, {encoding}"), *plan.notes]
    keep, told = _kept(columns, lines, body.count("\n\n"))
    last = int(lines[keep][-1]) if keep.any() else 0
    footer = []
    for number, line_text in ragged:
        line = plan.first + number if '"' not in body else plan.first + int(_starts(body, plan.delimiter, [number])[0])
        words = [cell for cell in line_text.split(plan.delimiter) if cell.strip()]
        if line_text.lstrip().startswith(COMMENTS):
            continue
        if line > last and not any(map(is_datum, words)):
            footer.append(line)
            continue
        found = len(line_text.split(plan.delimiter))
        raise DataError(f"{path}: line {line} has {found} fields, the header {width}: mend the line")
    if footer:
        told.append(("lines left out", f"{counted(len(footer), 'line')} of words below the data"))
    if not keep.any():
        raise DataError(f"{path} has no rows of data under its header")
    if not keep.all():
        columns = [column.filter(_arrow_mask(keep)) for column in columns]
    return Sheet(plan.names, columns, lines[keep], plan, notes + told)


def _body(text: str, plan: Layout) -> str:
    at = 0
    for _ in range(plan.first):
        at = text.find("\n", at) + 1
        if not at:
            return ""
    body = text[at:]
    if plan.delimiter == " ":
        return re.sub(r"(?m)^ +| +$", "", re.sub(r"[ \t]+", " ", body))
    return body


def _cells(body: bytes, delimiter: str, width: int) -> tuple[list[Any], np.ndarray, list[tuple[int, str]]]:
    """Return the columns as text, the number of each row from 1, and the rows of another width."""
    import pyarrow as pa
    from pyarrow import csv

    ragged: list[tuple[int, str]] = []

    def note(row: Any) -> str:
        ragged.append((row.number, row.text))
        return "skip"

    keys = [str(i) for i in range(width)]
    if not body.strip():
        return [pa.array([], pa.string())] * width, np.zeros(0, int), []
    try:
        # One thread: it is as fast here, and only then are the numbers of ragged rows known.
        table = csv.read_csv(
            pa.BufferReader(body),
            read_options=csv.ReadOptions(column_names=keys, use_threads=False, block_size=max(1 << 24, 1 << 20)),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                ignore_empty_lines=False,
                newlines_in_values=b'"' in body,
                invalid_row_handler=note,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"the file is damaged ({' '.join(str(error).split())}): a quote that is not closed?") from error
    rows = np.arange(1, table.num_rows + len(ragged) + 1)
    good = np.ones(len(rows), dtype=bool)
    good[[number - 1 for number, _ in ragged]] = False
    return [column.combine_chunks() for column in table.columns], rows[good], ragged


def _starts(body: str, delimiter: str, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the line in which each of these rows starts, where quoted cells may hold line ends."""
    open_quotes = np.cumsum(np.frombuffer(body.encode(), np.uint8) == ord('"'))
    ends = np.flatnonzero(np.frombuffer(body.encode(), np.uint8) == ord("\n"))
    outside = open_quotes[ends] % 2 == 0
    starts = np.append(1, np.flatnonzero(outside) + 2)
    return starts[np.minimum(np.asarray(rows) - 1, len(starts) - 1)]


def _kept(columns: list[Any], lines: np.ndarray, empty: int) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Return which rows stay: no blank ones at the end, no doubled line ends, no words below the data."""
    pc = kernels()
    if not len(lines):
        return np.zeros(0, bool), []
    filled = np.stack([pc.not_equal(pc.utf8_trim_whitespace(c), "").to_numpy(zero_copy_only=False) for c in columns])
    blank: np.ndarray = ~np.any(filled, axis=0)
    keep = np.ones(len(lines), dtype=bool)
    told = []
    if blank.all():
        return np.zeros(len(lines), bool), []
    end = int(np.flatnonzero(~blank)[-1]) + 1
    keep[end:] = False
    words = 0
    while end > 1 and filled[:, end - 1].sum() == 1 and filled[0, end - 1] and filled.shape[0] > 1:
        cell = columns[0][end - 1].as_py()
        if is_datum(cell) or filled[1:, : end - 1].sum() == 0:
            break
        end, words = end - 1, words + 1
        keep[end:] = False
    if words:
        told.append(("lines left out", f"{counted(words, 'line')} of words below the data"))
    inner = blank[:end]
    if inner.any():
        if len(inner) > 2 and inner[1::2].all() and not inner[::2].any() and empty >= inner.sum():
            keep &= ~blank
            told.append(("blank lines", "every second line: taken for doubled line ends"))
        else:
            told.append(("blank lines", f"{int(inner.sum())} between rows, each a row without an entry"))
    return keep, told


def _arrow_mask(keep: np.ndarray) -> Any:
    import pyarrow as pa

    return pa.array(keep)

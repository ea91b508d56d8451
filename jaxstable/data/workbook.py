"""Turn a sheet of an Excel workbook into text of cells, one line for each row, which the readers of text then take."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxstable.data.checks import DataError
from jaxstable.data.numerals import decimal_mark
from jaxstable.phrases import listed, nearest, shortened

SUFFIXES = (".xlsx", ".xlsm")
OTHERS = (".xls", ".xlsb", ".ods", ".numbers")  # workbooks of a kind that is not read
MIDNIGHT = datetime.time()
NUMBER = re.compile(r"[-+]?[\d.,]*\d[.,]\d[\d.,]*(?:[eE][-+]?\d+)?")  # written as text, with a mark


class Book(NamedTuple):
    """A sheet as lines of cells split by tabs, in UTF-8; which sheet it is; its decimal mark."""

    text: bytes
    how: str
    decimal: str


def read_workbook(path: Path, sheet: str | None = None, decimal: str | None = None) -> Book:
    """Read a sheet as lines of cells.

    Args:
        path: an .xlsx file.
        sheet: its name; None takes the only one that holds cells and is not hidden.
        decimal: the mark in cells of text that hold numbers; None finds it out. Numbers that the workbook holds as
            such are written with the same mark.

    Raises:
        DataError: no such file or sheet, several sheets to choose from, openpyxl is not there, a damaged file, a
            formula whose value was never worked out, or texts that are two numbers each.
    """
    if not path.is_file():
        raise DataError(f"no such file: {path.absolute()}")
    values = _opened(path, computed=True)
    shown = [name for name in values if sheet is not None or values[name].sheet_state == "visible"]
    if sheet is not None and sheet not in shown:
        raise DataError(
            f"sheet={shortened(sheet)}: {path.name} holds the sheets {listed(shown)}{nearest(str(sheet), shown)}"
        )
    tables = {name: _rows(values[name]) for name in (shown if sheet is None else [sheet])}
    filled = [name for name, rows in tables.items() if rows]
    if len(filled) > 1:
        raise DataError(f"{path.name} holds the sheets {listed(filled)}: say which, such as sheet={filled[0]!r}")
    if not filled:
        raise DataError(f"{path.name} holds no cells" + ("" if sheet is None else f" in the sheet {sheet!r}"))
    [name] = filled
    rows = tables[name]
    if any(None in row for row in rows):
        _refuse_unknown(_opened(path, computed=False)[name], rows, path)
    text = io.StringIO()
    mark = decimal or _mark(rows, path)
    columns = [_written(column, mark) for column in zip(*rows, strict=True)]
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(zip(*columns, strict=True))
    return Book(text.getvalue().encode(), f"sheet {name!r}", mark)


def _opened(path: Path, computed: bool) -> dict[str, Any]:
    """Return the sheets by name, formulas by their value or as they are written."""
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(f"{path.name}: a workbook needs openpyxl: pip install openpyxl, or save it as CSV") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and the like, which are not read
        try:
            book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=computed)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise DataError(
                f"{path.name} cannot be read as a workbook ({error}): open it in a spreadsheet program and save it as "
                "an .xlsx without a password, or as CSV"
            ) from error
    return {sheet.title: sheet for sheet in book.worksheets}


def _rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Return the values of a sheet, all rows of one width; nothing if it is empty."""
    rows = [tuple(None if cell == "" else cell for cell in row) for row in sheet.iter_rows(values_only=True)]
    width = max((i + 1 for row in rows for i, cell in enumerate(row) if cell is not None), default=0)
    return [(*row[:width], *[None] * (width - len(row))) for row in rows] if width else []


def _refuse_unknown(formulas: Any, rows: Sequence[Sequence[Any]], path: Path) -> None:
    """Refuse a formula without a value, as a program leaves it that writes workbooks and works nothing out."""
    for number, (row, written) in enumerate(zip(rows, formulas.iter_rows(values_only=True), strict=False), 1):
        for column, (cell, formula) in enumerate(zip(row, written, strict=False), 1):
            if cell is None and isinstance(formula, str) and formula.startswith("="):
                raise DataError(
                    f"{path.name}: row {number}, column {column} holds the formula {shortened(formula)} without its "
                    "value: open the workbook in a spreadsheet program and save it"
                )


def _mark(rows: Sequence[Sequence[Any]], path: Path) -> str:
    """Return the decimal mark of the cells of text, which numbers that are held as such say nothing of."""
    import pyarrow as pa

    texts = [cell.strip() for row in rows for cell in row if isinstance(cell, str) and NUMBER.fullmatch(cell.strip())]
    mark = decimal_mark([pa.array(texts, pa.string())], ";")
    if mark is None and texts:
        raise DataError(
            f"{path.name} holds the text {texts[0]!r}, of which nothing says whether its mark is the decimal one: say "
            "decimal='.' or decimal=','"
        )
    return mark or "."


def _written(column: Sequence[Any], decimal: str) -> Iterator[str]:
    """Write the cells of a column as text; days without an hour in all of its cells are written as days."""
    moments = [cell for cell in column if isinstance(cell, datetime.datetime)]
    days = all(moment.time() == MIDNIGHT for moment in moments)
    for cell in column:
        if isinstance(cell, datetime.datetime):
            cell += datetime.timedelta(microseconds=500)  # a day in floating point is good to a millisecond
            cell = cell.replace(microsecond=cell.microsecond // 1000 * 1000)
            yield f"{cell:%Y-%m-%d}" if days else cell.isoformat(" ")
        elif isinstance(cell, float):
            yield repr(cell).replace(".", decimal)
        else:
            yield "" if cell is None else " ".join(str(cell).split())

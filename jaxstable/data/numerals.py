"""Turn columns of text into numbers: which mark is the decimal one is decided from all cells, or refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

import numpy as np

from jaxstable.data.checks import DataError, not_numeric
from jaxstable.data.kernels import kernels
from jaxstable.data.vocabulary import LETTERS, MISSING, STATES
from jaxstable.phrases import counted

SPACES = "[ \u00a0\u2007\u2009\u202f'\u2019]"
CODES = {  # what looks like a number and is none, where all cells of a column do
    "a word of bits": "^[01]{4,}$",
    "an address": r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$",
    "a code": r"^\d+E\d+$",
}
CENSORED = re.compile(r"[<>≤≥]\s*[\d.,]+$")
MINUS_BEHIND = r"^(\d[\d.,]*)-$"  # as SAP writes what is below zero
END = r"(?:[eE][+-]?\d+)?$"


def _readings(mark: str) -> str:
    other = re.escape("," if mark == "." else ".")
    mark = re.escape(mark)
    number = rf"\d+{mark}?\d*|{mark}\d+|\d{{1,3}}(?:{other}\d{{3}})+(?:{mark}\d*)?"
    return rf"^[+-]?(?:(?:{number}){END}|(?i:inf(?:inity)?)$)"


def _proofs(mark: str) -> str:
    """Match a cell that can be read with this decimal mark only."""
    other = re.escape("," if mark == "." else ".")
    mark = re.escape(mark)
    odd = r"(?:\d{1,2}|\d{4,})(?:[eE].*)?$|\d{3}[eE]"
    return (
        rf"^[+-]?(?:\d*{mark}{odd}|0\d*{mark}\d+{END}|\d{{4,}}{mark}\d+|{mark}\d+$|\d+{mark}$"
        rf"|\d{{1,3}}(?:{other}\d{{3}})+{mark}\d*$|\d{{1,3}}(?:{other}\d{{3}}){{2,}}$)"
    )


READS = {mark: _readings(mark) for mark in ".,"}
PROVES = {mark: _proofs(mark) for mark in ".,"}


def holds(column: Any, sign: str) -> bool:
    """Tell whether a sign is anywhere in a column of text; most often its bytes say no at once."""
    held = column.buffers()[2] if hasattr(column, "buffers") else None
    if held is not None and sign.encode() not in held.to_pybytes():
        return False
    return bool(kernels().any(kernels().match_substring(column, sign)).as_py())


def decimal_mark(columns: Sequence[Any], delimiter: str) -> str | None:
    """Return the decimal mark of a file, if some cell of it can be read in one way only.

    Args:
        columns: arrow arrays of text.
        delimiter: what splits cells; a comma, or blanks, leave the point unless a cell says otherwise.

    Returns:
        "." or ",", or None if nothing says it, or cells say both.

    Example:
        >>> import pyarrow as pa
        >>> decimal_mark([pa.array(["0,5", "1.012"])], ";")
        ','
    """
    pc = kernels()
    proved = set()
    for mark in ",.":
        for column in columns:
            if mark == "." and delimiter in ", " and not proved:
                break
            if holds(column, mark):
                cells = pc.utf8_trim_whitespace(column)
                if pc.any(pc.match_substring_regex(cells, PROVES[mark])).as_py():
                    proved.add(mark)
                    break
    if not proved and delimiter in ", ":
        return "."
    return proved.pop() if len(proved) == 1 else None


def to_numbers(
    column: Any,
    name: str,
    place: Callable[[int], str],
    decimal: str | None = None,
    missing: Collection[str] = (),
) -> tuple[np.ndarray, list[str]]:
    """Turn one column of text into numbers.

    Args:
        column: arrow array of text.
        name: name of the column, for messages.
        place: names the place of a row, such as "line 12".
        decimal: decimal mark of the file, or None if the column decides.
        missing: texts that mean missing, besides the usual ones.

    Returns:
        float64 [rows], NaN where missing, and what is worth saying of how they were read.

    Raises:
        DataError: a cell is no number, or the column can be read in two ways.

    Example:
        >>> import pyarrow as pa
        >>> to_numbers(pa.array(["on", "OFF", "-"]), "pump", "row {}".format)
        (array([ 1.,  0., nan]), ['on = 1, off = 0'])
    """
    import pyarrow as pa

    pc = kernels()
    _refuse_codes(column, name, place)
    texts = {*MISSING, *(text.strip().lower() for text in missing)}
    if decimal is not None:  # most columns are plain numbers, and need no look at each cell
        forms = sorted({form for text in texts for form in (text, text.upper(), text.title())})
        for plain in (lambda: column, lambda: pc.if_else(pc.is_in(column, pa.array(forms)), None, column)):
            try:
                cells = plain()
                if decimal == ",":
                    if holds(cells, "."):
                        break
                    cells = pc.replace_substring(cells, ",", ".")
                return pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False), []
            except pa.ArrowInvalid:
                continue
    cells = pc.utf8_trim_whitespace(column)
    gone = pc.is_in(pc.utf8_lower(cells), pa.array(sorted(texts)))
    cells = pc.if_else(gone, None, cells)
    told = []
    present = cells.drop_null()
    if not len(present):
        return np.full(len(column), np.nan), told
    kinds = pc.unique(pc.utf8_lower(present.slice(0, 1000))).to_pylist()
    known = {**next((pair for pair in LETTERS if set(pair) == set(kinds)), STATES), "1": 1.0, "0": 0.0}
    if set(kinds) <= set(known) and not set(kinds := pc.unique(pc.utf8_lower(present)).to_pylist()) - set(known):
        if set(kinds) <= {"0", "1"}:
            return pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False), told
        told.append(", ".join(f"{kind} = {known[kind]:g}" for kind in sorted(kinds, key=lambda k: -known[k])))
        found = pc.index_in(pc.utf8_lower(cells), pa.array(list(known))).to_numpy(zero_copy_only=False)
        numbers = np.array([*known.values(), np.nan])
        return numbers[np.nan_to_num(found, nan=len(known)).astype(int)], told
    if not holds(present, ",") and (decimal == "." or not holds(present, ".")):
        try:
            return pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False), told
        except pa.ArrowInvalid:
            pass
    if not _fits(present):
        cells = pc.replace_substring(cells, "\u2212", "-")
        cells = pc.replace_substring_regex(cells, r"^([+-]) +([\d.,])", r"\1\2")
        cells = pc.replace_substring_regex(cells, r"^([+-]?[\d.,]+)[dD]([+-]\d+)$", r"\1E\2")  # of Fortran
        plain = pc.replace_substring_regex(cells, MINUS_BEHIND, r"-\1")
        if _fits(plain.drop_null()) and not pc.all(pc.equal(plain, cells)).as_py():
            told.append(f"{cells.filter(pc.not_equal(plain, cells))[0].as_py()!r} is below zero")
            cells = plain
        present = cells.drop_null()
    if not _fits(present):
        groups = pc.fill_null(
            pc.match_substring_regex(cells, rf"^[+-]?\d{{1,3}}(?:{SPACES}\d{{3}})+(?:[.,]\d*)?$"), False
        )
        packed = pc.replace_substring_regex(cells, rf"(\d){SPACES}", r"\1")
        cells, raw = pc.if_else(groups, packed, cells), cells
        present = cells.drop_null()
        if not _fits(present):
            _refuse(raw, name, place)
        told.append("blanks split thousands")
    mark = _chosen(cells, present, name, place, decimal)
    other = "," if mark == "." else "."
    if holds(present, other):
        told.append(f"{other!r} splits thousands")
        cells = pc.replace_substring(cells, other, "")
    return pc.cast(pc.replace_substring(cells, ",", "."), pa.float64()).to_numpy(zero_copy_only=False), told


def _refuse_codes(column: Any, name: str, place: Callable[[int], str]) -> None:
    """Refuse codes that can be read as numbers but are none: words of bits, addresses, and codes such as 1E5."""
    pc = kernels()
    head = column.slice(0, 20).drop_null()
    for what, form in CODES.items():
        if not len(head) or not pc.all(pc.match_substring_regex(head, form)).as_py():
            continue
        present = column.drop_null()
        if what == "a word of bits":
            widths = pc.min_max(pc.utf8_length(present)).as_py()
            plain = not pc.any(pc.starts_with(present, "0")).as_py() or widths["min"] < widths["max"]
            if plain or not pc.any(pc.match_substring_regex(present, "1[01]")).as_py():
                continue  # 0001 is 1 either way
        if pc.all(pc.match_substring_regex(present, form)).as_py():
            row = int(np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))[0])
            raise DataError(
                f"column {name!r}: {place(row)} holds {column[row].as_py()!r}, {what} and no number: write numbers in "
                f"its place, or leave it out, columns={['-' + name]!r}"
            )


def refuse_pairs(column: Any, name: str, place: Callable[[int], str]) -> None:
    """Refuse cells such as "+0056,1" between commas: a number with a decimal comma, or one and a code behind it."""
    pairs = kernels().match_substring_regex(column, r"^[+-]?0\d+,\d+$") if holds(column, ",") else None
    if pairs is None or not kernels().any(pairs).as_py():
        return
    row = int(np.flatnonzero(pairs.to_numpy(zero_copy_only=False).astype(bool))[0])
    number, code = column[row].as_py().split(",")
    raise DataError(
        f"column {name!r}: {place(row)} holds {column[row].as_py()!r}, which can be {int(number)}.{code}, or "
        f"{int(number)} and a code behind it: say decimal=',' for the first; otherwise write the two into columns of "
        f"their own, or leave it out, columns={['-' + name]!r}"
    )


def _fits(present: Any) -> list[str]:
    """Return the decimal marks under which every cell is a number."""
    pc = kernels()
    return [mark for mark in ".," if pc.all(pc.match_substring_regex(present, READS[mark])).as_py()]


def _chosen(cells: Any, present: Any, name: str, place: Callable[[int], str], decimal: str | None) -> str:
    """Return the decimal mark under which every cell of a column is a number."""
    pc = kernels()
    fits = _fits(present)
    if len(fits) == 1:
        return fits[0]
    if decimal is not None:
        return decimal
    marked = pc.match_substring_regex(present, "[.,]")
    plain = present.filter(pc.invert(marked))
    mark = "." if holds(present, ".") else ","
    if len(plain) and np.median(pc.cast(plain, "float64").to_numpy(zero_copy_only=False)) >= 100:
        return "," if mark == "." else "."  # 986 beside 1.012: beyond 999 the thousands are split
    row = int(np.flatnonzero(pc.fill_null(pc.match_substring(cells, mark), False).to_numpy(zero_copy_only=False))[0])
    cell = cells[row].as_py()
    fraction, whole = cell.replace(",", "."), cell.replace(mark, "")
    raise DataError(
        f"column {name!r}: {place(row)} holds {cell!r}, which can be {fraction} or {whole}, and nothing in the file "
        f"decides: say decimal='{mark}' for {fraction}, or decimal='{',' if mark == '.' else '.'}' for {whole}"
    )


def _refuse(cells: Any, name: str, place: Callable[[int], str]) -> NoReturn:
    """Refuse a column for the first of its cells that is no number."""
    pc = kernels()
    ways = [pc.fill_null(pc.match_substring_regex(cells, READS[mark]), True) for mark in ".,"]
    plain = max((way.to_numpy(zero_copy_only=False) for way in ways), key=np.count_nonzero)
    bad = np.flatnonzero(~plain)
    cell = cells[int(bad[0])].as_py() if len(bad) else cells.drop_null()[0].as_py()
    where = place(int(bad[0]) if len(bad) else 0)
    other = [text for text in pc.unique(cells.take(bad)).to_pylist() if text is not None] if len(bad) else []
    strange = [text for text in other if text.lower() not in STATES]
    rows = [row for row, text in enumerate(cells.to_pylist()) if text in strange] if len(strange) <= 5 else []
    if rows and len(strange) < len(other) and 4 * len(rows) < len(cells):
        shown = repr(strange[0]) if len(strange) == 1 else repr(strange)
        raise DataError(
            f"column {name!r} is not numeric: {place(rows[0])} holds {cells[rows[0]].as_py()!r} among switches; if it "
            f"stands for missing, say missing={shown}; otherwise leave the column out, columns={['-' + name]!r}"
        )
    if CENSORED.match(cell):
        raise DataError(
            f"column {name!r}: {where} holds {cell!r}, beyond what the instrument can measure: say missing={cell!r} to "
            "take such a reading for missing, or write the limit itself into the file"
        )
    if 2 * len(bad) < len(cells) and len(other) <= 5 and not any(text[:1].isdigit() for text in other):
        shown = repr(other[0]) if len(other) == 1 else repr(other)
        raise DataError(
            f"column {name!r} is not numeric: {where} holds {cell!r} ({counted(len(bad), 'such cell')}); if it stands "
            f"for missing, say missing={shown}; otherwise leave the column out, columns={['-' + name]!r}"
        )
    raise DataError(not_numeric(name, where, cell))

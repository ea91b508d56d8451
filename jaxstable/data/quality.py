"""Columns that say how good a reading is: words such as Good and Bad, or the numbers of OPC and WinCC."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxstable.data.kernels import kernels
from jaxstable.phrases import counted

NAME = re.compile(r"status(?:code)?|validity|.*quality.*", re.IGNORECASE)
FLAG = re.compile(r"(.+?)[ ._-](?:q|qc|quality|status|statuscode|flag|validity)$", re.IGNORECASE)
BEFORE = re.compile(r"(?:q|qc|qn|quality|status|flag)[ ._-](.+)$", re.IGNORECASE)
VALUE = re.compile(r"[ ._-](?:value|val|pv|wert)$", re.IGNORECASE)


def flagged(names: Iterable[str]) -> dict[str, str]:
    """Return the columns that say how good another one is, and that one.

    Example:
        >>> flagged(["Flow", "Flow_Q", "Temp_VALUE", "Temp_QUALITY"])
        {'Flow_Q': 'Flow', 'Temp_QUALITY': 'Temp_VALUE'}
        >>> flagged(["Flow_VALUE", "Flow", "Flow_Q"])  # the one of that very name
        {'Flow_Q': 'Flow'}
    """
    names = list(names)
    found = {name: match[1] for name in names if (match := FLAG.match(name) or BEFORE.match(name))}
    sensors = [name for name in names if name not in found]
    stems = {VALUE.sub("", name): name for name in reversed(sensors)} | {name: name for name in sensors}
    return {name: stems[stem] for name, stem in found.items() if stem in stems}


def good(name: str, column: Any, codes: Sequence[float] = ()) -> np.ndarray | None:
    """Return which rows are good, or None where nothing is known of how the column says it.

    Words are good that begin with "good"; numbers of OPC are good from 192 to 255, status codes at 0, and the
    validity of WinCC at 1. At least half of the rows must be. Where the layout names the numbers of good readings,
    nothing else is asked.

    Args:
        name: of the column.
        column: arrow array of text.
        codes: numbers of good readings, where they are known.
    """
    import pyarrow as pa

    pc = kernels()
    cells = pc.fill_null(pc.utf8_trim_whitespace(column), "")
    words = pc.utf8_lower(cells)
    found = pc.starts_with(words, "good").to_numpy(zero_copy_only=False)
    try:
        numbers = pc.cast(cells, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        return found if 2 * found.sum() >= len(found) > 0 else None
    if codes:
        return np.isin(numbers, codes)
    low = name.lower()
    if low.endswith("statuscode"):
        found = numbers == 0
    elif low.endswith("validity"):
        found = numbers == 1
    elif ((numbers >= 0) & (numbers <= 255)).all() and (numbers >= 192).any():
        found = numbers >= 192
    return found if 2 * found.sum() >= len(found) > 0 else None


def without_bad(columns: Mapping[str, Any], names: Collection[str], texts: Any) -> tuple[Any, str]:
    """Return the values without those that a column of quality calls bad, and what is worth saying of it.

    Args:
        columns: of the table.
        names: those of them that are no column of quality.
        texts: arrow array of the values.
    """
    import pyarrow as pa

    column = next((name for name in columns if NAME.fullmatch(name) and name not in names), None)
    if column is None:
        return texts, ""
    cells = columns[column]
    cells = cells if hasattr(cells, "null_count") else pa.array([None if c is None else str(c) for c in cells])
    right = good(column, cells)
    if right is None:
        return texts, f"{column!r} does not say it in a way that is known: not used"
    return kernels().if_else(
        pa.array(right), texts, "NaN"
    ), f"{counted(int((~right).sum()), 'row')} that {column!r} calls bad: missing"

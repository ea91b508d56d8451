"""Units that stand behind every number of a column, such as 20.4 % or 1,012 m³/h."""

from __future__ import annotations

import re
from typing import Any

from jaxstable.data.kernels import kernels
from jaxstable.data.vocabulary import MISSING, QUANTITY, UNIT


def without_unit(column: Any) -> tuple[Any, str]:
    """Return a column of text without the unit that stands behind each of its numbers, and the unit.

    Args:
        column: arrow array of text.

    Returns:
        The column and "" where there is none, or another one in another row.

    Example:
        >>> import pyarrow as pa
        >>> without_unit(pa.array(["20.4 %", "21 %", "-"]))[1]
        '%'
    """
    import pyarrow as pa

    pc = kernels()
    first = next((cell for cell in column[:1000].to_pylist() if cell and cell.strip().lower() not in MISSING), "")
    found = QUANTITY.match(first.strip())
    if not found or not UNIT.fullmatch(found[1]) or found[1][0] in "-+":  # 20.38- is a negative number of SAP
        return column, ""
    cells = pc.utf8_trim_whitespace(column)
    same = pc.match_substring_regex(cells, rf"[\d.,)]\s*{re.escape(found[1])}$")
    gone = pc.is_in(pc.utf8_lower(cells), pa.array(sorted(MISSING)))
    if not pc.all(pc.or_(pc.fill_null(same, True), pc.fill_null(gone, True))).as_py():
        return column, ""
    return pc.replace_substring_regex(cells, rf"\s*{re.escape(found[1])}$", ""), found[1]

"""Tell files that are no tables of cells by their first signs, and say what to do with them."""

from __future__ import annotations

import re

SIGNS = (
    (r"<(?:!doctype html|html)", "holds a page of the web, perhaps one to log in with: fetch the data themselves"),
    (r"<[?!a-z]", "holds XML: export it as CSV, or read it with pandas.read_xml and give the frame to from_dataframe"),
    (
        r"\{\s*\"|\[\s*[\[{]",
        "holds JSON: export it as CSV, or, where each line is an object, name it .jsonl; or read it with "
        "pandas.read_json and give the frame to from_dataframe",
    ),
    (r"%PDF|\{\\rtf", "holds a document: export its tables as CSV"),
)


def foreign(text: str) -> str | None:
    """Return what is wrong with a text that is no table, None if it may be one.

    Example:
        >>> foreign("<html><body>")
        'holds a page of the web, perhaps one to log in with: fetch the data themselves'
    """
    start = text[:200].lstrip("\ufeff \t\n")
    return next((said for signs, said in SIGNS if re.match(signs, start, re.IGNORECASE)), None)

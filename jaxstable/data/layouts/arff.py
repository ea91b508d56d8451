"""ARFF of Weka: names and kinds of the attributes above @data, ? for missing, % for comments."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout
from jaxstable.data.vocabulary import clean, is_datum

ATTRIBUTE = re.compile(r"@attribute\s+('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\S+)\s+(.*)", re.IGNORECASE)
JAVA = {"yyyy": "%Y", "yy": "%y", "MMM": "%b", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%f"}


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the first line that is no comment names a relation."""
    first = next((line for line in lines if line.strip() and not line.lstrip("\ufeff").startswith("%")), "")
    return first.lstrip("\ufeff ").lower().startswith("@relation")


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Take names, units and kinds from the attributes; attributes of words are no sensors."""
    end = next((i for i, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    found = [match for line in lines[:end] if (match := ATTRIBUTE.match(line.strip()))]
    if end is None or not found:
        raise DataError("an ARFF file names its columns by @attribute above a line @data: not found")
    if any(line.lstrip().startswith("{") for line in lines[end + 1 :]):
        raise DataError("holds sparse ARFF, whose rows name their entries: convert it with weka's SparseToNonSparse")
    parted = [clean(re.sub(r"\\(.)", r"\1", match[1].strip("'\""))) for match in found]
    kinds = [match[2].split("%")[0].strip() for match in found]
    dates = [i for i, kind in enumerate(kinds) if kind.lower().startswith("date")]
    form = re.search(r"[\"'](.*)[\"']", kinds[dates[0]]) if dates else None
    return dataclasses.replace(
        layout,
        names=tuple(name for name, _ in parted),
        units=tuple(unit for _, unit in parted),
        first=end + 1,
        header=0,
        time=(parted[dates[0]][0],) if dates else None,
        time_format=_format(form[1]) if form else None,
        missing=("?",),
        decimal=".",
        without=tuple(name for (name, _), kind in zip(parted, kinds, strict=True) if _is_words(kind)),
        notes=(layout.notes[0], ("header", f"{len(found)} attributes above line {end + 1}")),
    )


def _is_words(kind: str) -> bool:
    """Tell a kind whose entries are words: text, or one of a list of which some are no numbers."""
    if kind.lower().startswith("string"):
        return True
    listed = [word.strip(" '\"") for word in kind.strip("{}").split(",")] if kind.startswith("{") else []
    return not all(map(is_datum, listed))


def _format(java: str) -> str | None:
    """Write a format of dates of Java as one of Python, None if it has parts of other kinds.

    Example:
        >>> _format("yyyy-MM-dd'T'HH:mm:ss"), _format("dd.MM.yy HH:mm"), _format("EEE dd")
        ('%Y-%m-%dT%H:%M:%S', '%d.%m.%y %H:%M', None)
    """
    text = ""
    for piece in re.finditer(r"'([^']*)'|(([A-Za-z])\3*)|([^A-Za-z'])", java):
        if piece[2] and piece[2] not in JAVA:
            return None
        text += JAVA[piece[2]] if piece[2] else (piece[1] if piece[1] is not None else piece[4])
    return text

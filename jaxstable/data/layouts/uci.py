"""UCI Air Quality as published: `;`, decimal comma, -200, date and clock apart, empty rows and columns at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from jaxstable.data.layout import Layout
from jaxstable.data.plaintext import read_text

START = "Date;Time;CO(GT);"
SENTINEL = -200.0


def matches(lines: Sequence[str]) -> bool:
    """Tell whether a file has the header of the UCI Air Quality data."""
    return lines[0].lstrip("\ufeff").startswith(START)


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Add what the header does not say: the clock, and -200 for missing."""
    return dataclasses.replace(
        layout, time=("Date", "Time"), time_format="%d/%m/%Y %H.%M.%S", missing=(SENTINEL,), decimal=","
    )


def is_uci(path: str | Path) -> bool:
    """Tell whether a file is the UCI Air Quality CSV, or a part of it."""
    return matches(read_text(Path(path))[0].split("\n", 1))

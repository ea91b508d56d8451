"""UCI Air Quality as published: `;`, decimal comma, -200, date and clock apart, empty rows and columns at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout
from jaxstable.data.plaintext import read_text

NAME = "uci"
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


def read_uci(path: str | Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Read every row of the file, the empty ones at its end included.

    The original program windows all 9,471 rows, 114 of them empty, so a comparison with it needs
    them; `Dataset.from_file` and `datasets.uci_air_quality` leave them out.

    Args:
        path: the original CSV.

    Returns:
        Values float64 [rows, 13], NaN where empty or -200, and the names of the columns.

    Raises:
        DataError: no such file, or another format.
    """
    text, _ = read_text(Path(path))
    header, *lines = text.rstrip("\n").split("\n")
    if not matches([header]):
        raise DataError(f"{path} is not the UCI Air Quality CSV: its first line should be {START}...")
    names = [name for name in header.split(";") if name][2:]
    cells = [line.replace(",", ".").split(";")[2 : 2 + len(names)] for line in lines]
    values = np.array([[float(cell) if cell else np.nan for cell in row] for row in cells])
    values[values == SENTINEL] = np.nan
    return values, tuple(names)

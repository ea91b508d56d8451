"""Read the UCI Air Quality file as published: `;`, decimal comma, -200, empty rows and columns."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.readers import read_csv, sniff
from jaxstable.data.tables import Table

SENTINEL = -200.0
CLOCK = ("Date", "Time")


def is_uci(path: str | Path) -> bool:
    """Tell whether a CSV file has the header of the UCI Air Quality data."""
    header, delimiter, _ = sniff(path)
    return delimiter == ";" and header[:3] == [*CLOCK, "CO(GT)"]


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
    table = _read(path, trim=False)
    return table.values, table.names


def read_uci_table(path: str | Path) -> Table:
    """Read the rows that hold data, 9,357 in the original, with their time.

    Args:
        path: the original CSV, or a part of it.

    Returns:
        The table, -200 as NaN.

    Raises:
        DataError: no such file, another format, or a time that is not DD/MM/YYYY HH.MM.SS.
    """
    table = _read(path, trim=True)
    return table._replace(time=np.array([_parse(t, i) for i, t in enumerate(table.time)], "datetime64[s]"))


def _read(path: str | Path, trim: bool) -> Table:
    if not is_uci(path):
        raise DataError(
            f"{path} is not the UCI Air Quality CSV: its first line should be "
            "Date;Time;CO(GT);...; use Dataset.from_file for other files"
        )
    table = read_csv(path, time=CLOCK, trim=trim)
    table.values[table.values == SENTINEL] = np.nan
    return table


def _parse(text: str, row: int) -> datetime:
    try:
        return datetime.strptime(text, "%d/%m/%Y %H.%M.%S")
    except ValueError as error:
        raise DataError(f"time at row {row} is {text!r}: expected DD/MM/YYYY HH.MM.SS") from error

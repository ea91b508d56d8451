"""Files that hold columns and not text: Parquet, Feather, HDF5, lines of JSON, and TDMS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jaxstable.data.checks import DataError
from jaxstable.data.tdms import read_channels

KINDS = {
    **dict.fromkeys((".parquet", ".pq"), "Parquet"),
    **dict.fromkeys((".feather", ".arrow", ".ipc"), "Feather"),
    **dict.fromkeys((".h5", ".hdf5", ".hdf"), "HDF5"),
    **dict.fromkeys((".jsonl", ".ndjson"), "lines of JSON"),
    ".tdms": "TDMS",
}


def read_columnar(file: Path) -> tuple[Any, dict[str, str]]:
    """Read a file of columns, or a folder of Parquet files.

    Args:
        file: its suffix is a key of `KINDS`, or it is a folder.

    Returns:
        A dataframe, and the unit of each column that the file gives one.

    Raises:
        DataError: no such file, a damaged one, or a library that is not installed.
    """
    kind = "Parquet" if file.is_dir() else KINDS[file.suffix.lower()]
    if not file.exists():
        raise DataError(f"no such file: {file.absolute()}")
    if kind == "TDMS":
        return read_channels(file)
    from pyarrow import ArrowException, feather, json, parquet

    try:
        if kind == "HDF5":
            import pandas as pd

            return pd.read_hdf(file), {}
        if kind == "lines of JSON":
            return json.read_json(str(file)).flatten(), {}
        return (feather if kind == "Feather" else parquet).read_table(str(file)), {}
    except ImportError as error:
        raise DataError(f"{file.name}: HDF5 needs pandas and tables: pip install pandas tables") from error
    except (ArrowException, OSError, ValueError, KeyError) as error:
        out = "write one table into it" if kind == "HDF5" else "write it anew"
        raise DataError(f"{file} cannot be read as {kind} ({' '.join(str(error).split())}): {out}") from error

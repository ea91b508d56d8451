"""A Parquet file or folder that need not fit into memory: a block of its rows at a time, each a data set."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data import checks
from jaxstable.data.build import Wish, build
from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.data.frames import from_frame
from jaxstable.data.reading import Reading
from jaxstable.data.regular import as_span
from jaxstable.data.room import free_memory
from jaxstable.data.tables import Table
from jaxstable.phrases import counted, shortened

COPIES = 8  # of the table that a discovery holds at its peak
CELLS = 4_000_000  # of a block
FEWEST_ROWS = 1_000


class Blocks:
    """Hold where rows are and how to read them; iterate to get them, a `Dataset` of some rows at a time.

    What is a sensor and what is the clock is decided from the first block. The rows must be in the order of time.

    Args:
        path: a Parquet file, or a folder of them in the order of their names.
        rows: of a block; by default as many as make four million cells.
        time, missing, environment, series, columns, time_format, zone, units, truth, resample, max_gap: as for
            `Dataset.from_dataframe`. Labels of environments are numbered over all blocks; rows of a step of
            `resample` that a block begins are left to the next one, so that no step is cut.

    Attributes:
        n_rows: rows in all.
        rows: of a block.

    Raises:
        DataError: nothing of that kind is there, or too few rows to a block.

    Example:
        >>> import polars as pl, tempfile
        >>> file = Path(tempfile.mkdtemp()) / "long.parquet"
        >>> pl.DataFrame({"a": np.random.default_rng(0).normal(size=5000), "b": [1.0, 2.0] * 2500}).write_parquet(file)
        >>> [len(block) for block in Blocks(file, rows=2000)]
        [2000, 2000, 1000]
    """

    def __init__(
        self,
        path: str | Path,
        rows: int | None = None,
        *,
        time: Any = None,
        missing: Any = None,
        environment: str | None = None,
        series: str | None = None,
        columns: Any = None,
        time_format: str | None = None,
        zone: str | None = None,
        units: Any = None,
        truth: Any = None,
        resample: Any = None,
        max_gap: Any = None,
    ) -> None:
        self.path: Path = Path(path)
        if not self.path.exists():
            raise DataError(f"no such file: {self.path.absolute()}")
        self._rows = _opened(self.path)
        self.n_rows: int = self._rows.count_rows()
        self.rows: int = max(CELLS // max(len(self._rows.schema.names), 1), FEWEST_ROWS) if rows is None else rows
        if not checks.whole_number(self.rows) or self.rows < FEWEST_ROWS:
            raise DataError(f"rows={shortened(rows)}: expected a whole number of rows of a block >= {FEWEST_ROWS}")
        self._wish = Wish(2, 1, truth, missing, units, resample, max_gap)
        self._asked = Reading(time, time_format, environment, series, columns, self._wish.texts, zone=zone)

    longest_gap: float = 0.0  # each block tells its own

    def in_short(self) -> str:
        """Return the most important of what was understood of the first block."""
        return self.first.in_short()

    def __len__(self) -> int:
        """Return the number of blocks."""
        return -(-self.n_rows // self.rows)

    def __repr__(self) -> str:
        return f"Blocks({self.n_rows} rows of {self.path.name}, {counted(len(self), 'block')} of {self.rows} rows)"

    @cached_property
    def first(self) -> Dataset:
        """The first block."""
        return next(self._read())

    def __iter__(self) -> Iterator[Dataset]:
        return self._read()

    def _read(self) -> Iterator[Dataset]:
        asked, last, names, held = self._asked, None, None, None
        for number, table in enumerate(self._tables()):
            start = number * self.rows - (0 if held is None else len(held))
            table = table if held is None else _below(held, table)
            try:
                with warnings.catch_warnings():
                    if number:  # what is strange of a sensor is said once
                        warnings.simplefilter("ignore", DataWarning)
                    found = from_frame(table, asked)
                    if len(found.values) < len(table):
                        raise DataError("some rows hold no entry, not even their time: leave them out")
                    begun = 0 if number == len(self) - 1 else _begun(found, self._wish.resample)
                    held = table.slice(len(table) - begun) if begun else None
                    found = _without_last(found, begun)
                    if found.time is not None and len(found.time):
                        time = np.asarray(found.time)
                        if asked.series is None and last is not None and time.min() <= last:
                            raise DataError(
                                "its time begins before the block above it ends: sort the rows by time, or say series="
                            )
                        last = time.max()
                    found = found._replace(values=found.values.astype(np.float64))
                    block = Dataset(**build(found, None, self._wish))
            except DataError as error:
                raise DataError(f"{self.path.name}, rows {start} to {start + len(table)}: {error}") from error
            if names is None:
                names = list(block.names)
                asked = dataclasses.replace(asked, columns=names)
            if block.environment is not None:
                labels = np.asarray(found.environment)  # numbered in their order, as `encode` does
                own = np.unique(labels.astype(str) if labels.dtype.kind == "O" else labels).astype(str)
                codes = np.searchsorted(self._environments, own).astype(np.int32)
                block = dataclasses.replace(block, environment=codes[block.environment])
            yield block

    @cached_property
    def _environments(self) -> np.ndarray:
        """The labels of all environments as text, sorted; a pass over their column."""
        name = self._asked.environment
        labels: set[str] = set()
        for batch in self._rows.to_batches(columns=[name]):
            labels.update(map(str, batch.column(0).unique().to_pylist()))
        return np.array(sorted(labels))

    def _tables(self) -> Iterator[Any]:
        """Yield arrow tables of `rows` rows each, the last one of what is left."""
        import pyarrow as pa

        held: list[Any] = []
        count = 0
        for batch in self._rows.to_batches(batch_size=min(self.rows, 65_536), batch_readahead=2, fragment_readahead=1):
            while len(batch):
                part = batch.slice(0, self.rows - count)
                held.append(part)
                count += len(part)
                batch = batch.slice(len(part))
                if count == self.rows:
                    yield pa.Table.from_batches(held)
                    held, count = [], 0
        if held:
            yield pa.Table.from_batches(held)


def _below(above: Any, table: Any) -> Any:
    import pyarrow as pa

    return pa.concat_tables([above, table])


def _begun(table: Table, resample: Any) -> int:
    """Return how many of the last rows belong to a step of `resample` that may go on in the next block."""
    if resample is None or table.time is None:
        return 0
    time = np.asarray(table.time)
    dated = time.dtype.kind == "M"
    ticks = time.astype("M8[us]").astype(np.int64) if dated else time
    steps = np.floor(ticks / as_span(resample, "resample", dated))
    others = np.flatnonzero(steps != steps[-1])
    if not len(others):
        raise DataError(f"all of its rows lie within one step of resample={resample!r}: choose larger blocks (rows=)")
    return len(steps) - 1 - int(others[-1])


def _without_last(table: Table, rows: int) -> Table:
    """Return a table without so many rows at its end."""
    if not rows:
        return table
    labels = {
        name: np.asarray(column)[:-rows]
        for name in ("time", "environment", "series")
        if (column := getattr(table, name)) is not None
    }
    return table._replace(values=table.values[:-rows], **labels)


def too_large(path: Any) -> bool:
    """Tell a Parquet file or folder for which the free memory does not suffice, to be read in blocks."""
    place = Path(path) if isinstance(path, (str, Path)) and "\0" not in str(path) else None
    if place is None or not (place.is_dir() or place.suffix.lower() in (".parquet", ".pq")) or not place.exists():
        return False
    if place.is_dir() and not any(place.rglob("*.parquet")):
        return False
    rows, free = _opened(place), free_memory()
    return free is not None and 8 * COPIES * rows.count_rows() * len(rows.schema.names) > free


def _opened(path: Path) -> Any:
    from pyarrow import ArrowException, dataset

    try:
        found = dataset.dataset(str(path), format="parquet", partitioning="hive")
    except (ArrowException, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read as Parquet ({said}): blocks are of Parquet files or folders") from error
    if not found.files:
        raise DataError(f"{path} holds no Parquet files")
    return found

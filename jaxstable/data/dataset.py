"""Hold one checked data set on the host: rows, mask, joints, labels and the true graph if known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from jaxstable.data import checks, readers, tables, timeline, uci
from jaxstable.data.checks import DataError
from jaxstable.data.standardize import BLOCK
from jaxstable.data.suspicions import warn_columns
from jaxstable.data.truth import check_truth


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Hold checked series; build one with `from_array`, `from_dataframe` or `from_file`.

    Attributes:
        values: [rows, variables] float32 or float64, NaN where missing, read-only.
        mask: [rows, variables] bool, True where observed.
        names: name of each variable.
        series: [rows] int32, counts the stretches without joint or gap; no window leaves one.
        environment: [rows] int32 codes of the sorted labels, or None. It never cuts a series.
        truth: [cause, effect] bool, any lag, False on the diagonal; or None.
        lagged_truth: [lag, cause, effect] bool, lag 0 first; or None.
        window: steps of a window.
        stride: steps from one window to the next.
        recording: [series] int32, the recording that each stretch was cut from at its gaps.
        units: unit of each variable, or None.
        longest_gap: longest step over a gap in time, in median steps; 0 without a gap.

    Example:
        >>> Dataset.from_array(np.random.default_rng(0).normal(size=(100, 3)), window=10)
        Dataset(100 rows, 3 variables, 1 series, 0.0 % missing, 91 windows of 10, no true graph)
    """

    values: np.ndarray
    mask: np.ndarray
    names: tuple[str, ...]
    series: np.ndarray
    environment: np.ndarray | None = None
    truth: np.ndarray | None = None
    lagged_truth: np.ndarray | None = None
    window: int = 24
    stride: int = 1
    recording: np.ndarray | None = None
    units: tuple[str, ...] | None = None
    longest_gap: float = 0.0

    @classmethod
    def from_array(
        cls,
        values: Any,
        mask: Any = None,
        names: Sequence[str] | None = None,
        environment: Any = None,
        truth: Any = None,
        window: int = 24,
        stride: int = 1,
        missing: Any = None,
        *,
        time: Any = None,
        series: Any = None,
    ) -> Self:
        """Check and copy an array of one series, or of several of equal length.

        Args:
            values: [time, variables], or [series, time, variables]; NaN means missing.
            mask: shape of `values`, 1 where observed; NaN stays missing.
            names: one per variable (x0, x1, ... by default).
            environment: a label per row, or per series if `values` has three axes.
            truth: [cause, effect] or [lag, cause, effect], nonzero = edge; or the path of a CSV
                matrix with names on both sides.
            window: steps of a window, >= 2.
            stride: steps from one window to the next, >= 1.
            missing: number, or list of them, that stands for a missing entry.
            time: [time] datetimes, numbers or ISO 8601; a step over 1.5 median steps starts a new
                series.
            series: [time] labels that tell series apart, for `values` with two axes.

        Returns:
            The data set.

        Raises:
            DataError: anything that cannot be trained on, with the way out.

        Example:
            >>> two = np.random.default_rng(0).normal(size=(2, 50, 3))
            >>> Dataset.from_array(two, window=20).n_windows
            62
        """
        window, stride = checks.check_window(window, stride)
        array = checks.check_rank(values)
        names = checks.check_names(names, array.shape[-1])
        if isinstance(values, np.ma.MaskedArray):
            hidden = np.ma.getmaskarray(values)
            mask = ~hidden if mask is None else checks.check_mask(mask, array.shape) & ~hidden
            array = np.ma.getdata(values)
        if mask is not None:
            mask = checks.check_mask(mask, array.shape).reshape(-1, array.shape[-1])
        if array.ndim == 3:
            if series is not None:
                raise DataError("series= is for values [time, variables]: three axes hold one each")
            count, steps = array.shape[:2]
            series = np.repeat(np.arange(count), steps)
            if time is not None:
                time = checks.as_array(time, "time")
                if time.shape not in ((steps,), (count, steps)):
                    raise DataError(f"time has shape {time.shape}: expected ({steps},) or ({count}, {steps})")
                time = np.broadcast_to(time, (count, steps)).ravel()
            if environment is not None and np.ndim(environment) == 1 and len(environment) == count:
                environment = np.repeat(np.asarray(environment), steps)
            elif environment is not None:
                environment = np.ravel(np.asarray(environment))
        table = tables.from_numbers(array.reshape(-1, array.shape[-1]), names)
        table = table._replace(time=time, environment=environment, series=series)
        return cls._from_table(table, mask, truth, window, stride, missing)

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        window: int = 24,
        time: str | None = None,
        missing: Any = None,
        stride: int = 1,
        truth: Any = None,
        environment: str | None = None,
        series: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Self:
        """Check and copy a pandas, polars or pyarrow table; null and NaN mean missing.

        Args:
            frame: one row per time step. A pandas DatetimeIndex is used as the time if none is
                named.
            window: steps of a window, >= 2.
            time: column of the time; a step over 1.5 median steps starts a new series.
            missing: number, or list of them, that stands for a missing entry.
            stride: steps from one window to the next, >= 1.
            truth: as in `from_array`.
            environment: column of labels.
            series: column of labels that tell series apart; the rows of each lie together.
            columns: the variables, in order (all columns not named above by default).

        Returns:
            The data set.

        Raises:
            DataError: anything that cannot be trained on, with the way out.

        Example:
            >>> import polars as pl
            >>> frame = pl.DataFrame({"hour": range(50), "a": range(50), "b": [1.0, 2.0] * 25})
            >>> Dataset.from_dataframe(frame, time="hour", window=10).names
            ('a', 'b')
        """
        window, stride = checks.check_window(window, stride)
        table = tables.from_frame(frame, time, environment, series, columns)
        return cls._from_table(table, None, truth, window, stride, missing)

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        window: int = 24,
        time: str | None = None,
        missing: Any = None,
        stride: int = 1,
        truth: Any = None,
        environment: str | None = None,
        series: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Self:
        """Read a CSV or Parquet file; the arguments are those of `from_dataframe`.

        CSV needs no dataframe library; its delimiter and decimal comma are recognised, and so is
        the UCI Air Quality file, whose two columns of time and -200 need not be named.

        Args:
            path: .csv, .tsv or .txt; .parquet or .pq.
            window, time, missing, stride, truth, environment, series, columns: see
                `from_dataframe`.

        Returns:
            The data set.

        Raises:
            DataError: no such file, an unknown format, or data that cannot be trained on.
        """
        window, stride = checks.check_window(window, stride)
        suffix = Path(path).suffix.lower()
        if suffix in (".parquet", ".pq"):
            table = tables.from_frame(readers.read_parquet(path), time, environment, series, columns)
        elif suffix not in (".csv", ".tsv", ".txt"):
            raise DataError(f"{path}: expected .csv, .tsv, .txt or .parquet, found {suffix!r}")
        elif time is None and columns is None and uci.is_uci(path):
            table = uci.read_uci_table(path)
        else:
            table = readers.read_csv(path, time, environment, series, columns)
        return cls._from_table(table, None, truth, window, stride, missing)

    @classmethod
    def _from_table(
        cls,
        table: tables.Table,
        mask: np.ndarray | None,
        truth: Any,
        window: int,
        stride: int,
        missing: Any,
    ) -> Self:
        values, names = table.values, table.names
        n_rows, n_vars = values.shape
        if n_vars < 2:
            raise DataError(f"one variable or none, {names}: a graph needs at least two columns")
        if not n_rows:
            raise DataError("the table has no rows")
        if mask is not None:
            if hidden := int(np.isnan(values[mask]).sum()):
                checks.warn(
                    f"mask is 1 at {checks.counted(hidden, 'place')} where values hold NaN: they count as missing"
                )
            np.copyto(values, np.nan, where=~mask)
        checks.mark_missing(values, checks.check_sentinels(missing), BLOCK)
        low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
        checks.check_columns(low, high, names)
        joints = np.arange(n_rows) == 0
        if table.series is not None:
            codes = timeline.encode(table.series, n_rows, "series")
            joints = timeline.label_joints(codes, "series")
        gaps, longest = np.zeros(n_rows, dtype=bool), 0.0
        if table.time is not None:
            ticks = timeline.to_ticks(table.time, n_rows)
            gaps = timeline.gap_joints(ticks, joints)
            longest = timeline.longest_gap(ticks, joints, gaps)
        pieces = np.flatnonzero(joints | gaps)
        checks.check_length(np.diff(np.append(pieces, n_rows)), window, n_vars, int(gaps.sum()), stride)
        environment = table.environment
        if environment is not None:
            environment = timeline.encode(environment, n_rows, "environment")
        graph, lagged = None, None
        if truth is not None:
            graph, lagged = check_truth(truth, names)
        warn_columns(values, low, high, names, skip=table.overflowed)
        observed = ~np.isnan(values)
        values.setflags(write=False)
        observed.setflags(write=False)
        return cls(
            values=values,
            mask=observed,
            names=names,
            series=np.cumsum(joints | gaps, dtype=np.int32) - np.int32(1),
            environment=environment,
            truth=graph,
            lagged_truth=lagged,
            window=window,
            stride=stride,
            recording=np.cumsum(joints, dtype=np.int32)[pieces] - np.int32(1),
            longest_gap=longest,
        )

    @property
    def n_rows(self) -> int:
        """Number of time steps of all series together."""
        return self.values.shape[0]

    @property
    def n_vars(self) -> int:
        """Number of variables."""
        return self.values.shape[1]

    @property
    def n_series(self) -> int:
        """Number of stretches without joint or gap."""
        return int(self.series[-1]) + 1

    @property
    def n_windows(self) -> int:
        """Number of windows."""
        return len(self.starts)

    @cached_property
    def missing_share(self) -> float:
        """Share of the entries that are missing, in [0, 1)."""
        return 1.0 - np.count_nonzero(self.mask) / self.mask.size

    @cached_property
    def starts(self) -> np.ndarray:
        """First row of every window, int32 in rising order: every `stride` rows of each series."""
        first = np.flatnonzero(np.append(True, self.series[1:] != self.series[:-1]))
        ends = np.append(first[1:], self.n_rows)
        ranges = [
            np.arange(a, b - self.window + 1, self.stride, dtype=np.int32) for a, b in zip(first, ends, strict=True)
        ]
        return np.concatenate(ranges)

    def with_window(self, window: int, stride: int | None = None) -> Self:
        """Return the same series, cut into other windows; nothing is copied."""
        window, stride = checks.check_window(window, self.stride if stride is None else stride)
        lengths = np.bincount(self.series)
        checks.check_length(lengths, window, self.n_vars, 0, stride)
        return dataclasses.replace(self, window=window, stride=stride)

    def __repr__(self) -> str:
        graph = "no true graph" if self.truth is None else checks.counted(int(self.truth.sum()), "true edge")
        return (
            f"Dataset({self.n_rows} rows, {self.n_vars} variables, {self.n_series} series, "
            f"{100 * self.missing_share:.1f} % missing, {checks.counted(self.n_windows, 'window')} "
            f"of {self.window}, {graph})"
        )

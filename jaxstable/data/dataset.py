"""The ways into a data set: an array, a dataframe, files, and the long format of historians."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

from jaxstable.data import checks, tables
from jaxstable.data.build import Wish, build
from jaxstable.data.checks import DataError
from jaxstable.data.clocks import read_clock
from jaxstable.data.reading import Reading
from jaxstable.data.recorded import Recorded
from jaxstable.phrases import shortened


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset(Recorded):
    """Checked series, read-only; build one with `from_array`, `from_dataframe`, `from_file` or `from_long`.

    What it holds is described at `Recorded`: `values`, `mask`, `names`, `series`, `environment`, `truth`, `units`,
    `step`, `understood` and the windows.

    Example:
        >>> import numpy as np
        >>> Dataset.from_array(np.random.default_rng(0).normal(size=(100, 3)), window=10)
        Dataset(100 rows, 3 variables, 1 series, 0.0 % missing, 91 windows of 10, no true graph)
    """

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
        units: Any = None,
        resample: Any = None,
        max_gap: Any = None,
        zone: str | None = None,
    ) -> Self:
        """Check and copy an array of one series, or of several of equal length.

        Args:
            values: [time, variables], or [series, time, variables]; NaN means missing.
            mask: shape of `values`, 1 where observed; NaN stays missing.
            names: one per variable (x0, x1, ... by default).
            environment: a label per row, or per series if `values` has three axes.
            truth: [cause, effect] or [lag, cause, effect], nonzero = edge; or the path of a CSV
                file, a matrix with names on both sides or a list of edges.
            window: steps of a window, >= 2.
            stride: steps from one window to the next, >= 1.
            missing: number, or list of them, that stands for a missing entry.
            time: [time] datetimes, numbers or text; rows of NaN fill up to four skipped stamps of a regular clock, a
                longer pause or any other step over 1.5 median steps starts a new series.
            series: [time] labels that tell series apart, for `values` with two axes.
            units: unit by name, such as {"T": "degC"}.
            resample: step to average over, such as "5min"; a number where the time is one.
            max_gap: longest gap to fill, in steps or such as "1h"; 0 fills none (5 steps by default).
            zone: where the clock hangs, such as "Europe/Berlin": its local times become UTC.

        Returns:
            The data set.

        Raises:
            DataError: anything that cannot be trained on, with the way out.

        Example:
            >>> import numpy as np
            >>> two = np.random.default_rng(0).normal(size=(2, 50, 3))
            >>> Dataset.from_array(two, window=20).n_windows
            62
        """
        window, stride = checks.check_window(window, stride)
        wish = Wish(window, stride, truth, missing, units, resample, max_gap)
        if zone is not None:
            if time is None:
                raise DataError(f"zone={shortened(zone)}: needs the times of the rows, time=")
            time = read_clock(time, zone=zone).time
        table, seen = tables.from_array(values, mask, names, environment, time, series, wish.texts)
        return cls(**build(table, seen, wish))

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        window: int = 24,
        time: Any = None,
        missing: Any = None,
        stride: int = 1,
        truth: Any = None,
        environment: str | None = None,
        series: str | None = None,
        columns: Sequence[str] | None = None,
        *,
        time_format: str | None = None,
        units: Any = None,
        resample: Any = None,
        max_gap: Any = None,
        zone: str | None = None,
    ) -> Self:
        """Check and copy a dataframe of any library; null and NaN mean missing.

        Args:
            frame: one row per time step: pandas, polars (lazy too), pyarrow, DuckDB, xarray, or a numpy array with
                named fields. A pandas index of times, or of times within labels, is used if no column is named.
            window, stride, truth, units, resample, max_gap: as in `from_array`.
            time: column of the time, or several that make it together; rows are sorted by it, with a word.
            missing: number, text, or list of them, that stands for a missing entry.
            environment: column of labels.
            series: column of labels that tell series apart.
            columns: the variables, in order (by default all that are not named above and neither count rows nor
                repeat the clock); or those that are left out, each behind a minus: ["-mode"].
            time_format: as in `datetime.strptime`, or "unix", "unix_ms", "excel", "matlab", or the order of
                dates such as 03/04/2024: "day first", "month first", "year first".
            zone: where the clock hangs, such as "Europe/Berlin": its local times become UTC.

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
        from jaxstable.data.frames import from_frame

        window, stride = checks.check_window(window, stride)
        wish = Wish(window, stride, truth, missing, units, resample, max_gap)
        asked = Reading(time, time_format, environment, series, columns, wish.texts, zone=zone, codes=tuple(wish.codes))
        return cls(**build(from_frame(frame, asked), None, wish))

    @classmethod
    def from_file(
        cls,
        path: Any,
        window: int = 24,
        time: Any = None,
        missing: Any = None,
        stride: int = 1,
        truth: Any = None,
        environment: str | None = None,
        series: str | None = None,
        columns: Sequence[str] | None = None,
        *,
        time_format: str | None = None,
        units: Any = None,
        resample: Any = None,
        max_gap: Any = None,
        decimal: str | None = None,
        layout: Any = None,
        encoding: str | None = None,
        zone: str | None = None,
        sheet: str | None = None,
        ragged: str | None = None,
    ) -> Self:
        """Read a text, Excel, Parquet, Feather or HDF5 file; several files are a recording each.

        Of text, delimiter, decimal mark, names, units and clock are found out and listed in `understood`.

        Args:
            path: a file, a folder, a pattern such as "run_*.csv", or a list of them; text may be packed (.gz, .zip).
            window, missing, stride, truth, environment, series, columns: see `from_dataframe`.
            time_format, units, resample, max_gap, zone: see `from_dataframe`.
            time: column of the time, or "Date,Time" for two that make it together.
            decimal: "." or ",", where the file does not show which.
            layout: name of a known layout, such as "toa5" (`data.layouts.names.NAMES` has them all), or a
                `data.layout.Layout` of your own.
            encoding: of a text, such as "cp932", where it is not found out.
            sheet: name of the sheet of an .xlsx workbook, where several hold cells.
            ragged: what lines of another width than the header are: refused (None), each a row without an entry
                ("missing"), or short of their last cells ("short").

        Returns:
            The data set.

        Raises:
            DataError: no such file, an unknown format, or data that cannot be trained on.
        """
        from jaxstable.data.recordings import read_files

        window, stride = checks.check_window(window, stride)
        if decimal not in (None, ".", ","):
            raise DataError(f"decimal={shortened(decimal)}: expected '.' or ','")
        wish = Wish(window, stride, truth, missing, units, resample, max_gap)
        words = wish.texts, decimal, layout, encoding, zone, sheet, ragged
        asked = Reading(time, time_format, environment, series, columns, *words, codes=tuple(wish.codes))
        return cls(**build(read_files(path, asked), None, wish))

    @classmethod
    def from_long(
        cls,
        source: Any,
        time: str,
        name: str,
        value: str,
        step: Any = None,
        window: int = 24,
        stride: int = 1,
        truth: Any = None,
        missing: Any = None,
        columns: Sequence[str] | None = None,
        *,
        time_format: str | None = None,
        units: Any = None,
        max_gap: Any = None,
        text: str | None = None,
        zone: str | None = None,
        decimal: str | None = None,
        sheet: str | None = None,
        ragged: str | None = None,
    ) -> Self:
        """Read the long format of historians, a row (time, tag, value) for each new value, onto a common clock.

        States (switches, few whole numbers) hold their last value, measurements are means within a step; one that is
        sampled evenly is missing when no row came for five of its intervals.

        Args:
            source: a dataframe, a file, a pattern, or a list of files, each a recording.
            time, name, value: the columns that hold them.
            step: step of the common clock, such as "1s", or a number; chosen and said by default.
            window, stride, truth, missing, time_format, units, max_gap: as in `from_file`.
            columns: the tags, in order (all by default), or those that are left out, each behind a minus.
            text: tags of words are left out (None), numbered ("ordinal") or made columns of 0 and 1 ("onehot").
            zone, decimal, sheet, ragged: as in `from_file`.

        Returns:
            The data set.

        Raises:
            DataError: a column is not there, or data that cannot be trained on.
        """
        from jaxstable.data.historian import read_long

        window, stride = checks.check_window(window, stride)
        wish = Wish(window, stride, truth, missing, units, None, max_gap)
        words = wish.texts, decimal, None, None, zone, sheet, ragged
        asked = Reading(None, time_format, None, None, columns, *words)
        return cls(**build(read_long(source, time, name, value, asked, step=step, text=text), None, wish))

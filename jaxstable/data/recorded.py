"""What every data set holds: rows, mask, joints, labels and true graph, read-only, and what can be asked of them."""

from __future__ import annotations

import dataclasses
import html
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from jaxstable.data import checks
from jaxstable.data.checks import DataError
from jaxstable.data.timeline import joints_of
from jaxstable.phrases import counted, listed, nearest

SHORT = ("layout", "clock", "common clock", "step", "resampled", "skipped stamps", "columns left out", "files")


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Recorded:
    """Hold checked series; `Dataset` is how to make one.

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
        units: unit by name, or None.
        longest_gap: longest step over a gap in time, in median steps; 0 without a gap.
        step: step of the clock, such as "1 h"; None without a clock of dates.
        understood: rows (what, how) of what was found out and decided on the way in.
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
    units: Mapping[str, str] | None = None
    longest_gap: float = 0.0
    step: str | None = None
    understood: Sequence[tuple[str, str]] = ()

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

    @property
    def same_units(self) -> bool:
        """Whether every variable has a known unit and all have the same, so that their sizes can be compared.

        Spellings of one unit count as one: "°C", "degC" and "deg C"; "m³/h" and "m3/h"; the two signs for micro.

        Example:
            >>> from jaxstable import Dataset
            >>> data = Dataset.from_array(np.arange(180.0).reshape(60, 3), units={"x0": "°C", "x1": "degC"})
            >>> data.same_units, data["x0", "x1"].same_units
            (False, True)
        """
        return one_unit(self.units, self.names) is not None

    @cached_property
    def starts(self) -> np.ndarray:
        """First row of every window, int32 in rising order: every `stride` rows of each series."""
        first = np.flatnonzero(joints_of(self.series))
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

    def __getitem__(self, chosen: Any) -> Self:
        """Return the data of some variables, by name or number, in this order."""
        wanted = [chosen] if isinstance(chosen, (str, int, np.integer)) else list(chosen)
        index = []
        for one in wanted:
            if isinstance(one, str) and one not in self.names:
                raise DataError(
                    f"{one!r} is not a variable: there are {listed(self.names, 20)}" + nearest(one, self.names)
                )
            index.append(self.names.index(one) if isinstance(one, str) else range(self.n_vars)[one])
        if len(set(index)) < max(len(index), 2):
            raise DataError(f"{chosen!r}: expected two or more different variables")
        names = tuple(self.names[i] for i in index)
        part = {field: getattr(self, field)[:, index] for field in ("values", "mask")}
        square = {
            field: None if (graph := getattr(self, field)) is None else graph[..., index, :][..., index]
            for field in ("truth", "lagged_truth")
        }
        units = {name: unit for name, unit in (self.units or {}).items() if name in names} or None
        return dataclasses.replace(self, **part, **square, names=names, units=units)

    def __len__(self) -> int:
        return self.n_rows

    def __eq__(self, other: object) -> bool:
        """Tell whether another data set holds the same rows, labels, graph and windows."""
        if not isinstance(other, Recorded):
            return NotImplemented
        plain = ("names", "window", "stride", "step", "units")
        arrays = ("values", "series", "environment", "truth", "lagged_truth", "recording")
        return all(getattr(self, field) == getattr(other, field) for field in plain) and all(
            _same(getattr(self, field), getattr(other, field)) for field in arrays
        )

    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # arrays are compared by value

    def to_pandas(self) -> Any:
        """Return the values as a pandas frame, NaN where missing; `series` is the index, and read again as such."""
        import pandas as pd

        return pd.DataFrame(np.array(self.values), columns=list(self.names), index=pd.Index(self.series, name="series"))

    def in_short(self) -> str:
        """Return the most important of what was understood in one line, "" if there is nothing to say."""
        kept = [f"{what} {how}" for what, how in self.understood if what in SHORT]
        return "; ".join(kept)

    def __str__(self) -> str:
        width = max((len(what) for what, _ in self.understood), default=0)
        return "\n".join([repr(self), *(f"  {what:{width}}  {how}" for what, how in self.understood)])

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in self.understood)
        return f"<p>{html.escape(repr(self))}</p><table>{rows}</table>"

    def __repr__(self) -> str:
        graph = "no true graph" if self.truth is None else counted(int(self.truth.sum()), "true edge")
        return (
            f"Dataset({self.n_rows} rows, {self.n_vars} variables, {self.n_series} series, "
            f"{100 * self.missing_share:.1f} % missing, {counted(self.n_windows, 'window')} "
            f"of {self.window}, {graph})"
        )


def one_unit(units: Mapping[str, str] | None, names: Sequence[str]) -> str | None:
    """Return the unit that all variables have, None where one has another or none is known.

    Example:
        >>> one_unit({"a": "m3/h", "b": "m³/h"}, ["a", "b"]), one_unit({"a": "m3/h"}, ["a", "b"])
        ('m3/h', None)
    """
    found = {plain_unit((units or {}).get(name, "")) for name in names}
    return found.pop() or None if len(found) == 1 else None


def plain_unit(unit: str) -> str:
    """Write a unit in one of the ways in which it may be spelt; upper and lower case stay apart (mW is not MW).

    Example:
        >>> plain_unit(" ° C"), plain_unit("m³/h")
        ('degC', 'm3/h')
    """
    plain = unicodedata.normalize("NFKC", unit.replace("°", "deg")).replace("^", "").replace("**", "")
    return "".join(plain.split())


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))

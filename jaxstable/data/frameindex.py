"""What the index of a pandas frame says of its rows: times, recordings, row numbers, or nothing that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxstable.data import roles
from jaxstable.data.checks import DataError
from jaxstable.data.clocks import is_readable, read_clock
from jaxstable.phrases import listed, shortened

TIMES = ("DatetimeIndex", "PeriodIndex", "TimedeltaIndex")


def has_times(index: Any) -> bool:
    """Tell an index that holds times."""
    return type(index).__name__ in (*TIMES, "MultiIndex")


def from_index(index: Any, zone: str | None) -> tuple[Any, Any, list[tuple[str, str]]]:
    """Return time and series that a pandas index holds, and how it was read; refuse one of unknown use."""
    kind = type(index).__name__
    if index is None or (kind == "RangeIndex" and index.start == 0 and index.step == 1):
        return None, None, []
    if index.name == "series" and kind == "Index":  # as `Dataset.to_pandas` names it
        return None, index.to_numpy(), [("recordings", "told apart by the index")]
    if kind == "MultiIndex":
        times = [level for level in range(index.nlevels) if _is_time(index.get_level_values(level))]
        if len(times) != 1:
            raise DataError(
                f"the index has {index.nlevels} levels, {listed([str(n) for n in index.names])}, of which "
                f"{len(times)} are times: make columns of them with frame.reset_index() and name them (time=, series=)"
            )
        rest = [index.get_level_values(level) for level in range(index.nlevels) if level != times[0]]
        labels = np.array(["|".join(map(str, row)) for row in zip(*rest, strict=True)])
        time, _, _ = from_index(index.get_level_values(times[0]), zone)
        return (
            time,
            labels,
            [("clock", "a level of the index"), ("recordings", "told apart by the other levels of the index")],
        )
    if kind == "PeriodIndex":
        return index.to_timestamp().to_numpy(), None, [("clock", "the index, starts of periods")]
    if kind in ("DatetimeIndex", "TimedeltaIndex"):
        aware = getattr(index, "tz", None) is not None
        time = read_clock(index.to_numpy(), zone=None if aware or kind == "TimedeltaIndex" else zone)
        return time.time, None, [("clock", f"the index: {time.how}")]
    if len(index) and index.dtype.kind in "iuf":
        values = index.to_numpy()
        onward = len(values) == 1 or roles.rises(values)
        if onward and len(np.unique(values)) == len(values):
            time = read_clock(values, zone=zone)
            return time.time, None, [("clock", f"the index: {time.how}")]
        again = roles.restarts_of(values) if onward else None
        if again is None:
            raise DataError(
                f"the index holds numbers out of order, such as {listed([f'{v:g}' for v in values[:4]])}: frame."
                "sort_index() restores their order, frame.reset_index(drop=True) keeps this one, and frame."
                "reset_index() makes a column of them, which series= takes if they tell recordings apart"
            )
        return None, again, [("recordings", "another one wherever the index starts again")]
    if len(index) and _is_time(index):
        time = read_clock(np.array(index, dtype=object), zone=zone)
        return time.time, None, [("clock", f"the index: {time.how}")]
    raise DataError(
        f"the index holds {shortened(index[0] if len(index) else index)} and the like, neither times nor "
        "row numbers: name it as a column with frame.reset_index() (series= or environment= takes labels), or drop it "
        "with frame.reset_index(drop=True)"
    )


def _is_time(index: Any) -> bool:
    if type(index).__name__ in TIMES:
        return True
    if index.dtype.kind in "iufb" or not len(index):
        return False
    return is_readable(np.array(index[:200], dtype=object))

"""The level of each recording: machines of one kind that stand at other levels are one system, not a common cause."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.dynamics import Dynamics


def levels_differ(values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any], recording: NDArray[Any]) -> bool:
    """Say whether recordings have levels of their own, by what these explain beside the dynamics.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        recording: `[time]` id of the recording that a row belongs to; one may hold several series.
    """
    dynamics = Dynamics(values, seen, series)
    n_rows, parts = len(dynamics.rows), _rows_of_each(recording[dynamics.rows])
    if len(parts) < 2 or not dynamics.enough:
        return False
    one = dynamics.criterion([(np.arange(n_rows), np.ones((n_rows, 1)))])
    each = [(rows, np.ones((len(rows), 1))) for rows in parts]
    price = float(np.log(n_rows)) * (len(parts) - 1) * values.shape[1]
    return dynamics.criterion(each) + price < one


def take_levels(values: NDArray[Any], seen: NDArray[np.bool_], recording: NDArray[Any]) -> NDArray[np.float64]:
    """Return what brings each recording to the mean of all, `[time, vars]`: its own mean less that of all readings."""
    level = np.zeros(values.shape)
    known = np.where(seen, values, 0.0)
    whole = known.sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    for rows in _rows_of_each(recording):
        count = seen[rows].sum(axis=0)
        own = known[rows].sum(axis=0) / np.maximum(count, 1)
        level[rows] = np.where(count > 0, own - whole, 0.0)
    return level


def _rows_of_each(recording: NDArray[Any]) -> list[NDArray[np.intp]]:
    """Return the rows of each recording, in order."""
    _, place, count = np.unique(recording, return_inverse=True, return_counts=True)
    return np.split(np.argsort(place, kind="stable"), np.cumsum(count)[:-1])

"""Series with gaps as plain numbers: where the stretches lie, and what stands in a gap until it is known better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def stretches(series: NDArray | None, n_rows: int) -> list[slice]:
    """Return the rows of each uninterrupted series, in order; a change of the id starts a new one.

    >>> stretches(np.array([0, 0, 1]), 3)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if series is None:
        return [slice(0, n_rows)]
    ids = np.asarray(series)
    edges = (np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist()
    return [slice(start, end) for start, end in zip([0, *edges], [*edges, n_rows], strict=True)]


def bridged(values: NDArray, seen: NDArray[np.bool_], series: NDArray | None = None) -> NDArray[np.float64]:
    """Return `[time, vars]` with gaps bridged by straight lines inside a series; 0 where it has no reading at all."""
    filled = np.zeros(values.shape)
    for rows in stretches(series, len(values)):
        time = np.arange(rows.stop - rows.start)
        for column in range(values.shape[1]):
            known = np.flatnonzero(seen[rows, column])
            if len(known):
                filled[rows, column] = np.interp(time, known, values[rows, column][known])
    return filled


def centred(values: NDArray, seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return `[time, vars]` less the mean of the readings of each column, 0 in gaps."""
    count = np.maximum(seen.sum(axis=0), 1)
    known = np.where(seen, values, 0.0)
    return np.where(seen, known - known.sum(axis=0) / count, 0.0)

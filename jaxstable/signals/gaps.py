"""Series with gaps as plain numbers: where the stretches lie, and what stands in a gap until it is known better."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def stretches(series: NDArray[Any] | None, n_rows: int) -> list[slice]:
    """Return the rows of each uninterrupted series, in order; a change of the id starts a new one.

    >>> stretches(np.array([0, 0, 1]), 3)
    [slice(0, 2, None), slice(2, 3, None)]
    """
    if series is None:
        return [slice(0, n_rows)]
    ids = np.asarray(series)
    edges = (np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist()
    return [slice(start, end) for start, end in zip([0, *edges], [*edges, n_rows], strict=True)]


def runs_of(flags: NDArray[np.bool_]) -> NDArray[np.int_]:
    """Return first place and end of each run of True, int `[runs, 2]`, in order.

    >>> runs_of(np.array([True, False, True, True])).tolist()
    [[0, 1], [2, 4]]
    """
    return np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))).reshape(-1, 2)


def bridged(values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """Return `[time, vars]` with gaps bridged by straight lines inside a series; 0 where it has no reading at all."""
    filled = np.where(seen, values, 0.0).astype(float)
    pieces = stretches(series, len(values))
    starts, ends = np.array([[rows.start, rows.stop - 1] for rows in pieces]).T
    piece = np.repeat(np.arange(len(pieces)), ends - starts + 1)
    for column in np.flatnonzero(~seen.all(axis=0)).tolist():
        known = np.flatnonzero(seen[:, column])
        own = piece[known]
        first, last = (np.flatnonzero(np.diff(own, **beyond)) for beyond in ({"prepend": -1}, {"append": -1}))
        # Before the first reading of a series stands the first, after the last the last.
        rows, of = np.unique(np.concatenate([known, starts[own[first]], ends[own[last]]]), return_index=True)
        told = values[np.concatenate([known, known[first], known[last]])[of], column]
        gaps = np.flatnonzero(~seen[:, column] & (np.bincount(own, minlength=len(pieces)) > 0)[piece])
        filled[gaps, column] = np.interp(gaps, rows, told) if len(gaps) else 0.0
    return filled


def centred(values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return `[time, vars]` less the mean of the readings of each column, 0 in gaps."""
    count = np.maximum(seen.sum(axis=0), 1)
    known = np.where(seen, values, 0.0)
    return np.where(seen, known - known.sum(axis=0) / count, 0.0)


def standardised(values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return `[time, vars]` of mean 0 and variance 1 over the readings of each column, 0 in gaps."""
    level = centred(values, seen)
    scale = np.sqrt((level**2).sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    return level / np.where(scale > 0, scale, 1.0)


def news_share(
    raw: NDArray[Any],
    rest: NDArray[Any],
    seen: NDArray[np.bool_],
    series: NDArray[Any] | None = None,
    most_lag: int = 2,
) -> NDArray[np.float64]:
    """Return the share of each sensor's variance that neither what was taken out nor its own past explains, `[vars]`.

    0 is a sensor that repeats itself exactly, such as a clock, a counter or a square wave: its past is collinear, and
    no edge into it can be told.

    Args:
        raw: `[time, vars]` before the preparation; anything where missing.
        rest: `[time, vars]` after it.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        most_lag: steps of its own past, at least one.

    >>> square = np.arange(100.0)[:, None] % 2
    >>> bool(news_share(square, square, np.ones(square.shape, bool)) < 1e-9)
    True
    """
    lags = max(most_lag, 1)
    share = np.ones(raw.shape[1])
    pieces = [piece for piece in stretches(series, len(raw)) if piece.stop - piece.start > lags]
    ends = np.concatenate([np.zeros(0, int), *(np.arange(piece.start + lags, piece.stop) for piece in pieces)])
    for column in range(raw.shape[1]):
        rows = ends[np.all([seen[ends - lag, column] for lag in range(lags + 1)], axis=0)]
        if len(rows) <= 4 * (lags + 1):
            continue
        variance = raw[seen[:, column], column].var()
        basis = np.stack([np.ones(len(rows)), *(rest[rows - lag, column] for lag in range(1, lags + 1))], axis=1)
        scale = np.maximum(np.abs(basis).max(axis=0), 1e-300)
        weights = np.linalg.lstsq(basis / scale, rest[rows, column], rcond=1e-10)[0]
        left = rest[rows, column] - (basis / scale) @ weights
        share[column] = float((left**2).mean() / max(variance, 1e-300))
    return share

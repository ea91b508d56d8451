"""Mean and deviation per variable over chosen rows, in float64 whatever the series is held in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 16_384  # rows handled at a time, so that float64 temporaries stay small beside the series


def covered_rows(starts: np.ndarray, window: int, n_rows: int) -> np.ndarray:
    """Mark the rows that at least one of these windows holds.

    Example:
        >>> covered_rows(np.array([0, 1]), 2, 4)
        array([ True,  True,  True, False])
    """
    edges = np.bincount(starts, minlength=n_rows + 1)
    edges -= np.bincount(starts + window, minlength=n_rows + 1)
    return np.cumsum(edges)[:n_rows] > 0


def mean_and_deviation(values: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation per variable over observed entries, in float64.

    The deviation has divisor n. Two passes over blocks of rows: one pass loses a deviation of
    1e-3 at an offset of 1e6, and float32 sums lose more.

    Args:
        values: [rows, variables] float, NaN where missing.
        rows: [rows] bool, the rows that count.

    Returns:
        Mean and deviation [variables]; NaN without an observed entry; the deviation of a constant
        is 0.
    """
    n_vars = values.shape[1]
    count, total = np.zeros(n_vars), np.zeros(n_vars)
    low, high = np.full(n_vars, np.inf), np.full(n_vars, -np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        for block, missing in _blocks(values, rows):
            count += len(block) - np.count_nonzero(missing, axis=0)
            np.copyto(block, np.inf, where=missing)
            low = np.minimum(low, block.min(axis=0))
            np.copyto(block, -np.inf, where=missing)
            high = np.maximum(high, block.max(axis=0))
            np.copyto(block, 0.0, where=missing)
            total += block.sum(axis=0)
        # Exact for a constant, so that rounding cannot make a deviation of 1e-17 out of none.
        centre = np.where(low == high, low, total / count)
        error, square = np.zeros(n_vars), np.zeros(n_vars)
        for block, missing in _blocks(values, rows):
            block -= centre
            np.copyto(block, 0.0, where=missing)
            error += block.sum(axis=0)
            block *= block
            square += block.sum(axis=0)
        deviation = np.sqrt(np.maximum(square / count - (error / count) ** 2, 0.0))
        return centre + error / count, deviation


def _blocks(values: np.ndarray, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for first in range(0, len(values), BLOCK):
        chosen = rows[first : first + BLOCK]
        if chosen.any():
            block = values[first : first + BLOCK][chosen].astype(np.float64)
            yield block, np.isnan(block)

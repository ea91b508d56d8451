"""The median of the neighbours on either side of every place, for all places at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def median_around(values: NDArray[Any], nearest: int, number: int, stride: int) -> NDArray[np.float64]:
    """Return the median of the neighbours at `nearest`, `nearest` + 1, .. times `stride` places on either side.

    Windows of one side are sorted by merging pairs of windows of half their length, the same for all places, so that
    every comparison is one operation on whole arrays; of two sorted halves a and b the two middle values are the
    largest of `min(a_i, b_(n-1-i))` and the smallest of `max(a_i, b_(n-1-i))`.

    Args:
        values: `[places, vars]`.
        nearest: strides to the nearest neighbour, >= 1.
        number: neighbours on one side, a power of two.
        stride: places from one neighbour to the next, >= 1.

    Returns:
        `[places - 2 reach, vars]` for the places that have all neighbours; reach = stride (nearest + number - 1).

    Example:
        >>> median_around(np.array([[9.0], [1.0], [5.0], [7.0], [2.0]]), nearest=1, number=2, stride=1)
        array([[4.5]])

    Reference:
        Batcher, Sorting networks and their applications, 1968 (odd-even merging).
    """
    if number < 1 or number & (number - 1):
        raise ValueError(f"number: found {number}, expected a power of two")
    columns = np.ascontiguousarray(np.asarray(values, float).T)  # one at a time, so that its windows stay in the cache
    return np.stack([_of_one(column, nearest, number, stride) for column in columns], axis=1)


def _of_one(column: NDArray[Any], nearest: int, number: int, stride: int) -> NDArray[np.float64]:
    windows, width = [column], 1
    while width < number:
        shift = width * stride
        early, late = [one[:-shift] for one in windows], [one[shift:] for one in windows]
        windows, width = _merged(early, late), 2 * width
    apart = stride * (2 * nearest + number - 1)  # from the first neighbour before to the first one after
    before, after = [one[:-apart] for one in windows], [one[apart:] for one in windows]
    pairs = list(zip(before, reversed(after), strict=True))
    low = np.maximum.reduce([np.minimum(a, b) for a, b in pairs])
    high = np.minimum.reduce([np.maximum(a, b) for a, b in pairs])
    return (low + high) / 2.0


def _merged(one: list[NDArray[Any]], other: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Merge two sorted lists of arrays of one length, a power of two."""
    if len(one) == 1:
        return [np.minimum(one[0], other[0]), np.maximum(one[0], other[0])]
    even, odd = _merged(one[::2], other[::2]), _merged(one[1::2], other[1::2])
    inner = [pair for a, b in zip(odd[:-1], even[1:], strict=True) for pair in (np.minimum(a, b), np.maximum(a, b))]
    return [even[0], *inner, odd[-1]]

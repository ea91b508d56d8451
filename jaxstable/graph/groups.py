"""Groups of sensors so densely linked that something unmeasured may act on all of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FEWEST = 4  # below, the edges from a hidden cause are no fewer than those that they replace
_ALIKE = 0.6  # of the sensors of two groups together that they share: one of them is enough


def suspects(linked: NDArray[np.bool_], most: int = 6) -> list[tuple[int, ...]]:
    """Return groups of four sensors or more in which every pair is linked, the largest first.

    A group grows from each link, always by the sensor with the most links among those linked with all of it.

    Args:
        linked: `[variables, variables]`, symmetric.
        most: groups returned.

    Example:
        >>> linked = np.zeros((6, 6), bool)
        >>> linked[:4, :4] = True
        >>> linked[4, 5] = linked[5, 4] = True
        >>> suspects(linked)
        [(0, 1, 2, 3)]
    """
    linked = linked & ~np.eye(len(linked), dtype=bool)
    found = {group for pair in np.argwhere(np.triu(linked)).tolist() if len(group := _grown(linked, pair)) >= _FEWEST}

    kept: list[tuple[int, ...]] = []
    for group in sorted(found, key=lambda group: (-len(group), group)):
        if all(len({*group} & {*other}) < _ALIKE * len({*group, *other}) for other in kept):
            kept.append(group)
    return kept[:most]


def crowds(linked: NDArray[np.bool_]) -> NDArray[np.int_]:
    """Return the size of the group, grown as in `suspects`, around each link, `[variables, variables]`; 0 off links.

    Example:
        >>> linked = np.zeros((4, 4), bool)
        >>> linked[:3, :3] = ~np.eye(3, dtype=bool)
        >>> crowds(linked).tolist()
        [[0, 3, 3, 0], [3, 0, 3, 0], [3, 3, 0, 0], [0, 0, 0, 0]]
    """
    linked = linked & ~np.eye(len(linked), dtype=bool)
    sizes = np.zeros(linked.shape, int)
    for pair in np.argwhere(np.triu(linked)).tolist():
        sizes[pair[0], pair[1]] = sizes[pair[1], pair[0]] = len(_grown(linked, pair))
    return sizes


def _grown(linked: NDArray[np.bool_], pair: list[int]) -> tuple[int, ...]:
    group, free = list(pair), linked[pair].all(axis=0)
    while free.any():
        within = np.where(free, (linked & free).sum(axis=1), -1)
        group.append(int(within.argmax()))
        free &= linked[group[-1]]
    return tuple(sorted(group))

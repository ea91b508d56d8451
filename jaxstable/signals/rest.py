"""Readings of a plant that stands: hardly any sensor moves, for many rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import runs_of, stretches

CALM = 0.1  # of what a sensor usually moves from row to row, below which it rests
SHARE = 0.8  # of the sensors that rest: a night in which the sun rests is none of the plant
ROWS = 10  # in which they do: fewer are chance
_FEWEST = 3  # sensors that must move at all


def find_rest(values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None) -> NDArray[np.bool_]:
    """Return where sensors rest while the plant stands, bool `[time, vars]`.

    Four of five sensors move from row to row by less than a tenth of their median movement, for ten rows or more. Their
    readings there tell nothing of influences, and the level at which they stand is that of no dynamics.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.

    Example:
        >>> plant = np.random.default_rng(0).normal(size=(400, 4))
        >>> plant[100:140] = -5.0 + 0.01 * plant[100:140]
        >>> np.flatnonzero(find_rest(plant, np.ones(plant.shape, bool)).all(axis=1))[[0, -1]].tolist()
        [100, 139]
    """
    found = np.zeros(values.shape, bool)
    pieces = [piece for piece in stretches(series, len(values)) if piece.stop - piece.start > ROWS]
    moves = [(seen[piece][1:] & seen[piece][:-1], np.abs(np.diff(values[piece], axis=0))) for piece in pieces]
    if not moves:
        return found
    known, move = (np.concatenate(part) for part in zip(*moves, strict=True))
    usual = np.array(
        [np.median(column[own]) if own.any() else 0.0 for column, own in zip(move.T, known.T, strict=True)]
    )
    known = known & (usual > 0.0)
    rests = known & (move < CALM * usual)
    calm = (rests.sum(axis=1) >= SHARE * known.sum(axis=1)) & (known.sum(axis=1) >= _FEWEST)
    at = 0
    for piece in pieces:
        inside = calm[at : at + piece.stop - piece.start - 1]
        for first, end in runs_of(inside).tolist():
            if end - first >= ROWS - 1:
                resting = 2 * rests[at + first : at + end].sum(axis=0) > known[at + first : at + end].sum(axis=0)
                found[piece.start + first : piece.start + end + 1] = resting
        at += len(inside)
    return found

"""Waves fitted to readings with gaps by least squares; a further frequency needs no new fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import centred

_CONDITION = 1e3  # of the normal equations, beyond which they lose digits and the slower fit is taken
_LEAST = 1e-8  # singular value over the largest, below which two waves are one
_BLOCK = 64


class Waves:
    """Least-squares waves of some frequencies in every sensor, beside a mean.

    The normal equations of all sensors are kept and grow with a new frequency: their entries are sums of products of
    two waves over the readings of a sensor. Waves that are nearly the same are left to `numpy.linalg.lstsq`.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.

    Example:
        >>> day = 5.0 + np.sin(2 * np.pi * np.arange(600) / 24)[:, None]
        >>> waves = Waves(day, np.ones(day.shape, bool))
        >>> waves.add([1 / 24])
        >>> bool(np.allclose(waves.fitted(), day - 5.0))
        True
    """

    def __init__(self, values: NDArray[Any], seen: NDArray[np.bool_]) -> None:
        self.seen = seen
        self.readings: NDArray[np.intp] = seen.sum(axis=0)
        self._level = centred(values, seen)  # the mean is fitted too; without it first the products keep their digits
        self._weight = np.ascontiguousarray(seen.T, float)
        n_rows, n_vars = values.shape
        self._basis = np.ones((n_rows, 1))
        self._gram = self.readings[:, None, None].astype(float)
        self._cross = np.zeros((n_vars, 1))  # of the level with the mean

    def add(self, frequencies: Sequence[float]) -> None:
        """Take more frequencies into the fit, in turns per row."""
        turns = turning(np.asarray(frequencies, float), len(self._basis))
        new = np.ascontiguousarray(np.concatenate([turns.imag, turns.real]).T)
        old, n_vars = self._basis.shape[1], len(self.readings)
        self._basis = np.concatenate([self._basis, new], axis=1)
        wide = self._basis.shape[1]
        gram = np.empty((n_vars, wide, wide))
        gram[:, :old, :old] = self._gram
        for column in range(old, wide):
            products = self._basis[:, : column + 1] * self._basis[:, column, None]
            gram[:, column, : column + 1] = gram[:, : column + 1, column] = self._weight @ products
        self._gram = gram
        self._cross = np.concatenate([self._cross, self._level.T @ new], axis=1)

    def fitted(self) -> NDArray[np.float64]:
        """Return the waves `[time, vars]`, without the mean; 0 where gaps leave fewer than two readings a term."""
        wide = self._basis.shape[1]
        weights = np.zeros((len(self.readings), wide))
        enough = (self.readings >= 2 * wide) | (self.readings == len(self._basis))
        values = np.linalg.eigvalsh(self._gram[enough])
        good = enough.copy()
        good[enough] = values[:, 0] * _CONDITION > values[:, -1]
        weights[good] = np.linalg.solve(self._gram[good], self._cross[good][:, :, None])[:, :, 0]
        for column in np.flatnonzero(enough & ~good):
            rows = self.seen[:, column]
            weights[column] = np.linalg.lstsq(self._basis[rows], self._level[rows, column], rcond=_LEAST)[0]
        return self._basis[:, 1:] @ weights[:, 1:].T


def turning(frequencies: NDArray[Any], n_rows: int) -> NDArray[np.complex128]:
    """Return `exp(2 pi i f t)` for t = 0 .. n_rows - 1, `[frequencies, n_rows]`.

    Of every block of rows only the first is an exponential; the rest are products with those of one block.
    """
    steps = -(-n_rows // _BLOCK)
    start = np.exp(2j * np.pi * np.outer(frequencies, _BLOCK * np.arange(steps)))
    inside = np.exp(2j * np.pi * np.outer(frequencies, np.arange(_BLOCK)))
    return (start[:, :, None] * inside[:, None, :]).reshape(len(frequencies), -1)[:, :n_rows]

"""Passes over all stacked rows of a series, a part of them at a time and a part on every core."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from jaxstable.moments.expectation import Expected, Gaussian, Rows, arrange, expect, factored
from jaxstable.signals.threads import on_all_cores

# Stacked at once where a pass goes over the whole series: bounds the memory of long and of wide series.
ROWS_AT_ONCE, _ENTRIES_AT_ONCE = 20_000, 3_000_000
_ROWS_OF_A_SAMPLE = 1_250  # at once


class Sample:
    """The E-step over some rows of an environment, which are held ready.

    Args:
        standard: [time, vars] rows, 0 where missing.
        mask: [time, vars] bool, True where observed.
        ends: times at which the stacked rows end.
        n_lags: largest lag.

    Attributes:
        pieces: the rows.
    """

    def __init__(self, standard: np.ndarray, mask: np.ndarray, ends: np.ndarray, n_lags: int) -> None:
        pieces = np.array_split(ends, -(-len(ends) // _ROWS_OF_A_SAMPLE))
        self.pieces: list[Rows] = [arrange(*stack(standard, mask, piece, n_lags)) for piece in pieces]

    def __call__(self, model: Gaussian) -> Expected:
        known = factored(model)
        return functools.reduce(_sum, on_all_cores(lambda rows: expect(rows, known), self.pieces))


class Pass:
    """The E-step over all rows of an environment; what the last one said of each block of time is kept.

    Args:
        standard: [time, vars] rows, 0 where missing.
        mask: [time, vars] bool, True where observed.
        blocks: times at which the stacked rows of each block end.
        n_lags: largest lag.

    Attributes:
        total: expected sums of all rows.
        parts: number of rows of each block and their expected sums about the model's mean, [dim] and [dim, dim]; those
            are float32, enough to reweight blocks with, while the totals stay in double.
    """

    def __init__(self, standard: np.ndarray, mask: np.ndarray, blocks: list[np.ndarray], n_lags: int) -> None:
        self._standard, self._mask, self._n_lags = standard, mask, n_lags
        most = min(ROWS_AT_ONCE, max(_ENTRIES_AT_ONCE // ((n_lags + 1) * standard.shape[1]), 1))
        pieces = [np.array_split(block, -(-len(block) // most)) for block in blocks]
        self._pieces = [(number, piece) for number, own in enumerate(pieces) for piece in own]
        self.total: Expected
        self.parts: list[tuple[int, np.ndarray, np.ndarray]]

    def __call__(self, model: Gaussian) -> Expected:
        known = factored(model)

        def sums_of(piece: tuple[int, np.ndarray]) -> tuple[int, Expected]:
            return piece[0], expect(arrange(*stack(self._standard, self._mask, piece[1], self._n_lags)), known)

        self.total, self.parts = _nothing(model), []
        for _, own in itertools.groupby(on_all_cores(sums_of, self._pieces), key=lambda one: one[0]):
            block = functools.reduce(_sum, (sums for _, sums in own))
            self.total, about = _sum(self.total, block), centred(block, model)
            self.parts.append((block.n_rows, about.first, about.second.astype(np.float32)))
        return self.total


def stack(values: np.ndarray, mask: np.ndarray, ends: np.ndarray, n_lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows [x_t .. x_{t-L}] and their mask [ends, (n_lags + 1) vars] for t in `ends`."""
    times = ends[:, None] - np.arange(n_lags + 1)
    return values[times].reshape(len(ends), -1), mask[times].reshape(len(ends), -1)


def _sum(a: Expected, b: Expected) -> Expected:
    return Expected(
        a.first + b.first,
        a.second + b.second,
        a.uncertainty + b.uncertainty,
        a.log_likelihood + b.log_likelihood,
        a.n_rows + b.n_rows,
    )


def _nothing(model: Gaussian) -> Expected:
    zero = np.zeros_like(model.mean)
    return Expected(zero, np.zeros_like(model.cov), zero, 0.0, 0)


def centred(sums: Expected, model: Gaussian) -> Expected:
    """Return the same sums about the mean of a Gaussian."""
    first = sums.first - sums.n_rows * model.mean
    shift = np.outer(sums.first, model.mean)
    second = sums.second - shift - shift.T + sums.n_rows * np.outer(model.mean, model.mean)
    return sums._replace(first=first, second=second)

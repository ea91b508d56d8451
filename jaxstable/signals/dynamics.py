"""How much slow parts explain beside the dynamics: the test that drift and levels must pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.gaps import bridged, standardised, stretches

LAGS = 2
FEWEST_ROWS = 20  # below, nothing slow can be told from dynamics
_ROWS_PER_TERM = 3  # rows that every term of the autoregression must have to itself
RIDGE = 1e-6


class Dynamics:
    """A vector autoregression of all sensors, beside which slow terms are weighed.

    `x_t = A_1 x_{t-1} + A_2 x_{t-2} + slow terms + e_t`. A slow sensor is slow by its own dynamics or because
    something slow is added to it; an autocorrelation of .95 looks like drift to whoever looks at the sensor alone.
    Here drift has to explain what the past of all sensors does not. Gaps are bridged by lines for this question only,
    and only rows with a reading of a sensor speak for it.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
    """

    def __init__(self, values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None) -> None:
        n_vars = values.shape[1]
        filled = bridged(standardised(values, seen), seen, series)
        pieces = [rows for rows in stretches(series, len(values)) if rows.stop - rows.start > LAGS]
        ends = [np.arange(rows.start + LAGS, rows.stop) for rows in pieces]
        self.rows: NDArray[np.intp] = np.concatenate(ends) if ends else np.zeros(0, int)
        self.now: NDArray[np.float64] = filled[self.rows]
        self.seen: NDArray[np.bool_] = seen[self.rows]
        lags = LAGS if LAGS * n_vars * _ROWS_PER_TERM <= len(self.rows) else 1
        past = np.concatenate([filled[self.rows - lag] for lag in range(1, lags + 1)], axis=1)
        most = len(self.rows) // _ROWS_PER_TERM
        if past.shape[1] > most > 0:  # more sensors than rows can tell apart: their strongest common movements
            direction = np.linalg.svd(past - past.mean(axis=0), full_matrices=False)[2][:most]
            past = past @ direction.T
        self.past = past

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to weigh anything."""
        return len(self.rows) >= FEWEST_ROWS

    def criterion(self, slow: Sequence[tuple[NDArray[np.int_], NDArray[Any]]]) -> float:
        """Return the Bayesian information criterion of the autoregression with slow terms; lower is better.

        `sum_j n_j log v_j + log(n) (number of slow terms) (number of sensors)`, n_j the readings of sensor j.

        Args:
            slow: pairs of rows (positions among `self.rows`) and terms `[rows, terms]` that live there alone; the rows
                of different pairs are apart. The first term of each is its level and is not counted.
        """
        misfit = self.misfit(slow)
        count = sum(terms.shape[1] - 1 for _, terms in slow)
        used = int(np.isfinite(misfit).sum())
        return float(misfit[np.isfinite(misfit)].sum()) + float(np.log(max(len(self.now), 2))) * count * used

    def gains(self, terms: NDArray[Any]) -> NDArray[np.float64]:
        """Return the likelihood ratio by which terms `[rows, terms]` explain each sensor beside the dynamics, `[vars]`.

        The first term is the level, all ones, and gains nothing.
        """
        return gained(self._alone, self.misfit([(np.arange(len(self.now)), terms)]))

    @cached_property
    def _alone(self) -> NDArray[np.float64]:
        """What is left beside the level alone, as `misfit` says it."""
        return self.misfit([(np.arange(len(self.now)), np.ones((len(self.now), 1)))])

    @cached_property
    def _products(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self.past.T @ self.past, self.past.T @ self.now

    def misfit(self, slow: Sequence[tuple[NDArray[np.int_], NDArray[Any]]]) -> NDArray[np.float64]:
        """Return `n_j log v_j` of each sensor, infinite where nothing is left of it; `slow` as for `criterion`."""
        # What the terms take out is taken out of the products, so that these are not made anew for each set of terms.
        parts, told_now, told_past = [], [np.zeros((0, self.now.shape[1]))], [np.zeros((0, self.past.shape[1]))]
        for rows, terms in slow:
            basis = np.linalg.qr(terms)[0]
            part = slice(None) if len(rows) == len(self.now) else rows  # all of them, in order: nothing to pick
            told_now.append(basis.T @ self.now[part])
            told_past.append(basis.T @ self.past[part])
            parts.append((part, basis))
        beside, ends = np.concatenate(told_past), np.concatenate(told_now)
        gram, cross = self._products
        ridge = RIDGE * len(self.past) * np.eye(len(gram))
        weights = np.linalg.solve(gram - beside.T @ beside + ridge, cross - beside.T @ ends)
        left = self.now - self.past @ weights
        for (part, basis), now, past in zip(parts, told_now[1:], told_past[1:], strict=True):
            left[part] -= basis @ (now - past @ weights)
        readings = self.seen.sum(axis=0)
        variance = (left**2 * self.seen).sum(axis=0) / np.maximum(readings, 1)
        used = (readings > 0) & (variance > 0)
        return np.where(used, readings * np.log(np.where(used, variance, 1.0)), np.inf)


def gained(without: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the likelihood ratio of each sensor by its misfits; 0 where nothing is left to explain."""
    known = np.isfinite(without) & np.isfinite(given)
    return np.where(known, without, 0.0) - np.where(known, given, 0.0)

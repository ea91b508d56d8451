"""Least-squares refits on second moments: how much variance of a variable is left given its causes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

_RIDGE = 1e-9  # keeps a solve finite where a sensor is there twice; far below any sampling error
_LEAST_VARIANCE = 1e-9
_NO_VARIANCE = 1e-6  # what a cause must have left, given the others, to be able to explain anything
_LEAST_DIAGONAL = 1e-12  # of an inverse; far below 1 over a variance, so only moments that are none come below it
_LEAST_SHARE = 1e-3
_MOST_KEPT = 40_000_000  # numbers of answers; 320 MB
_REWEIGHTINGS = 3  # environments: rounds of weights by precision; more change nothing

Numbers = NDArray[np.float64]
Edges = NDArray[np.bool_]


class Refits:
    """Answer least-squares questions about one set of second moments, each computed once while there is room.

    Column `lag * n_vars + variable` of a moment matrix is that variable `lag` steps back. Several environments share
    their coefficients but not their residual variances; there `log v` is the mean over environments by rows.

    Args:
        covariance: `[environments, dim, dim]` or `[dim, dim]`, dim = (lags + 1) n_vars, lag 0 first, standardised.
        count: rows of each environment, `[environments]` or a number.
        n_vars: number of variables.
        pair_share: `[dim, n_vars]` in [0, 1], share of the rows in which a column and a variable at lag 0 were both
            read: so many of the rows speak for an effect of the one on the other. None is 1 throughout.

    Raises:
        ValueError: the shapes do not fit, or the covariance is not finite.

    Example:
        >>> refits = Refits(np.array([[1.0, 0.8], [0.8, 1.0]]), 100, 2)
        >>> round(float(np.exp(refits.log_variance(1, np.array([True, False])))), 3)
        0.36
    """

    def __init__(
        self, covariance: ArrayLike, count: ArrayLike, n_vars: int, pair_share: ArrayLike | None = None
    ) -> None:
        covariance = np.asarray(covariance, float)
        self.covariance: Numbers = covariance if covariance.ndim == 3 else covariance[None]
        self.count: Numbers = np.atleast_1d(np.asarray(count, float))
        self.n_vars: int = n_vars
        self.dim: int = self.covariance.shape[1]
        _check(self.covariance, self.count, n_vars)
        self.n_lags: int = self.dim // n_vars - 1
        self.n_rows: float = float(self.count.sum())
        self.pooled: Numbers = np.tensordot(self.count / self.n_rows, self.covariance, 1)
        self._diagonal: Numbers = np.diagonal(self.pooled)
        share = np.ones((self.dim, n_vars)) if pair_share is None else np.asarray(pair_share, float)
        if share.shape != (self.dim, n_vars):
            raise ValueError(f"pair_share: found shape {share.shape}, expected {(self.dim, n_vars)}")
        self.pair_share: Numbers = np.maximum(share, _LEAST_SHARE)
        self._kept: dict[tuple[str, int, bytes], Numbers] = {}
        self._n_kept = 0
        nothing = np.zeros((0, self.dim))
        self._last: tuple[Edges, Numbers, Numbers] = np.zeros(0, bool), nothing, nothing

    def leading(self, n_lags: int) -> Refits:
        """Return the same questions about the lags 0 to `n_lags` alone, on the same rows."""
        if not 0 <= n_lags <= self.n_lags:
            raise ValueError(f"n_lags: found {n_lags}, expected 0 to {self.n_lags}")
        dim = (n_lags + 1) * self.n_vars
        return Refits(self.covariance[:, :dim, :dim], self.count, self.n_vars, self.pair_share[:dim])

    def log_variance(self, effect: int, causes: Edges) -> float:
        """Return `log v_j`, v_j the variance of `effect` at lag 0 left by a regression on `causes`, bool `[dim]`."""
        return float(self._once("variance", self._fit, effect, causes)[0])

    def coefficients(self, effect: int, causes: Edges) -> Numbers:
        """Return the coefficients `[dim]` of that regression, 0 off `causes`."""
        return self._spread(causes, self._once("variance", self._fit, effect, causes)[1:])

    def gains(self, effect: int, causes: Edges) -> Numbers:
        """Return the drop of `log v_j` that each further cause brings, `[dim]`; 0 for causes and the effect itself."""
        return self._once("gains", self._gains, effect, causes)

    def drops(self, effect: int, causes: Edges) -> Numbers:
        """Return the rise of `log v_j` that dropping each cause alone brings, `[dim]`; 0 for what is no cause."""
        return self._spread(causes, self._once("drops", self._drops, effect, causes))

    def lag_gains(self, effect: int, causes: Edges) -> Numbers:
        """Return the drop of `log v_j` from adding every absent lag >= 1 of each variable at once, `[n_vars]`."""
        return self._once("lags", self._lag_gains, effect, causes)

    def pair_drops(self, effect: int, causes: Edges) -> Numbers:
        """Return the rise of `log v_j` from dropping all lags of a variable at once, `[n_vars]`.

        0 for the effect itself and for variables that act at fewer than two lags.
        """
        return self._once("pairs", self._pair_drops, effect, causes)

    def _once(self, what: str, compute: Callable[[int, Edges], Numbers], effect: int, causes: Edges) -> Numbers:
        key = what, effect, np.packbits(causes).tobytes()
        if key not in self._kept:
            answer = compute(effect, causes)
            if self._n_kept > _MOST_KEPT:
                self._kept.clear()
                self._n_kept = 0
            self._kept[key] = answer
            self._n_kept += len(answer) + self.dim // 64  # and the key
        return self._kept[key]

    def _spread(self, causes: Edges, numbers: Numbers) -> Numbers:
        """Return one number for every column, 0 where there is no cause."""
        spread = np.zeros(self.dim)
        spread[causes] = numbers
        return spread

    def _fit(self, effect: int, causes: Edges) -> Numbers:
        """Return log v_j and, behind it, the coefficients of the causes."""
        index = np.flatnonzero(causes)
        weights, variance = np.zeros(len(index)), np.maximum(self.covariance[:, effect, effect], _LEAST_VARIANCE)
        if len(index):
            blocks, crosses = self.covariance[:, index][:, :, index], self.covariance[:, index, effect]
            share, ridge = self.count / self.n_rows, _RIDGE * np.eye(len(index))
            for _ in range(_REWEIGHTINGS if len(self.count) > 1 else 1):
                block = (share @ blocks.reshape(len(share), -1)).reshape(ridge.shape) + ridge
                weights = np.linalg.solve(block, share @ crosses)
                explained = 2.0 * crosses @ weights - (blocks @ weights) @ weights
                variance = np.maximum(self.covariance[:, effect, effect] - explained, _LEAST_VARIANCE)
                precision = self.count / variance
                share = precision / precision.sum()
        return np.concatenate([[np.log(variance) @ self.count / self.n_rows], weights], dtype=float)

    def _gains(self, effect: int, causes: Edges) -> Numbers:
        gains = np.zeros(self.dim)
        if len(self.count) > 1:
            others = ~causes
            others[effect] = False
            index = np.flatnonzero(others)
            gains[index] = [self._gain_of(effect, causes, index[k : k + 1]) for k in range(len(index))]
            return gains
        across, solved = self._solved(causes)
        # Partial correlation: what the part of a cause that the other causes do not explain has to say.
        left = self._diagonal - np.sum(across * solved, axis=0)
        cross = self.pooled[effect] - solved[:, effect] @ across
        share = cross * cross / np.maximum(left[effect] * left, 1e-12)
        gains = -np.log1p(-np.clip(share, 0.0, 1.0 - 1e-9))
        gains[(left < _NO_VARIANCE) | causes] = 0.0
        gains[effect] = 0.0
        return gains

    def _drops(self, effect: int, causes: Edges) -> Numbers:
        index = np.flatnonzero(causes)
        if len(self.count) > 1:
            drops = np.zeros(len(index))
            for place, cause in enumerate(index):
                fewer = causes.copy()
                fewer[cause] = False
                drops[place] = self.log_variance(effect, fewer) - self.log_variance(effect, causes)
            return drops
        # The squares left rise by w_k^2 over the k-th diagonal entry of the inverse.
        inverse = np.linalg.inv(self.pooled[np.ix_(index, index)] + _RIDGE * np.eye(len(index)))
        weights = inverse @ self.pooled[index, effect]
        rise = weights * weights / np.maximum(np.diag(inverse), _LEAST_DIAGONAL)
        return np.asarray(np.log1p(rise / np.exp(self.log_variance(effect, causes))), float)

    def _pair_drops(self, effect: int, causes: Edges) -> Numbers:
        index = np.flatnonzero(causes)
        whose, drops = index % self.n_vars, np.zeros(self.n_vars)
        several = np.flatnonzero(np.bincount(whose, minlength=self.n_vars) > 1)
        several = several[several != effect].tolist()
        if len(self.count) > 1:
            for cause in several:
                fewer = causes.copy()
                fewer[cause :: self.n_vars] = False
                drops[cause] = self.log_variance(effect, fewer) - self.log_variance(effect, causes)
        elif several:
            # As for one cause, with the block of its lags for the diagonal entry.
            inverse = np.linalg.inv(self.pooled[np.ix_(index, index)] + _RIDGE * np.eye(len(index)))
            weights, left = inverse @ self.pooled[index, effect], np.exp(self.log_variance(effect, causes))
            for cause in several:
                own = np.flatnonzero(whose == cause)
                rise = weights[own] @ np.linalg.solve(inverse[np.ix_(own, own)], weights[own])
                drops[cause] = np.log1p(max(rise, 0.0) / left)  # below 0 by rounding where lags repeat each other
        return drops

    def _lag_gains(self, effect: int, causes: Edges) -> Numbers:
        gains = np.zeros(self.n_vars)
        if self.n_lags < 2:
            return gains
        columns = np.arange(self.n_vars)[:, None] + self.n_vars * np.arange(1, self.n_lags + 1)
        if len(self.count) > 1:
            gains[:] = [self._gain_of(effect, causes, own) for own in columns]
        else:
            across, solved = self._solved(causes)
            block = self.pooled[columns[:, :, None], columns[:, None, :]]
            block -= across[:, columns].transpose(1, 2, 0) @ solved[:, columns].transpose(1, 0, 2)
            here = causes[columns]  # these have nothing left: neutral rows keep the blocks one size
            block = np.where(here[:, :, None] | here[:, None, :], 0.0, block)
            block += np.eye(self.n_lags) * (here[:, :, None] + _RIDGE)
            left = self.pooled[effect] - solved[:, effect] @ across
            cross = np.where(here, 0.0, left[columns])
            explained = np.sum(cross * np.linalg.solve(block, cross[:, :, None])[:, :, 0], axis=1)
            share = explained / max(left[effect], _LEAST_VARIANCE)
            gains[:] = -np.log1p(-np.clip(share, 0.0, 1.0 - 1e-9))
        gains[effect] = 0.0
        return gains

    def _gain_of(self, effect: int, causes: Edges, columns: NDArray[np.int_]) -> float:
        more = causes.copy()
        more[columns] = True
        return self.log_variance(effect, causes) - self.log_variance(effect, more)

    def _solved(self, causes: Edges) -> tuple[Numbers, Numbers]:
        """Return the causes' rows of the moments and the regression of every column on them, `[causes, dim]`.

        The last is kept.
        """
        if not np.array_equal(causes, self._last[0]):
            index = np.flatnonzero(causes)
            across = self.pooled[index]
            block = across[:, index] + _RIDGE * np.eye(len(index))
            self._last = causes.copy(), across, np.asarray(np.linalg.solve(block, across), float)
        return self._last[1:]


def _check(covariance: Numbers, count: Numbers, n_vars: int) -> None:
    n_environments, dim = covariance.shape[0], covariance.shape[-1]
    if covariance.shape != (len(count), dim, dim) or n_vars < 1 or dim % n_vars:
        raise ValueError(
            f"covariance: found shape {covariance.shape} for {len(count)} counts and {n_vars} variables, expected "
            f"[environments, dim, dim] with dim a multiple of the variables and {n_environments} counts"
        )
    if not np.isfinite(covariance).all() or not (count > 0).all():
        raise ValueError("covariance and count: found an entry that is not finite or a count that is not positive")

"""What any method must beat: the empty and the random graph, correlation, ridge VAR, and sorting by variance or R2.

Rows are completed rows [series, time, variables]; no lag-stacked row crosses from one series into the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np

from benchmarks.accuracy.peers import Estimate, Peer, Rows, stacked

RIDGE = 1.0  # of standardised columns, per sample set: scikit-learn's default


def empty(rows: Rows) -> Estimate:
    """Return no edge and no opinion."""
    n_vars = rows.filled.shape[2]
    return Estimate(np.zeros((n_vars, n_vars)), np.zeros((n_vars, n_vars), bool))


def random(rows: Rows, n_edges: int) -> Estimate:
    """Return a random graph with as many edges as the true one, which is more than others are told."""
    n_vars = rows.filled.shape[2]
    scores = np.random.default_rng([rows.seed, 5]).random((n_vars, n_vars))
    np.fill_diagonal(scores, -1.0)
    return Estimate(scores, scores > np.sort(scores, axis=None)[-n_edges - 1])


def correlation(rows: Rows) -> Estimate:
    """Rank by |correlation| of the cause, at its best lag from 0 on, with the effect."""
    n_vars, samples = rows.filled.shape[2], stacked(rows.filled, rows.n_lags)
    size = np.abs(_correlations(samples)[:, :n_vars]).reshape(-1, n_vars, n_vars).max(axis=0)
    np.fill_diagonal(size, 0.0)
    critical = _critical(size.size * (rows.n_lags + 1)) / np.sqrt(len(samples))
    return Estimate(size, size > critical)


def ridge_var(rows: Rows) -> Estimate:
    """Rank by the largest |coefficient| over lags of a ridge regression on the past of all variables.

    Without lags, on all other variables at the same time. The graph holds the coefficients that pass a t-test.
    """
    n_vars = rows.filled.shape[2]
    samples = _centred(stacked(rows.filled, rows.n_lags))
    now = samples[:, :n_vars]
    size, score = np.zeros((n_vars, n_vars)), np.zeros((n_vars, n_vars))
    for effect in range(n_vars):
        others = np.delete(np.arange(n_vars), effect)
        past = samples[:, n_vars:] if rows.n_lags else now[:, others]
        gram = np.linalg.inv(past.T @ past + RIDGE * np.eye(past.shape[1]))
        weights = gram @ past.T @ now[:, effect]
        left = now[:, effect] - past @ weights
        error = np.sqrt(np.diag(gram) * np.mean(left**2))
        where = np.arange(n_vars) if rows.n_lags else others
        size[where, effect] = np.abs(weights).reshape(-1, len(where)).max(axis=0)
        score[where, effect] = np.abs(weights / np.maximum(error, 1e-12)).reshape(-1, len(where)).max(axis=0)
    np.fill_diagonal(size, 0.0)
    np.fill_diagonal(score, 0.0)
    return Estimate(size, score > _critical(size.size * max(rows.n_lags, 1)))


def variance_sort(rows: Rows) -> Estimate:
    """Order variables by variance, then regress each on those before it and on the past.

    Reference: Reisach, Seiler, Weichwald, Beware of the simulated DAG!, 2021.
    """
    return _sort_and_regress(rows, lambda now: now.var(axis=0))


def r2_sort(rows: Rows) -> Estimate:
    """Order variables by the R2 of each given all others, then regress as `variance_sort` does.

    Reference: Reisach, Tami, Seiler, Chambaz, Weichwald, A scale-invariant sorting criterion, 2023.
    """

    def explained(now: np.ndarray) -> np.ndarray:
        inverse = np.linalg.inv(_correlations(now) + 1e-6 * np.eye(now.shape[1]))
        return 1.0 - 1.0 / np.diag(inverse)

    return _sort_and_regress(rows, explained)


def _sort_and_regress(rows: Rows, key: Callable[[np.ndarray], np.ndarray]) -> Estimate:
    """Regress along the order of `key`; the Bayesian information criterion picks the lasso's penalty."""
    from sklearn.linear_model import LassoLarsIC

    n_vars = rows.filled.shape[2]
    samples = _centred(stacked(rows.filled, rows.n_lags))
    # Equal keys (standardised columns have one variance) must not leak the order of the columns.
    values = np.round(key(samples[:, :n_vars]), 6)
    order = np.lexsort((np.random.default_rng([rows.seed, 6]).random(n_vars), values))
    size = np.zeros((n_vars, n_vars))
    for place, effect in enumerate(order):
        used = np.concatenate([order[:place], np.arange(n_vars, samples.shape[1])]).astype(int)
        if not len(used):
            continue
        first = np.linalg.lstsq(samples[:, used], samples[:, effect], rcond=None)[0]
        scaled = samples[:, used] * np.abs(first)
        weights = np.zeros(samples.shape[1])
        variance = np.mean((samples[:, effect] - samples[:, used] @ first) ** 2)
        lasso = LassoLarsIC(criterion="bic", noise_variance=max(variance, 1e-12)).fit(scaled, samples[:, effect])
        weights[used] = lasso.coef_ * np.abs(first)
        size[:, effect] = np.abs(weights).reshape(-1, n_vars).max(axis=0)
    np.fill_diagonal(size, 0.0)
    return Estimate(size, size > 0.0)


def _centred(samples: np.ndarray) -> np.ndarray:
    return samples - samples.mean(axis=0)


def _correlations(samples: np.ndarray) -> np.ndarray:
    centred = _centred(samples)
    standard = centred / np.maximum(centred.std(axis=0), 1e-12)
    return standard.T @ standard / len(standard)


def _critical(tests: int) -> float:
    """Return the normal quantile of a two-sided test at 5 % over `tests` of them (Bonferroni)."""
    return NormalDist().inv_cdf(1.0 - 0.05 / (2 * tests))


_ALONE: Mapping[str, Mapping[str, object]] = {"": {}}
BASELINES: dict[str, Peer] = {
    "empty": Peer("numpy", empty, _ALONE, invariant=True),
    "random": Peer("numpy", random, _ALONE, invariant=True),
    "|correlation|": Peer("numpy", correlation, _ALONE, invariant=True),
    "ridge VAR": Peer("numpy", ridge_var, _ALONE, raw_runs=1000),
    "variance-sort": Peer("scikit-learn", variance_sort, _ALONE, raw_runs=1000),
    "R2-sort": Peer("scikit-learn", r2_sort, _ALONE, raw_runs=1000),
}

"""Second moments of lag-stacked rows [x_t .. x_{t-L}] expected under missing entries."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np

from jaxstable.moments.expectation import Gaussian, arrange, expect
from jaxstable.moments.maximisation import Convergence, first_guess, maximise, maximise_by_sample
from jaxstable.moments.passes import ROWS_AT_ONCE, Pass, Sample, centred, stack
from jaxstable.signals.threads import one_blas_thread


@dataclasses.dataclass(frozen=True, eq=False)
class Moments:
    """Covariances of lag-stacked rows, whole and per time block, one set per environment.

    Column `lag * n_vars + variable` of a stacked row is that variable `lag` steps back. Everything
    is in standardised units: `(x - mean) / scale`, with variance 1 at lag 0 over all environments.

    Attributes:
        matrix: [environments, dim, dim] float64, dim = (n_lags + 1) n_vars.
        count: stacked rows per environment [environments].
        n_lags: largest lag.
        mean: [n_vars] in units of the data.
        scale: [n_vars] in units of the data, > 0.
        missing_information: [n_vars] in [0, 1]; the share of each variable's variance that lies in
            missing entries and that the observed entries around them do not explain.
        models: Gaussian of each environment's stacked rows, in standardised units.
        pair_share: [dim, n_vars]; share of rows in which both a column of the stacked row and a
            variable at lag 0 were read: what a row count must be multiplied with to tell how much
            data speaks for an effect of the one on the other.
        block_second: [blocks, dim, dim] float32, expected outer products about the model's mean.
        block_first: [blocks, dim] expected sums about the model's mean.
        block_count: [blocks] rows.
        block_environment: [blocks] index into the environments.
        convergence: how the EM went, per environment.
        environments: label of each environment.
    """

    matrix: np.ndarray
    count: np.ndarray
    n_lags: int
    mean: np.ndarray
    scale: np.ndarray
    missing_information: np.ndarray
    models: tuple[Gaussian, ...]
    pair_share: np.ndarray
    block_second: np.ndarray
    block_first: np.ndarray
    block_count: np.ndarray
    block_environment: np.ndarray
    convergence: tuple[Convergence, ...] = ()
    environments: tuple[int, ...] = ()

    @property
    def n_vars(self) -> int:
        """Return the number of variables."""
        return len(self.mean)


@one_blas_thread()
def lagged_moments(
    values: np.ndarray,
    mask: np.ndarray | None = None,
    n_lags: int = 2,
    series: np.ndarray | None = None,
    environment: np.ndarray | None = None,
    blocks: int = 100,
    prior: float = 1.0,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
    subset: int = 10_000,
    seed: int = 0,
) -> Moments:
    """Return expected covariances of lag-stacked rows; exact sample covariances without gaps.

    Each row [x_t .. x_{t-L}] is taken as Gaussian; EM finds its mean and covariance from the
    observed entries, and the moments returned contain the conditional covariance of the missing
    ones. Rows never cross from one series into another; rows without any reading are left out.
    Above `subset` rows the EM runs on a random subset, corrected by passes over all rows, until a
    pass moves no entry by more than a tenth of its sampling error.

    Args:
        values: [time, vars]; NaN or anything where missing.
        mask: [time, vars], 1 where observed; by default where `values` is finite.
        n_lags: largest lag, >= 0.
        series: [time] id; a change starts a new series.
        environment: [time] integer label of a stacked row's environment at lag 0.
        blocks: number of time blocks kept for the bootstrap, over all environments.
        prior: pseudo-rows of unit variance in the EM, so that few rows cannot make it singular.
        tolerance: largest change of a covariance entry, in standardised units, at which EM stops.
        max_iterations: most E-steps of either stage.
        subset: rows of the first stage.
        seed: seed of the subset.

    Returns:
        The moments.

    Raises:
        ValueError: if no stacked row has a reading, or a variable is never observed in them.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 2))
        >>> m = lagged_moments(x, n_lags=1)
        >>> m.matrix.shape, int(m.count[0]), bool(np.isclose(m.matrix[0, 0, 0], 1.0))
        ((1, 4, 4), 199, True)

    Reference:
        Arthur Dempster, Nan Laird, Donald Rubin, Maximum likelihood from incomplete data via the
        EM algorithm (1977).
    """
    values, mask = as_host(values, mask)
    n_rows = len(values)
    ends = lagged_rows(n_rows, n_lags, series)
    ends = ends[np.any([mask[ends - lag].any(axis=1) for lag in range(n_lags + 1)], axis=0)]
    used = np.zeros(n_rows, bool)
    for lag in range(n_lags + 1):
        used[ends - lag] = True
    _check_observed(mask, used, n_lags)
    mean, scale = _location(values, mask & used[:, None])
    standard = np.where(mask, (values - mean) / scale, 0.0)
    labels = np.zeros(n_rows, int) if environment is None else np.asarray(environment)
    rng = np.random.default_rng(seed)
    environments = np.unique(labels[ends])
    parts, totals, models, convergence = [], [], [], []
    for k, label in enumerate(environments):
        own = ends[labels[ends] == label]
        share = min(max(round(blocks * len(own) / len(ends)), 1), len(own))
        pieces = np.array_split(own, share)
        everything = Pass(standard, mask, pieces, n_lags)
        dim = (n_lags + 1) * standard.shape[1]
        if len(own) <= subset:
            rows = arrange(*stack(standard, mask, own, n_lags))
            start = Gaussian(np.zeros(dim), np.eye(dim)) if rows.mask.all() else first_guess([rows], prior)
            model, info = maximise(partial(expect, rows), start, prior, tolerance, max_iterations)
            everything(model)
        else:
            sample = Sample(standard, mask, np.sort(rng.choice(own, subset, replace=False)), n_lags)
            # Finer than a tenth of the sampling error of a correlation is of no use.
            rough, fine = (max(tolerance, 0.1 / np.sqrt(n)) for n in (subset, len(own)))
            model, _ = maximise(sample, first_guess(sample.pieces, prior), prior, rough, max_iterations)
            model, info = maximise_by_sample(sample, everything, model, prior, fine, max_iterations)
        models.append(model)
        convergence.append(info)
        totals.append(centred(everything.total, model))
        parts += [(k, *part) for part in everything.parts]
    pairs = _pair_share(mask, ends, n_lags)
    moments = _assemble(parts, totals, models, n_lags, mean, scale, pairs)
    return dataclasses.replace(moments, convergence=tuple(convergence), environments=tuple(environments.tolist()))


def lagged_rows(n_rows: int, n_lags: int, series: np.ndarray | None = None) -> np.ndarray:
    """Return the times t whose rows t-n_lags .. t belong to one uninterrupted series.

    Example:
        >>> lagged_rows(6, 1, np.array([0, 0, 0, 1, 1, 1])).tolist()
        [1, 2, 4, 5]
    """
    times = np.arange(n_lags, n_rows)
    if series is None:
        return times
    run = np.concatenate([[0], np.cumsum(np.diff(np.asarray(series)) != 0)])
    return times[run[times] == run[times - n_lags]]


def as_host(values: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return values in float64 and their boolean mask, False wherever a value is not finite."""
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}; moments need [time, vars]")
    finite = np.isfinite(values)
    return values, finite if mask is None else np.asarray(mask).astype(bool) & finite


def _pair_share(mask, ends, n_lags) -> np.ndarray:
    both = np.zeros(((n_lags + 1) * mask.shape[1], mask.shape[1]))
    for part in np.array_split(ends, -(-len(ends) // ROWS_AT_ONCE)):
        seen = mask[part[:, None] - np.arange(n_lags + 1)].astype(np.float32)
        both += seen.reshape(len(part), -1).T @ seen[:, 0]
    return both / len(ends)


def _assemble(parts, totals, models, n_lags, mean, scale, pairs) -> Moments:
    n_vars = len(mean)
    count = np.array([total.n_rows for total in totals])
    shift = np.array([total.first / total.n_rows for total in totals])
    matrix = np.array([total.second / total.n_rows for total in totals])
    matrix -= shift[:, :, None] * shift[:, None, :]
    lost = np.sum([total.uncertainty for total in totals], axis=0)[:n_vars] / count.sum()
    pooled = (count / count.sum()) @ np.einsum("kii->ki", matrix)[:, :n_vars]
    pooled = np.where(pooled > 1e-12, pooled, 1.0)
    unit = np.tile(np.sqrt(pooled), n_lags + 1)
    square = np.outer(unit, unit)
    where, rows, first, second = zip(*parts, strict=True)
    return Moments(
        matrix=matrix / square,
        count=count,
        n_lags=n_lags,
        mean=mean,
        scale=scale * unit[:n_vars],
        missing_information=np.clip(lost / pooled, 0.0, 1.0),
        models=tuple(Gaussian(g.mean / unit, g.cov / square) for g in models),
        pair_share=pairs,
        block_second=np.array(second) / square.astype(np.float32),
        block_first=(np.array(first) / unit).astype(np.float32),
        block_count=np.array(rows, np.float32),
        block_environment=np.array(where),
    )


def _location(values, mask) -> tuple[np.ndarray, np.ndarray]:
    count = np.maximum(mask.sum(axis=0), 1)
    mean = np.where(mask, values, 0.0).sum(axis=0) / count
    scale = np.sqrt((np.where(mask, values - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(scale > 1e-12 * np.maximum(np.abs(mean), 1e-300), scale, 1.0)


def _check_observed(mask, used, n_lags) -> None:
    if not used.any():
        raise ValueError(f"no row has {n_lags} uninterrupted rows before it and a reading; choose fewer lags")
    dead = np.flatnonzero(~mask[used].any(axis=0))
    if len(dead):
        raise ValueError(f"variables {dead.tolist()} have no reading in the rows used; drop these columns")

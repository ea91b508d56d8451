"""Expectation-maximisation for the mean and covariance of Gaussian rows with missing entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import scipy.linalg

# A pattern shared by this many rows is factorised once and its rows go through one matrix product.
_SHARED = 8
# Entries of one batch of inverses: about 16 MB, so that a batch stays near the cache.
_BATCH = 2_000_000


class Gaussian(NamedTuple):
    """Mean [dim] and covariance [dim, dim]."""

    mean: np.ndarray
    cov: np.ndarray


class Expected(NamedTuple):
    """Sums over rows under a Gaussian: what one E-step returns.

    Attributes:
        first: sum of the completed rows [dim].
        second: sum of their expected outer products [dim, dim], conditional covariance included.
        uncertainty: sum of the conditional variances [dim]; 0 for a column without gaps.
        log_likelihood: of the observed entries.
        n_rows: number of rows.
    """

    first: np.ndarray
    second: np.ndarray
    uncertainty: np.ndarray
    log_likelihood: float
    n_rows: int


class Convergence(NamedTuple):
    """How the iteration went.

    Attributes:
        converged: whether the last change was below the tolerance.
        iterations: E-steps over all rows.
        change: largest last change of an entry of the covariance.
        log_likelihood: penalised log-likelihood per row before each kept step; never decreasing
            within one `maximise` call.
    """

    converged: bool
    iterations: int
    change: float
    log_likelihood: tuple[float, ...]


class Rows(NamedTuple):
    """Rows [rows, dim] with 0 where missing, their mask, and batches of row numbers by pattern."""

    values: np.ndarray
    mask: np.ndarray
    batches: tuple[np.ndarray, ...]
    shared: tuple[bool, ...]


def arrange(values: np.ndarray, mask: np.ndarray) -> Rows:
    """Group rows by missing pattern: repeated patterns apart, single ones by number of gaps.

    Args:
        values: [rows, dim]; anything where missing.
        mask: [rows, dim] bool, True where observed.

    Returns:
        The rows, ready for `expect` under any Gaussian.

    Example:
        >>> arrange(np.zeros((9, 2)), np.ones((9, 2), bool)).shared
        (True,)
    """
    dim = values.shape[1]
    packed = np.ascontiguousarray(np.packbits(mask, axis=1))
    codes = packed.view([("", packed.dtype)] * packed.shape[1]).ravel()
    _, group, count = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(count)
    batches, shared = [], []
    for k in np.flatnonzero(count >= _SHARED):
        batches.append(order[ends[k] - count[k] : ends[k]])
        shared.append(True)
    single = np.flatnonzero(count[group] < _SHARED)
    gaps = dim - mask[single].sum(axis=1)
    single, gaps = single[np.argsort(gaps, kind="stable")], np.sort(gaps)
    start = 0
    while start < len(single):
        # The batch is padded to its largest row, so its size is set by looking one batch ahead.
        size = max(_BATCH // max(int(gaps[start]) ** 2, dim), 1)
        size = max(_BATCH // max(int(gaps[min(start + size, len(gaps)) - 1]) ** 2, dim), 1)
        batches.append(single[start : start + size])
        shared.append(False)
        start += size
    return Rows(np.where(mask, values, 0.0), mask, tuple(batches), tuple(shared))


def complete(rows: Rows, model: Gaussian) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]]:
    """Yield, batch by batch, the conditional mean and covariance of the missing entries.

    With K the inverse covariance and m, o the missing and observed entries of a row,
    `cov(x_m | x_o) = K_mm^-1` and `mean(x_m | x_o) = mu_m - K_mm^-1 K_mo (x_o - mu_o)`.

    Args:
        rows: from `arrange`.
        model: mean and covariance; the covariance must be positive definite.

    Yields:
        Row numbers [n], centred completed rows [n, dim], missing columns [n or 1, k] (dim or more
        for padding), conditional covariance [n or 1, k, k], and log det K_mm summed over the rows.

    Raises:
        numpy.linalg.LinAlgError: if the covariance is not positive definite.
    """
    dim = len(model.mean)
    factor = scipy.linalg.cho_factor(model.cov, lower=True)
    precision = scipy.linalg.cho_solve(factor, np.eye(dim))
    precision = 0.5 * (precision + precision.T)
    # Padding points at extra, independent unit variables: each padded slot needs one of its own.
    padded = np.eye(2 * dim)
    padded[:dim, :dim] = precision
    for index, shared in zip(rows.batches, rows.shared, strict=True):
        seen = rows.mask[index]
        centred = np.where(seen, rows.values[index] - model.mean, 0.0)
        pattern = seen[:1] if shared else seen
        gaps = (~pattern).sum(axis=1)
        width = int(gaps.max())
        if width == 0:
            yield index, centred, np.empty((1, 0), int), np.empty((1, 0, 0)), 0.0
            continue
        columns = np.argsort(pattern, axis=1, kind="stable")[:, :width]
        slots = np.arange(width)
        columns = np.where(slots < gaps[:, None], columns, dim + slots)
        block = padded[columns[:, :, None], columns[:, None, :]]
        lower = np.linalg.cholesky(block)
        log_det = 2.0 * np.log(np.einsum("nii->ni", lower)).sum()
        cov = np.linalg.inv(block)
        pull = np.concatenate([centred @ precision, np.zeros((len(index), dim))], axis=1)
        if shared:
            centred[:, columns[0]] = -pull[:, columns[0]] @ cov[0]
        else:
            filled = -np.einsum("nij,nj->ni", cov, np.take_along_axis(pull, columns, 1))
            wide = np.concatenate([centred, np.zeros((len(index), dim))], axis=1)
            np.put_along_axis(wide, columns, filled, 1)
            centred = wide[:, :dim]
        yield index, centred, columns, cov, float(log_det * (len(index) if shared else 1))


def expect(rows: Rows, model: Gaussian) -> Expected:
    """Return expected sums and the log-likelihood of all rows: one E-step.

    Args:
        rows: from `arrange`.
        model: mean and covariance.

    Returns:
        Sums over rows, in the units of the rows (not centred).

    Example:
        >>> rows = arrange(np.array([[1.0, 0.0]]), np.array([[True, False]]))
        >>> half = Gaussian(np.zeros(2), np.array([[1.0, 0.5], [0.5, 1.0]]))
        >>> expect(rows, half).second.round(9).tolist()
        [[1.0, 0.5], [0.5, 1.0]]
    """
    dim, n_rows = len(model.mean), len(rows.values)
    precision = np.linalg.inv(model.cov)
    first, second, spread = np.zeros(dim), np.zeros((dim, dim)), np.zeros((dim, dim))
    log_det = 0.0
    for index, centred, columns, cov, part in complete(rows, model):
        first += centred.sum(axis=0)
        second += centred.T @ centred
        log_det += part
        if columns.shape[1] == 0:
            continue
        if len(cov) == 1:
            spread[np.ix_(columns[0], columns[0])] += len(index) * cov[0]
        else:
            columns = np.minimum(columns, dim)  # all padding into one extra row and column
            flat = columns[:, :, None] * (dim + 1) + columns[:, None, :]
            total = np.bincount(flat.ravel(), cov.ravel(), (dim + 1) ** 2)
            spread += total.reshape(dim + 1, dim + 1)[:dim, :dim]
    quadratic = float(np.sum(precision * second))
    log_det_cov = np.linalg.slogdet(model.cov)[1]
    constant = float(rows.mask.sum()) * np.log(2.0 * np.pi)
    log_likelihood = -0.5 * (constant + n_rows * log_det_cov + log_det + quadratic)
    shift = np.outer(first, model.mean)
    second = second + spread + shift + shift.T + n_rows * np.outer(model.mean, model.mean)
    first = first + n_rows * model.mean
    return Expected(first, second, np.diag(spread).copy(), log_likelihood, n_rows)


def maximise(
    expectation: Callable[[Gaussian], Expected],
    start: Gaussian,
    prior: float = 1.0,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
) -> tuple[Gaussian, Convergence]:
    """Climb to the Gaussian with the largest penalised likelihood by accelerated EM.

    Maximises `sum_i log p(x_i observed) - prior/2 (log det S + tr S^-1)`. Pairs of EM steps are
    extrapolated (SQUAREM); an extrapolation that lowers the objective or leaves the positive
    definite matrices is taken back, so the objective never falls.

    Args:
        expectation: the E-step over all rows, such as `expect` with its rows bound; rows should
            be standardised, as the prior pulls towards unit variance.
        start: first guess, positive definite.
        prior: weight of the prior in rows; it keeps the covariance invertible.
        tolerance: largest change of a covariance entry in one plain EM step at which to stop.
        max_iterations: most E-steps.

    Returns:
        The Gaussian and how the iteration went. A series without gaps takes one step.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> start = Gaussian(np.zeros(2), np.eye(2))
        >>> rows = arrange(x, np.ones(x.shape, bool))
        >>> model, info = maximise(lambda g: expect(rows, g), start, prior=1e-6)
        >>> bool(np.allclose(model.cov, np.cov(x.T, bias=True))), info.converged
        (True, True)

    Reference:
        Ravi Varadhan, Christophe Roland, Simple and globally convergent methods for accelerating
        the convergence of any EM algorithm (2008).
    """
    history: list[float] = []
    steps, gaps = 0, True

    def step(model: Gaussian) -> tuple[Gaussian, float]:
        nonlocal steps, gaps
        steps += 1
        sums = expectation(model)
        gaps = bool(sums.uncertainty.any())
        return maximised(sums, prior), _objective(sums, model, prior) / max(sums.n_rows, 1)

    current, change = start, np.inf
    while steps < max_iterations:
        one, before = step(current)
        history.append(before)
        change = float(np.abs(one.cov - current.cov).max())
        if change < tolerance or not gaps:
            current = one
            break
        two, middle = step(one)
        history.append(middle)
        change = float(np.abs(two.cov - one.cov).max())
        if change < tolerance:
            current = two
            break
        leap = _extrapolate(current, one, two)
        current = two
        if leap is not None and steps < max_iterations:
            landed, height = step(leap)
            # The plain step `two` is at least as high as `middle`; only what beats that is kept.
            if height >= middle:
                history.append(height)
                current = landed
    converged = bool(change < tolerance or not gaps)
    return current, Convergence(converged, steps, float(change), tuple(history))


def maximised(sums: Expected, prior: float) -> Gaussian:
    """Return the Gaussian that maximises the expected penalised likelihood: the M-step."""
    mean = sums.first / max(sums.n_rows, 1)
    scatter = sums.second - sums.n_rows * np.outer(mean, mean)
    cov = (scatter + prior * np.eye(len(mean))) / (sums.n_rows + prior)
    return Gaussian(mean, 0.5 * (cov + cov.T))


def _objective(sums: Expected, model: Gaussian, prior: float) -> float:
    log_det = np.linalg.slogdet(model.cov)[1]
    return sums.log_likelihood - 0.5 * prior * float(log_det + np.trace(np.linalg.inv(model.cov)))


def _extrapolate(zero: Gaussian, one: Gaussian, two: Gaussian) -> Gaussian | None:
    first = np.concatenate([one.mean - zero.mean, (one.cov - zero.cov).ravel()])
    second = np.concatenate([two.mean - one.mean, (two.cov - one.cov).ravel()]) - first
    length = -np.linalg.norm(first) / max(float(np.linalg.norm(second)), 1e-300)
    if length > -1.0:
        return None
    dim = len(zero.mean)
    leap = -2.0 * length * first + length**2 * second
    cov = zero.cov + leap[dim:].reshape(dim, dim)
    try:
        np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        return None
    return Gaussian(zero.mean + leap[:dim], cov)

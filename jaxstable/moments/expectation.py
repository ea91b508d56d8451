"""The expectation step for Gaussian rows with missing entries: what they sum up to under a mean and a covariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import get_lapack_funcs

# A pattern shared by this many rows is factorised once and its rows go through one matrix product.
_SHARED = 8
# Entries of one batch of inverses: about 16 MB, so that a batch stays near the cache.
_BATCH = 2_000_000


class Gaussian(NamedTuple):
    """Mean [dim] and covariance [dim, dim]."""

    mean: np.ndarray
    cov: np.ndarray


class Factored(NamedTuple):
    """A Gaussian whose covariance was factorised once, for the many batches of rows that come under it."""

    mean: np.ndarray
    cov: np.ndarray
    precision: np.ndarray
    log_det: float
    """of the covariance."""


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


def factored(model: Gaussian) -> Factored:
    """Return a Gaussian with its inverse covariance and the log-determinant of its covariance.

    Raises:
        numpy.linalg.LinAlgError: if the covariance is not positive definite.

    Example:
        >>> factored(Gaussian(np.zeros(2), 4.0 * np.eye(2))).precision.tolist()
        [[0.25, 0.0], [0.0, 0.25]]
    """
    factorise, invert = get_lapack_funcs(("potrf", "potri"), (model.cov,))
    lower, info = factorise(model.cov, lower=1)
    if info:
        raise np.linalg.LinAlgError("the covariance is not positive definite")
    log_det = 2.0 * float(np.log(np.diagonal(lower)).sum())
    half = invert(lower, lower=1, overwrite_c=1)[0]
    return Factored(*model, np.tril(half) + np.tril(half, -1).T, log_det)


def complete(
    rows: Rows, model: Gaussian | Factored
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]]:
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
    precision = model.precision if isinstance(model, Factored) else factored(model).precision
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


def expect(rows: Rows, model: Gaussian | Factored) -> Expected:
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
    model = model if isinstance(model, Factored) else factored(model)
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
    quadratic = float(np.vdot(model.precision, second))
    constant = float(rows.mask.sum()) * np.log(2.0 * np.pi)
    log_likelihood = -0.5 * (constant + n_rows * model.log_det + log_det + quadratic)
    shift = np.outer(first, model.mean)
    second = second + spread + shift + shift.T + n_rows * np.outer(model.mean, model.mean)
    first = first + n_rows * model.mean
    return Expected(first, second, np.diag(spread).copy(), log_likelihood, n_rows)

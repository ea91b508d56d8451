"""The expectation step for Gaussian rows with missing entries: what they sum up to under a mean and a covariance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import get_lapack_funcs

from jaxstable.moments.inverses import inverse_factors

# A pattern shared by this many rows is factorised once and its rows go through one matrix product.
_SHARED = 8
# Entries of the matrices of one batch, half a megabyte: what a batch needs stays in the cache of a core, and in memory
# that is not given back to the system and cleared anew, which doubled the time.
_BATCH = 60_000


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


class Batch(NamedTuple):
    """Rows of which one missing pattern, or one for each, is taken together.

    Attributes:
        rows: their numbers [n].
        columns: missing columns [n, k], or [1, k] where all rows share them; beyond dim for padding.
    """

    rows: np.ndarray
    columns: np.ndarray


class Rows(NamedTuple):
    """Rows [rows, dim] with 0 where missing, their mask, and batches of them by pattern.

    `wide` is dim and the most columns that padding adds.
    """

    values: np.ndarray
    mask: np.ndarray
    batches: tuple[Batch, ...]
    wide: int


class Completed(NamedTuple):
    """What a batch of rows is expected to be under a Gaussian.

    Attributes:
        rows: their numbers [n].
        centred: the rows without the mean, completed [n, dim].
        columns: as in `Batch`.
        cov: conditional covariance of the missing entries [n or 1, k, k].
        places: of these entries in a matrix [wide, wide], counted row by row; [n or 1, k, k].
        log_det: of the inverses of these covariances, summed over the rows.
    """

    rows: np.ndarray
    centred: np.ndarray
    columns: np.ndarray
    cov: np.ndarray
    places: np.ndarray
    log_det: float


def arrange(values: np.ndarray, mask: np.ndarray) -> Rows:
    """Group rows by missing pattern: repeated patterns apart, single ones by number of gaps.

    Args:
        values: [rows, dim]; anything where missing.
        mask: [rows, dim] bool, True where observed.

    Returns:
        The rows, ready for `expect` under any Gaussian.

    Example:
        >>> arrange(np.zeros((9, 2)), np.ones((9, 2), bool)).batches[0].columns.shape
        (1, 0)
    """
    dim = values.shape[1]
    packed = np.ascontiguousarray(np.packbits(mask, axis=1))
    codes = packed.view([("", packed.dtype)] * packed.shape[1]).ravel()
    _, group, count = np.unique(codes, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    ends = np.cumsum(count)
    batches = []
    for k in np.flatnonzero(count >= _SHARED):
        rows = order[ends[k] - count[k] : ends[k]]
        batches.append(Batch(rows, np.flatnonzero(~mask[rows[0]])[None]))
    single = np.flatnonzero(count[group] < _SHARED)
    gaps = dim - mask[single].sum(axis=1)
    single, gaps = single[np.argsort(gaps, kind="stable")], np.sort(gaps)
    start = 0
    while start < len(single):
        # The batch is padded to its largest row, so its size is set by looking one batch ahead.
        size = max(_BATCH // max(int(gaps[start]) ** 2, dim), 1)
        size = max(_BATCH // max(int(gaps[min(start + size, len(gaps)) - 1]) ** 2, dim), 1)
        rows, own = single[start : start + size], gaps[start : start + size, None]
        slots = np.arange(own.max())
        columns = np.argsort(mask[rows], axis=1, kind="stable")[:, : len(slots)]
        batches.append(Batch(rows, np.where(slots < own, columns, dim + slots - own)))
        start += size
    wide = max([dim, *(int(batch.columns.max(initial=0)) + 1 for batch in batches)])
    return Rows(np.where(mask, values, 0.0), mask, tuple(batches), wide)


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


def complete(rows: Rows, model: Gaussian | Factored) -> Iterator[Completed]:
    """Yield, batch by batch, the conditional mean and covariance of the missing entries.

    With K the inverse covariance and m, o the missing and observed entries of a row,
    `cov(x_m | x_o) = K_mm^-1` and `mean(x_m | x_o) = mu_m - K_mm^-1 K_mo (x_o - mu_o)`.

    Args:
        rows: from `arrange`.
        model: mean and covariance; the covariance must be positive definite.

    Raises:
        numpy.linalg.LinAlgError: if the covariance is not positive definite.
    """
    dim = len(model.mean)
    precision = model.precision if isinstance(model, Factored) else factored(model).precision
    # Padding points at extra, independent unit variables: each padded slot needs one of its own.
    wide = rows.wide
    padded = np.eye(wide)
    padded[:dim, :dim] = precision
    for index, columns in rows.batches:
        centred = np.zeros((len(index), wide))
        centred[:, :dim] = np.where(rows.mask[index], rows.values[index] - model.mean, 0.0)
        places = columns[:, :, None] * wide + columns[:, None, :]
        factor = inverse_factors(padded.take(places))
        cov = factor.transpose(0, 2, 1) @ factor
        pull = np.take_along_axis(centred @ padded, columns, 1)
        filled = pull @ cov[0] if len(cov) == 1 else np.einsum("nij,nj->ni", cov, pull)
        np.put_along_axis(centred, columns, -filled, 1)
        log_det = -2.0 * float(np.log(np.einsum("nii->ni", factor)).sum()) * len(index) / len(cov)
        yield Completed(index, centred[:, :dim], columns, cov, places, log_det)


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
    first, second, log_det = np.zeros(dim), np.zeros((dim, dim)), 0.0
    wide = rows.wide
    spread = np.zeros(wide * wide)
    for part in complete(rows, model):
        first += part.centred.sum(axis=0)
        second += part.centred.T @ part.centred
        log_det += part.log_det
        together = len(part.rows) // len(part.cov)  # rows of one pattern
        np.add.at(spread, part.places.ravel(), together * part.cov.ravel())
    spread = spread.reshape(wide, wide)[:dim, :dim]
    quadratic = float(np.vdot(model.precision, second))
    constant = float(rows.mask.sum()) * np.log(2.0 * np.pi)
    log_likelihood = -0.5 * (constant + n_rows * model.log_det + log_det + quadratic)
    shift = np.outer(first, model.mean)
    second = second + spread + shift + shift.T + n_rows * np.outer(model.mean, model.mean)
    first = first + n_rows * model.mean
    return Expected(first, second, np.diag(spread).copy(), log_likelihood, n_rows)

"""One set of moments from those of several blocks of rows, each with a level of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from jaxstable.moments.expectation import Gaussian
from jaxstable.moments.lagged import Moments


def combined(parts: Sequence[Moments]) -> Moments:
    r"""Combine the moments of blocks of rows, as if each block were a recording with its own level.

    With n_b rows in block b, its covariance C_b about its own mean and common units, the covariance is
    `sum_b n_b C_b / sum_b n_b`, for each environment over the blocks that hold it; the scale is that of all together.

    Args:
        parts: of the same variables and lags, at least one; a part need not hold every environment.

    Returns:
        The moments; `mean` is that of all rows, the blocks of the bootstrap are those of all parts.

    Raises:
        ValueError: other lags or variables in one of the parts.

    Example:
        >>> from jaxstable.moments.lagged import lagged_moments
        >>> rows = np.random.default_rng(0).normal(size=(600, 2))
        >>> halves = [lagged_moments(rows[:300], n_lags=1), lagged_moments(rows[300:], n_lags=1)]
        >>> bool(np.abs(combined(halves).matrix - lagged_moments(rows, n_lags=1).matrix).max() < 0.02)
        True
    """
    first = parts[0]
    if any((part.n_lags, part.n_vars) != (first.n_lags, first.n_vars) for part in parts):
        raise ValueError("the blocks have other lags or variables")
    labels = sorted({label for part in parts for label in part.environments})
    places = [np.array([labels.index(label) for label in part.environments]) for part in parts]
    counts = np.zeros((len(parts), len(labels)))
    for count, part, place in zip(counts, parts, places, strict=True):
        count[place] = part.count
    total = counts.sum(axis=0)
    shares = counts.sum(axis=1) / counts.sum()
    tiled = [np.tile(part.scale, first.n_lags + 1) for part in parts]
    covariance = np.zeros((len(labels), *first.matrix.shape[1:]))
    for part, scale, place in zip(parts, tiled, places, strict=True):
        weights = part.count / total[place]
        covariance[place] += weights[:, None, None] * part.matrix * np.outer(scale, scale)
    pooled = (total / total.sum()) @ np.einsum("kii->ki", covariance)[:, : first.n_vars]
    scale = np.sqrt(np.where(pooled > 0, pooled, 1.0))
    units = np.tile(scale, first.n_lags + 1)
    matrix = covariance / np.outer(units, units)
    ratios = [mine / units for mine in tiled]
    squares = [np.outer(ratio, ratio).astype(np.float32) for ratio in ratios]
    latest = {label: how for part in parts for label, how in zip(part.environments, part.convergence, strict=True)}
    return dataclasses.replace(
        first,
        matrix=matrix,
        count=total.astype(first.count.dtype),
        mean=shares @ np.array([part.mean for part in parts]),
        scale=scale,
        missing_information=shares @ np.array([part.missing_information for part in parts]),
        models=tuple(Gaussian(np.zeros(len(one)), one) for one in matrix),
        pair_share=np.einsum("p,pij->ij", shares, np.array([part.pair_share for part in parts])),
        block_second=np.concatenate([p.block_second * square for p, square in zip(parts, squares, strict=True)]),
        block_first=np.concatenate([p.block_first * r.astype(np.float32) for p, r in zip(parts, ratios, strict=True)]),
        block_count=np.concatenate([part.block_count for part in parts]),
        block_environment=np.concatenate([place[p.block_environment] for place, p in zip(places, parts, strict=True)]),
        convergence=tuple(latest[label] for label in labels),
        environments=tuple(labels),
    )

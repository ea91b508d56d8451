"""Moving-block bootstrap of lagged moments: blocks of time reweighted, never refitted."""

from __future__ import annotations

import numpy as np

from jaxstable.moments.lagged import Moments


def bootstrap_moments(moments: Moments, draws: int, run: int = 2, seed: int = 0) -> np.ndarray:
    """Draw covariances by a moving-block bootstrap over the kept time blocks.

    Each draw joins runs of `run` neighbouring blocks from random starts (circular, so that every
    block is as likely) until an environment is full, and reweights the blocks' expected moments.
    Missing entries keep their expectation under the fit to all data.

    Args:
        moments: from `lagged_moments`.
        draws: number of draws.
        run: neighbouring blocks drawn together, >= 1; longer for slowly varying data.
        seed: seed of the draws.

    Returns:
        Covariances [draws, environments, dim, dim] float32, in the units of `moments.matrix`.

    Example:
        >>> from jaxstable.moments.lagged import lagged_moments
        >>> m = lagged_moments(np.random.default_rng(0).normal(size=(300, 2)), n_lags=1)
        >>> bootstrap_moments(m, draws=5).shape
        (5, 1, 4, 4)
    """
    rng = np.random.default_rng(seed)
    dim = moments.matrix.shape[1]
    result = np.empty((draws, len(moments.environments), dim, dim), np.float32)
    for k in range(len(moments.environments)):
        own = np.flatnonzero(moments.block_environment == k)
        starts = rng.integers(len(own), size=(draws, -(-len(own) // run)))
        chosen = (starts[:, :, None] + np.arange(run)) % len(own)
        chosen = chosen.reshape(draws, -1)[:, : len(own)]
        times = np.zeros((draws, len(own)), np.float32)
        np.add.at(times, (np.arange(draws)[:, None], chosen), 1.0)
        rows = (times @ moments.block_count[own])[:, None]
        first = (times @ moments.block_first[own]) / rows
        second = times @ moments.block_second[own].reshape(len(own), -1) / rows
        centre = first[:, :, None] * first[:, None, :]
        result[:, k] = second.reshape(draws, dim, dim) - centre
    return result

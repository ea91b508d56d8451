"""Missing entries filled from readings around them, with their uncertainty."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxstable.moments.expectation import arrange, complete
from jaxstable.moments.lagged import Moments, as_host

# Rows stacked at once: bounds the memory of long series.
_SEGMENT = 20_000


class Imputed(NamedTuple):
    """Completed series `values` [time, vars] and the standard deviation `sd`, 0 where observed."""

    values: np.ndarray
    sd: np.ndarray


def impute(
    values: np.ndarray,
    moments: Moments,
    mask: np.ndarray | None = None,
    series: np.ndarray | None = None,
    environment: np.ndarray | None = None,
) -> Imputed:
    """Fill missing entries with their conditional mean and say how uncertain each one is.

    Each row is completed from the readings of the `n_lags + 1` rows around it, before and after;
    what lies outside its series counts as missing.

    Args:
        values: [time, vars]; NaN or anything where missing.
        moments: from `lagged_moments` on the same variables.
        mask: [time, vars], 1 where observed; by default where `values` is finite.
        series: [time] id, as for `lagged_moments`.
        environment: [time] label, as for `lagged_moments`.

    Returns:
        Values and standard deviations in units of the data.

    Raises:
        ValueError: if an environment was not among those of `moments`.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(300, 1)) + np.zeros((1, 2))
        >>> x[7, 0] = np.nan
        >>> from jaxstable.moments.lagged import lagged_moments
        >>> filled = impute(x, lagged_moments(x, n_lags=1))
        >>> bool(abs(filled.values[7, 0] - x[7, 1]) < 0.1), bool(filled.sd[7, 0] < 0.2)
        (True, True)
    """
    values, mask = as_host(values, mask)
    n_rows, n_vars = values.shape
    standard = np.where(mask, (values - moments.mean) / moments.scale, 0.0)
    labels = np.zeros(n_rows, int) if environment is None else np.asarray(environment)
    ids = np.zeros(n_rows, int) if series is None else np.asarray(series)
    run = np.concatenate([[0], np.cumsum(np.diff(ids) != 0)])
    unknown = set(np.unique(labels).tolist()) - set(moments.environments)
    if unknown:
        raise ValueError(f"environment holds {sorted(unknown)}; the moments know {list(moments.environments)}")
    offset = np.arange(moments.n_lags // 2, moments.n_lags // 2 - moments.n_lags - 1, -1)
    middle = n_vars * (moments.n_lags // 2)
    filled, sd = standard.copy(), np.zeros(standard.shape)
    gappy = np.flatnonzero(~mask.all(axis=1))
    for k, label in enumerate(moments.environments):
        own = gappy[labels[gappy] == label]
        for start in range(0, len(own), _SEGMENT):
            piece = own[start : start + _SEGMENT]
            times = np.clip(piece[:, None] + offset, 0, n_rows - 1)
            inside = (times == piece[:, None] + offset) & (run[times] == run[piece][:, None])
            stacked = standard[times].reshape(len(piece), -1)
            seen = (mask[times] & inside[:, :, None]).reshape(len(piece), -1)
            around = arrange(stacked, seen)
            for part in complete(around, moments.models[k]):
                rows = piece[part.rows]
                here = slice(middle, middle + n_vars)
                filled[rows] = part.centred[:, here] + moments.models[k].mean[here]
                spread = np.zeros((len(part.cov), around.wide))
                np.put_along_axis(spread, part.columns, np.einsum("nii->ni", part.cov), 1)
                sd[rows] = np.sqrt(np.maximum(spread[:, here], 0.0))
    exact = np.where(mask, values, filled * moments.scale + moments.mean)
    return Imputed(exact, np.where(mask, 0.0, sd * moments.scale))

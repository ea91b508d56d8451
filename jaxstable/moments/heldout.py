"""Second moments of rows that were held out, their gaps expected under what was learned from the others."""

from __future__ import annotations

import numpy as np

from jaxstable.moments.expectation import arrange, expect
from jaxstable.moments.lagged import Moments, as_host, lagged_rows
from jaxstable.moments.passes import stack


def held_out_moments(
    moments: Moments,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    series: np.ndarray | None = None,
    environment: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return covariances of held-out lag-stacked rows, in the units of the moments of the others.

    Nothing is fitted: missing entries, and sensors without a single reading, are expected under the
    Gaussian of the rows' environment, so that they speak neither for nor against a graph. Rows of an
    environment that the moments do not know are left out.

    Args:
        moments: from `lagged_moments`, of the other rows.
        values: [time, vars], held out; NaN or anything where missing.
        mask: [time, vars], 1 where observed; by default where `values` is finite.
        series: [time] id; a change starts a new series.
        environment: [time] integer label, as `lagged_moments` takes it.

    Returns:
        Covariances about the rows' own mean [environments, dim, dim], and the number of rows of each
        environment; an environment without rows has the covariance of its Gaussian.

    Raises:
        ValueError: if no stacked row has a reading.

    Example:
        >>> from jaxstable.moments.lagged import lagged_moments
        >>> x = np.random.default_rng(0).normal(size=(300, 2))
        >>> matrix, count = held_out_moments(lagged_moments(x[:200], n_lags=1), x[200:])
        >>> matrix.shape, count.tolist()
        ((1, 4, 4), [99])
    """
    values, mask = as_host(values, mask)
    ends = lagged_rows(len(values), moments.n_lags, series)
    ends = ends[np.any([mask[ends - lag].any(axis=1) for lag in range(moments.n_lags + 1)], axis=0)]
    if not len(ends):
        raise ValueError(f"no held-out row has {moments.n_lags} uninterrupted rows before it and a reading")
    standard = np.where(mask, (values - moments.mean) / moments.scale, 0.0)
    labels = np.full(len(values), moments.environments[0]) if environment is None else np.asarray(environment)
    matrix = np.array([model.cov for model in moments.models])
    count = np.zeros(len(matrix), int)
    for place, (label, model) in enumerate(zip(moments.environments, moments.models, strict=True)):
        own = ends[labels[ends] == label]
        if len(own):
            sums = expect(arrange(*stack(standard, mask, own, moments.n_lags)), model)
            centre = sums.first / sums.n_rows
            matrix[place] = sums.second / sums.n_rows - np.outer(centre, centre)
            count[place] = sums.n_rows
    return matrix, count

"""What rows remember beyond a number of lags: the test that lets the number of lags rise, or says that it should."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.moments.lagged import lagged_rows
from jaxstable.signals.gaps import bridged, standardised

MOST_LAGS = 12  # looked at; and no more than the rows and the size of the moments allow
_ROWS_PER_COLUMN = 5
_COLUMNS = 600
_MARGIN = 1.5  # standard errors beyond what the largest of so many correlations is by chance
_GAPS = 5.0  # a bridged gap makes rows look as if they remembered: so much more is asked for each share missing
_LOUD = 3.0  # standard deviations at which a residual is cut, so that no burst speaks for all rows


class Memory(NamedTuple):
    """The strongest effect on what a vector autoregression leaves.

    Attributes:
        lag: steps back, more than those of the autoregression; 0 where nothing stands out.
        cause: column of the cause.
        effect: column of the effect.
        correlation: of the effect's residual with the cause so many steps back.
    """

    lag: int
    cause: int
    effect: int
    correlation: float


NO_MEMORY = Memory(0, 0, 0, 0.0)


def needed_lags(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None, least: int = 2
) -> int:
    """Return the largest lag worth looking at: `least`, raised while rows remember more than that.

    The smallest cap of 12, a fifth of the rows per variable, and 600 columns of lag-stacked moments ends it; series
    must stay longer than the lags.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        least: lags that are looked at in any case.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(800, 3))
        >>> rows[4:, 1] += 0.5 * rows[:-4, 0]
        >>> needed_lags(rows, np.ones(rows.shape, bool))
        4
    """
    lags, most = least, most_lags(values, series)
    while lags < most:
        found = memory(values, seen, series, lags, most).lag
        if not found:
            break
        lags = found
    return lags


def most_lags(values: NDArray[Any], series: NDArray[Any] | None = None) -> int:
    """Return the largest lag that data of this size can speak about."""
    n_rows, n_vars = values.shape
    longest = n_rows if series is None else int(np.unique(series, return_counts=True)[1].max())
    return max(min(MOST_LAGS, n_rows // (_ROWS_PER_COLUMN * n_vars), _COLUMNS // n_vars - 1, longest // 10), 0)


def memory(
    values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None, n_lags: int, most: int
) -> Memory:
    """Return the strongest that the rows remember of other variables between `n_lags` and `most` steps back.

    A vector autoregression with `n_lags` lags is fitted by least squares, gaps bridged by lines; its residuals are
    correlated with every variable further back. The largest correlation counts if it exceeds the largest of as many
    chance correlations, `sqrt(2 log(number))` standard errors, by a margin.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
        n_lags: lags that are accounted for.
        most: largest lag to look at.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(800, 3))
        >>> rows[4:, 1] += 0.5 * rows[:-4, 0]
        >>> memory(rows, np.ones(rows.shape, bool), None, 2, 6)[:3]
        (4, 0, 1)
    """
    n_vars = values.shape[1]
    ends = lagged_rows(len(values), most, series)
    if most <= n_lags or len(ends) < _ROWS_PER_COLUMN * n_vars * (n_lags + 1):
        return NO_MEMORY
    filled = bridged(standardised(values, seen), seen, series)
    past = [filled[ends - lag] for lag in range(1, n_lags + 1)]
    basis = np.linalg.qr(np.concatenate([np.ones((len(ends), 1)), *past], axis=1))[0]
    left = _cut(_residual(basis, filled[ends]) * seen[ends])
    chance = np.sqrt(2.0 * np.log(n_vars * n_vars * (most - n_lags))) + _MARGIN
    found, best = NO_MEMORY, chance * (1.0 + _GAPS * float(1.0 - seen[ends].mean()))
    for lag in range(n_lags + 1, most + 1):
        further = _cut(_residual(basis, filled[ends - lag]))
        correlation = further.T @ left / len(ends)
        size = np.abs(correlation) * np.sqrt(len(ends))
        np.fill_diagonal(size, 0.0)
        cause, effect = np.unravel_index(int(size.argmax()), size.shape)
        if size[cause, effect] > best:
            best = float(size[cause, effect])
            found = Memory(lag, int(cause), int(effect), float(correlation[cause, effect]))
    return found


def _residual(basis: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    return values - basis @ (basis.T @ values)


def _cut(left: NDArray[Any]) -> NDArray[Any]:
    """Return residuals of unit variance, cut where they are loud by what most of them are."""
    scale = 1.4826 * np.median(np.abs(left), axis=0)
    scale = np.where(scale > 0, scale, left.std(axis=0))
    cut = np.clip(left / np.maximum(scale, 1e-12), -_LOUD, _LOUD)
    return cut / np.maximum(cut.std(axis=0), 1e-12)

"""Series as the gated network reads them: gaps filled, with how far off the nearest reading is, and slow drift."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxstable.moments.lagged import lagged_rows
from jaxstable.signals.prepare import prepare

FARTHEST = 4.0  # steps to the nearest reading beyond which a filled entry is as good as unknown


class Rows(NamedTuple):
    """Hold some time steps with the steps before them, `[rows, lags + 1, vars]` float32, lag 0 first.

    Attributes:
        values: Readings; between two of them the line that joins them, 0 where there is none at all.
        held: The last reading up to then; unlike `values` it knows nothing of later ones.
        mask: 1 where there is a reading.
        distance: Steps to the nearest reading, at most 4.
        drift: Slow part of `values`.
    """

    values: Array
    held: Array
    mask: Array
    distance: Array
    drift: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Readings:
    """Hold a series and the time steps that have their past in it; the whole is one example.

    Attributes:
        series: What a row is cut from, `[time, vars]` each.
        ends: int32 `[rows]`, the time steps to predict.
        count: float32, readings of a variable to predict, on average over the variables; at least 1.
        n_lags: Steps of the past that a row holds (static).
        batch: Rows of a training step; None is all of them, without noise (static).
    """

    series: Rows
    ends: Array
    count: Array
    n_lags: int = dataclasses.field(metadata={"static": True})
    batch: int | None = dataclasses.field(default=None, metadata={"static": True})

    def __len__(self) -> int:
        return 1

    def rows(self, key: Array) -> Rows:
        """Return random rows with replacement, or all of them."""
        ends = self.ends
        if self.batch is not None:
            ends = ends[jax.random.randint(key, (self.batch,), 0, len(ends))]
        times = ends[:, None] - jnp.arange(self.n_lags + 1)[None]
        return jax.tree.map(lambda array: array[times], self.series)


def readings(
    values: NDArray[Any],
    mask: NDArray[Any],
    series: NDArray[Any],
    n_lags: int,
    batch: int | None = None,
    most: int | None = None,
    parts: Any = "auto",
    recording: NDArray[Any] | None = None,
) -> Readings:
    """Return a series as the gated network reads it.

    Spikes, levels and cycles are taken out; drift stays in the values and is given beside them.

    Args:
        values: `[time, vars]`; anything where missing.
        mask: `[time, vars]` bool, True where there is a reading.
        series: `[time]` id; a change starts a new series.
        n_lags: Steps of the past that a row holds, >= 1.
        batch: Rows of a training step; None is all of them.
        most: Rows to keep at most, spread evenly over time; None keeps all.
        parts: What the preparation takes out, as `signals.prepare` takes it.
        recording: `[time]` id of the recording of each row; None is the series.

    Raises:
        ValueError: no series is longer than `n_lags`.

    Example:
        >>> rows = readings(np.array([[0.0], [9.0], [2.0]]), np.array([[1], [0], [1]], bool), np.zeros(3), 1)
        >>> rows.series.values[:, 0].tolist(), rows.series.held[:, 0].tolist(), rows.ends.tolist()
        ([0.0, 1.0, 2.0], [0.0, 0.0, 2.0], [1, 2])
    """
    series = np.asarray(series)
    ends = lagged_rows(len(values), n_lags, series)
    if not len(ends):
        raise ValueError(f"n_lags: no series is longer than {n_lags} steps; take fewer lags")
    cleaned = prepare(values, mask, series, recording=recording, prepare=parts)
    values, mask, drift = cleaned.values + cleaned.drift, cleaned.mask, cleaned.drift
    if most is not None and len(ends) > most:
        ends = ends[np.linspace(0, len(ends) - 1, most).astype(int)]
    before, after = _nearest(mask, series)
    time = np.arange(len(values))[:, None]
    early, late = before >= 0, after < len(values)
    held = np.where(early, np.take_along_axis(values, np.maximum(before, 0), axis=0), 0.0)
    coming = np.where(late, np.take_along_axis(values, np.minimum(after, len(values) - 1), axis=0), 0.0)
    share = np.where(early & late, (time - before) / np.maximum(after - before, 1), np.where(early, 0.0, 1.0))
    filled = (1.0 - share) * held + share * coming
    gap = np.minimum(np.where(early, time - before, FARTHEST), np.where(late, after - time, FARTHEST))
    columns = (filled, held, mask, np.minimum(gap, FARTHEST), drift)
    return Readings(
        series=Rows(*(jnp.asarray(column, jnp.float32) for column in columns)),
        ends=jnp.asarray(ends, jnp.int32),
        count=jnp.float32(max(mask[ends].sum() / values.shape[1], 1.0)),
        n_lags=n_lags,
        batch=batch,
    )


def _nearest(mask: NDArray[Any], series: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the time of the last reading up to each step and of the first from it on; -1 and the end for none."""
    n_steps = len(mask)
    time = np.arange(n_steps)[:, None]
    run = np.cumsum(np.append(False, series[1:] != series[:-1]))
    first, last = np.searchsorted(run, run, "left")[:, None], np.searchsorted(run, run, "right")[:, None]
    before = np.maximum.accumulate(np.where(mask, time, -1), axis=0)
    after = np.minimum.accumulate(np.where(mask, time, n_steps)[::-1], axis=0)[::-1]
    return np.where(before >= first, before, -1), np.where(after < last, after, n_steps)

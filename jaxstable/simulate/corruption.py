"""Sensor faults as seeded, composable transforms of a series and its mask."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator


class Corrupted(NamedTuple):
    """A series `values` [time, vars], NaN where missing, and its `mask`, True where observed."""

    values: np.ndarray
    mask: np.ndarray


Fault = Callable[..., Corrupted]


def compose(*faults: Fault) -> Fault:
    """Return one fault that applies `faults` from left to right.

    Args:
        *faults: transforms `(values, mask=None) -> Corrupted`.

    Returns:
        A transform with the same signature. Faults of different kinds draw different numbers even
        with equal seeds; give two faults of one kind different seeds.

    Example:
        >>> fault = compose(noise(0.3), drift(0.3), missing_at_random(0.2))
        >>> values, mask = fault(np.random.default_rng(0).normal(size=(1000, 3)))
        >>> bool(abs(mask.mean() - 0.8) < 0.05)
        True
    """

    def apply(values: np.ndarray, mask: np.ndarray | None = None) -> Corrupted:
        state = _start(values, mask)
        for fault in faults:
            state = fault(*state)
        return state

    return apply


def missing_at_random(share: float = 0.2, seed: int = 0) -> Fault:
    """Lose each entry independently with probability `share` in [0, 1)."""
    _check_share("share", share)
    return _fault("random", seed, lambda v, m, rng: (v, m & (rng.random(v.shape) >= share)))


def missing_blocks(share: float = 0.2, length: float = 24.0, seed: int = 0) -> Fault:
    """Lose runs of rows per sensor, as when a logger or a line is down.

    Args:
        share: expected share of rows lost per column, in [0, 1).
        length: mean length of a run in rows (geometric), >= 1.
        seed: seed of the runs.

    Returns:
        The transform.

    Example:
        >>> bool(missing_blocks(0.5)(np.zeros((5000, 2))).mask.mean() < 0.7)
        True
    """
    _check_share("share", share)
    if length < 1:
        raise ValueError(f"length is {length}; a run lasts at least 1 row")

    def lose(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        n_rows, n_vars = values.shape
        up = length * (1.0 - share) / max(share, 1e-12)
        lost = np.zeros(values.shape, bool)
        for column in range(n_vars if share > 0 else 0):
            row = 0 if rng.random() < share else 1 + int(rng.exponential(up))
            while row < n_rows:
                run = rng.geometric(1.0 / length)
                lost[row : row + run, column] = True
                row += run + 1 + int(rng.exponential(up))
        return values, mask & ~lost

    return _fault("blocks", seed, lose)


def missing_not_at_random(share: float = 0.25, steepness: float = 1.5, seed: int = 0) -> Fault:
    """Lose high readings more often than low ones, as a sensor near the end of its range does.

    An entry with standard score z is lost with probability `sigmoid(steepness z + b)`, b chosen per
    column so that the mean is `share`.

    Args:
        share: expected share lost per column, in [0, 1).
        steepness: dependence on the value; 0 is missing at random, infinity a hard limit.
        seed: seed of the draws.

    Returns:
        The transform.

    Example:
        >>> values = np.random.default_rng(0).normal(size=(5000, 1))
        >>> bool(np.nanmean(missing_not_at_random(0.25)(values).values) < -0.1)
        True
    """
    _check_share("share", share)

    def lose(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        centre, scale = _location(values, mask)
        score = steepness * np.where(mask, (values - centre) / scale, 0.0)
        low, high = np.full(values.shape[1], -50.0), np.full(values.shape[1], 50.0)
        seen = np.maximum(mask.sum(axis=0), 1)
        for _ in range(60):
            middle = 0.5 * (low + high)
            above = (_sigmoid(score + middle) * mask).sum(axis=0) / seen > share
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return values, mask & (rng.random(values.shape) >= _sigmoid(score + low))

    return _fault("not-at-random", seed, lose)


def noise(share: float = 0.3, seed: int = 0) -> Fault:
    """Add white Gaussian measurement noise of `share` times each column's standard deviation."""

    def add(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        scale = share * _location(values, mask)[1]
        return values + scale * rng.standard_normal(values.shape), mask

    return _fault("noise", seed, add)


def drift(share: float = 0.3, cycles: float = 3.0, seed: int = 0) -> Fault:
    """Add a slow random wave per column, as from fouling, temperature or ageing.

    The wave is a sum of four sinusoids with random phases and up to `cycles` periods over the
    series, scaled to a standard deviation of `share` times the column's.

    Args:
        share: standard deviation of the drift over that of the column, >= 0.
        cycles: most periods over the whole series, >= 0.5.
        seed: seed of frequencies and phases.

    Returns:
        The transform.

    Example:
        >>> wave = drift(0.5)(np.random.default_rng(0).normal(size=(2000, 1))).values
        >>> bool(1.05 < wave.std() < 1.25)
        True
    """

    def add(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        time = np.linspace(0.0, 2.0 * np.pi, len(values))[:, None, None]
        speed = rng.uniform(0.5, max(cycles, 0.5), (4, values.shape[1]))
        phase = rng.uniform(0.0, 2.0 * np.pi, (4, values.shape[1]))
        wave = np.sin(time * speed + phase).sum(axis=1)
        wave = (wave - wave.mean(axis=0)) / np.maximum(wave.std(axis=0), 1e-12)
        return values + share * _location(values, mask)[1] * wave, mask

    return _fault("drift", seed, add)


def bias(share: float = 1.0, columns: Sequence[int] | None = None, seed: int = 0) -> Fault:
    """Shift columns by `+-share` standard deviations from a random moment on (a calibration).

    Args:
        share: size of the shift in standard deviations of the column.
        columns: which columns; all if None.
        seed: seed of moments and signs.

    Returns:
        The transform.

    Example:
        >>> values = np.random.default_rng(0).normal(size=(500, 2))
        >>> shifted = bias(2.0, columns=[1])(values).values
        >>> np.allclose(shifted[:, 0], values[:, 0]), np.allclose(shifted[:, 1], values[:, 1])
        (True, False)
    """

    def shift(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        n_rows, n_vars = values.shape
        start = rng.integers(n_rows // 10, max(n_rows * 9 // 10, 1) + 1, n_vars)
        size = share * _location(values, mask)[1] * rng.choice([-1.0, 1.0], n_vars)
        late = np.arange(n_rows)[:, None] >= start
        return values + np.where(late & _chosen(columns, n_vars), size, 0.0), mask

    return _fault("bias", seed, shift)


def stuck(share: float = 0.05, length: float = 50.0, seed: int = 0) -> Fault:
    """Freeze readings for runs of about `length` rows, a `share` of the time in all."""
    runs = missing_blocks(share, length, seed)

    def freeze(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        frozen = ~runs(np.zeros_like(values)).mask
        frozen[0] = False
        rows = np.where(frozen, 0, np.arange(len(values))[:, None])
        last = np.maximum.accumulate(rows, axis=0)
        return np.take_along_axis(values, last, 0), np.take_along_axis(mask, last, 0)

    return _fault("stuck", seed, freeze)


def spikes(share: float = 0.01, size: float = 8.0, seed: int = 0) -> Fault:
    """Add `+-size` standard deviations to a random `share` of the entries."""
    _check_share("share", share)

    def add(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        height = size * _location(values, mask)[1] * rng.choice([-1.0, 1.0], values.shape)
        return values + np.where(rng.random(values.shape) < share, height, 0.0), mask

    return _fault("spikes", seed, add)


def clipping(share: float = 0.05) -> Fault:
    """Limit each column to its central quantiles, `share` / 2 of the readings at either end."""
    _check_share("share", share)

    def clip(values: np.ndarray, mask: np.ndarray, rng: Generator) -> tuple:
        clipped = values.copy()
        for column in np.flatnonzero(mask.any(axis=0)):
            ends = np.quantile(values[mask[:, column], column], [share / 2, 1 - share / 2])
            clipped[:, column] = np.clip(values[:, column], *ends)
        return clipped, mask

    return _fault("clipping", 0, clip)


def _fault(name: str, seed: int, change: Callable) -> Fault:
    def apply(values: np.ndarray, mask: np.ndarray | None = None) -> Corrupted:
        state = _start(values, mask)
        # The name takes part, so that faults of different kinds with equal seeds are independent.
        rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
        changed, seen = change(*state, rng)
        return Corrupted(np.where(seen, changed, np.nan), seen)

    return apply


def _start(values: np.ndarray, mask: np.ndarray | None) -> Corrupted:
    values = np.asarray(values, float)
    if values.ndim != 2:
        raise ValueError(f"values has shape {values.shape}; faults need [time, variables], one series")
    seen = np.isfinite(values) if mask is None else np.asarray(mask, bool) & np.isfinite(values)
    return Corrupted(np.where(seen, values, np.nan), seen)


def _location(values: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = np.maximum(mask.sum(axis=0), 1)
    centre = np.where(mask, values, 0.0).sum(axis=0) / count
    spread = np.where(mask, values - centre, 0.0)
    scale = np.sqrt((spread**2).sum(axis=0) / count)
    return centre, np.where(scale > 0, scale, 1.0)


def _chosen(columns: Sequence[int] | None, n_vars: int) -> np.ndarray:
    return np.isin(np.arange(n_vars), np.arange(n_vars) if columns is None else list(columns))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _check_share(name: str, share: float) -> None:
    if not 0.0 <= share < 1.0:
        raise ValueError(f"{name} is {share}; expected a share in [0, 1)")

"""Split windows in time without overlap, and standardise by the observed training entries."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxstable.data.checks import DataError, warn, window_advice
from jaxstable.data.dataset import Dataset
from jaxstable.data.standardize import BLOCK, covered_rows, mean_and_deviation
from jaxstable.data.timeline import joints_of
from jaxstable.data.windows import Windows
from jaxstable.phrases import counted, listed

KEPT = 0.8  # share of the windows that cutting every recording in time must keep


class Split(NamedTuple):
    """First rows of the windows of each part, int32 in rising order; no row serves two parts."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


class Prepared(NamedTuple):
    """Windows of each part over the same device arrays, and the units they are in.

    Attributes:
        train, validation, test: windows of values (raw - mean) / scale.
        mean: [variables] float64.
        scale: [variables] float64, > 0.
    """

    train: Windows
    validation: Windows
    test: Windows
    mean: np.ndarray
    scale: np.ndarray


def split(dataset: Dataset, train: float = 0.70, validation: float = 0.15) -> Split:
    """Split the windows in time; those that reach over a boundary are dropped.

    One recording is cut in time. Of several, each is cut in time if that keeps at least four fifths
    of all windows; otherwise whole recordings are dealt to the parts in order (two boundaries in
    each of many short recordings would cost most of their windows, validation and test first).
    Every part gets a window before shares count, so they are approximate on short data.

    Args:
        dataset: data set of n windows.
        train: share of the windows, in (0, 1).
        validation: share of the windows, in (0, 1 - train); the rest is the test.

    Returns:
        Window starts of the three parts, a subset of `dataset.starts`, none of them empty.

    Raises:
        DataError: shares out of range, or too few steps for three windows that do not overlap.

    Example:
        >>> data = Dataset.from_array(np.random.default_rng(0).normal(size=(100, 2)), window=10)
        >>> parts = split(data)
        >>> [(int(p[0]), int(p[-1])) for p in parts]
        [(0, 54), (64, 67), (77, 90)]
    """
    if not (train > 0 and validation > 0 and train + validation < 1):
        raise DataError(f"train={train}, validation={validation}: expected shares above 0 whose sum is below 1")
    starts, window = dataset.starts, dataset.window
    piece = dataset.series[starts]
    recording = piece if dataset.recording is None else dataset.recording[piece]
    first = np.flatnonzero(joints_of(recording))
    shares = (train, train + validation)

    cuts = [_cut(own, window, shares, np.arange(len(own))) for own in np.split(starts, first[1:])]
    each = [cut for cut in cuts if cut is not None]
    kept = sum(len(part) for cut in each for part in cut)
    if len(each) == len(cuts) and (len(cuts) == 1 or kept >= KEPT * len(starts)):
        return Split(*(np.concatenate(part) for part in zip(*each, strict=True)))
    whole = _cut(starts, window, shares, first)
    if whole is None:  # fewer than three recordings: one of them has to be cut
        whole = _cut(starts, window, shares, np.arange(len(starts)))
    if whole is None:
        raise DataError(
            f"too few steps to train, validate and test: {counted(len(starts), 'window')} of {window} "
            f"steps in {dataset.n_rows} rows hold no three without overlap. "
            + window_advice(np.bincount(dataset.series), dataset.stride)
        )
    return whole


def _cut(starts: np.ndarray, window: int, shares: tuple[float, float], allowed: np.ndarray) -> Split | None:
    """Cut rising starts at the two allowed positions nearest to the shares, or return None."""
    firsts = starts[allowed]
    second = allowed[firsts >= starts[0] + window]
    if not len(second):
        return None
    second = second[starts[second] + window <= starts[second[-1]]]
    if not len(second):
        return None
    k1 = _nearest(second, shares[0] * len(starts))
    third = allowed[firsts >= starts[k1] + window]
    k2 = _nearest(third, shares[1] * len(starts))
    return Split(
        starts[starts + window <= starts[k1]],
        starts[k1:][starts[k1:] + window <= starts[k2]],
        starts[k2:],
    )


def _nearest(positions: np.ndarray, target: float) -> int:
    return int(positions[np.argmin(np.abs(positions - target))])


def prepare(dataset: Dataset, standardize: bool = True, parts: Split | None = None) -> Prepared:
    """Split, standardise and move a data set to the device.

    z = (x - mean) / scale per variable, mean and standard deviation over the observed entries of
    the training rows, each row counted once, computed in float64 and only then cast to float32.

    Args:
        dataset: data set.
        standardize: False keeps raw values (mean 0, scale 1).
        parts: window starts, from `split` with other shares (default shares if None).

    Returns:
        The three parts over shared device arrays; 0 where missing.

    Raises:
        DataError: too few steps for three parts, or values beyond float32.

    Example:
        >>> raw = 1e6 + np.random.default_rng(0).normal(size=(100, 2))
        >>> ready = prepare(Dataset.from_array(raw, window=10))
        >>> bool(abs(ready.train.values[:64].std() - 1) < 1e-4)
        True
    """
    parts = split(dataset) if parts is None else parts
    values, n_vars = dataset.values, dataset.n_vars
    mean, scale = np.zeros(n_vars), np.ones(n_vars)
    if standardize:
        rows = covered_rows(parts.train, dataset.window, dataset.n_rows)
        mean, scale = mean_and_deviation(values, rows)
        unseen = np.isnan(mean)
        if unseen.any():
            names = [dataset.names[i] for i in np.flatnonzero(unseen)]
            warn(f"column {listed(names)} has no observed training entry: scaled by its later ones")
            later = mean_and_deviation(values, ~rows)
            mean, scale = np.where(unseen, later[0], mean), np.where(unseen, later[1], scale)
        scale = np.where(scale > 0, scale, 1.0)
    rows32, mask32 = _aligned(values.shape), _aligned(values.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(values), BLOCK):
            block = (values[first : first + BLOCK] - mean) / scale
            observed = dataset.mask[first : first + BLOCK]
            rows32[first : first + BLOCK] = np.where(observed, block, 0.0)
            mask32[first : first + BLOCK] = observed
    bad = ~(np.isfinite(rows32.min(axis=0)) & np.isfinite(rows32.max(axis=0)) & np.isfinite(scale))
    if bad.any():
        names = [dataset.names[i] for i in np.flatnonzero(bad)]
        raise DataError(f"column {listed(names)} leaves the range of float32: rescale it")
    held, mask = jax.device_put(rows32), jax.device_put(mask32)
    train, validation, test = (
        Windows(held, mask, jnp.asarray(part, dtype=jnp.int32), dataset.window) for part in parts
    )
    return Prepared(train, validation, test, mean, scale)


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """Return an empty float32 array that the CPU backend takes over without a copy."""
    size = 4 * int(np.prod(shape))
    raw = np.empty(size + 64, dtype=np.uint8)
    first = -raw.ctypes.data % 64
    return raw[first : first + size].view(np.float32).reshape(shape)


class Covered(NamedTuple):
    """The rows that the windows of a part cover, in the units of its values."""

    values: np.ndarray
    """[rows, variables] float64, anything where missing."""
    mask: np.ndarray
    """[rows, variables] bool, True where observed."""
    series: np.ndarray
    """[rows] id; a gap between covered rows starts a new series."""
    environment: np.ndarray | None
    """[rows] label, where the data set has one."""
    recording: np.ndarray | None = None
    """[rows] id of the recording, where the data set has several."""


def covered(dataset: Dataset, part: Windows) -> Covered:
    """Return the rows that the windows of a part cover.

    Args:
        dataset: What the part was prepared from.
        part: Its training, validation or test windows.
    """
    rows = covered_rows(np.asarray(part.starts), part.length, dataset.n_rows)
    joints = (np.diff(dataset.series) != 0) | (np.diff(rows.astype(int)) != 0)
    return Covered(
        np.asarray(part.values, np.float64)[rows],
        np.asarray(part.mask)[rows] > 0,
        np.cumsum(np.append(True, joints))[rows],
        None if dataset.environment is None else dataset.environment[rows],
        None if dataset.recording is None else dataset.recording[dataset.series[rows]],
    )

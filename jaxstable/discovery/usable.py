"""The sensors that an edge can be learned of, and their series as the preparation leaves them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.found import LeftOut
from jaxstable.signals.gaps import news_share
from jaxstable.signals.prepare import Cleaned
from jaxstable.signals.prepare import prepare as clean

HARDLY_READ = 0.25  # of the share of rows in which the median sensor was read
NEWS = 1e-10  # of a sensor's variance that its own past must leave for an edge to explain
ROUNDED = 1e-6  # where no more than this is left, it must also be more than the rounding of the readings makes
_ROUNDINGS = 2.0  # squared steps of the readings that a prediction of rounded readings from rounded ones misses by


def usable(dataset: Dataset, required: NDArray[np.bool_]) -> tuple[list[int], list[LeftOut]]:
    """Return the variables that an edge can be learned of, and why every other one is left out.

    Args:
        dataset: the data.
        required: bool `[lags + 1, cause, effect]`; the ends of these edges stay in any case.

    Raises:
        DataError: fewer than two can be used.
    """
    read, held = (
        dataset.mask.mean(axis=0),
        np.logical_or.reduce(required, axis=(0, 1)) | np.logical_or.reduce(required, axis=(0, 2)),
    )
    found: list[LeftOut] = []
    kept: list[int] = []
    for index, name in enumerate(dataset.names):
        readings = dataset.values[dataset.mask[:, index], index]
        if held[index]:
            kept.append(index)
        elif len(readings) and readings.min() == readings.max():
            found.append(LeftOut(name, "constant", float(readings[0])))
        elif read[index] < HARDLY_READ * np.median(read):
            found.append(LeftOut(name, "hardly_read", float(read[index])))
        else:
            kept.append(index)
    _check_enough(kept, 2, dataset, found)
    return kept, found


def cleaned_of(dataset: Dataset, columns: list[int], parts: Any) -> Cleaned:
    """Return some columns of a data set as the preparation leaves them; the levels are those of its recordings."""
    whose = None if dataset.recording is None else dataset.recording[dataset.series]
    values, mask = dataset.values[:, columns], dataset.mask[:, columns]
    step = getattr(dataset, "step", None)
    return clean(values, mask, dataset.series, recording=whose, step=step, prepare=parts)


def telling(
    dataset: Dataset,
    read: list[int],
    cleaned: Cleaned,
    required: NDArray[np.bool_],
    max_lag: int,
    left_out: list[LeftOut],
) -> tuple[list[int], Cleaned]:
    """Return the variables of which something is left to explain, and their series; the others join `left_out`.

    Raises:
        DataError: none is left.
    """
    news = news_share(dataset.values[:, read], cleaned.values, cleaned.mask, dataset.series, max_lag)
    rounding = np.array([_rounding(dataset.values[dataset.mask[:, index], index]) for index in read])
    least = np.maximum(NEWS, np.minimum(_ROUNDINGS * rounding, ROUNDED))
    ends = np.logical_or.reduce(required, axis=0)
    held: NDArray[np.bool_] = np.asarray(ends.any(axis=0) | ends.any(axis=1))[read]
    kept_places = np.flatnonzero(held | (news > least)).tolist()
    for place in np.flatnonzero(~held & (news <= least)).tolist():
        left_out.append(LeftOut(dataset.names[read[place]], "predictable", float(news[place])))
    kept = [read[place] for place in kept_places]
    _check_enough(kept, 1, dataset, left_out)
    return kept, cleaned.columns(kept_places)


def _rounding(readings: NDArray[np.float64]) -> float:
    """Return the square of the smallest step between readings, as a share of their variance."""
    steps = np.diff(np.unique(readings))
    return float(steps.min() ** 2 / max(readings.var(), 1e-300)) if len(steps) else 0.0


def _check_enough(kept: list[int], least: int, dataset: Dataset, left_out: list[LeftOut]) -> None:
    if len(kept) < least:
        used = f"{len(kept)} of {dataset.n_vars} sensors can be used, expected at least {least}: "
        raise DataError(used + "; ".join(map(str, left_out)))

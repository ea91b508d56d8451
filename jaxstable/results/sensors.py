"""What was recorded of each sensor: a line to look at, the share that is missing, and what was taken out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxstable.phrases import counted
from jaxstable.signals.prepare import Removed
from jaxstable.signals.spans import steps_text

BINS = 120  # points of a line
DIGITS = 5
MOST_PERIODS = 3


class Recorded(NamedTuple):
    """What the rows of a sensor look like.

    Attributes:
        line: means of at most `BINS` stretches of rows of equal length, None where a stretch holds no reading.
        low: the smallest reading, None without any.
        high: the largest reading, None without any.
        missing: share of the rows without a reading, in [0, 1].
    """

    line: tuple[float | None, ...]
    low: float | None
    high: float | None
    missing: float


def recorded_of(values: np.ndarray, mask: np.ndarray, names: tuple[str, ...]) -> dict[str, Recorded]:
    """Return what the rows of every sensor look like.

    Args:
        values: `[rows, sensors]`.
        mask: same shape, 1 where there is a reading.
        names: names of the sensors.

    >>> recorded_of(np.array([[1.0], [3.0]]), np.array([[1], [0]]), ("a",))["a"]
    Recorded(line=(1.0, None), low=1.0, high=1.0, missing=0.5)
    """
    seen = np.asarray(mask, bool)
    starts = np.unique(np.linspace(0, len(values), min(BINS, len(values)), endpoint=False).astype(int))
    counts = np.add.reduceat(seen.astype(float), starts, axis=0)
    sums = np.add.reduceat(np.where(seen, values, 0.0).astype(np.float64), starts, axis=0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    low = np.where(seen, values, np.inf).min(axis=0)
    high = np.where(seen, values, -np.inf).max(axis=0)
    return {
        name: Recorded(
            tuple(_rounded(value) for value in means[:, i]),
            _rounded(low[i]),
            _rounded(high[i]),
            round(float(1 - seen[:, i].mean()), 6),
        )
        for i, name in enumerate(names)
    }


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def taken_out(removed: Removed | None, step: str | None) -> str:
    """Say in a few words what the preparation took out of a sensor; empty where it took nothing.

    >>> taken_out(Removed(drift=0.4, waves=4, cycles=(24.0,), cycle=0.1, spikes=(7, 9)), "1 h")
    'slow drift (40 % of the variance), a cycle of 1 d (10 % of the variance), 2 spikes'
    """
    if removed is None:
        return ""
    parts = ["the level of each recording"] if removed.level else []
    if removed.steps:
        parts.append(counted(len(removed.steps), "step"))
    if removed.waves:
        parts.append(f"slow drift ({100 * removed.drift:.2g} % of the variance)")
    if removed.cycles:
        shown = [steps_text(period, step) or f"{period:.3g} rows" for period in removed.cycles[:MOST_PERIODS]]
        more = ", ..." if len(removed.cycles) > MOST_PERIODS else ""
        what = "a cycle" if len(removed.cycles) == 1 else "cycles"
        parts.append(f"{what} of {', '.join(shown)}{more} ({100 * removed.cycle:.2g} % of the variance)")
    if removed.spikes:
        parts.append(counted(len(removed.spikes), "spike"))
    if removed.held:
        parts.append(counted(removed.held, "repeated reading"))
    return ", ".join(parts)

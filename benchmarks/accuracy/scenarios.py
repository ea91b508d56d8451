"""The data sets of the accuracy benchmark: a grid of simulated scenarios, and the loaders' names beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jaxstable.simulate.corruption import (
    Fault,
    compose,
    drift,
    missing_at_random,
    missing_not_at_random,
    noise,
)
from jaxstable.simulate.systems import Simulated, lorenz96, svar, var

SEEDS = tuple(range(60, 70))  # never looked at before this benchmark; settings were tried on 50-52
FAULTS: dict[str, Callable[[int], Fault]] = {
    "clean": lambda seed: compose(),
    "20 % missing": lambda seed: missing_at_random(0.2, seed),
    "30 % missing": lambda seed: missing_at_random(0.3, seed),
    "40 % missing": lambda seed: missing_at_random(0.4, seed),
    "60 % missing": lambda seed: missing_at_random(0.6, seed),
    "compound": lambda seed: compose(noise(0.3, seed), drift(0.3, seed=seed), missing_not_at_random(0.25, seed=seed)),
}


class Case(NamedTuple):
    """One data set with its true graph.

    Attributes:
        data: name of the kind of data, a column of the table.
        seed: which one of that kind: a seed, a subject or a network.
        values: [series, time, vars] float64, NaN where missing.
        truth: bool [cause, effect], any lag, diagonal False.
        n_lags: largest lag, told to every method alike.
    """

    data: str
    seed: int
    values: np.ndarray
    truth: np.ndarray
    n_lags: int


class Kind(NamedTuple):
    """One kind of data: its `group` in the tables, the seeds it comes with, and how a case is made."""

    group: str
    seeds: Sequence[int]
    make: Callable[[int], Case]
    note: str = ""


def simulated(name: str, simulate: Callable[[int], Simulated], faults: str, n_lags: int) -> Callable[[int], Case]:
    """Return what makes the case of a seed: the system and its faults share the seed, not the numbers."""

    def make(seed: int) -> Case:
        system = simulate(seed)
        return Case(name, seed, FAULTS[faults](seed)(system.values).values[None], system.truth, n_lags)

    return make


def _grid() -> dict[str, Kind]:
    kinds = {}
    for nonlinear in (False, True):
        for faults in ("clean", "20 % missing", "40 % missing", "compound"):
            name = f"{'nonlinear' if nonlinear else 'linear'} {faults}"
            system = _svar(nonlinear)
            kinds[name] = Kind("SVAR", SEEDS, simulated(name, system, faults, 2))
    for faults in ("clean", "30 % missing", "60 % missing"):
        name = f"Lorenz-96 {faults}"
        kinds[name] = Kind("Lorenz-96", SEEDS, simulated(name, lambda seed: lorenz96(seed=seed), faults, 2))
        name = f"VAR {faults}"
        ten_thousand = lambda seed: var(n_steps=10_000, seed=seed)  # noqa: E731
        kinds[name] = Kind("VAR", SEEDS, simulated(name, ten_thousand, faults, 3))
    return kinds


def _svar(nonlinear: bool) -> Callable[[int], Simulated]:
    return lambda seed: svar(nonlinear=nonlinear, seed=seed)


SIMULATED: dict[str, Kind] = _grid()
NOTES = {
    "SVAR": "13 variables, 3,000 steps, 13 instantaneous and 13 lagged edges (lags 1-2); compound: noise 0.3, drift "
    "0.3, 25 % missing not at random. All methods are given 2 lags.",
    "Lorenz-96": "20 variables, 1,000 steps, F = 10. All methods are given 2 lags.",
    "VAR": "20 variables, 10,000 steps, 3 lags, 40 edges. All methods are given 3 lags.",
}


def standardised(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return [series, time, vars] shifted and scaled so that `like` has mean 0 and deviation 1 per column.

    Example:
        >>> rows = np.array([[[1.0], [3.0]], [[np.nan], [5.0]]])
        >>> float(standardised(rows, rows)[0, 1, 0])
        0.0
    """
    centre, scale = np.nanmean(like, axis=(0, 1)), np.nanstd(like, axis=(0, 1))
    return (values - centre) / np.where(scale > 0, scale, 1.0)


def interpolated(values: np.ndarray) -> np.ndarray:
    """Fill gaps on a straight line between readings of the same series, its ends with the nearest one.

    A column without any reading in a series gets its mean over all series.

    Example:
        >>> interpolated(np.array([[[1.0], [np.nan], [3.0]]])).ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    filled = values.copy()
    time = np.arange(values.shape[1])
    for series, column in np.argwhere(np.isnan(values).any(axis=1)):
        line = values[series, :, column]
        seen = np.flatnonzero(~np.isnan(line))
        level = np.nanmean(values[:, :, column])
        filled[series, :, column] = np.interp(time, seen, line[seen]) if len(seen) else level
    return filled

"""The regimes of the zoo: every simulated plant by name, a function of its seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.plants import (
    Plant,
    averaged,
    base,
    bursts,
    changed,
    corrupt,
    cycle,
    drivers,
    dropouts,
    elsewhere,
    filled,
    glitches,
    hide,
    hold,
    inert,
    machines,
    measured,
    off_in_a_row,
    quantised,
    restless,
    run,
    slow,
    standstills,
    steps,
    stuck,
    subsampled,
    trend,
    unordered,
)
from jaxstable.simulate import corruption


def _missing(share: float) -> Callable[[int], Any]:
    return lambda seed: corruption.missing_at_random(share, seed)


def _t3(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.standard_t(3, shape) / np.sqrt(3)


def _laplace(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.laplace(size=shape) / np.sqrt(2)


def _uniform(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.uniform(-np.sqrt(3), np.sqrt(3), size=shape)


def _exponential(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.exponential(size=shape) - 1.0


def _squared(cause: NDArray) -> NDArray:
    return 0.5 * np.minimum(cause * cause, 6.0)


def _bent_readings(plant: Plant) -> Plant:
    return plant._replace(values=np.exp(0.5 * plant.values / np.nanstd(plant.values, axis=0)))


NIGHT = 24.0
REGIMES: dict[str, Callable[[int], Plant]] = {
    "linear": base,
    "linear, T 3000": lambda seed: base(seed, n_steps=3000),
    "nonlinear": lambda seed: base(seed, nonlinear=True),
    "missing 20 %": corrupt(_missing(0.2)),
    "missing 40 %": corrupt(_missing(0.4), n_steps=3000),
    "missing blocks": corrupt(lambda seed: corruption.missing_blocks(0.2, 24.0, seed)),
    "compound": corrupt(
        lambda seed: corruption.noise(0.3, seed),
        lambda seed: corruption.drift(0.3, seed=seed),
        lambda seed: corruption.missing_not_at_random(0.25, seed=seed),
        n_steps=3000,
    ),
    "trend": lambda seed: trend(base(seed), 1.0, seed),
    "quantised": lambda seed: quantised(base(seed), 2.0),
    "t3 noise": lambda seed: run(seed, draw=_t3),
    "laplace noise": lambda seed: run(seed, draw=_laplace),
    "exponential noise": lambda seed: run(seed, draw=_exponential),
    "daily cycle 1 sd": lambda seed: cycle(base(seed), 1.0, NIGHT, seed),
    "daily cycle 2 sd, T 3000": lambda seed: cycle(base(seed, n_steps=3000), 2.0, NIGHT, seed, 2),
    "weak cycle .3 sd": lambda seed: cycle(base(seed), 0.3, 19.3, seed),
    "autocorrelation .95": slow,
    "autocorrelation .95, T 3000": lambda seed: slow(seed, 3000),
    "spikes 1 %": lambda seed: glitches(base(seed), 0.01, 8.0, seed),
    "faint spikes 1 %": lambda seed: glitches(base(seed), 0.01, 5.0, seed),
    "one spike of 1000 sd": lambda seed: glitches(base(seed), 0.0, 1000.0, seed, 1),
    "spikes 5 %": lambda seed: glitches(base(seed), 0.05, 10.0, seed),
    "spikes in a row": lambda seed: off_in_a_row(base(seed), 0.02, 4, 8.0, seed),
    "steps": lambda seed: steps(base(seed), 3, 4.0, seed),
    "other operating point": lambda seed: elsewhere(base(seed), slice(550, None), 3.0, seed),
    "standstill": lambda seed: elsewhere(base(seed), slice(380, 470), 4.0, seed, quiet=0.01),
    "three standstills": lambda seed: standstills(base(seed), seed),
    "stuck": lambda seed: stuck(base(seed), 3, 150, seed),
    "dropouts": lambda seed: dropouts(base(seed), 5, seed),
    "gaps filled in": lambda seed: filled(base(seed), 8, seed),
    "bursts": lambda seed: bursts(base(seed), seed),
    "held": lambda seed: hold(base(seed), 10, 0.3, seed),
    "quadratic, T 3000": lambda seed: run(seed, n_steps=3000, shape=_squared),
    "quadratic": lambda seed: run(seed, shape=_squared),
    "products": lambda seed: run(seed, products=True),
    "hidden drivers, T 3000": drivers,
    "hidden sensors, T 3000": lambda seed: hide(base(seed, n_vars=15, n_instant=18, n_lagged=15, n_steps=3000), 2),
    "one hidden sensor": lambda seed: hide(base(seed, n_vars=14, n_instant=15, n_lagged=15), 1),
    "lags 1-5": lambda seed: run(seed, lags=(1, 2, 3, 4, 5)),
    "rows without order": unordered,
    "rows without order, laplace": lambda seed: unordered(seed, edges=13, draw=_laplace),
    "rows without order, uniform": lambda seed: unordered(seed, edges=13, draw=_uniform),
    "rows without order, exponential": lambda seed: unordered(seed, edges=13, draw=_exponential),
    "machines at other levels": machines,
    "very weak": lambda seed: run(seed, instant=(13, 0.1, 0.2), lagged=(13, 0.1, 0.15)),
    "cycle and gaps": lambda seed: cycle(corrupt(_missing(0.2))(seed), 1.0, NIGHT, seed),
    "slow and spiky": lambda seed: glitches(slow(seed), 0.01, 8.0, seed),
    "d 30": lambda seed: base(seed, n_vars=30, n_instant=30, n_lagged=30),
    "d 5, T 300": lambda seed: base(seed, n_vars=5, n_instant=5, n_lagged=5, n_steps=300),
    "measurement noise": lambda seed: measured(base(seed), 0.4, seed),
    "inert sensors": lambda seed: inert(base(seed), seed),
    "inert sensors, T 300": lambda seed: inert(unordered(seed, 300), seed),
    "every other row": lambda seed: subsampled(base(seed, n_steps=2000), 2),
    "means of 3 rows": lambda seed: averaged(base(seed, n_steps=3000), 3),
    "loud and calm": restless,
    "weights change halfway": changed,
    "log-normal sensors": lambda seed: _bent_readings(base(seed)),
    "held and missing": lambda seed: hold(corrupt(_missing(0.2), n_steps=3000)(seed), 5, 0.3, seed),
}

_KINDS = ("inert", "hidden", "held", "missing", "cycle", "autocorrelation", "quadratic", "spik", "without order")
FAMILIES: dict[str, str] = {name: next((kind for kind in _KINDS if kind in name), name) for name in REGIMES}
"""the family of each regime: what breaks the model in the same way is left out together."""

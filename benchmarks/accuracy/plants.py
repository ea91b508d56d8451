"""Simulated plants that break one assumption of the model at a time, and the ways to break it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.simulate import corruption
from jaxstable.simulate.systems import recur, spectral_radius, svar

BURN_IN = 300


class Plant(NamedTuple):
    """Rows of a simulated plant, its true graph `[cause, effect]`, and the recording of each row if several."""

    values: NDArray[np.float64]
    truth: NDArray[np.bool_]
    series: NDArray[np.int_] | None = None
    lagged_truth: NDArray[np.bool_] | None = None
    """`[lag, cause, effect]`, where an edge at its lag means the same as in the plant."""


Shape = Callable[[NDArray], NDArray]


def run(
    seed: int,
    n_vars: int = 13,
    n_steps: int = 1000,
    own: tuple[float, float] = (0.3, 0.6),
    lags: tuple[int, ...] = (1, 2),
    instant: tuple[int, float, float] = (13, 0.3, 0.8),
    lagged: tuple[int, float, float] = (13, 0.2, 0.5),
    draw: Callable[[np.random.Generator, tuple[int, int]], NDArray] = lambda rng, shape: rng.standard_normal(shape),
    shape: Shape | None = None,
    ordered: bool = False,
    products: bool = False,
) -> Plant:
    """Simulate a structural autoregression.

    Args:
        seed: seed of graph, weights and noise.
        n_vars: sensors.
        n_steps: rows kept.
        own: bounds of the own effect at lag 1.
        lags: lags that a delayed edge may have.
        instant: edges at lag 0, and the bounds of their size.
        lagged: delayed edges, and the bounds of their size.
        draw: noise of a shape, of about unit variance.
        shape: what every edge does to its cause; None is linear.
        ordered: delayed edges too follow the order of lag 0, so that nothing feeds back.
        products: the first two causes of every effect act by their product as well.
    """
    rng = np.random.default_rng([seed, 11])
    order = rng.permutation(n_vars)
    rank = np.argsort(order)
    above = rank[:, None] < rank[None]
    weights = np.zeros((max(lags) + 1, n_vars, n_vars))
    places = np.argwhere(above)
    for cause, effect in places[rng.choice(len(places), instant[0], replace=False)]:
        weights[0, cause, effect] = rng.uniform(*instant[1:]) * rng.choice([-1, 1])
    places = np.argwhere(above if ordered else ~np.eye(n_vars, dtype=bool))
    for cause, effect in places[rng.choice(len(places), lagged[0], replace=False)]:
        weights[rng.choice(lags), cause, effect] = rng.uniform(*lagged[1:]) * rng.choice([-1, 1])
    truth = weights.any(axis=0)
    linear = weights.copy()
    linear[1] += np.diag(rng.uniform(*own, n_vars))
    while not ordered and spectral_radius(linear) > 0.95:
        weights[1:], linear[1:] = weights[1:] * 0.95, linear[1:] * 0.95
    noise = rng.uniform(0.5, 1.5, n_vars) * draw(rng, (n_steps + BURN_IN, n_vars))
    if shape is None and not products:
        values = recur({"linear": linear}, noise)
    else:
        values = _bent(weights, linear - weights, shape or (lambda x: x), noise, order, products)
    return Plant(values[BURN_IN:], np.asarray(truth, bool), lagged_truth=weights != 0)


def _bent(
    weights: NDArray, own: NDArray, shape: Shape, noise: NDArray, order: NDArray, products: bool = False
) -> NDArray:
    n_steps, n_vars = noise.shape
    causes = [np.argwhere(weights[:, :, effect]) for effect in range(n_vars)]
    past = len(weights) - 1
    state = np.zeros((n_steps + past, n_vars))
    for t in range(past, n_steps + past):
        now = noise[t - past] + sum(state[t - lag] @ own[lag] for lag in range(1, past + 1))
        now = now + sum(shape(state[t - lag]) @ weights[lag] for lag in range(1, past + 1))
        state[t] = now
        for effect in order:
            state[t, effect] += shape(state[t]) @ weights[0][:, effect]
            if products and len(causes[effect]) > 1:
                one, other = (state[t - lag, cause] for lag, cause in causes[effect][:2])
                state[t, effect] += np.clip(0.4 * one * other, -2.0, 2.0)
    return state[past:]


def base(seed: int, **changes: Any) -> Plant:
    """Return a plant of the package's own generator, as the older tables use it."""
    settings: dict[str, Any] = {"n_steps": 1000, "seed": seed} | changes
    system = svar(**settings)
    return Plant(system.values, system.truth, lagged_truth=system.lagged_truth)


def corrupt(*faults: Any, **changes: Any) -> Callable[[int], Plant]:
    """Return a regime: the base plant with faults `seed -> fault`."""

    def make(seed: int) -> Plant:
        plant = base(seed, **changes)
        return plant._replace(values=corruption.compose(*(fault(seed) for fault in faults))(plant.values).values)

    return make


def cycle(plant: Plant, size: float, period: float, seed: int, harmonics: int = 1) -> Plant:
    """Add a wave of `size` standard deviations of each sensor, each with a phase and size of its own."""
    rng = np.random.default_rng([seed, 12])
    time_of, sd = np.arange(len(plant.values))[:, None], np.nanstd(plant.values, axis=0)
    values, d = plant.values.copy(), plant.values.shape[1]
    for k in range(1, harmonics + 1):
        phase = rng.uniform(0, 2 * np.pi, d)
        strength = size * np.sqrt(2) * rng.uniform(0.7, 1.3, d) / k
        values += sd * strength * np.sin(2 * np.pi * k * time_of / period + phase)
    return plant._replace(values=values)


def trend(plant: Plant, size: float, seed: int) -> Plant:
    """Add to every sensor a straight rise or fall whose standard deviation is `size` of the sensor's."""
    rng = np.random.default_rng([seed, 13])
    rise = np.linspace(-1, 1, len(plant.values))[:, None] * np.sqrt(3)
    sd = np.nanstd(plant.values, axis=0)
    return plant._replace(values=plant.values + size * sd * rise * rng.choice([-1, 1], len(sd)))


def glitches(plant: Plant, share: float, size: float, seed: int, count: int | None = None) -> Plant:
    """Replace a share of the entries, or `count` of them, by readings `size` standard deviations off."""
    rng = np.random.default_rng([seed, 14])
    values = plant.values.copy()
    where = rng.random(values.shape) < share
    if count is not None:
        where = np.zeros(values.size, bool)
        where[rng.choice(values.size, count, replace=False)] = True
        where = where.reshape(values.shape)
    values += where * size * np.nanstd(values, axis=0) * rng.choice([-1, 1], values.shape)
    return plant._replace(values=values)


def off_in_a_row(plant: Plant, share: float, length: int, size: float, seed: int) -> Plant:
    """Move a share of the entries by `size` standard deviations, so many rows of a sensor at a time."""
    rng = np.random.default_rng([seed, 21])
    where = np.zeros(plant.values.shape)
    for start, column in np.argwhere(rng.random(where.shape) < share / length).tolist():
        where[start : start + length, column] = rng.choice([-1, 1])
    return plant._replace(values=plant.values + size * where * np.nanstd(plant.values, axis=0))


def steps(plant: Plant, sensors: int, size: float, seed: int) -> Plant:
    """Move some sensors to another level, `size` standard deviations away, each from a row of its own on."""
    rng, values, n_rows = np.random.default_rng([seed, 22]), plant.values.copy(), len(plant.values)
    for column in rng.choice(values.shape[1], sensors, replace=False):
        values[int(rng.integers(n_rows // 5, 4 * n_rows // 5)) :, column] += (
            size * np.nanstd(plant.values[:, column]) * rng.choice([-1, 1])
        )
    return plant._replace(values=values)


def elsewhere(plant: Plant, rows: slice, size: float, seed: int, quiet: float = 1.0) -> Plant:
    """Move all sensors to another level for a while, and let only a share of their movement there."""
    rng = np.random.default_rng([seed, 23])
    values, level = plant.values.copy(), np.nanmean(plant.values, axis=0)
    away = size * np.nanstd(values, axis=0) * rng.choice([-1, 1], values.shape[1])
    values[rows] = level + away + quiet * (values[rows] - level)
    return plant._replace(values=values)


def stuck(plant: Plant, sensors: int, length: int, seed: int) -> Plant:
    """Let some sensors repeat one reading for so many rows, each at a time of its own."""
    rng, values = np.random.default_rng([seed, 24]), plant.values.copy()
    for column in rng.choice(values.shape[1], sensors, replace=False).tolist():
        row = int(rng.integers(0, len(values) - length))
        values[row : row + length, column] = values[row, column]
    return plant._replace(values=values)


def standstills(plant: Plant, seed: int) -> Plant:
    """Let the plant stand three times for 40 rows, four deviations from its level."""
    for start in (180, 470, 810):
        plant = elsewhere(plant, slice(start, start + 40), 4.0, seed, quiet=0.01)
    return plant


def dropouts(plant: Plant, length: int, seed: int) -> Plant:
    """Let every sensor read one value, two deviations below its lowest, five times for `length` rows."""
    rng = np.random.default_rng([seed, 25])
    values = plant.values.copy()
    for column in range(values.shape[1]):
        fault = values[:, column].min() - 2 * values[:, column].std()
        for start in rng.choice(len(values) - length, 5, replace=False):
            values[start : start + length, column] = fault
    return plant._replace(values=values)


def filled(plant: Plant, length: int, seed: int) -> Plant:
    """Fill twelve gaps of `length` rows in two of three sensors, with the last value or along a line."""
    rng = np.random.default_rng([seed, 26])
    values = plant.values.copy()
    for column in range(values.shape[1]):
        for start in rng.choice(np.arange(2, len(values) - length - 2, length + 2), 12, replace=False):
            before, after = values[start - 1, column], values[start + length, column]
            line = np.linspace(before, after, length + 2)[1:-1]
            if column % 3:
                values[start : start + length, column] = before if column % 3 == 1 else line
    return plant._replace(values=values)


def bursts(plant: Plant, seed: int) -> Plant:
    """Add stretches of about ten rows in which a sensor is five times as loud."""
    rng = np.random.default_rng([seed, 15])
    values = plant.values.copy()
    for column in range(values.shape[1]):
        for start in rng.choice(len(values) - 20, 3, replace=False):
            rows = slice(start, start + 10)
            values[rows, column] += 4 * values[:, column].std() * rng.standard_normal(10)
    return plant._replace(values=values)


def hold(plant: Plant, every: int, share: float, seed: int) -> Plant:
    """Let a share of the sensors report a new value at every `every`-th row only and repeat it until then."""
    rng = np.random.default_rng([seed, 16])
    values = plant.values.copy()
    rows = np.arange(len(values)) // every * every
    chosen = rng.choice(values.shape[1], round(share * values.shape[1]), replace=False)
    values[:, chosen] = values[rows][:, chosen]
    return plant._replace(values=values)


def hide(plant: Plant, count: int) -> Plant:
    """Take out the sensors with the most effects; what they cause in common has no cause left in the data.

    What acts on a sensor that is taken out acts on its effects: this is an edge of the graph of the rest.
    """
    order = np.argsort(-plant.truth.sum(axis=1), kind="stable")
    truth = plant.truth.copy()
    for sensor in order[:count]:
        truth |= truth[:, [sensor]] & truth[[sensor]]
    kept = np.sort(order[count:])
    truth = truth[np.ix_(kept, kept)] & ~np.eye(len(kept), dtype=bool)
    return Plant(plant.values[:, kept], truth)


def drivers(seed: int) -> Plant:
    """Return a plant that two unmeasured white signals drive, each acting on five sensors at once."""
    rng = np.random.default_rng([seed, 17])

    def noise(own: np.random.Generator, shape: tuple[int, int]) -> NDArray:
        found = own.standard_normal(shape)
        for _ in range(2):
            driven = rng.choice(shape[1], 5, replace=False)
            found[:, driven] += rng.standard_normal((shape[0], 1)) * rng.choice([-1, 1], 5) * rng.uniform(0.6, 1.0, 5)
        return found

    return run(seed, n_steps=3000, draw=noise, instant=(9, 0.3, 0.8), lagged=(9, 0.2, 0.5))


def machines(seed: int) -> Plant:
    """Return two recordings of one plant whose levels lie five deviations apart."""
    whole = base(seed)
    shift = np.random.default_rng([seed, 18]).choice([-5.0, 5.0], whole.values.shape[1]) * whole.values.std(axis=0)
    late = np.arange(len(whole.values)) >= 500
    return whole._replace(values=whole.values + late[:, None] * shift, series=late.astype(int))


def slow(seed: int, n_steps: int = 1000) -> Plant:
    """Return a plant of sensors that remember .95 of themselves, its edges small enough not to run away."""
    return run(seed, n_steps=n_steps, own=(0.95, 0.95), ordered=True, instant=(13, 0.1, 0.4), lagged=(13, 0.05, 0.2))


def unordered(seed: int, n_steps: int = 1000, edges: int = 20, **how: Any) -> Plant:
    """Return rows that have nothing to do with each other: edges at lag 0 alone."""
    return run(seed, n_steps=n_steps, own=(0.0, 0.0), lagged=(0, 0.2, 0.5), instant=(edges, 0.3, 0.8), **how)


def subsampled(plant: Plant, every: int) -> Plant:
    """Keep every `every`-th row: what happens between two of them is not seen."""
    return Plant(plant.values[::every], plant.truth)


def averaged(plant: Plant, rows: int) -> Plant:
    """Return the mean of each run of `rows` rows, as historians store it."""
    kept = len(plant.values) // rows * rows
    return Plant(plant.values[:kept].reshape(-1, rows, plant.values.shape[1]).mean(axis=1), plant.truth)


def inert(plant: Plant, seed: int) -> Plant:
    """Let every sensor follow what it measures at a pace of its own, as a thermometer in its pocket does."""
    pace = np.random.default_rng([seed, 21]).uniform(0.3, 1.0, plant.values.shape[1])
    values = plant.values.copy()
    for t in range(1, len(values)):
        values[t] = values[t - 1] + pace * (plant.values[t] - values[t - 1])
    return Plant(values, plant.truth)


def measured(plant: Plant, size: float, seed: int) -> Plant:
    """Add white noise of `size` standard deviations of each sensor, which no sensor passes on."""
    noise = np.random.default_rng([seed, 19]).standard_normal(plant.values.shape)
    return plant._replace(values=plant.values + size * np.nanstd(plant.values, axis=0) * noise)


def restless(seed: int) -> Plant:
    """Return a plant whose noise is three times as loud in some stretches of about fifty rows as in others."""

    def noise(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
        loud = np.repeat(rng.random((shape[0] // 50 + 1, shape[1])) < 0.3, 50, axis=0)[: shape[0]]
        return rng.standard_normal(shape) * np.where(loud, 1.5, 0.5)

    return run(seed, draw=noise)


def changed(seed: int) -> Plant:
    """Return a plant whose edges all lose about half of their weight halfway, as after a refit."""
    before, after = run(seed), run(seed, instant=(13, 0.2, 0.4), lagged=(13, 0.1, 0.3))
    return before._replace(values=np.concatenate([before.values[:500], after.values[500:]]))


def quantised(plant: Plant, levels: float) -> Plant:
    """Round every sensor to steps of one standard deviation over `levels`."""
    step = np.nanstd(plant.values, axis=0) / levels
    return plant._replace(values=np.round(plant.values / step) * step)

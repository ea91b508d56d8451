"""A zoo of simulated plants: one assumption of the model broken at a time, and what `discover` makes of it.

`python benchmarks/accuracy/zoo.py [--regimes NAME ...] [--seeds 200 203] [--draws 10] [--output FILE]`

Prints, for every regime, F1 without labels, how many of the edges said to have probability 0.9 or more are true, and
the calibration error of all pairs; writes `results/zoo.json`. Seeds 100 to 199 were used for choosing, those from 200
on are the ones to report.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxstable as js
from benchmarks.common import table, write_json
from jaxstable.simulate import corruption
from jaxstable.simulate.systems import recur, spectral_radius, svar

BURN_IN = 300
SURE = 0.9
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class Plant(NamedTuple):
    """Rows of a simulated plant, its true graph `[cause, effect]`, and the recording of each row if several."""

    values: NDArray[np.float64]
    truth: NDArray[np.bool_]
    series: NDArray[np.int_] | None = None


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
    return Plant(values[BURN_IN:], np.asarray(truth, bool))


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
    return Plant(system.values, system.truth)


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
    """Take out the sensors with the most effects; what they cause in common has no cause left in the data."""
    effects = plant.truth.sum(axis=1)
    kept = np.sort(np.argsort(-effects, kind="stable")[count:])
    return plant._replace(values=plant.values[:, kept], truth=plant.truth[np.ix_(kept, kept)])


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


def unordered(seed: int) -> Plant:
    """Return rows that have nothing to do with each other: edges at lag 0 alone."""
    plant = run(seed, n_vars=13, own=(0.0, 0.0), lagged=(0, 0.2, 0.5), instant=(20, 0.3, 0.8))
    return plant


def _missing(share: float) -> Callable[[int], Any]:
    return lambda seed: corruption.missing_at_random(share, seed)


def _quantised(plant: Plant, levels: float) -> Plant:
    step = np.nanstd(plant.values, axis=0) / levels
    return plant._replace(values=np.round(plant.values / step) * step)


def _t3(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray:
    return rng.standard_t(3, shape) / np.sqrt(3)


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
    "quantised": lambda seed: _quantised(base(seed), 2.0),
    "t3 noise": lambda seed: run(seed, draw=_t3),
    "laplace noise": lambda seed: run(seed, draw=lambda rng, shape: rng.laplace(size=shape) / np.sqrt(2)),
    "exponential noise": lambda seed: run(seed, draw=lambda rng, shape: rng.exponential(size=shape) - 1.0),
    "daily cycle 1 sd": lambda seed: cycle(base(seed), 1.0, NIGHT, seed),
    "daily cycle 2 sd, T 3000": lambda seed: cycle(base(seed, n_steps=3000), 2.0, NIGHT, seed, 2),
    "weak cycle .3 sd": lambda seed: cycle(base(seed), 0.3, 19.3, seed),
    "autocorrelation .95": slow,
    "autocorrelation .95, T 3000": lambda seed: slow(seed, 3000),
    "spikes 1 %": lambda seed: glitches(base(seed), 0.01, 8.0, seed),
    "one spike of 1000 sd": lambda seed: glitches(base(seed), 0.0, 1000.0, seed, 1),
    "bursts": lambda seed: bursts(base(seed), seed),
    "held": lambda seed: hold(base(seed), 10, 0.3, seed),
    "quadratic, T 3000": lambda seed: run(seed, n_steps=3000, shape=lambda x: 0.5 * np.minimum(x * x, 6.0)),
    "quadratic": lambda seed: run(seed, shape=lambda x: 0.5 * np.minimum(x * x, 6.0)),
    "products": lambda seed: run(seed, products=True),
    "hidden drivers, T 3000": drivers,
    "hidden sensors, T 3000": lambda seed: hide(base(seed, n_vars=15, n_instant=18, n_lagged=15, n_steps=3000), 2),
    "lags 1-5": lambda seed: run(seed, lags=(1, 2, 3, 4, 5)),
    "rows without order": unordered,
    "machines at other levels": machines,
    "very weak": lambda seed: run(seed, instant=(13, 0.1, 0.2), lagged=(13, 0.1, 0.15)),
    "cycle and gaps": lambda seed: cycle(corrupt(_missing(0.2))(seed), 1.0, NIGHT, seed),
    "slow and spiky": lambda seed: glitches(slow(seed), 0.01, 8.0, seed),
    "d 30": lambda seed: base(seed, n_vars=30, n_instant=30, n_lagged=30),
    "d 5, T 300": lambda seed: base(seed, n_vars=5, n_instant=5, n_lagged=5, n_steps=300),
}


def judge(plant: Plant, draws: int, **how: Any) -> dict[str, Any]:
    """Return what `discover` finds of a plant, against its graph."""
    kept: dict[str, Any] = {} if plant.series is None else {"series": plant.series}
    started = time.perf_counter()
    found = js.discover(js.Dataset.from_array(plant.values, **kept), draws=draws, progress=False, **how)
    pairs = ~np.eye(len(plant.truth), dtype=bool)
    probability, true = found.edge_probability[pairs], plant.truth[pairs]
    sure = probability >= SURE
    graph = found.graph[pairs]
    return {
        "f1": float(2 * (graph & true).sum() / max(graph.sum() + true.sum(), 1)),
        "edges": int(graph.sum()),
        "true_edges": int(true.sum()),
        "sure": int(sure.sum()),
        "sure_true": int((sure & true).sum()),
        "probability": probability.round(4),
        "true": true.astype(int),
        "inflation": found.chosen["inflation"].value if "inflation" in found.chosen else None,
        "max_lag": found.chosen["max_lag"].value,
        "model": found.chosen["model"].value,
        "seconds": round(time.perf_counter() - started, 2),
    }


def calibration_error(probability: NDArray, true: NDArray) -> float:
    """Return the mean distance of said and true over ten bins of the pairs said 0.1 or more, by their numbers."""
    kept = probability >= BINS[1]
    place = np.digitize(probability[kept], BINS[1:-1])
    gaps = [abs(np.sum(probability[kept][place == k] - true[kept][place == k])) for k in np.unique(place)]
    return float(np.sum(gaps) / max(kept.sum(), 1))


def main() -> None:
    """Run the regimes asked for, print a table and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regimes", nargs="*", default=list(REGIMES), choices=list(REGIMES), metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs=2, default=(200, 203), metavar=("FIRST", "END"))
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--output", default=None, help="JSON file (default: results/zoo.json)")
    args = parser.parse_args()
    record: dict[str, Any] = {"settings": {"seeds": args.seeds, "draws": args.draws}, "regimes": {}}
    rows = []
    for name in args.regimes:
        runs = [judge(REGIMES[name](seed), args.draws) | {"seed": seed} for seed in range(*args.seeds)]
        sure, right = (sum(run[key] for run in runs) for key in ("sure", "sure_true"))
        said, true = (np.concatenate([run[key] for run in runs]) for key in ("probability", "true"))
        f1 = float(np.mean([run["f1"] for run in runs]))
        error = calibration_error(said, true)
        record["regimes"][name] = {"f1": f1, "sure": sure, "sure_true": right, "error": error, "runs": runs}
        rows.append(
            [name, f"{f1:.3f}", f"{right}/{sure}", f"{error:.3f}", f"{np.mean([r['seconds'] for r in runs]):.1f}"]
        )
        print(" | ".join(rows[-1]), flush=True)
    print(table(rows, ["regime", "F1", "sure edges right", "calibration error", "s"]))
    write_json("zoo", record, args.output)


if __name__ == "__main__":
    main()

"""Fit the map from what is found of an edge to its probability, on a zoo of violations and on systems of many kinds.

`python benchmarks/discovery/calibration.py [--seeds 100 104] [--systems 1000 48] [--test 2000 15] [--keep DIRECTORY]`

Prints the constants of `graph/calibration.py`; for every family of the zoo, how many of the edges that a map fitted
without that family calls sure are true; and the reliability of the constants in use on systems that took no part.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from numpy.typing import NDArray

import jaxstable as js
from benchmarks.accuracy.plants import Plant
from benchmarks.accuracy.regimes import FAMILIES, REGIMES
from benchmarks.common import RESULTS, table, write_json
from benchmarks.discovery.systems import any_system
from jaxstable.discovery.beyond import Sources
from jaxstable.discovery.choice import choose
from jaxstable.discovery.observed import Prepared
from jaxstable.discovery.squares import with_squares
from jaxstable.discovery.usable import cleaned_of
from jaxstable.graph.calibration import EDGE, LAG, Doubts, Map, doubts_of, edge_probability, features
from jaxstable.moments.lagged import lagged_moments
from jaxstable.moments.memory import needed_lags
from jaxstable.signals.prepare import check_parts
from jaxstable.signals.threads import one_blas_thread

DRAWS, LEAST_LAGS = 50, 2
SURE = 0.9
BINS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
PRIOR = 1.0  # ridge on the logistic map, in pairs
PAIRS = 400.0  # that a regime counts for, however many it has
# Least weight of a direction that is cheap to turn. Nothing in the zoo calls for one, but on brain scans (NetSim 1 to
# 3, single subjects), whose responses differ from place to place, edges were as often true as was said with 0.5.
LEAST_DIRECTION = 0.5
SYSTEMS = 8.0  # regimes that the systems of many kinds count for


class Pairs(NamedTuple):
    """Candidate edges of one data set after another."""

    rows: NDArray[np.float64]
    """`[7, pairs]`: frequency, evidence and the five doubts."""
    true: NDArray[np.bool_]
    regime: NDArray[np.str_]
    system: NDArray[np.int_]

    def at(self, where: NDArray[np.bool_]) -> Pairs:
        """Return some of them."""
        return Pairs(self.rows[:, where], self.true[where], self.regime[where], self.system[where])

    def probability(self, by: Map) -> NDArray[np.float64]:
        """Return what a map gives them."""
        return edge_probability(self.rows[0], self.rows[1], DRAWS, Doubts(*self.rows[2:]), by)


def main() -> None:
    """Print constants and reliability; write `results/calibration.json` and `.png`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(100, 104), metavar=("FIRST", "END"), help="of the zoo")
    parser.add_argument("--systems", type=int, nargs=2, default=(1000, 48), metavar=("FIRST", "NUMBER"))
    parser.add_argument("--test", type=int, nargs=2, default=(2000, 15), metavar=("FIRST", "NUMBER"))
    parser.add_argument("--keep", metavar="DIRECTORY", help="keep what was found of every data set there")
    parser.add_argument("--output", default=None, help="JSON file (default: results/calibration.json)")
    args = parser.parse_args()
    keep = Path(args.keep) if args.keep else None
    known = [("systems", seed) for seed in range(args.systems[0], sum(args.systems))]
    known += [(name, seed) for seed in range(*args.seeds) for name in REGIMES]
    seen, other = _collect(known, keep), _collect([("systems", s) for s in range(args.test[0], sum(args.test))], keep)
    settings = {"seeds": args.seeds, "systems": args.systems, "test": args.test, "draws": DRAWS}
    record: dict[str, Any] = {"settings": settings, "families": by_family(seen["EDGE"])}
    for name, used in (("EDGE", EDGE), ("LAG", LAG)):
        fitted = fit(seen[name])
        print(f"\n{name} = Map({', '.join(f'{value:.2f}' for value in fitted)})   in use: {tuple(used)}")
        pairs = other[name]
        probability = pairs.probability(used)
        rows, raw = reliability(probability, pairs.true), reliability(pairs.rows[0], pairs.true)
        print(table([[*row] for row in rows], ["probability", "edges", "mean", "true"]))
        print(table([[*row] for row in raw], ["raw frequency", "edges", "mean", "true"]))
        found = {
            "fitted": fitted._asdict(),
            "in_use": used._asdict(),
            "reliability": rows,
            "raw_reliability": raw,
            "error": calibration_error(rows),
            "raw_error": calibration_error(raw),
            "auroc": _mean_auroc(probability, pairs),
            "raw_auroc": _mean_auroc(pairs.rows[0], pairs),
            "raw_auroc_ties_by_evidence": _mean_auroc(pairs.rows[0] + 1e-4 * pairs.rows[1], pairs),
        }
        print({key: round(value, 4) for key, value in found.items() if isinstance(value, float)})
        record[name] = found
    target = write_json("calibration", record, args.output)
    _picture(record).savefig(target.with_suffix(".png") if args.output else RESULTS / "calibration.png", dpi=120)


@one_blas_thread()
def collect(plant: Plant) -> dict[str, NDArray]:
    """Return what `discover` finds of one plant, networks aside: pairs at any lag, and at each where that is known."""
    kept: dict[str, Any] = {} if plant.series is None else {"series": plant.series}
    dataset = js.Dataset.from_array(plant.values, **kept)
    cleaned = cleaned_of(dataset, list(range(dataset.n_vars)), check_parts("auto"))
    n_lags = needed_lags(cleaned.values, cleaned.mask, dataset.series, LEAST_LAGS)

    def moments_of(n_lags: int, squares: bool = False) -> Any:
        rows = with_squares(cleaned.values, cleaned.mask) if squares else (cleaned.values, cleaned.mask)
        return lagged_moments(*rows, n_lags, dataset.series)

    rows = Prepared(cleaned.values, cleaned.mask, dataset.series)
    sources = Sources(moments_of, functools.partial(moments_of, squares=True), rows)
    none = np.zeros((n_lags + 1, dataset.n_vars, dataset.n_vars), bool)
    chosen = choose(moments_of(n_lags), none, none, DRAWS, sources=sources)
    draws = np.array([draw.graph for draw in chosen.draws])
    evidence = chosen.selection.strength / np.sqrt(chosen.criterion.penalty)
    doubts = np.array(doubts_of(chosen.selection, 1.0 if chosen.extras.by_readings else cleaned.mask.mean(axis=0)))
    off = ~np.eye(dataset.n_vars, dtype=bool)
    whole = np.array([draws.any(axis=1).mean(axis=0), evidence.max(axis=0), *doubts, plant.truth])
    found = {"EDGE": whole[:, off], "LAG": np.zeros((len(whole), 0))}
    if plant.lagged_truth is not None:
        each = [np.broadcast_to(doubt, evidence.shape) for doubt in doubts]
        at_lags = np.array([draws.mean(axis=0), evidence, *each, _padded(plant.lagged_truth, evidence.shape)])
        found["LAG"] = at_lags[:, :, off].reshape(len(whole), -1)
    return found


def fit(pairs: Pairs) -> Map:
    """Return the logistic map of the highest likelihood, by Newton steps; every regime counts alike."""
    odds = features(pairs.rows[0], pairs.rows[1], DRAWS)
    inputs = np.stack([np.ones(len(pairs.true)), *odds, *-pairs.rows[2:]], axis=1)
    names, whose, count = np.unique(pairs.regime, return_inverse=True, return_counts=True)
    weight = (np.where(names == "systems", SYSTEMS, 1.0) * PAIRS / count)[whose]
    found = _newton(inputs, pairs.true, weight, np.zeros(len(weight)))
    least = np.array([LEAST_DIRECTION, 0.0, 0.0, 0.0, 0.0])  # what speaks against an edge must not speak for it
    low = found[3:] < least
    fixed = inputs[:, 3:][:, low] @ least[low]
    inputs[:, 3:][:, low] = 0.0
    found = _newton(inputs, pairs.true, weight, fixed)
    found[3:][low] = least[low]
    return Map(*map(float, found))


def _newton(inputs: NDArray, true: NDArray[np.bool_], weight: NDArray, fixed: NDArray) -> NDArray:
    """Return the weights of the highest likelihood, beside a fixed part of the log odds."""
    found = np.zeros(inputs.shape[1])
    for _ in range(50):
        probability = 1.0 / (1.0 + np.exp(-inputs @ found - fixed))
        slope = inputs.T @ (weight * (true - probability)) - PRIOR * found
        bend = (inputs * (weight * probability * (1.0 - probability))[:, None]).T @ inputs + PRIOR * np.eye(len(found))
        found = found + np.linalg.solve(bend, slope)
    return found


def by_family(pairs: Pairs) -> dict[str, Any]:
    """Return, for every family, how the map that is fitted without it does on it: sure edges, true ones, error."""
    family = np.array([FAMILIES.get(name, name) for name in pairs.regime])
    rows, said = [], np.zeros(len(pairs.true))
    for name in np.unique(family).tolist():
        own = pairs.at(family == name)
        said[family == name] = probability = own.probability(fit(pairs.at(family != name)))
        sure = probability >= SURE
        error = calibration_error(reliability(probability, own.true))
        rows.append([name, int(sure.sum()), int((sure & own.true).sum()), error])
    print(table(rows, ["family left out", "sure edges", "true", "calibration error"]))
    error = calibration_error(reliability(said, pairs.true))
    print(f"calibration error over all, each family left out in turn: {error:.3f}")
    return {"rows": rows, "error": error}


def reliability(probability: NDArray, true: NDArray) -> list[tuple[str, int, float | None, float | None]]:
    """Return for every bin of probability: its bounds, edges, mean probability, share of true edges."""
    rows = []
    for number, (low, high) in enumerate(itertools.pairwise(BINS)):
        last = number == len(BINS) - 2
        inside = (probability >= low) & ((probability <= high) if last else (probability < high))
        count = int(inside.sum())
        means = (float(probability[inside].mean()), float(true[inside].mean())) if count else (None, None)
        rows.append((f"{low:g}-{high:g}", count, *means))
    return rows


def calibration_error(rows: list[tuple[str, int, float | None, float | None]]) -> float:
    """Return the mean distance between probability and share of true edges over the edges given 0.1 or more."""
    kept = [row for row in rows if float(row[0].split("-")[0]) >= 0.1 and row[2] is not None and row[3] is not None]
    total = sum(row[1] for row in kept)
    return sum(row[1] * abs(row[2] - row[3]) for row in kept if row[2] is not None and row[3] is not None) / max(
        total, 1
    )


def _collect(data: list[tuple[str, int]], keep: Path | None) -> dict[str, Pairs]:
    parts: dict[str, list[NDArray]] = {"EDGE": [], "LAG": []}
    for number, (name, seed) in enumerate(data):
        file = keep / f"{name} {seed}.npz" if keep else None
        if file and file.is_file():
            with np.load(file) as kept:
                found = dict(kept)
        else:
            found = collect(_plant(name, seed))
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                np.savez(file, allow_pickle=False, **found)
            print(f"{name} {seed} ({number + 1} of {len(data)})", file=sys.stderr, flush=True)
        for kind, columns in found.items():
            parts[kind].append(np.concatenate([columns, np.full((1, columns.shape[1]), number)]))
    pairs = {}
    for kind, of_all in parts.items():
        *rows, true, system = np.concatenate(of_all, axis=1)
        regime = np.array([name for name, _ in data])[system.astype(int)]
        pairs[kind] = Pairs(np.array(rows), true > 0, regime, system.astype(int))
    return pairs


def _plant(name: str, seed: int) -> Plant:
    if name != "systems":
        return REGIMES[name](seed)
    system = any_system(seed)
    return Plant(system.values, np.any(system.truth, axis=0), lagged_truth=system.truth)


def _padded(array: NDArray, shape: tuple[int, ...]) -> NDArray:
    wide = np.zeros(shape, array.dtype)
    wide[: len(array)] = array[: len(wide)]
    return wide


def _mean_auroc(score: NDArray, pairs: Pairs) -> float:
    found = []
    for system in range(int(pairs.system.max()) + 1):
        own = pairs.system == system
        true, values = pairs.true[own], score[own]
        if true.any() and not true.all():
            above = values[true][:, None] - values[~true][None]
            found.append(np.mean((above > 0) + 0.5 * (above == 0)))
    return float(np.mean(found))


def _picture(record: dict[str, Any]) -> Any:
    from jaxstable.results import style

    with style.styled():
        figure = style.figure(9.5, 4.2)
        for axes, (name, title) in zip(
            figure.subplots(1, 2), (("EDGE", "Edges at any lag"), ("LAG", "Edges at their lag")), strict=True
        ):
            axes.plot([0, 1], [0, 1], color=style.SOFT, linewidth=1)
            for key, colour, label in (
                ("raw_reliability", style.ORANGE, "frequency"),
                ("reliability", style.BLUE, "probability"),
            ):
                rows = [row for row in record[name][key] if row[1] >= 10]
                error = [np.sqrt(row[3] * (1 - row[3]) / row[1]) for row in rows]
                axes.errorbar(
                    [r[2] for r in rows], [r[3] for r in rows], error, color=colour, label=label, marker="o", ms=4
                )
            axes.set(title=title, xlim=(0, 1), ylim=(0, 1), xlabel="said", ylabel="true")
            axes.legend(loc="upper left")
        return figure


if __name__ == "__main__":
    main()

"""Fit the map from bootstrap frequency and evidence to probability, and test it on other systems.

`python benchmarks/discovery/calibration.py [--fit 1000 48 --test 2000 15] [--keep DIRECTORY]`

Prints the constants of `graph/calibration.py` as the systems of the first seeds give them, and the reliability of the
constants that are in use on the systems of the other seeds: of the edges given a probability, how many are true.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from numpy.typing import NDArray

from benchmarks.common import RESULTS, table, write_json
from benchmarks.discovery.systems import any_system
from jaxstable.discovery.choice import choose
from jaxstable.graph.calibration import EDGE, LAG, Map, edge_probability, features
from jaxstable.moments.lagged import lagged_moments
from jaxstable.signals.drift import remove_drift

LAGS, DRAWS = 2, 50
BINS = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1.0)
PRIOR = 1.0  # ridge on the logistic map, in pairs


class Pairs(NamedTuple):
    """Candidate edges: how often draws held them, what speaks for them, whether they are true, whose they are."""

    frequency: NDArray[np.float64]
    evidence: NDArray[np.float64]
    true: NDArray[np.bool_]
    system: NDArray[np.int_]


def main() -> None:
    """Print constants and reliability; write `results/calibration.json` and `.png`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", type=int, nargs=2, default=(1000, 48), metavar=("FIRST", "SYSTEMS"))
    parser.add_argument("--test", type=int, nargs=2, default=(2000, 15), metavar=("FIRST", "SYSTEMS"))
    parser.add_argument("--keep", metavar="DIRECTORY", help="keep what was found of every system there")
    parser.add_argument("--output", default=None, help="JSON file (default: results/calibration.json)")
    args = parser.parse_args()
    keep = Path(args.keep) if args.keep else None
    known, other = (_collect(range(first, first + count), keep) for first, count in (args.fit, args.test))
    record: dict[str, Any] = {"settings": {"fit": args.fit, "test": args.test, "draws": DRAWS, "lags": LAGS}}
    for name, used in (("EDGE", EDGE), ("LAG", LAG)):
        fitted = fit(known[name])
        print(f"\n{name} = Map({', '.join(f'{value:.2f}' for value in fitted)})   in use: {tuple(used)}")
        pairs = other[name]
        probability = edge_probability(pairs.frequency, pairs.evidence, DRAWS, used)
        rows = reliability(probability, pairs.true)
        raw = reliability(pairs.frequency, pairs.true)
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
            "raw_auroc": _mean_auroc(pairs.frequency, pairs),
            "raw_auroc_ties_by_evidence": _mean_auroc(pairs.frequency + 1e-4 * pairs.evidence, pairs),
        }
        print({key: round(value, 4) for key, value in found.items() if isinstance(value, float)})
        record[name] = found
    target = write_json("calibration", record, args.output)
    _picture(record).savefig(target.with_suffix(".png") if args.output else RESULTS / "calibration.png", dpi=120)


def collect(seed: int) -> dict[str, NDArray]:
    """Return what is found of one system: candidate edges in all and at each lag."""
    system = any_system(seed)
    mask = np.isfinite(system.values)
    moments = lagged_moments(remove_drift(system.values, mask).values, mask, LAGS)
    shape = (LAGS + 1, moments.n_vars, moments.n_vars)
    none = np.zeros(shape, bool)
    chosen = choose(moments, none, none, DRAWS)
    truth = _padded(system.truth, shape)
    draws = np.array([draw.graph for draw in chosen.draws])
    evidence = _padded(chosen.selection.strength, shape) / np.sqrt(chosen.criterion.penalty)
    off_diagonal = ~np.eye(moments.n_vars, dtype=bool)
    return {
        "EDGE": np.array([draws.any(axis=1).mean(axis=0), evidence.max(axis=0), truth.any(axis=0)])[:, off_diagonal],
        "LAG": np.array([_padded(draws.mean(axis=0), shape), evidence, truth])[:, :, off_diagonal].reshape(3, -1),
    }


def fit(pairs: Pairs) -> Map:
    """Return the logistic map of the highest likelihood, by Newton steps."""
    inputs = np.stack([np.ones(len(pairs.true)), *features(pairs.frequency, pairs.evidence, DRAWS)], axis=1)
    found = np.zeros(3)
    for _ in range(50):
        probability = 1.0 / (1.0 + np.exp(-inputs @ found))
        slope = inputs.T @ (pairs.true - probability) - PRIOR * found
        bend = (inputs * (probability * (1.0 - probability))[:, None]).T @ inputs + PRIOR * np.eye(3)
        found = found + np.linalg.solve(bend, slope)
    return Map(*map(float, found))


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


def _collect(seeds: range, keep: Path | None) -> dict[str, Pairs]:
    parts: dict[str, list[NDArray]] = {"EDGE": [], "LAG": []}
    for number, seed in enumerate(seeds):
        file = keep / f"system_{seed}.npz" if keep else None
        if file and file.is_file():
            with np.load(file) as kept:
                found = dict(kept)
        else:
            found = collect(seed)
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                np.savez(file, allow_pickle=False, **found)
            print(f"system {seed} ({number + 1} of {len(seeds)})", flush=True)
        for name, columns in found.items():
            parts[name].append(np.concatenate([columns, np.full((1, columns.shape[1]), number)]))
    pairs = {}
    for name, found_parts in parts.items():
        frequency, evidence, true, system = np.concatenate(found_parts, axis=1)
        pairs[name] = Pairs(frequency, evidence, true > 0, system.astype(int))
    return pairs


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

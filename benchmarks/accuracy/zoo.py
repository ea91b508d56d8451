"""A zoo of simulated plants: one assumption of the model broken at a time, and what `discover` makes of it.

`python benchmarks/accuracy/zoo.py [--regimes NAME ...] [--seeds 200 203] [--draws 50] [--output FILE]`

Prints, for every regime, F1 without labels, how many of the edges said to have probability 0.9 or more are true, and
the calibration error of all pairs; writes `results/zoo.json`. Seeds 100 to 199 were used for choosing, those from 200
on are the ones to report.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxstable as js
from benchmarks.accuracy.plants import Plant
from benchmarks.accuracy.regimes import REGIMES
from benchmarks.common import table, write_json

SURE = 0.9
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


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
    parser.add_argument("--draws", type=int, default=50)
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
        for run in runs:  # the pairs themselves would make the record large
            del run["probability"], run["true"]
        record["regimes"][name] = {"f1": f1, "sure": sure, "sure_true": right, "error": error, "runs": runs}
        rows.append(
            [name, f"{f1:.3f}", f"{right}/{sure}", f"{error:.3f}", f"{np.mean([r['seconds'] for r in runs]):.1f}"]
        )
        print(" | ".join(rows[-1]), flush=True)
    print(table(rows, ["regime", "F1", "sure edges right", "calibration error", "s"]))
    write_json("zoo", record, args.output)


if __name__ == "__main__":
    main()

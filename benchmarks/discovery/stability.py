"""How much of a graph stays when a further fifth of the readings is lost.

`python benchmarks/discovery/stability.py --data AirQualityUCI.csv [--seeds 5] [--lost 0.2]` discovers the graph of
the UCI data, then again after losing readings at random, with other seeds of the loss, and prints how far the edges
agree: F1 of one graph against the other, for all edges and for those above a probability, with directions and
without.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from numpy.typing import NDArray

import jaxstable as js
from benchmarks.common import table, write_json

LEVELS = (0.0, 0.5, 0.9, 0.95)


def main() -> None:
    """Print the table and write `results/stability.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="AirQualityUCI.csv (default: downloaded)")
    parser.add_argument("--seeds", type=int, default=5, help="further losses to try")
    parser.add_argument("--lost", type=float, default=0.2, help="share of the readings lost")
    parser.add_argument("--draws", type=int, default=50, help="bootstrap draws")
    parser.add_argument("--output", default=None, help="JSON file (default: results/stability.json)")
    args = parser.parse_args()
    data = js.datasets.uci_air_quality(path=args.data)
    whole, seconds = _timed(data, args.draws)
    print(f"{whole}; {seconds:.1f} s")
    print([str(finding) for finding in whole.findings])
    print(whole.to_pandas().to_string())
    rows: list[dict[str, Any]] = []
    for seed in range(args.seeds):
        lost = np.random.default_rng([seed, 20]).random(data.values.shape) < args.lost
        mask = data.mask & ~lost
        thinned = dataclasses.replace(data, values=np.where(mask, data.values, np.nan), mask=mask)
        other, taken = _timed(thinned, args.draws)
        row: dict[str, Any] = {"seed": seed, "seconds": taken, "inflation": other.chosen["inflation"].value}
        for level in LEVELS:
            mine, theirs = _above(whole, level), _above(other, level)
            row[f"edges {level:g}"] = int(theirs.sum())
            row[f"agreement {level:g}"] = f1(mine, theirs)
            row[f"skeleton {level:g}"] = f1(np.triu(mine | mine.T), np.triu(theirs | theirs.T))
        sure = _above(whole, 0.9)
        row["sure edges kept"] = float((sure & other.graph).sum() / max(sure.sum(), 1))
        row["sure pairs kept"] = float((sure & (other.graph | other.graph.T)).sum() / max(sure.sum(), 1))
        distance = np.abs(whole.edge_probability - other.edge_probability)
        row["probability moved"] = float(distance[~np.eye(len(distance), dtype=bool)].mean())
        rows.append(row)
        print({key: round(value, 3) for key, value in row.items()}, flush=True)
    mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0] if key != "seed"}
    print(table([[key, value, min(row[key] for row in rows)] for key, value in mean.items()], ["", "mean", "least"]))
    record = {
        "settings": {"lost": args.lost, "seeds": args.seeds, "draws": args.draws, "levels": LEVELS},
        "first_seconds": seconds,
        "edges": [edge._asdict() for edge in whole.edges()],
        "chosen": {name: choice.value for name, choice in whole.chosen.items()},
        "findings": [finding._asdict() for finding in whole.findings],
        "losses": rows,
        "mean": mean,
    }
    write_json("stability", record, args.output)


def f1(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the F1 of one set of edges against another; 1 where both are empty."""
    total = int(one.sum() + other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def _above(found: js.Discovery, level: float) -> NDArray[np.bool_]:
    return found.graph & (found.edge_probability > level)


def _timed(data: js.Dataset, draws: int) -> tuple[js.Discovery, float]:
    start = time.perf_counter()
    found = js.discover(data, draws=draws, progress=False)
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main()

"""Time, memory and quality of `discover` by sensors, rows and draws, of an update, and of the moments with gaps.

`python benchmarks/engine/scale.py [--cases 13x3000:50,60x3000:0] [--moments 50x100000] [--against CHECKOUT]` simulates
sparse linear systems with about two causes for each sensor (from 500 sensors on, plants of 100 side by side) and runs
each case in a process of its own, after a call on a small system of another shape that loads what every call needs; in
turns with the same of another checkout of this project, if one is given. Up to 100 sensors this one then splits the
rows in two and compares `found.update` with `discover` on all of them. Moments are those up to lag 2 with 20 % of the
readings missing. On a busy machine processor seconds say more than others.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.linalg import block_diag

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import RESULTS, ROOT, commit_of, minutes, peak_memory_mb, table, write_json

CASES = "200x4000:0,300x10000:0,100x5000:50,100x5000:0,60x3000:0,1000x10000:0"
MOMENTS = "50x10000,50x100000"
MOST_UPDATED, MOST_AGAINST = 100, 200  # sensors from which an update, or the other checkout, takes too long
PLANT, MANY = (
    100,
    500,
)  # sensors of a plant, and from which on there are several: one of so many takes longer to simulate
NUMBERS = ("lagged", "lagged_probability", "edge_probability", "direction_confidence", "strength", "lagged_frequency")


def main() -> None:
    """Print the table and write `results/scale.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default=CASES, help=f"sensors x rows : draws (default: {CASES})")
    parser.add_argument("--moments", default=MOMENTS, help=f"sensors x rows (default: {MOMENTS})")
    parser.add_argument("--against", help="another checkout of this project to run in turns with")
    parser.add_argument("--add", action="store_true", help="keep what the file holds of other cases")
    parser.add_argument("--output", default=None, help="JSON file (default: results/scale.json)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(_one(*map(int, args.one.split(",")))))
        return
    sides = {"this": ROOT} | ({"other": Path(args.against).resolve()} if args.against else {})
    before = json.loads(Path(args.output or RESULTS / "scale.json").read_text()) if args.add else {}
    record: dict[str, dict[str, Any]] = {kind: before.get(kind, {}) for kind in ("moments", "cases")}
    other = commit_of(sides["other"]) if args.against else before.get("other")
    named = [("moments", case) for case in args.moments.split(",") if case]
    for kind, case in named + [("cases", case) for case in args.cases.split(",") if case]:
        numbers = case.replace("x", ",").replace(":", ",")
        for side, root in sides.items():
            if side == "this" or int(numbers.split(",")[0]) <= MOST_AGAINST:
                words, paths = [sys.executable, __file__, "--one", numbers], {"JAXSTABLE_CHECKOUT": str(root)}
                done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | paths)
                facts = json.loads(done.stdout.splitlines()[-1])
                record[kind].setdefault(case, {})[side] = facts
                print(f"{kind} {case} {side}: {facts}", flush=True)
        spent = minutes() + before.get("minutes", 0.0)
        write_json("scale", {"minutes": round(spent, 2), "other": other, **record}, args.output)
    header = ("seconds", "cpu_seconds", "peak_memory_mb", "f1", "load_average")
    rows = [
        [case, side, *(facts.get(key) for key in header)]
        for cases in record.values()
        for case, both in cases.items()
        for side, facts in both.items()
    ]
    print(table(rows, ["case", "side", *header]))


def _system(n_vars: int, n_rows: int) -> tuple[Any, Any]:
    """Return rows and summary graph."""
    from jaxstable.simulate.systems import svar

    sizes = [PLANT] * (n_vars // PLANT) if n_vars >= MANY else [n_vars]
    plants = [svar(size, n_rows, n_instant=size, n_lagged=size, seed=seed) for seed, size in enumerate(sizes)]
    return np.concatenate([plant.values for plant in plants], axis=1), block_diag(*[plant.truth for plant in plants])


def _one(n_vars: int, n_rows: int, draws: int | None = None, update: int = 1) -> dict[str, Any]:
    sys.path.insert(0, os.environ["JAXSTABLE_CHECKOUT"])
    import jaxstable as js
    from jaxstable.simulate.systems import svar

    values, truth = _system(n_vars, n_rows)
    if draws is None:
        return _moments(values)
    js.discover(svar(4, 200, n_instant=3, n_lagged=3, seed=1).values, draws=0, progress=False)
    data = js.Dataset.from_array(values, window=2)
    start, cpu = time.perf_counter(), time.process_time()
    found = js.discover(data, draws=draws, progress=False)
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    true = truth & ~np.eye(n_vars, dtype=bool)
    facts = {
        "seconds": wall,
        "cpu_seconds": spent,
        "peak_memory_mb": peak_memory_mb(),
        "f1": 2 * float((found.graph & true).sum()) / float(found.graph.sum() + true.sum()),
        "load_average": os.getloadavg()[0],
    }
    if not update or n_vars > MOST_UPDATED or os.environ["JAXSTABLE_CHECKOUT"] != str(ROOT):
        return facts
    cut = n_rows * 3 // 4
    old = js.discover(js.Dataset.from_array(values[:cut], window=2), draws=draws, progress=False)
    start = time.perf_counter()
    both = old.update(values[cut:], progress=False)
    apart = [float(np.abs(getattr(both, name) - getattr(found, name)).max()) for name in NUMBERS]
    return facts | {"update_seconds": time.perf_counter() - start, "largest_difference": max(apart)}


def _moments(values: Any) -> dict[str, Any]:
    from jaxstable.moments.lagged import lagged_moments
    from jaxstable.simulate import corruption

    holes = corruption.missing_at_random(0.2, 0)(values)
    start, cpu = time.perf_counter(), time.process_time()
    moments = lagged_moments(np.where(holes.mask, holes.values, np.nan))
    return {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu,
        "peak_memory_mb": peak_memory_mb(),
        "passes": moments.convergence[0].iterations,
        "log_likelihood": moments.convergence[0].log_likelihood[-1],
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()

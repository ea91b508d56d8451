"""Time, memory and quality of `discover` against the number of sensors, of rows and of draws, and of an update.

`python benchmarks/engine/scale.py [--sizes 13x3000,60x3000] [--draws 0,50]` simulates sparse linear systems with about
two causes for each sensor and runs each size in a process of its own, after a call on a small system of another shape
that loads what every call needs. `--update` also splits the rows in two and compares `found.update` with `discover` on
all of them.
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

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import peak_memory_mb, table, write_json

SIZES = "13x300,13x3000,13x30000,30x3000,60x3000,100x5000"
NUMBERS = ("lagged", "lagged_probability", "edge_probability", "direction_confidence", "strength", "lagged_frequency")


def main() -> None:
    """Print the table and write `results/scale.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help=f"sensors x rows (default: {SIZES})")
    parser.add_argument("--draws", default="0,50", help="bootstrap draws (default: 0,50)")
    parser.add_argument("--update", action="store_true", help="also in two parts")
    parser.add_argument("--output", default=None, help="JSON file (default: results/scale.json)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(_one(*map(int, args.one.split(",")))))
        return
    record: dict[str, Any] = {}
    for size in args.sizes.split(","):
        for draws in args.draws.split(","):
            n_vars, n_rows = size.split("x")
            words = [sys.executable, __file__, "--one", f"{n_vars},{n_rows},{draws},{int(args.update)}"]
            done = subprocess.run(words, check=True, capture_output=True, text=True)
            facts = record[f"{size}, {draws} draws"] = json.loads(done.stdout.splitlines()[-1])
            print(f"{size}, {draws} draws: {facts}", flush=True)
    header = ("seconds", "cpu_seconds", "peak_memory_mb", "f1", "load_average")
    print(table([[name, *(facts[key] for key in header)] for name, facts in record.items()], ["case", *header]))
    write_json("scale", {"cases": record}, args.output)


def _one(n_vars: int, n_rows: int, draws: int, update: int) -> dict[str, Any]:
    import jaxstable as js
    from jaxstable.simulate.systems import svar

    js.discover(svar(4, 200, n_instant=3, n_lagged=3, seed=1).values, draws=0, progress=False)
    system = svar(n_vars, n_rows, n_instant=n_vars, n_lagged=n_vars, seed=0)
    data = js.Dataset.from_array(system.values, window=2)
    start, cpu = time.perf_counter(), time.process_time()
    found = js.discover(data, draws=draws, progress=False)
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    true = system.truth & ~np.eye(n_vars, dtype=bool)
    facts = {
        "seconds": wall,
        "cpu_seconds": spent,
        "peak_memory_mb": peak_memory_mb(),
        "f1": 2 * float((found.graph & true).sum()) / float(found.graph.sum() + true.sum()),
        "load_average": os.getloadavg()[0],
    }
    if update:
        cut = n_rows * 3 // 4
        old = js.discover(system.values[:cut], draws=draws, progress=False)
        start = time.perf_counter()
        both = old.update(system.values[cut:], progress=False)
        apart = [float(np.abs(getattr(both, name) - getattr(found, name)).max()) for name in NUMBERS]
        facts |= {"update_seconds": time.perf_counter() - start, "largest_difference": max(apart)}
    return facts


if __name__ == "__main__":
    main()

"""Time, memory and quality of `discover` against the number of sensors, of rows and of draws, and of an update.

`python benchmarks/engine/scale.py [--cases 13x3000:50,60x3000:0]` simulates sparse linear systems with about two causes
for each sensor and runs each case in a process of its own, after a call on a small system of another shape that loads
what every call needs. Then it splits the rows in two and compares `found.update` with `discover` on all of them.
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

CASES = "13x300:50,13x3000:0,13x3000:50,13x30000:0,30x3000:0,60x3000:0,100x5000:0,100x5000:50"
NUMBERS = ("lagged", "lagged_probability", "edge_probability", "direction_confidence", "strength", "lagged_frequency")


def main() -> None:
    """Print the table and write `results/scale.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", default=CASES, help=f"sensors x rows : draws (default: {CASES})")
    parser.add_argument("--output", default=None, help="JSON file (default: results/scale.json)")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(_one(*map(int, args.one.split(",")))))
        return
    record: dict[str, Any] = {}
    for case in args.cases.split(","):
        words = [sys.executable, __file__, "--one", case.replace("x", ",").replace(":", ",")]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
        facts = record[case] = json.loads(done.stdout.splitlines()[-1])
        print(f"{case}: {facts}", flush=True)
        write_json("scale", {"cases": record}, args.output)
    header = ("seconds", "cpu_seconds", "peak_memory_mb", "f1", "load_average")
    print(table([[name, *(facts[key] for key in header)] for name, facts in record.items()], ["case", *header]))


def _one(n_vars: int, n_rows: int, draws: int) -> dict[str, Any]:
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
    cut = n_rows * 3 // 4
    old = js.discover(js.Dataset.from_array(system.values[:cut], window=2), draws=draws, progress=False)
    start = time.perf_counter()
    both = old.update(system.values[cut:], progress=False)
    apart = [float(np.abs(getattr(both, name) - getattr(found, name)).max()) for name in NUMBERS]
    facts |= {"update_seconds": time.perf_counter() - start, "largest_difference": max(apart)}
    return facts


if __name__ == "__main__":
    main()

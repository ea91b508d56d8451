"""Time and memory of `discover`: 13 variables x 3,000 rows with 40 % missing, 100 variables x 5,000 rows with 20 %.

`python benchmarks/discovery/discover_speed.py [--case small] [--case large]` prints seconds of the first call, which
compiles, and of the second, each with its stages, in wall-clock and processor time (all threads): on a busy machine
the latter says more. Memory is the peak of the process so far.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxstable as js
from benchmarks.common import peak_memory_mb, table, write_json
from jaxstable.discovery.stages import Stages
from jaxstable.simulate import corruption
from jaxstable.simulate.systems import svar

CASES = {  # variables, rows, edges at lag 0 and at later lags, share missing, calls
    "small": (13, 3000, 13, 0.4, 2),
    "large": (100, 5000, 100, 0.2, 1),
}
DRAWS = 50


def main() -> None:
    """Print the table and write `results/discover_speed.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", action="append", choices=CASES, help="one of them (default: both)")
    parser.add_argument("--output", default=None, help="JSON file (default: results/discover_speed.json)")
    args = parser.parse_args()
    record: dict[str, Any] = {}
    for name in args.case or CASES:
        n_vars, n_rows, edges, missing, calls = CASES[name]
        system = svar(n_vars, n_rows, n_instant=edges, n_lagged=edges, seed=0)
        values, mask = corruption.missing_at_random(missing, 0)(system.values)
        data = js.Dataset.from_array(np.where(mask, values, np.nan))
        for call in range(calls):
            found, stages = _staged(data)
            true = system.truth & ~np.eye(n_vars, dtype=bool)
            f1 = 2 * float((found.graph & true).sum()) / float(found.graph.sum() + true.sum())
            facts = {
                "seconds": sum(wall for wall, _ in stages.values()),
                "cpu_seconds": sum(cpu for _, cpu in stages.values()),
                "peak_memory_mb": peak_memory_mb(),
                "f1": f1,
                "load_average": os.getloadavg()[0],
                "stages": stages,
            }
            record[f"{name}, {'first' if call == 0 else 'second'} call"] = facts
            print(f"{name} call {call + 1}: {facts}", flush=True)
    header = ("seconds", "cpu_seconds", "peak_memory_mb", "f1", "load_average")
    print(table([[case, *(facts[key] for key in header)] for case, facts in record.items()], ["case", *header]))
    write_json("discover_speed", {"settings": {"cases": CASES, "draws": DRAWS}, "calls": record}, args.output)


def _staged(data: js.Dataset) -> tuple[js.Discovery, dict[str, tuple[float, float]]]:
    """Return the discovery and, for each of its stages, wall-clock and processor seconds."""
    begun: list[tuple[str, float, float]] = []
    usual = Stages.begin

    def begin(self: Stages, stage: str, total: int | None = None) -> None:
        begun.append((stage, time.perf_counter(), time.process_time()))
        usual(self, stage, total)

    Stages.begin = begin
    try:
        found = js.discover(data, draws=DRAWS, progress=False)
    finally:
        Stages.begin = usual
    begun.append(("end", time.perf_counter(), time.process_time()))
    spans = itertools.pairwise(begun)
    return found, {name: (later[1] - wall, later[2] - cpu) for (name, wall, cpu), later in spans}


if __name__ == "__main__":
    main()

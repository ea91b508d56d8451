"""Time, memory and graphs of `discover` beside PCMCI+, VARLiNGAM, jax-pcmci and causalts on the same data.

`python benchmarks/engine/beside.py [--sizes 13,30,60,100] [--rows 2000] [--limit 600] [--python-peers PYTHON ...]`
simulates a sparse linear system for each size and runs every method on its raw rows with lags up to 2, in a process of
its own: seconds are those of its first call, imports aside, memory is the peak of the process. A method that takes
more processor seconds than the limit is not asked about larger sizes. Peers that are installed nowhere are not run.
PCMCI+ and VARLiNGAM have their first settings of `accuracy/peers.py`; jax-pcmci and causalts are asked for PCMCI+ and
CDNOTS+ with partial correlation at the same level.
"""

# The peers are no dependency of the project: they may be missing where this is checked.
# pyright: reportMissingImports=false

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy import peers
from benchmarks.common import minutes, peak_memory_mb, table, write_json

N_LAGS, LEVEL = 2, 0.01


def _discover(draws: int) -> Callable[[np.ndarray], np.ndarray]:
    import jaxstable as js

    return lambda values: js.discover(values, draws=draws, max_lag=N_LAGS, progress=False).graph


def _peer(name: str) -> Callable[[np.ndarray], np.ndarray]:
    peer = peers.PEERS[name]
    setting = next(iter(peer.settings.values()))
    return lambda values: peer.run(peers.Rows(values[None], values[None], N_LAGS), **setting).graph


def _jax_pcmci() -> Callable[[np.ndarray], np.ndarray]:
    import jax_pcmci

    def run(values: np.ndarray) -> np.ndarray:
        model = jax_pcmci.PCMCIPlus(jax_pcmci.DataHandler(values), jax_pcmci.ParCorr(), verbosity=0)
        marks = np.asarray(model.run(tau_max=N_LAGS, pc_alpha=LEVEL).oriented_graph)
        return np.logical_or.reduce(marks != 0, axis=2)

    return run


def _causalts() -> Callable[[np.ndarray], np.ndarray]:
    import causalts
    import pandas as pd
    from causalts.ci_tests import create_ci_test

    def run(values: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])])
        test = create_ci_test("parcorr", values)
        found = causalts.run_cdnots_plus(frame, test, num_lags=N_LAGS, include_C=False, alpha=LEVEL)
        return np.logical_or.reduce(np.asarray(found.cg_tig) == 1, axis=2)

    return run


METHODS: dict[str, tuple[str, Callable[[], Callable[[np.ndarray], np.ndarray]]]] = {
    "discover, no draws": ("jaxstable", lambda: _discover(0)),
    "discover, 50 draws": ("jaxstable", lambda: _discover(50)),
    "PCMCI+": ("tigramite", lambda: _peer("PCMCI+")),
    "VARLiNGAM": ("lingam", lambda: _peer("VARLiNGAM")),
    "jax-pcmci": ("jax-pcmci", _jax_pcmci),
    "causalts": ("causalts", _causalts),
}


def main() -> None:
    """Print the table and write `results/beside.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="13,30,60,100,200,400", help="numbers of sensors")
    parser.add_argument("--rows", type=int, default=2000, help="rows of each system")
    parser.add_argument("--limit", type=float, default=600.0, help="processor seconds that a method may take")
    parser.add_argument(
        "--python-peers", nargs="*", default=[], help="Pythons that have peers; this one is asked first"
    )
    parser.add_argument("--output", default=None, help="JSON file (default: results/beside.json)")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--versions", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.versions:
        print(json.dumps({name: peers.version(package) for name, (package, _) in METHODS.items()}))
    elif args.one:
        print(json.dumps(_one(*args.one)))
    else:
        _all(args)


def _all(args: argparse.Namespace) -> None:
    from jaxstable.simulate.systems import svar

    pythons = [sys.executable, *args.python_peers]
    versions = {python: _answer(python, ["--versions"], 60.0) for python in pythons}
    homes = {name: next((python for python in pythons if versions[python].get(name)), None) for name in METHODS}
    homes |= {name: sys.executable for name, (package, _) in METHODS.items() if package == "jaxstable"}
    found: dict[str, dict[str, Any]] = {name: {} for name in METHODS}
    for size in map(int, args.sizes.split(",")):
        system = svar(size, args.rows, n_instant=size, n_lagged=size, seed=0)
        true = system.truth & ~np.eye(size, dtype=bool)
        for name, python in homes.items():
            late = any("error" in facts for facts in found[name].values())
            if python is None or late:
                continue
            with tempfile.TemporaryDirectory() as place:
                path = Path(place) / "rows.npz"
                np.savez(path, values=system.values)
                facts = _answer(python, ["--one", name, str(path), str(args.limit)], args.limit)
                if "error" not in facts:
                    graph = np.load(path.with_suffix(".npy")) & ~np.eye(size, dtype=bool)
                    facts["f1"] = 2 * float((graph & true).sum()) / float(graph.sum() + true.sum())
            found[name][str(size)] = facts
            print(f"{name}, {size} sensors: {facts}", flush=True)
            known = {
                name: next((versions[p][name] for p in pythons if versions[p].get(name)), None) for name in METHODS
            }
            settings = {"rows": args.rows, "limit": args.limit, "versions": known, "lags": N_LAGS}
            write_json("beside", {"minutes": minutes(), "settings": settings, "methods": found}, args.output)
    header = ("seconds", "cpu_seconds", "peak_memory_mb", "f1", "error")
    rows = [[name, n, *(facts.get(k) for k in header)] for name, sizes in found.items() for n, facts in sizes.items()]
    print(table(rows, ["method", "sensors", *header]))


def _answer(python: str, words: list[str], limit: float) -> dict[str, Any]:
    """Return what another process says in its last line, or an error."""
    quiet = {"MPLBACKEND": "agg", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run([python, __file__, *words], capture_output=True, text=True, env=os.environ | quiet)
    lines = done.stdout.splitlines()
    if done.returncode == -signal.SIGXCPU:
        return {"error": f"more than {limit:.0f} s"}
    if done.returncode or not lines:
        return {"error": (done.stderr.strip().splitlines() or ["it died"])[-1][:200]}
    return json.loads(lines[-1])


def _one(name: str, path: str, limit: str) -> dict[str, Any]:
    run = METHODS[name][1]()
    most = int(time.process_time() + float(limit)) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 60))
    with np.load(path) as file:
        values = file["values"]
    start, cpu = time.perf_counter(), time.process_time()
    graph = run(values)
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    np.save(Path(path).with_suffix(".npy"), np.asarray(graph, bool))
    return {
        "seconds": wall,
        "cpu_seconds": spent,
        "peak_memory_mb": peak_memory_mb(),
        "load_average": os.getloadavg()[0],
    }


if __name__ == "__main__":
    main()

"""Kill runs and sweeps with -9 at random moments, resume them, and compare with what was never killed.

`python benchmarks/kills.py --runs 20 --sweep-kills 200` prints how many ended in other bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from common import table, write_json

TRAIN = ["train", "--epochs", "40", "--batch-size", "32"]
SWEEP = ["sweep", "--epochs", "40", "--batch-size", "64", "--grid", "penalties"]


def command(arguments: list[str]) -> list[str]:
    """Return the command line of the package."""
    return [sys.executable, "-m", "jaxstable.cli", *arguments]


def without_times(path: Path) -> list[dict[str, Any]]:
    """Return a file of JSON lines, times aside."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "epoch_time"} for line in lines]


def arrays(path: Path) -> dict[str, bytes]:
    """Return the bytes of every array of an archive but its times."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name].tobytes() for name in archive.files if name not in ("meta", "total_time")}


def final_state(directory: Path) -> tuple[Any, ...]:
    """Return everything a run or sweep ended with, times aside."""
    logs = [without_times(path) for path in sorted(directory.glob("*log*.json"))]
    tables = [without_times(path) for path in sorted(directory.glob("lanes.json"))]
    # The order of lines within an epoch is the order of the lanes; across programs it may differ.
    ordered = [sorted(log, key=lambda line: (line.get("lane", 0), line["epoch"])) for log in logs]
    return ordered, tables, [arrays(path) for path in sorted(directory.glob("*.npz"))]


def killed_until_done(arguments: list[str], directory: Path, kills_left: int, seconds: float) -> int:
    """Start, kill at a random moment and resume until the work is done or the kills are used up; return the kills."""
    kills = 0
    while True:
        resuming = (
            ["resume", str(directory), "--json"] if kills else [*arguments, "--run-dir", str(directory), "--json"]
        )
        if kills and not (directory / "data.json").is_file():
            resuming = [*arguments, "--run-dir", str(directory), "--json"]  # killed before it had written anything
        process = subprocess.Popen(command(resuming), stdout=subprocess.DEVNULL)
        try:
            process.wait(None if kills >= kills_left else random.uniform(0.5, seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            continue
        if process.returncode:
            raise RuntimeError(f"{' '.join(resuming)}: exit code {process.returncode}")
        return kills


def attempt(arguments: list[str], scratch: Path, wanted: int, per_run: int) -> tuple[int, int, int]:
    """Return kills, finished runs, and how many of them ended in another state than the undisturbed run."""
    calm = scratch / "calm"
    start = time.perf_counter()
    subprocess.run(command([*arguments, "--run-dir", str(calm), "--json"]), stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - start
    expected = final_state(calm)
    kills = runs = different = 0
    while kills < wanted:
        directory = scratch / f"killed-{runs}"
        kills += killed_until_done(arguments, directory, min(per_run, wanted - kills), seconds)
        runs += 1
        different += final_state(directory) != expected
        print(f"{arguments[0]}: {kills} kills, {runs} finished, {different} different", file=sys.stderr, flush=True)
    return kills, runs, different


def main(arguments: list[str] | None = None) -> int:
    """Kill, resume, compare; exit with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="kills of single runs, one each")
    parser.add_argument("--sweep-kills", type=int, default=200, help="kills of sweeps, up to ten each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="kills", help="name of the record under benchmarks/results")
    options = parser.parse_args(arguments)
    random.seed(options.seed)
    rows = []
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        # What is killed over and over should not compile over and over.
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(scratch / "cache"))
        for what, line, wanted, per_run in (
            ("runs", TRAIN, options.runs, 1),
            ("sweeps of 9 lanes", SWEEP, options.sweep_kills, 10),
        ):
            if wanted:
                (scratch / what).mkdir()
                rows.append((what, *attempt(line, scratch / what, wanted, per_run)))
    print(table(rows, ("", "kills", "finished", "different from never killed")))
    print(write_json(options.name, {"rows": rows}))
    return int(any(row[-1] for row in rows))


if __name__ == "__main__":
    sys.exit(main())

"""From the command to its result: the first run ever, which compiles, and the later ones, which read what was kept.

`python benchmarks/engine/start.py [--data AirQualityUCI.csv] [--against CHECKOUT]` runs `jaxstable train` (one epoch)
and `jaxstable discover` as processes of their own, each first with an empty cache and then with what that run left, in
turns with the same of another checkout of this project, if one is given. Wall-clock and processor seconds, medians; on
a busy machine the latter say more.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import ROOT, commit_of, table, write_json

CACHES = ("XDG_CACHE_HOME", "JAX_COMPILATION_CACHE_DIR")


def main() -> None:
    """Print the table and write `results/start.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="AirQualityUCI.csv, to run on it too")
    parser.add_argument("--against", help="another checkout of this project to run in turns with")
    parser.add_argument("--command", action="append", help="one of them, such as 'discover plant' (default: all)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each kind (default: 3)")
    parser.add_argument("--output", default=None, help="JSON file (default: results/start.json)")
    args = parser.parse_args()
    sides = {"this": ROOT} | ({"other": Path(args.against).resolve()} if args.against else {})
    other = commit_of(sides["other"]) if args.against else None
    files = {"plant": []} | ({"UCI": [str(Path(args.data).resolve())]} if args.data else {})
    commands = {}
    for name, file in files.items():
        commands[f"discover {name}"] = ["discover", *file]
        commands[f"train {name}, one epoch"] = ["train", *file, "--epochs", "1"]
    chosen = args.command or list(commands)
    if unknown := [what for what in chosen if what not in commands]:
        parser.error(f"--command: found {unknown[0]!r}, expected one of {', '.join(commands)}")
    record: dict[str, Any] = {}
    for what in chosen:
        command = commands[what]
        runs: dict[str, list[tuple[float, float]]] = {}
        for _ in range(args.repeats):
            for side, root in sides.items():
                with tempfile.TemporaryDirectory() as scratch:
                    for when in ("first run", "later run"):
                        runs.setdefault(f"{side}, {when}", []).append(_run(command, root, Path(scratch)))
        for kind, found in runs.items():
            wall, cpu = (statistics.median(part) for part in zip(*found, strict=True))
            facts = {"seconds": wall, "cpu_seconds": cpu, "runs": len(found), "load_average": os.getloadavg()[0]}
            record[f"{what} | {kind}"] = facts
            print(f"{what} | {kind}: {facts}", flush=True)
        write_json("start", {"other": other, "runs": record}, args.output)
    header = ("seconds", "cpu_seconds")
    print(table([[name, *(facts[key] for key in header)] for name, facts in record.items()], ["command", *header]))


def _run(command: list[str], root: Path, scratch: Path) -> tuple[float, float]:
    """Run one command of a checkout with the caches of a folder; return wall-clock and processor seconds."""
    plain = {name: value for name, value in os.environ.items() if name not in CACHES}
    environment = {**plain, "XDG_CACHE_HOME": str(scratch / "cache"), "PYTHONPATH": str(root)}
    words = [sys.executable, "-m", "jaxstable", *command, "--json", "--run-dir", str(scratch / "run")]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        words, env=environment, cwd=scratch, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()

"""Kill runs and sweeps with -9 at random moments, resume them, and compare every file with what was never killed.

`python benchmarks/engine/kills.py --runs 20 --sweep-kills 200` prints where the kills fell and how many runs and
sweeps ended in other bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import table, write_json

TRAIN = ["train", "--epochs", "40", "--batch-size", "32"]
# Two programs of six lanes; some lanes diverge at once, some stop early, some run to the end.
SWEEP = [
    *("sweep", "--epochs", "12", "--batch-size", "32,48", "--learning-rate", "5e-4,2e-3,1e6"),
    *("--lambda-sparse", "1e-4,1e-2", "--early-stop-patience", "6"),
]
# All that may differ: times, the "meta" of a checkpoint, which holds its seconds, checksums of files with times.
TIMES = {"epoch_time", "total_time", "meta", "checksums"}
ASIDE = (".lock", "provenance.json")  # the latter says when and by which command, not what was learned
MOST_EPOCHS, MOST_WRITES = 5, 12  # a process is killed within so many epochs or file writes


class Case(NamedTuple):
    """Hold what is killed: a command, where it works, how long it takes undisturbed, and what it leaves then."""

    arguments: list[str]
    scratch: Path
    seconds: float
    expected: dict[str, Any]
    kills_each: int


class Outcome(NamedTuple):
    """Hold what became of one run or sweep: where its kills fell, and the files in which it differs."""

    moments: list[str]
    different: list[str]


def start(arguments: list[str], output: Path) -> subprocess.Popen[bytes]:
    """Start the package's command line with its output in a file."""
    with output.open("wb") as handle:
        return subprocess.Popen([sys.executable, "-m", "jaxstable", *arguments], stdout=handle, stderr=handle)


def contents(directory: Path) -> dict[str, Any]:
    """Return everything a run or sweep left by file name, times aside: JSON documents, lines in order, array bytes."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in directory.iterdir() if path.name not in ASIDE):
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                found[path.name] = {name: archive[name].tobytes() for name in archive.files if name not in TIMES}
        elif path.suffix == ".json":
            text = path.read_text()
            documents = (
                [json.loads(text)]
                if text.startswith("{\n")
                else [json.loads(line) for line in text.split("\n") if line]
            )
            found[path.name] = [{key: value for key, value in line.items() if key not in TIMES} for line in documents]
        else:
            found[path.name] = path.read_bytes()
    return found


def half_written(directory: Path, process: int) -> set[str]:
    """Return the names of the files that a process is writing, or was when it died."""
    return {path.name.split(".")[1] for path in directory.glob(f".*.{process}-*.tmp")} if directory.is_dir() else set()


def epochs_shown(output: Path) -> int:
    """Return how many epochs a process has reported."""
    return output.read_bytes().count(b"\nEpoch")


def wait_for_moment(
    process: subprocess.Popen[bytes], case: Case, directory: Path, output: Path, rng: random.Random
) -> None:
    """Wait for a moment to kill at: at any time, soon after some epoch, or in the middle of writing some file."""
    kind = rng.choice(("time", "epoch", "write"))
    if kind == "time":
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0.0, case.seconds))
    elif kind == "epoch":
        epochs = rng.randint(1, MOST_EPOCHS)
        while process.poll() is None and epochs_shown(output) < epochs:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.0, case.seconds / 20))
    else:
        writes, before = rng.randint(1, MOST_WRITES), set()
        while process.poll() is None and writes > 0:
            time.sleep(0.0005)  # writing a file takes a few milliseconds
            now = half_written(directory, process.pid)
            writes -= bool(now - before)
            before = now


def moment(process: subprocess.Popen[bytes], directory: Path, output: Path) -> str:
    """Say where a kill has fallen, from what the dead process left."""
    for name in half_written(directory, process.pid):
        return f"writing {name.rsplit('-', 1)[0]}"
    shown = output.read_bytes()
    if b"\nEpoch" not in shown:
        return "between start and first epoch" if b"\ncompiling" in shown else "start-up"
    return "after the last epoch" if b"\n\n" in shown else "between epochs"


def killed_until_done(case: Case, number: int, rng: random.Random) -> Outcome:
    """Start, kill and resume until the kills are used up or the work is done; compare what is left with `expected`."""
    directory, output = case.scratch / f"killed-{number}", case.scratch / f"output-{number}"
    again = [*case.arguments, "--run-dir", str(directory), "--resume"]
    moments: list[str] = []
    while True:
        known = (directory / "config.json").is_file() and (directory / "data.json").is_file()
        process = start(["resume", str(directory)] if known and rng.random() < 0.5 else again, output)
        if len(moments) < case.kills_each:
            wait_for_moment(process, case, directory, output, rng)
        else:
            process.wait()
        if process.poll() is None:
            process.kill()
            process.wait()
            moments.append(moment(process, directory, output))
            continue
        if process.returncode:
            raise RuntimeError(f"{' '.join(again)}: exit code {process.returncode}\n{output.read_text()}")
        found = contents(directory)
        names = sorted(found.keys() | case.expected.keys())
        return Outcome(moments, [name for name in names if found.get(name) != case.expected.get(name)])


def undisturbed(arguments: list[str], scratch: Path, kills_each: int) -> Case:
    """Run a command twice, once to compile and once to time it; both must end in the same bytes."""
    left = []
    seconds = 0.0
    for name in ("calm-0", "calm-1"):
        begin = time.perf_counter()
        process = start([*arguments, "--run-dir", str(scratch / name)], scratch / f"{name}.txt")
        if process.wait():
            raise RuntimeError((scratch / f"{name}.txt").read_text())
        seconds = time.perf_counter() - begin
        left.append(contents(scratch / name))
    if left[0] != left[1]:
        raise RuntimeError(f"{' '.join(arguments)}: two undisturbed runs ended in other bytes")
    return Case(arguments, scratch, seconds, left[0], kills_each)


def attempt(case: Case, wanted: int, jobs: int, seed: int) -> list[Outcome]:
    """Kill and resume one run or sweep after the other, `jobs` at once, until there have been `wanted` kills."""
    outcomes: list[Outcome] = []
    running: set[Future[Outcome]] = set()
    begun = 0
    with ThreadPoolExecutor(jobs) as pool:
        while running or sum(len(outcome.moments) for outcome in outcomes) < wanted:
            while len(running) < jobs and sum(len(outcome.moments) for outcome in outcomes) < wanted:
                running.add(
                    pool.submit(killed_until_done, case, begun, random.Random(f"{seed} {case.scratch.name} {begun}"))
                )
                begun += 1
            done, running = wait(running, return_when=FIRST_COMPLETED)
            outcomes += [future.result() for future in done]
            kills, different = totals(outcomes)
            print(
                f"{case.scratch.name}: {kills} kills, {len(outcomes)} finished, {different} different", file=sys.stderr
            )
    return outcomes


def totals(outcomes: list[Outcome]) -> tuple[int, int]:
    """Return the kills, and how many runs or sweeps ended differently."""
    return sum(len(outcome.moments) for outcome in outcomes), sum(bool(outcome.different) for outcome in outcomes)


def main(arguments: list[str] | None = None) -> int:
    """Kill, resume, compare; exit with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="kills of single runs, one each")
    parser.add_argument("--sweep-kills", type=int, default=200, help="kills of sweeps, up to ten each")
    parser.add_argument("--jobs", type=int, default=1, help="how many are killed side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--name", default="kills", help="name of the record under benchmarks/results")
    options = parser.parse_args(arguments)
    rows, records = [], []
    with tempfile.TemporaryDirectory() as name:
        # What is killed over and over should not compile over and over.
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(name) / "cache"))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        for what, line, wanted, kills_each in (
            ("runs", TRAIN, options.runs, 1),
            ("sweeps of 12 lanes", SWEEP, options.sweep_kills, 10),
        ):
            if not wanted:
                continue
            scratch = Path(name) / what
            scratch.mkdir()
            case = undisturbed(line, scratch, kills_each)
            outcomes = attempt(case, wanted, options.jobs, options.seed)
            kills, different = totals(outcomes)
            moments = Counter(moment for outcome in outcomes for moment in outcome.moments)
            rows.append(
                (what, kills, len(outcomes), different, ", ".join(f"{n} {where}" for where, n in moments.most_common()))
            )
            records.append(
                {
                    "what": what,
                    "command": " ".join(line),
                    "seconds_undisturbed": case.seconds,
                    "kills": kills,
                    "finished": len(outcomes),
                    "different": different,
                    "files_compared": sorted(case.expected),
                    "files_different": Counter(file for outcome in outcomes for file in outcome.different),
                    "moments": moments,
                    "kills_of_each": [len(outcome.moments) for outcome in outcomes],
                }
            )
    print(table(rows, ("", "kills", "finished", "different from never killed", "where the kills fell")))
    print(write_json(options.name, {"cases": records}))
    return int(any(record["different"] for record in records))


if __name__ == "__main__":
    sys.exit(main())

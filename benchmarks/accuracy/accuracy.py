"""Compare the graphs we learn with those of the field: simulated and measured data, one row per run.

`python benchmarks/accuracy/accuracy.py [--methods discover,peers] [--data SVAR,NetSim] [--seeds 60-62]
[--python-peers PYTHON]`

Rows are merged into `benchmarks/results/accuracy.json`: what is there is not run again unless `--redo` is given, so
that one method can be renewed alone. `--table` prints what is there. Peers are optional: one that is not installed is
listed with its reason. They may live in a Python of their own (`--python-peers`); they need numpy and themselves.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy.accuracy_table import best_settings, report
from benchmarks.accuracy.baselines import BASELINES
from benchmarks.accuracy.measured import measured
from benchmarks.accuracy.ours import OURS, unavailable
from benchmarks.accuracy.peers import ABSENT, PEERS, Estimate, Peer, Rows
from benchmarks.accuracy.peerworker import Worker
from benchmarks.accuracy.rows import Row, Store, key_of
from benchmarks.accuracy.scenarios import SIMULATED, Case, Kind, interpolated, standardised
from benchmarks.accuracy.scoring import score
from benchmarks.common import RESULTS, ROOT
from jaxstable.moments.imputation import impute
from jaxstable.moments.lagged import lagged_moments


class Prepared:
    """Hold one case as methods take it: raw or standardised, with gaps or filled, each made once."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.seconds = 0.0

    @cached_property
    def gappy(self) -> bool:
        """Whether an entry is missing."""
        return bool(np.isnan(self.case.values).any())

    @cached_property
    def _em(self) -> np.ndarray:
        shape = self.case.values.shape
        flat, series = self.case.values.reshape(-1, shape[2]), np.repeat(np.arange(shape[0]), shape[1])
        began = time.process_time()
        filled = impute(flat, lagged_moments(flat, n_lags=self.case.n_lags, series=series), series=series).values
        self.seconds = time.process_time() - began
        return filled.reshape(shape)

    def rows(self, scale: str, fill: str) -> Rows:
        """Return the rows on a scale, filled by "em" or along a "line"; its time is in `seconds`."""
        values = self.case.values
        filled = values if not self.gappy else self._em if fill == "em" else interpolated(values)
        if scale == "standardised":
            values, filled = standardised(values, values), standardised(filled, values)
        return Rows(values, filled, self.case.n_lags, self.case.seed)


class Bench:
    """Run methods on cases and keep the rows."""

    def __init__(self, store: Store, worker: Worker, folder: Path, redo: bool, limit: float) -> None:
        self.store, self.worker, self.folder, self.redo, self.limit = store, worker, folder, redo, limit
        self.done = store.read()[0]
        self.commit = _commit()
        self._cases: dict[tuple[str, int], Prepared] = {}

    def case(self, kind: Kind, data: str, seed: int) -> Prepared:
        """Return a prepared case; those of the last kind are kept."""
        if (data, seed) not in self._cases:
            self._cases = {key: case for key, case in self._cases.items() if key[0] == data}
            self._cases[data, seed] = Prepared(kind.make(seed))
        return self._cases[data, seed]

    def run(self, method: str, setting: str, kind: Kind, data: str, seed: int, scale: str) -> None:
        """Run one method once, unless its row is there without an error, and keep its scores or what went wrong."""
        row: Row = {"method": method, "setting": setting, "data": data, "seed": seed, "scale": scale}
        there = self.done.get(key_of(row))
        if there and not there.get("error") and not self.redo:
            return
        prepared = self.case(kind, data, seed)
        row.update(n_vars=len(prepared.case.truth), commit=self.commit)
        found = self._estimate(method, setting, prepared, scale)
        if "error" in found:
            row["error"] = found["error"]
        else:
            row.update(seconds=found["seconds"], wall=found["wall"])
            row.update(score(Estimate(found["scores"], found["graph"]), prepared.case.truth))
        self.done[key_of(row)] = row
        self.store.add([row])
        shown = row.get("error") or " ".join(f"{name} {row[name]:.3f}" for name in ("auroc", "f1_count", "f1"))
        print(f"{data} {seed} | {method} {setting} {scale} | {shown} | {row.get('seconds', 0):.1f} s", flush=True)

    def _estimate(self, method: str, setting: str, prepared: Prepared, scale: str) -> dict[str, Any]:
        case = prepared.case
        if method in PEERS:
            peer = PEERS[method]
            rows = prepared.rows(scale, peer.fill)
            path = str(self.folder / "rows.npz")
            np.savez(path, **rows._asdict())
            found = self.worker.ask({"method": method, "setting": setting, "path": path}, self.limit)
            uses = prepared.gappy and peer.fill == "em" and "own gaps" not in setting
            return {**found, "seconds": found.get("seconds", 0.0) + uses * prepared.seconds}
        if method in BASELINES:
            rows = prepared.rows(scale, "em")
            extra = {"n_edges": int(case.truth.sum())} if method == "random" else {}
            call: Callable[[], Estimate] = lambda: BASELINES[method].run(rows, **extra)  # noqa: E731
        else:
            call = lambda: OURS[method](case, case.values)  # noqa: E731
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            estimate = call()
        except Exception as error:  # a method that fails is a row like any other
            return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
        seconds = time.process_time() - cpu
        if method in BASELINES and method not in ("empty", "random"):
            seconds += prepared.seconds
        return {**estimate._asdict(), "seconds": seconds, "wall": time.perf_counter() - wall}


def plan(bench: Bench, method: str, data: str, kind: Kind, seeds: Sequence[int]) -> Iterator[tuple[str, int, str]]:
    """Yield what to run of one method on one kind of data: setting, seed and scale.

    A peer tries all its settings on the first `tune` seeds and takes the best of them on to the rest: by the truth,
    on the very data that is reported, which is more than ours is given.
    """
    if method in OURS:
        yield from (("", seed, "any") for seed in seeds)
        return
    peer: Peer = {**PEERS, **BASELINES}[method]
    gappy = peer.gappy is not None and bench.case(kind, data, seeds[0]).gappy
    settings = list(peer.gappy or {}) if gappy else list(peer.settings)
    for scale in ("any",) if peer.invariant else ("standardised", "raw"):
        most = peer.raw_runs if scale == "raw" else peer.runs
        for seed in seeds[: min(peer.tune, most)]:
            yield from ((setting, seed, scale) for setting in settings)
        rows = [
            row for row in bench.done.values() if (row["method"], row["data"], row["scale"]) == (method, data, scale)
        ]
        best = best_settings(rows).get((method, data, scale), settings[0])
        yield from ((best, seed, scale) for seed in seeds[peer.tune : most])


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=8"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def _chosen(asked: str | None, groups: Mapping[str, Sequence[str]], names: Sequence[str], what: str) -> list[str]:
    """Return the names that a comma list of names, groups or their beginnings asks for; all if there is none."""
    if not asked:
        return list(names)
    chosen = []
    for part in asked.split(","):
        found = groups.get(part) or [name for name in names if name == part]
        found = found or [name for name in names if name.lower().startswith(part.lower())]
        if not found:
            raise SystemExit(f"{what}: found {part!r}, expected some of {', '.join([*groups, *names])}")
        chosen.extend(name for name in found if name not in chosen)
    return chosen


def _seeds(text: str | None, kind: Kind) -> list[int]:
    if not text:
        return list(kind.seeds)
    asked: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        asked.update(range(int(low), int(high or low) + 1))
    return [seed for seed in kind.seeds if seed in asked]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", help="names, or ours, baselines, peers (default: all)")
    parser.add_argument("--data", help="kinds of data, or SVAR, Lorenz-96, VAR, NetSim, DREAM, real (default: all)")
    parser.add_argument("--seeds", help="such as 60-62,65; subjects and networks count from 0 (default: all)")
    parser.add_argument("--columns", default="standardised,raw", help="where units matter (default: standardised,raw)")
    parser.add_argument("--python-peers", default=sys.executable, help="Python that has the peers (default: this one)")
    parser.add_argument("--limit", type=float, default=300.0, help="wall-clock seconds a peer may take for one run")
    parser.add_argument("--redo", action="store_true", help="run again what is there")
    parser.add_argument("--table", action="store_true", help="run nothing, print what is there")
    parser.add_argument("--out", type=Path, default=RESULTS / "accuracy.json")
    parser.add_argument("--picture", type=Path, help="default: beside the JSON")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and missing, then print the tables and draw the picture."""
    options = _parse(arguments)
    kinds = {**SIMULATED, **measured()}
    groups = {group: [name for name, kind in kinds.items() if kind.group == group] for group in _groups(kinds)}
    names = [*OURS, *BASELINES, *PEERS]
    methods = _chosen(
        options.methods, {"ours": [*OURS], "baselines": [*BASELINES], "peers": [*PEERS]}, names, "methods"
    )
    data = _chosen(options.data, groups, list(kinds), "data")
    store = Store(options.out)
    if not options.table:
        worker = Worker(options.python_peers)
        try:
            with tempfile.TemporaryDirectory(prefix="accuracy-") as folder:
                bench = Bench(store, worker, Path(folder), options.redo, options.limit)
                _run(bench, methods, data, kinds, options.seeds, options.columns.split(","))
        finally:
            worker.close()
    report(store, kinds, options.picture or options.out.with_suffix(".png"))
    return 0


def _groups(kinds: dict[str, Kind]) -> list[str]:
    return list(dict.fromkeys(kind.group for kind in kinds.values()))


def _run(
    bench: Bench,
    methods: Sequence[str],
    data: Sequence[str],
    kinds: dict[str, Kind],
    seeds: str | None,
    scales: Sequence[str],
) -> None:
    packages = sorted({PEERS[method].package for method in methods if method in PEERS})
    versions = bench.worker.ask({"versions": packages}) if packages else {}
    skipped = {name: f"{PEERS[name].package} is not installed" for name in PEERS if name in methods}
    skipped = {name: why for name, why in skipped.items() if not versions.get(PEERS[name].package)}
    skipped.update({name: why for name in methods if name in OURS and (why := unavailable(name))})
    for name, why in {**skipped, **ABSENT}.items():
        print(f"skipped: {name}: {why}")
    bench.store.add(peers={name: version for name, version in versions.items() if version}, absent=ABSENT)
    for name in data:
        kind = kinds[name]
        chosen = _seeds(seeds, kind)
        for method in methods if chosen else ():
            peer = PEERS.get(method)
            if method in skipped or (peer and len(bench.case(kind, name, chosen[0]).case.truth) > peer.most_vars):
                continue
            for setting, seed, scale in plan(bench, method, name, kind, chosen):
                if scale in ("any", *scales):
                    bench.run(method, setting, kind, name, seed, scale)


if __name__ == "__main__":
    sys.exit(main())

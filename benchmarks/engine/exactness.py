"""Compare lanes with single runs: alone, among 81, permuted, in chunks, sharded, in two processes, beside bad lanes.

`python benchmarks/engine/exactness.py --data AirQualityUCI.csv` trains every arrangement in a process of its own and
prints the largest differences from `train` of each lane's config; exit code 1 if one passes 1e-5. A relative
difference is that of a loss from the same loss, and that of an adjacency or a parameter from the largest of its lane.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import table, write_json

LIMIT = 1e-5
LANES = 81
BAD = {27: {"learning_rate": 1e6}, 54: {"lambda_recon": 1e38}}  # explodes; has gradients that are not finite
QUANTITIES = ("loss", "lagged", "params")
# Arrangement -> the worker's flags, devices to force.
ARRANGEMENTS: dict[str, tuple[list[str], int | None]] = {
    "alone, in another process": (["--worker=alone"], None),
    "among 81, one lane per core at a time": ([], None),
    "permuted among 81": (["--permuted"], None),
    "vmap, width 1": (["--width=1", "--one-device"], None),
    "vmap, width 4": (["--width=4", "--one-device"], None),
    "vmap, width 32": (["--width=32", "--one-device"], None),
    "vmap, width 81": (["--width=81", "--one-device"], None),
    "sharded over 8 devices": ([], 8),
    "sharded over 8 devices, width 4": (["--width=4"], 8),
    "two processes": (["--processes=2"], None),
}
WITH_BAD_LANES = (
    "among 81, one lane per core at a time",
    "vmap, width 81",
    "sharded over 8 devices",
    "sharded over 8 devices, width 4",
    "two processes",
)


def problem(options: argparse.Namespace) -> tuple[Any, Any, list[dict[str, Any]]]:
    """Return the config, the data and the points of the 81 lanes."""
    import jaxstable as js

    if options.case == "svar":
        config = js.Config.for_model("svar", epochs=options.epochs)
        axes = {"lambda_sparse": js.grids.log_spaced(0.01, 0.2, 9), "lambda_acyclic": [1.0, 10.0, 100.0]}
        data = js.datasets.sensors()
    else:
        config = js.Config.for_model(options.case, epochs=options.epochs)
        axes = js.grids.NAMED_GRIDS["structure"]
        data = js.datasets.uci_air_quality(options.data, window=24, stride=options.stride)
    points = js.grids.expand(config, {**axes, "seed": range(3)})
    assert len(points) == LANES
    names = (*axes, "seed", "learning_rate", "lambda_recon")
    return config, data, [{name: getattr(point, name) for name in names} for point in points]


def worker(options: argparse.Namespace) -> int:
    """Train all lanes in one arrangement and keep what they ended with, in the order of the lanes."""
    import jax

    import jaxstable as js

    if options.processes > 1:
        js.distributed.start(f"localhost:{options.port}", options.processes, options.process)
    config, data, points = problem(options)
    for lane, bad in BAD.items() if options.bad else ():
        points[lane] |= bad
    order = np.random.default_rng(0).permutation(LANES) if options.permuted else np.arange(LANES)
    if options.worker == "alone":
        results = [js.train(config.replace(**point), data) for point in points]
    else:
        devices = jax.local_devices()[:1] if options.one_device else None
        results = list(js.sweep(config, data, [points[lane] for lane in order], width=options.width, devices=devices))
    place = np.argsort(order)
    results = [results[place[lane]] for lane in range(LANES)]
    losses = [[(record["train_loss"], record["val_loss"]) for record in result.history] for result in results]
    # A lane that has diverged has a shorter history.
    loss = np.full((LANES, config.epochs, 2), np.nan, np.float32)
    for lane, own in enumerate(losses):
        loss[lane, : len(own)] = own
    flat = [np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(result.params)]) for result in results]
    if options.process == 0:
        np.savez(
            options.out,
            loss=loss,
            lagged=np.stack([result.lagged for result in results]),
            params=np.stack(flat),
            status=[result.status for result in results],
            devices=len(jax.devices()),
        )
    return 0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


def trained(options: argparse.Namespace, flags: list[str], devices: int | None, out: Path) -> dict[str, np.ndarray]:
    """Run one arrangement in its own process or processes and return what its lanes ended with."""
    flags = [
        f"--epochs={options.epochs}",
        f"--stride={options.stride}",
        f"--case={options.case}",
        f"--out={out}",
        *flags,
    ]
    flags += [f"--data={options.data}"] if options.data else []
    count = 2 if "--processes=2" in flags else 1
    flags += [f"--port={free_port()}"] if count > 1 else []
    environment = {**os.environ, **({} if devices is None else {"JAX_NUM_CPU_DEVICES": str(devices)})}
    command = [sys.executable, __file__, *([] if "--worker=alone" in flags else ["--worker=sweep"]), *flags]
    running = [subprocess.Popen([*command, f"--process={number}"], env=environment) for number in range(count)]
    codes = [process.wait() for process in running]
    if any(codes):
        raise RuntimeError(f"{' '.join(command)} failed")
    with np.load(out) as archive:
        return {name: archive[name] for name in archive.files}


def differences(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the largest absolute and relative difference of each quantity, and how many bits differ in all."""
    record: dict[str, Any] = {"bits": 0}
    for name in QUANTITIES:
        one, other = found[name].reshape(LANES, -1), expected[name].reshape(LANES, -1)
        gap = np.abs(one - other)
        scale = np.abs(other) if name == "loss" else np.abs(other).max(axis=1, keepdims=True)
        record[name] = {"absolute": float(gap.max()), "relative": float((gap / scale).max())}
        record["bits"] += changed_bits(one, other)
    return record


def changed_bits(one: np.ndarray, other: np.ndarray) -> int:
    """Return in how many bits two arrays of float32 differ."""
    return int(np.bitwise_count(one.view(np.uint32) ^ other.view(np.uint32)).sum())


def compare(options: argparse.Namespace, scratch: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the differences of every arrangement, and the bits that bad lanes change in their neighbours."""
    alone = trained(options, ["--worker=alone"], None, scratch / "alone.npz")
    neighbours = [lane for lane in range(LANES) if lane not in BAD]
    rows, bad_rows, calm = [], [], {}
    for number, (what, (flags, devices)) in enumerate(ARRANGEMENTS.items()):
        found = calm[what] = trained(options, flags, devices, scratch / f"{number}.npz")
        rows.append({"arrangement": what, "devices": int(found["devices"]), **differences(found, alone)})
        print(f"{options.case}: {rows[-1]}", file=sys.stderr, flush=True)
    for number, what in enumerate(WITH_BAD_LANES):
        flags, devices = ARRANGEMENTS[what]
        found = trained(options, [*flags, "--bad"], devices, scratch / f"bad-{number}.npz")
        bits = sum(changed_bits(found[name][neighbours], calm[what][name][neighbours]) for name in QUANTITIES)
        status = [str(found["status"][lane]) for lane in BAD]
        bad_rows.append({"arrangement": what, "bits": bits, "bad_lanes": status})
        print(f"{options.case}: {bad_rows[-1]}", file=sys.stderr, flush=True)
    return rows, bad_rows


def main(arguments: list[str] | None = None) -> int:
    """Train every arrangement, print the differences and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="the original AirQualityUCI.csv; without it only svar on the embedded data")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--stride", type=int, default=6, help="every how many hours a window of the UCI data begins")
    parser.add_argument("--name", default="exactness", help="name of the record under benchmarks/results")
    for flag, kind in (("--worker", str), ("--case", str), ("--out", str), ("--width", int), ("--port", int)):
        parser.add_argument(flag, type=kind, help=argparse.SUPPRESS)
    for flag, default in (("--process", 0), ("--processes", 1)):
        parser.add_argument(flag, type=int, default=default, help=argparse.SUPPRESS)
    for flag in ("--bad", "--permuted", "--one-device"):
        parser.add_argument(flag, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        return worker(options)

    cases = {"svar": "svar on the embedded plant"}
    if options.data:
        cases["rcgnn_latent"] = f"reference model on the UCI data, stride {options.stride}"
    records = {}
    with tempfile.TemporaryDirectory() as name:
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(name) / "cache"))
        for options.case, words in cases.items():
            scratch = Path(name) / options.case
            scratch.mkdir()
            rows, bad_rows = compare(options, scratch)
            records[options.case] = {"what": words, "differences": rows, "beside_bad_lanes": bad_rows}
    worst, touched = 0.0, 0
    for record in records.values():
        rows = record["differences"]
        worst = max([worst, *(row[name]["relative"] for row in rows for name in QUANTITIES)])
        touched += sum(row["bits"] for row in record["beside_bad_lanes"])
        cells = [[row[name][kind] for name in QUANTITIES for kind in ("relative", "absolute")] for row in rows]
        print(f"\n{record['what']}: {LANES} lanes, {options.epochs} epochs, largest difference from `train`\n")
        header = ("", "bits that differ", *(f"{name}, {kind}" for name in QUANTITIES for kind in ("rel.", "abs.")))
        print(table([[row["arrangement"], row["bits"], *cell] for row, cell in zip(rows, cells, strict=True)], header))
        print(f"\nBits of the other {LANES - len(BAD)} lanes that change beside a lane that explodes and one of NaN\n")
        beside = [[row["arrangement"], row["bits"], " ".join(row["bad_lanes"])] for row in record["beside_bad_lanes"]]
        print(table(beside, ("", "bits changed", "the bad lanes end as")))
    print(f"\nlargest relative difference {worst:.3g} (limit {LIMIT:g}), bits changed by bad lanes {touched}")
    print(
        write_json(
            options.name, {"epochs": options.epochs, "lanes": LANES, "limit": LIMIT, "worst": worst, "cases": records}
        )
    )
    return int(not worst <= LIMIT or touched > 0)


if __name__ == "__main__":
    sys.exit(main())

"""Measure lanes: epochs per second of whole grids, beside the PyTorch baseline run in a loop.

`python benchmarks/engine/lanes.py --data AirQualityUCI.csv` runs every count of lanes in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import RESULTS, peak_memory_mb, table, write_json

WINDOW, BATCH_SIZE = 24, 8
CPU_COUNTS = (1, 3, 9, 27, 81)
ACCELERATOR_COUNTS = (*CPU_COUNTS, 243, 1024)


def lanes_of(count: int) -> list[dict[str, float]]:
    """Return `count` lanes: the grid `structure` with one seed after the other."""
    import jaxstable as js
    from jaxstable.training.grid import NAMED_GRIDS, expand

    points = expand(js.Config(model="rcgnn_latent"), NAMED_GRIDS["structure"])
    names = ("lambda_recon", "lambda_sparse", "lambda_acyclic")
    lambdas = [{name: getattr(point, name) for name in names} for point in points]
    return [{**lambdas[lane % len(lambdas)], "seed": lane // len(lambdas)} for lane in range(count)]


def jax_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Train one count of lanes with and without validation; the times are those of the health record."""
    import jax

    import jaxstable as js

    data = js.datasets.uci_air_quality(options.data, window=WINDOW)
    before = peak_memory_mb()
    points = lanes_of(options.count)

    def epoch_times(**changes: Any) -> list[float]:
        config = js.Config(model="rcgnn_latent", batch_size=BATCH_SIZE, early_stop_patience=1_000, **changes)
        grid = js.sweep(config, data, points, progress=False, width=options.width)
        return [record["epoch_time"] for record in grid[0].history]

    # The last epoch is always evaluated, so one more is asked for and left out.
    alone = epoch_times(epochs=options.epochs + 2, eval_every=options.epochs + 2)[:-1]
    both = epoch_times(epochs=options.epochs + 1)
    device = jax.devices()[0]
    stats = device.memory_stats() or {}
    return {
        "device": f"{len(jax.devices())} x {device.device_kind}",
        "compile": alone[0] - statistics.median(alone[1:]),
        "train": alone[1:],
        "total": both[1:],
        "memory_mb": peak_memory_mb() - before,
        "device_memory_mb": stats.get("peak_bytes_in_use", 0) / 1e6,
    }


def torch_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Train the baseline for one lane; a loop over lanes takes that long for each."""
    from benchmarks.original.baseline_torch import train
    from benchmarks.original.recordings import SETUPS, load_uci

    data = load_uci(options.data, WINDOW)
    records = train(data, SETUPS["stable"], options.epochs + 1, validation=None)
    return {"train": [record["train_seconds"] for record in records[1:]]}


def device_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Say what JAX runs on."""
    del options
    import jax

    return {"platform": jax.devices()[0].platform}


WORKERS = {"jax": jax_worker, "torch": torch_worker, "device": device_worker}


def spawn(worker: str, options: argparse.Namespace, count: int = 1) -> dict[str, Any]:
    """Run one worker in a fresh process and return the JSON of its last line."""
    flags = [f"--data={options.data}", f"--epochs={options.epochs}", f"--worker={worker}", f"--count={count}"]
    flags += [] if options.width is None else [f"--width={options.width}"]
    done = subprocess.run([sys.executable, __file__, *flags], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def draw(rows: list[dict[str, Any]], torch_seconds: float, path: Path) -> None:
    """Draw lane-epochs per second over the count of lanes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="lanes", ylabel="lane epochs per second", xscale="log", yscale="log")
    counts = [row["lanes"] for row in rows]
    axes.plot(counts, [1 / row["train"] for row in rows], "o-", label="training")
    axes.plot(counts, [1 / row["total"] for row in rows], "s--", label="training + validation, 21 thresholds")
    axes.axhline(1 / torch_seconds, color="0.5", label="PyTorch baseline in a loop, training")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120)


def main(arguments: list[str] | None = None) -> int:
    """Measure every count, print the table, write JSON and the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the original AirQualityUCI.csv")
    parser.add_argument("--epochs", type=int, default=3, help="timed epochs")
    parser.add_argument("--counts", type=lambda text: [int(n) for n in text.split(",")], help="numbers of lanes")
    parser.add_argument("--width", type=int, help="lanes a device takes at a time (default: the package's choice)")
    parser.add_argument("--name", default="lanes", help="name of the record under benchmarks/results")
    parser.add_argument("--worker", choices=sorted(WORKERS), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        print(json.dumps(WORKERS[options.worker](options)))
        return 0

    on_cpu = spawn("device", options)["platform"] == "cpu"
    torch_seconds = statistics.median(spawn("torch", options)["train"])
    rows = []
    for count in options.counts or (CPU_COUNTS if on_cpu else ACCELERATOR_COUNTS):
        start = time.perf_counter()
        found = spawn("jax", options, count)
        train, total = (statistics.median(found[key]) / count for key in ("train", "total"))
        single = rows[0]["train"] if rows else train
        rows.append(
            {
                "lanes": count,
                "train": train,
                "total": total,
                "against_torch": torch_seconds / train,
                "against_one_lane": single / train,
                "validation_share": total / train - 1,
                "compile": found["compile"],
                "memory_mb_per_lane": (found["memory_mb"] if on_cpu else found["device_memory_mb"]) / count,
                "process": time.perf_counter() - start,
                "device": found["device"],
            }
        )
        print(f"{count} lanes: {train:.4f} s per lane and epoch", file=sys.stderr, flush=True)
    header = (
        "lanes",
        "s per lane epoch",
        "with validation",
        "x PyTorch loop",
        "x one lane",
        "compile s",
        "MB per lane",
    )
    keys = ("lanes", "train", "total", "against_torch", "against_one_lane", "compile", "memory_mb_per_lane")
    print(table([[row[key] for key in keys] for row in rows], header))
    print(f"{rows[0]['device']}; PyTorch baseline: {torch_seconds:.3f} s per training epoch")
    print(write_json(options.name, {"torch_seconds": torch_seconds, "rows": rows}))
    draw(rows, torch_seconds, RESULTS / f"{options.name}.png")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    sys.exit(main())

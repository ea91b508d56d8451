"""Time the package against the PyTorch baseline: same data, same windows, one run of both.

`python benchmarks/engine/speed.py --data AirQualityUCI.csv` runs each program in processes of its own, in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import matmul_rate, n_cores, peak_memory_mb, table, write_json

WINDOW = 24
BATCH_SIZE = 8
HIDDEN, LATENT, BLOCKS = 32, 16, 3


def epoch_flops(n_windows: int, n_vars: int) -> float:
    """Return the floating-point operations of one training epoch of the reference model.

    Two per multiply-add of the three encoders, the decoder and the 48 x 48 correlation; the backward
    pass costs twice the forward pass. Everything elementwise is left out.
    """
    width = BLOCKS * LATENT
    encoders = BLOCKS * (n_vars * HIDDEN + HIDDEN * LATENT)
    decoder = width * HIDDEN + HIDDEN * n_vars
    return 3 * 2.0 * (encoders + decoder + width * width) * n_windows * WINDOW


def jax_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Train with the package; the times are those of its own health record."""
    import jaxstable as js
    from jaxstable.data.split import split

    data = js.datasets.uci_air_quality(options.data, window=WINDOW)
    parts = split(data)
    config = js.Config(model="rcgnn_latent", optimizer="adam", batch_size=BATCH_SIZE, epochs=1)
    js.train(config, data, progress=False)
    cold_start = time.time() - options.started
    n_epochs = options.epochs + 1
    both = js.train(config.replace(epochs=n_epochs), data, progress=False).history
    # The last epoch is always evaluated, so one more is asked for and left out.
    alone = js.train(config.replace(epochs=n_epochs + 1, eval_every=n_epochs + 1), data, progress=False).history
    return {
        "n_vars": data.n_vars,
        "n_train": len(parts.train),
        "n_validation": len(parts.validation),
        "steps": both[0]["steps"],
        "cold_start": cold_start,
        "train": [record["epoch_time"] for record in alone[1:-1]],
        "total": [record["epoch_time"] for record in both[1:]],
        "losses": [record["train_loss"] for record in both[:4]],
        "clip_ratios": [record["grad_clip_ratio"] for record in both[:4]],
        "peak_memory_mb": peak_memory_mb(),
    }


def torch_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Train the baseline on as many windows as the package trains and validates on."""
    from benchmarks.original.baseline_torch import THREADS, train
    from benchmarks.original.recordings import SETUPS, load_uci

    data = load_uci(options.data, WINDOW)._replace(n_train=options.n_train, n_validation=options.n_validation)
    train(data, SETUPS["stable"], 1, validation=None)
    cold_start = time.time() - options.started
    alone = train(data, SETUPS["stable"], options.epochs + 1, validation=None)
    recon = train(data, SETUPS["stable"], options.validation_epochs, validation="recon")
    total = train(data, SETUPS["stable"], options.validation_epochs, validation="total")
    return {
        "threads": THREADS,
        "cold_start": cold_start,
        "train": [record["train_seconds"] for record in alone[1:]],
        "validation_recon": [record["validation_seconds"] for record in recon],
        "validation_total": [record["validation_seconds"] for record in total],
        "losses": [record["train_loss"] for record in alone[:4]],
        "clip_ratios": [record["grad_clip_ratio"] for record in alone[:4]],
        "peak_memory_mb": peak_memory_mb(),
    }


def matmul_worker(options: argparse.Namespace) -> dict[str, Any]:
    """Measure what the machine makes of one large matrix product."""
    del options
    return {"gflops": matmul_rate()}


WORKERS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "jax": jax_worker,
    "torch": torch_worker,
    "matmul": matmul_worker,
}


def spawn(worker: str, options: argparse.Namespace, **numbers: float) -> dict[str, Any]:
    """Run one worker in a fresh process and return the JSON of its last line."""
    settings = {
        "data": options.data,
        "epochs": options.epochs,
        "validation_epochs": options.validation_epochs,
        "cores": options.cores,
        **numbers,
    }
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    command = [sys.executable, __file__, "--worker", worker, *flags, f"--started={time.time()!r}"]
    # stderr is the terminal's: a worker that fails says why there.
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def pooled(rounds: list[dict[str, Any]], key: str) -> float:
    """Return the median over every epoch of every round."""
    return statistics.median(value for found in rounds for value in found[key])


def summary(ours: list[dict[str, Any]], theirs: list[dict[str, Any]], gflops: float) -> tuple[list, dict[str, Any]]:
    """Return table rows and the record of a comparison."""
    jax_train, jax_total = pooled(ours, "train"), pooled(ours, "total")
    torch_train = pooled(theirs, "train")
    torch_recon = torch_train + pooled(theirs, "validation_recon")
    torch_total = torch_train + pooled(theirs, "validation_total")
    colds = [statistics.median(found["cold_start"] for found in rounds) for rounds in (theirs, ours)]
    peaks = [max(found["peak_memory_mb"] for found in rounds) for rounds in (theirs, ours)]
    work = epoch_flops(ours[0]["n_train"], ours[0]["n_vars"]) / 1e9
    rows = [
        ("training, s per epoch", torch_train, jax_train, torch_train / jax_train),
        ("training + validation, s (baseline: reconstruction only)", torch_recon, jax_total, torch_recon / jax_total),
        ("training + validation, s (baseline: all four terms)", torch_total, jax_total, torch_total / jax_total),
        ("cold start to the end of the first epoch, s", *colds, colds[0] / colds[1]),
        ("peak memory, MB", *peaks, peaks[0] / peaks[1]),
        ("GFLOP/s in training", work / torch_train, work / jax_train, torch_train / jax_train),
        ("share of the matrix-product rate, %", *(100 * work / t / gflops for t in (torch_train, jax_train)), None),
    ]
    record = {
        "table": [dict(zip(("figure", "torch", "jaxstable", "ratio"), row, strict=True)) for row in rows],
        "gflop_per_epoch": work,
        "matmul_gflops": gflops,
        "rounds": {"torch": theirs, "jaxstable": ours},
    }
    return rows, record


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the original AirQualityUCI.csv")
    parser.add_argument("--epochs", type=int, default=8, help="timed epochs of training per round")
    parser.add_argument("--validation-epochs", type=int, default=2, help="validations of the baseline per round")
    parser.add_argument("--rounds", type=int, default=2, help="times each program is run, in turn")
    parser.add_argument("--cores", type=int, default=n_cores(), help="cores to run on")
    parser.add_argument("--out", help="where to write the JSON (default: benchmarks/results/speed.json)")
    parser.add_argument("--worker", choices=sorted(WORKERS), help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--n-train", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--n-validation", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run both programs in turn, print the table, write JSON."""
    options = _parse(arguments)
    if options.worker:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
        print(json.dumps(WORKERS[options.worker](options)))
        return 0
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(spawn("jax", options))
        sizes = {name: ours[0][name] for name in ("n_train", "n_validation")}
        theirs.append(spawn("torch", options, **sizes))
    gflops = spawn("matmul", options)["gflops"]
    rows, record = summary(ours, theirs, gflops)
    print(table(rows, ("", "PyTorch", "jaxstable", "ratio")))
    print(
        f"{ours[0]['steps']} steps of {BATCH_SIZE} windows, {ours[0]['n_validation']} validation windows, "
        f"{options.cores} cores; matrix products: {gflops:.0f} GFLOP/s; {record['gflop_per_epoch']:.2g} GFLOP an epoch"
    )
    print(write_json("speed", {"cores": options.cores, **record}, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())

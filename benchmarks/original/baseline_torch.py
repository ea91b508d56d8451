"""The original training in PyTorch, as fast as the same computation goes eagerly.

`python benchmarks/original/baseline_torch.py --data AirQualityUCI.csv --epochs 3`
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from torch import Tensor, nn

from benchmarks.common import peak_memory_mb, table, write_json
from benchmarks.original.recordings import COMPONENTS, SETUPS, Data, Golden, Setup, difference, load_golden, load_uci
from benchmarks.original.recordings import standardize as standardized
from benchmarks.original.torch_model import RCGNN, loss_terms, reconstruction

# One thread beats two (2.0 s against 4.0 s an epoch): products of 192 x 48 x 32 do not share well.
THREADS = 1
BATCH_SIZE = 8
THRESHOLDS = 21


def make_optimizer(model: nn.Module, setup: Setup) -> torch.optim.Adam:
    """Return Adam with L2 weight decay; fused is the fastest implementation on the CPU."""
    return torch.optim.Adam(model.parameters(), setup.learning_rate, weight_decay=setup.weight_decay, fused=True)


def train_epoch(
    model: RCGNN,
    optimizer: torch.optim.Optimizer,
    setup: Setup,
    x: Tensor,
    mask: Tensor,
    batches: list[Tensor],
) -> Tensor:
    """Train one epoch; return `[steps, (loss, grad_norm, recon, sparse, acyclic, disen)]`."""
    parameters = list(model.parameters())
    lambdas = torch.tensor(setup.lambdas)
    infos = []
    for batch in batches:
        x_batch, mask_batch = x[batch], mask[batch]
        terms = loss_terms(model, x_batch, mask_batch)[0]
        loss = (lambdas * terms).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, setup.clip_norm)
        optimizer.step()
        infos.append((loss.detach(), norm, terms.detach()))
    # Read once per epoch: reading in the loop would hold the interpreter up at every step.
    return torch.stack([torch.cat([torch.stack((a, b)), c]) for a, b, c in infos])


class Evaluation(NamedTuple):
    """Hold one threshold of the validation sweep."""

    threshold: float
    loss: float
    f1: float | None
    shd: int | None


def graph_scores(graph: np.ndarray, truth: np.ndarray) -> tuple[float, int]:
    """Return F1 and SHD (a reversed edge counts once) of a boolean graph, diagonal ignored."""
    off = ~np.eye(len(truth), dtype=bool)
    graph, truth = graph & off, truth & off
    hits = int((graph & truth).sum())
    wrong = graph != truth
    f1 = 2 * hits / max(1, int(graph.sum() + truth.sum()))
    return f1, int((wrong | wrong.T)[np.triu_indices(len(truth), 1)].sum())


@torch.inference_mode()
def validate(
    model: RCGNN,
    setup: Setup,
    x: Tensor,
    mask: Tensor,
    truth: np.ndarray | None,
    loss: str = "recon",
    n_thresholds: int = THRESHOLDS,
) -> list[Evaluation]:
    """Sweep the thresholds as the original does: each one runs every window through the model.

    Args:
        model: the model to judge.
        setup: its lambdas weigh the loss.
        x: windows `[windows, time, variables]`; each is one forward pass per threshold.
        mask: 1 where observed, same shape.
        truth: true graph `[cause, effect]`, or None: F1 and SHD are None then.
        loss: "recon" computes only the weighted reconstruction term, "total" all four.
        n_thresholds: thresholds from 0 to 1.
    """
    lambdas = torch.tensor(setup.lambdas)
    found = []
    for threshold in np.linspace(0.0, 1.0, n_thresholds):
        total, adjacency = torch.zeros(()), torch.zeros(())
        for window, observed in zip(x.split(1), mask.split(1), strict=True):
            if loss == "total":
                terms, adjacency = loss_terms(model, window, observed)
                total = total + (lambdas * terms).sum()
            else:
                prediction, adjacency, _ = model(window, observed)
                total = total + lambdas[0] * reconstruction(prediction, window, observed)
        graph = (adjacency > float(threshold)).numpy()
        f1, shd = graph_scores(graph, truth) if truth is not None else (None, None)
        found.append(Evaluation(float(threshold), float(total) / len(x), f1, shd))
    return found


def _tensors(data: Data, setup: Setup) -> tuple[Tensor, Tensor]:
    values = standardized(data.values, data.n_train) if setup.standardize else data.values
    return torch.from_numpy(values), torch.from_numpy(data.mask)


def replay(golden: Golden, data: str | None = None, window: int = 24) -> np.ndarray:
    """Run a recording's parameters and batch order; return the infos `[epochs, steps, 6]`."""
    torch.set_num_threads(THREADS)
    x, mask = _tensors(golden.windows(data, window), golden.setup)
    model = RCGNN(x.shape[-1])
    model.load_state_dict({name: torch.from_numpy(value) for name, value in golden.init.items()})
    optimizer = make_optimizer(model, golden.setup)
    epochs = []
    for order in golden.order:
        batches = [torch.from_numpy(row[row >= 0].astype(np.int64)) for row in order]
        epochs.append(train_epoch(model, optimizer, golden.setup, x, mask, batches).numpy())
    return np.stack(epochs)


def train(
    data: Data,
    setup: Setup,
    epochs: int,
    seed: int = 1337,
    truth: np.ndarray | None = None,
    validation: str | None = "recon",
) -> list[dict[str, object]]:
    """Train from scratch; return one record per epoch with its two wall-clock times.

    `validation` is the loss `validate` computes, or None for training alone.
    """
    torch.set_num_threads(THREADS)
    torch.manual_seed(seed)
    x, mask = _tensors(data, setup)
    held_out = slice(data.n_train, data.n_train + data.n_validation)
    x_val, mask_val = x[held_out], mask[held_out]
    model = RCGNN(x.shape[-1])
    optimizer = make_optimizer(model, setup)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3, cooldown=1)
    records = []
    for epoch in range(1, epochs + 1):
        start = time.perf_counter()
        batches = list(torch.randperm(data.n_train).split(BATCH_SIZE))
        info = train_epoch(model, optimizer, setup, x, mask, batches).double()
        trained = time.perf_counter()
        means = info.mean(0).tolist()
        record: dict[str, object] = {
            "epoch": epoch,
            "train_loss": means[0],
            "grad_norm": means[1],
            "grad_clip_ratio": float((info[:, 1] > setup.clip_norm).double().mean()),
            "train_loss_components": dict(zip(COMPONENTS, means[2:], strict=True)),
            "learning_rate": optimizer.param_groups[0]["lr"],
            "train_seconds": trained - start,
        }
        if validation is not None:
            sweep = validate(model, setup, x_val, mask_val, truth, validation)
            best = min(sweep, key=lambda item: (item.loss, item.shd or 0))
            if setup.plateau:
                plateau.step(best.loss)
            record |= {
                "val_loss": best.loss,
                "val_f1": best.f1,
                "val_shd": best.shd,
                "best_threshold": best.threshold,
                "validation_seconds": time.perf_counter() - trained,
            }
        records.append(record)
    return records


def _read_truth(path: str | None) -> np.ndarray | None:
    """Read a square CSV with names on both sides, rows causes."""
    if path is None:
        return None
    with open(path, encoding="utf-8") as file:
        rows = [line.strip().split(",")[1:] for line in file if line.strip()][1:]
    return np.array(rows, dtype=float) > 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="sensor CSV, e.g. AirQualityUCI.csv")
    parser.add_argument("--truth", help="CSV of the true graph, rows causes")
    parser.add_argument("--replay", metavar="GOLDEN", help="replay a recording instead of training")
    parser.add_argument("--case", choices=sorted(SETUPS))
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--window", type=int, default=24)
    parser.add_argument("--seed", type=int, default=1337)
    parser.add_argument("--validation-loss", choices=("recon", "total"), default="recon")
    parser.add_argument("--no-validation", action="store_true")
    parser.add_argument("--out", help="where to write the JSON (default: benchmarks/results/)")
    options = parser.parse_args(arguments)
    if options.replay is None and options.data is None:
        parser.error("pass --data CSV to train, or --replay GOLDEN")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Train or replay, print a table, write JSON."""
    options = _parse(arguments)
    if options.replay is not None:
        rows = []
        for golden in load_golden(options.replay, options.case):
            figures = replay(golden, options.data, options.window)
            for name, index, recorded in (
                ("loss", 0, golden.loss),
                ("grad_norm", 1, golden.grad_norm),
            ):
                rows.append((golden.case, name, *difference(recorded, figures[..., index])))
        print(table(rows, ("case", "figure", "first 200 steps", "every step", "epoch means")))
        return 0
    data = load_uci(options.data, options.window)
    setup = SETUPS[options.case or "stable"]
    truth = _read_truth(options.truth)
    validation = None if options.no_validation else options.validation_loss
    records = train(data, setup, options.epochs, options.seed, truth, validation)
    columns = ("epoch", "train_loss", "grad_norm", "grad_clip_ratio", "train_seconds")
    shown = columns if options.no_validation else (*columns, "validation_seconds", "val_loss")
    print(table([[record[name] for name in shown] for record in records], shown))
    record = {
        "case": options.case or "stable",
        "threads": THREADS,
        "validation_loss": validation,
        "peak_memory_mb": peak_memory_mb(),
        "epochs": records,
    }
    print(write_json("baseline_torch", record, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())

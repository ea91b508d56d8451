"""The original training in PyTorch, as fast as the same computation goes eagerly.

`python benchmarks/baseline_torch.py --data AirQualityUCI.csv --epochs 3`
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

import numpy as np
import torch
from common import peak_memory_mb, table, write_json
from original import COMPONENTS, SETUPS, Data, Golden, Setup, difference, load_golden, load_uci
from original import standardize as standardized
from torch import Tensor, nn

# One thread beats two: the products are 192 x 48 x 32, too small to share.
THREADS = 1
BATCH_SIZE = 8
THRESHOLDS = 21
BLOCKS = ("signal", "noise", "bias")


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))


class TriEncoder(nn.Module):
    """Encode each time step into a signal, a noise and a bias latent."""

    def __init__(self, n_vars: int, hidden: int, latent: int) -> None:
        super().__init__()
        for block in BLOCKS:
            self.add_module(f"{block}_encoder", _mlp(n_vars, hidden, latent))

    def forward(self, x: Tensor) -> list[Tensor]:
        return [encoder(x) for encoder in self.children()]


class StructureLearner(nn.Module):
    """Keep the largest tenth of a free matrix, through a sigmoid; the rest is 0."""

    def __init__(self, n_vars: int) -> None:
        super().__init__()
        self.A_base = nn.Parameter(0.1 * torch.randn(n_vars, n_vars))
        self.kept = max(1, int(0.1 * n_vars * n_vars))

    def forward(self) -> Tensor:
        flat = self.A_base.view(-1)
        values, places = flat.topk(self.kept, sorted=False)
        return torch.zeros_like(flat).scatter(0, places, values.sigmoid()).view_as(self.A_base)


class RCGNN(nn.Module):
    """Reconstruct a window from its latents; the adjacency is learned beside it, unread."""

    def __init__(self, n_vars: int, hidden: int = 32, latent: int = 16) -> None:
        super().__init__()
        self.tri_encoder = TriEncoder(n_vars, hidden, latent)
        self.structure_learner = StructureLearner(n_vars)
        self.decoder = _mlp(3 * latent, hidden, n_vars)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, list[Tensor]]:
        latents = self.tri_encoder(x)
        decoded = self.decoder(torch.cat(latents, -1))
        return torch.where(mask > 0, decoded, x), self.structure_learner(), latents


def reconstruction(prediction: Tensor, x: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over all entries of `((prediction - x) mask)^2`."""
    return ((prediction - x) * mask).square().mean()


def acyclicity(adjacency: Tensor) -> Tensor:
    """Return `relu(tr((I + A / d)^3) - d)`."""
    n_vars = adjacency.shape[0]
    step = torch.eye(n_vars) + adjacency / n_vars
    return torch.relu(torch.trace(step @ step @ step) - n_vars)


def disentanglement(latents: list[Tensor]) -> Tensor:
    """Return the mean absolute correlation of each stacked pair of blocks, summed over pairs."""
    flat = [latent.flatten(0, -2) for latent in latents]
    blocks = [(z - z.mean(0)) / (z.std(0) + 1e-8) for z in flat]
    total = torch.zeros(())
    for first, second in ((0, 1), (0, 2), (1, 2)):
        pair = torch.cat([blocks[first], blocks[second]], 1)
        total = total + torch.corrcoef(pair.T).abs().mean()
    return total


def make_optimizer(model: nn.Module, setup: Setup) -> torch.optim.Adam:
    """Return Adam with L2 weight decay; fused is the fastest implementation on the CPU."""
    return torch.optim.Adam(
        model.parameters(), setup.learning_rate, weight_decay=setup.weight_decay, fused=True
    )


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
        prediction, adjacency, latents = model(x_batch, mask_batch)
        terms = torch.stack(
            [
                reconstruction(prediction, x_batch, mask_batch),
                adjacency.abs().mean(),
                acyclicity(adjacency),
                disentanglement(latents),
            ]
        )
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
    model: RCGNN, x: Tensor, mask: Tensor, truth: np.ndarray | None, n_thresholds: int = THRESHOLDS
) -> list[Evaluation]:
    """Sweep the thresholds as the original does: each one runs every window through the model."""
    found = []
    for threshold in np.linspace(0.0, 1.0, n_thresholds):
        total = torch.zeros(())
        for window, observed in zip(x.split(1), mask.split(1), strict=True):
            prediction, adjacency, _ = model(window, observed)
            total = total + reconstruction(prediction, window, observed)
        graph = (adjacency > float(threshold)).numpy()
        f1, shd = graph_scores(graph, truth) if truth is not None else (None, None)
        found.append(Evaluation(float(threshold), float(total) / len(x), f1, shd))
    return found


def _tensors(data: Data, setup: Setup) -> tuple[Tensor, Tensor]:
    values = standardized(data.values, data.n_train) if setup.standardize else data.values
    return torch.from_numpy(values), torch.from_numpy(data.mask)


def replay(golden: Golden, data: str | None = None, window: int = 24) -> np.ndarray:
    """Run a recording's parameters and batch order; return `[epochs, steps, 6]` as `train_epoch`."""
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
    data: Data, setup: Setup, epochs: int, seed: int, truth: np.ndarray | None, validation: bool
) -> list[dict[str, object]]:
    """Train from scratch; return one record per epoch with its two wall-clock times."""
    torch.manual_seed(seed)
    x, mask = _tensors(data, setup)
    held_out = slice(data.n_train, data.n_train + data.n_validation)
    x_val, mask_val = x[held_out], mask[held_out]
    model = RCGNN(x.shape[-1])
    optimizer = make_optimizer(model, setup)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=3, cooldown=1
    )
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
        if validation:
            sweep = validate(model, x_val, mask_val, truth)
            best = min(sweep, key=lambda item: (item.loss, item.shd or 0, -(item.f1 or 0.0)))
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
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--no-validation", action="store_true")
    parser.add_argument("--out", help="where to write the JSON (default: benchmarks/results/)")
    options = parser.parse_args(arguments)
    if options.replay is None and options.data is None:
        parser.error("pass --data CSV to train, or --replay GOLDEN")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Train or replay, print a table, write JSON."""
    options = _parse(arguments)
    torch.set_num_threads(options.threads)
    if options.replay is not None:
        rows = []
        for golden in load_golden(options.replay, options.case):
            figures = replay(golden, options.data, options.window)
            for name, index, recorded in (("loss", 0, golden.loss), ("grad_norm", 1, golden.grad_norm)):
                rows.append((golden.case, name, *difference(recorded, figures[..., index])))
        print(table(rows, ("case", "figure", "first 200 steps", "every step", "epoch means")))
        return 0
    data = load_uci(options.data, options.window)
    setup = SETUPS[options.case or "stable"]
    truth = _read_truth(options.truth)
    records = train(data, setup, options.epochs, options.seed, truth, not options.no_validation)
    columns = ("epoch", "train_loss", "grad_norm", "grad_clip_ratio", "train_seconds")
    shown = columns if options.no_validation else (*columns, "validation_seconds", "val_loss")
    print(table([[record[name] for name in shown] for record in records], shown))
    record = {
        "case": options.case or "stable",
        "threads": options.threads,
        "peak_memory_mb": peak_memory_mb(),
        "epochs": records,
    }
    print(write_json("baseline_torch", record, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())

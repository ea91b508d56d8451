"""Records and runs as training writes them, made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from jaxstable.config import Config
from jaxstable.training.record import Run

NAMES = ("flow <in>", "level & head", 'valve "B"', "temp_°C", "pump$1")


def make_record(epoch: int, **changes: object) -> dict:
    """A healthy epoch; keyword arguments go over it."""
    record = {
        "epoch": epoch,
        "train_loss": 1.0 / epoch,
        "train_loss_components": {
            "recon": 0.1 / epoch,
            "sparse": 0.05,
            "acyclic": 0.1,
            "disen": 1.2,
        },
        "val_loss": 1.1 / epoch,
        "val_f1": 0.5 + 0.01 * epoch,
        "val_shd": 9.0 - 0.1 * epoch,
        "edge_count": 6,
        "grad_clip_ratio": 0.1,
        "grad_norm": 0.5 / epoch,
        "grad_norm_max": 1.5 / epoch,
        "learning_rate": 5e-4,
        "best_threshold": 0.25,
        "epoch_time": 0.2,
        "skipped_steps": 0,
        "steps": 100,
        "grad_to_adjacency": {"recon": 0.3, "sparse": 0.01, "acyclic": 0.02, "disen": 0.0},
        "new_best": True,
        "status": "RUNNING",
    }
    return {**record, **changes}


def make_history(epochs: int = 8, **changes: object) -> list[dict]:
    """Epochs with the same changes; a list gives one value an epoch."""
    return [
        make_record(i + 1, **{k: v[i] if isinstance(v, list) else v for k, v in changes.items()}) for i in range(epochs)
    ]


def make_run(**changes: object) -> Run:
    """A run of two lags whose lag 0 holds the cycle 0 -> 1 -> 2 -> 0, weakest at 2 -> 0."""
    lagged = np.zeros((2, 5, 5), np.float32)
    lagged[0, 0, 1], lagged[0, 1, 2], lagged[0, 2, 0] = 0.9, 0.8, 0.3
    lagged[1, 3, 4], lagged[1, 0, 1], lagged[1, 2, 2] = 0.7, 0.4, 0.95
    lagged[1, 4, 0] = 0.1
    truth = np.zeros((5, 5), bool)
    truth[0, 1] = truth[1, 2] = truth[4, 3] = True
    adjacency = lagged.max(axis=0) * (1 - np.eye(5, dtype=np.float32))
    fields = {
        "config": Config(),
        "names": NAMES,
        "history": make_history(),
        "adjacency": adjacency,
        "lagged": lagged,
        "threshold": 0.25,
        "truth": truth,
        "status": "FINISHED",
        "total_time": 12.5,
        "data_facts": {
            "n_rows": 1000,
            "missing_share": [0.1] * 5,
            "raw_abs_max": 2775.0,
            "standardized": True,
            "constant": [],
        },
        "params": {"decoder": {"kernel": np.ones((2, 3), np.float32)}, "a/b": np.arange(3)},
    }
    return Run(**{**fields, **changes})


def write_run(directory: Path, history: list[dict], summary: dict | None = None) -> Path:
    """A run directory as training leaves it."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(record) + "\n" for record in history)
    (directory / "training_log_stable.json").write_text(lines)
    if summary is not None:
        (directory / "training_summary_stable.json").write_text(json.dumps(summary))
    return directory

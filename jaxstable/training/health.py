"""The health record: one JSON-ready dictionary per epoch, with the same keys for every model and lane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jaxstable.models.base import LossTerms
from jaxstable.training.epoch import EpochInfo
from jaxstable.training.state import Status


def health_record(info: EpochInfo, *, epoch: int, n_steps: int, epoch_time: float) -> dict[str, Any]:
    """Return one lane's record of one epoch.

    What is unknown is null, never 0: metrics without a true graph, everything of an evaluation in an epoch
    without one, and numbers that are not finite.

    Args:
        info: One lane of an `EpochInfo`, on the host.
        epoch: Epoch number, from 1.
        n_steps: Steps of the epoch.
        epoch_time: Seconds.

    Returns:
        The record; its keys are explained in the README.
    """
    evaluation = info.evaluation
    record = {
        "epoch": epoch,
        "train_loss": number(info.loss),
        "train_loss_components": _terms(info.terms),
        "val_loss": number(evaluation and evaluation.loss),
        "val_loss_components": _terms(evaluation and evaluation.terms),
        "val_f1": number(evaluation and evaluation.f1),
        "val_shd": number(evaluation and evaluation.shd),
        "edge_count": None if evaluation is None else int(evaluation.edge_count),
        "grad_clip_ratio": number(info.clip_ratio),
        "grad_norm": number(info.grad_norm),
        "grad_norm_max": number(info.grad_norm_max),
        "grad_spikes": None if info.spikes is None else int(info.spikes),
        "grad_to_adjacency": _terms(evaluation and evaluation.grad_to_adjacency),
        "learning_rate": number(info.learning_rate),
        "best_threshold": number(evaluation and evaluation.threshold),
        "steps": n_steps,
        "skipped_steps": int(info.skipped_steps),
        "new_best": evaluation is not None and bool(evaluation.new_best),
        "status": Status(int(info.status)).name,
        "epoch_time": round(epoch_time, 6),
    }
    return record


def number(value: Any) -> float | None:
    """Return the shortest decimal that is this float32, null if there is none."""
    if value is None or not math.isfinite(value):
        return None
    return float(np.format_float_scientific(np.float32(value), unique=True))


def _terms(terms: LossTerms | None) -> dict[str, float | None] | None:
    return None if terms is None else {name: number(value) for name, value in terms.items()}

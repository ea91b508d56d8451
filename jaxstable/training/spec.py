"""The border between the user's flat config and the compiled program: static spec, traced numbers."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from jax import Array

from jaxstable.config import Config
from jaxstable.models.base import Model


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spec:
    """Hold what the compiled program is made for: hashable, a new value compiles anew."""

    model: Model
    n_vars: int
    batch_size: int
    optimizer: str
    lr_schedule: str
    plateau: bool
    plateau_patience: int
    plateau_cooldown: int
    thresholds: int
    early_stop_patience: int
    monitor_truth: bool  # follow F1 against the true graph instead of the validation loss
    has_truth: bool


class Hyper(NamedTuple):
    """Hold the traced numbers of a run: float32 scalars and the seed; any leaf may carry a lane axis."""

    learning_rate: Array
    weight_decay: Array
    clip_norm: Array
    plateau_factor: Array
    plateau_threshold: Array
    plateau_min_lr: Array
    lambda_recon: Array
    lambda_sparse: Array
    lambda_acyclic: Array
    lambda_disen: Array
    seed: Array  # uint32


def make_spec(config: Config, model: Model, n_vars: int, has_truth: bool, n_examples: int | None = None) -> Spec:
    """Return the static part of a config for data of `n_vars` variables.

    Args:
        config: Every choice of the run.
        model: The model.
        n_vars: Number of variables.
        has_truth: Whether the true graph is known.
        n_examples: Examples to train on; a batch that could hold more would be padding.
    """
    return Spec(
        model=model,
        n_vars=n_vars,
        batch_size=config.batch_size if n_examples is None else min(config.batch_size, n_examples),
        optimizer=config.optimizer,
        lr_schedule=config.lr_schedule,
        plateau=config.plateau,
        plateau_patience=config.plateau_patience,
        plateau_cooldown=config.plateau_cooldown,
        thresholds=config.thresholds,
        early_stop_patience=config.early_stop_patience,
        monitor_truth=has_truth and config.monitor in ("val_f1", *(["auto"] if model.criterion is None else [])),
        has_truth=has_truth,
    )


def make_hyper(config: Config) -> Hyper:
    """Return the traced part of a config; numpy scalars of fixed type, as a Python float is a second trace."""
    numbers: dict[str, Any] = {name: np.float32(getattr(config, name)) for name in Hyper._fields if name != "seed"}
    numbers["seed"] = np.uint32(config.seed)
    return Hyper(**numbers)

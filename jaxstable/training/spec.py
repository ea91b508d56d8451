"""The border between the user's flat config and the compiled program: static spec, traced numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import optax
from jax import Array

from jaxstable.config import Config
from jaxstable.models.base import CONFIG_TERMS, Model

# From the traced numbers of a step, its learning rate among them, to the transform that takes it.
Optimizer = Callable[["Hyper"], optax.GradientTransformation]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Spec:
    """Hold what the compiled program is made for: hashable, a new value compiles anew."""

    model: Model
    n_vars: int
    muted: tuple[str, ...]  # loss terms of weight 0, which are not part of the program
    batch_size: int
    optimizer: str | Optimizer
    clip_spikes: bool
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
    clip_spikes: Array
    plateau_factor: Array
    plateau_threshold: Array
    plateau_min_lr: Array
    lambda_recon: Array
    lambda_sparse: Array
    lambda_acyclic: Array
    lambda_disen: Array
    seed: Array  # uint32
    weights: Mapping[str, Array]  # of the terms that a model names itself


def make_spec(
    config: Config,
    model: Model,
    n_vars: int,
    has_truth: bool,
    n_examples: int | None = None,
    optimizer: Optimizer | None = None,
) -> Spec:
    """Return the static part of a config for data of `n_vars` variables.

    Args:
        config: Every choice of the run.
        model: The model.
        n_vars: Number of variables.
        has_truth: Whether the true graph is known.
        n_examples: Examples to train on; a batch that could hold more would be padding.
        optimizer: A transform of the user's own in place of the one that the config names.
    """
    return Spec(
        model=model._replace(weights=()),  # they are traced numbers
        n_vars=n_vars,
        muted=tuple(name for name, weight in weights_of(make_hyper(config, model)).items() if weight == 0),
        batch_size=config.batch_size if n_examples is None else min(config.batch_size, n_examples),
        optimizer=optimizer or config.optimizer,
        clip_spikes=optimizer is None and config.clip_spikes > 0,
        lr_schedule=config.lr_schedule,
        plateau=config.plateau,
        plateau_patience=config.plateau_patience,
        plateau_cooldown=config.plateau_cooldown,
        thresholds=config.thresholds,
        early_stop_patience=config.early_stop_patience,
        monitor_truth=has_truth and config.monitor in ("val_f1", *(["auto"] if model.criterion is None else [])),
        has_truth=has_truth,
    )


def make_hyper(config: Config, model: Model | None = None) -> Hyper:
    """Return the traced part of a config; numpy scalars of fixed type, as a Python float is a second trace.

    Args:
        config: Every choice of the run.
        model: A model that names loss terms of its own, with their weights.
    """
    traced = [name for name in Hyper._fields if name not in ("seed", "weights")]
    numbers: dict[str, Any] = {name: np.float32(getattr(config, name)) for name in traced}
    own = {name: np.float32(weight) for name, weight in (model.weights if model else ())}
    return Hyper(**numbers, seed=np.uint32(config.seed), weights=own)  # pyright: ignore[reportArgumentType]


def weights_of(hyper: Hyper) -> dict[str, Array]:
    """Return the weight of every loss term by its name: ``lambda_<name>`` of the config, or the model's own."""
    return {name: getattr(hyper, f"lambda_{name}") for name in CONFIG_TERMS} | dict(hyper.weights)

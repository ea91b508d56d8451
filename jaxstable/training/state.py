"""What a run carries from epoch to epoch: arrays only, so that a checkpoint of it is the whole run."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike

from jaxstable.models.base import Model, Params
from jaxstable.training.optimizer import make_optimizer
from jaxstable.training.plateau import scale_by_plateau
from jaxstable.training.spec import Hyper, Spec

LAST_RATE = 0.05  # share of the learning rate that a cosine schedule ends with


class Status(enum.IntEnum):
    """Say how a lane stands; a lane that is not RUNNING is frozen."""

    RUNNING = 0
    FINISHED = 1
    EARLY_STOPPED = 2
    DIVERGED = 3
    INTERRUPTED = 4


class TrainState(NamedTuple):
    """Hold what a step changes: the parameters as ONE vector, and the optimiser's state.

    One vector makes clipping, Adam and the finite guard one fused operation each instead of one per layer,
    which is worth a quarter of a small model's step on the CPU.
    """

    params: Array  # float32 [n_params]
    opt_state: Any  # optax's, a tuple of the chain's states; the last is the PlateauState


class RunState(NamedTuple):
    """Hold a whole run between two epochs."""

    train: TrainState
    best_params: Array  # float32 [n_params]
    best_score: Array  # float32, what is monitored; lower is better
    stale: Array  # int32, evaluations since the best
    epoch: Array  # int32, epochs done
    status: Array  # int32, a Status


def unraveler(model: Model, n_vars: int) -> Callable[[Array], Params]:
    """Return the function from a parameter vector to the model's own pytree."""
    template = jax.eval_shape(lambda: model.init(jax.random.key(0), n_vars))
    return ravel_pytree(jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), template))[1]


def optimizer_of(spec: Spec, hyper: Hyper, progress: ArrayLike = 0.0) -> optax.GradientTransformation:
    """Return the optimiser of a run at one step; the last element of its state is a `PlateauState`."""
    learning_rate = scheduled(spec, hyper, progress)
    if not isinstance(spec.optimizer, str):
        return optax.chain(spec.optimizer(hyper._replace(learning_rate=learning_rate)), scale_by_plateau())
    spikes = hyper.clip_spikes if spec.clip_spikes else None
    return make_optimizer(spec.optimizer, learning_rate, hyper.weight_decay, hyper.clip_norm, spikes)


def scheduled(spec: Spec, hyper: Hyper, progress: ArrayLike) -> Array:
    """Return the learning rate when a share of the run is done, before the plateau's scale."""
    if spec.lr_schedule == "constant":
        return hyper.learning_rate
    return hyper.learning_rate * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + jnp.cos(jnp.pi * progress)))


def init_state(spec: Spec, hyper: Hyper, params: Params | None = None) -> RunState:
    """Return the state before the first epoch; without `params` the model draws them from the run's seed."""
    if params is None:
        key_init, _ = run_keys(hyper.seed)
        params = spec.model.init(key_init, spec.n_vars)
    vector = ravel_pytree(params)[0]
    return RunState(
        train=TrainState(vector, optimizer_of(spec, hyper).init(vector)),
        best_params=vector,
        best_score=jnp.float32(jnp.inf),
        stale=jnp.int32(0),
        epoch=jnp.int32(0),
        status=jnp.int32(Status.RUNNING),
    )


def run_keys(seed: Array) -> tuple[Array, Array]:
    """Return the keys of initialisation and of the epochs; they depend on nothing but the run's own seed."""
    key = jax.random.key(seed)
    return jax.random.fold_in(key, 0), jax.random.fold_in(key, 1)

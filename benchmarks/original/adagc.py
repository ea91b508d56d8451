"""AdaGC, clipping of each parameter by the size of its own gradients, for the ablation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.flatten_util import ravel_pytree

from jaxstable.models.base import Params
from jaxstable.training.optimizer import make_optimizer
from jaxstable.training.spec import Hyper

RELATIVE, MEMORY, WARM_UP = 1.05, 0.98, 100  # as the paper has them
WARM_UP_NORM = 1.0  # largest global norm in the warm-up


class AdaState(NamedTuple):
    """Hold the number of steps and the moving norm of each parameter's clipped gradients."""

    count: Array
    norms: Params


def adagc(unravel: Callable[[Array], Params]) -> optax.GradientTransformation:
    """Clip each parameter's gradient to 1.05 times the moving norm of its own clipped ones.

    Args:
        unravel: From the vector of all parameters to the parameters.

    Reference:
        Wang et al., AdaGC: Improving Training Stability for Large Language Model Pretraining, 2025, algorithm 1.
    """

    def init(params: Array) -> AdaState:
        return AdaState(jnp.int32(0), jax.tree.map(lambda _: jnp.float32(1e30), unravel(params)))

    def update(updates: Array, state: AdaState, params: Any = None) -> tuple[Array, AdaState]:
        del params
        tree, early = unravel(updates), state.count < WARM_UP
        whole = jnp.minimum(1.0, WARM_UP_NORM / jnp.maximum(optax.tree.norm(updates), 1e-30))

        def clipped(grad: Array, norm: Array) -> Array:
            own = jnp.minimum(1.0, RELATIVE * norm / jnp.maximum(optax.tree.norm(grad), 1e-30))
            return grad * jnp.where(early, whole, own)

        def followed(grad: Array, norm: Array) -> Array:
            size = optax.tree.norm(grad)
            return jnp.where(early, jnp.minimum(norm, size), MEMORY * norm + (1.0 - MEMORY) * size)

        tree = jax.tree.map(clipped, tree, state.norms)
        norms = jax.tree.map(followed, tree, state.norms)
        return ravel_pytree(tree)[0], AdaState(state.count + 1, norms)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]


def behind_adagc(optimizer: str, unravel: Callable[[Array], Params]) -> Callable[[Hyper], optax.GradientTransformation]:
    """Return a run's own optimiser with AdaGC before it."""

    def made(hyper: Hyper) -> optax.GradientTransformation:
        own = make_optimizer(optimizer, hyper.learning_rate, hyper.weight_decay, hyper.clip_norm)
        return optax.chain(adagc(unravel), own)

    return made

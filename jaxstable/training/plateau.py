"""Lower the learning rate when an evaluated metric stops improving; every number may be traced."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.typing import ArrayLike

TORCH_EPS = 1e-8  # torch ignores a reduction that changes the learning rate by no more than this


class PlateauState(NamedTuple):
    """Hold the factor on the updates and what decides about it; all scalars."""

    scale: Array  # float32, product of all reductions so far
    best: Array  # float32, lowest value seen
    stale: Array  # int32, evaluations since progress
    cooldown: Array  # int32, evaluations left to wait


def scale_by_plateau() -> optax.GradientTransformation:
    """Multiply updates by the state's scale, which `observe` lowers once per evaluation.

    Chained after Adam with decoupled decay it scales the decay too, as a smaller learning rate does in torch.

    Returns:
        A transform whose state is a `PlateauState`.

    Example:
        >>> tx = scale_by_plateau()
        >>> state = tx.init(jnp.zeros(2))
        >>> tx.update(jnp.ones(2), state._replace(scale=jnp.float32(0.5)))[0]
        Array([0.5, 0.5], dtype=float32)
    """

    def init(params: optax.Params) -> PlateauState:
        del params
        return PlateauState(jnp.float32(1.0), jnp.float32(jnp.inf), jnp.int32(0), jnp.int32(0))

    def update(updates, state, params=None):
        del params
        return jax.tree.map(lambda u: u * state.scale, updates), state

    return optax.GradientTransformation(init, update)


def observe(
    state: PlateauState,
    value: ArrayLike,
    *,
    learning_rate: ArrayLike,
    factor: ArrayLike = 0.5,
    patience: ArrayLike = 3,
    cooldown: ArrayLike = 1,
    threshold: ArrayLike = 1e-4,
    relative: bool = True,
    min_lr: ArrayLike = 0.0,
) -> PlateauState:
    """Take in one evaluated value (lower is better) and reduce the scale after `patience` + 1 without progress.

    Progress is value < best - threshold |best|, or value < best - threshold if not `relative`. NaN and inf are no
    progress. The rules, their order and the ignored tiny reductions are those of
    ``torch.optim.lr_scheduler.ReduceLROnPlateau(mode="min")``, but for one: torch's bar, best (1 - threshold), lies
    ABOVE a negative best (pytorch issue 47513), so that a loss which stands still or rises slowly would be progress
    for ever. For a best of at least 0 both bars are the same number.

    Args:
        state: State before the evaluation.
        value: The metric, any float.
        learning_rate: The learning rate that the scale multiplies, > 0.
        factor: Multiplier of a reduction, in (0, 1).
        patience: Evaluations without progress that are tolerated.
        cooldown: Evaluations after a reduction during which none is counted.
        threshold: Least change that counts as progress, >= 0.
        relative: Whether the threshold is relative to the best value.
        min_lr: Learning rate below which no reduction goes.

    Returns:
        The state after the evaluation.

    Example:
        >>> state = scale_by_plateau().init(None)
        >>> for value in (1.0, 1.0, 1.0):
        ...     state = observe(state, value, learning_rate=0.1, patience=1)
        >>> float(state.scale)
        0.5
    """
    value = jnp.asarray(value, jnp.float32)
    # A product, as in torch: best - threshold * |best| would be NaN at the start, where best is infinite.
    sign_of_best = jnp.where(state.best < 0, -1.0, 1.0)
    bar = state.best * (1.0 - sign_of_best * threshold) if relative else state.best - threshold
    progress = value < bar
    best = jnp.where(progress, value, state.best)
    stale = jnp.where(progress, 0, state.stale + 1)
    cooling = state.cooldown > 0
    wait = jnp.where(cooling, state.cooldown - 1, state.cooldown)
    stale = jnp.where(cooling, 0, stale)
    due = stale > patience
    lr = learning_rate * state.scale
    reduced = jnp.maximum(lr * factor, min_lr)
    scale = jnp.where(due & (lr - reduced > TORCH_EPS), reduced / learning_rate, state.scale)
    return PlateauState(
        scale=jnp.asarray(scale, jnp.float32),
        best=best,
        stale=jnp.where(due, 0, stale).astype(jnp.int32),
        cooldown=jnp.where(due, cooldown, wait).astype(jnp.int32),
    )

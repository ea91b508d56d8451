"""The steps of an epoch: shuffle, weigh the loss terms, follow their gradient, undo what is not finite."""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jaxstable.models.base import LossTerms, Params, terms_of
from jaxstable.training.spec import Hyper, Spec, weights_of
from jaxstable.training.state import TrainState, init_state, optimizer_of, unraveler


class StepInfo(NamedTuple):
    """Observe one step; float32 scalars but for the flags."""

    loss: Array
    terms: LossTerms
    grad_norm: Array  # before clipping
    clipped: Array  # bool, the norm was above the cap
    spiked: Array | None  # bool, clipped as a spike; None where spikes are not looked for
    skipped: Array  # bool, the step was not finite and has been undone


def total_loss(terms: Mapping[str, Array], weights: Mapping[str, Array], muted: Collection[str] = ()) -> Array:
    """Return the weighted sum of the terms, in their order; a muted one is not in it at all.

    Args:
        terms: Scalars by name.
        weights: Their weights, at least of every term that is not muted.
        muted: Terms of weight 0. Left out, they are not differentiated either: a gradient that is NaN stays NaN
            under a weight of 0, and no `where` on the value stops it.
    """
    # Without the `where` XLA fuses products and sum into one rounding, and the loss is not that of the first release.
    weighted = [
        jnp.where(weights[name] > 0, weights[name] * term, 0.0) for name, term in terms.items() if name not in muted
    ]
    return functools.reduce(operator.add, weighted) if weighted else jnp.float32(0.0)


def shuffled(key: Array, n_examples: int, batch_size: int) -> Array:
    """Return a random order of the examples, int32 ``[steps, batch_size]``; -1 pads the last step."""
    n_steps = -(-n_examples // batch_size)
    order = jax.random.permutation(key, jnp.arange(n_examples, dtype=jnp.int32))
    padding = jnp.full(n_steps * batch_size - n_examples, -1, jnp.int32)
    return jnp.concatenate([order, padding]).reshape(n_steps, batch_size)


class Span(NamedTuple):
    """Say which part of the run an epoch is: where it begins and how long it is, as shares of the whole."""

    begin: Array | float = 0.0
    length: Array | float = 0.0


WHOLE = Span()


def order_of(spec: Spec, key: Array, n_examples: int) -> Array:
    """Return the batches of one epoch: all examples once, or the whole data in every step if the model wants that."""
    if spec.model.epoch_steps is not None:
        return jnp.zeros((spec.model.epoch_steps, 1), jnp.int32)
    return shuffled(key, n_examples, spec.batch_size)


def train_epoch(
    spec: Spec, hyper: Hyper, state: TrainState, inputs: Any, order: Array, key: Array, span: Span = WHOLE
) -> tuple[TrainState, StepInfo]:
    """Take one optimiser step per row of `order`.

    A step whose loss or new state is not finite is undone: the old parameters and the old optimiser state stay.

    Args:
        spec: Static part of the config.
        hyper: Traced part of the config.
        state: Parameters and optimiser state.
        inputs: What the model trains on.
        order: int32 ``[steps, batch]`` example indices, -1 = padding.
        key: Key of the epoch, for models that draw noise.
        span: Which part of the run this epoch is, for schedules.

    Returns:
        The new state, and a `StepInfo` whose leaves have a leading steps axis.
    """
    model, unravel, weights = spec.model, unraveler(spec.model, spec.n_vars), weights_of(hyper)

    def step(state: TrainState, step_index: Array) -> tuple[TrainState, StepInfo]:
        batch = model.batch(inputs, order[step_index])
        progress = jnp.float32(span.begin + span.length * step_index / order.shape[0])
        optimizer: Any = optimizer_of(spec, hyper, progress)  # optax leaves the type of its state open

        def objective(vector: Array) -> tuple[Array, LossTerms]:
            terms = terms_of(model, unravel(vector), batch, jax.random.fold_in(key, step_index), progress)
            return total_loss(terms, weights, spec.muted), terms

        (loss, terms), grads = jax.value_and_grad(objective, has_aux=True)(state.params)
        updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
        new = TrainState(state.params + updates, opt_state)
        norm = optax.tree.norm(grads)
        finite = jnp.isfinite(loss) & jnp.isfinite(norm) & still_finite(spec, state, new)
        spiked = opt_state[0].spiked if spec.clip_spikes else None
        info = StepInfo(loss, terms, norm, norm > hyper.clip_norm, spiked, ~finite)
        return jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, state), info

    return lax.scan(step, state, jnp.arange(order.shape[0]))


def train_unwatched(spec: Spec, hyper: Hyper, inputs: Any, steps: int) -> Params:
    """Train from the beginning to the end of a run in one go, and return the last parameters.

    Its steps are those of `train_epoch`; nothing is held out, validated or stopped early. For models that see all
    their data in every step.

    Args:
        spec: Static part of the config.
        hyper: Traced part of the config.
        inputs: What the model trains on.
        steps: Length of the run.
    """
    state, order = init_state(spec, hyper).train, jnp.zeros((steps, 1), jnp.int32)
    state, _ = train_epoch(spec, hyper, state, inputs, order, jax.random.key(hyper.seed), Span(0.0, 1.0))
    return unraveler(spec.model, spec.n_vars)(state.params)


def still_finite(spec: Spec, before: TrainState, after: TrainState) -> Array:
    """Return whether a step has left parameters and optimiser finite."""
    was, now = before.opt_state[:-1], after.opt_state[:-1]  # the last, the plateau's, starts with an infinite best
    if not isinstance(spec.optimizer, str):
        # What a transform of the user's own holds may be infinite from the start, as the plateau's best is.
        now = jax.tree.map(lambda a, b: jnp.where(jnp.isfinite(a), b, 0), was, now)
    return all_finite(after.params, now)


def all_finite(*trees: Any) -> Array:
    """Return whether every float of some pytrees is finite."""
    floats = [leaf for leaf in jax.tree.leaves(trees) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    # A sum of zeros is NaN as soon as one entry is not finite; it fuses better than isfinite on every leaf, and one
    # sum for all leaves of a shape better than one for each.
    shapes = dict.fromkeys(leaf.shape for leaf in floats)
    zeros = (sum(leaf * 0.0 for leaf in floats if leaf.shape == shape) for shape in shapes)
    return jnp.isfinite(sum(jnp.sum(zero) for zero in zeros))

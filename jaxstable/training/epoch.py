"""One epoch of one lane: the steps, the evaluation and the decisions, as a pure function."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from jaxstable.models.base import LossTerms
from jaxstable.training.decide import decide
from jaxstable.training.evaluate import Evaluation, evaluate
from jaxstable.training.spec import Hyper, Spec
from jaxstable.training.state import RunState, Status, run_keys, scheduled
from jaxstable.training.step import Span, order_of, train_epoch


class EpochInfo(NamedTuple):
    """Observe one epoch; what the health record is made of."""

    loss: Array
    terms: LossTerms
    grad_norm: Array
    grad_norm_max: Array
    clip_ratio: Array  # share of the steps whose gradient was clipped
    spikes: Array | None  # int32, steps whose gradient was clipped as a spike; None where none are looked for
    skipped_steps: Array  # int32
    learning_rate: Array  # during the epoch
    evaluation: Evaluation | None
    status: Array  # int32, after the epoch
    active: Array  # bool, false if the lane was frozen and nothing above counts


def run_epoch(
    spec: Spec,
    hyper: Hyper,
    state: RunState,
    train_inputs: Any,
    val_inputs: Any,
    truth: Array | None,
    epochs: ArrayLike = 1.0,
    *,
    evaluated: bool = True,
    order: Array | None = None,
) -> tuple[RunState, EpochInfo]:
    """Train one epoch, evaluate it, and decide about the learning rate, the best state and stopping.

    A lane that is not RUNNING comes back unchanged.

    Args:
        spec: Static part of the config.
        hyper: Traced part of the config.
        state: The run so far.
        train_inputs: Training windows.
        val_inputs: Validation windows.
        truth: True graph, bool ``[cause, effect]``, or None.
        epochs: Epochs of the whole run, for schedules.
        evaluated: Whether this epoch ends with an evaluation (static).
        order: Order of the examples; None shuffles by the run's seed and epoch.

    Returns:
        The run after the epoch, and what was observed.
    """
    key = jax.random.fold_in(run_keys(hyper.seed)[1], state.epoch)
    key_order, key_steps, key_evaluation = (jax.random.fold_in(key, purpose) for purpose in range(3))

    @jax.jit  # one trace serves the branch and the shapes of what a frozen lane leaves blank
    def live(state: RunState) -> tuple[RunState, EpochInfo]:
        rows = order_of(spec, key_order, len(train_inputs)) if order is None else order
        span = Span(jnp.float32(state.epoch / epochs), jnp.float32(1.0 / jnp.float32(epochs)))
        train, steps = train_epoch(spec, hyper, state.train, train_inputs, rows, key_steps, span)
        learning_rate = scheduled(spec, hyper, span.begin) * train.opt_state[-1].scale
        new = state._replace(train=train, epoch=state.epoch + 1)
        evaluation = None
        if evaluated:
            evaluation = evaluate(spec, hyper, train.params, train_inputs, val_inputs, truth, key_evaluation)
            new, evaluation = decide(spec, hyper, new, evaluation)
        n_skipped = jnp.sum(steps.skipped)
        diverged = 2 * n_skipped > rows.shape[0]
        new = new._replace(status=jnp.where(diverged, jnp.int32(Status.DIVERGED), new.status))
        return new, EpochInfo(
            loss=_mean_of_kept(steps.loss, steps.skipped),
            terms=jax.tree.map(lambda term: _mean_of_kept(term, steps.skipped), steps.terms),
            grad_norm=_mean_of_kept(steps.grad_norm, steps.skipped),
            grad_norm_max=jnp.max(jnp.where(steps.skipped, -jnp.inf, steps.grad_norm)),
            clip_ratio=_mean_of_kept(steps.clipped, steps.skipped),
            spikes=None if steps.spiked is None else jnp.sum(steps.spiked & ~steps.skipped),
            skipped_steps=n_skipped,
            learning_rate=learning_rate,
            evaluation=evaluation,
            status=new.status,
            active=jnp.bool_(True),
        )

    def frozen(state: RunState) -> tuple[RunState, EpochInfo]:
        blank = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(live, state)[1])
        return state, blank._replace(status=state.status)

    # A real branch where lanes run one after the other; vmap turns it into a select.
    return lax.cond(state.status == Status.RUNNING, live, frozen, state)


def _mean_of_kept(values: Array, skipped: Array) -> Array:
    """Return the mean over the steps that were not undone; NaN if there is none."""
    kept = jnp.sum(~skipped)
    return jnp.where(kept > 0, jnp.sum(jnp.where(skipped, 0.0, values)) / jnp.maximum(kept, 1), jnp.nan)

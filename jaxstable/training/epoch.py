"""One epoch of one lane: the steps, the evaluation and the decisions, as a pure function."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax
from jax.typing import ArrayLike

from jaxstable.graph import thresholds
from jaxstable.models.base import LossTerms
from jaxstable.training import plateau
from jaxstable.training.spec import Hyper, Spec
from jaxstable.training.state import RunState, Status, TrainState, optimizer_of, run_keys, scheduled, unraveler

EVALUATION_BATCH = 64  # windows per forward pass of the evaluation; their activations fit a core's cache


class StepInfo(NamedTuple):
    """Observe one step; float32 scalars but for the flags."""

    loss: Array
    terms: LossTerms
    grad_norm: Array  # before clipping
    clipped: Array  # bool
    skipped: Array  # bool, the step was not finite and has been undone


class Evaluation(NamedTuple):
    """Observe one evaluation on the validation windows; NaN where there is no true graph."""

    loss: Array
    terms: LossTerms
    f1: Array
    shd: Array
    edge_count: Array  # int32
    threshold: Array
    grad_to_adjacency: LossTerms  # gradient norm of each unweighted term in the adjacency's parameters
    new_best: Array  # bool


class EpochInfo(NamedTuple):
    """Observe one epoch; what the health record is made of."""

    loss: Array
    terms: LossTerms
    grad_norm: Array
    grad_norm_max: Array
    clip_ratio: Array  # share of the steps whose gradient was clipped
    skipped_steps: Array  # int32
    learning_rate: Array  # during the epoch
    evaluation: Evaluation | None
    status: Array  # int32, after the epoch
    active: Array  # bool, false if the lane was frozen and nothing above counts


def total_loss(terms: LossTerms, hyper: Hyper) -> Array:
    """Return the weighted sum of the four terms; a term of weight 0 does not count, even if it is NaN."""
    weights = (hyper.lambda_recon, hyper.lambda_sparse, hyper.lambda_acyclic, hyper.lambda_disen)
    weighted = [jnp.where(weight > 0, weight * term, 0.0) for weight, term in zip(weights, terms, strict=True)]
    recon, sparse, acyclic, disen = weighted
    return recon + sparse + acyclic + disen


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
    model, unravel = spec.model, unraveler(spec.model, spec.n_vars)

    def step(state: TrainState, step_index: Array) -> tuple[TrainState, StepInfo]:
        batch = model.batch(inputs, order[step_index])
        progress = jnp.float32(span.begin + span.length * step_index / order.shape[0])
        optimizer: Any = optimizer_of(spec, hyper, progress)  # optax leaves the type of its state open

        def objective(vector: Array) -> tuple[Array, LossTerms]:
            terms = model.loss(unravel(vector), batch, jax.random.fold_in(key, step_index), progress)
            return total_loss(terms, hyper), terms

        (loss, terms), grads = jax.value_and_grad(objective, has_aux=True)(state.params)
        updates, opt_state = optimizer.update(grads, state.opt_state, state.params)
        new = TrainState(state.params + updates, opt_state)
        norm = optax.tree.norm(grads)
        # The plateau's state, the last, starts with an infinite best value.
        finite = jnp.isfinite(loss) & jnp.isfinite(norm) & all_finite(new.params, opt_state[:-1])
        info = StepInfo(loss, terms, norm, norm > hyper.clip_norm, ~finite)
        return jax.tree.map(lambda a, b: jnp.where(finite, a, b), new, state), info

    return lax.scan(step, state, jnp.arange(order.shape[0]))


def all_finite(*trees: Any) -> Array:
    """Return whether every float of some pytrees is finite."""
    floats = [leaf for leaf in jax.tree.leaves(trees) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    # A sum of zeros is NaN as soon as one entry is not finite; it fuses better than isfinite on every leaf.
    return jnp.isfinite(sum(jnp.sum(leaf * 0.0) for leaf in floats))


def evaluate(
    spec: Spec, hyper: Hyper, params: Array, train_inputs: Any, inputs: Any, truth: Array | None, key: Array
) -> Evaluation:
    """Measure a parameter vector on the validation inputs and sweep the thresholds over its adjacency.

    Args:
        spec: Static part of the config.
        hyper: Traced part of the config.
        params: Parameter vector.
        train_inputs: What the model was trained on; its own criterion for thresholds reads them.
        inputs: Validation inputs.
        truth: True graph, bool ``[cause, effect]``, or None.
        key: Key of the evaluation.
    """
    model, unravel = spec.model, unraveler(spec.model, spec.n_vars)
    tree = unravel(params)
    n_examples = len(inputs)
    size = min(EVALUATION_BATCH, n_examples)
    n_batches = -(-n_examples // size)
    index = jnp.arange(n_batches * size, dtype=jnp.int32).reshape(n_batches, size)
    index = jnp.where(index < n_examples, index, -1)

    def batch_terms(row: Array) -> LossTerms:
        return model.loss(tree, model.batch(inputs, row), key, jnp.float32(1.0))

    share = jnp.sum(index >= 0, axis=1).astype(jnp.float32) / n_examples
    terms = jax.tree.map(lambda term: jnp.sum(term * share), lax.map(batch_terms, index))

    lagged = model.adjacency(tree)
    grid, worth = jnp.linspace(0.0, 1.0, spec.thresholds), None
    if model.criterion is not None and not spec.monitor_truth:
        worth = model.criterion(tree, train_inputs, grid)
        lagged = lagged.at[0].set(thresholds.stronger_directions(lagged[0]))
    sweep = thresholds.sweep(summary_adjacency(lagged), grid, truth, instantaneous=lagged[0])
    # A choice by label is made only where the run follows the true graph.
    seen = sweep if spec.monitor_truth else sweep._replace(f1=jnp.full_like(grid, jnp.nan))
    chosen = thresholds.choose(seen, worth)
    return Evaluation(
        loss=total_loss(terms, hyper),
        terms=terms,
        f1=sweep.f1[chosen],
        shd=sweep.shd[chosen],
        edge_count=sweep.edge_count[chosen],
        threshold=sweep.thresholds[chosen],
        grad_to_adjacency=audit(spec, tree, model.batch(inputs, index[0, : spec.batch_size]), key),
        new_best=jnp.bool_(False),
    )


def summary_adjacency(lagged: Array) -> Array:
    """Return the strongest lag of every edge, ``[lag, cause, effect]`` to ``[cause, effect]``, without self loops."""
    return jnp.max(lagged, axis=0) * (1.0 - jnp.eye(lagged.shape[-1]))


def audit(spec: Spec, params: Any, batch: Any, key: Array) -> LossTerms:
    """Return how much of each unweighted loss term's gradient reaches the adjacency's parameters, as norms."""

    terms, pull_back = jax.vjp(lambda p: jnp.stack(spec.model.loss(p, batch, key, jnp.float32(1.0))), params)
    # One backward pass for all terms, not one each: it compiles in a quarter of the time.
    grads = jax.vmap(pull_back)(jnp.eye(len(terms), dtype=terms.dtype))[0]
    return LossTerms(*jax.vmap(optax.tree.norm)(spec.model.structure(grads)))


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


def decide(spec: Spec, hyper: Hyper, state: RunState, evaluation: Evaluation) -> tuple[RunState, Evaluation]:
    """Let one evaluation lower the learning rate, become the best state or stop the run."""
    score = (1.0 - evaluation.f1 if spec.monitor_truth else evaluation.loss).astype(jnp.float32)
    new_best = score < state.best_score
    stale = jnp.where(new_best, 0, state.stale + 1)
    if spec.plateau:
        observed = plateau.observe(
            state.train.opt_state[-1],
            score,
            learning_rate=hyper.learning_rate,
            factor=hyper.plateau_factor,
            patience=spec.plateau_patience,
            cooldown=spec.plateau_cooldown,
            threshold=hyper.plateau_threshold,
            min_lr=hyper.plateau_min_lr,
        )
        state = state._replace(train=state.train._replace(opt_state=(*state.train.opt_state[:-1], observed)))
    stopped = stale >= spec.early_stop_patience
    state = state._replace(
        best_params=jnp.where(new_best, state.train.params, state.best_params),
        best_score=jnp.where(new_best, score, state.best_score),
        stale=stale,
        status=jnp.where(stopped, jnp.int32(Status.EARLY_STOPPED), state.status),
    )
    return state, evaluation._replace(new_best=new_best)


def _mean_of_kept(values: Array, skipped: Array) -> Array:
    """Return the mean over the steps that were not undone; NaN if there is none."""
    kept = jnp.sum(~skipped)
    return jnp.where(kept > 0, jnp.sum(jnp.where(skipped, 0.0, values)) / jnp.maximum(kept, 1), jnp.nan)

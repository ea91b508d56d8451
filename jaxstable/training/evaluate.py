"""What an evaluation measures: the held-out loss, the thresholds of the graph, and who moves the adjacency."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax

from jaxstable.graph import thresholds
from jaxstable.models.base import LossTerms, Params, terms_of
from jaxstable.training.spec import Hyper, Spec, weights_of
from jaxstable.training.state import unraveler
from jaxstable.training.step import total_loss

EVALUATION_BATCH = 64  # windows per forward pass of the evaluation; their activations fit a core's cache


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
    index = batches(len(inputs))
    terms = mean_terms(spec, tree, inputs, index, key)

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
        loss=total_loss(terms, weights_of(hyper), spec.muted),
        terms=terms,
        f1=sweep.f1[chosen],
        shd=sweep.shd[chosen],
        edge_count=sweep.edge_count[chosen],
        threshold=sweep.thresholds[chosen],
        grad_to_adjacency=audit(spec, tree, model.batch(inputs, index[0, : spec.batch_size]), key, tuple(terms)),
        new_best=jnp.bool_(False),
    )


def summary_adjacency(lagged: Array) -> Array:
    """Return the strongest lag of every edge, ``[lag, cause, effect]`` to ``[cause, effect]``, without self loops."""
    return jnp.max(lagged, axis=0) * (1.0 - jnp.eye(lagged.shape[-1]))


def audit(spec: Spec, params: Params, batch: Any, key: Array, names: Sequence[str]) -> LossTerms:
    """Return how much of each unweighted loss term's gradient reaches the adjacency's parameters, as norms."""

    def norms_of(names: Sequence[str]) -> Array:
        def values(params: Params) -> Array:
            terms = terms_of(spec.model, params, batch, key, jnp.float32(1.0))
            return jnp.stack([terms[name] for name in names])

        terms, pull_back = jax.vjp(values, params)
        # One backward pass for all terms, not one each: it compiles in a quarter of the time.
        grads = jax.vmap(pull_back)(jnp.eye(len(names), dtype=terms.dtype))[0]
        return jax.vmap(optax.tree.norm)(spec.model.structure(grads))

    counted = [name for name in names if name not in spec.muted]
    norms = dict(zip(counted, norms_of(counted), strict=True)) if counted else {}
    # A muted term may have a NaN gradient, which a shared pass would spread to the others.
    norms |= {name: norms_of([name])[0] for name in names if name in spec.muted}
    return LossTerms({name: norms[name] for name in names})


def batches(n_examples: int) -> Array:
    """Return the examples in order, int32 ``[batches, size]``; -1 pads the last batch."""
    size = min(EVALUATION_BATCH, n_examples)
    n_batches = -(-n_examples // size)
    index = jnp.arange(n_batches * size, dtype=jnp.int32).reshape(n_batches, size)
    return jnp.where(index < n_examples, index, -1)


def mean_terms(spec: Spec, params: Params, inputs: Any, index: Array, key: Array) -> LossTerms:
    """Return the loss terms of all examples, as the mean over the batches by their sizes."""

    def batch_terms(row: Array) -> LossTerms:
        return terms_of(spec.model, params, spec.model.batch(inputs, row), key, jnp.float32(1.0))

    share = jnp.sum(index >= 0, axis=1).astype(jnp.float32) / len(inputs)
    return jax.tree.map(lambda term: jnp.sum(term * share), lax.map(batch_terms, index))


@functools.partial(jax.jit, static_argnums=0)
def held_out_loss(spec: Spec, hyper: Hyper, params: Array, inputs: Any) -> Array:
    """Return the weighted loss of a parameter vector on inputs that nothing has looked at."""
    tree, key = unraveler(spec.model, spec.n_vars)(params), jax.random.key(hyper.seed)
    return total_loss(mean_terms(spec, tree, inputs, batches(len(inputs)), key), weights_of(hyper), spec.muted)

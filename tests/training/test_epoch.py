"""The compiled epoch against a plain Python loop, and its shuffling."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from test_optimizer import reference
from toy_models import linear

from jaxstable.models.base import LossTerms
from jaxstable.training.problem import Problem
from jaxstable.training.spec import make_hyper
from jaxstable.training.state import init_state, unraveler
from jaxstable.training.step import shuffled, total_loss, train_epoch


@pytest.fixture(scope="module")
def problem(small_config, small_dataset):
    return Problem(small_config.replace(learning_rate=0.01, weight_decay=0.1), small_dataset, linear())


def test_epoch_equals_a_plain_loop(problem):
    config, windows = problem.config, problem.data.train
    hyper = make_hyper(config)
    state, key = init_state(problem.spec, hyper).train, jax.random.key(5)
    order = shuffled(jax.random.key(3), len(windows), config.batch_size)
    run = jax.jit(functools.partial(train_epoch, problem.spec))
    after, info = run(hyper, state, windows, order, key)

    unravel = unraveler(problem.model, problem.spec.n_vars)
    weights = np.float64([config.lambda_recon, config.lambda_sparse, config.lambda_acyclic, config.lambda_disen])
    params, grads, losses = state.params, [], []
    for index, row in enumerate(np.asarray(order)):
        starts = np.asarray(windows.starts)[row[row >= 0]]
        values, mask = (np.asarray(rows)[starts[:, None] + np.arange(windows.length)] for rows in _rows(windows))
        padding = [(0, len(row) - len(starts)), (0, 0), (0, 0)]
        batch = problem.model.batch(windows, jnp.asarray(row))
        np.testing.assert_array_equal(batch.windows.values, np.pad(values, padding))
        np.testing.assert_array_equal(batch.windows.mask, np.pad(mask, padding))

        def loss(vector, batch=batch, index=index):
            terms = problem.model.loss(unravel(vector), batch, jax.random.fold_in(key, index), jnp.float32(0.0))
            return sum(float(weight) * term for weight, term in zip(weights, terms.values(), strict=True))

        value, grad = jax.value_and_grad(loss)(params)
        losses.append(float(value))
        grads.append(np.asarray(grad))
        numbers = (config.learning_rate, config.weight_decay, config.clip_norm)
        path = reference("adamw", np.stack(grads), np.asarray(state.params), *numbers, np.ones(len(grads)))
        params = jnp.asarray(path[-1], jnp.float32)

    norms = np.linalg.norm(np.float64(grads), axis=1)
    np.testing.assert_allclose(info.loss, losses, rtol=1e-5)
    np.testing.assert_allclose(info.grad_norm, norms, rtol=1e-4)
    np.testing.assert_allclose(after.params, params, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(info.clipped, norms > config.clip_norm)
    assert not info.skipped.any()


def _rows(windows):
    return windows.values, windows.mask


@pytest.mark.parametrize(("n_examples", "batch_size"), [(35, 4), (8, 4), (3, 8), (1, 1)])
def test_every_example_is_taken_once(n_examples, batch_size):
    order = np.asarray(shuffled(jax.random.key(0), n_examples, batch_size))
    assert order.shape == (-(-n_examples // batch_size), batch_size)
    assert sorted(order[order >= 0]) == list(range(n_examples))
    assert (order[:-1] >= 0).all()


def test_total_is_the_weighted_sum_and_a_muted_term_is_not_in_it():
    terms = LossTerms(recon=jnp.float32(2.0), sparse=jnp.float32(3.0), acyclic=jnp.float32(5.0), ridge=jnp.float32(7.0))
    weights = {"recon": 1.0, "sparse": 10.0, "acyclic": 100.0, "ridge": 0.0, "of no term": jnp.nan}
    assert float(total_loss(terms, weights)) == 532.0
    spoilt = LossTerms(terms, ridge=jnp.float32(jnp.nan))
    assert float(total_loss(spoilt, weights, muted=("ridge",))) == 532.0
    assert np.isnan(total_loss(LossTerms(terms, recon=jnp.float32(jnp.nan)), weights))
    assert float(total_loss(terms, weights, muted=tuple(terms))) == 0.0

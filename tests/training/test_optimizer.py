"""The optimiser chain against a float64 reference written by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxstable.training.optimizer import make_optimizer


def reference(optimizer, grads, params, learning_rate, weight_decay, clip_norm, scales):
    """Clip, Adam (Kingma & Ba, 2015) with either decay, plateau scale; in float64."""
    params, first, second = params.astype(np.float64), 0.0, 0.0
    path = []
    for step, (grad, scale) in enumerate(zip(grads.astype(np.float64), scales, strict=True), 1):
        norm = np.sqrt(np.sum(grad**2))
        grad = grad if norm < clip_norm else grad * clip_norm / norm
        if optimizer == "adam":
            grad = grad + weight_decay * params
        first = 0.9 * first + 0.1 * grad
        second = 0.999 * second + 0.001 * grad**2
        update = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        if optimizer == "adamw":
            update = update + weight_decay * params
        params = params - scale * learning_rate * update
        path.append(params)
    return np.stack(path)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    sizes = 10.0 ** rng.uniform(-3, 3, (40, 1))  # about half of the gradients are clipped
    return (rng.normal(size=(40, 12)) * sizes).astype(np.float32), rng.normal(size=12).astype(np.float32)


def trajectory(optimizer, grads, params, scales, **numbers):
    def step(carry, inputs):
        params, state = carry
        grad, scale = inputs
        state = (*state[:-1], state[-1]._replace(scale=scale))
        updates, state = transform.update(grad, state, params)
        params = optax.apply_updates(params, updates)
        return (params, state), params

    transform = make_optimizer(optimizer, **numbers)
    start = (jnp.asarray(params), transform.init(jnp.asarray(params)))
    return jax.lax.scan(step, start, (jnp.asarray(grads), jnp.asarray(scales, jnp.float32)))[1]


@pytest.mark.parametrize("optimizer", ["adamw", "adam"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_chain_equals_the_reference(optimizer, weight_decay, problem):
    grads, params = problem
    scales = np.where(np.arange(40) < 20, 1.0, 0.25)
    numbers = {"learning_rate": 0.02, "weight_decay": weight_decay, "clip_norm": 1.5}
    found = trajectory(optimizer, grads, params, scales, **numbers)
    expected = reference(optimizer, grads, params, scales=scales, **numbers)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


def test_the_two_decays_differ(problem):
    grads, params = problem
    numbers = {"learning_rate": 0.02, "weight_decay": 0.3, "clip_norm": 1.5}
    ends = [trajectory(name, grads, params, np.ones(40), **numbers)[-1] for name in ("adamw", "adam")]
    assert np.abs(ends[0] - ends[1]).max() > 0.05


def test_numbers_are_traced_so_new_values_compile_nothing(problem):
    grads, params = problem

    @jax.jit
    def final(learning_rate, weight_decay, clip_norm):
        numbers = {"learning_rate": learning_rate, "weight_decay": weight_decay, "clip_norm": clip_norm}
        return trajectory("adamw", grads, params, np.ones(40), **numbers)[-1]

    ends = [final(*np.float32(numbers)) for numbers in ((0.01, 0.0, 1.0), (0.1, 0.2, 3.0), (1.0, 0.0, 1e-3))]
    assert final._cache_size() == 1
    assert not np.allclose(ends[0], ends[1])


def test_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="found 'sgd', expected 'adamw' or 'adam'"):
        make_optimizer("sgd", 0.1, 0.0, 1.0)

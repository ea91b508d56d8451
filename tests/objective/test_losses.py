"""The loss terms: values, masks, and finite gradients on inputs that break naive versions."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxstable.objective import losses
from jaxstable.objective.losses import gaussian_nll, masked_mse, sparsity

SHAPE = (4, 6, 3)


def arrays(seed: int):
    rng = np.random.default_rng(seed)
    prediction, target = rng.normal(size=(2, *SHAPE)).astype(np.float32)
    return prediction, target, rng.random(SHAPE) < 0.6


def disentanglement(blocks, weight=None):
    """The loss with samples in the second axis, as the reference below has them."""
    return losses.disentanglement(jnp.swapaxes(blocks, 1, 2), weight)


def reference_disentanglement(blocks: np.ndarray) -> float:
    """Pair by pair, as the original program goes about it."""
    z = (blocks - blocks.mean(1, keepdims=True)) / (blocks.std(1, ddof=1, keepdims=True) + 1e-8)
    pairs = itertools.combinations(z, 2)
    return sum(np.abs(np.corrcoef(np.hstack(pair), rowvar=False)).mean() for pair in pairs)


def assert_finite(function, *arguments):
    value, gradients = jax.jit(jax.value_and_grad(function, range(len(arguments))))(*arguments)
    assert np.isfinite(value)
    for gradient in gradients:
        assert np.isfinite(np.asarray(gradient)).all()
    return value, gradients


def test_masked_mse_is_the_mean_over_observed_entries():
    prediction, target, mask = arrays(0)
    expected = np.mean((prediction - target)[mask] ** 2)
    assert masked_mse(prediction, target, jnp.asarray(mask)) == pytest.approx(expected, rel=1e-5)
    as_float = jnp.asarray(mask, jnp.float32)
    assert masked_mse(prediction, target, as_float) == pytest.approx(expected, rel=1e-5)


def test_masked_mse_divides_by_a_traced_count():
    prediction, target, mask = arrays(1)
    total = np.sum((prediction - target)[mask] ** 2)
    found = jax.jit(masked_mse)(prediction, target, mask, jnp.float32(mask.size))
    assert found == pytest.approx(total / mask.size, rel=1e-5)
    assert jax.jit(masked_mse)(prediction, target, mask, jnp.float32(0.0)) == 0.0


@pytest.mark.parametrize("loss", ["mse", "nll"])
def test_nan_under_the_mask_changes_nothing(loss):
    prediction, target, mask = arrays(2)
    scale = np.full(SHAPE, 0.3, np.float32)
    dirty = [np.where(mask, array, np.nan) for array in (prediction, target, scale)]

    def mse(prediction, target, scale):
        return masked_mse(prediction, target, jnp.asarray(mask)) + 0.0 * jnp.sum(scale[:0])

    def nll(prediction, target, scale):
        return gaussian_nll(prediction, target, scale, jnp.asarray(mask))

    function = {"mse": mse, "nll": nll}[loss]
    value, gradients = assert_finite(function, *map(jnp.asarray, dirty))
    clean_value, clean_gradients = assert_finite(function, prediction, target, scale)
    assert value == clean_value
    for gradient, clean in zip(gradients, clean_gradients, strict=True):
        np.testing.assert_array_equal(gradient, clean)
        assert (np.asarray(gradient)[~mask] == 0).all()


def test_nothing_observed_gives_zero_and_zero_gradient():
    prediction, target, _ = arrays(3)
    mask = jnp.zeros(SHAPE)
    scale = jnp.zeros(SHAPE)
    for function, inputs in [
        (lambda p, t: masked_mse(p, t, mask), (prediction, target)),
        (lambda p, t, s: gaussian_nll(p, t, s, mask), (prediction, target, scale)),
    ]:
        value, gradients = assert_finite(function, *inputs)
        assert value == 0.0
        assert all((np.asarray(gradient) == 0).all() for gradient in gradients)


def test_gaussian_nll_equals_the_density():
    prediction, target, mask = arrays(4)
    log_scale = np.random.default_rng(4).normal(size=3).astype(np.float32)
    scale = np.broadcast_to(np.exp(log_scale), SHAPE)
    density = np.exp(-0.5 * ((target - prediction) / scale) ** 2) / (scale * np.sqrt(2 * np.pi))
    found = gaussian_nll(prediction, target, jnp.asarray(log_scale), jnp.asarray(mask))
    assert found == pytest.approx(-np.log(density)[mask].mean(), rel=1e-5)


@pytest.mark.parametrize("log_scale", [-1e30, -200.0, 200.0, 1e30])
def test_gaussian_nll_pulls_an_extreme_scale_back(log_scale):
    one = jnp.ones(5)
    _, gradients = assert_finite(lambda s: gaussian_nll(one, 0.0 * one, s, one), jnp.full(5, log_scale))
    assert (np.sign(np.asarray(gradients[0])) == np.sign(log_scale)).all()


def test_sparsity_is_the_mean_absolute_weight():
    weights = jnp.array([[[0.0, -3.0], [1.0, 0.0]]])
    value, (gradient,) = assert_finite(sparsity, weights)
    assert value == 1.0
    np.testing.assert_allclose(gradient, [[[0.0, -0.25], [0.25, 0.0]]])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2, 3, 5]), st.sampled_from([1, 4]))
def test_disentanglement_equals_the_pairs_one_by_one(seed, n_blocks, features):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(n_blocks * features, n_blocks * features))
    latents = rng.normal(size=(24, n_blocks * features)) @ mixing * 10.0 ** rng.integers(-2, 3)
    blocks = latents.reshape(24, n_blocks, features).swapaxes(0, 1) + rng.normal()
    found = jax.jit(disentanglement)(jnp.asarray(blocks, jnp.float32))
    assert found == pytest.approx(reference_disentanglement(blocks), rel=1e-4)


def test_disentanglement_gradient_equals_finite_differences():
    rng = np.random.default_rng(7)
    blocks = rng.normal(size=(3, 24, 4))
    gradient = jax.jit(jax.grad(disentanglement))(jnp.asarray(blocks, jnp.float32))
    for direction in rng.normal(size=(5, 3, 24, 4)):
        slope = reference_disentanglement(blocks + 1e-6 * direction)
        slope -= reference_disentanglement(blocks - 1e-6 * direction)
        assert np.sum(gradient * direction) == pytest.approx(slope / 2e-6, rel=1e-3, abs=1e-4)


def test_disentanglement_ignores_padding():
    rng = np.random.default_rng(8)
    blocks = rng.normal(size=(3, 24, 4)).astype(np.float32) + 5.0
    weight = np.ones(40, np.float32)
    weight[24:] = 0.0
    padded = np.concatenate([blocks, np.full((3, 16, 4), np.nan, np.float32)], axis=1)
    function = jax.jit(jax.value_and_grad(disentanglement))
    value, gradient = function(jnp.asarray(padded), jnp.asarray(weight))
    expected_value, expected = function(jnp.asarray(blocks))
    assert value == pytest.approx(float(expected_value), rel=1e-5)
    np.testing.assert_allclose(gradient[:, :24], expected, rtol=1e-3, atol=1e-6)
    assert (np.asarray(gradient[:, 24:]) == 0).all()


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.7, 1e6, 1e-20])
def test_disentanglement_of_constant_latents_is_zero(constant):
    blocks = jnp.full((3, 192, 4), constant)
    value, (gradient,) = assert_finite(disentanglement, blocks)
    assert value == 0.0
    assert (np.asarray(gradient) == 0).all()


def test_disentanglement_survives_one_dead_latent():
    blocks = np.random.default_rng(9).normal(size=(3, 192, 4)).astype(np.float32)
    blocks[1, :, 2] = 0.1
    _, (gradient,) = assert_finite(disentanglement, jnp.asarray(blocks))
    assert np.abs(gradient).max() < 1.0


@pytest.mark.parametrize("used", [0, 1])
def test_disentanglement_of_too_few_samples_is_zero(used):
    weight = jnp.arange(8) < used
    blocks = jnp.asarray(np.random.default_rng(10).normal(size=(3, 8, 4)), jnp.float32)
    assert assert_finite(lambda b: disentanglement(b, weight), blocks)[0] == 0.0
    assert assert_finite(disentanglement, blocks[:, :1])[0] == 0.0


def test_losses_vmap_over_lanes():
    blocks = jnp.asarray(np.random.default_rng(11).normal(size=(5, 3, 24, 4)), jnp.float32)
    single = jax.jit(disentanglement)
    lanes = jax.jit(jax.vmap(disentanglement))(blocks)
    np.testing.assert_allclose(lanes, [single(block) for block in blocks], rtol=1e-5)

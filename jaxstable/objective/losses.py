"""Loss terms for one batch: masked, mean-reduced, finite in value and gradient."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

LOG_SCALE_RANGE = (-7.0, 7.0)
_STD_FLOOR = 1e-8
_LOG_TWO_PI = float(np.log(2.0 * np.pi))


def masked_mse(prediction: jax.Array, target: jax.Array, mask: jax.Array, count: jax.Array | None = None) -> jax.Array:
    """Return the squared error over observed entries, divided by `count`.

    `sum_{observed} (prediction - target)^2 / count`

    Args:
        prediction: any shape; may hold NaN where the mask is 0.
        target: same shape; may hold NaN where the mask is 0.
        mask: same shape, bool or 0/1; 1 where observed.
        count: scalar divisor, at least 0. By default the number of observed entries; the original
            program divides by the number of all entries instead.

    Returns:
        Scalar, at least 0; 0 when `count` is 0.

    >>> import jax.numpy as jnp
    >>> x, m = jnp.array([1.0, jnp.nan]), jnp.array([1.0, 0.0])
    >>> float(masked_mse(jnp.array([3.0, 0.0]), x, m))
    4.0
    """
    observed = mask.astype(bool)
    error = jnp.where(observed, prediction - target, 0.0)
    return _mean_over(jnp.square(error), observed, count)


def gaussian_nll(
    prediction: jax.Array,
    target: jax.Array,
    log_scale: jax.Array,
    mask: jax.Array,
    count: jax.Array | None = None,
) -> jax.Array:
    """Return the Gaussian negative log likelihood over observed entries, divided by `count`.

    `sum_{observed} (1/2 ((target - prediction) / s)^2 + log s + 1/2 log 2 pi) / count`, with
    `log s` clipped to `LOG_SCALE_RANGE`. The clip is straight-through: its gradient is 1, because a
    scale that has left the range would otherwise receive no gradient and never come back.

    Args:
        prediction: mean, any shape; may hold NaN where the mask is 0.
        target: same shape; may hold NaN where the mask is 0.
        log_scale: logarithm of the standard deviation, broadcastable to that shape.
        mask: same shape, bool or 0/1; 1 where observed.
        count: scalar divisor, at least 0. By default the number of observed entries.

    Returns:
        Scalar, in nats per counted entry; 0 when `count` is 0.

    >>> import jax.numpy as jnp
    >>> zero = jnp.zeros(3)
    >>> round(float(gaussian_nll(zero, zero, zero, jnp.ones(3))), 4)
    0.9189
    """
    observed = mask.astype(bool)
    log_scale = jnp.where(observed, jnp.broadcast_to(log_scale, prediction.shape), 0.0)
    fixed = jax.lax.stop_gradient(log_scale)
    log_scale = jnp.clip(fixed, *LOG_SCALE_RANGE) + (log_scale - fixed)
    error = jnp.where(observed, prediction - target, 0.0)
    nll = 0.5 * jnp.square(error * jnp.exp(-log_scale)) + log_scale + 0.5 * _LOG_TWO_PI
    return _mean_over(jnp.where(observed, nll, 0.0), observed, count)


def sparsity(adjacency: jax.Array) -> jax.Array:
    """Return the mean absolute weight, `mean |A|`.

    Args:
        adjacency: weights of any shape, `[cause, effect]` or `[lag, cause, effect]`.

    Returns:
        Scalar, at least 0. The gradient of a weight that is exactly 0 is 0.

    >>> import jax.numpy as jnp
    >>> float(sparsity(jnp.array([[0.0, -2.0], [0.0, 0.0]])))
    0.5
    """
    return jnp.mean(_absolute(adjacency))


def disentanglement(blocks: jax.Array, weight: jax.Array | None = None) -> jax.Array:
    """Return the mean absolute correlation of every pair of latent blocks, summed over the pairs.

    `sum_{a < b} mean |corr([z_a, z_b])|`: the whole `2f x 2f` matrix of the stacked pair, its two
    diagonal blocks included (as in the original program, so independent blocks score above 0).
    All pairs come from one product over the concatenated blocks, in which a diagonal block
    belongs to `n_blocks - 1` pairs and each of the two off-diagonal copies to one.

    Args:
        blocks: `[n_blocks, features, samples]`; samples last, so that sums run along memory.
        weight: `[samples]`, 0/1; 0 for padding. By default every sample counts.

    Returns:
        Scalar in `[0, n_blocks (n_blocks - 1) / 2]`. A latent that is constant over the samples is
        uncorrelated with everything, itself included; so is every latent of fewer than two samples.

    >>> import jax.numpy as jnp
    >>> same = jnp.tile(jnp.array([[1.0, 2.0, 4.0]]), (2, 1, 1))
    >>> round(float(disentanglement(same)), 4)
    1.0
    """
    n_blocks, features, samples = blocks.shape
    latents = blocks.reshape(n_blocks * features, samples)
    count = jnp.asarray(samples, latents.dtype)
    used = None
    if weight is not None:
        used = weight.astype(bool)[None, :]
        count = jnp.sum(used, dtype=latents.dtype)
        latents = jnp.where(used, latents, 0.0)
    # The centred rows sum to 0, so no gradient of their covariance passes through the mean.
    mean = jax.lax.stop_gradient(jnp.sum(latents, axis=1, keepdims=True) / jnp.maximum(count, 1.0))
    centred = latents - mean
    if used is not None:
        centred = jnp.where(used, centred, 0.0)
    covariance = _gram(centred) / jnp.maximum(count - 1.0, 1.0)
    # Not `diagonal`, whose gradient is a scatter: on a CPU it was worth a fifth of the reference model's step.
    variance = jnp.sum(jnp.where(np.eye(len(latents), dtype=bool), covariance, 0.0), axis=0)
    # The computed mean of a constant is off by rounding: dividing that error by its own size
    # would turn a dead latent into noise of scale 1 with a gradient of 1e8.
    rounding = 8.0 * jnp.finfo(latents.dtype).eps * jnp.abs(mean[:, 0])
    varies = variance > jnp.square(rounding)
    deviation = jnp.sqrt(jnp.where(varies, variance, 1.0))
    inverse = jnp.where(varies, 1.0 / (deviation + _STD_FLOOR), 0.0)
    correlation = covariance * inverse[:, None] * inverse[None, :]
    pairs = np.ones((n_blocks, n_blocks)) + (n_blocks - 2) * np.eye(n_blocks)
    share = np.kron(pairs, np.ones((features, features))) / (2 * features) ** 2
    return jnp.sum(_absolute(correlation) * jnp.asarray(share, correlation.dtype))


def _absolute(values: jax.Array) -> jax.Array:
    # The gradient of jnp.abs at 0 is 1, which would push an absent edge; this one's is 0.
    return values * jnp.sign(values)


@jax.custom_vjp
def _gram(values: jax.Array) -> jax.Array:
    return jnp.matmul(values, values.T, precision="highest")


def _gram_forward(values: jax.Array) -> tuple[jax.Array, jax.Array]:
    return _gram(values), values


def _gram_backward(values: jax.Array, cotangent: jax.Array) -> tuple[jax.Array]:
    # One product instead of the two that differentiating each factor would take.
    return (jnp.matmul(cotangent + cotangent.T, values, precision="highest"),)


_gram.defvjp(_gram_forward, _gram_backward)


def _mean_over(values: jax.Array, observed: jax.Array, count: jax.Array | None) -> jax.Array:
    if count is None:
        count = jnp.sum(observed, dtype=values.dtype)
    return jnp.sum(values) / jnp.where(count > 0, count, 1.0) * (count > 0)

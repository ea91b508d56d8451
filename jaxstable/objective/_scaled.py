"""Nonnegative matrices with a common exponent, so that no power of a dense matrix overflows."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

# Above this value a penalty goes on as its own logarithm; see `bounded`.
VALUE_LIMIT = 1e6
# No entry of a gradient passes this: its square must still be summable in float32.
GRADIENT_LIMIT = 1e12

ValueAndGradient = tuple[jax.Array, jax.Array]


class Scaled(NamedTuple):
    """The matrix `exp(log) * matrix`: `log >= 0`, entries at most 1, the largest 1 or `log` 0.

    Entries below 1e-38 of the largest are lost: only a graph whose path sums pass 1e38 has any.
    """

    matrix: jax.Array
    log: jax.Array


def matmul(left: jax.Array, right: jax.Array) -> jax.Array:
    """Return the product in full float32 (accelerators round the factors by default)."""
    return jnp.matmul(left, right, precision="highest")


def norm(weights: jax.Array) -> jax.Array:
    """Return the smaller of the largest row and column sum: at least the spectral radius."""
    return jnp.minimum(jnp.max(jnp.sum(weights, axis=0)), jnp.max(jnp.sum(weights, axis=1)))


def scaled(matrix: jax.Array, log: jax.Array | float = 0.0) -> Scaled:
    """Return `exp(log) * matrix`, for a nonnegative finite `matrix`, in scaled form."""
    largest = jnp.max(matrix)
    # A zero matrix must not keep a large log, or the next `add` would round its partner away.
    total = jnp.where(largest > 0, log + jnp.log(jnp.where(largest > 0, largest, 1.0)), 0.0)
    kept = jnp.maximum(total, 0.0)
    return Scaled(matrix * jnp.exp(jnp.where(largest > 0, log - kept, 0.0)), kept)


def add(left: Scaled, right: Scaled) -> Scaled:
    """Return `left + right`."""
    log = jnp.maximum(left.log, right.log)
    total = left.matrix * jnp.exp(left.log - log) + right.matrix * jnp.exp(right.log - log)
    return scaled(total, log)


def multiply(left: Scaled, right: Scaled) -> Scaled:
    """Return `left @ right`."""
    return scaled(matmul(left.matrix, right.matrix), left.log + right.log)


def compose(left: Scaled, right: Scaled) -> Scaled:
    """Return `(I + left) @ (I + right) - I`, never forming the identity.

    Without it a product keeps the small entries that `1 + x` would round away, and the diagonal of
    a graph without cycles stays exactly 0.
    """
    total = left.matrix * jnp.exp(-right.log) + right.matrix * jnp.exp(-left.log)
    return scaled(total + matmul(left.matrix, right.matrix), left.log + right.log)


def bounded(trace: jax.Array, log: jax.Array, gradient: Scaled) -> ValueAndGradient:
    """Return the penalty `h = exp(log) * trace` and its gradient, both finite in float32.

    Up to `T = VALUE_LIMIT` the penalty is `h`, above it `T (1 + log(h / T))`, which continues `h`
    with its slope. The gradient is that of this function; where its largest entry would still pass
    `GRADIENT_LIMIT` (a graph with enormous weights) it is shortened to that, direction kept.
    """
    positive = trace > 0
    log_excess = jnp.log(jnp.where(positive, trace, 1.0)) + log - jnp.log(VALUE_LIMIT)
    log_excess = jnp.where(positive, jnp.maximum(log_excess, 0.0), 0.0)
    small = trace * jnp.exp(jnp.minimum(log, 80.0))
    value = jnp.where(log_excess > 0, VALUE_LIMIT * (1.0 + log_excess), small)
    factor = jnp.minimum(gradient.log - log_excess, jnp.log(GRADIENT_LIMIT))
    return value, gradient.matrix * jnp.exp(factor)

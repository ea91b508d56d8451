"""Value and gradient of the penalties that are power series in the weights."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from jaxstable.objective._scaled import (
    Scaled,
    ValueAndGradient,
    add,
    bounded,
    compose,
    matmul,
    multiply,
    norm,
    scaled,
)

_TAYLOR_DEGREE = 8
_MAX_SQUARINGS = 128


def power(weights: jax.Array, degree: int) -> ValueAndGradient:
    """Return `tr((I + A/n)^degree) - n` and its gradient."""
    n_vars = weights.shape[0]
    base = scaled(weights / n_vars)
    # One factor short of the degree: that is the gradient, and the last product only needs a trace.
    lower = base
    for bit in bin(degree - 1)[3:]:
        lower = compose(lower, lower)
        if bit == "1":
            lower = compose(lower, base)
    trace = jnp.trace(lower.matrix) * jnp.exp(-base.log)
    trace += jnp.trace(base.matrix) * jnp.exp(-lower.log)
    trace += jnp.sum(lower.matrix * base.matrix.T)
    gradient = add(_identity(n_vars, weights.dtype), lower)
    gradient = Scaled(gradient.matrix.T * (degree / n_vars), gradient.log)
    return bounded(trace, lower.log + base.log, gradient)


def geometric(weights: jax.Array, doublings: int) -> ValueAndGradient:
    """Return `sum_{k = 1}^{2^doublings} tr(A^k)` and its gradient."""
    identity = _identity(weights.shape[0], weights.dtype)
    base = scaled(weights)

    def double(step, state):
        # With m = 2^step: A^m, the sum of A^(k-1) and the sum of k A^(k-1) over k <= m.
        term, series, slope = state
        shifted = add(slope, Scaled(series.matrix, series.log + step * jnp.log(2.0)))
        series, slope = add(series, multiply(term, series)), add(slope, multiply(term, shifted))
        return multiply(term, term), series, slope

    _, series, slope = jax.lax.fori_loop(0, doublings, double, (base, identity, identity))
    trace = jnp.sum(base.matrix * series.matrix.T)
    return bounded(trace, base.log + series.log, Scaled(slope.matrix.T, slope.log))


def expm(weights: jax.Array) -> ValueAndGradient:
    """Return `tr(exp(A)) - n` and its gradient."""
    n_vars = weights.shape[0]
    # The polynomial reaches paths of 8 edges; enough squarings reach every cycle.
    least = max(0, (-(-n_vars // _TAYLOR_DEGREE) - 1).bit_length())
    squarings = jnp.ceil(jnp.log2(jnp.maximum(norm(weights), 1e-30))) + 1
    squarings = jnp.clip(jnp.nan_to_num(squarings), least, _MAX_SQUARINGS).astype(jnp.int32)
    small = weights * jnp.exp2(-squarings.astype(weights.dtype))
    taylor = small / _TAYLOR_DEGREE
    for order in range(_TAYLOR_DEGREE - 1, 0, -1):
        taylor = (small + matmul(small, taylor)) / order
    square = jax.lax.fori_loop(0, squarings, lambda _, f: compose(f, f), scaled(taylor))
    gradient = add(_identity(n_vars, weights.dtype), square)
    gradient = Scaled(gradient.matrix.T, gradient.log)
    return bounded(jnp.trace(square.matrix), square.log, gradient)


def _identity(n_vars: int, dtype: jnp.dtype) -> Scaled:
    return Scaled(jnp.eye(n_vars, dtype=dtype), jnp.zeros((), dtype))

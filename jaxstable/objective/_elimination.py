"""The log-determinant barrier of a nonnegative matrix by elimination without pivoting or LAPACK."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxstable.objective._scaled import GRADIENT_LIMIT, ValueAndGradient, norm

# The barrier follows the log-determinant until its slope along the ray reaches this.
SLOPE_LIMIT = 100.0
_TOLERANCE = 1e-3
_MAX_TRIALS = 40


class Closure(NamedTuple):
    """Sums over the paths of a nonnegative matrix X of spectral radius below 1."""

    paths: jax.Array  # (I - X)^-1 - I
    log: jax.Array  # -log det(I - X)
    inside: jax.Array  # whether the spectral radius is below 1 and nothing overflowed


class _Search(NamedTuple):
    sigma: jax.Array
    low: jax.Array
    high: jax.Array
    best_sigma: jax.Array
    best: Closure
    trial: jax.Array
    done: jax.Array


def close(matrix: jax.Array) -> Closure:
    """Sum over all paths by eliminating one vertex after the other.

    `I - X` is an M-matrix exactly when the spectral radius of X is below 1, exactly when every
    pivot `1 - x_kk` is positive, so no pivoting is needed and the pivots decide membership. Every
    term added is nonnegative: nothing cancels, and a graph without cycles keeps a zero diagonal.
    """

    def eliminate(k, state: Closure) -> Closure:
        row, column = state.paths[k], state.paths[:, k]
        loop = row[k]
        paths = state.paths + (column / (1.0 - loop))[:, None] * row[None, :]
        return Closure(paths, state.log - jnp.log1p(-loop), state.inside & (loop < 1.0))

    start = Closure(matrix, jnp.zeros((), matrix.dtype), jnp.array(True))
    end = jax.lax.fori_loop(0, matrix.shape[0], eliminate, start)
    return end._replace(inside=end.inside & jnp.all(jnp.isfinite(end.paths)))


def barrier(weights: jax.Array, scale: float) -> ValueAndGradient:
    """Return value and gradient of `min over sigma >= s of -log det(I - A/sigma) + c log(sigma/s)`.

    At the minimum either sigma is s or the slope `f = tr(A (sigma I - A)^-1)` is `c = SLOPE_LIMIT`.
    Newton's method on `1 / f`, kept inside a bracket, finds the sigma. By the envelope theorem the
    gradient is that at fixed sigma.
    """
    n_vars = weights.shape[0]
    start = jnp.asarray(scale, weights.dtype)
    # tr(X (I - X)^-1) <= n ||X|| / (1 - ||X||): at this sigma the slope is within the limit.
    safe = jnp.maximum(start, norm(weights) * ((n_vars + SLOPE_LIMIT) / SLOPE_LIMIT))

    def attempt(state: _Search) -> _Search:
        closure = close(weights / state.sigma)
        slope = jnp.trace(closure.paths)
        gentle = closure.inside & (slope <= SLOPE_LIMIT)
        first = state.trial == 0
        close_enough = closure.inside & (jnp.abs(slope - SLOPE_LIMIT) <= _TOLERANCE * SLOPE_LIMIT)
        # A slope of exactly 0 is a graph without cycles that overflowed at a smaller sigma.
        done = (first & gentle) | close_enough | (closure.inside & (slope == 0))
        low = jnp.where(gentle, state.low, state.sigma)
        high = jnp.where(gentle, state.sigma, state.high)
        curvature = jnp.sum(closure.paths * closure.paths.T) + slope
        newton = state.sigma * (1.0 + (slope / SLOPE_LIMIT - 1.0) * slope / curvature)
        usable = closure.inside & (newton > low) & (newton < high)
        following = jnp.where(usable, newton, jnp.sqrt(low) * jnp.sqrt(high))
        following = jnp.where(first, safe, following)
        keep = closure.inside | first
        best = jax.tree.map(lambda new, old: jnp.where(keep, new, old), closure, state.best)
        best_sigma = jnp.where(keep, state.sigma, state.best_sigma)
        return _Search(following, low, high, best_sigma, best, state.trial + 1, done)

    nothing = Closure(jnp.zeros_like(weights), jnp.zeros((), weights.dtype), jnp.array(False))
    search = _Search(start, start, safe, start, nothing, jnp.array(0), jnp.array(False))
    search = jax.lax.while_loop(lambda state: ~state.done & (state.trial < _MAX_TRIALS), attempt, search)
    sigma, paths = search.best_sigma, search.best.paths
    price = jnp.where(jnp.trace(paths) > 0, SLOPE_LIMIT * jnp.log(sigma / scale), 0.0)
    gradient = (jnp.eye(n_vars, dtype=weights.dtype) + paths.T) / sigma
    return search.best.log + price, jnp.minimum(gradient, GRADIENT_LIMIT)

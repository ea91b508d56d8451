"""Acyclicity penalties: zero on a graph without cycles, positive and smooth on one with cycles.

Every penalty takes elementwise NONNEGATIVE weights `[cause, effect]` (edge probabilities, `|W|`, or
`W * W`: the caller chooses, nothing is squared here). All use matrix products and elimination only:
batched LAPACK under vmap can hang the CPU for ever. Gradients are in closed form, first order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import chex
import jax
import jax.numpy as jnp

from jaxstable.graph.paths import closure
from jaxstable.objective import _powers as powers
from jaxstable.objective._elimination import barrier
from jaxstable.objective._scaled import GRADIENT_LIMIT, ValueAndGradient, matmul, norm


class Penalty(NamedTuple):
    """One acyclicity penalty and what a user must know to choose it."""

    function: Callable[[jax.Array], jax.Array]
    domain: str
    cost: str
    source: str


def power(weights: jax.Array, degree: int = 3) -> jax.Array:
    """Return the penalty of the original program, a truncated power.

    `h(A) = relu(tr((I + A / n)^degree) - n)`, expanded so that nothing cancels. It counts closed
    walks of at most `degree` edges and cannot see longer cycles. The original rescales the power
    when its Frobenius norm passes 100, which makes the value meaningless; here the value goes on
    as its own logarithm above 1e6. At 0 the gradient is that of the polynomial, not 0.

    Args:
        weights: `[n, n]`, nonnegative.
        degree: exponent, at least 2, static.

    Returns:
        Scalar, at least 0.

    Reference: Yu, Chen, Gao, Yu, DAG-GNN, 2019, theorem 1 (there with `degree = n`).

    >>> import jax.numpy as jnp
    >>> float(power(jnp.array([[0.0, 1.0], [1.0, 0.0]])))
    1.5
    """
    return _differentiable(functools.partial(powers.power, degree=degree), _checked(weights))


def polynomial(weights: jax.Array) -> jax.Array:
    """Return the power penalty that sees cycles of every length.

    `h(A) = tr((I + A / n)^n) - n` by square and multiply; a cycle of `k` edges weighs about
    `1 / k!`. Above 1e6 the value goes on as a logarithm with the same slope.

    Args:
        weights: `[n, n]`, nonnegative.

    Returns:
        Scalar, at least 0.

    Reference: Yu, Chen, Gao, Yu, DAG-GNN, 2019, theorem 1.

    >>> import jax.numpy as jnp
    >>> float(polynomial(jnp.array([[0.0, 1.0], [1.0, 0.0]])))
    0.5
    """
    return power(weights, degree=max(weights.shape[-1], 2))


def geometric(weights: jax.Array, degree: int | None = None) -> jax.Array:
    """Return the truncated geometric series of cycle weights.

    `h(A) = sum_{k = 1}^{K} tr(A^k)` by doubling; a cycle weighs the product of its edges, whatever
    its length. Above 1e6 the value goes on as a logarithm with the same slope.

    Args:
        weights: `[n, n]`, nonnegative.
        degree: K, static, rounded up to a power of two; by default the first one at or above n.

    Returns:
        Scalar, at least 0.

    Reference: Zhang, Ng, Gong, Liu, Abbasnejad, Gong, Zhang, Shi, Truncated Matrix Power Iteration
    for Differentiable DAG Learning, 2022.

    >>> import jax.numpy as jnp
    >>> float(geometric(jnp.array([[0.0, 1.0], [0.5, 0.0]])))
    1.0
    """
    n_vars = weights.shape[-1]
    doublings = ((n_vars if degree is None else degree) - 1).bit_length()
    return _differentiable(functools.partial(powers.geometric, doublings=doublings), _checked(weights))


def expm(weights: jax.Array) -> jax.Array:
    """Return the NOTEARS penalty, the trace of the matrix exponential.

    `h(A) = tr(exp(A)) - n` by scaling and squaring of the Taylor polynomial of degree 8 of
    `exp(A) - I`. Above 1e6 the value goes on as a logarithm with the same slope (`exp` itself
    overflows in float32 near 90 dense variables).

    Args:
        weights: `[n, n]`, nonnegative.

    Returns:
        Scalar, at least 0.

    Reference: Zheng, Aragam, Ravikumar, Xing, DAGs with NO TEARS, 2018, theorem 1.

    >>> import jax.numpy as jnp
    >>> round(float(expm(jnp.array([[0.0, 1.0], [1.0, 0.0]]))), 4)
    1.0862
    """
    return _differentiable(powers.expm, _checked(weights))


def logdet(weights: jax.Array, scale: float = 1.0) -> jax.Array:
    """Return the DAGMA penalty, a log-determinant barrier, continued outside its domain.

    `h(A) = n log s - log det(s I - A)`, for spectral radius below s. Membership is checked by the
    pivots of the elimination. Where A lies outside (the plain formula then turns finite and
    negative) or so close that `tr(A (s I - A)^-1)` passes 100, s is raised at a price:
    `min over sigma >= s of n log sigma - log det(sigma I - A) + 100 log(sigma / s)`.
    That is finite for every A, increasing in every weight on a cycle, and has continuous slope.

    Args:
        weights: `[n, n]`, nonnegative.
        scale: s, positive.

    Returns:
        Scalar, at least 0.

    Reference: Bello, Aragam, Ravikumar, DAGMA, 2022, theorem 1.

    >>> import jax.numpy as jnp
    >>> round(float(logdet(jnp.array([[0.0, 0.5], [0.5, 0.0]]))), 4)
    0.2877
    """
    return _differentiable(functools.partial(barrier, scale=scale), _checked(weights))


def spectral_radius(weights: jax.Array) -> jax.Array:
    """Return the spectral radius, with a gradient that is finite on every graph.

    `h(A) = rho(A)`, `dh/dA = u v^T / (u^T v)`, from a high power of `I + A / ||A||` (the shift
    makes periodic cycles converge). Edges on no cycle, which change neither, are removed first:
    on a DAG, where power iteration gives 0 / 0, value and gradient are exactly 0.

    Args:
        weights: `[n, n]`, nonnegative.

    Returns:
        Scalar, at least 0.

    Reference: Lee, Danieletto, Miotto, Cherng, Dudley, Scaling structural learning with NO-BEARS to
    infer causal transcriptome networks, 2019.

    >>> import jax.numpy as jnp
    >>> round(float(spectral_radius(jnp.array([[0.0, 4.0], [1.0, 0.0]]))), 4)
    2.0
    """
    return _differentiable(_spectral_radius, _checked(weights))


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _differentiable(solve: Callable[[jax.Array], ValueAndGradient], weights: jax.Array) -> jax.Array:
    return solve(weights)[0]


@_differentiable.defjvp
def _tangent(solve, primals, tangents):
    value, gradient = solve(*primals)
    return value, jnp.sum(gradient * tangents[0])


def _checked(weights: jax.Array) -> jax.Array:
    chex.assert_rank(weights, 2)
    chex.assert_shape(weights, (weights.shape[0], weights.shape[0]))
    return jnp.asarray(weights, jnp.promote_types(weights.dtype, jnp.float32))


def _spectral_radius(weights: jax.Array) -> ValueAndGradient:
    n_vars = weights.shape[0]
    reach = closure((weights > 0).astype(weights.dtype), matmul)
    cyclic = jnp.where(reach * reach.T > 0, weights, 0.0)
    size = norm(cyclic)
    limit = jnp.eye(n_vars, dtype=weights.dtype) + cyclic / jnp.where(size > 0, size, 1.0)

    def square(_, limit):
        limit = matmul(limit, limit)
        return limit / jnp.max(limit)

    # The gap of a ring of n edges closes as 1 / n^2.
    squarings = max(14, 2 * n_vars.bit_length() + 4)
    limit = jax.lax.fori_loop(0, squarings, square, limit)
    trace = jnp.trace(limit)
    resolved = (trace > 0) & jnp.any(cyclic > 0)
    projector = jnp.where(resolved, limit / jnp.where(trace > 0, trace, 1.0), 0.0).T
    return jnp.sum(cyclic * projector), jnp.minimum(projector, GRADIENT_LIMIT)


PENALTIES: dict[str, Penalty] = {
    "power": Penalty(
        power,
        "cycles of at most 3 edges; weights of order 1",
        "1 matrix product",
        "original program; Yu et al. 2019, DAG-GNN",
    ),
    "polynomial": Penalty(
        polynomial,
        "cycles of any length k, weighed about 1 / k! (below 1e-38 from 34 edges of weight 1 on)",
        "log2(n) to 2 log2(n) matrix products",
        "Yu et al. 2019, DAG-GNN",
    ),
    "geometric": Penalty(
        geometric,
        "cycles of any length, weighed by the product of their edges; sums of paths below 1e38",
        "3 log2(n) matrix products",
        "Zhang et al. 2022, TMPI",
    ),
    "expm": Penalty(
        expm,
        "cycles of any length k, weighed about 1 / k! (below 1e-38 from 34 edges of weight 1 on)",
        "7 + max(log2(n / 8), log2 of the norm) matrix products",
        "Zheng et al. 2018, NOTEARS",
    ),
    "logdet": Penalty(
        logdet,
        "spectral radius below s = 1, cycles of any length; continued outside as a logarithm",
        "n rank-one updates inside the domain, about 5 to 10 times that outside",
        "Bello et al. 2022, DAGMA",
    ),
    "spectral_radius": Penalty(
        spectral_radius,
        "cycles of any length; not differentiable where two groups of cycles tie",
        "3 log2(n) + 4 matrix products, at least 14 + log2(n)",
        "Lee et al. 2019, NO-BEARS",
    ),
}

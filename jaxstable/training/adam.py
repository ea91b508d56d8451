"""Adam's direction with a bias correction that is exact in float32."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import optax


def scale_by_adam(b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8) -> optax.GradientTransformation:
    """Scale gradients by Adam's running moments, m / (1 - b1^t) over sqrt(v / (1 - b2^t)) + eps.

    This is ``optax.scale_by_adam`` but for one thing: 1 - b2^t is computed as -expm1(t log b2). The plain
    difference loses 1.3e-5 of the first steps' size in float32, which is nearly all that an optax run differs by
    from the same run in torch.

    Args:
        b1: Decay of the first moment, in [0, 1).
        b2: Decay of the second moment, in [0, 1).
        eps: Added to the root, > 0.

    Returns:
        A transform whose state is ``optax.ScaleByAdamState``.

    Example:
        >>> tx = scale_by_adam()
        >>> tx.update(jnp.array([2.0, -3.0]), tx.init(jnp.zeros(2)))[0].round(4)
        Array([ 1., -1.], dtype=float32)

    Reference:
        Kingma & Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1.
    """

    def init(params: optax.Params) -> optax.ScaleByAdamState:
        return optax.ScaleByAdamState(
            count=jnp.zeros((), jnp.int32),
            mu=jax.tree.map(jnp.zeros_like, params),
            nu=jax.tree.map(jnp.zeros_like, params),
        )

    def update(
        updates: optax.Updates, state: optax.ScaleByAdamState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, optax.ScaleByAdamState]:
        del params
        mu = jax.tree.map(lambda m, g: b1 * m + (1.0 - b1) * g, state.mu, updates)
        nu = jax.tree.map(lambda v, g: b2 * v + (1.0 - b2) * g * g, state.nu, updates)
        count = state.count + 1
        share1, share2 = (-jnp.expm1(count * jnp.float32(math.log(b))) for b in (b1, b2))
        direction = jax.tree.map(lambda m, v: (m / share1) / (jnp.sqrt(v / share2) + eps), mu, nu)
        return direction, optax.ScaleByAdamState(count, mu, nu)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]

"""Clip gradients whose norm stands out from those of the steps before."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

MEMORY = 0.97  # share of the norm's mean and variance that a step keeps
WARM_UP = 25  # steps that are only looked at
TINY = 1e-30  # keeps a variance of 0 from being divided by


class SpikeState(NamedTuple):
    """Hold what the norms of the steps so far were."""

    count: Array  # int32, steps
    mean: Array  # float32, of the norms as they were clipped
    variance: Array  # float32
    spiked: Array  # bool, whether the last step was clipped


def clip_spikes(z_score: float | Array) -> optax.GradientTransformation:
    """Clip a gradient whose global norm lies more than `z_score` deviations above the mean of those before.

    With z = (norm - mean) / deviation > z_score, the gradient is shortened to mean + z_score^2 / z deviations: the
    larger the spike, the less is left of it. Mean and variance are moving averages of the norms as they were clipped;
    a step whose norm is not finite is left as it is, for the guard to undo.

    Args:
        z_score: Deviations above the mean, > 0; the paper takes 2.5.

    Returns:
        A transform whose state is a `SpikeState`.

    Example:
        >>> tx = clip_spikes(2.5)
        >>> state = tx.init(jnp.zeros(1))
        >>> for norm in [1.0, 3.0] * 20 + [100.0]:
        ...     clipped, state = tx.update(jnp.array([norm]), state)
        >>> bool(state.spiked), bool(clipped[0] < 3.0)
        (True, True)

    Reference:
        Kumar, Owen, Chowdhury, Gura, ZClip: Adaptive Spike Mitigation for LLM Pre-Training, 2025, algorithm 1.
    """

    def init(params: optax.Params) -> SpikeState:
        del params
        return SpikeState(jnp.int32(0), jnp.float32(0.0), jnp.float32(0.0), jnp.bool_(False))

    def update(
        updates: optax.Updates, state: SpikeState, params: optax.Params | None = None
    ) -> tuple[optax.Updates, SpikeState]:
        del params
        norm = optax.tree.norm(updates)
        deviation = jnp.sqrt(state.variance)
        z = (norm - state.mean) / jnp.maximum(deviation, TINY)
        spiked = jnp.isfinite(norm) & (state.count >= WARM_UP) & (z > z_score)
        kept = jnp.where(spiked, state.mean + z_score * (z_score / z) * deviation, norm)
        count = state.count + 1
        share = jnp.maximum(1.0 - MEMORY, 1.0 / count)  # in the beginning every step counts alike
        mean = state.mean + share * (kept - state.mean)
        # Welford's step: of equal shares it is the plain variance.
        variance = state.variance + share * ((kept - state.mean) * (kept - mean) - state.variance)
        factor = jnp.where(spiked, kept / norm, 1.0)
        return jax.tree.map(lambda u: u * factor, updates), SpikeState(count, mean, variance, spiked)

    return optax.GradientTransformation(init, update)  # pyright: ignore[reportArgumentType]

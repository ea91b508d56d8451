"""The stable optimiser: clip the global norm, Adam, and a learning rate that falls on a plateau."""

from __future__ import annotations

import optax
from jax import Array

from jaxstable.training.adam import scale_by_adam
from jaxstable.training.plateau import scale_by_plateau
from jaxstable.training.zclip import clip_spikes

Scalar = float | Array


def make_optimizer(
    optimizer: str, learning_rate: Scalar, weight_decay: Scalar, clip_norm: Scalar, spikes: Scalar | None = None
) -> optax.GradientTransformation:
    """Chain clipping, Adam and the plateau scale; the last element of the state is a `PlateauState`.

    Build it inside the traced function: every number may then be a traced scalar, and the state is optax's own.

    Args:
        optimizer: "adamw" (decoupled decay; Loshchilov & Hutter, Decoupled Weight Decay Regularization, 2019)
            or "adam" (the decay is added to the clipped gradient, as torch's Adam does).
        learning_rate: Step size, > 0.
        weight_decay: Decay, >= 0.
        clip_norm: Largest global gradient norm, > 0 (Pascanu et al., On the difficulty of training recurrent
            neural networks, 2013).
        spikes: z-score from which a norm is clipped as a spike, before the cap, > 0; None clips none. The first
            element of the state is then a `SpikeState`.

    Returns:
        The chained transform.

    Raises:
        ValueError: The optimizer is unknown.

    Example:
        >>> import jax.numpy as jnp
        >>> tx = make_optimizer("adamw", 0.1, 0.0, 1.0)
        >>> updates, _ = tx.update(jnp.ones(3), tx.init(jnp.zeros(3)), jnp.zeros(3))
        >>> updates.round(3)
        Array([-0.1, -0.1, -0.1], dtype=float32)
    """
    if optimizer not in ("adamw", "adam"):
        raise ValueError(f"optimizer: found {optimizer!r}, expected 'adamw' or 'adam'")
    decay, adam = optax.add_decayed_weights(weight_decay), scale_by_adam()
    steps = (adam, decay) if optimizer == "adamw" else (decay, adam)
    return optax.chain(
        *([] if spikes is None else [clip_spikes(spikes)]),
        optax.clip_by_global_norm(clip_norm),
        *steps,
        optax.scale_by_learning_rate(learning_rate),
        scale_by_plateau(),
    )

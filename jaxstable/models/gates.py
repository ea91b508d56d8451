"""Edges as stochastic gates: open or shut at random while training, and a probability in the end."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

FIRST_TEMPERATURE, LAST_TEMPERATURE = 1.0, 0.5
_LEAST = 1e-6  # keeps the logistic noise finite


def temperature(progress: ArrayLike) -> Array:
    """Return the temperature when a share of the run is done: from 1 to 0.5, evenly in the logarithm.

    >>> [round(float(temperature(share)), 3) for share in (0.0, 1.0)]
    [1.0, 0.5]
    """
    return jnp.asarray(FIRST_TEMPERATURE * (LAST_TEMPERATURE / FIRST_TEMPERATURE) ** progress, jnp.float32)


def sample(key: Array, logits: Array, temperature: ArrayLike) -> Array:
    """Draw relaxed gates: `sigmoid((logit + log u - log(1 - u)) / temperature)`, u uniform.

    A gate is above one half with probability sigmoid(logit), whatever the temperature; the lower that is, the nearer
    a draw is to 0 or 1. Gradients flow to the logits.

    Args:
        key: Random key.
        logits: Any shape.
        temperature: > 0.

    Returns:
        Gates in (0, 1), of the shape of `logits`.

    Example:
        >>> gates = sample(jax.random.key(0), jnp.full(1000, 1.0), 0.5)
        >>> bool(abs(jnp.mean(gates > 0.5) - jax.nn.sigmoid(1.0)) < 0.05)
        True

    Reference:
        Maddison, Mnih, Teh, The concrete distribution, 2017 (the binary case, appendix B).
    """
    uniform = jax.random.uniform(key, logits.shape, minval=_LEAST, maxval=1.0 - _LEAST)
    return jax.nn.sigmoid((logits + jnp.log(uniform) - jnp.log1p(-uniform)) / temperature)


def median(logits: Array, temperature: ArrayLike = LAST_TEMPERATURE) -> Array:
    """Return the median of what `sample` draws: the gates of an evaluation, which has no noise."""
    return jax.nn.sigmoid(logits / temperature)


def candidates(n_lags: int, n_vars: int) -> np.ndarray:
    """Return which effects are edges, float32 `[lag, cause, effect]`: all but those of a variable on itself.

    >>> candidates(1, 2)[1].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.broadcast_to(1.0 - np.eye(n_vars, dtype=np.float32), (n_lags + 1, n_vars, n_vars))

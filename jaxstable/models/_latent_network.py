"""The layers of the reference model, in Flax."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import Array

BLOCKS = 3  # signal, noise and bias
LATENT = 16
HIDDEN = 32


class Network(nn.Module):
    """Encode and decode every time step; features lead and samples trail, so that sums run along memory."""

    n_vars: int

    @nn.compact
    def __call__(self, values: Array) -> tuple[Array, Array]:
        """Map values ``[vars, samples]`` to a reconstruction of the same shape and latents ``[3, 16, samples]``."""
        width = BLOCKS * LATENT
        self.param("adjacency", nn.initializers.normal(0.1), (self.n_vars, self.n_vars))
        hidden = nn.relu(self._affine("encoder_in", values, BLOCKS * HIDDEN))
        blocks = hidden.reshape(BLOCKS, HIDDEN, -1)
        latents = self._affine("encoder_out", blocks, LATENT)
        hidden = nn.relu(self._affine("decoder_in", latents.reshape(width, -1), HIDDEN))
        return self._affine("decoder_out", hidden, self.n_vars), latents

    def _affine(self, name: str, values: Array, n_out: int) -> Array:
        """Apply W x + b over the second last axis, started as torch does: uniform in +-1/sqrt(fan in)."""
        *blocks, n_in, _ = values.shape
        start = _uniform(1.0 / np.sqrt(n_in))
        kernel = self.param(f"{name}_kernel", start, (*blocks, n_out, n_in))
        bias = self.param(f"{name}_bias", start, (*blocks, n_out))
        return kernel @ values + bias[..., None]


def _uniform(bound: float) -> nn.initializers.Initializer:
    def init(key, shape, dtype=jnp.float32):
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return init

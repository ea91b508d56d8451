"""Models that compile in a second: a linear one that draws noise, and one that breaks on chosen windows."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxstable.data.windows import Batch, Windows
from jaxstable.models.base import LossTerms, Model, Params

FAULTS = ("loss", "gradient", "overflow")


class MarkedBatch(NamedTuple):
    """A batch that knows whether a broken window is in it."""

    windows: Batch
    broken: Array  # bool


@functools.cache
def linear(fault: str | None = None, broken_windows: tuple[int, ...] = ()) -> Model:
    """Predict each step from the one before it, x_t = W' x_{t-1} + noise, with adjacency |W|.

    With a fault, the loss of a batch that holds a broken window is NaN ("loss"), is finite but has a NaN
    gradient ("gradient"), or has a gradient whose norm overflows ("overflow").
    """

    def init(key: Array, n_vars: int) -> Params:
        return {"weights": 0.3 * jax.random.normal(key, (n_vars, n_vars)), "offset": jnp.zeros(n_vars)}

    def batch(inputs: Windows, index: Array) -> MarkedBatch:
        broken = jnp.isin(index, jnp.asarray(broken_windows, jnp.int32)) if broken_windows else jnp.zeros(1, bool)
        return MarkedBatch(inputs.gather(index), jnp.any(broken))

    def loss(params: Params, batch: MarkedBatch, key: Array) -> LossTerms:
        values, mask, weight = batch.windows
        weights = params["weights"]
        noisy = values[:, :-1] + 0.1 * jax.random.normal(key, values[:, :-1].shape)
        error = (values[:, 1:] - noisy @ weights - params["offset"][None, None]) * mask[:, 1:]
        recon = jnp.sum(error**2) / jnp.maximum(jnp.sum(weight), 1.0)
        if fault == "loss":
            recon = jnp.where(batch.broken, jnp.nan, recon)
        elif fault == "gradient":
            recon = recon + jnp.sqrt(jnp.where(batch.broken, 0.0, 1.0) * jnp.sum(weights**2))
        elif fault == "overflow":
            recon = recon + jnp.where(batch.broken, 1e30, 0.0) * jnp.sum(weights)
        # The fourth power overflows where a step of 1e10 has been taken.
        cycles = jnp.trace(jnp.linalg.matrix_power(weights**2, 4))
        return LossTerms(recon, jnp.mean(jnp.abs(weights)), cycles, jnp.float32(0.0))

    return Model(
        name="linear",
        init=init,
        batch=batch,
        loss=loss,
        adjacency=lambda params: jnp.abs(params["weights"])[None],
        structure=lambda params: params["weights"],
    )

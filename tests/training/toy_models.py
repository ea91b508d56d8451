"""Models that compile in a second: a linear one that draws noise, and one that breaks on chosen windows."""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.data.windows import Batch, Windows
from jaxstable.models.base import LossTerms, Model, Params
from jaxstable.training.sweep import sweep_lanes

LIMIT = 0.01


def fit(config, dataset, *, on_epoch=None, keep=None, **how):
    """Train one run without what surrounds it: the record, not the result."""
    own = {
        "on_epoch": on_epoch and (lambda records: on_epoch(records[0])),
        "keep": keep and (lambda runs: keep(runs[0])),
    }
    [run] = sweep_lanes([config], dataset, single=True, **own, **how)
    return run


class MarkedBatch(NamedTuple):
    """A batch that knows which faults are in it."""

    windows: Batch
    faults: dict[str, Array]  # bool, by fault


@functools.cache
def linear(late: bool = False, **broken: tuple[int, ...]) -> Model:
    """Predict each step from the one before it, x_t = W' x_{t-1} + noise, with adjacency |W|.

    Args:
        late: Push the offset up until it passes a limit, from where on every loss is NaN.
        broken: Windows by fault. The loss of a batch that holds one is NaN ("loss"), is finite but has a NaN
            gradient ("gradient"), or has a gradient whose norm overflows ("overflow").
    """

    def init(key: Array, n_vars: int) -> Params:
        return {"offset": jnp.zeros(n_vars), "weights": 0.3 * jax.random.normal(key, (n_vars, n_vars))}

    def batch(inputs: Windows, index: Array) -> MarkedBatch:
        faults = {name: jnp.any(jnp.isin(index, np.array(windows))) for name, windows in broken.items()}
        return MarkedBatch(inputs.gather(index), faults)

    def loss(params: Params, batch: MarkedBatch, key: Array, progress: Array) -> LossTerms:
        del progress
        values, mask, weight = batch.windows
        weights = params["weights"]
        noisy = values[:, :-1] + 0.1 * jax.random.normal(key, values[:, :-1].shape)
        error = (values[:, 1:] - noisy @ weights - params["offset"][None, None]) * mask[:, 1:]
        recon = jnp.sum(error**2) / jnp.maximum(jnp.sum(weight), 1.0)
        if "loss" in broken:
            recon = jnp.where(batch.faults["loss"], jnp.nan, recon)
        if "gradient" in broken:
            recon += jnp.sqrt(jnp.where(batch.faults["gradient"], 0.0, 1.0) * jnp.sum(weights**2))
        if "overflow" in broken:
            recon += jnp.where(batch.faults["overflow"], 1e30, 0.0) * jnp.sum(weights)
        if late:
            offset = params["offset"][0]
            recon = jnp.where(offset > LIMIT, jnp.nan, recon - 100.0 * offset)
        # The eighth power of a weight overflows where a huge step has been taken.
        cycles = jnp.trace(jnp.linalg.matrix_power(weights**2, 4))
        sparse = jnp.mean(jnp.abs(weights))
        return LossTerms(recon=recon, sparse=sparse, acyclic=cycles, disen=jnp.float32(0.0))

    return Model(
        name="linear",
        init=init,
        batch=batch,
        loss=loss,
        adjacency=lambda params: jnp.abs(params["weights"])[None],
        structure=lambda params: params["weights"],
    )

"""Run the package's own epoch function on windows of the original, step by step."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

import jaxstable as js
from benchmarks.original.adagc import behind_adagc
from benchmarks.original.recordings import Data
from benchmarks.original.recordings import standardize as standardized
from jaxstable.data.windows import Windows
from jaxstable.models.latent_decoder import params_from_torch
from jaxstable.models.registry import model_of
from jaxstable.training.spec import make_hyper, make_spec
from jaxstable.training.state import init_state, unraveler
from jaxstable.training.step import StepInfo, shuffled, train_epoch


def training_windows(data: Data, standardize: bool) -> Windows:
    """Return the training windows in the original's units, missing entries included.

    The original lets the encoder read a missing entry as the standardised raw 0, so the values under
    the mask are kept; each window lies in rows of its own.
    """
    values = standardized(data.values, data.n_train) if standardize else data.values
    n_train, length, n_vars = data.n_train, values.shape[1], values.shape[2]
    return Windows(
        jnp.asarray(values[:n_train].reshape(-1, n_vars)),
        jnp.asarray(data.mask[:n_train].reshape(-1, n_vars)),
        jnp.arange(n_train, dtype=jnp.int32) * length,
        length,
    )


def shuffled_orders(seed: int, n_epochs: int, n_windows: int, batch_size: int) -> list[np.ndarray]:
    """Return a batch order per epoch, each `[steps, batch]` with -1 as padding."""
    key = jax.random.key(seed)
    return [np.asarray(shuffled(jax.random.fold_in(key, epoch), n_windows, batch_size)) for epoch in range(n_epochs)]


def run_steps(
    config: js.Config,
    inputs: Windows,
    orders: Iterable[np.ndarray],
    torch_params: Mapping[str, np.ndarray] | None = None,
    adagc: bool = False,
) -> StepInfo:
    """Train through the given batch orders; return infos with leading axes `[epochs, steps]`.

    Args:
        config: the package's config; nothing between epochs (plateau, evaluation) takes part.
        inputs: training windows.
        orders: one int32 `[steps, batch]` per epoch, -1 = padding.
        torch_params: initial parameters by torch name; None draws them from the config's seed.
        adagc: whether each parameter's gradient is clipped by the size of its own ones first.
    """
    model, n_vars = model_of(config), inputs.values.shape[-1]
    optimizer = behind_adagc(config.optimizer, unraveler(model, n_vars)) if adagc else None
    spec = make_spec(config, model, n_vars, has_truth=False, optimizer=optimizer)
    hyper = make_hyper(config)
    params = None if torch_params is None else params_from_torch(torch_params)
    state = init_state(spec, hyper, params).train
    infos = []
    for order in orders:
        state, info = _epoch(spec, hyper, state, inputs, jnp.asarray(order), jax.random.key(0))
        infos.append(jax.device_get(info))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *infos)


@functools.partial(jax.jit, static_argnums=0)
def _epoch(spec, hyper, state, inputs, order, key):
    return train_epoch(spec, hyper, state, inputs, order, key)

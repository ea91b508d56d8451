"""The reference tri-latent network: three encoders (signal, noise, bias), an adjacency, a decoder of the latents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.data.windows import Batch, Windows
from jaxstable.models.base import LossTerms, Model, Params
from jaxstable.objective.acyclicity import PENALTIES
from jaxstable.objective.losses import disentanglement, masked_mse, sparsity

LATENT_BLOCKS = ("signal", "noise", "bias")
RANKED_SIZE = 1024  # entries up to which the largest are found by counting instead of sorting
KEPT_SHARE = 0.1  # share of the adjacency's entries that the top-k gate lets through


def latent_decoder(acyclicity: str) -> Model:
    """Return the reference model, see `jaxstable.models.rcgnn.RCGNN`.

    Args:
        acyclicity: Name of a penalty in ``jaxstable.objective.acyclicity.PENALTIES``.
    """
    from jaxstable.models._latent_network import Network  # loads Flax, which no other model needs

    penalty = PENALTIES[acyclicity].function

    def init(key: Array, n_vars: int) -> Params:
        return Network(n_vars).init(key, jnp.zeros((n_vars, 1)))["params"]

    def loss(params: Params, batch: Batch, key: Array, progress: Array) -> LossTerms:
        del key, progress  # nothing in this model is random or changes on the way
        n_windows, n_steps, n_vars = batch.values.shape
        values, mask = (x.reshape(n_windows * n_steps, n_vars).T for x in (batch.values, batch.mask))
        weight = jnp.repeat(batch.weight, n_steps)
        prediction, latents = cast(tuple[Array, Array], Network(n_vars).apply({"params": params}, values))
        gates = top_share_gate(params["adjacency"])
        return LossTerms(
            # The mean runs over all entries of the real windows, observed or not, as in the original.
            recon=masked_mse(prediction, values, mask, count=jnp.sum(weight) * n_vars),
            sparse=sparsity(gates),
            acyclic=penalty(gates),
            disen=disentanglement(latents, weight),
        )

    return Model(
        name="rcgnn_latent",
        init=init,
        batch=Windows.gather,
        loss=loss,
        adjacency=lambda params: top_share_gate(params["adjacency"])[None],
        structure=lambda params: params["adjacency"],
    )


def top_share_gate(logits: Array) -> Array:
    """Return sigmoid(logits) where an entry is among the ten per cent largest, 0 elsewhere.

    At least one entry is kept; ties go to the entry that comes first. The gradient flows through kept entries only.

    Args:
        logits: ``[n, n]`` float32; the diagonal takes part.

    Returns:
        ``[n, n]`` gates, 0 or in (0, 1).

    Example:
        >>> top_share_gate(jnp.eye(4) * jnp.arange(4.0)).round(2)[3]
        Array([0.  , 0.  , 0.  , 0.95], dtype=float32)
    """
    flat = jax.lax.stop_gradient(logits).reshape(-1)
    kept = _among_largest(flat, max(1, int(KEPT_SHARE * flat.size)))
    return jnp.where(kept.reshape(logits.shape), jax.nn.sigmoid(logits), 0.0)


def _among_largest(values: Array, n_kept: int) -> Array:
    """Return which entries are among the `n_kept` largest; of equal ones the first."""
    if values.size <= RANKED_SIZE:
        # Counting who is ahead beats a sort by far while the table of pairs fits the cache; a sum over the first axis
        # goes along memory.
        place = jnp.arange(values.size)
        earlier = place[:, None] < place[None, :]
        ahead = (values[:, None] > values[None, :]) | ((values[:, None] == values[None, :]) & earlier)
        return jnp.sum(ahead, axis=0) < n_kept
    smallest = jax.lax.top_k(values, n_kept)[0][-1]
    above, tied = values > smallest, values == smallest
    return above | (tied & (jnp.cumsum(tied) <= n_kept - jnp.sum(above)))


def params_from_torch(state: Mapping[str, np.ndarray]) -> Params:
    """Return the reference model's parameters from the original program's, by torch name.

    Args:
        state: Arrays named ``tri_encoder.{signal,noise,bias}_encoder.{0,2}.{weight,bias}``,
            ``decoder.{0,2}.{weight,bias}`` and ``structure_learner.A_base``, as torch's ``state_dict`` holds them.

    Raises:
        KeyError: A parameter is missing.
    """

    def stacked(layer: int, kind: str) -> np.ndarray:
        return np.stack([state[f"tri_encoder.{block}_encoder.{layer}.{kind}"] for block in LATENT_BLOCKS])

    arrays = {
        "adjacency": state["structure_learner.A_base"],
        "encoder_in_kernel": np.concatenate(list(stacked(0, "weight"))),
        "encoder_in_bias": np.concatenate(list(stacked(0, "bias"))),
        "encoder_out_kernel": stacked(2, "weight"),
        "encoder_out_bias": stacked(2, "bias"),
        "decoder_in_kernel": state["decoder.0.weight"],
        "decoder_in_bias": state["decoder.0.bias"],
        "decoder_out_kernel": state["decoder.2.weight"],
        "decoder_out_bias": state["decoder.2.bias"],
    }
    return {name: jnp.asarray(array, jnp.float32) for name, array in arrays.items()}

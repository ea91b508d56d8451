"""The tri-latent network whose decoder reads the latents through a graph: nonlinear, with a gate on every edge."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Prepared, covered
from jaxstable.data.windows import Windows
from jaxstable.models import gates
from jaxstable.models.base import LossTerms, Model, Params
from jaxstable.models.readings import Readings, Rows, readings
from jaxstable.objective.acyclicity import PENALTIES
from jaxstable.objective.losses import disentanglement, gaussian_nll

N_LAGS = 2
HIDDEN = 32
BATCH = 128  # rows of a training step
EPOCH_STEPS = 50
MOST_EVALUATED = 2048  # rows of an evaluation
EASED_IN = 0.5  # share of the run over which sparsity and acyclicity reach their full weights
# Half the edges start shut at lag 0: the penalty of a full graph of cycles would drown the likelihood.
FIRST_LOGIT, FIRST_LOGIT_INSTANT = 0.0, -2.0
GATE_PACE = 3.0  # Adam moves every parameter alike; gates have further to go than weights
FIRST_TRUST = -3.0  # a filled entry starts out nearly as good as a reading
FIRST_DRIFT = 0.0  # half of the slow part starts out as drift
FIRST_NOISE = -4.0  # a gap in a cause starts out to matter little


class Latents(NamedTuple):
    """Hold the three latents of every variable at every step of some rows, `[rows, lags + 1, vars]`."""

    signal: Array
    noise: Array
    bias: Array


def graph_decoder(acyclicity: str, n_lags: int = N_LAGS, hidden: int = HIDDEN) -> Model:
    """Return the network that reconstructs each variable from the signals of its causes.

    With y_i(t) a reading, or between readings the line that joins them a distance g_i(t) from the nearest, and
    d_i(t) the slow part of the series, variable i has three latents at every step:

        bias    b_i = sigmoid(c_i) d_i                       how much of the slow part is drift of the sensor
        signal  s_i = (y_i - b_i) exp(-softplus(r_i) g_i)    a filled entry says less, the further its reading
        noise   u_i = g_i                                    how uncertain the signal is

    and is reconstructed by a Gaussian with mean and log scale

        m_j(t) = b_j(t) + f_j(own past, z_lij s_i(t - l))    f_j: 32 hidden units and a linear part
        log q_j(t) = a_j + own gaps + sum z_lij softplus(w_lij) u_i(t - l)

    over causes i other than j and lags l = 0..n_lags. z_lij is a gate that opens with probability A[l, i, j],
    drawn anew in every step. The own past is what was read up to t - 1 (nothing filled from both sides, which would
    give x_j(t) away); it is no edge and costs nothing.

    Terms: recon = mean negative log likelihood of the readings; sparse = sum of A / (variables * n^(3/4)), n the
    readings of a variable, so that with weight w an edge must bring w n^(1/4) nats (a price that did not grow with n
    would in the end make an edge of every small misfit of the network); acyclic = h(A[0]) / variables; disen = mean
    absolute correlation of signal, noise and bias. Over the first half of the run sparse and acyclic grow to their
    full weights, and the temperature of the gates falls from 1 to 0.5 over the whole of it.

    Args:
        acyclicity: Name of a penalty in ``jaxstable.objective.acyclicity.PENALTIES``.
        n_lags: Largest lag, >= 1.
        hidden: Hidden units of every f_j; 0 leaves its linear part alone.

    Reference:
        Cheng et al., CUTS: neural causal discovery from irregular time-series data, 2023 (gated Granger networks on
        data with gaps); Ng et al., Masked gradient-based causal structure learning, 2022 (relaxed binary edges under
        an acyclicity penalty).
    """
    penalty = PENALTIES[acyclicity].function

    def init(key: Array, n_vars: int) -> Params:
        return _first_params(key, n_vars, n_lags, hidden)

    def loss(params: Params, batch: Readings, key: Array, progress: Array) -> LossTerms:
        key_rows, key_gates = jax.random.fold_in(key, 0), jax.random.fold_in(key, 1)
        n_vars = params["gates"].shape[-1]
        edges = gates.candidates(n_lags, n_vars)
        logits = GATE_PACE * params["gates"]
        if batch.batch is None:
            drawn = gates.median(logits)
        else:
            drawn = gates.sample(key_gates, logits, gates.temperature(progress))
        rows = batch.rows(key_rows)
        latents = encode(params, rows)
        mean, log_scale = decode(params, rows, latents, drawn * edges)
        probability = jax.nn.sigmoid(logits) * edges
        eased = jnp.minimum(progress / EASED_IN, 1.0)
        blocks = jnp.stack([latent[:, 0].T for latent in latents])
        return LossTerms(
            recon=gaussian_nll(mean, rows.values[:, 0], log_scale, rows.mask[:, 0]),
            sparse=eased * jnp.sum(probability) / (n_vars * batch.count**0.75),
            acyclic=eased * penalty(probability[0]) / n_vars,
            disen=disentanglement(blocks),
        )

    def inputs(dataset: Dataset, prepared: Prepared) -> tuple[Readings, Readings, Readings | None]:
        train = part_readings(dataset, prepared.train, n_lags, batch=BATCH)
        validation = part_readings(dataset, prepared.validation, n_lags, most=MOST_EVALUATED)
        try:
            return train, validation, part_readings(dataset, prepared.test, n_lags, most=MOST_EVALUATED)
        except ValueError:  # no series of the newest rows is long enough
            return train, validation, None

    def adjacency(params: Params) -> Array:
        logits = GATE_PACE * params["gates"]
        return jax.nn.sigmoid(logits) * gates.candidates(n_lags, logits.shape[-1])

    return Model(
        name="rcgnn_graph",
        init=init,
        batch=lambda inputs, index: inputs,
        loss=loss,
        adjacency=adjacency,
        structure=lambda params: params["gates"],
        inputs=inputs,
        epoch_steps=EPOCH_STEPS,
        criterion=lambda params, inputs, thresholds: jnp.abs(thresholds - 0.5),
        scores="probability",
    )


def encode(params: Params, rows: Rows) -> Latents:
    """Return the latents of some rows; those of a variable depend on its own readings alone."""
    drift, trust = params["drift"][None, None], params["trust"][None, None]
    bias = jax.nn.sigmoid(drift) * rows.drift
    signal = (rows.values - bias) * jnp.exp(-jax.nn.softplus(trust) * rows.distance)
    return Latents(signal=signal, noise=rows.distance, bias=bias)


def decode(params: Params, rows: Rows, latents: Latents, gate: Array) -> tuple[Array, Array]:
    """Return mean and log scale `[rows, vars]` of every variable at lag 0, given gates `[lag, cause, effect]`."""
    n_rows, n_steps, n_vars = rows.values.shape
    gate = gate.reshape(n_steps * n_vars, n_vars)
    signal = latents.signal.reshape(n_rows, n_steps * n_vars)
    past = slice(1, None)
    gap = 1.0 - rows.mask[:, past]
    own = jnp.concatenate([rows.held[:, past] - latents.bias[:, past], gap], axis=1)
    # The gates multiply the weights instead of the signals: one product for all targets.
    into = gate.T[:, :, None] * params["into"]
    hidden = jnp.einsum("bi,jih->jbh", signal, into) + jnp.einsum("blj,jlh->jbh", own, params["own_into"])
    hidden = jax.nn.relu(hidden + params["threshold"][:, None])
    mean = jnp.einsum("jbh,jh->bj", hidden, params["out"]) + latents.bias[:, 0] + params["level"][None]
    mean += signal @ (gate * params["linear"]) + jnp.einsum("blj,jl->bj", own, params["own_linear"])
    # Gaps in a cause make its effects uncertain; that is no evidence for the cause, so no gradient reaches its gate.
    noise = latents.noise.reshape(n_rows, n_steps * n_vars)
    log_scale = params["scale"][None] + jnp.einsum("blj,jl->bj", gap, params["own_noise"])
    return mean, log_scale + noise @ (jax.lax.stop_gradient(gate) * jax.nn.softplus(params["noise"]))


def part_readings(
    dataset: Dataset, part: Windows, n_lags: int, batch: int | None = None, most: int | None = None
) -> Readings:
    """Return the rows that a part's windows cover, in the units of the prepared values."""
    rows = covered(dataset, part)
    return readings(rows.values, rows.mask, rows.series, n_lags, batch, most, recording=rows.recording)


def _first_params(key: Array, n_vars: int, n_lags: int, hidden: int) -> Params:
    n_inputs = (n_lags + 1) * n_vars
    key_into, key_own, key_threshold, key_out = (jax.random.fold_in(key, purpose) for purpose in range(4))
    logits = jnp.full((n_lags + 1, n_vars, n_vars), FIRST_LOGIT).at[0].set(FIRST_LOGIT_INSTANT)
    return {
        "gates": logits / GATE_PACE,
        "drift": jnp.full(n_vars, FIRST_DRIFT),
        "trust": jnp.full(n_vars, FIRST_TRUST),
        "into": jax.random.normal(key_into, (n_vars, n_inputs, hidden)) / np.sqrt(n_vars),
        "own_into": 0.5 * jax.random.normal(key_own, (n_vars, 2 * n_lags, hidden)) / np.sqrt(n_lags),
        "threshold": 0.1 * jax.random.normal(key_threshold, (n_vars, hidden)),
        "out": 0.3 * jax.random.normal(key_out, (n_vars, hidden)) / np.sqrt(max(hidden, 1)),
        "level": jnp.zeros(n_vars),
        "linear": jnp.zeros((n_inputs, n_vars)),
        "own_linear": jnp.zeros((n_vars, 2 * n_lags)),
        "scale": jnp.zeros(n_vars),
        "own_noise": jnp.zeros((n_vars, n_lags)),
        "noise": jnp.full((n_inputs, n_vars), FIRST_NOISE),
    }

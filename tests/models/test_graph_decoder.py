"""The gated network: what its terms are, what may and may not tell it of an edge, and the graph of Lorenz-96."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable import api
from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.graph import metrics
from jaxstable.models import gates
from jaxstable.models.graph_decoder import GATE_PACE, decode, encode
from jaxstable.models.rcgnn import RCGNN
from jaxstable.models.readings import readings
from jaxstable.simulate.systems import lorenz96

N_VARS, N_LAGS, N_STEPS = 4, 2, 40
MODEL = RCGNN("graph", "geometric", N_LAGS)


def series(share_missing=0.3, seed=0):
    rng = np.random.default_rng(seed)
    mask = rng.random((N_STEPS, N_VARS)) >= share_missing
    return rng.normal(size=(N_STEPS, N_VARS)), mask, np.repeat([0, 1], [25, 15])


def inputs(batch=None, **changes):
    return readings(*series(**changes), N_LAGS, batch)


def random_params(seed=0):
    params = MODEL.init(jax.random.key(seed), N_VARS)
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda leaf: leaf + 0.3 * rng.normal(size=leaf.shape).astype(np.float32), params)


@jax.jit
def terms_of(params, batch, key, progress):
    return MODEL.loss(params, batch, key, progress)


@jax.jit
def terms_and_gradients(params, batch):
    def loss(params):
        return MODEL.loss(params, batch, jax.random.key(0), jnp.float32(0.3))

    return loss(params), jax.jacrev(loss)(params)


@jax.jit
def recon_gradient(params, batch):
    return jax.grad(lambda p: MODEL.loss(p, batch, jax.random.key(0), jnp.float32(1.0)).recon)(params)


@jax.jit
def mean_and_scale(params, rows, gate):
    return decode(params, rows, encode(params, rows), gate)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def naive_recon(params, values, mask, ids):
    """The likelihood term as its docstring has it, in float64, one entry after the other."""
    p = jax.tree.map(np.float64, params)
    rows = jax.tree.map(np.float64, inputs().series)
    bias = sigmoid(p["drift"]) * rows.drift
    signal = (rows.values - bias) * np.exp(-np.log1p(np.exp(p["trust"])) * rows.distance)
    gate = sigmoid(2.0 * GATE_PACE * p["gates"])
    into = p["into"].reshape(N_VARS, N_LAGS + 1, N_VARS, -1)
    linear, noise = (p[name].reshape(N_LAGS + 1, N_VARS, N_VARS) for name in ("linear", "noise"))
    losses = []
    for t in range(N_STEPS):
        if t < N_LAGS or ids[t] != ids[t - N_LAGS]:
            continue
        for j in range(N_VARS):
            if not mask[t, j]:
                continue
            hidden, mean, scale = p["threshold"][j].copy(), p["level"][j] + bias[t, j], p["scale"][j]
            for lag in range(1, N_LAGS + 1):
                own = [rows.held[t - lag, j] - bias[t - lag, j], 1.0 - mask[t - lag, j]]
                for kind, value in enumerate(own):
                    hidden += value * p["own_into"][j, kind * N_LAGS + lag - 1]
                    mean += value * p["own_linear"][j, kind * N_LAGS + lag - 1]
                scale += own[1] * p["own_noise"][j, lag - 1]
            for lag in range(N_LAGS + 1):
                for i in range(N_VARS):
                    if i == j:
                        continue
                    z = gate[lag, i, j]
                    hidden += z * signal[t - lag, i] * into[j, lag, i]
                    mean += z * signal[t - lag, i] * linear[lag, i, j]
                    scale += z * np.log1p(np.exp(noise[lag, i, j])) * rows.distance[t - lag, i]
            mean += np.maximum(hidden, 0.0) @ p["out"][j]
            losses.append(0.5 * ((values[t, j] - mean) / np.exp(scale)) ** 2 + scale + 0.5 * np.log(2 * np.pi))
    return np.mean(losses)


def test_terms_equal_a_naive_program():
    params, (values, mask, ids) = random_params(), series()
    terms = terms_of(params, inputs(), jax.random.key(0), jnp.float32(1.0))
    off = 1.0 - np.eye(N_VARS)
    probability = sigmoid(GATE_PACE * np.float64(params["gates"])) * off
    predicted = np.concatenate([mask[N_LAGS:25], mask[25 + N_LAGS :]])
    walks = sum(np.trace(np.linalg.matrix_power(probability[0], k)) for k in range(1, 5))
    assert terms.recon == pytest.approx(naive_recon(params, values, mask, ids), rel=1e-4)
    assert terms.sparse == pytest.approx(probability.sum() / (N_VARS * (predicted.sum() / N_VARS) ** 0.75), rel=1e-5)
    assert terms.acyclic == pytest.approx(walks / N_VARS, rel=1e-4)
    assert 0 < terms.disen <= 3


def test_penalties_are_eased_in():
    params = random_params()
    first, half, last = (terms_of(params, inputs(), jax.random.key(0), jnp.float32(p)) for p in (0.0, 0.25, 0.5))
    assert first.sparse == first.acyclic == 0
    assert half.sparse == pytest.approx(0.5 * float(last.sparse), rel=1e-5)
    assert half.acyclic == pytest.approx(0.5 * float(last.acyclic), rel=1e-5)


def test_evaluation_has_no_noise_and_training_has():
    params = random_params()

    def recon(batch, key):
        return float(terms_of(params, batch, jax.random.key(key), jnp.float32(0.5)).recon)

    assert recon(inputs(), 0) == recon(inputs(), 1)
    assert recon(inputs(batch=8), 0) != recon(inputs(batch=8), 1)


def rows_of(values, mask, ids):
    data = readings(values, mask, ids, N_LAGS)
    return data.rows(jax.random.key(0)), np.asarray(data.ends)


def test_a_variable_is_told_nothing_of_itself_now_or_later():
    params, (values, mask, ids) = random_params(), series(share_missing=0.5)
    gate = np.ones((N_LAGS + 1, N_VARS, N_VARS), np.float32) * gates.candidates(N_LAGS, N_VARS)
    other = values.copy()
    other[20:25, 1] += 5.0  # what is filled before row 20 leans on these
    params["drift"] = jnp.full(N_VARS, -100.0)  # a slow part would lean on all rows
    (before, ends), (after, _) = rows_of(values, mask, ids), rows_of(other, mask, ids)
    means = [mean_and_scale(params, rows, gate)[0] for rows in (before, after)]
    changed = np.abs(np.asarray(means[0] - means[1])).max(axis=1, initial=0.0, where=np.eye(N_VARS)[1] > 0)
    assert not changed[ends <= 20].any()
    assert changed[(ends > 20) & (ends < 25)].any()


def test_a_shut_gate_passes_nothing():
    params, (values, mask, ids) = random_params(), series()
    gate = np.array(gates.candidates(N_LAGS, N_VARS))
    gate[:, 2, 0] = 0.0
    other = values.copy()
    other[:, 2] = -3.0 * values[:, 2]
    params["drift"] = jnp.full(N_VARS, -100.0)
    found = [mean_and_scale(params, rows_of(x, mask, ids)[0], gate)[0] for x in (values, other)]
    assert np.array_equal(found[0][:, 0], found[1][:, 0])
    assert not np.allclose(found[0][:, 1], found[1][:, 1])


def test_nothing_observed_teaches_nothing():
    values, _, ids = series()
    data = readings(np.zeros_like(values), np.zeros(values.shape, bool), ids, N_LAGS)
    grads = recon_gradient(random_params(), data)
    assert all(not np.any(np.asarray(leaf)) for leaf in jax.tree.leaves(grads))


@pytest.mark.parametrize("scale", [0.0, 1.0, 1e4])
def test_terms_and_gradients_are_finite(scale):
    values, mask, ids = series()
    terms, gradients = terms_and_gradients(random_params(), readings(scale * values, mask, ids, N_LAGS, batch=8))
    assert all(np.isfinite(term) for term in terms.values())
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_likelihood_reaches_every_gate():
    grads = recon_gradient(random_params(), inputs())
    reached = np.asarray(MODEL.structure(grads)) != 0
    assert np.array_equal(reached, gates.candidates(N_LAGS, N_VARS) > 0)


def test_adjacency_is_the_probability_of_the_gates():
    params = random_params()
    found = np.asarray(MODEL.adjacency(params))
    drawn = jax.vmap(lambda key: gates.sample(key, GATE_PACE * params["gates"], 0.5) > 0.5)(
        jax.random.split(jax.random.key(1), 4000)
    )
    off = gates.candidates(N_LAGS, N_VARS) > 0
    np.testing.assert_allclose(np.mean(drawn, axis=0)[off], found[off], atol=0.04)
    assert not found[~off].any()


def test_gaps_are_filled_within_their_series():
    values = np.array([[1.0], [np.nan], [np.nan], [4.0], [np.nan], [7.0], [np.nan]])
    rows = readings(values, np.isfinite(values), np.array([0, 0, 0, 0, 0, 1, 1]), 1).series
    assert rows.values[:, 0].tolist() == [1.0, 2.0, 3.0, 4.0, 4.0, 7.0, 7.0]
    assert rows.held[:, 0].tolist() == [1.0, 1.0, 1.0, 4.0, 4.0, 7.0, 7.0]
    assert rows.distance[:, 0].tolist() == [0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0]


def test_a_series_without_readings_is_far_from_any():
    values = np.full((4, 2), np.nan)
    values[0, 0] = 1.0
    rows = readings(values, np.isfinite(values), np.array([0, 0, 1, 1]), 1).series
    assert rows.values[2:].tolist() == rows.held[2:].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert rows.distance[:, 1].tolist() == [4.0] * 4


def test_too_short_a_series_is_refused():
    with pytest.raises(ValueError, match="no series is longer than 2 steps"):
        readings(np.zeros((4, 2)), np.ones((4, 2), bool), np.array([0, 0, 1, 1]), 2)


@pytest.fixture(scope="module")
def ring():
    simulated = lorenz96(n_vars=8, n_steps=600, seed=100)
    values = simulated.values.copy()
    values[np.random.default_rng(0).random(values.shape) < 0.2] = np.nan
    return Dataset.from_array(values, truth=simulated.truth)


def test_it_trains_as_lanes_of_a_sweep(ring):
    config = Config.for_model("rcgnn_graph", epochs=15)
    dense, sparse = list(api.sweep(config, ring, {"lambda_sparse": [4.0, 400.0]}, progress=False))
    assert dense.status == sparse.status == "FINISHED"
    assert metrics.auroc(jnp.asarray(dense.adjacency), jnp.asarray(ring.truth)) >= 0.95
    assert sparse.adjacency.max() < 0.2 < 0.8 < dense.adjacency.max()
    assert dense.threshold == 0.5
    assert "reconstruction_reaches_adjacency" in {finding.code for finding in dense.diagnose()}


def test_without_hidden_units_it_is_linear():
    model = RCGNN("graph", "geometric", N_LAGS, hidden=0)
    params = jax.tree.map(lambda leaf: leaf + 0.1, model.init(jax.random.key(0), N_VARS))
    params["drift"] = jnp.full(N_VARS, -100.0)
    values, mask, ids = series(share_missing=0.0)
    gate = gates.candidates(N_LAGS, N_VARS)
    means = [np.asarray(mean_and_scale(params, rows_of(f * values, mask, ids)[0], gate)[0]) for f in (0.0, 1.0, 2.0)]
    np.testing.assert_allclose(means[2] - means[0], 2.0 * (means[1] - means[0]), atol=1e-5)
    assert np.abs(means[1] - means[0]).max() > 0.1


def test_settings_out_of_range_are_refused():
    for wrong, name in (({"n_lags": 0}, "n_lags"), ({"hidden": -1}, "hidden"), ({"decoder": "deep"}, "decoder")):
        with pytest.raises(ValueError, match=f"{name}: found"):
            RCGNN(**{"decoder": "graph", **wrong})

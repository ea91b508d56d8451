"""The linear model on second moments: its terms against definitions, and the graph of the embedded plant."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable import api
from jaxstable.config import Config
from jaxstable.data.sources import sensors
from jaxstable.graph import metrics
from jaxstable.models.svar import BEND, FIRST_SPARSE, SVAR, SecondMoments

N_VARS, N_LAGS = 4, 2
DIM = (N_LAGS + 1) * N_VARS


def problem(seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(2, 200, DIM)) @ rng.normal(size=(DIM, DIM))
    matrix = np.einsum("enp,enq->epq", rows, rows) / 200
    weights = 0.3 * rng.normal(size=(N_LAGS + 1, N_VARS, N_VARS))
    return matrix, np.array([0.25, 0.75]), weights


def terms_of(model, weights, matrix, share, progress):
    batch = SecondMoments(jnp.asarray(matrix, jnp.float32), jnp.asarray(share, jnp.float32))
    return model.loss(jnp.asarray(weights, jnp.float32), batch, jax.random.key(0), jnp.float32(progress))


@pytest.mark.parametrize("likelihood", ["free", "equal"])
def test_terms_equal_their_definitions(likelihood):
    matrix, share, weights = problem()
    off = 1.0 - np.eye(N_VARS)
    edges = weights.copy()
    edges[0] *= off
    variance = np.empty((2, N_VARS))
    for e in range(2):
        for j in range(N_VARS):
            residual = np.zeros(DIM)
            residual[j] = 1.0
            residual -= edges[:, :, j].reshape(-1)
            variance[e, j] = residual @ matrix[e] @ residual
    misfit = np.log(variance) if likelihood == "free" else variance
    penalised = edges.copy()
    for lag in range(1, N_LAGS + 1):
        penalised[lag] *= off  # a variable's own past is free of charge
    terms = terms_of(SVAR(likelihood, n_lags=N_LAGS), weights, matrix, share, 1.0)
    assert terms.recon == pytest.approx(0.5 * float(share @ misfit.mean(axis=1)), rel=1e-4)
    assert terms.sparse == pytest.approx(BEND * np.log1p(np.abs(penalised) / BEND).sum() / N_VARS, rel=1e-5)
    assert terms.acyclic > 0
    assert terms.disen == 0


def test_penalties_are_eased_in():
    matrix, share, weights = problem(1)
    first, last = (terms_of(SVAR(), weights, matrix, share, progress) for progress in (0.0, 0.7))
    assert first.sparse == pytest.approx(FIRST_SPARSE * float(last.sparse), rel=1e-5)
    assert first.acyclic == pytest.approx(0.1 * float(last.acyclic), rel=1e-4)
    assert first.recon == last.recon


def test_no_variable_causes_itself_at_lag_0():
    model = SVAR()
    assert (np.diagonal(model.adjacency(jnp.ones((N_LAGS + 1, N_VARS, N_VARS)))[0]) == 0).all()


def test_arguments_are_checked():
    for wrong in ({"likelihood": "huber"}, {"acyclicity": "none"}, {"n_lags": -1}):
        with pytest.raises(ValueError, match="found"):
            SVAR(**wrong)


def test_the_embedded_plant_is_recovered():
    data = sensors()
    result = api.train(Config.for_model("svar"), data, progress=False)
    assert result.status == "FINISHED"
    assert metrics.auroc(jnp.asarray(result.adjacency), jnp.asarray(data.truth)) >= 0.99
    assert metrics.f1(jnp.asarray(result.graph), jnp.asarray(data.truth)) >= 0.95
    assert "reconstruction_reaches_adjacency" in {finding.code for finding in result.diagnose()}

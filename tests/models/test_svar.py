"""The linear model on second moments: its terms against definitions, and the graph of the embedded plant."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable import api
from jaxstable.config import Config
from jaxstable.data.sources import sensors
from jaxstable.graph import metrics
from jaxstable.models.svar import ACYCLIC_UNIT, BEND, FIRST_SPARSE, RECON_UNIT, SPARSE_UNIT, SVAR, SecondMoments

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
    assert terms.recon / RECON_UNIT == pytest.approx(0.5 * float(share @ misfit.mean(axis=1)), rel=1e-4)
    assert terms.sparse / SPARSE_UNIT == pytest.approx(
        BEND * np.log1p(np.abs(penalised) / BEND).sum() / N_VARS, rel=1e-5
    )
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


def test_the_stable_weights_are_worth_what_the_units_say():
    stable = Config()
    assert stable.lambda_recon * RECON_UNIT == pytest.approx(1.0)
    assert stable.lambda_sparse * SPARSE_UNIT == pytest.approx(0.05)
    assert stable.lambda_acyclic * ACYCLIC_UNIT == pytest.approx(10.0)


def test_required_edges_are_free_and_above_any_threshold_and_forbidden_ones_are_nowhere():
    matrix, share, weights = problem(2)
    model = SVAR(required=[(0, 1, 2), (1, 3, 0)], forbidden=[(2, 0, 3)])
    adjacency = np.asarray(model.adjacency(jnp.asarray(weights)))
    assert adjacency[0, 1, 2] > 1.0
    assert adjacency[1, 3, 0] > 1.0
    assert (np.sort(adjacency, axis=None)[-2:] > 1.0 + np.delete(adjacency.ravel(), [6, 28]).max()).all()
    assert adjacency[2, 0, 3] == 0.0
    bare = weights.copy()
    bare[0, 1, 2] = bare[1, 3, 0] = bare[2, 0, 3] = 0.0
    costs = [terms_of(model, some, matrix, share, 1.0).sparse for some in (weights, bare)]
    assert costs[0] == pytest.approx(float(costs[1]))
    recon = [terms_of(model, some, matrix, share, 1.0).recon for some in (weights, bare)]
    assert abs(float(recon[0] - recon[1])) > 1e-4  # but they do explain


def test_equal_edges_make_the_same_model():
    assert SVAR(required=[(0, 1, 2), (1, 0, 1)]) is SVAR(required=[(1, 0, 1), (0, 1, 2), (0, 1, 2)])


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({"required": [(0, 1, 2)], "forbidden": [(0, 1, 2)]}, "forbidden as well"),
        ({"required": [(0, 1, 1)]}, r"required: edge \(0, 1, 1\) is a variable on itself"),
        ({"forbidden": [(2, 1, 1)]}, r"forbidden: edge \(2, 1, 1\) is a variable on itself"),
        ({"required": [(0, 0, 1), (0, 1, 2), (0, 2, 0)]}, "have a cycle"),
        ({"required": [(3, 0, 1)]}, "lag of at most 2"),
        ({"forbidden": [(0, 1)]}, r"found \(0, 1\)"),
    ],
)
def test_impossible_edges_are_refused(edges, message):
    with pytest.raises(ValueError, match=message):
        SVAR(**edges)


def test_a_required_edge_is_in_the_trained_graph_and_a_forbidden_one_is_not():
    data = sensors()
    free = api.train(Config(epochs=15), data, progress=False)
    absent = tuple(np.argwhere(~free.graph & ~free.graph.T & ~np.eye(data.n_vars, dtype=bool))[0])
    present = tuple(np.argwhere(free.lagged[0] > 0.3)[0])
    model = SVAR(required=[(1, *absent)], forbidden=[(0, *present)])
    bound = api.train(Config(epochs=15), data, model=model, progress=False)
    assert bound.graph[absent]
    assert bound.lagged[0][present] == 0.0


def test_criterion_prefers_the_true_support():
    truth = np.zeros((N_LAGS + 1, N_VARS, N_VARS))
    truth[0, 0, 1] = truth[1, 2, 3] = 0.6
    mixing = np.linalg.inv(np.eye(N_VARS) - truth[0])
    rows = np.random.default_rng(0).normal(size=(2000, N_VARS))
    for time in range(1, len(rows)):
        rows[time] = (rows[time] + rows[time - 1] @ truth[1]) @ mixing
    stacked = np.hstack([rows[N_LAGS - lag : len(rows) - lag] for lag in range(N_LAGS + 1)])
    batch = SecondMoments(jnp.asarray(np.cov(stacked.T)[None], jnp.float32), jnp.asarray([1998.0]))
    model = SVAR(n_lags=N_LAGS)
    params = jnp.asarray(np.where(truth > 0, truth, 0.02), jnp.float32)
    scores = model.criterion(params, batch, jnp.array([0.0, 0.3, 0.9]))
    assert int(jnp.argmin(scores)) == 1
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("labelled", [True, False])
def test_the_embedded_plant_is_recovered_without_looking_at_its_graph(labelled):
    data = sensors()
    given = data if labelled else dataclasses.replace(data, truth=None, lagged_truth=None)
    result = api.train(Config(), given, progress=False)
    assert metrics.auroc(jnp.asarray(result.adjacency), jnp.asarray(data.truth)) >= 0.99
    assert metrics.f1(jnp.asarray(result.graph), jnp.asarray(data.truth)) >= 0.95
    assert "reconstruction_reaches_adjacency" in {finding.code for finding in result.diagnose()}

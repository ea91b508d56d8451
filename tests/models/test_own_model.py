"""What a user brings: a model with loss terms of its own, an optimiser, a call after every epoch."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxstable as js


def notears(ridge: float = 0.01) -> js.Model:
    """Linear structural equations without lags (Zheng et al., DAGs with NO TEARS, 2018), with a ridge."""

    def init(key, n_vars):
        return 0.01 * jax.random.normal(key, (n_vars, n_vars))

    def batch(inputs, index):
        return inputs.gather(index)

    def loss(params, batch, key, progress):
        del key, progress
        weights = params * (1.0 - jnp.eye(len(params)))
        error = (batch.values - batch.values @ weights) * batch.mask
        square = weights**2
        powers = jnp.eye(len(params)) + square / len(params)
        for _ in range(4):
            powers = powers @ powers
        return js.LossTerms(
            recon=jnp.sum(error**2) / jnp.maximum(jnp.sum(batch.mask), 1.0),
            sparse=jnp.mean(jnp.abs(weights)),
            acyclic=jnp.trace(powers) - len(params),
            ridge=jnp.sum(square),
        )

    def adjacency(params):
        return jnp.abs(params * (1.0 - jnp.eye(len(params))))[None]

    return js.Model("notears", init, batch, loss, adjacency, structure=lambda params: params, weights={"ridge": ridge})


SETTINGS = {"epochs": 3, "batch_size": 16, "learning_rate": 0.01, "lambda_acyclic": 0.1}


@pytest.fixture(scope="module")
def chain():
    """Three variables, each driven by the one before it at the same step."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(400, 3))
    values[:, 1] += 2.0 * values[:, 0]
    values[:, 2] += 2.0 * values[:, 1]
    return js.Dataset.from_array(values, names=["a", "b", "c"], window=8)


@pytest.fixture(scope="module")
def run(chain):
    records = []
    result = js.train(js.Config(**SETTINGS), chain, model=notears(), on_epoch=records.append, progress=False)
    return result, records


def test_its_terms_are_on_record_by_their_own_names(run):
    result, _ = run
    for record in result.history:
        assert list(record["train_loss_components"]) == ["recon", "sparse", "acyclic", "ridge"]
        assert list(record["grad_to_adjacency"]) == ["recon", "sparse", "acyclic", "ridge"]
    terms, config = result.history[-1]["val_loss_components"], result.config
    weighed = sum(terms[name] * getattr(config, f"lambda_{name}") for name in ("recon", "sparse", "acyclic"))
    assert result.history[-1]["val_loss"] == pytest.approx(weighed + 0.01 * terms["ridge"], rel=1e-5)


def test_it_learns_the_direction_of_a_chain_of_equal_variances(chain):
    config = js.Config(**{**SETTINGS, "epochs": 12, "lambda_acyclic": 10.0, "standardize": False})
    weights = js.train(config, chain, model=notears(), progress=False).adjacency
    assert min(weights[0, 1], weights[1, 2]) > 1.0 > 0.1 > np.tril(weights).max()


def test_a_call_sees_every_record_as_it_is_made(run):
    result, records = run
    assert records == result.history
    assert [record["epoch"] for record in records] == [1, 2, 3]


def test_a_lane_of_it_is_its_single_run_and_a_call_sees_all_lanes(run, chain):
    seen = []
    grid = js.sweep(
        js.Config(**SETTINGS), chain, {"seed": [1337, 3]}, model=notears(), on_epoch=seen.append, progress=False
    )
    np.testing.assert_array_equal(grid[0].lagged, run[0].lagged)
    assert [sorted(records) for records in seen] == [[0, 1]] * 3
    assert seen[-1][1] == grid[1].history[-1]


def test_its_own_weight_counts(run, chain):
    strong = js.train(js.Config(**SETTINGS), chain, model=notears(ridge=10.0), progress=False)
    assert strong.adjacency.max() < 0.5 * run[0].adjacency.max()


def momentum(hyper):
    return optax.chain(optax.clip_by_global_norm(hyper.clip_norm), optax.sgd(hyper.learning_rate, momentum=0.9))


def test_an_optimiser_of_the_users_own_trains_and_belongs_to_the_run(run, chain, tmp_path):
    config = js.Config(**SETTINGS)
    result = js.train(config, chain, model=notears(), optimizer=momentum, run_dir=tmp_path, progress=False)
    assert np.isfinite(result.adjacency).all()
    assert not np.array_equal(result.lagged, run[0].lagged)
    with pytest.raises(js.RunDirectoryError, match="optimizer"):
        js.train(config, chain, model=notears(), run_dir=tmp_path, resume=True, progress=False)
    again = js.train(config, chain, model=notears(), optimizer=momentum, run_dir=tmp_path, resume=True, progress=False)
    np.testing.assert_array_equal(again.lagged, result.lagged)


def test_a_learning_rate_reaches_the_users_optimiser_as_an_axis(chain):
    grid = js.sweep(
        js.Config(**SETTINGS),
        chain,
        {"learning_rate": [1e-6, 1e-2]},
        model=notears(),
        optimizer=momentum,
        progress=False,
    )
    losses = [lane.history[-1]["train_loss"] for lane in grid]
    assert losses[1] < 0.9 * losses[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"optimizer": "adam"}, "optimizer: found 'adam'"),
        ({"on_epoch": "print"}, "on_epoch: found 'print'"),
        ({"model": notears()._replace(weights={})}, "loss term 'ridge' of 'notears' has no weight"),
        ({"model": notears()._replace(weights={"ridge": -1.0})}, "found the weight -1.0 of 'ridge'"),
        ({"model": notears()._replace(weights={"ridge": 1.0, "rigde": 1.0})}, "found a weight for 'rigde'"),
        ({"model": notears()._replace(adjacency=lambda params: params)}, "found an adjacency of 'notears' of shape"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(chain, arguments, message):
    with pytest.raises(js.ConfigError, match=message):
        js.train(js.Config(**SETTINGS), chain, progress=False, **{"model": notears(), **arguments})

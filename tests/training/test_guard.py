"""Steps that are not finite are undone and counted; a run in which they dominate ends as DIVERGED."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import fit, linear

from jaxstable.models.base import LossTerms
from jaxstable.training.problem import Problem
from jaxstable.training.spec import make_hyper
from jaxstable.training.state import init_state
from jaxstable.training.step import all_finite, train_epoch
from jaxstable.training.sweep import sweep_lanes


def same(left, right):
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(left), jax.tree.leaves(right), strict=True))


@pytest.fixture(scope="module")
def step(small_config, small_dataset):
    """The compiled step on one row of windows, and the state it starts from."""
    problem = Problem(small_config, small_dataset, linear(loss=(30,), gradient=(31,), overflow=(32,)))
    hyper = make_hyper(small_config)
    run = jax.jit(functools.partial(train_epoch, problem.spec))

    def step(state, *windows):
        state, info = run(hyper, state, problem.data.train, jnp.array([windows], jnp.int32), jax.random.key(0))
        return state, bool(info.skipped[0])

    return step, init_state(problem.spec, hyper).train


@pytest.mark.parametrize("window", [30, 31, 32], ids=["nan loss", "nan gradient", "norm overflows"])
def test_broken_step_is_undone_and_the_next_goes_on(window, step):
    step, start = step
    first, first_skipped = step(start, 0, 1, 2, 3)
    second, second_skipped = step(first, 4, window, 5, 6)
    third, third_skipped = step(second, 7, 8, 9, -1)
    assert (first_skipped, second_skipped, third_skipped) == (False, True, False)
    assert not same(start, first)
    assert same(first, second)
    assert not same(second, third)
    assert all_finite(third.params, third.opt_state[:-1])


@pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
def test_all_finite_sees_one_entry(spoilt):
    tree = {"a": jnp.ones(5), "b": jnp.full((2, 2), 3e38), "count": jnp.int32(7)}
    assert all_finite(tree)
    assert not all_finite(tree, {"c": jnp.zeros(3).at[1].set(spoilt)})


def test_broken_steps_are_counted_and_left_out_of_the_means(small_config, small_dataset):
    run = fit(small_config, small_dataset, model=linear(loss=(30,)))
    assert run.status == "FINISHED"
    assert [record["skipped_steps"] for record in run.history] == [1] * small_config.epochs
    for record in run.history:
        assert record["train_loss"] > 0
        assert record["grad_norm_max"] >= record["grad_norm"] > 0


def test_run_of_broken_steps_ends_with_the_state_it_began_with(small_config, small_dataset):
    model = linear(loss=tuple(range(60)))
    run = fit(small_config, small_dataset, model=model)
    assert run.status == "DIVERGED"
    [record] = run.history
    assert (record["status"], record["skipped_steps"]) == ("DIVERGED", record["steps"])
    assert record["train_loss"] is record["grad_norm"] is record["val_loss"] is None
    state = init_state(Problem(small_config, small_dataset, model).spec, make_hyper(small_config))
    found = np.concatenate([run.params["offset"], run.params["weights"].ravel()])
    np.testing.assert_allclose(found, state.best_params, rtol=1e-6)  # drawn compiled there, op by op here


def test_run_that_breaks_late_keeps_its_last_good_state(small_config, unlabelled_dataset):
    config = small_config.replace(epochs=12)
    broken = fit(config, unlabelled_dataset, model=linear(late=True))
    assert broken.status == "DIVERGED"
    good = [record["epoch"] for record in broken.history if record["new_best"]]
    assert 1 < len(good) < len(broken.history) < 12
    assert broken.history[-1]["skipped_steps"] > broken.history[-1]["steps"] / 2
    short = fit(config.replace(epochs=good[-1]), unlabelled_dataset, model=linear(late=True))
    assert short.status == "FINISHED"
    assert broken.adjacency.tobytes() == short.adjacency.tobytes()
    assert same(broken.params, short.params)


def test_reference_model_with_a_huge_learning_rate_diverges(small_config, small_dataset):
    run = fit(small_config.replace(learning_rate=1e6), small_dataset)
    assert run.status == "DIVERGED"
    assert np.isfinite(run.adjacency).all()
    assert all_finite(run.params)


def spoilt(terms, params):
    """Add a term that is finite and has a gradient that is not: the root of nothing."""
    return LossTerms(terms, spoilt=jnp.sqrt(jnp.sum(jnp.maximum(params["weights"], 10.0) - 10.0)))


def with_spoilt_term(weight):
    good = linear()

    def loss(params, batch, key, progress):
        return spoilt(good.loss(params, batch, key, progress), params)

    return good._replace(loss=loss, weights={"spoilt": weight})


def test_a_term_of_weight_zero_does_not_count_even_if_its_gradient_is_nan(small_config, small_dataset):
    config = small_config.replace(epochs=3)
    run, plain = (fit(config, small_dataset, model=model) for model in (with_spoilt_term(0.0), linear()))
    assert [record["skipped_steps"] for record in run.history] == [0, 0, 0]
    assert run.lagged.tobytes() == plain.lagged.tobytes()
    # It is on record all the same, and so is that nobody can say how far it moves the adjacency.
    last, audit = run.history[-1], plain.history[-1]["grad_to_adjacency"]
    assert last["train_loss_components"] == {**plain.history[-1]["train_loss_components"], "spoilt": 0.0}
    assert last["grad_to_adjacency"] == {**audit, "spoilt": None}
    counted = fit(config, small_dataset, model=with_spoilt_term(1e-6))
    assert counted.status == "DIVERGED"


def test_a_lambda_of_zero_is_a_program_of_its_own_in_a_grid(small_config, small_dataset):
    config = small_config.replace(epochs=2)
    good = linear()

    def loss(params, batch, key, progress):
        terms = good.loss(params, batch, key, progress)
        return LossTerms(terms, disen=spoilt(terms, params).spoilt)

    model = good._replace(loss=loss)
    configs = [config.replace(lambda_disen=weight) for weight in (0.0, 1e-4, 0.0)]
    runs = sweep_lanes(configs, small_dataset, model=model)
    assert [run.status for run in runs] == ["FINISHED", "DIVERGED", "FINISHED"]
    alone = fit(configs[0], small_dataset, model=model)
    assert runs[0].lagged.tobytes() == runs[2].lagged.tobytes() == alone.lagged.tobytes()

"""The newest windows: read once, by nobody but the loss of the finished run."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import fit, linear

import jaxstable as js
from jaxstable.models.registry import MODELS
from jaxstable.training.problem import Problem
from jaxstable.training.sweep import sweep_lanes


def test_it_is_the_weighted_loss_of_the_kept_state_on_the_newest_windows(small_config, small_dataset):
    run = fit(small_config, small_dataset, model=linear())
    problem = Problem(small_config, small_dataset, linear())
    windows = problem.prepared.test
    assert int(windows.starts[-1]) == small_dataset.n_rows - small_dataset.window
    batch = problem.model.batch(windows, jnp.arange(len(windows)))
    terms = problem.model.loss(run.params, batch, jax.random.key(jnp.uint32(small_config.seed)), jnp.float32(1.0))
    expected = sum(float(term) * getattr(small_config, f"lambda_{name}") for name, term in terms.items())
    assert run.test_loss == pytest.approx(expected, rel=1e-5)


def test_nothing_else_depends_on_the_newest_windows(small_config, small_dataset):
    first = int(Problem(small_config, small_dataset, linear()).prepared.test.starts[0])
    values = small_dataset.values.copy()
    values[first:] *= 3.0
    run, other = (
        fit(small_config, data, model=linear())
        for data in (small_dataset, dataclasses.replace(small_dataset, values=values))
    )
    assert run.lagged.tobytes() == other.lagged.tobytes()
    assert [r["val_loss"] for r in run.history] == [r["val_loss"] for r in other.history]
    assert other.test_loss > 2.0 * run.test_loss


def test_a_lane_has_that_of_its_single_run(small_config, small_dataset):
    configs = [small_config.replace(seed=seed) for seed in range(3)]
    lanes = sweep_lanes(configs, small_dataset, model=linear())
    alone = fit(configs[1], small_dataset, model=linear())
    assert lanes[1].test_loss == alone.test_loss
    assert len({run.test_loss for run in lanes}) == 3


def test_a_model_without_test_inputs_has_none(small_config, small_dataset):
    model = linear()._replace(inputs=lambda dataset, prepared: (prepared.train, prepared.validation))
    assert fit(small_config, small_dataset, model=model).test_loss is None


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_tells_it_and_every_file_keeps_it(name, tmp_path):
    data = js.datasets.sensors()  # whole, as other tests train on it with the same programs
    result = js.train(js.Config(model=name, epochs=2), data, run_dir=tmp_path / "run", progress=False)
    told = result.summary()["test_loss"]
    assert np.isfinite(told)
    assert js.load(tmp_path / "run").summary()["test_loss"] == told
    grid = js.sweep(js.Config(model=name, epochs=2), data, {"seed": [1337]}, run_dir=tmp_path / "grid", progress=False)
    assert js.load(tmp_path / "grid")[0].run.test_loss == grid[0].run.test_loss == told

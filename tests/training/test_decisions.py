"""What an evaluation decides: best state, learning rate, early stop; and what it records."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import fit, linear

from jaxstable.config import ConfigError
from jaxstable.models.base import LossTerms
from jaxstable.training.decide import decide
from jaxstable.training.evaluate import Evaluation
from jaxstable.training.spec import make_hyper, make_spec
from jaxstable.training.state import Status, init_state

EVALUATED = ("val_loss", "val_loss_components", "edge_count", "best_threshold", "grad_to_adjacency")


def decisions(config, losses, f1s=None):
    """Feed evaluations to `decide`; return, for each, the epoch kept as best, the scale and the status."""
    spec = make_spec(config, linear(), n_vars=4, has_truth=f1s is not None)
    hyper = make_hyper(config)
    state, zero = init_state(spec, hyper), jnp.float32(0.0)
    terms, seen = LossTerms(recon=zero, sparse=zero), []
    for epoch, loss in enumerate(losses, 1):
        params = jnp.full_like(state.best_params, epoch)
        state = state._replace(train=state.train._replace(params=params))
        f1 = jnp.float32(jnp.nan if f1s is None else f1s[epoch - 1])
        evaluation = Evaluation(jnp.float32(loss), terms, f1, zero, jnp.int32(0), zero, terms, jnp.bool_(False))
        state, evaluation = decide(spec, hyper, state, evaluation)
        assert bool(evaluation.new_best) == (float(state.best_params[0]) == epoch)
        seen.append((int(state.best_params[0]), float(state.train.opt_state[-1].scale), Status(int(state.status)).name))
    return seen


def test_best_state_follows_the_loss_and_never_a_nan(small_config):
    kept = [best for best, _, _ in decisions(small_config, [3.0, 2.0, np.nan, 2.0, 1.9999, np.inf, -1.0])]
    assert kept == [1, 2, 2, 2, 5, 5, 7]


def test_best_state_follows_f1_where_the_truth_is_known(small_config):
    losses, f1s = [1.0, 0.5, 2.0, 3.0], [0.2, 0.1, 0.3, 0.3]
    assert [best for best, _, _ in decisions(small_config, losses, f1s)] == [1, 1, 3, 3]
    by_loss = decisions(small_config.replace(monitor="val_loss"), losses, f1s)
    assert [best for best, _, _ in by_loss] == [1, 2, 2, 2]


def test_patience_of_the_plateau_and_of_stopping(small_config):
    config = small_config.replace(plateau_patience=1, plateau_cooldown=0, early_stop_patience=5)
    seen = decisions(config, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert [scale for _, scale, _ in seen] == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    assert [status for _, _, status in seen] == ["RUNNING"] * 5 + ["EARLY_STOPPED"]
    without = decisions(config.replace(plateau=False), [1.0] * 6)
    assert [scale for _, scale, _ in without] == [1.0] * 6


def test_run_stops_early_with_a_falling_learning_rate(small_config, small_dataset):
    config = small_config.replace(
        epochs=9, learning_rate=1e-6, plateau_factor=0.25, plateau_patience=1, plateau_cooldown=0, early_stop_patience=4
    )
    run = fit(config, small_dataset, model=linear())  # such small steps change no edge
    assert len({record["val_f1"] for record in run.history}) == 1
    assert (run.status, len(run.history)) == ("EARLY_STOPPED", 5)
    assert [record["learning_rate"] for record in run.history] == [1e-6] * 3 + [2.5e-7] * 2
    assert [record["new_best"] for record in run.history] == [True, False, False, False, False]
    assert [record["status"] for record in run.history] == ["RUNNING"] * 4 + ["EARLY_STOPPED"]


def test_null_without_truth_and_numbers_with_it(small_config, small_dataset, unlabelled_dataset):
    blind = fit(small_config, unlabelled_dataset, model=linear())
    assert blind.truth is None
    assert {(record["val_f1"], record["val_shd"]) for record in blind.history} == {(None, None)}
    assert all(record[key] is not None for record in blind.history for key in EVALUATED)
    seeing = fit(small_config, small_dataset, model=linear())
    assert all(0 <= record["val_f1"] <= 1 and record["val_shd"] >= 0 for record in seeing.history)
    # Until it lowers the learning rate, the truth reaches nothing but the choice of state and threshold.
    assert [r["train_loss"] for r in blind.history[:4]] == [r["train_loss"] for r in seeing.history[:4]]
    with pytest.raises(ConfigError, match=r"monitor: found 'val_f1'.*no true graph; use 'auto' or 'val_loss'"):
        fit(small_config.replace(monitor="val_f1"), unlabelled_dataset, model=linear())


def test_epochs_without_evaluation_are_null(small_config, small_dataset):
    every = fit(small_config.replace(epochs=5), small_dataset, model=linear())
    run = fit(small_config.replace(epochs=5, eval_every=2), small_dataset, model=linear())
    evaluated = [record["epoch"] for record in run.history if record["val_loss"] is not None]
    assert evaluated == [2, 4, 5]
    for record, other in zip(run.history, every.history, strict=True):
        if record["epoch"] in evaluated:
            assert all(record[key] is not None for key in (*EVALUATED, "val_f1", "val_shd"))
        else:
            assert all(record[key] is None for key in (*EVALUATED, "val_f1", "val_shd"))
            assert record["new_best"] is False
        assert record["train_loss"] == pytest.approx(other["train_loss"], rel=1e-6)


def test_result_is_the_best_state_not_the_last(small_config, small_dataset):
    run = fit(small_config, small_dataset, model=linear())
    best = [record["epoch"] for record in run.history if record["new_best"]][-1]
    short = fit(small_config.replace(epochs=best), small_dataset, model=linear())
    assert run.adjacency.tobytes() == short.adjacency.tobytes()
    assert run.threshold == short.threshold == run.history[best - 1]["best_threshold"]
    assert run.adjacency.shape == (4, 4)
    assert (np.diag(run.adjacency) == 0).all()
    assert (np.diag(run.lagged[0]) > 0).all()

"""What is refused before the first epoch: adjacencies that are none, and more lags than there are steps."""

from __future__ import annotations

import logging
import time

import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import fit, linear

from jaxstable.config import Config, ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.training.lanes import compiled
from jaxstable.training.problem import Problem
from jaxstable.training.sweep import sweep_lanes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lagged: -lagged, "entries down to -"),
        (lambda lagged: jnp.nan * lagged, "not finite"),
        (lambda lagged: lagged[0], r"of shape \(4, 4\)"),
        (lambda lagged: lagged[:, :3], r"of shape \(1, 3, 4\)"),
    ],
)
def test_a_model_without_a_usable_adjacency_is_refused_before_any_epoch(change, words, small_config, small_dataset):
    good = linear()
    broken = good._replace(adjacency=lambda params: change(good.adjacency(params)))
    before, epochs = compiled.cache_info().misses, []
    with pytest.raises(ConfigError, match=f"model: found an adjacency of 'linear' .*{words}.*expected finite scores"):
        fit(small_config, small_dataset, model=broken, on_epoch=epochs.append)
    assert not epochs
    assert compiled.cache_info().misses == before


def test_a_lane_whose_adjacency_breaks_on_the_way_takes_no_other_with_it(small_config, small_dataset, caplog):
    good = linear()

    def adjacency(params):
        lagged = good.adjacency(params)
        # Where the large step has carried the weights, no longer a score.
        return jnp.where(jnp.max(lagged) > 5.0, jnp.nan, lagged)

    config = small_config.replace(epochs=2, monitor="val_loss")
    configs = [config.replace(learning_rate=rate) for rate in (5e-4, 1e4)]
    models = good._replace(adjacency=adjacency)
    with caplog.at_level(logging.WARNING, "jaxstable"):
        whole, lost = sweep_lanes(configs, small_dataset, model=models)
    assert (whole.status, bool(whole.adjacency.any())) == ("FINISHED", True)
    assert lost.status == "DIVERGED"
    assert not lost.lagged.any()


@pytest.mark.parametrize("max_lag", [60, 10**5, 10**9])
def test_more_lags_than_steps_are_refused_before_anything_of_their_size_is_made(max_lag, unlabelled_dataset):
    start = time.process_time()
    with pytest.raises(DataError, match=f"max_lag={max_lag}: no series is longer than 60 steps.*at most 59"):
        Problem(Config(max_lag=max_lag), unlabelled_dataset)
    assert time.process_time() - start < 1.0


def test_sensors_that_are_never_read_together_are_named():
    values = np.random.default_rng(0).normal(size=(60, 2))
    values[:, 0][np.arange(60) % 8 != 0] = np.nan
    values[:, 1][np.arange(60) % 8 != 4] = np.nan
    with pytest.raises(DataError, match="x0 and x1: never read within 2 steps of each other"):
        Problem(Config(), Dataset.from_array(values, window=9))

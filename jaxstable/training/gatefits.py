"""Fits of the gated network to all rows of a data set, as the search for a graph wants them."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.data.standardize import mean_and_deviation
from jaxstable.models.graph_decoder import BATCH, EPOCH_STEPS, N_LAGS
from jaxstable.models.rcgnn import RCGNN
from jaxstable.models.readings import Readings, readings
from jaxstable.training.epoch import Span, train_epoch
from jaxstable.training.spec import Hyper, Spec, make_hyper, make_spec
from jaxstable.training.state import init_state, unraveler


def fit_gates(dataset: Dataset, config: Config | None = None, n_lags: int = N_LAGS) -> NDArray[np.float32]:
    """Fit the gated network to every row of a data set and return its edge probabilities.

    One uninterrupted run of `train_epoch`, the epoch of `train`: nothing is held out, validated or stopped early.

    Args:
        dataset: The data; a true graph is not looked at.
        config: Settings; None is what `Config.for_model("rcgnn_graph")` recommends.
        n_lags: Largest lag, >= 1.

    Returns:
        Probabilities `[lag, cause, effect]`.

    Example:
        >>> import jaxstable as js
        >>> config = Config.for_model("rcgnn_graph", epochs=1)
        >>> fit_gates(js.datasets.sensors(n_steps=300), config).shape
        (3, 13, 13)
    """
    config = config or Config.for_model("rcgnn_graph")
    mean, scale = mean_and_deviation(dataset.values, np.ones(dataset.n_rows, bool))
    standard = (dataset.values - mean) / np.where(scale > 0, scale, 1.0)
    rows = readings(np.nan_to_num(standard), dataset.mask, dataset.series, n_lags, batch=BATCH)
    spec = make_spec(config, RCGNN("graph", config.acyclicity, n_lags), dataset.n_vars, False)
    return np.asarray(_fit(spec, config.epochs * EPOCH_STEPS, make_hyper(config), rows))


@functools.partial(jax.jit, static_argnums=(0, 1))
def _fit(spec: Spec, steps: int, hyper: Hyper, rows: Readings) -> Array:
    state = init_state(spec, hyper).train
    order = jnp.zeros((steps, 1), jnp.int32)
    state, _ = train_epoch(spec, hyper, state, rows, order, jax.random.key(hyper.seed), Span(0.0, 1.0))
    return spec.model.adjacency(unraveler(spec.model, spec.n_vars)(state.params))

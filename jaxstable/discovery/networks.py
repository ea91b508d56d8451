"""Fits of the gated network to all rows of a data set, and the question whether it is needed."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.data.standardize import mean_and_deviation
from jaxstable.graph.preference import Preference, prefer
from jaxstable.models.graph_decoder import BATCH, EPOCH_STEPS, HIDDEN, N_LAGS
from jaxstable.models.rcgnn import RCGNN
from jaxstable.models.readings import Readings, readings
from jaxstable.signals.threads import on_all_cores
from jaxstable.training.exported import call_kept
from jaxstable.training.spec import Hyper, Spec, make_hyper, make_spec
from jaxstable.training.step import train_unwatched

HELD_OUT = 0.25  # share of the rows, the last ones, that decide between linear and nonlinear
BLOCKS = 10
MOST_HELD_OUT = 2000
ACYCLICITY = "geometric"


def fit_gates(
    dataset: Dataset, config: Config | None = None, n_lags: int = N_LAGS, parts: Any = "auto"
) -> NDArray[np.float32]:
    """Fit the gated network to every row of a data set and return its edge probabilities.

    One run of `train_unwatched`: nothing is held out, validated or stopped early.

    Args:
        dataset: The data; a true graph is not looked at.
        config: Settings; None is what `Config.for_model("rcgnn_graph")` recommends.
        n_lags: Largest lag, >= 1.
        parts: What the preparation takes out, as `signals.prepare` takes it; "none" for data that are prepared.

    Returns:
        Probabilities `[lag, cause, effect]`.

    Raises:
        ValueError: No series is longer than `n_lags`.

    Example:
        >>> import jaxstable as js
        >>> config = Config.for_model("rcgnn_graph", epochs=1)
        >>> fit_gates(js.datasets.sensors(n_steps=300), config).shape
        (3, 13, 13)
    """
    config = config or Config.for_model("rcgnn_graph")
    spec, steps = _spec(config, dataset, n_lags, HIDDEN), config.epochs * EPOCH_STEPS
    rows = _all_readings(dataset, n_lags, parts)
    program = functools.partial(_gates, spec, steps)
    return np.asarray(call_kept(program, ("gates", steps, *_said(spec, n_lags, HIDDEN)), make_hyper(config), rows))


def weigh_nonlinearity(
    dataset: Dataset, config: Config | None = None, n_lags: int = N_LAGS, parts: Any = "auto"
) -> Preference:
    """Say whether a nonlinear model predicts the last quarter of the rows better than a linear one.

    The gated network is fitted to the rows before, once with and once without its hidden units. Everything else,
    the filling of gaps included, is the same, so that the difference is due to bent effects alone.

    Args:
        dataset: The data; a true graph is not looked at.
        config: As for `fit_gates`.
        n_lags: Largest lag, >= 1.
        parts: What the preparation takes out, as `signals.prepare` takes it; "none" for data that are prepared.

    Raises:
        ValueError: The last quarter holds too few rows for ten blocks.
    """
    config = config or Config.for_model("rcgnn_graph")
    rows = _all_readings(dataset, n_lags, parts)
    ends = np.asarray(rows.ends)
    first = int(len(ends) * (1.0 - HELD_OUT))
    size = min(len(ends) - first, MOST_HELD_OUT) // BLOCKS
    if size < 1:
        raise ValueError(f"rows: found {len(ends)}, expected at least {int(BLOCKS / HELD_OUT)} to hold a quarter out")
    later = ends[first:][np.linspace(0, len(ends) - first - 1, size * BLOCKS).astype(int)].reshape(BLOCKS, size)
    train = dataclasses.replace(rows, ends=rows.ends[:first], count=rows.count * (1.0 - HELD_OUT))
    steps, devices = config.epochs * EPOCH_STEPS, jax.local_devices()

    def losses(place: int) -> NDArray[np.float64]:
        hidden = (0, HIDDEN)[place]
        spec = _spec(config, dataset, n_lags, hidden)
        key = ("held out", steps, *_said(spec, n_lags, hidden))
        args = jax.device_put((make_hyper(config), train, later), devices[place % len(devices)])
        return np.asarray(call_kept(functools.partial(_held_out, spec, steps), key, *args), float)

    # Side by side, each on a core of its own.
    linear, nonlinear = on_all_cores(losses, range(2))
    return prefer(linear, nonlinear)


def _spec(config: Config, dataset: Dataset, n_lags: int, hidden: int) -> Spec:
    return make_spec(config, RCGNN("graph", ACYCLICITY, n_lags, hidden), dataset.n_vars, False)


def _all_readings(dataset: Dataset, n_lags: int, parts: Any) -> Readings:
    """Return every row, each variable scaled by all its readings."""
    mean, scale = mean_and_deviation(dataset.values, np.ones(dataset.n_rows, bool))
    standard = (dataset.values - mean) / np.where(scale > 0, scale, 1.0)
    whose = None if dataset.recording is None else dataset.recording[dataset.series]
    return readings(
        np.nan_to_num(standard), dataset.mask, dataset.series, n_lags, batch=BATCH, parts=parts, recording=whose
    )


def _said(spec: Spec, n_lags: int, hidden: int) -> tuple[Any, ...]:
    """Return what a program is made for, the model by what it was made from."""
    fields = {name: value for name, value in vars(spec).items() if name != "model"}
    return (ACYCLICITY, n_lags, hidden, *sorted(fields.items()))


def _gates(spec: Spec, steps: int, hyper: Hyper, rows: Readings) -> Array:
    return spec.model.adjacency(train_unwatched(spec, hyper, rows, steps))


def _held_out(spec: Spec, steps: int, hyper: Hyper, rows: Readings, blocks: Array) -> Array:
    """Train on some rows and return the misfit of each block of others, ``[blocks]``."""
    params = train_unwatched(spec, hyper, rows, steps)

    def misfit(ends: Array) -> Array:
        block = dataclasses.replace(rows, ends=ends, batch=None)
        return spec.model.loss(params, block, jax.random.key(0), jnp.float32(1.0))["recon"]

    return jax.lax.map(misfit, blocks)

"""What a config and a data set make together: the compiled program's inputs and the data's facts."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.config import Config, ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Prepared, prepare
from jaxstable.data.standardize import covered_rows
from jaxstable.models.base import Model, Params, terms_of, with_checked_weights
from jaxstable.models.registry import model_of
from jaxstable.training.contract import check_model, check_optimizer, unusable
from jaxstable.training.devices import exact_products, nans_allowed
from jaxstable.training.evaluate import held_out_loss, summary_adjacency
from jaxstable.training.health import number
from jaxstable.training.lanes import LaneData
from jaxstable.training.record import Run
from jaxstable.training.spec import Optimizer, Spec, make_hyper, make_spec
from jaxstable.training.state import RunState, Status, unraveler

logger: logging.Logger = logging.getLogger(__name__)


class Problem:
    """Hold what a config and a data set make together: the compiled program's inputs and the data's facts."""

    def __init__(
        self, config: Config, dataset: Dataset, model: Model | None = None, optimizer: Optimizer | None = None
    ) -> None:
        begin = time.perf_counter()
        if config.window is not None and config.window != dataset.window:
            dataset = dataset.with_window(config.window)
        if config.monitor == "val_f1" and dataset.truth is None:
            raise ConfigError("monitor: found 'val_f1', but the data set has no true graph; use 'auto' or 'val_loss'")
        if model is not None and not isinstance(model, Model):
            raise ConfigError(
                f"model: found {model!r}, expected a Model of your own; name one that there is in the config, such as "
                "Config(model='svar')"
            )
        if config.max_lag is not None:
            check_lags(dataset, config.max_lag)
        self.config = config
        self.dataset = dataset
        self.model: Model = model_of(config) if model is None else with_checked_weights(model)
        self.prepared: Prepared = prepare(dataset, config.standardize)
        if optimizer is not None:
            check_optimizer(optimizer, make_hyper(config, self.model))
        truth = None if dataset.truth is None else jnp.asarray(np.asarray(dataset.truth, bool))
        train, validation, *rest = self.model.inputs(dataset, self.prepared)
        self.test: Any = rest[0] if rest else None
        self.data: LaneData = LaneData(train, validation, truth, jnp.float32(config.epochs))
        has_truth = dataset.truth is not None
        self.spec: Spec = make_spec(
            config, self.model, dataset.n_vars, has_truth, n_examples=len(train), optimizer=optimizer
        )
        self.n_steps: int = self.model.epoch_steps or -(-len(train) // self.spec.batch_size)
        if model is not None:
            check_model(self.model, dataset.n_vars, train, config.seed)
        self.prepare_time: float = time.perf_counter() - begin

    @functools.cached_property
    def data_facts(self) -> dict[str, Any]:
        """What diagnosis needs to know of the data and of what the model's numbers mean, JSON-ready."""
        return {**data_facts(self.dataset, self.prepared, self.config), "scores": self.model.scores}

    @functools.cached_property
    def spans_the_run(self) -> bool:
        """Whether a step depends on the share of the run that is done, and with it on the number of epochs in all."""
        if self.spec.lr_schedule != "constant":
            return True
        model, n_vars = self.model, self.spec.n_vars

        def loss(progress: Array) -> Mapping[str, Array]:
            params = model.init(jax.random.key(0), n_vars)
            batch = model.batch(self.data.train, jnp.zeros(self.spec.batch_size, jnp.int32))
            return terms_of(model, params, batch, jax.random.key(0), progress)

        traced = jax.make_jaxpr(loss)(jnp.float32(0.0)).jaxpr
        return any(traced.invars[0] is operand for step in traced.eqns for operand in step.invars)

    def run_of(
        self,
        config: Config,
        state: RunState,
        history: list[dict[str, Any]],
        status: str,
        seconds: float,
        times: Mapping[str, float] | None = None,
    ) -> Run:
        """Return the finished run of a lane; one whose adjacency is no longer usable has diverged, without an edge."""
        params, lagged, summary, signs = jax.device_get(_read_out(self.spec, jnp.asarray(state.best_params)))
        wrong = unusable(lagged, self.spec.n_vars)
        if wrong:
            logger.warning("the run ends with an adjacency %s, and counts as DIVERGED", wrong)
            lagged, summary, signs = np.zeros_like(lagged), np.zeros_like(summary), None
            status = Status.DIVERGED.name
        best = [record for record in history if record["new_best"]]
        evaluated = best or [record for record in history if record["best_threshold"] is not None]
        return Run(
            config=config,
            names=self.dataset.names,
            history=history,
            adjacency=summary,
            lagged=lagged,
            signs=signs,
            threshold=evaluated[-1]["best_threshold"] if evaluated else 0.5,
            truth=self.dataset.truth,
            status=status,
            total_time=seconds,
            times={"prepare": self.prepare_time, **(times or {})},
            data_facts=self.data_facts,
            params=params,
            # A lane that goes on has not been finished, and test windows are for what has.
            test_loss=None if self.test is None or status == "INTERRUPTED" else self._test_loss(config, state),
        )

    def _test_loss(self, config: Config, state: RunState) -> float | None:
        hyper, params = make_hyper(config, self.model), jnp.asarray(state.best_params)
        with nans_allowed(), exact_products():
            return number(held_out_loss(self.spec, hyper, params, self.test))


@functools.partial(jax.jit, static_argnums=0)
def _read_out(spec: Spec, vector: Array) -> tuple[Params, Array, Array, Array | None]:
    """Return parameters, adjacency, its summary and the signs of the effects, in one program instead of some twenty."""
    model, params = spec.model, unraveler(spec.model, spec.n_vars)(vector)
    lagged = jnp.asarray(model.adjacency(params))
    signs = None if model.effects is None else jnp.sign(model.effects(params)).astype(jnp.int8)
    return params, lagged, summary_adjacency(lagged), signs


def check_lags(dataset: Dataset, max_lag: int) -> None:
    """Refuse more lags than any uninterrupted series has steps to give, before anything of their size is made.

    Raises:
        DataError: No series is longer than `max_lag`.
    """
    longest = int(np.bincount(dataset.series).max())
    if max_lag >= longest:
        raise DataError(
            f"max_lag={max_lag}: no series is longer than {longest} steps, so that no row has so long a past; take at "
            f"most {longest - 1}"
        )


def data_facts(dataset: Dataset, prepared: Prepared, config: Config) -> dict[str, Any]:
    """Return what diagnosis needs to know of the data, JSON-ready; all but the counts is of the training rows."""
    rows = covered_rows(np.asarray(prepared.train.starts), dataset.window, dataset.n_rows)
    observed = np.asarray(dataset.mask, bool) & rows[:, None]
    seen = observed.any(axis=0)
    low = np.where(observed, dataset.values, np.inf).min(axis=0)
    high = np.where(observed, dataset.values, -np.inf).max(axis=0)
    constant = [name for name, same in zip(dataset.names, low == high, strict=True) if same]
    return {
        "n_rows": dataset.n_rows,
        "n_windows": dataset.n_windows,
        "missing_share": [round(float(share), 6) for share in 1.0 - observed.sum(axis=0) / rows.sum()],
        "mean": [float(x) for x in prepared.mean],
        "scale": [float(x) for x in prepared.scale],
        "raw_abs_max": float(np.abs([low[seen], high[seen]]).max(initial=0.0)),
        "standardized": config.standardize,
        "constant": constant,
        **{name: known for name in ("units", "step") if (known := getattr(dataset, name))},
    }

"""The models that a config can name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from jaxstable.config import Config, ConfigError
from jaxstable.models.base import Model
from jaxstable.models.rcgnn import RCGNN
from jaxstable.models.svar import SVAR
from jaxstable.objective.acyclicity import PENALTIES

MODELS: dict[str, Callable[..., Model]] = {
    "rcgnn_latent": functools.partial(RCGNN, "latent"),
    "rcgnn_graph": functools.partial(RCGNN, "graph", acyclicity="geometric"),
    "svar": functools.partial(SVAR, "free"),
    "svar_equal": functools.partial(SVAR, "equal"),
}


def model_of(config: Config) -> Model:
    """Return the model that a config names.

    Raises:
        ConfigError: The model or the acyclicity penalty is unknown, or the model has no lags to limit.
    """
    if config.model not in MODELS:
        raise ConfigError(f"model: found {config.model!r}, expected one of {', '.join(MODELS)}")
    asked: dict[str, Any] = {}
    if config.acyclicity != "auto":
        if config.acyclicity not in PENALTIES:
            raise ConfigError(f"acyclicity: found {config.acyclicity!r}, expected one of auto, {', '.join(PENALTIES)}")
        asked["acyclicity"] = config.acyclicity
    if config.max_lag is not None:
        if config.model == "rcgnn_latent":
            raise ConfigError(f"max_lag: found {config.max_lag}, but rcgnn_latent has no lags; leave it out")
        asked["n_lags"] = config.max_lag
    try:
        return MODELS[config.model](**asked)
    except ValueError as error:
        raise ConfigError(f"max_lag: {config.model} refuses {config.max_lag}; {error}") from error

"""The models that a config can name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from jaxstable import models
from jaxstable.config import Config, ConfigError
from jaxstable.models.base import Model, with_checked_weights

MODELS: dict[str, Callable[..., Model]] = {}  # what the files of this folder call `NAMED`, those beginning with _ aside
for _file in pkgutil.iter_modules(models.__path__, "jaxstable.models."):
    if _file.name != __name__ and not _file.name.rpartition(".")[2].startswith("_"):
        MODELS |= getattr(importlib.import_module(_file.name), "NAMED", {})


def model_of(config: Config) -> Model:
    """Return the model that a config names.

    Raises:
        ConfigError: The model has no lags to limit, or refuses these.
    """
    asked: dict[str, Any] = {} if config.acyclicity == "auto" else {"acyclicity": config.acyclicity}
    if config.max_lag is not None:
        if config.model == "rcgnn_latent":
            raise ConfigError(f"max_lag: found {config.max_lag}, but rcgnn_latent has no lags; leave it out")
        asked["n_lags"] = config.max_lag
    try:
        return with_checked_weights(MODELS[config.model](**asked))
    except ValueError as error:
        raise ConfigError(f"max_lag: {config.model} refuses {config.max_lag}; {error}") from error

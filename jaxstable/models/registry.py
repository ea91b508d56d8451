"""The models that a config can name."""

from __future__ import annotations

from collections.abc import Callable

from jaxstable.config import Config, ConfigError
from jaxstable.models.base import Model
from jaxstable.models.rcgnn import RCGNN
from jaxstable.models.svar import SVAR
from jaxstable.objective.acyclicity import PENALTIES

MODELS: dict[str, Callable[[Config], Model]] = {
    "rcgnn_latent": lambda config: RCGNN("latent", config.acyclicity),
    "rcgnn_graph": lambda config: RCGNN("graph", config.acyclicity),
    "svar": lambda config: SVAR("free", config.acyclicity),
    "svar_equal": lambda config: SVAR("equal", config.acyclicity),
}


def model_of(config: Config) -> Model:
    """Return the model that a config names.

    Raises:
        ConfigError: The model or the acyclicity penalty is unknown.
    """
    if config.model not in MODELS:
        raise ConfigError(f"model: found {config.model!r}, expected one of {', '.join(MODELS)}")
    if config.acyclicity not in PENALTIES:
        raise ConfigError(f"acyclicity: found {config.acyclicity!r}, expected one of {', '.join(PENALTIES)}")
    return MODELS[config.model](config)

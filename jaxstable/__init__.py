"""Learn causal graphs from sensor time series by gradient descent that does not blow up."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Public name -> module; nothing is imported before it is used, so that `--help` never loads jax.
_HOMES = {
    "Blocks": "jaxstable.data.blocks",
    "CausalDiscovery": "jaxstable.estimator",
    "Config": "jaxstable.config",
    "ConfigError": "jaxstable.config",
    "DataError": "jaxstable.data.checks",
    "DataWarning": "jaxstable.data.checks",
    "Dataset": "jaxstable.data.dataset",
    "Discovery": "jaxstable.results.discovery_result",
    "Finding": "jaxstable.results.findings",
    "LossTerms": "jaxstable.models.base",
    "Interrupted": "jaxstable.training.interruption",
    "Model": "jaxstable.models.base",
    "RCGNN": "jaxstable.models.rcgnn",
    "RunDirectoryError": "jaxstable.files.directory",
    "SVAR": "jaxstable.models.svar",
    "SweepResult": "jaxstable.results.sweep_result",
    "TrainResult": "jaxstable.results.train_result",
    "datasets": "jaxstable.data.sources",
    "diagnose": "jaxstable.results.loading",
    "discover": "jaxstable.api",
    "distributed": "jaxstable.training.distributed",
    "grids": "jaxstable.training.grid",
    "load": "jaxstable.results.loading",
    "search": "jaxstable.api",
    "sweep": "jaxstable.api",
    "trackers": "jaxstable.trackers",
    "train": "jaxstable.api",
}
_MODULES = {"datasets", "distributed", "grids", "trackers"}

__all__ = [
    "RCGNN",
    "SVAR",
    "Blocks",
    "CausalDiscovery",
    "Config",
    "ConfigError",
    "DataError",
    "DataWarning",
    "Dataset",
    "Discovery",
    "Finding",
    "Interrupted",
    "LossTerms",
    "Model",
    "RunDirectoryError",
    "SweepResult",
    "TrainResult",
    "__version__",
    "datasets",
    "diagnose",
    "discover",
    "distributed",
    "grids",
    "load",
    "search",
    "sweep",
    "trackers",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'jaxstable' has no attribute {name!r}")
    module = importlib.import_module(_HOMES[name])
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


if TYPE_CHECKING:
    from jaxstable import trackers
    from jaxstable.api import discover, search, sweep, train
    from jaxstable.config import Config, ConfigError
    from jaxstable.data import sources as datasets
    from jaxstable.data.blocks import Blocks
    from jaxstable.data.checks import DataError, DataWarning
    from jaxstable.data.dataset import Dataset
    from jaxstable.estimator import CausalDiscovery
    from jaxstable.files.directory import RunDirectoryError
    from jaxstable.models.base import LossTerms, Model
    from jaxstable.models.rcgnn import RCGNN
    from jaxstable.models.svar import SVAR
    from jaxstable.results.discovery_result import Discovery
    from jaxstable.results.findings import Finding
    from jaxstable.results.loading import diagnose, load
    from jaxstable.results.sweep_result import SweepResult
    from jaxstable.results.train_result import TrainResult
    from jaxstable.training import distributed
    from jaxstable.training import grid as grids
    from jaxstable.training.interruption import Interrupted

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

__all__ = [*sorted(_HOMES), "__version__"]


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
    from jaxstable import trackers as trackers
    from jaxstable.api import discover as discover
    from jaxstable.api import search as search
    from jaxstable.api import sweep as sweep
    from jaxstable.api import train as train
    from jaxstable.config import Config as Config
    from jaxstable.config import ConfigError as ConfigError
    from jaxstable.data import sources as datasets  # noqa: F401
    from jaxstable.data.blocks import Blocks as Blocks
    from jaxstable.data.checks import DataError as DataError
    from jaxstable.data.checks import DataWarning as DataWarning
    from jaxstable.data.dataset import Dataset as Dataset
    from jaxstable.estimator import CausalDiscovery as CausalDiscovery
    from jaxstable.files.directory import RunDirectoryError as RunDirectoryError
    from jaxstable.models.base import LossTerms as LossTerms
    from jaxstable.models.base import Model as Model
    from jaxstable.models.rcgnn import RCGNN as RCGNN
    from jaxstable.models.svar import SVAR as SVAR
    from jaxstable.results.discovery_result import Discovery as Discovery
    from jaxstable.results.findings import Finding as Finding
    from jaxstable.results.loading import diagnose as diagnose
    from jaxstable.results.loading import load as load
    from jaxstable.results.sweep_result import SweepResult as SweepResult
    from jaxstable.results.train_result import TrainResult as TrainResult
    from jaxstable.training import distributed as distributed
    from jaxstable.training import grid as grids  # noqa: F401
    from jaxstable.training.interruption import Interrupted as Interrupted

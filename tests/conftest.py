"""What all tests share: strict JAX, one cache of compiled programs, the recordings and a small problem."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("suite", deadline=None, derandomize=True, database=None, max_examples=25)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    # Last on the path: the tests judge the installed package, and the programs of `benchmarks/` lie beside them.
    sys.path.append(str(ROOT))
    # By environment, not by jax.config: the programs that tests start are held to the same.
    os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
    os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        # Compiling is most of the run: the workers, the programs they start and the next run share what they compile,
        # in a place of its own for every version of JAX, outside the working tree.
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        place = home / "jaxstable-tests" / f"jaxlib-{importlib.metadata.version('jaxlib')}"
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(place)
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.2"
        # With a bound JAX locks the cache, so that no worker reads what another is writing.
        os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] = "1000000000"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development folder with the recordings of the original program."""
    place = Path(os.environ.get("JAXSTABLE_SHARED", ROOT.parent / "shared"))
    if not (place / "golden").is_dir():
        pytest.skip(f"no recordings at {place}: set JAXSTABLE_SHARED")
    return place


def small_values(seed: int = 0, n_rows: int = 60, n_vars: int = 4) -> np.ndarray:
    """A chain of noisy variables, each driven by the one before it, one entry in ten missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, n_vars))
    for row in range(1, n_rows):
        values[row, 1:] += 0.8 * values[row - 1, :-1]
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.fixture(scope="session")
def small_dataset():
    """60 rows of 4 variables with their true graph, 55 windows of 6."""
    from jaxstable.data.dataset import Dataset

    return Dataset.from_array(small_values(), truth=np.eye(4, k=1), window=6)


@pytest.fixture(scope="session")
def unlabelled_dataset():
    """The same rows without a true graph."""
    from jaxstable.data.dataset import Dataset

    return Dataset.from_array(small_values(), window=6)


@pytest.fixture(scope="session")
def small_config():
    """Nine steps an epoch on the small data set; tests that keep its integers share one compiled program."""
    from jaxstable.config import Config

    return Config(epochs=6, batch_size=4, thresholds=5)


@pytest.fixture
def no_network(monkeypatch):
    """No question whether effects bend: its two programs are compiled anew for every number of rows, sensors and lags.

    Tests of `discover` that ask it share 1,500 rows of five or six sensors and two lags.
    """
    from jaxstable.discovery import bends

    monkeypatch.setattr(bends, "FEWEST_ROWS", 10**9)

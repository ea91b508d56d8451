"""Our methods as the accuracy benchmark runs them; none of them sees the true graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import jaxstable as js
from benchmarks.accuracy.peers import Estimate
from benchmarks.accuracy.scenarios import Case

WINDOW = 24


def dataset(case: Case, values: np.ndarray) -> js.Dataset:
    """Return the data without its graph; windows of 24 steps, or half a series if that is shorter."""
    return js.Dataset.from_array(values, window=max(min(WINDOW, values.shape[1] // 2), 2))


_FOUND: dict[tuple[str, int], js.Discovery] = {}


def _discovery(case: Case, values: np.ndarray) -> js.Discovery:
    """Run `discover` as it is, once for each case of one kind of data."""
    key = case.data, case.seed
    if key not in _FOUND:
        if not any(data == case.data for data, _ in _FOUND):
            _FOUND.clear()
        _FOUND[key] = js.discover(dataset(case, values), max_lag=case.n_lags, progress=False)
    return _FOUND[key]


def discover(case: Case, values: np.ndarray) -> Estimate:
    """Rank by the probability that `discover` gives."""
    found = _discovery(case, values)
    return Estimate(found.edge_probability, found.graph)


def by_strength(case: Case, values: np.ndarray) -> Estimate:
    """Rank by the strength that `discover` gives instead; after `discover` on the same case it costs nothing."""
    found = _discovery(case, values)
    return Estimate(found.strength.max(axis=0), found.graph)


def trained(model: str) -> Callable[..., Estimate]:
    """Return what trains a model once with its recommended settings; the threshold is its own choice."""

    def run(case: Case, values: np.ndarray) -> Estimate:
        config = js.Config.for_model(model, max_lag=case.n_lags)
        result = js.train(config, dataset(case, values), progress=False)
        return Estimate(np.asarray(result.adjacency, float), np.asarray(result.graph, bool))

    return run


# A new model of ours is one line here.
OURS: dict[str, Callable[[Case, np.ndarray], Estimate]] = {
    "discover": discover,
    "strength of discover": by_strength,
    "SVAR": trained("svar"),
    "RCGNN graph": trained("rcgnn_graph"),
}


def unavailable(name: str) -> str | None:
    """Return why one of ours cannot run in this version, None if it can."""
    if name == "RCGNN graph":
        try:
            js.Config.for_model("rcgnn_graph")
        except js.ConfigError as error:
            return str(error)
    return None

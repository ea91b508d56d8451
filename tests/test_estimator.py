"""`CausalDiscovery` keeps what scikit-learn asks of an estimator, and finds what `discover` finds."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402


@pytest.fixture(scope="module")
def data():
    return js.datasets.sensors(n_steps=480)[["feed_flow", "reactor_level", "motor_current", "vibration"]]


@parametrize_with_checks([js.CausalDiscovery(draws=0)])
def test_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_it_finds_what_discover_finds(data):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(data.values, columns=list(data.names))
    fitted = js.CausalDiscovery(draws=2, random_state=1).fit(frame)
    found = js.discover(frame, draws=2, seed=1, progress=False)
    assert fitted.discovery_ == found
    np.testing.assert_array_equal(fitted.causal_graph_, found.graph)
    np.testing.assert_array_equal(fitted.edge_probability_, found.edge_probability)
    np.testing.assert_array_equal(fitted.adjacency_matrix_, found.adjacency)
    assert list(fitted.feature_names_in_) == list(data.names)
    assert fitted.n_features_in_ == 4


def test_clone_pipeline_and_parameters(data):
    estimator = js.CausalDiscovery(max_lag=1, draws=0)
    assert clone(estimator).get_params() == estimator.get_params()
    fitted = make_pipeline(StandardScaler(), estimator).fit(data.values)
    assert fitted[-1].discovery_.lagged.shape[0] <= 2
    assert not hasattr(fitted[-1], "feature_names_in_")
    with pytest.raises(js.ConfigError, match="draws"):
        js.CausalDiscovery(draws=-1).fit(data.values)


def test_without_scikit_learn_it_says_what_is_missing(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "jaxstable.estimator")
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        import jaxstable.estimator  # noqa: F401

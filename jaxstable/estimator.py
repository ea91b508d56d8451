"""`discover` as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from jaxstable.api import discover
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.phrases import counted
from jaxstable.results.discovery_result import Discovery

if TYPE_CHECKING:

    class BaseEstimator:
        """What is used of scikit-learn's, which has no types of its own."""

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...

else:
    try:  # this file is imported only where its class is asked for
        from sklearn.base import BaseEstimator
    except ImportError as missing:
        raise ImportError("CausalDiscovery needs scikit-learn: pip install scikit-learn") from missing


class CausalDiscovery(BaseEstimator):
    """Find the causal graph of time series: `discover` with the interface of scikit-learn.

    Rows are time steps, in order; NaN is a missing reading. The last step of a pipeline: it transforms nothing.

    Args:
        max_lag: Largest lag to look at, in steps; None lets the data say, see `discover`.
        draws: Draws of the bootstrap.
        prepare: What to take out of the signals before, see `discover`.
        required: Edges (cause, effect, lag) that the graph must hold.
        forbidden: Edges (cause, effect, lag), or (cause, effect) for every lag, that it must not hold.
        random_state: Seed of the draws, an integer; None is 0.

    Attributes:
        discovery_: Everything that was found, see `Discovery`.
        adjacency_matrix_: Absolute weights `[cause, effect]`, the strongest over lags.
        causal_graph_: bool `[cause, effect]`, edges of any lag.
        edge_probability_: Calibrated probability of an edge at any lag, `[cause, effect]`.
        n_features_in_: Number of variables.
        feature_names_in_: Their names, where X is a dataframe whose columns are all text.

    Example:
        >>> import jaxstable as js
        >>> values = js.datasets.sensors(n_steps=1000).values
        >>> js.CausalDiscovery(draws=0).fit(values).causal_graph_.shape
        (13, 13)
    """

    def __init__(
        self,
        max_lag: int | None = None,
        draws: int = 50,
        prepare: Any = "auto",
        required: Iterable[Any] | None = None,
        forbidden: Iterable[Any] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.max_lag = max_lag
        self.draws = draws
        self.prepare = prepare
        self.required = required
        self.forbidden = forbidden
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the graph.

        Args:
            X: Array or dataframe `[rows, variables]`, or a `Dataset`.
            y: Ignored.

        Returns:
            This estimator.

        Raises:
            ConfigError: A parameter is refused.
            DataError: The data cannot be used.
        """
        found = discover(
            X if hasattr(X, "columns") or isinstance(X, Dataset) else _matrix(X),
            max_lag=self.max_lag,
            required=self.required,
            forbidden=self.forbidden,
            draws=self.draws,
            seed=self.random_state or 0,
            prepare=self.prepare,
            progress=False,
        )
        self.discovery_: Discovery = found
        self.adjacency_matrix_: np.ndarray[Any, Any] = found.adjacency
        self.causal_graph_: np.ndarray[Any, Any] = found.graph
        self.edge_probability_: np.ndarray[Any, Any] = found.edge_probability
        self.n_features_in_: int = len(found.names)
        columns = getattr(X, "columns", None)
        if columns is not None and all(isinstance(name, str) for name in columns):
            self.feature_names_in_: np.ndarray[Any, Any] = np.array(list(columns), dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        return tags


def _matrix(X: Any) -> np.ndarray:
    """Return a matrix of numbers, refused in the words that users of scikit-learn know."""
    if hasattr(X, "toarray"):
        raise TypeError("Sparse data was passed, but dense data is required: use X.toarray()")
    values = np.asarray(X)
    if np.iscomplexobj(values):
        raise DataError("Complex data not supported: X holds complex numbers, expected real ones")
    if values.ndim != 2:
        raise DataError(
            f"X: found {counted(values.ndim, 'dimension')}, expected [rows, variables]; "
            "Reshape your data: X.reshape(-1, 1) has one variable, of two or more that are needed"
        )
    for what, count, least in (("sample", values.shape[0], 2), ("feature", values.shape[1], 2)):
        if count < least:
            raise DataError(
                f"X: found {count} {what}(s) (shape={values.shape}) while a minimum of {least} is required."
            )
    return values.astype(float) if values.dtype == object else values

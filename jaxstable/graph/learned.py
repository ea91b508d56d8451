"""The value that every result of the package owns: a learned graph, with what is known of each edge."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxstable.graph import metrics
from jaxstable.graph.certificate import certify


class Scores(NamedTuple):
    """How a graph agrees with the true one; all None where that is not known."""

    f1: float | None
    shd: int | None
    true_edge_count: int | None


@dataclasses.dataclass(frozen=True, eq=False)
class LearnedGraph:
    """A graph over lags, with weights and, where they are known, probabilities, directions, units and the clock.

    All matrices are `[cause, effect]`, all stacks `[lag, cause, effect]`, lag 0 first.

    Attributes:
        names: names of the variables.
        lagged: weights of a model or of a refit, also of pairs that are no edge; signed where the model knows a sign.
        lagged_graph: bool, same shape; lag 0 acyclic, no variable causes itself.
        probability: that there is an edge at any lag, `[cause, effect]`, None where no draws were made.
        lagged_probability: that there is an edge at a lag, `[lag, cause, effect]`, or None.
        direction: of the draws that link two variables, the share with an edge from cause to effect, no more than the
            likelihoods of both directions allow, or None.
        truth: bool `[cause, effect]`, where the true graph is known.
        scale: standard deviation of every variable in its own unit, for weights in raw units, or None.
        units: unit of each variable by name, or None; variables may be absent.
        step: what one lag lasts, such as "1 h", or None.
        signed: whether the weights know which way an effect goes; those of edges that are gates do not.

    Example:
        >>> weights = np.zeros((2, 2, 2)); weights[1, 0, 1] = 0.5
        >>> graph = LearnedGraph(("a", "b"), weights, weights != 0, truth=np.array([[0, 1], [0, 0]], bool))
        >>> graph.graph.sum(), graph.scores.f1, graph.order
        (np.int64(1), 1.0, ('a', 'b'))
    """

    names: tuple[str, ...]
    lagged: NDArray[Any]
    lagged_graph: NDArray[np.bool_]
    probability: NDArray[np.float64] | None = None
    lagged_probability: NDArray[np.float64] | None = None
    direction: NDArray[np.float64] | None = None
    truth: NDArray[np.bool_] | None = None
    scale: NDArray[np.float64] | None = None
    units: Mapping[str, str] | None = None
    step: str | None = None
    signed: bool = True

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit each other: a mistake of the program, not of its user."""
        n_vars = len(self.names)
        stack = (len(self.lagged), n_vars, n_vars)
        square = (n_vars, n_vars)
        shapes = dict.fromkeys(("lagged", "lagged_graph", "lagged_probability"), stack)
        shapes |= dict.fromkeys(("probability", "direction", "truth"), square) | {"scale": (n_vars,)}
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise ValueError(f"{name}: found shape {value.shape}, expected {shape} for {n_vars} variables")

    @classmethod
    def above(
        cls,
        names: tuple[str, ...],
        lagged: NDArray[Any],
        threshold: float,
        truth: ArrayLike | None = None,
        signs: NDArray[Any] | None = None,
        **more: Any,
    ) -> LearnedGraph:
        """Return the graph of the weights above a threshold, lag 0 made acyclic by leaving out the weakest edges.

        Args:
            names: names of the variables.
            lagged: weights >= 0, `[lag, cause, effect]`.
            threshold: weight above which an edge counts.
            truth: true graph `[cause, effect]`, if it is known.
            signs: -1 or 1 for every weight, None where they are not known.
            **more: further attributes.
        """
        edges = np.asarray(lagged) > threshold
        edges[:, np.arange(len(names)), np.arange(len(names))] = False
        edges[0] = np.asarray(certify(np.asarray(lagged[0]), edges[0]).graph, dtype=bool)
        true = None if truth is None else np.asarray(truth, dtype=bool)
        weights = np.asarray(lagged) if signs is None else np.asarray(lagged) * signs
        return cls(tuple(names), weights, edges, truth=true, signed=signs is not None, **more)

    @property
    def graph(self) -> NDArray[np.bool_]:
        """Edges `[cause, effect]` of any lag."""
        return np.asarray(self.lagged_graph.any(axis=0))

    @property
    def adjacency(self) -> NDArray[Any]:
        """Absolute weights `[cause, effect]`, the strongest over lags, 0 on the diagonal."""
        return np.where(np.eye(len(self.names), dtype=bool), 0, np.abs(self.lagged).max(axis=0))

    @property
    def order(self) -> tuple[str, ...]:
        """Every variable once, each after all of its causes at lag 0: the proof that lag 0 is acyclic."""
        return tuple(self.names[index] for index in certify(self.lagged[0], self.lagged_graph[0]).order)

    @property
    def scores(self) -> Scores:
        """F1, structural Hamming distance and number of true edges, all of `graph` and off the diagonal."""
        if self.truth is None:
            return Scores(None, None, None)
        truth: Any = self.truth
        graph: Any = self.graph
        counts = float(metrics.f1(graph, truth)), int(metrics.shd(graph, truth)), int(metrics.edge_count(truth))
        return Scores(*counts)

    def likely(self, min_probability: float) -> LearnedGraph:
        """Return the same graph without the edges of a lower probability.

        Args:
            min_probability: of an edge at any lag, in [0, 1].

        Raises:
            ValueError: it is no probability, or the graph has none, as that of one training run.
        """
        if not isinstance(min_probability, (int, float, np.number)) or not 0 <= min_probability <= 1:
            raise ValueError(f"min_probability: found {min_probability!r}, expected a number from 0 to 1")
        if self.probability is None:
            raise ValueError("min_probability: this graph has no probabilities; they are what discover adds to a graph")
        return dataclasses.replace(self, lagged_graph=self.lagged_graph & (self.probability >= min_probability))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LearnedGraph) and same_fields(self, other)

    def __hash__(self) -> int:
        return hash((self.names, self.lagged.shape))


def same_fields(one: Any, other: Any) -> bool:
    """Return whether two values of one dataclass are equal field by field, arrays by shape and content."""
    return all(_same(getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(one))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        one, other = np.asarray(one), np.asarray(other)
        floats = one.dtype.kind == "f" and other.dtype.kind == "f"
        return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=floats))
    return bool(one == other)

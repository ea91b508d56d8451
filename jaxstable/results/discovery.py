"""The result of `discover`: a certified graph with the confidence in every edge, and why it is this one."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.certificate import certify
from jaxstable.results.findings import Finding
from jaxstable.training.rundir import write_atomic

if TYPE_CHECKING:
    import networkx
    import pandas


class Choice(NamedTuple):
    """One setting that `discover` used, and why."""

    value: Any
    why: str


class DiscoveredEdge(NamedTuple):
    """One edge at one lag (in steps; 0 is instantaneous).

    Attributes:
        cause: name of the cause.
        effect: name of the effect.
        lag: steps from cause to effect.
        weight: refitted coefficient, both variables in units of their standard deviations.
        probability: share of the bootstrap draws that hold the edge at this lag.
        direction: share of the draws linking the two variables that have an edge in this direction.
    """

    cause: str
    effect: str
    lag: int
    weight: float
    probability: float
    direction: float


@dataclass(frozen=True, eq=False, repr=False)
class Discovery:
    """A graph found in data without ground truth, with what speaks for it.

    The probabilities are frequencies over bootstrap draws, not calibrated. Over 80 simulated systems 99.5 % of the
    edges found in every draw were true, 82-85 % of those from 0.85 on, 52 % of 0.7-0.85 and 20 % of 0.5-0.7: an edge
    below 0.85 is less likely than its number says.

    Attributes:
        names: names of the variables.
        lagged_graph: bool `[lag, cause, effect]`; lag 0 is a certified DAG, no variable causes itself.
        lagged: refitted weights `[lag, cause, effect]`, in standard deviations, signed; 0 where there is no edge.
        lagged_probability: share of the draws that hold an edge, `[lag, cause, effect]`.
        edge_probability: share of the draws that hold an edge at any lag, `[cause, effect]`.
        direction_confidence: of the draws that link two variables, the share with an edge from cause to effect,
            `[cause, effect]`; 0.5 where none links them.
        strength: evidence for every edge, present or not, `[lag, cause, effect]`; ranks edges of one probability.
        chosen: settings by name, each a value and why it was chosen.
        findings: what to know of the data and the graph, warnings first.
        truth: bool `[cause, effect]`, where the data set knows its graph; never used.
    """

    names: tuple[str, ...]
    lagged_graph: NDArray[np.bool_]
    lagged: NDArray[np.float64]
    lagged_probability: NDArray[np.float64]
    edge_probability: NDArray[np.float64]
    direction_confidence: NDArray[np.float64]
    strength: NDArray[np.float64]
    chosen: Mapping[str, Choice]
    findings: tuple[Finding, ...] = ()
    truth: NDArray[np.bool_] | None = None

    @property
    def graph(self) -> NDArray[np.bool_]:
        """Edges `[cause, effect]` of any lag."""
        return np.asarray(self.lagged_graph.any(axis=0))

    @property
    def adjacency(self) -> NDArray[np.float64]:
        """Absolute weights `[cause, effect]`, the strongest over lags; 0 where there is no edge."""
        return np.abs(self.lagged).max(axis=0)

    @property
    def order(self) -> tuple[str, ...]:
        """Every variable once, each after all of its causes at lag 0: the proof that lag 0 is acyclic."""
        return tuple(self.names[index] for index in certify(self.lagged[0], self.lagged_graph[0]).order)

    def edges(self) -> list[DiscoveredEdge]:
        """List the edges of every lag, the most probable first, the heavier first among equals."""
        found = [
            DiscoveredEdge(
                self.names[i],
                self.names[j],
                int(lag),
                float(self.lagged[lag, i, j]),
                float(self.lagged_probability[lag, i, j]),
                float(self.direction_confidence[i, j]),
            )
            for lag, i, j in np.argwhere(self.lagged_graph)
        ]
        return sorted(found, key=lambda edge: (-edge.probability, -abs(edge.weight), edge[:3]))

    def to_pandas(self) -> pandas.DataFrame:
        """Return one row per edge and lag: cause, effect, lag, weight, probability, direction; most probable first.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install 'jaxstable[tables]'") from error
        table = pandas.DataFrame(self.edges(), columns=list(DiscoveredEdge._fields))
        floats = dict.fromkeys(("weight", "probability", "direction"), "float64")
        return table.astype({"lag": "int64", **floats})

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows of `to_pandas` as CSV, whole or not at all, and return the path; needs no pandas."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([DiscoveredEdge._fields, *self.edges()])
        write_atomic(Path(path), text.getvalue().encode())
        return Path(path)

    def to_networkx(self) -> networkx.DiGraph[str]:
        """Return the graph of all lags as a networkx DiGraph.

        Each edge has the `weight` and `lag` of its heaviest lag, the `probability` of an edge at any lag and the
        `direction` confidence.

        Raises:
            ImportError: networkx is not installed.
        """
        try:
            import networkx
        except ImportError as error:
            raise ImportError("to_networkx needs networkx: pip install 'jaxstable[graphs]'") from error
        graph: Any = networkx.DiGraph()
        graph.add_nodes_from(self.names)
        for i, j in np.argwhere(self.graph):
            lag = int(np.abs(self.lagged[:, i, j]).argmax())
            graph.add_edge(
                self.names[i],
                self.names[j],
                weight=float(self.lagged[lag, i, j]),
                lag=lag,
                probability=float(self.edge_probability[i, j]),
                direction=float(self.direction_confidence[i, j]),
            )
        return graph

    def __repr__(self) -> str:
        edges, sure = int(self.graph.sum()), int((self.graph & (self.edge_probability >= 0.9)).sum())
        warnings = sum(finding.severity in ("error", "warning") for finding in self.findings)
        more = f"; {warnings} warning{'s' if warnings != 1 else ''}: see findings" if warnings else ""
        return (
            f"Discovery({len(self.names)} variables, {edges} edge{'s' if edges != 1 else ''}, "
            f"{sure} of probability 0.9 or more{more})"
        )

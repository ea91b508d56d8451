"""The result of `discover`: a certified graph with the confidence in every edge, and why it is this one."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.found import Found
from jaxstable.discovery.reasons import Choice
from jaxstable.files.directory import write_atomic
from jaxstable.graph.certificate import certify
from jaxstable.results.findings import Finding
from jaxstable.results.rules_discovery import discovery_findings
from jaxstable.signals.prepare import Removed

if TYPE_CHECKING:
    import networkx
    import pandas
    from matplotlib.figure import Figure


class DiscoveredEdge(NamedTuple):
    """One edge at one lag (in steps; 0 is instantaneous).

    Attributes:
        cause: name of the cause.
        effect: name of the effect.
        lag: steps from cause to effect.
        weight: refitted coefficient, both variables in units of their standard deviations.
        probability: that the edge is true, at this lag.
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

    The probabilities are calibrated on simulated systems of many kinds (`benchmarks/discovery/calibration.py`): of
    the edges given 0.9 about 0.9 were true there. Where effects are hidden common causes, or nonlinear beyond what a
    line can see, they say too much.

    Attributes:
        names: names of the variables.
        lagged_graph: bool `[lag, cause, effect]`; lag 0 is a certified DAG, no variable causes itself.
        lagged: refitted weights `[lag, cause, effect]`, in standard deviations, signed; 0 where there is no edge.
        lagged_probability: calibrated probability of an edge at a lag, `[lag, cause, effect]`.
        edge_probability: calibrated probability of an edge at any lag, `[cause, effect]`; strictly ordered, so that
            edges found in every draw are ranked too.
        lagged_frequency: share of the draws that hold an edge at a lag, `[lag, cause, effect]`.
        edge_frequency: share of the draws that hold an edge at any lag, `[cause, effect]`.
        direction_confidence: of the draws that link two variables, the share with an edge from cause to effect,
            `[cause, effect]`; 0.5 where none links them.
        strength: evidence for every edge, present or not, `[lag, cause, effect]`; ranks edges of one probability.
        chosen: settings by name, each a value and why it was chosen.
        removed: what the preparation took out of each sensor: level, drift, cycles (periods in rows), spikes (rows),
            held readings.
        findings: what to know of the data and the graph, warnings first.
        truth: bool `[cause, effect]`, where the data set knows its graph; never used.
    """

    names: tuple[str, ...]
    lagged_graph: NDArray[np.bool_]
    lagged: NDArray[np.float64]
    lagged_probability: NDArray[np.float64]
    edge_probability: NDArray[np.float64]
    lagged_frequency: NDArray[np.float64]
    edge_frequency: NDArray[np.float64]
    direction_confidence: NDArray[np.float64]
    strength: NDArray[np.float64]
    chosen: Mapping[str, Choice]
    removed: Mapping[str, Removed] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    truth: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, found: Found) -> Discovery:
        """Return the result of what the engine found, with its findings."""
        own = {item.name: getattr(found, item.name) for item in fields(cls) if item.name != "findings"}
        return cls(**own, findings=discovery_findings(found))

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
        from jaxstable.results.export_discovery import summary_edges

        graph: Any = networkx.DiGraph()
        graph.add_nodes_from(self.names)
        for cause, effect, attributes in summary_edges(self):
            graph.add_edge(cause, effect, **attributes)
        return graph

    def to_graphml(self, path: str | os.PathLike[str]) -> Path:
        """Write the graph of all lags as GraphML, which networkx, Gephi, yEd and Cytoscape read; return the path.

        Edges carry `weight`, `lag`, `probability` and `direction`, as those of `to_networkx`.
        """
        from jaxstable.results.export_discovery import to_graphml

        return to_graphml(self, path)

    def summary(self) -> dict[str, Any]:
        """Return the totals, JSON-ready.

        `graph_f1`, `graph_shd` and `true_edge_count` are None where the true graph is not known; `findings` lists
        [severity, code] of errors and warnings; `config` holds the chosen settings.
        """
        from jaxstable.results.report_discovery import summary

        return summary(self)

    def diagnose(self) -> list[Finding]:
        """Return the findings, warnings first."""
        return list(self.findings)

    def plot(self) -> Figure:
        """Draw the probabilities and the graph; `.savefig(path)` keeps the picture.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from jaxstable.results.plots_discovery import plot_discovery

        return plot_discovery(self)

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write arrays, edges, summary and graph into a directory and return it; `jaxstable.load` reads them back.

        Raises:
            RunDirectoryError: The directory holds a run or a sweep.
        """
        from jaxstable.results.storage_discovery import save

        return save(self, directory)

    def __repr__(self) -> str:
        edges, sure = int(self.graph.sum()), int((self.graph & (self.edge_probability >= 0.9)).sum())
        warnings = sum(finding.severity in ("error", "warning") for finding in self.findings)
        more = f"; {warnings} warning{'s' if warnings != 1 else ''}: see findings" if warnings else ""
        return (
            f"Discovery({len(self.names)} variables, {edges} edge{'s' if edges != 1 else ''}, "
            f"{sure} of probability 0.9 or more{more})"
        )

    def _repr_html_(self) -> str:
        from jaxstable.results.report_discovery import html

        return html(self)

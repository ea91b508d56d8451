"""Hand a learned graph to other tools: an edge table, networkx, pandas, GraphML."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxstable.results.graphml import write_graphml

if TYPE_CHECKING:
    import networkx
    import pandas

    from jaxstable.results.train_result import TrainResult


class Edge(NamedTuple):
    """One edge of a learned graph at one lag (in steps; 0 is instantaneous)."""

    cause: str
    effect: str
    lag: int
    weight: float


def lagged_edges(result: TrainResult) -> list[Edge]:
    """List the edges of every lag, the heaviest first."""
    found = [
        Edge(result.names[i], result.names[j], int(lag), float(result.lagged[lag, i, j]))
        for lag, i, j in np.argwhere(result.lagged_graph)
    ]
    return sorted(found, key=lambda edge: (-abs(edge.weight), edge.lag, edge.cause, edge.effect))


def summary_edges(result: TrainResult) -> list[Edge]:
    """List the edges of the summary graph, each with its strongest lag, the heaviest first."""
    strongest: dict[tuple[str, str], Edge] = {}
    for edge in lagged_edges(result):
        strongest.setdefault((edge.cause, edge.effect), edge)
    return list(strongest.values())


def to_networkx(result: TrainResult) -> networkx.DiGraph[str]:
    """Build a networkx DiGraph of the summary graph with `weight` and `lag` on each edge.

    Raises:
        ImportError: networkx is not installed.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "to_networkx needs networkx: pip install 'jaxstable[tables]' "
            "(to_graphml needs nothing and networkx reads its file)"
        ) from error
    graph: Any = networkx.DiGraph(threshold=result.threshold)
    graph.add_nodes_from(result.names)
    for cause, effect, lag, weight in summary_edges(result):
        graph.add_edge(cause, effect, weight=weight, lag=lag)
    return graph


def to_pandas(result: TrainResult) -> pandas.DataFrame:
    """Build a table with one row per edge and lag: cause, effect, lag, weight; heaviest first.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas needs pandas: pip install 'jaxstable[tables]'") from error
    table = pandas.DataFrame(lagged_edges(result), columns=list(Edge._fields))
    return table.astype({"lag": "int64", "weight": "float64"})


def to_graphml(result: TrainResult, path: str | os.PathLike[str]) -> Path:
    """Write the summary graph as GraphML, which networkx, Gephi, yEd and Cytoscape read.

    Node ids are the names of the variables; edges carry `weight` (double) and `lag` (int).
    The graph carries `threshold`, `status` and, where a finding is an error, `warning`.
    Characters that XML cannot hold are replaced by U+FFFD.

    Returns:
        The path of the file.
    """
    facts: dict[str, Any] = {"threshold": float(result.threshold), "status": str(result.status)}
    if result.verdict:
        errors = ", ".join(finding.code for finding in result.diagnose() if finding.severity == "error")
        facts["warning"] = f"{result.verdict}: {errors}"
    edges = [(cause, effect, {"weight": weight, "lag": lag}) for cause, effect, lag, weight in summary_edges(result)]
    types = {"threshold": float, "status": str, "warning": str}
    return write_graphml(path, result.names, edges, {"weight": float, "lag": int}, facts, types)

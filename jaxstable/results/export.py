"""Hand a learned graph to other tools: an edge table, networkx, pandas, GraphML."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np

from jaxstable.training.rundir import write_atomic

if TYPE_CHECKING:
    import networkx
    import pandas

    from jaxstable.results.result import TrainResult

GRAPHML = "http://graphml.graphdrawing.org/xmlns"


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
    ids = dict(zip(result.names, _legal_ids(result.names), strict=True))
    root = ElementTree.Element("graphml", xmlns=GRAPHML)
    for key, scope, kind in (
        ("weight", "edge", "double"),
        ("lag", "edge", "int"),
        ("threshold", "graph", "double"),
        ("status", "graph", "string"),
        ("warning", "graph", "string"),
    ):
        attributes = {"id": key, "for": scope, "attr.name": key, "attr.type": kind}
        ElementTree.SubElement(root, "key", attributes)
    graph = ElementTree.SubElement(root, "graph", id="G", edgedefault="directed")
    ElementTree.SubElement(graph, "data", key="threshold").text = repr(float(result.threshold))
    ElementTree.SubElement(graph, "data", key="status").text = str(result.status)
    if result.verdict:
        errors = ", ".join(finding.code for finding in result.diagnose() if finding.severity == "error")
        ElementTree.SubElement(graph, "data", key="warning").text = f"{result.verdict}: {errors}"
    for name in result.names:
        ElementTree.SubElement(graph, "node", id=ids[name])
    for cause, effect, lag, weight in summary_edges(result):
        edge = ElementTree.SubElement(graph, "edge", source=ids[cause], target=ids[effect])
        ElementTree.SubElement(edge, "data", key="weight").text = repr(weight)
        ElementTree.SubElement(edge, "data", key="lag").text = str(lag)
    ElementTree.indent(root)
    path = Path(path)
    write_atomic(path, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    return path


def _legal(character: str) -> bool:
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _legal_ids(names: tuple[str, ...]) -> list[str]:
    ids: list[str] = []
    for name in names:
        legal = "".join(c if _legal(c) else "�" for c in name)
        candidate, copy = legal, 1
        while candidate in ids or (candidate != name and candidate in names):
            copy += 1
            candidate = f"{legal} ({copy})"
        ids.append(candidate)
    return ids

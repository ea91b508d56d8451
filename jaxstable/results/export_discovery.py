"""Hand a discovered graph to other tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jaxstable.results.graphml import write_graphml

if TYPE_CHECKING:
    from jaxstable.results.discovery_result import Discovery

EDGE_TYPES = {"weight": float, "lag": int, "probability": float, "direction": float}


def summary_edges(found: Discovery) -> list[tuple[str, str, dict[str, float | int]]]:
    """List the edges of the summary graph, each with its heaviest lag and the probability of an edge at any lag."""
    edges = []
    for i, j in np.argwhere(found.graph).tolist():
        lag = int(np.abs(found.lagged[:, i, j]).argmax())
        attributes = {
            "weight": float(found.lagged[lag, i, j]),
            "lag": lag,
            "probability": float(found.edge_probability[i, j]),
            "direction": float(found.direction_confidence[i, j]),
        }
        edges.append((found.names[i], found.names[j], attributes))
    return edges


def to_graphml(found: Discovery, path: str | os.PathLike[str]) -> Path:
    """Write the summary graph as GraphML; the graph carries `warning` where a finding is one.

    Returns:
        The path of the file.
    """
    warnings = ", ".join(finding.code for finding in found.findings if finding.severity in ("error", "warning"))
    facts = {"warning": warnings} if warnings else {}
    return write_graphml(path, found.names, summary_edges(found), EDGE_TYPES, facts, {"warning": str})

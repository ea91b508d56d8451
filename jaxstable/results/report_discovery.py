"""A discovery as text for the console, and as a document for programs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from jaxstable.results.discovery_result import Discovery
from jaxstable.results.report import findings_html, findings_text, picture, table_html

MOST_ROWS = 20  # of the table in a notebook


def discovery_text(found: Discovery, paths: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Format the findings, the settings with their reasons, and one line per edge, the most probable first.

    Args:
        found: what `discover` returned.
        paths: files to name at the end.

    Returns:
        Lines without a trailing newline.
    """
    edges = found.edges()
    arrows = [f"{edge.cause} -> {edge.effect}" for edge in edges]
    width = max(map(len, ["edge", *arrows]))
    heading = f"{'edge':<{width}}  lag   weight  probability  direction"
    rows = [
        f"{arrow:<{width}}  {edge.lag:>3}  {edge.weight:>7.3f}  {edge.probability:>11.2f}  {edge.direction:>9.2f}"
        for arrow, edge in zip(arrows, edges, strict=True)
    ]
    settings = [f"{name:<14} {_short(choice.value):>7}  {choice.why}" for name, choice in found.chosen.items()]
    written = [f"{'Written' if number == 0 else '':<7}  {os.fspath(path)}" for number, path in enumerate(paths)]
    parts = [findings_text(found.findings), "", *settings, "", repr(found), heading, *rows, *([""] if written else [])]
    return "\n".join([*parts, *written])


def summary(found: Discovery) -> dict[str, Any]:
    """Return the totals of a discovery, JSON-ready, under the names that the summary of a run has."""
    graph_f1 = graph_shd = true_edges = None
    if found.truth is not None:
        off_diagonal = ~np.eye(len(found.names), dtype=bool)
        graph, true = found.graph & off_diagonal, np.asarray(found.truth, dtype=bool) & off_diagonal
        extra, missed, true_edges = graph & ~true, true & ~graph, int(true.sum())
        graph_shd = int(extra.sum() + missed.sum() - (extra & missed.T).sum())
        edges = int(graph.sum()) + true_edges
        graph_f1 = float(2 * (graph & true).sum() / edges) if edges else 0.0
    return {
        "graph_edge_count": int(found.graph.sum()),
        "sure_edge_count": int((found.graph & (found.edge_probability >= 0.9)).sum()),
        "true_edge_count": true_edges,
        "graph_f1": graph_f1,
        "graph_shd": graph_shd,
        "findings": [[f.severity, f.code] for f in found.findings if f.severity in ("error", "warning")],
        "config": {name: choice.value for name, choice in found.chosen.items()},
    }


def html(found: Discovery) -> str:
    """Build the notebook display: totals, the most probable edges, findings and, with matplotlib, the picture."""
    totals = [("Edges", str(int(found.graph.sum()))), *((name, _short(c.value)) for name, c in found.chosen.items())]
    rows = [
        (f"{edge.cause} \N{RIGHTWARDS ARROW} {edge.effect}", f"lag {edge.lag}, probability {edge.probability:.2f}")
        for edge in found.edges()
    ]
    more = f"<p>{escape(str(len(rows) - MOST_ROWS))} more: see to_pandas()</p>" if len(rows) > MOST_ROWS else ""
    tables = f"{table_html(totals)}{table_html(rows[:MOST_ROWS])}{more}"
    return f"<div>{tables}{findings_html(found.findings)}{picture(found, 'probabilities and graph')}</div>"


def discovery_document(found: Discovery) -> dict[str, Any]:
    """Return a discovery as a JSON-ready dictionary: summary, names, edges, order, chosen and findings.

    Args:
        found: what `discover` returned.
    """
    return {
        **found.summary(),
        "names": list(found.names),
        "edges": [edge._asdict() for edge in found.edges()],
        "order": list(found.order),
        "edge_probability": found.edge_probability.tolist(),
        "chosen": {name: choice._asdict() for name, choice in found.chosen.items()},
        "removed": {name: what._asdict() for name, what in found.removed.items()},
        "findings": [finding._asdict() for finding in found.findings],
    }


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

"""A discovery as text for the console, and as a document for programs."""

from __future__ import annotations

from typing import Any

from jaxstable.results.discovery import Discovery
from jaxstable.results.report import findings_text


def discovery_text(found: Discovery) -> str:
    """Format the findings, the settings with their reasons, and one line per edge, the most probable first.

    Args:
        found: what `discover` returned.

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
    return "\n".join([findings_text(found.findings), "", *settings, "", repr(found), heading, *rows])


def discovery_document(found: Discovery) -> dict[str, Any]:
    """Return a discovery as a JSON-ready dictionary: names, edges, order, chosen and findings.

    Args:
        found: what `discover` returned.
    """
    return {
        "names": list(found.names),
        "edges": [edge._asdict() for edge in found.edges()],
        "order": list(found.order),
        "edge_probability": found.edge_probability.tolist(),
        "chosen": {name: choice._asdict() for name, choice in found.chosen.items()},
        "findings": [finding._asdict() for finding in found.findings],
    }


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

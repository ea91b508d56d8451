"""Say in words how a run went: findings and totals as text, and a page for notebooks."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from jaxstable.results.evidence import number
from jaxstable.results.findings import NOTHING, Finding

if TYPE_CHECKING:
    from jaxstable.results.discovery_result import Discovery
    from jaxstable.results.sweep_result import SweepResult
    from jaxstable.results.train_result import TrainResult

MARKS = {"error": "ERROR", "warning": "WARN", "info": "INFO", "ok": "ok"}
COLOURS = {"error": "#c23b3b", "warning": "#b7651b", "info": "#2563a8", "ok": "#2f8f5b"}


def findings_text(findings: Iterable[Finding], healthy: bool = True) -> str:
    """Format findings, two lines each where there is something to do.

    Args:
        findings: what `diagnose` returned.
        healthy: also show what is in order.

    Returns:
        Lines without a trailing newline.

    >>> print(findings_text([Finding("no_edges", "error", "0 edges", "Lower lambda_sparse.", 7)]))
    ERROR  no_edges (epoch 7): 0 edges
           -> Lower lambda_sparse.
    """
    lines = []
    for finding in findings:
        if finding.severity == "ok" and not healthy:
            continue
        when = f" (epoch {finding.epoch})" if finding.epoch is not None else ""
        mark = MARKS.get(finding.severity, finding.severity)
        lines.append(f"{mark:<6} {finding.code}{when}: {finding.evidence}")
        if finding.remedy != NOTHING:
            lines.append(f"       -> {finding.remedy}")
    return "\n".join(lines) if lines else "No findings."


def summary_rows(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Lay a summary out as (label, value) pairs; what was not measured reads `n/a`."""

    def shown(key: str, spec: str) -> str:
        value = number(summary.get(key))
        return "n/a" if value is None else format(value, spec)

    found = shown("final_edge_count", ".0f")
    true = number(summary.get("true_edge_count"))
    return [
        ("Status", str(summary.get("status") or "n/a")),
        ("Epochs", shown("epochs", ".0f")),
        ("Time", f"{shown('total_time', '.1f')} s"),
        ("Best F1", shown("best_f1", ".4f")),
        ("Best SHD", shown("best_shd", ".1f")),
        ("Best threshold", shown("best_threshold", ".3f")),
        (
            "Edges at last evaluation",
            found if true is None else f"{found} (true graph: {true:.0f})",
        ),
        ("Mean clip ratio", shown("avg_grad_clip_ratio", ".1%")),
        ("Final learning rate", shown("final_learning_rate", ".2e")),
    ]


def summary_text(summary: Mapping[str, Any], paths: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Format the totals of a run and the files it wrote.

    Args:
        summary: what `TrainResult.summary` returned, or a training_summary_*.json.
        paths: files or directories to name.

    Returns:
        Lines without a trailing newline.
    """
    rows = summary_rows(summary)
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {value}" for label, value in rows]
    label = "Written"
    for path in paths:
        lines.append(f"{label:<{width}}  {os.fspath(path)}")
        label = ""
    return "\n".join(lines)


def html(result: TrainResult) -> str:
    """Build the notebook display: totals, findings and, with matplotlib, the picture."""
    rows = [*summary_rows(result.summary()), ("Edges in the graph", str(int(result.graph.sum())))]
    shown = picture(result, "history, edge weights and graph")
    return f"<div>{table_html(rows)}{findings_html(result.diagnose())}{shown}</div>"


def table_html(rows: Iterable[tuple[str, str]]) -> str:
    """Lay (label, value) pairs out as an HTML table."""
    cell = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"
    body = "".join(
        f'<tr><th style="{cell};font-weight:600">{escape(label)}</th><td style="{cell}">{escape(value)}</td></tr>'
        for label, value in rows
    )
    return f'<table style="border-collapse:collapse">{body}</table>'


def findings_html(findings: Iterable[Finding]) -> str:
    """Lay findings out as an HTML list."""
    items = "".join(
        f'<li style="margin:3px 0"><span style="color:{COLOURS[finding.severity]};font-weight:600">'
        f"{escape(finding.code)}</span> {escape(finding.evidence)}"
        + ("" if finding.remedy == NOTHING else f"<br><em>{escape(finding.remedy)}</em>")
        + "</li>"
        for finding in findings
    )
    return f'<ul style="list-style:none;padding:0;margin:8px 0">{items}</ul>'


def picture(result: TrainResult | SweepResult | Discovery, words: str) -> str:
    """Return the picture of a result as an HTML image, or how to get one."""
    try:
        figure = result.plot()
    except ImportError:
        return "<p><code>pip install 'jaxstable[plots]'</code> adds a picture.</p>"
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="{words}" style="max-width:100%" src="data:image/png;base64,{encoded}">'

"""A report as the display of a notebook cell."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape

from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.report import Report, Table, grouped
from jaxstable.results.text import MOST_LIKE_IT, together

COLOURS = {"error": "#c23b3b", "warning": "#b7651b", "info": "#2563a8", "ok": "#2f8f5b"}
MOST_ROWS = 20  # of a table
CELL = "text-align:left;padding:2px 12px 2px 0;vertical-align:top"


def report_html(report: Report) -> str:
    """Build the display: the answer, its tables, totals, findings and, with matplotlib, the picture."""
    tables = "".join(map(table_html, report.tables))
    totals = table_html(Table("", (), report.totals)) if report.totals else ""
    title = f'<p style="font-weight:600">{escape(report.title)}</p>'
    return f"<div>{title}{tables}{totals}{findings_html(report.findings)}{_picture(report)}</div>"


def table_html(table: Table) -> str:
    """Lay a table out, its first rows if they are many."""
    head = "".join(f'<th style="{CELL}">{escape(name)}</th>' for name in table.columns)
    body = [
        "<tr>" + "".join(f'<td style="{CELL}">{escape(text)}</td>' for text in row) + "</tr>"
        for row in table.rows[:MOST_ROWS]
    ]
    title = f'<p style="margin:8px 0 2px" title="{escape(table.note)}">{escape(table.title)}</p>' if table.title else ""
    more = f"<p>{len(table.rows) - MOST_ROWS} more: see to_pandas()</p>" if len(table.rows) > MOST_ROWS else ""
    rows = "".join([f"<tr>{head}</tr>" if head else "", *body])
    return f'{title}<table style="border-collapse:collapse">{rows}</table>{more}'


def findings_html(findings: Iterable[Finding]) -> str:
    """Lay findings out as a list; many of one kind are one entry."""
    items = []
    for group in grouped(findings):
        texts = [together(group)] if len(group) > MOST_LIKE_IT else [f"{f.code}: {f.evidence}" for f in group]
        remedy = "" if group[0].remedy == NOTHING else f"<br><em>{escape(group[0].remedy)}</em>"
        mark = f'<span style="color:{COLOURS[group[0].severity]};font-weight:600">{group[0].severity}</span>'
        items += [f'<li style="margin:3px 0">{mark} {escape(text)}{remedy}</li>' for text in texts]
    return f'<ul style="list-style:none;padding:0;margin:8px 0">{"".join(items)}</ul>'


def _picture(report: Report) -> str:
    """Return the picture of a result as an HTML image, or how to get one."""
    try:
        figure = report.draw()
    except ImportError:
        return "<p><code>pip install matplotlib</code> adds a picture.</p>"
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="{escape(report.title)}" style="max-width:100%" src="data:image/png;base64,{encoded}">'

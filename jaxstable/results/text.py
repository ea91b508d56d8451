"""A report as text for the terminal and for logs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.report import Report, Table, grouped

MARKS = {"error": "ERROR", "warning": "WARN", "info": "INFO", "ok": "ok"}
MOST_LIKE_IT = 2  # findings of one kind that are written out; of more, the first and the names of all
MOST_NAMES = 20


def report_text(report: Report, paths: Iterable[str | os.PathLike[str]] = (), verbose: bool = False) -> str:
    """Format a report: the answer, its tables, the totals, the findings, the files.

    Args:
        report: what a result says.
        paths: files to name at the end.
        verbose: also show what is in order, and the settings with their reasons.

    Returns:
        Lines without a trailing newline.
    """
    parts = [report.title, *(table_text(table) for table in report.tables)]
    if report.totals:
        parts.append(pairs_text(report.totals))
    if report.settings and verbose:
        width, wide = (max(len(row[place]) for row in report.settings) for place in (0, 1))
        parts.append("\n".join(f"{name:<{width}}  {value:>{wide}}  {why}" for name, value, why in report.settings))
    parts.append(findings_text(report.findings, healthy=verbose))
    written = [os.fspath(path) for path in paths]
    if written:
        parts.append("\n".join(f"{'' if number else 'Written':<7}  {path}" for number, path in enumerate(written)))
    return "\n\n".join(parts)


def table_text(table: Table) -> str:
    """Format a table under its title: words to the left, numbers to the right.

    >>> print(table_text(Table("Sure (1)", ("edge", "lag"), (("a -> b", "1"),))))
    Sure (1)
      edge    lag
      a -> b    1
    """
    widths = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    lines = [f"{table.title}: {table.note}" if table.note else table.title]
    for first, *rest in (table.columns, *table.rows):
        cells = [f"{first:<{widths[0]}}", *(f"{text:>{width}}" for text, width in zip(rest, widths[1:], strict=True))]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return "\n".join(lines)


def pairs_text(rows: Sequence[tuple[str, str]]) -> str:
    """Format (label, value) rows."""
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in rows)


def findings_text(findings: Iterable[Finding], healthy: bool = True) -> str:
    """Format findings, two lines each where there is something to do; many of one kind are named together.

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
    for group in grouped(findings):
        first = group[0]
        if first.severity == "ok" and not healthy:
            continue
        shown = [together(group)] if len(group) > MOST_LIKE_IT else [_one(finding) for finding in group]
        lines += [f"{MARKS.get(first.severity, first.severity):<6} {text}" for text in shown]
        if first.remedy != NOTHING:
            lines.append(f"       -> {first.remedy}")
    return "\n".join(lines) if lines else "No findings."


def together(group: Sequence[Finding]) -> str:
    """Say in one line what many findings of a kind have in common: how many, of what, and the first in full."""
    names = [finding.subject for finding in group if finding.subject]
    named = f": {', '.join(names[:MOST_NAMES])}{', ...' if len(names) > MOST_NAMES else ''}" if names else ""
    return f"{group[0].code} ({len(group)} times){named}; first: {group[0].evidence}"


def _one(finding: Finding) -> str:
    when = f" (epoch {finding.epoch})" if finding.epoch is not None else ""
    return f"{finding.code}{when}: {finding.evidence}"

"""A report as text for the terminal and for logs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from jaxstable.graph.learned import LearnedGraph
from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.report import TITLES, Report, Table, grouped
from jaxstable.results.text_tables import beginning, table_text, wrapped

MARKS = {"error": "ERROR", "warning": "WARN", "info": "INFO", "ok": "ok"}
HANGING = 7 * " "
MOST_LIKE_IT = 2  # findings of one kind that are written out; of more, the first and the names of all
MOST_NAMES = 20
MOST_LETTERS = 800  # of a finding
MOST_LINES = 40  # of a table of edges, some 15 to 40 of them: a dense graph would fill screens
FEW_LINES = 10  # of the doubtful ones, on which nobody is to act
ALL_WELL = "Nothing to complain of in the data and their fit. That does not say that each edge is true."


def report_text(
    report: Report,
    paths: Iterable[str | os.PathLike[str]] = (),
    verbose: bool = False,
    width: int | None = None,
    well: str = ALL_WELL,
) -> str:
    """Format a report: the answer, its tables, the totals, the findings, the files.

    Of a long table of edges the first `MOST_LINES` lines are shown, of the doubtful ones `FEW_LINES`, and the rest is
    counted; its title counts all.

    Args:
        report: what a result says.
        paths: files to name at the end.
        verbose: also show every edge, what is in order, and the settings with their reasons.
        width: characters of a line, None for as many as it takes.
        well: what is said where nothing was found.

    Returns:
        Lines without a trailing newline.
    """
    parts = ["\n".join(wrapped(line, width) for line in (report.title, report.source) if line)]
    parts += [
        table_text(table, width) if verbose else _shortened(table, report.graph, width) for table in report.tables
    ]
    if report.totals:
        parts.append(pairs_text(report.totals, width))
    if report.settings and verbose:
        names, wide = (max(len(row[place]) for row in report.settings) for place in (0, 1))
        indent = " " * (names + wide + 4 if width is None or names + wide < width // 2 else len(HANGING))
        rows = [(why, f"{name:<{names}}  {value:>{wide}}  ") for name, value, why in report.settings]
        parts.append("\n".join(wrapped(why, width, first, indent) for why, first in rows))
    parts.append(findings_text(report.findings, healthy=verbose, width=width, well=well))
    written = [os.fspath(path) for path in paths]
    if written:
        parts.append("\n".join(f"{'' if number else 'Written':<7}  {path}" for number, path in enumerate(written)))
    return "\n\n".join(parts)


def _shortened(table: Table, graph: LearnedGraph | None, width: int | None) -> str:
    """Format the beginning of a table of edges of this graph and say where all are; any other table is whole."""
    most = FEW_LINES if table.title.startswith(TITLES["doubtful"]) else MOST_LINES
    first = beginning(table, most) if table.ends else table
    more = len(table.rows) - len(first.rows)
    if not more:
        return table_text(table, width)
    where = f"and {more} more: all are printed with `--verbose`, on the page of `--report page.html`"
    if graph is not None and graph.probability is not None:  # a discovery, which is saved with its edges as CSV
        where += ", in edges.csv of the run directory"
    return "\n".join([table_text(first, width), wrapped(where, width, "  ", "    ")])


def pairs_text(rows: Sequence[tuple[str, str]], width: int | None = None) -> str:
    """Format (label, value) rows."""
    labels = max(len(label) for label, _ in rows)
    return "\n".join(wrapped(value, width, f"{label:<{labels}}  ", " " * (labels + 2)) for label, value in rows)


def findings_text(
    findings: Iterable[Finding], healthy: bool = True, width: int | None = None, well: str = ALL_WELL
) -> str:
    """Format findings, two lines each where there is something to do; many of one kind are named together.

    Args:
        findings: what `diagnose` returned.
        healthy: also show what is in order.
        width: characters of a line, None for as many as it takes.
        well: what is said where there is none.

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
        shown = shown if healthy else [shortened_list(text) for text in shown]
        mark = f"{MARKS.get(first.severity, first.severity):<6} "
        lines += [wrapped(text, width, mark, HANGING) for text in shown]
        if first.remedy != NOTHING:
            lines.append(wrapped(first.remedy, width, f"{HANGING}-> ", f"{HANGING}   "))
    return "\n".join(lines) if lines else wrapped(well, width)


def together(group: Sequence[Finding]) -> str:
    """Say in one line what many findings of a kind have in common: how many, of what, and the first in full."""
    names = [finding.subject for finding in group if finding.subject]
    named = f": {', '.join(names[:MOST_NAMES])}{', ...' if len(names) > MOST_NAMES else ''}" if names else ""
    return f"{group[0].code} ({len(group)} times){named}; first: {group[0].evidence}"


def shortened_list(text: str) -> str:
    """Cut a finding that lists more than fits some lines, after a comma, and count the rest.

    >>> shortened_list("doubtful: " + ", ".join(f"sensor {i} -> sensor {i + 1}" for i in range(100)))[-60:]
    'sor 32, sensor 32 -> sensor 33, and 67 more (--verbose: all)'
    """
    if len(text) <= MOST_LETTERS:
        return text
    end = text.rfind(", ", 0, MOST_LETTERS)
    return text if end < 0 else f"{text[:end]}, and {text.count(', ', end)} more (--verbose: all)"


def _one(finding: Finding) -> str:
    when = f" (epoch {finding.epoch})" if finding.epoch is not None else ""
    return f"{finding.code}{when}: {finding.evidence}"

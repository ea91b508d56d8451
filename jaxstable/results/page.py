"""A report as one self-contained HTML page: the answer first, the graph to look at, the details folded."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from html import escape
from pathlib import Path

from jaxstable import __version__
from jaxstable.files.directory import write_file
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, links_of, peak_of
from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.page_graph import graph_svg
from jaxstable.results.page_looks import CSS, SCRIPT
from jaxstable.results.page_sensors import sensors_html
from jaxstable.results.report import LINE, Report, Table, grouped
from jaxstable.results.strongest import first_links, measure
from jaxstable.results.text import MOST_LIKE_IT, together
from jaxstable.results.words import paragraph, sentence, trust, what_would_change_it

MOST_TOLD = 15  # sure influences told in sentences before the rest is folded; the table below has all


def write_page(report: Report, path: str | os.PathLike[str]) -> Path:
    """Write the page of a report, whole or not at all, and return its path."""
    return write_file(path, page(report).encode())


def page(report: Report) -> str:
    """Return the page of a report. It loads nothing and runs from disk; without a script it still reads well."""
    graph = report.graph
    parts = [f"<h1>{escape(report.title)}</h1>"]
    if report.source:
        parts.append(f'<p class="soft">{escape(report.source)}</p>')
    if graph is not None:
        parts.append(f'<p class="lead">{escape(paragraph(graph))}</p>')
    worse, rest = _split(report.findings)
    if graph is not None:
        parts.append(_graph(graph))
        sure = [link for link in links_of(graph) if link.kind == "sure"]
        if sure:
            items = [_item(link, graph) for link in sure]
            parts.append(f"<h2>Sure influences ({len(sure)})</h2><ul>{''.join(items[:MOST_TOLD])}</ul>")
            if len(items) > MOST_TOLD:
                more = f"<ul>{''.join(items[MOST_TOLD:])}</ul>"
                parts.append(_folded(f"{len(items) - MOST_TOLD} more sure influences", more))
    if worse:
        parts.append(f"<h2>What to check first</h2>{_findings(worse)}")
    if graph is not None:
        changes = "".join(f"<li>{escape(text)}</li>" for text in what_would_change_it(graph))
        parts.append(f"<h2>What would change it</h2><ul>{changes}</ul>")
    strength = {} if graph is None else _strengths(graph)
    parts += [_table(table, strength) for table in report.tables]
    if report.sensors:
        parts.append(f"<h2>The sensors</h2>{sensors_html(report.sensors)}")
    if report.totals:
        parts.append(_folded("Totals", _rows(report.totals)))
    if report.settings:
        parts.append(_folded("Settings and their reasons", _rows(report.settings)))
    if rest:
        parts.append(_folded("What is in order", _findings(rest)))
    if graph is not None:
        order = "One order in which nothing acts on what stands before it within a step: " + ", ".join(graph.order)
        parts.append(_folded("Order", f"<p>{escape(order)}</p>"))
    foot = f'<p class="soft">jaxstable {escape(__version__)}. Effects are direct ones, row causes column.</p>'
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><style>{CSS}</style></head><body>{"".join(parts)}{foot}<script>{SCRIPT}</script>'
        "</body></html>\n"
    )


def _graph(graph: LearnedGraph) -> str:
    tested = graph.probability is not None
    what = "probability" if tested else "weight, as a share of the heaviest"
    links, drawn = links_of(graph), first_links(graph)
    least, first = 0.0, ""
    if len(drawn) < len(links):
        least = math.floor(100 * measure(drawn[-1], peak_of(links))) / 100
        first = f'<p class="soft">Of {len(links)} influences the {len(drawn)} {"surest" if tested else "heaviest"} are '
        first += "drawn at first. Click a sensor for all of its own, move the slider for others. The tables below have "
        first += "all until it is moved.</p>"
    ends = {name for link in links for name in link[:2]}
    linked = [name for name in graph.names if name in ends]
    idle = [name for name in graph.names if name not in ends]
    alone = f'<p class="soft">Without any influence: {escape(", ".join(idle))}.</p>' if idle else ""
    key = '<p class="soft key"><span></span>raises<span class="m"></span>lowers'
    if not graph.signed:
        key = '<p class="soft key"><span class="u"></span>acts on'
    if tested:
        key += '<span class="o"></span>direction open, no head<span class="d"></span>doubtful'
    return (
        '<h2>The graph</h2><div class="controls"><label for="least">Least ' + what + "</label>"
        '<input id="least" type="range" min="0" max="1" '
        f'step="0.01" value="{least}"><output id="shown"></output>'
        '<button id="in" type="button" aria-label="larger">+</button>'
        '<button id="out" type="button" aria-label="smaller">&minus;</button>'
        f'<button id="fit" type="button">whole graph</button><select id="sensor" aria-label="sensor">{_options(linked)}'
        f"</select></div>{first}"
        f'<div class="canvas">{graph_svg(graph)}</div>{key}. '
        f"Causes stand to the left of their effects; wide lines are strong{', pale ones unsure' if tested else ''}.</p>"
        f'{alone}<p id="about" class="soft"></p>'
    )


def _options(names: Iterable[str]) -> str:
    found = "".join(f"<option>{escape(name)}</option>" for name in names)
    return f'<option value="">find a sensor</option>{found}'


def _item(link: Link, graph: LearnedGraph) -> str:
    return f'<li>{escape(sentence(link, graph))} <span class="why">{escape(trust(link, graph))}</span></li>'


def _strengths(graph: LearnedGraph) -> dict[tuple[str, str], float]:
    """Return what the slider compares for every link, by the text of its two ends."""
    links = links_of(graph)
    peak = peak_of(links)
    return {(link.cause, link.effect): measure(link, peak) for link in links}


def _table(table: Table, strength: dict[tuple[str, str], float]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = []
    for row, ends in zip(table.rows, table.ends or [None] * len(table.rows), strict=True):
        mark = "" if ends is None or ends not in strength else f' data-p="{strength[ends]:.4f}"'
        cells = (escape(cell).replace(LINE, "<br>") for cell in row)
        body.append(f"<tr{mark}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    note = f'<p class="soft">{escape(table.note)}</p>' if table.note else ""
    rows = f'<div class="scroll"><table><tr>{head}</tr>{"".join(body)}</table></div>'
    return f"<h2>{escape(table.title)}</h2>{note}{rows}"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table>{body}</table></div>'


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


def _split(findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    worse = [finding for finding in findings if finding.severity in ("error", "warning")]
    return worse, [finding for finding in findings if finding.severity not in ("error", "warning")]


def _findings(findings: Iterable[Finding]) -> str:
    items = []
    for group in grouped(findings):
        texts = [together(group)] if len(group) > MOST_LIKE_IT else [finding.evidence for finding in group]
        remedy = "" if group[0].remedy == NOTHING else f'<br><span class="why">{escape(group[0].remedy)}</span>'
        name = escape(group[0].code.replace("_", " "))
        items += [f'<li class="{group[0].severity}"><b>{name}</b>: {escape(text)}{remedy}</li>' for text in texts]
    return f"<ul>{''.join(items)}</ul>"

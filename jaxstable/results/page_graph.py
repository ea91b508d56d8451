"""A learned graph as SVG: layers from causes to effects, every edge with what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, links_of
from jaxstable.results.layers import layered
from jaxstable.results.report import arrow
from jaxstable.results.style import shorten_all
from jaxstable.results.words import evidence

HEIGHT, GAP, PITCH = 24, 76, 38  # of a box, between layers and from row to row
LETTER, SIDES = 7, 18  # width of a letter and of the room beside the letters in a box
MARGIN = 16
LETTERS = 18
MOST_EDGES, FIRST_EDGES = 150, 60  # of a graph that is drawn whole, and of a larger one at first
STEPS = 1000  # of the slider from 0 to 1, where there are more
LINE = 0.28  # room for a line that passes a layer, in rows


def graph_svg(graph: LearnedGraph) -> str:
    """Return the graph as an SVG element; its elements carry numbers of sensors and trust for the page's script."""
    links = links_of(graph)
    if not links:
        return "<p>The graph has no edge.</p>"
    trust = graph.adjacency if graph.probability is None else graph.probability
    places = layered(graph.graph, np.asarray(trust, dtype=float), LINE)
    shown = np.flatnonzero(places.layer >= 0)
    rows = [*places.row[shown], *(row for stops in places.passing.values() for row in stops)]
    top = min(rows)
    labels = shorten_all(graph.names, LETTERS)
    width = SIDES + LETTER * max(len(labels[i]) for i in shown)
    x, y = _across(places.layer, width), _down(places.row, top)
    peak = max(abs(link.heaviest.weight) for link in links) or 1.0
    number = {name: index for index, name in enumerate(graph.names)}
    paths = []
    for link in reversed(links):  # the surest on top
        i, j = number[link.cause], number[link.effect]
        ahead = -1 if places.backward[i, j] else 1
        stops = enumerate(places.passing[i, j], 1)
        through = [(_across(places.layer[i] + ahead * number, width), _down(row, top)) for number, row in stops]
        curve = _line([(x[i], y[i]), *through, (x[j], y[j])], ahead, width)
        paths.append(_path(link, graph, curve, (i, j), peak))
    boxes = [
        f'<g class="node" data-n="{i}" tabindex="0" role="button"><title>{escape(graph.names[i])}</title>'
        f'<rect x="{x[i]}" y="{y[i] - HEIGHT / 2:.1f}" width="{width}" height="{HEIGHT}" rx="5"/>'
        f'<text x="{x[i] + width / 2}" y="{y[i] + 4:.1f}">{escape(labels[i])}</text></g>'
        for i in shown.tolist()
    ]
    wide, high = int(x[shown].max() + width + MARGIN), int(_down(max(rows), top) + HEIGHT + MARGIN)
    heads = "".join(
        f'<marker id="head-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" '
        f'markerHeight="10" orient="auto"><path class="{name}" d="M0 0 8 4 0 8z"/></marker>'
        for name in ("plus", "minus", "unsigned")
    )
    return (
        f'<svg id="graph" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" '
        f'aria-label="causal graph, causes to the left of their effects"><defs>{heads}</defs>'
        f"<g>{''.join(paths)}</g><g>{''.join(boxes)}</g></svg>"
    )


def measure(link: Link, peak: float) -> float:
    """Return what the slider compares: the probability, or the weight as a share of the heaviest."""
    return link.probability if link.probability is not None else abs(link.heaviest.weight) / peak


def first_least(strengths: Iterable[float]) -> float:
    """Return where the slider starts: at 0, or for more than `MOST_EDGES` so high that about `FIRST_EDGES` are drawn.

    It is a step of the slider, `1 / STEPS`. Where the strongest are within one step, these are drawn, however many.

    >>> first_least([0.5, 0.9]), first_least([0.9512, *[0.95] * 60, *[0.91] * 100]), first_least([0.9504] * 200)
    (0.0, 0.951, 0.95)
    """
    ranked = sorted((round(10 * STEPS * strength) for strength in strengths), reverse=True)  # as they are written
    if len(ranked) <= MOST_EDGES:
        return 0.0
    above = ranked[FIRST_EDGES] // 10 + 1
    return (above if 10 * above <= ranked[0] else ranked[0] // 10) / STEPS


def _across(layer: Any, width: int) -> Any:
    return MARGIN + layer * (width + GAP)


def _down(row: Any, top: float) -> Any:
    return (row - top) * PITCH + MARGIN + HEIGHT


def _line(points: list[tuple[float, float]], ahead: int, width: int) -> str:
    """Return a line from the side of a box past others to the side of one further on, or further back."""
    out, into = (width, 0) if ahead > 0 else (0, width)
    aside = 0 if ahead > 0 else 5  # beside an edge that leads the other way
    (x0, y0), *between, (x1, y1) = points
    parts, last = [f"M{x0 + out:.0f} {y0 + aside:.1f}"], (x0 + out, y0 + aside)
    for x, y in between:
        parts += [_curve(last, (x + into, y + aside)), f"H{x + out:.0f}"]
        last = (x + out, y + aside)
    return "".join([*parts, _curve(last, (x1 + into, y1 + aside))])


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    pull = 0.5 * (end[0] - start[0])
    return f"C{start[0] + pull:.0f} {start[1]:.1f} {end[0] - pull:.0f} {end[1]:.1f} {end[0]:.0f} {end[1]:.1f}"


def _path(link: Link, graph: LearnedGraph, curve: str, ends: tuple[int, int], peak: float) -> str:
    sign = "unsigned" if not graph.signed else "minus" if link.first.weight < 0 else "plus"
    head = "" if link.kind == "open" else f' marker-end="url(#head-{sign})"'
    strength = measure(link, peak)
    return (
        f'<path class="edge {sign} {link.kind or ""}" data-c="{ends[0]}" data-e="{ends[1]}" data-p="{strength:.4f}" '
        f'd="{curve}" stroke-width="{1.2 + 3.2 * abs(link.heaviest.weight) / peak:.2f}" '
        f'stroke-opacity="{0.25 + 0.7 * min(strength, 1.0):.2f}"{head}>'
        f"<title>{escape(f'{arrow(link)}: {evidence(link, graph)}')}</title></path>"
    )

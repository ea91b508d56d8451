"""A learned graph as SVG: layers from causes to effects, every edge with what is known of it."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, links_of, peak_of
from jaxstable.results.layers import Layers, layered
from jaxstable.results.report import arrow
from jaxstable.results.strongest import first_links, measure, strongest
from jaxstable.results.style import shorten_all
from jaxstable.results.words import evidence

HEIGHT, GAP, PITCH = 24, 64, 38  # of a box, between layers and from row to row
SIDES = 18  # room beside the letters in a box
MARGIN = 16
LETTERS = 18
LINE = 0.28  # room for a line that passes a layer, in rows


def graph_svg(graph: LearnedGraph) -> str:
    """Return the graph as an SVG element; its elements carry numbers of sensors and trust for the page's script."""
    links = links_of(graph)
    if not links:
        return "<p>The graph has no edge.</p>"
    peak, first = peak_of(links), {link[:2] for link in first_links(graph)}
    places = _places(graph)
    shown = np.flatnonzero(places.layer >= 0)
    rows = [*places.row[shown], *(row for stops in places.passing.values() for row in stops)]
    top = min(rows)
    labels = shorten_all(graph.names, LETTERS)
    width = round(SIDES + max(_length(labels[i]) for i in shown))
    x, y = _across(places.layer, width), _down(places.row, top)
    number = {name: index for index, name in enumerate(graph.names)}
    paths = []
    for link in reversed(links):  # the surest on top
        i, j = number[link.cause], number[link.effect]
        ahead = 1 if places.layer[j] > places.layer[i] else -1
        stops = enumerate(places.passing.get((i, j), []), 1)
        through = [(_across(places.layer[i] + ahead * step, width), _down(row, top)) for step, row in stops]
        curve = _line([(x[i], y[i]), *through, (x[j], y[j])], ahead, width)
        paths.append(_path(link, graph, curve, (i, j), peak, link[:2] in first))
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


def _places(graph: LearnedGraph) -> Layers:
    """Return where the sensors stand: as the edges that are drawn at first ask for, those of others in rows below."""
    trust = np.asarray(graph.adjacency if graph.probability is None else graph.probability, dtype=float)
    places = layered(strongest(graph).graph, trust, LINE)
    others = np.flatnonzero((places.layer < 0) & (graph.graph.any(axis=0) | graph.graph.any(axis=1)))
    layer, row = places.layer.copy(), places.row.copy()
    columns = int(layer.max()) + 1
    lowest = max([*row[layer >= 0], *(row for stops in places.passing.values() for row in stops)])
    for place, sensor in enumerate(others):
        layer[sensor], row[sensor] = place % columns, lowest + 1.5 + place // columns
    return places._replace(layer=layer, row=row)


def _length(label: str) -> float:
    """Return about how many pixels a name takes.

    >>> _length("illi") < _length("abcd") < _length("MWMW")
    True
    """
    return sum(11 if c in "mwMW@%" else 3.8 if c in "ijlt.,:;|'()[] f" else 8.6 if c.isupper() or ord(c) > 127 else 7.2
               for c in label)  # fmt: skip


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


def _path(link: Link, graph: LearnedGraph, curve: str, ends: tuple[int, int], peak: float, early: bool) -> str:
    sign = "unsigned" if not graph.signed else "minus" if link.first.weight < 0 else "plus"
    head = "" if link.kind == "open" else f' marker-end="url(#head-{sign})"'
    late = "" if early else " data-late"  # the script draws it once it is asked for
    strength = measure(link, peak)
    return (
        f'<path class="edge {sign} {link.kind or ""}" data-c="{ends[0]}" data-e="{ends[1]}" '
        f'data-p="{strength:.4f}"{late} d="{curve}" stroke-width="{1.2 + 3.2 * abs(link.heaviest.weight) / peak:.2f}" '
        f'stroke-opacity="{0.25 + 0.7 * min(strength, 1.0):.2f}"{head}>'
        f"<title>{escape(f'{arrow(link)}: {evidence(link, graph)}')}</title></path>"
    )

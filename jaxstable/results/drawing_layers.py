"""Draw a graph in layers from top to bottom, causes above their effects, into given axes. All lengths are in inches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.results import style
from jaxstable.results.arrows import Arrow, arrows_of, connected_of, left_out, legend, linked_of, title_of
from jaxstable.results.layers import Layers, layered

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINE = 0.16  # room for a line that passes a layer, as a share of `ACROSS`
BOX, HIGH, ACROSS, DOWN = 1.06, 0.21, 1.2, 0.82  # of a box; from box to box, from layer to layer
LETTERS, SIZE, LABEL_SIZE = 16, 7.5, 7.5
NARROWEST = 5.4
MOST_IDLE = 16  # sensors, up to which those without an edge are drawn too
TRIES = (0.5, 0.35, 0.65, 0.2, 0.8)  # where along a stretch between two layers a label may stand
Point = tuple[float, float]


class Places(NamedTuple):
    """A laid-out graph: the centre `[variable, 2]` of every box, NaN for those not drawn, and what it takes."""

    layers: Layers
    centres: np.ndarray
    left: float
    width: float
    height: float


def places_of(graph: LearnedGraph) -> Places:
    """Lay a graph out; below it, up to `MOST_IDLE` sensors, stand those without an edge."""
    trust = graph.adjacency if graph.probability is None else graph.probability
    layers = layered(connected_of(graph), np.asarray(trust, dtype=float), LINE)
    shown, idle = np.flatnonzero(layers.layer >= 0), np.flatnonzero(layers.layer < 0)
    x, y = layers.row * ACROSS, -layers.layer * DOWN
    lines = [row * ACROSS for stops in layers.passing.values() for row in stops]
    left = min([*(x[shown] - BOX / 2), *lines], default=0.0)
    right = max([*(x[shown] + BOX / 2), *lines], default=0.0)
    bottom = float(y[shown].min(initial=0.0)) - HIGH
    if len(graph.names) > MOST_IDLE:
        x[idle] = y[idle] = np.nan
    else:
        each_row = max(int((right - left) // ACROSS), 4)
        x[idle] = left + BOX / 2 + ACROSS * (np.arange(len(idle)) % each_row)
        y[idle] = bottom - DOWN / 2 - 1.6 * HIGH * (np.arange(len(idle)) // each_row)
        right = max(right, float(np.max(x[idle] + BOX / 2, initial=right)))
        bottom = float(np.min(y[idle] - HIGH, initial=bottom))
    right += 0.2 if layers.backward.any() else 0.0  # such an edge lies a little aside
    spare = max(NARROWEST - (right - left), 0.0)  # the title needs some room
    return Places(layers, np.column_stack([x, y]), left - spare / 2, right - left + spare, HIGH - bottom)


def draw_layers(axes: Axes, graph: LearnedGraph, places: Places) -> None:
    """Draw a laid-out graph; see `arrows` for what the arrows show."""
    arrows = arrows_of(graph)
    names = style.shorten_all(graph.names, LETTERS)
    linked = linked_of(graph)
    taken = [(x - BOX / 2, x + BOX / 2, y - HIGH / 2, y + HIGH / 2) for x, y in places.centres if np.isfinite(x)]
    for arrow in arrows:
        _draw_arrow(axes, arrow, _curve(arrow, places))
    for arrow in reversed(arrows):
        if arrow.label:
            _draw_label(axes, arrow, _curve(arrow, places), taken)
    for name, (x, y), active in zip(names, places.centres, linked, strict=True):
        if np.isfinite(x):
            _draw_box(axes, name, (x, y), bool(active))
    axes.set_title(title_of(graph) + left_out(int(np.isnan(places.centres[:, 0]).sum())))
    margin = 0.06
    axes.set_xlim(places.left - margin, places.left + places.width + margin)
    axes.set_ylim(HIGH - places.height - margin, HIGH + margin)
    axes.set_aspect("equal")
    axes.set_axis_off()
    legend(axes, graph)


def _curve(arrow: Arrow, places: Places) -> list[Point]:
    """Return the control points of the cubic curves of an arrow: the start, then three for each piece."""
    start, end = places.centres[arrow.cause], places.centres[arrow.effect]
    down = -1 if places.layers.backward[arrow.cause, arrow.effect] else 1  # an edge that leads back goes up
    first = int(places.layers.layer[arrow.cause])
    aside = 0.0 if down > 0 else 0.09  # beside an edge that leads the other way
    rows = enumerate(places.layers.passing[arrow.cause, arrow.effect], 1)
    centres = [(row * ACROSS + aside, -(first + down * number) * DOWN) for number, row in rows]
    # The side of a box is left at the place that lies towards where the arrow goes, so that many do not join in one.
    to, off = (centres or [end])[0], ([start, *centres])[-1]
    points: list[Point] = [(_port(start[0], to[0]) + aside, start[1] - down * HIGH / 2)]
    for x, y in centres:
        points += _piece(points[-1], (x, y + down * HIGH / 2))
        points += [(x, y), (x, y), (x, y - down * HIGH / 2)]
    return points + _piece(points[-1], (_port(end[0], off[0]) + aside, end[1] + down * (HIGH / 2 + 0.02)))


def _port(own: float, other: float) -> float:
    return float(own + np.clip(0.3 * (other - own), -0.38 * BOX, 0.38 * BOX))


def _piece(start: Point, end: Point) -> list[Point]:
    pull = 0.45 * (start[1] - end[1])
    return [(start[0], start[1] - pull), (end[0], end[1] + pull), end]


def _draw_arrow(axes: Axes, arrow: Arrow, points: list[Point]) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    axes.add_patch(
        FancyArrowPatch(
            path=Path(points, [Path.MOVETO, *[Path.CURVE4] * (len(points) - 1)]),
            arrowstyle="-|>" if arrow.head else "-",
            mutation_scale=6 + 2 * arrow.width,
            linewidth=arrow.width,
            linestyle=arrow.line,
            color=arrow.colour,
            alpha=arrow.alpha,
            joinstyle="miter",
            zorder=2,
        )
    )


def _draw_label(axes: Axes, arrow: Arrow, points: list[Point], taken: list[tuple[float, ...]]) -> None:
    """Write the lags on an arrow, where they cover least of what is already there."""
    wide, high = 0.62 * len(arrow.label) * LABEL_SIZE / 72, 1.25 * LABEL_SIZE / 72
    pieces = [points[i : i + 4] for i in range(0, len(points) - 1, 3)]
    between = pieces[::2]  # the others pass a layer
    boxes = []
    for share in TRIES:
        for piece in reversed(between):
            x, y = _along(piece, share)
            boxes.append((x - wide / 2, x + wide / 2, y - high / 2, y + high / 2))
    best = min(boxes, key=lambda box: sum(_overlap(box, other) for other in taken))
    taken.append(best)
    axes.text(
        *((best[0] + best[1]) / 2, (best[2] + best[3]) / 2, arrow.label),
        ha="center",
        va="center",
        size=LABEL_SIZE,
        color=arrow.colour,
        zorder=3,
        bbox={"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"},
    )


def _along(piece: list[Point], share: float) -> Point:
    weights = [math.comb(3, k) * share**k * (1 - share) ** (3 - k) for k in range(4)]
    return (
        sum(w * p[0] for w, p in zip(weights, piece, strict=True)),
        sum(w * p[1] for w, p in zip(weights, piece, strict=True)),
    )


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    across = min(one[1], other[1]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[2], other[2])
    return max(across, 0.0) * max(down, 0.0)


def _draw_box(axes: Axes, name: str, centre: Point, active: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    look: dict[str, Any] = {"facecolor": "#f4f6f8", "edgecolor": style.SOFT if active else style.GRID, "linewidth": 0.8}
    corner, shape = (x - BOX / 2, y - HIGH / 2), "round,pad=0,rounding_size=0.05"
    axes.add_patch(FancyBboxPatch(corner, BOX, HIGH, boxstyle=shape, zorder=4, **look))
    colour = style.INK if active else style.SOFT
    size = min(SIZE, 72 * BOX / (0.7 * max(len(name), 1)))  # a wide letter takes 0.7 of its height
    axes.text(x, y - 0.005, name, ha="center", va="center", size=size, color=colour, zorder=5, parse_math=False)

"""Draw edge weights as a heat map and a graph as a circle of arrows, into given axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.results import style
from jaxstable.results.arrows import arrows_of, connected_of, legend, linked_of, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEND = 0.14  # of the arrows in a circle, as a share of their length
CELL, SMALLEST, PANEL = 1.0, 0.118, 4.6  # of the heat map in inches: largest and smallest cell, usual width
MOST_LABELS = 120  # sensors, up to which each has its label


def matrix_size(n_vars: int) -> tuple[float, float]:
    """Return width and height in inches that a heat map takes, labels and bar included."""
    side = n_vars * _cell(n_vars)
    return max(side + 2.1, 4.2), side + 2.0


def _cell(n_vars: int) -> float:
    return SMALLEST if n_vars > MOST_LABELS else float(np.clip(PANEL / n_vars, SMALLEST, CELL))


def draw_weights(figure: Any, axes: Axes, graph: LearnedGraph, values: np.ndarray, title: str) -> None:
    """Draw values `[cause, effect]` as a heat map, sorted by the certified order; edges are framed, true ones dotted.

    Every sensor has its label, or beyond `MOST_LABELS` none has.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    order = [graph.names.index(name) for name in graph.order]
    n_vars = len(order)
    sort = np.ix_(order, order)
    shades = LinearSegmentedColormap.from_list("weights", ["#f6f8fa", "#9cc1e3", "#1d4f8c"])
    shades = shades.with_extremes(bad=style.GRID)
    shown = np.ma.array(values[sort], mask=np.eye(n_vars, dtype=bool) | ~np.isfinite(values[sort]))
    peak = float(shown.max()) if shown.count() else 0.0
    image = axes.imshow(shown, cmap=shades, vmin=0, vmax=peak or 1.0, aspect="equal")
    frame = 1.6 if n_vars <= 25 else 0.8
    for cause, effect in np.argwhere(graph.graph[sort]):
        corner = (effect - 0.5, cause - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.INK, linewidth=frame))
    if graph.truth is not None:
        cause, effect = np.nonzero(graph.truth[sort] & ~np.eye(n_vars, dtype=bool))
        size = max(3.0, 1400 / n_vars**1.5)
        axes.scatter(effect, cause, s=size, c=style.ORANGE, edgecolors="white", linewidths=0.6, zorder=3)
    short = style.shorten_all(graph.names, 18)
    size = min(8.5, 0.8 * 72 * _cell(n_vars))
    places, labels = np.arange(n_vars), [short[index] for index in order]
    if n_vars > MOST_LABELS:
        places, labels = places[:0], labels[:0]
    axes.set_xticks(places, labels, rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(places, labels, fontsize=size, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    axes.set_title(title)
    marks = "row causes column · framed: edge" + ("" if graph.truth is None else " · dot: true")
    marks += "\nsorted: no row acts on an earlier one within a step"
    axes.set_xlabel(marks, size=8, color=style.SOFT, loc="left")
    bar = figure.colorbar(image, cax=axes.inset_axes((1.03, 0.15, 0.03, 0.7)))
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8.5)


def draw_circle(axes: Axes, graph: LearnedGraph) -> None:
    """Draw the graph with its variables on a circle, neighbours close together; see `arrows` for what arrows show."""
    from matplotlib.patches import FancyArrowPatch

    points, angles = _on_circle(connected_of(graph))
    for arrow in arrows_of(graph):
        start, end = points[arrow.cause], points[arrow.effect]
        axes.add_patch(
            FancyArrowPatch(
                tuple(start),
                tuple(end),
                connectionstyle=f"arc3,rad={BEND}",
                arrowstyle="-|>" if arrow.head else "-",
                mutation_scale=8 + 2.5 * arrow.width,
                shrinkA=5,
                shrinkB=6,
                linewidth=arrow.width,
                linestyle=arrow.line,
                color=arrow.colour,
                alpha=arrow.alpha,
                zorder=1 if arrow.word == "missed" else 2,
            )
        )
        way = end - start
        x, y = (start + end) / 2 + BEND / 2 * np.array([way[1], -way[0]])
        axes.text(
            *(x, y, arrow.label),
            ha="center",
            va="center",
            size=9,
            color=arrow.colour,
            zorder=4,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )
    _write_names(axes, graph.names, points, angles, linked_of(graph))
    axes.set_title(title_of(graph))
    legend(axes, graph)


def _on_circle(connected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points `[variable, 2]` on the unit circle and their angles."""
    angles = np.empty(len(connected))
    angles[circle_order(connected)] = np.pi / 2 - 2 * np.pi * np.arange(len(connected)) / max(len(connected), 1)
    return np.column_stack([np.cos(angles), np.sin(angles)]), angles


def _write_names(axes: Axes, names: Sequence[str], points: np.ndarray, angles: np.ndarray, active: np.ndarray) -> None:
    colours = [style.INK if is_active else "#cbd2d9" for is_active in active]
    axes.scatter(points[:, 0], points[:, 1], s=42, c=colours, zorder=3)
    labels = style.shorten_all(names, 20)
    for i, (x, y) in enumerate(points):
        side = "center" if abs(x) < 0.2 else "right" if np.cos(angles[i]) < -1e-9 else "left"
        place: dict[str, Any] = {"ha": side, "va": "center" if abs(x) >= 0.2 else "bottom" if y > 0 else "top"}
        colour = style.INK if active[i] else style.SOFT
        axes.text(1.09 * x, 1.09 * y, labels[i], color=colour, size=9, parse_math=False, **place)
    # labels do not count for the limits: this is about the width of a character at their size
    room = 1.12 + 0.05 * max(map(len, labels), default=0)
    axes.set(xlim=(-room, room), ylim=(-1.25, 1.25), aspect="equal")
    axes.set_axis_off()


def circle_order(connected: np.ndarray) -> np.ndarray:
    """Order variables so that neighbours in the graph come close on the circle.

    The order is that of the Fiedler vector, the eigenvector to the second smallest eigenvalue of
    the Laplacian of the undirected graph; variables without an edge come last.

    Reference: Fiedler, "A property of eigenvectors of nonnegative symmetric matrices", 1975.
    """
    undirected = (connected | connected.T).astype(float)
    active = np.flatnonzero(undirected.any(axis=0))
    idle = np.flatnonzero(~undirected.any(axis=0))
    if len(active) < 3:
        return np.concatenate([active, idle])
    block = undirected[np.ix_(active, active)]
    # a faint link between all keeps separate parts of the graph from tying at eigenvalue 0
    block = block + 1e-3 * (1 - np.eye(len(active)))
    laplacian = np.diag(block.sum(axis=0)) - block
    fiedler = np.linalg.eigh(laplacian)[1][:, 1]
    return np.concatenate([active[np.argsort(fiedler, kind="stable")], idle])

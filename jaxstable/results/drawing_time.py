"""Draw a graph over lags as a time series graph, sensor by lag, into given axes. All lengths are in inches."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import lag_text, links_of, peak_of
from jaxstable.results import style
from jaxstable.results.arrows import LOWERS, OPEN_LINE, RAISES, left_out, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = 1.4  # room for names
MOST_IDLE = 16  # sensors, up to which those without an edge are drawn too


def time_size(graph: LearnedGraph) -> tuple[float, float]:
    """Return width and height that the picture takes."""
    across, down, arc = _pitch(graph)
    return NAME + across * _most(graph) + arc, down * (len(_rows(graph)) + 2) + 0.75


def draw_time(axes: Axes, graph: LearnedGraph) -> None:
    """Draw every sensor as a row, every lag as a column, and every edge to its effect now, in the last column.

    Edges within one step are arcs on the right. Sensors are sorted by the certified order of lag 0.
    """
    from matplotlib.patches import FancyArrowPatch

    rows, most = _rows(graph), _most(graph)
    across, down, room = _pitch(graph)
    place = {graph.names[index]: -down * row for row, index in enumerate(rows)}
    links = links_of(graph)
    peak = peak_of(links)
    for link in reversed(links):
        for edge in link.edges:
            strength = abs(edge.weight) / peak
            trust = edge.lag_probability if edge.lag_probability is not None else edge.probability
            start, end = (across * (most - edge.lag), place[edge.cause]), (across * most, place[edge.effect])
            span = abs(start[1] - end[1])
            # the wider the arc, the further right, up to its room
            bulge = room * span / (span + 6 * down)
            bend = 0.0 if edge.lag else 2 * bulge / span * (1 if end[1] < start[1] else -1)
            axes.add_patch(
                FancyArrowPatch(
                    *(start, end),
                    connectionstyle=f"arc3,rad={-bend:.4f}",
                    arrowstyle="-" if edge.kind == "open" else "-|>",
                    mutation_scale=8 + 3 * strength,
                    shrinkA=3.5,
                    shrinkB=4,
                    linewidth=0.8 + 1.8 * strength,
                    linestyle=OPEN_LINE if edge.kind == "open" else "-",
                    color=LOWERS if graph.signed and edge.weight < 0 else RAISES,
                    alpha=0.3 + 0.65 * min(strength if trust is None else trust, 1.0),
                    zorder=2,
                )
            )
    for lag in range(most + 1):
        at = np.full(len(rows), across * (most - lag))
        axes.scatter(at, list(place.values()), s=16, color=style.SOFT if lag else style.INK, zorder=3)
        name = "now" if lag == 0 else f"lag {lag_text(lag, graph.step)}"
        axes.text(across * (most - lag), 0.9 * down, name, ha="center", va="bottom", size=8.5, color=style.SOFT)
    labels = style.shorten_all(graph.names, 20)
    for index in rows:
        look: dict[str, Any] = {"ha": "right", "va": "center", "size": 7.5, "color": style.INK, "parse_math": False}
        axes.text(-0.12, place[graph.names[index]], labels[index], **look)
    axes.set_title(f"{int(graph.lagged_graph.sum())} edges by lag{left_out(len(graph.names) - len(rows))}")
    axes.set_xlim(-NAME, across * most + room)
    axes.set_ylim(-down * max(len(rows), 1), down * 2)
    axes.set_aspect("equal")
    axes.set_axis_off()
    legend(axes, dataclasses.replace(graph, truth=None), labelled=False)  # colours are signs here, truth or not


def _pitch(graph: LearnedGraph) -> tuple[float, float, float]:
    """Return the distance from lag to lag and from sensor to sensor, and the room for the arcs of lag 0."""
    count = len(_rows(graph))
    across = float(np.clip(0.06 * count, 1.5, 4.0))
    return across, 0.26 if count > 8 else 0.5, 0.85 * across


def _most(graph: LearnedGraph) -> int:
    return max((lag for link in links_of(graph) for lag in link.lags), default=0)


def _rows(graph: LearnedGraph) -> list[int]:
    order = [graph.names.index(name) for name in graph.order]
    if len(order) <= MOST_IDLE:
        return order
    linked = np.asarray(graph.graph.any(axis=0) | graph.graph.any(axis=1))
    return [index for index in order if linked[index]]

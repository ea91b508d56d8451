"""The picture of a discovery: the probability of every edge, and the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxstable.results import style
from jaxstable.results.drawing import draw_circle, draw_weights
from jaxstable.results.plots import MOST_NODES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from jaxstable.results.discovery_result import Discovery

SURE = 0.9


def plot_discovery(found: Discovery) -> Figure:
    """Draw the probability of every edge as a heat map and the graph as a circle of arrows, wider the surer.

    Args:
        found: what `discover` returned; with a true graph its edges are marked right, wrong or missed.

    Returns:
        A figure of 12 x 5.9 inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    with style.styled():
        figure = style.figure(12, 5.9)
        sure = int((found.graph & (found.edge_probability >= SURE)).sum())
        title = f"{len(found.names)} variables · {int(found.graph.sum())} edges, {sure} of probability {SURE} or more"
        codes = [finding.code for finding in found.findings if finding.severity in ("error", "warning")]
        style.headline(figure, title, ", ".join(code.replace("_", " ") for code in dict.fromkeys(codes)))
        axes = figure.subplots(1, 2, width_ratios=[1, 1.15])
        draw_weights(figure, axes[0], found.edge_probability, found.graph, found.names, found.truth)
        axes[0].set_title("Probability")
        if len(found.names) > MOST_NODES:
            axes[1].set_title("Graph")
            style.blank(axes[1], f"{len(found.names)} variables are too many to draw;\nsee to_graphml()")
        else:
            draw_circle(axes[1], found.edge_probability, found.graph, found.names, found.truth, found.lagged_graph[0])
        for _ in range(3):  # until labels of square axes below a title are inside
            figure.draw_without_rendering()
        return figure

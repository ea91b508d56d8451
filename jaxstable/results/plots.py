"""Pictures of a run and of a discovery: history, weights or probabilities, and the graph, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import links_of
from jaxstable.phrases import counted
from jaxstable.results import style
from jaxstable.results.arrows import title_of
from jaxstable.results.drawing import draw_circle, draw_weights, matrix_size
from jaxstable.results.drawing_layers import draw_layers, places_of
from jaxstable.results.drawing_time import draw_time, time_size
from jaxstable.results.evidence import Evidence, series
from jaxstable.results.rules_training import CLIP_HEALTHY
from jaxstable.results.strongest import strongest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COMPONENTS = {
    "recon": style.BLUE,
    "sparse": style.ORANGE,
    "acyclic": style.GREEN,
    "disen": style.PURPLE,
}
EDGE = 0.06  # inches below what is drawn
MOST_ON_CIRCLE = 8  # variables; more are drawn in layers
View = Literal["all", "graph", "matrix", "time"]
VIEWS = get_args(View)


def plot_run(
    graph: LearnedGraph, adjacency: np.ndarray, history: Sequence[Mapping[str, Any]], model: str, status: str
) -> Figure:
    """Draw a run on one page: the history above, weights and graph below.

    Args:
        graph: the learned graph.
        adjacency: weights `[cause, effect]` of the model, of edges and of other pairs.
        history: health records; null values leave gaps.
        model: name of the model.
        status: how training ended.

    Returns:
        A figure at least 12 inches wide, as high as what is drawn.

    Raises:
        ImportError: matplotlib is not installed.
    """
    with style.styled():
        width, height = _panels_size(graph)
        figure = style.figure(max(12.0, width), 5.6 + height)
        epochs = counted(len(history), "epoch")
        style.headline(figure, f"{len(graph.names)} variables · {epochs} · {model} · {status}", _note(history))
        parts: Any = figure.subfigures(2, 1, height_ratios=[5.6, height], hspace=0.04)
        upper, lower = parts
        _history_panels(upper.subplots(2, 3).ravel(), history)
        return _graph_panels(figure, lower, graph, np.abs(adjacency), "Edge weights")


def plot_discovery(graph: LearnedGraph, title: str, codes: Sequence[str]) -> Figure:
    """Draw the probability of every edge as a heat map and the graph beside it.

    Args:
        graph: the learned graph, with probabilities.
        title: what to write above.
        codes: codes of the findings to name.

    Returns:
        A figure at least 12 inches wide, as high as what is drawn.

    Raises:
        ImportError: matplotlib is not installed.
    """
    assert graph.probability is not None
    with style.styled():
        figure = style.figure(*_panels_size(graph))
        warned = f"\nwarnings: {', '.join(code.replace('_', ' ') for code in codes)}" if codes else ""
        style.headline(figure, title + warned)
        return _graph_panels(figure, figure, graph, graph.probability, "Probability")


def plot_view(graph: LearnedGraph, adjacency: np.ndarray, view: str) -> Figure:
    """Draw one picture alone, as a paper takes it.

    Args:
        graph: the learned graph.
        adjacency: values `[cause, effect]` of the heat map where the graph has no probabilities.
        view: "graph", "matrix" (sorted by the certified order), or "time" (a time series graph, sensor by lag).

    Returns:
        A figure as large as its labels need.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is no such view.
    """
    if view not in VIEWS[1:]:
        raise ValueError(f"view: found {view!r}, expected one of {', '.join(VIEWS)}")
    with style.styled():
        size = {
            "graph": _graph_size,
            "matrix": lambda of: matrix_size(len(of.names)),
            "time": lambda of: time_size(strongest(of)),
        }[view](graph)
        figure = style.figure(*size)
        axes = figure.subplots()
        if view == "matrix":
            title = "Edge weights" if graph.probability is None else "Probability"
            values = np.abs(adjacency) if graph.probability is None else graph.probability
            draw_weights(figure, axes, graph, np.asarray(values, dtype=float), title)
        elif view == "time":
            shown = strongest(graph)
            draw_time(axes, shown)
            if shown is not graph:
                axes.set_title(f"{int(graph.lagged_graph.sum())} edges by lag; {_drawn(shown)}")
        else:
            _draw_graph(axes, graph)
        return _settled(figure)


def _note(history: Sequence[Mapping[str, Any]]) -> str:
    if Evidence(history, None, None, None).unreached:
        return "Not learned: the reconstruction never reaches the adjacency, so the data moved no edge."
    return ""


def _panels_size(graph: LearnedGraph) -> tuple[float, float]:
    (left, first), (right, second) = matrix_size(len(graph.names)), _graph_size(graph)
    if _stacked(graph):
        return max(12.0, left, right), first + second + 0.5
    return max(12.0, left + right), max(5.9, max(first, second) + 0.5)


def _stacked(graph: LearnedGraph) -> bool:
    """Return whether the graph stands above the matrix: beside it, a wide one would be too small to read."""
    wide, high = _graph_size(graph)
    return wide > 1.5 * matrix_size(len(graph.names))[0] and wide > 2 * high


def _graph_size(graph: LearnedGraph) -> tuple[float, float]:
    if len(graph.names) <= MOST_ON_CIRCLE:
        return 6.4, 5.4
    places = places_of(strongest(graph))
    return max(5.0, places.width + 0.2), places.height + 1.1


def _graph_panels(figure: Figure, part: Any, graph: LearnedGraph, values: np.ndarray, title: str) -> Figure:
    """Draw values `[cause, effect]` and the graph side by side, or the graph above, and lay the figure out."""
    sizes = matrix_size(len(graph.names)), _graph_size(graph)
    if _stacked(graph):
        drawn, matrix = part.subplots(2, 1, height_ratios=[sizes[1][1], sizes[0][1]])
    else:
        matrix, drawn = part.subplots(1, 2, width_ratios=[width for width, _ in sizes])
    draw_weights(part, matrix, graph, np.asarray(values, dtype=float), title)
    _draw_graph(drawn, graph)
    for axes in (matrix, drawn):
        axes.set_anchor("N")
    return _settled(figure)


def _draw_graph(axes: Axes, graph: LearnedGraph) -> None:
    """Draw a graph, of a dense one the strongest edges; its title counts all."""
    shown = strongest(graph)
    if len(graph.names) <= MOST_ON_CIRCLE:
        draw_circle(axes, shown)
    else:
        draw_layers(axes, shown, places_of(shown))
    if shown is not graph:
        axes.set_title(f"{title_of(graph)}; {_drawn(shown)}")


def _drawn(shown: LearnedGraph) -> str:
    """Say which edges of a dense graph are drawn."""
    return f"the {len(links_of(shown))} {'heaviest' if shown.probability is None else 'most probable'} are drawn"


def _settled(figure: Figure) -> Figure:
    """Lay a figure out and cut off what stays empty below: its panels are limited by the width there."""
    _lay_out(figure)
    empty = figure.get_tightbbox().y0 - EDGE
    if empty > EDGE:
        figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() - empty)
        _lay_out(figure)
    return figure


def _lay_out(figure: Figure) -> None:
    for _ in range(3):  # until labels of square axes below a title are inside
        figure.draw_without_rendering()


def _history_panels(axes: Sequence[Axes], history: Sequence[Mapping[str, Any]]) -> None:
    loss, parts, gradient, clip, quality, count = axes
    _lines(
        loss,
        "Loss",
        {
            "training": (series(history, "train_loss"), style.BLUE),
            "validation": (series(history, "val_loss"), style.ORANGE),
        },
        log=True,
    )
    split = [
        {"epoch": r.get("epoch"), **r["train_loss_components"]}
        for r in history
        if isinstance(r.get("train_loss_components"), Mapping)
    ]
    named = {name: (series(split, name), colour) for name, colour in COMPONENTS.items()}
    _lines(parts, "Loss terms, unweighted", named, log=True)
    _lines(
        gradient,
        "Gradient norm before clipping",
        {
            "largest": (series(history, "grad_norm_max"), style.ORANGE),
            "mean": (series(history, "grad_norm"), style.BLUE),
        },
        log=True,
    )
    clipped = [(epoch, 100 * value) for epoch, value in series(history, "grad_clip_ratio")]
    _lines(clip, "Clipped steps, %", {"": (clipped, style.BLUE)})
    if clipped:
        clip.axhspan(0, 100 * CLIP_HEALTHY, color=style.GREEN, alpha=0.10, linewidth=0)
        clip.set_ylim(0, 104)
        place = {"transform": clip.transAxes, "ha": "right", "va": "top"}
        clip.text(1.0, -0.11, "green: healthy", color=style.GREEN, size=8.5, **place)
    scored = bool(series(history, "val_f1"))
    _lines(
        quality,
        "F1 and best threshold" if scored else "Best threshold",
        {
            "F1": (series(history, "val_f1"), style.BLUE),
            "threshold": (series(history, "best_threshold"), style.SOFT),
        },
    )
    _lines(
        count,
        "Edges and SHD" if scored else "Edges",
        {
            "edges": (series(history, "edge_count"), style.BLUE),
            "SHD": (series(history, "val_shd"), style.ORANGE),
        },
    )
    for panel in (quality, count):
        if panel.lines:
            panel.set_ylim(bottom=0, top=max(1e-3, panel.get_ylim()[1]))
    best = [record.get("epoch") for record in history if record.get("new_best")]
    for panel in axes:
        if panel.lines and best and best[-1]:
            panel.axvline(best[-1], color=style.SOFT, linewidth=1, linestyle=(0, (2, 3)), zorder=0)
    if loss.lines and best and best[-1]:
        place = {"transform": loss.get_xaxis_transform(), "color": style.SOFT, "size": 8.5}
        side = "right" if best[-1] > np.mean(loss.get_xlim()) else "left"
        loss.text(best[-1], 0.82, " best ", ha=side, va="top", **place)


def _lines(
    axes: Axes,
    title: str,
    lines: Mapping[str, tuple[list[tuple[int, float]], str]],
    log: bool = False,
) -> None:
    """Draw series that have values; a log scale, without the zeros, where they span decades."""
    from matplotlib.ticker import MaxNLocator

    axes.set_title(title)
    drawn = {name: (points, colour) for name, (points, colour) in lines.items() if points}
    if not drawn:
        style.blank(axes, "not recorded")
        return
    scaled = log and style.spans_decades(value for points, _ in drawn.values() for _, value in points)
    for name, (points, colour) in drawn.items():
        marker = "o" if len(points) <= 12 else None
        zeros = " > 0" if scaled and any(value == 0 for _, value in points) else ""
        axes.plot(*zip(*points, strict=True), label=f"{name}{zeros}", color=colour, marker=marker, ms=3.5)
    if scaled:
        axes.set_yscale("log", nonpositive="mask")
    epochs = [epoch for points, _ in drawn.values() for epoch, _ in points]
    if min(epochs) == max(epochs):
        axes.set_xlim(epochs[0] - 1, epochs[0] + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    axes.set_xlabel("epoch", color=style.SOFT, size=8.5, labelpad=1, loc="left")
    if len(drawn) > 1:
        style.legend_below(axes, columns=4)

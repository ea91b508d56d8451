"""Pictures of a run: its history, its weights and its graph, as matplotlib figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.results import style
from jaxstable.results.drawing import draw_circle, draw_weights
from jaxstable.results.evidence import Evidence, series
from jaxstable.results.rules_training import CLIP_HEALTHY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from jaxstable.results.train_result import TrainResult

COMPONENTS = {
    "recon": style.BLUE,
    "sparse": style.ORANGE,
    "acyclic": style.GREEN,
    "disen": style.PURPLE,
}
MOST_NODES = 40  # beyond this a circle of names is unreadable


def plot_history(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Draw the health record: losses, gradients, clipping, quality and edges by epoch.

    Args:
        history: health records; null values leave gaps.

    Returns:
        A figure of 12 x 6 inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    with style.styled():
        figure = style.figure(12, 6)
        style.headline(figure, _epochs(history), _note(history))
        _history_panels(figure.subplots(2, 3).ravel(), history)
        return figure


def plot_graph(
    adjacency: np.ndarray,
    graph: np.ndarray | None = None,
    names: Sequence[str] | None = None,
    truth: np.ndarray | None = None,
    lagged_graph: np.ndarray | None = None,
) -> Figure:
    """Draw edge weights as a heat map and the graph as a circle of arrows.

    Args:
        adjacency: weights [cause, effect].
        graph: edges [cause, effect]; weights other than 0 if None.
        names: names of the variables.
        truth: true graph [cause, effect]; colours the edges by right, wrong and missed.
        lagged_graph: edges [lag, cause, effect]; lagged edges have an open head.

    Returns:
        A figure of 12 x 6 inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    with style.styled():
        figure = style.figure(12, 6)
        axes = figure.subplots(1, 2, width_ratios=[1, 1.15])
        _graph_panels(figure, axes, adjacency, graph, names, truth, lagged_graph)
        return _settled(figure)


def plot_result(result: TrainResult) -> Figure:
    """Draw a run on one page: the history above, weights and graph below.

    Returns:
        A figure of 12 x 11.5 inches.

    Raises:
        ImportError: matplotlib is not installed.
    """
    with style.styled():
        figure = style.figure(12, 11.5)
        title = f"{len(result.names)} variables · {_epochs(result.history)} · {result.config.model} · {result.status}"
        style.headline(figure, title, _note(result.history))
        parts: Any = figure.subfigures(2, 1, height_ratios=[5.6, 5.9], hspace=0.04)
        upper, lower = parts
        _history_panels(upper.subplots(2, 3).ravel(), result.history)
        axes = lower.subplots(1, 2, width_ratios=[1, 1.15])
        _graph_panels(
            lower,
            axes,
            result.adjacency,
            result.graph,
            result.names,
            result.truth,
            result.lagged_graph,
        )
        return _settled(figure)


def _epochs(history: Sequence[Mapping[str, Any]]) -> str:
    return f"{len(history)} epoch{'' if len(history) == 1 else 's'}"


def _note(history: Sequence[Mapping[str, Any]]) -> str:
    if Evidence(history, None, None, None).unreached:
        return "Not learned: the reconstruction never reaches the adjacency, so the data moved no edge."
    return ""


def _settled(figure: Figure) -> Figure:
    """Lay out until labels of square axes below a title are inside: three passes, and saving."""
    for _ in range(3):
        figure.draw_without_rendering()
    return figure


def _graph_panels(
    figure: Any,
    axes: Sequence[Axes],
    adjacency: np.ndarray,
    graph: np.ndarray | None,
    names: Sequence[str] | None,
    truth: np.ndarray | None,
    lagged_graph: np.ndarray | None,
) -> None:
    weights = np.abs(np.asarray(adjacency, dtype=float))
    n_vars = len(weights)
    edges = weights > 0 if graph is None else np.asarray(graph, dtype=bool)
    edges = edges & ~np.eye(n_vars, dtype=bool)
    labels = [str(i) for i in range(n_vars)] if names is None else list(map(str, names))
    true = None if truth is None else np.asarray(truth, dtype=bool) & ~np.eye(n_vars, dtype=bool)
    draw_weights(figure, axes[0], weights, edges, labels, true)
    if n_vars > MOST_NODES:
        axes[1].set_title("Graph")
        style.blank(axes[1], f"{n_vars} variables are too many to draw;\nsee to_graphml()")
        return
    instantaneous = edges if lagged_graph is None else np.asarray(lagged_graph[0], dtype=bool)
    draw_circle(axes[1], weights, edges, labels, true, instantaneous)


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

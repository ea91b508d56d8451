"""Draw edge weights as a heat map and a graph as a circle of arrows, into given axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, counts_of, links_of
from jaxstable.results import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS: dict[tuple[bool, bool | None], tuple[str, str, Any]] = {  # (in the graph, true): colour, word, line style
    (True, True): (style.GREEN, "right", "-"),
    (True, False): (style.RED, "wrong", (0, (4, 2))),
    (False, True): (style.ORANGE, "missed", (0, (1, 1.6))),
    (True, None): (style.BLUE, "edge", "-"),
}


def draw_weights(
    figure: Any,
    axes: Axes,
    weights: np.ndarray,
    edges: np.ndarray,
    names: Sequence[str],
    truth: np.ndarray | None,
    title: str,
) -> None:
    """Draw weights [cause, effect] as a heat map; edges are framed, true edges dotted."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    n_vars = len(weights)
    shades = LinearSegmentedColormap.from_list("weights", ["#f6f8fa", "#9cc1e3", "#1d4f8c"])
    shades = shades.with_extremes(bad=style.GRID)
    shown = np.ma.array(weights, mask=np.eye(n_vars, dtype=bool) | ~np.isfinite(weights))
    peak = float(shown.max()) if shown.count() else 0.0
    image = axes.imshow(shown, cmap=shades, vmin=0, vmax=peak or 1.0, aspect="equal")
    frame = 1.6 if n_vars <= 25 else 0.8
    for cause, effect in np.argwhere(edges):
        corner = (effect - 0.5, cause - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=style.INK, linewidth=frame))
    if truth is not None:
        cause, effect = np.nonzero(truth)
        size = max(3.0, 1400 / n_vars**1.5)
        axes.scatter(effect, cause, s=size, c=style.ORANGE, edgecolors="white", linewidths=0.6, zorder=3)
    step = 1 + (n_vars - 1) // 40
    ticks = np.arange(0, n_vars, step)
    short = style.shorten_all(names, 18)
    labels = [short[i] for i in ticks]
    size = 8.5 if n_vars <= 20 else 7
    axes.set_xticks(ticks, labels, rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(ticks, labels, fontsize=size, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    marks = "row causes column · framed: edge" + ("" if truth is None else " · dot: true")
    axes.set_title(title)
    place = {"xy": (1, 1), "xytext": (0, 6), "xycoords": "axes fraction", "ha": "right"}
    axes.annotate(marks, textcoords="offset points", size=8.5, color=style.SOFT, **place)
    bar = figure.colorbar(image, ax=axes, shrink=0.7, aspect=28, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8.5)


def draw_circle(axes: Axes, graph: LearnedGraph) -> None:
    """Draw the graph with its variables on a circle, neighbours close together.

    Width follows weight and darkness probability; an edge that acts only with a lag has an open head, one of open
    direction is dashed and has none.
    """
    from matplotlib.patches import FancyArrowPatch

    n_vars = len(graph.names)
    truth = None if graph.truth is None else graph.truth & ~np.eye(n_vars, dtype=bool)
    connected = graph.graph if truth is None else graph.graph | truth
    points, angles = _on_circle(connected)
    place = {name: index for index, name in enumerate(graph.names)}
    links = {(place[link.cause], place[link.effect]): link for link in links_of(graph)}
    peak = max((abs(link.heaviest.weight) for link in links.values()), default=1.0) or 1.0
    counts: dict[str, int] = {}
    for cause, effect in np.argwhere(connected).tolist():
        link = links.get((cause, effect))
        colour, word, line = KINDS[link is not None, None if truth is None else bool(truth[cause, effect])]
        counts[word] = counts.get(word, 0) + 1
        strength = abs(link.heaviest.weight) / peak if link else 0.0
        trust = strength if link is None or link.probability is None else link.probability
        headless, lagged = link is not None and link.kind == "open", link is not None and 0 not in link.lags
        axes.add_patch(
            FancyArrowPatch(
                tuple(points[cause]),
                tuple(points[effect]),
                connectionstyle="arc3,rad=0.14",
                arrowstyle="-" if headless else "-|>",
                mutation_scale=(12 if lagged else 8) + 5 * strength,
                shrinkA=5,
                shrinkB=6,
                linewidth=0.9 + 1.9 * strength if link else 1.6,
                linestyle=(0, (4, 2)) if headless else line,
                edgecolor=colour,
                facecolor="white" if lagged else colour,
                alpha=0.35 + 0.6 * min(trust, 1.0) if link else 0.9,
                zorder=2 if link else 1,
            )
        )
    _write_names(axes, graph.names, points, angles, np.asarray(connected.any(axis=0) | connected.any(axis=1)))
    total = int(graph.graph.sum())
    title = f"Graph: {total} edge{'' if total == 1 else 's'}"
    if truth is not None:
        title += "".join(f", {counts[w]} {w}" for w in ("right", "wrong", "missed") if w in counts)
    elif graph.probability is not None:
        title += "".join(f", {count} {kind}" for kind, count in counts_of(graph).items() if count)
    axes.set_title(title)
    drawn = list(links.values())
    _legend(axes, counts, *(any(map(test, drawn)) for test in (_only_lagged, _instantaneous, _headless)))


def _only_lagged(link: Link) -> bool:
    return 0 not in link.lags


def _instantaneous(link: Link) -> bool:
    return 0 in link.lags


def _headless(link: Link) -> bool:
    return link.kind == "open"


def _on_circle(connected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return points `[variable, 2]` on the unit circle and their angles."""
    angles = np.empty(len(connected))
    angles[circle_order(connected)] = np.pi / 2 - 2 * np.pi * np.arange(len(connected)) / max(len(connected), 1)
    return np.column_stack([np.cos(angles), np.sin(angles)]), angles


def _write_names(axes: Axes, names: Sequence[str], points: np.ndarray, angles: np.ndarray, active: np.ndarray) -> None:
    colours = [style.INK if is_active else "#cbd2d9" for is_active in active]
    axes.scatter(points[:, 0], points[:, 1], s=42, c=colours, zorder=3)
    radial = len(names) > 16
    labels = style.shorten_all(names, 16 if radial else 20)
    for i, (x, y) in enumerate(points):
        turn = np.degrees(angles[i])
        left = np.cos(angles[i]) < -1e-9
        if radial:
            place: dict[str, Any] = {"rotation": turn + 180 if left else turn, "rotation_mode": "anchor"}
            place |= {"ha": "right" if left else "left", "va": "center"}
        else:
            side = "center" if abs(x) < 0.2 else "right" if left else "left"
            place = {"ha": side, "va": "center" if abs(x) >= 0.2 else "bottom" if y > 0 else "top"}
        colour = style.INK if active[i] else style.SOFT
        size = 9 if len(names) <= 24 else 7.5
        axes.text(1.09 * x, 1.09 * y, labels[i], color=colour, size=size, parse_math=False, **place)
    # labels do not count for the limits: this is about the width of a character at their size
    room = 1.12 + (0.065 if radial else 0.05) * max(map(len, labels), default=0)
    axes.set(xlim=(-room, room), ylim=(-room, room) if radial else (-1.25, 1.25), aspect="equal")
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


def _legend(axes: Axes, counts: dict[str, int], lagged: bool, instantaneous: bool, headless: bool) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linestyle=line, label=word)
        for colour, word, line in KINDS.values()
        if word in counts and word != "edge"
    ]
    if lagged:
        head = {"color": style.SOFT, "marker": ">", "linestyle": "none", "ms": 6}
        if instantaneous:
            handles.append(Line2D([], [], label="instantaneous", **head))
        handles.append(Line2D([], [], label="lagged (open head)", markerfacecolor="none", **head))
    if headless:
        handles.append(Line2D([], [], color=style.SOFT, linestyle=(0, (4, 2)), label="direction open"))
    if handles:
        axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=5)

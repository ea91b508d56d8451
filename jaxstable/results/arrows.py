"""How the edges of a graph look in every picture: colour, width, brightness, line, head and label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Link, counts_of, lag_text, links_of, peak_of
from jaxstable.phrases import counted
from jaxstable.results import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OPEN_LINE, MISSED_LINE = (0, (4, 2)), (0, (1, 1.6))
RAISES, LOWERS = style.BLUE, style.ORANGE
MOST_LAGS = 3  # that a label lists
PLUS, MINUS = "\N{SUPERSCRIPT PLUS SIGN}", "\N{SUPERSCRIPT MINUS}"


class Arrow(NamedTuple):
    """The looks of one edge, or of a true edge that was missed.

    Attributes:
        cause: number of the cause.
        effect: number of the effect.
        colour: by sign, or by the true graph where it is known.
        width: of the line in points; grows with the weight.
        alpha: brightness; grows with the probability, or with the weight where there is none.
        line: style of the line; dashed where the direction is open, dotted where the edge was missed.
        head: whether it has one; an edge of open direction has none.
        label: lags, each with its sign where the graph knows signs.
        word: what the true graph makes of it: "right", "wrong", "missed", or "" where that is not known.
    """

    cause: int
    effect: int
    colour: str
    width: float
    alpha: float
    line: Any
    head: bool
    label: str
    word: str


def connected_of(graph: LearnedGraph) -> np.ndarray:
    """Return the pairs `[cause, effect]` that a picture joins: the edges, and the true ones that were missed."""
    if graph.truth is None:
        return graph.graph
    return graph.graph | (graph.truth & ~np.eye(len(graph.names), dtype=bool))


def linked_of(graph: LearnedGraph) -> np.ndarray:
    """Return which variables a picture joins to any other."""
    connected = connected_of(graph)
    return np.asarray(connected.any(axis=0) | connected.any(axis=1))


def arrows_of(graph: LearnedGraph) -> list[Arrow]:
    """Return the arrows of a graph, the faintest first, so that the surest lie on top."""
    place = {name: index for index, name in enumerate(graph.names)}
    links = {(place[link.cause], place[link.effect]): link for link in links_of(graph)}
    peak = peak_of(links.values())
    missed = np.argwhere(connected_of(graph) & ~graph.graph).tolist()
    found = [Arrow(i, j, style.ORANGE, 1.4, 0.9, MISSED_LINE, head=True, label="", word="missed") for i, j in missed]
    return found + [_arrow(link, graph, ends, peak) for ends, link in reversed(links.items())]


def label_of(lags: Sequence[int], weights: Sequence[float], signed: bool) -> str:
    """Write lags, each with the sign of its weight.

    >>> label_of([0, 2], [0.5, -0.1], True), label_of([0, 1, 2, 3], [1.0] * 4, False)
    ('0⁺ 2⁻', '0 1 2 …')
    """
    marks = [(MINUS if weight < 0 else PLUS) if signed else "" for weight in weights]
    words = [f"{lag}{mark}" for lag, mark in zip(lags, marks, strict=True)]
    return " ".join([*words[:MOST_LAGS], *(["…"] if len(words) > MOST_LAGS else [])])


def title_of(graph: LearnedGraph) -> str:
    """Return what a picture of a graph says above it: how many edges there are of what kind."""
    total = len(links_of(graph))
    title = f"Graph: {counted(total, 'edge')}"
    if graph.truth is not None:
        words = [arrow.word for arrow in arrows_of(graph)]
        return title + "".join(f", {words.count(w)} {w}" for w in ("right", "wrong", "missed") if w in words)
    return title + "".join(f", {count} {kind}" for kind, count in counts_of(graph).items() if count)


def left_out(count: int) -> str:
    """Return the end of a title that says how many sensors are not drawn."""
    return f"; {count} sensor{' is' if count == 1 else 's are'} linked to none and not drawn" if count else ""


def legend(axes: Axes, graph: LearnedGraph, labelled: bool = True) -> None:
    """Explain below the axes what the arrows show, as far as this graph has it."""
    from matplotlib.lines import Line2D

    arrows = arrows_of(graph)
    if graph.truth is not None:
        looks = {arrow.word: (arrow.colour, arrow.line if arrow.word == "missed" else "-") for arrow in arrows}
        shown: dict[str, Any] = {word: looks[word] for word in ("right", "wrong", "missed") if word in looks}
    elif graph.signed:
        words = {RAISES: "raises", LOWERS: "lowers"}
        colours = {arrow.colour for arrow in arrows}
        shown = {word: (colour, "-") for colour, word in words.items() if colour in colours}
    else:
        shown = {}
    if any(not arrow.head for arrow in arrows):
        shown["direction open"] = style.SOFT, OPEN_LINE
    handles = [Line2D([], [], color=colour, linestyle=line, label=word) for word, (colour, line) in shown.items()]
    step = lag_text(1, graph.step).partition(" ")[2]
    notes = ["width: weight", "brightness: " + ("weight" if graph.probability is None else "probability")]
    if labelled and arrows:
        sign = f", {PLUS} raises, {MINUS} lowers" if graph.signed else ""
        notes.insert(0, f"number: lag in steps{f' of {step[1:-1]}' if step else ''}{sign}")
    if arrows:
        place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "handlelength": 1.6}
        axes.legend(
            handles=handles, ncols=5, title=" · ".join(notes), title_fontsize=8, borderaxespad=0.3, **place
        ).get_title().set_color(style.SOFT)


def _arrow(link: Link, graph: LearnedGraph, ends: tuple[int, int], peak: float) -> Arrow:
    strength = abs(link.heaviest.weight) / peak
    trust = strength if link.probability is None else link.probability
    word, colour = "", RAISES
    if graph.truth is not None:
        word = "right" if graph.truth[ends] else "wrong"
        colour = style.GREEN if word == "right" else style.RED
    elif graph.signed and link.first.weight < 0:
        colour = LOWERS
    headless = link.kind == "open"
    return Arrow(
        *ends,
        colour=colour,
        width=0.9 + 2.1 * strength,
        alpha=0.3 + 0.65 * min(trust, 1.0),
        line=OPEN_LINE if headless else "-",
        head=not headless,
        label=label_of(link.lags, [edge.weight for edge in link.edges], graph.signed),
        word=word,
    )

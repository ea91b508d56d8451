"""The look shared by all pictures: one palette, small type, labels that cannot overflow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2933"
SOFT = "#7b8794"
GRID = "#e4e7eb"
BLUE = "#2563a8"
ORANGE = "#d9772b"
GREEN = "#2f8f5b"
RED = "#c23b3b"
PURPLE = "#7a4fa3"

RC: dict[Any, Any] = {
    "font.size": 9.5,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "figure.dpi": 100.0,
    "savefig.dpi": 100.0,
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Apply the look while figures are made, leaving the user's settings as they were.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install matplotlib") from error
    with matplotlib.rc_context(RC):
        yield


def figure(width: float, height: float) -> Figure:
    """Make an empty figure of this size in inches (100 pixels each), without pyplot."""
    from jaxstable.results.drawn import Drawn

    return Drawn(figsize=(width, height), layout="constrained")


def headline(figure: Figure, title: str, note: str = "") -> None:
    """Put a title above everything, and below it, in red, what the reader must know first."""
    text = f"{title}\n{note}" if note else title
    figure.suptitle(text, x=0.01, ha="left", size=11, color=RED if note else INK, parse_math=False)


def legend_below(axes: Axes, columns: int, drop: float = 0.11) -> None:
    """Put the legend under the right end of the axes, where it covers no curve.

    Args:
        axes: panel whose label, if any, is at the left.
        columns: entries side by side.
        drop: distance from the axes, as a share of their height.
    """
    place: dict[str, Any] = {"loc": "upper right", "bbox_to_anchor": (1.0, -drop), "borderaxespad": 0.0}
    axes.legend(ncols=columns, handlelength=1.4, columnspacing=1.0, borderpad=0.1, **place)


def spans_decades(values: Iterable[float]) -> bool:
    """Return whether a log scale suits: nothing is negative, and what is not zero spans more than a factor of 20.

    >>> spans_decades([0.0, 1.0, 100.0]), spans_decades([0.0, 1.0]), spans_decades([-1.0, 100.0])
    (True, False, False)
    """
    values = list(values)
    positive = [value for value in values if value > 0]
    return bool(positive) and min(values) >= 0 and max(positive) > 20 * min(positive)


def distinct(values: Sequence[float]) -> list[str]:
    """Write numbers with as few digits, from 4 on, as keep different ones different.

    >>> distinct([1e-4, 0.5]), distinct([1.00001, 1.00002])
    (['0.0001', '0.5'], ['1.00001', '1.00002'])
    """
    for digits in range(4, 18):
        labels = [f"{value:.{digits}g}" for value in values]
        if len(set(labels)) == len(set(values)):
            break
    return labels


def blank(axes: Axes, message: str) -> None:
    """Say in the middle of a panel why it is empty."""
    axes.text(0.5, 0.5, message, transform=axes.transAxes, ha="center", va="center", color=SOFT)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_color(GRID)


def shorten(name: str, length: int = 20) -> str:
    """Shorten a long name in the middle, where names of sensors differ least.

    >>> shorten("reactor_3_temperature_outlet", 15)
    'reactor…_outlet'
    """
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    if len(name) <= length:
        return name
    left = length // 2
    return f"{name[:left]}…{name[len(name) - (length - left - 1) :]}"


def shorten_all(names: Sequence[str], length: int = 20) -> list[str]:
    """Shorten names so that they stay different: alike ones lose what they begin with, or end in their number instead.

    >>> shorten_all(["a_very_long_name_x_of_1", "a_very_long_name_y_of_1"], 12)
    ['…x_of_1', '…y_of_1']
    """
    short = [shorten(name, length) for name in names]
    for label in dict.fromkeys(label for label in short if short.count(label) > 1):
        alike = [i for i, other in enumerate(short) if other == label]
        first, last = min(names[i] for i in alike), max(names[i] for i in alike)
        shared = next((place for place, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), 0)
        for i in alike:
            short[i] = "…" + shorten(names[i][shared:], length - 1)
    return [f"{label[: length // 2]}…#{i}" if short.count(label) > 1 else label for i, label in enumerate(short)]

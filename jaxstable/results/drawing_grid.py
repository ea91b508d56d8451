"""Draw a metric over one or two fields of a grid, into given axes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.files.table import better
from jaxstable.results import style
from jaxstable.results.evidence import number
from jaxstable.results.grid_evidence import lost_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

MOST_NUMBERS = 150  # cells beyond this carry no text
MOST_TICKS = 24
MOST_COUNTS = 60  # coincident points that are counted
MOST_LETTERS = 60  # of all labels below a picture; beyond this they stand upright
LEAST_SPAN = 0.01  # of the value: colours span at least that much

Row = Mapping[str, Any]


def draw_cells(figure: Any, axes: Axes, rows: Sequence[Row], metric: str, x: str, y: str) -> None:
    """Draw a heat map of the metric's mean; the values of the fields are the labels, whatever their spacing."""
    columns, lines = _values(rows, x), _values(rows, y)
    mean = np.full((len(lines), len(columns)), np.nan)
    texts = {}
    for i, line in enumerate(lines):
        for j, column in enumerate(columns):
            here = [row for row in rows if row[x] == column and row[y] == line]
            found = [value for row in here if (value := _sound(row, metric)) is not None]
            mean[i, j] = np.mean(found) if found else np.nan
            texts[i, j] = _cell_text(here, found)
    shades = _shades(metric)
    shown = np.ma.masked_invalid(mean)
    image = axes.imshow(shown, cmap=shades, aspect="auto", origin="lower", norm=_norm(mean))
    for place in range(1, len(columns)):
        axes.axvline(place - 0.5, color="white", linewidth=1.5)
    for place in range(1, len(lines)):
        axes.axhline(place - 0.5, color="white", linewidth=1.5)
    if mean.size <= MOST_NUMBERS:
        size = 9 if mean.size <= 36 else 7
        for (i, j), text in texts.items():
            known = not np.isnan(mean[i, j])
            level = float(np.asarray(image.norm(mean[i, j]))) if known else 0.0
            dark = known and (level > 0.6 if better(metric) > 0 else level < 0.4)
            axes.text(j, i, text, ha="center", va="center", size=size, color="white" if dark else style.INK)
    _ticks(axes.xaxis, columns, lost_values(rows, x))
    _ticks(axes.yaxis, lines, lost_values(rows, y))
    axes.set(xlabel=x, ylabel=y)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    _bar(figure, axes, image)


def draw_points(figure: Any, axes: Axes, rows: Sequence[Row], metric: str, x: str, y: str) -> None:
    """Draw every lane as a point, coloured by the metric; crosses have no value."""
    across, up = _positions(axes, "x", rows, x), _positions(axes, "y", rows, y)
    scores = np.array([np.nan if (value := _sound(row, metric)) is None else value for row in rows])
    known = ~np.isnan(scores)
    colours = {"c": scores[known], "cmap": _shades(metric), "norm": _norm(scores)}
    image = axes.scatter(across[known], up[known], s=60, edgecolors=style.SOFT, zorder=3, **colours)
    if (~known).any():
        label = f"no value or diverged ({(~known).sum()})"
        axes.scatter(across[~known], up[~known], marker="x", c=style.RED, s=40, label=label, zorder=3)
        _legend_above(axes)
    _count_coincident(axes, across, up)
    axes.set(xlabel=x, ylabel=y)
    _bar(figure, axes, image)


def draw_line(axes: Axes, rows: Sequence[Row], metric: str, x: str) -> None:
    """Draw every lane as a point over one field, and the mean as a line."""
    across = _positions(axes, "x", rows, x)
    scores = np.array([np.nan if (value := _sound(row, metric)) is None else value for row in rows])
    known = ~np.isnan(scores)
    places = np.unique(across[known])
    means = [scores[known & (across == place)].mean() for place in places]
    axes.plot(places, means, color=style.BLUE, label="mean" if known.sum() > len(places) else None)
    axes.scatter(across[known], scores[known], s=26, color=style.BLUE, edgecolors="white", linewidths=0.7, zorder=3)
    if (~known).any():
        floor = np.full((~known).sum(), 0.02)
        label = f"no value or diverged ({len(floor)})"
        place = axes.get_xaxis_transform()
        axes.scatter(across[~known], floor, marker="x", color=style.RED, transform=place, label=label, zorder=3)
        # Points placed by a share of the height do not count for the limits.
        axes.update_datalim(np.column_stack([across, np.full(len(across), scores[known][0])]))
        axes.autoscale_view()
    if style.spans_decades(scores[known].tolist()):
        axes.set_yscale("log", nonpositive="mask")
    _count_coincident(axes, across[known], scores[known])
    axes.set(xlabel=x)  # the title names the metric
    if axes.get_legend_handles_labels()[0]:
        _legend_above(axes)


def _legend_above(axes: Axes) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.04), ncols=2, borderaxespad=0.0, borderpad=0.1)


def _count_coincident(axes: Axes, across: np.ndarray, up: np.ndarray) -> None:
    """Write beside points how many lanes lie there, where it is more than one."""
    places = [place for place in Counter(zip(across.tolist(), up.tolist(), strict=True)).items() if place[1] > 1]
    for place, count in places[:MOST_COUNTS]:
        offset = {"xytext": (6, 4), "textcoords": "offset points"}
        axes.annotate(f"{count} lanes", place, size=8, color=style.SOFT, **offset)


def _sound(row: Row, metric: str) -> float | None:
    return None if row["status"] == "DIVERGED" else number(row[metric])


def _cell_text(here: Sequence[Row], found: Sequence[float]) -> str:
    lost = sum(row["status"] == "DIVERGED" for row in here)
    if not here:
        return ""
    text = f"{np.mean(found):.4g}" if found else "" if lost else "n/a"
    if lost:
        text += f"\n{lost} diverged"
    return text.strip()


def _values(rows: Sequence[Row], axis: str) -> list[Any]:
    """Return the values of an axis in order; words and None keep the order of the lanes."""
    values = list(dict.fromkeys(row[axis] for row in rows))
    return sorted(values) if all(number(value) is not None for value in values) else values


def _positions(axes: Axes, which: str, rows: Sequence[Row], axis: str) -> np.ndarray:
    """Return where the lanes lie along an axis, and set its scale and its ticks."""
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    values = _values(rows, axis)
    side = axes.xaxis if which == "x" else axes.yaxis
    if any(number(value) is None for value in values):
        _ticks(side, values)
        return np.array([values.index(row[axis]) for row in rows], float)
    if values[0] > 0 and values[-1] >= 10 * values[0]:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        if len(values) <= 8:
            side.set_major_locator(FixedLocator(values))
            side.set_ticklabels(style.distinct(values))
            side.set_minor_locator(NullLocator())
            side.set_minor_formatter(NullFormatter())
    return np.array([row[axis] for row in rows], float)


def _ticks(side: Any, values: Sequence[Any], lost: Sequence[Any] = ()) -> None:
    """Label places with the values of a field; those with which every lane diverged say so."""
    step = 1 + (len(values) - 1) // MOST_TICKS
    numbers = all(number(value) is not None for value in values)
    labels = style.distinct(values) if numbers else style.shorten_all(list(map(str, values)), 18)
    labels = [f"{label}\nall diverged" if value in lost else label for label, value in zip(labels, values, strict=True)]
    upright = side.axis_name == "x" and sum(map(len, labels[::step])) > MOST_LETTERS
    side.set_ticks(range(0, len(values), step), labels[::step], rotation=90 if upright else 0)


def _shades(metric: str) -> Colormap:
    """Return a map whose dark end is the good one."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = ["#f6f8fa", "#9cc1e3", "#1d4f8c"]
    shades = LinearSegmentedColormap.from_list("metric", colours if better(metric) > 0 else colours[::-1])
    return shades.with_extremes(bad=style.GRID)


def _norm(values: np.ndarray) -> Any:
    """Return the range of the colours: in the logarithm over decades, and never so narrow that noise has colour."""
    from matplotlib.colors import LogNorm, Normalize

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high > 20 * low:
        return LogNorm(low, high)
    room = max(0.0, LEAST_SPAN * max(abs(low), abs(high)) - (high - low)) / 2
    return Normalize(low - room, high + (room or 1.0 * (low == high)))


def _bar(figure: Any, axes: Axes, image: Any) -> None:
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=30, pad=0.02)
    if hasattr(bar.formatter, "set_useOffset"):
        bar.formatter.set_useOffset(False)
        bar.update_ticks()
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8.5)

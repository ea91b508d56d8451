"""Pictures of a sweep: a metric over the fields of its grid, and the history of all lanes as a fan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.config import ConfigError
from jaxstable.files.table import MEASURED, QUALITIES
from jaxstable.phrases import counted
from jaxstable.results import style
from jaxstable.results.drawing_grid import draw_cells, draw_line, draw_points
from jaxstable.results.evidence import Evidence, number
from jaxstable.results.lane_table import Lanes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


BAND = (0.1, 0.9)  # quantiles of the fan
MOST_CELLS = 3.0  # cells per lane; beyond this the lanes are drawn as points
UNLEARNED = "Not learned: in no lane does the reconstruction reach the adjacency; the fields moved only the penalties."
MOST_LINES = 60  # diverged lanes drawn one by one

Row = Mapping[str, Any]


def plot_grid(lanes: Lanes, metric: str | None = None, x: str | None = None, y: str | None = None) -> Figure:
    """Draw a metric over two fields of the grid, and two histories as fans over the lanes.

    A cell is the mean over the other fields and over the lanes that have not diverged. A grid of one field is
    drawn as a line, a list of points that fill no rectangle as points.

    Args:
        lanes: The lanes.
        metric: Column of the table; None is the one that ranks lanes.
        x: Field along the horizontal axis; None is the last one of the grid, seeds aside.
        y: Field along the vertical axis; None is the one before it.

    Returns:
        A figure of 12 x 6 inches.

    Raises:
        ConfigError: The metric or a field is unknown.
        ImportError: matplotlib is not installed.
    """
    metric = metric or lanes.metric
    if metric not in MEASURED:
        raise ConfigError(f"metric: found {metric!r}, expected one of {', '.join(MEASURED)}")
    x, y = _fields(lanes, x, y)
    with style.styled():
        figure = style.figure(12, 6)
        style.headline(figure, _title(lanes), UNLEARNED if _unreached(lanes) else "")
        parts: Any = figure.subfigures(1, 2, width_ratios=[1.15, 1])
        left, right = parts
        _draw_metric(left, left.subplots(), lanes, metric, x, y)
        upper, lower = right.subplots(2, 1, sharex=True)
        track, name = _tracked(metric)
        fan(upper, f"{name} by epoch", lanes, track)
        fan(lower, "Training reconstruction by epoch", lanes, lambda r: _term(r, "train_loss_components"))
        lower.set_xlabel("epoch", color=style.SOFT, size=8.5, labelpad=1, loc="left")
        figure.draw_without_rendering()
        return figure


def fan(axes: Axes, name: str, lanes: Lanes, track: Callable[[Row], float | None]) -> None:
    """Draw a value by epoch: the lanes' median and quantile band, diverged lanes one by one up to a cross.

    A lane that has stopped keeps its last value, as its state does.
    """
    from matplotlib.ticker import MaxNLocator

    sound, lost = [], []
    for row, history in zip(lanes.table, lanes.histories, strict=True):
        series = _series(history, track)
        if not np.isnan(series).all():
            (lost if row["status"] == "DIVERGED" else sound).append(series)
    axes.set_title(name)
    if not sound and not lost:
        style.blank(axes, "not recorded")
        return
    if sound:
        filled = _filled(sound)
        epochs = np.arange(1, filled.shape[1] + 1)
        known = ~np.isnan(filled).all(axis=0)
        low, middle, high = np.nanquantile(filled[:, known], [BAND[0], 0.5, BAND[1]], axis=0)
        marker = "o" if known.sum() <= 12 else None
        label = f"median of {counted(len(sound), 'lane')}"
        if len(sound) > 1:
            band = f"{BAND[0]:.0%} to {BAND[1]:.0%}"
            axes.fill_between(epochs[known], low, high, color=style.BLUE, alpha=0.18, linewidth=0, label=band)
        axes.plot(epochs[known], middle, color=style.BLUE, marker=marker, ms=3.5, label=label)
    label = f"diverged ({len(lost)})"
    for series in lost[:MOST_LINES]:
        at = np.flatnonzero(~np.isnan(series))
        axes.plot(at + 1, series[at], color=style.RED, linewidth=0.9, alpha=0.7)
        axes.plot(at[-1] + 1, series[at[-1]], "x", color=style.RED, ms=6, label=label)
        label = None
    drawn = np.concatenate([*sound, *lost])
    drawn = drawn[~np.isnan(drawn)]
    if style.spans_decades(drawn.tolist()):
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    style.legend_below(axes, columns=3, drop=0.12)


def _fields(lanes: Lanes, x: str | None, y: str | None) -> tuple[str | None, str | None]:
    """Return the fields to draw over; those not named are the last ones of the grid, seeds last of all."""
    for name in (x, y):
        if name is not None and name not in lanes.axes:
            known = ", ".join(lanes.axes) or "none: all lanes are the same"
            raise ConfigError(f"plot: found the field {name!r}, expected one that the grid changes ({known})")
    rest = [axis for axis in lanes.axes if axis not in (x, y)]
    rest = [axis for axis in rest if axis == "seed"] + [axis for axis in rest if axis != "seed"]
    x = x or (rest.pop() if rest else None)
    # Seeds are averaged over rather than drawn, unless they are all there is.
    rest = [axis for axis in rest if axis != "seed"]
    return x, y or (rest.pop() if rest else None)


def _draw_metric(figure: Any, axes: Axes, lanes: Lanes, metric: str, x: str | None, y: str | None) -> None:
    rows = lanes.table
    others = [axis for axis in lanes.axes if axis not in (x, y)]
    over = f"mean over {', '.join(map(style.shorten, others[:4]))}{', ...' if others[4:] else ''} · " if others else ""
    axes.set_title(f"{metric}\n", loc="left")
    note = f"{over}{counted(len(rows), 'lane')}{_best(lanes, metric)}"
    place = {"xy": (0, 1), "xytext": (0, 6), "xycoords": "axes fraction", "textcoords": "offset points"}
    axes.annotate(note, size=8.5, color=style.SOFT, annotation_clip=False, **place)
    found = [row for row in rows if number(row[metric]) is not None and row["status"] != "DIVERGED"]
    if x is None:
        text = f"{metric} {found[0][metric]:.4g}" if found else f"no {metric} on record"
        style.blank(axes, f"the lanes do not differ\n{text}")
        return
    if not found:
        style.blank(axes, f"no lane that has not diverged has a {metric}")
        return
    if y is None:
        draw_line(axes, rows, metric, x)
        return
    n_cells = len({row[x] for row in rows}) * len({row[y] for row in rows})
    draw = draw_points if n_cells > MOST_CELLS * len({(row[x], row[y]) for row in rows}) else draw_cells
    draw(figure, axes, rows, metric, x, y)


def _title(lanes: Lanes) -> str:
    ended = ", ".join(f"{count} {status}" for status, count in lanes.statuses.items())
    epochs = max(map(len, lanes.histories))
    return f"{len(lanes.names)} variables · {counted(epochs, 'epoch')} · lanes: {ended}"


def _unreached(lanes: Lanes) -> bool:
    ended = zip(lanes.table, lanes.histories, strict=True)
    kept = [history for row, history in ended if history and row["status"] != "DIVERGED"]
    return bool(kept) and all(Evidence(history, None, None, None).unreached for history in kept)


def _best(lanes: Lanes, metric: str) -> str:
    """Name the best lane where the metric is one of quality and the data had a say in it."""
    known = any(number(row[metric]) is not None and row["status"] != "DIVERGED" for row in lanes.table)
    if metric not in QUALITIES or not known or _unreached(lanes):
        return ""
    lane = lanes.ranking(metric)[0]
    return f" · best: lane {lane} ({lanes.table[lane][metric]:.4g})"


def _tracked(metric: str) -> tuple[Callable[[Row], float | None], str]:
    """Return how to read a metric's history off the records, and its title."""
    if metric == "val_recon":
        return lambda record: _term(record, "val_loss_components"), "Validation reconstruction"
    return lambda record: number(record.get(metric)), metric


def _term(record: Row, key: str) -> float | None:
    terms = record.get(key)
    return number(terms.get("recon")) if isinstance(terms, Mapping) else None


def _series(history: Sequence[Row], track: Callable[[Row], float | None]) -> np.ndarray:
    return np.array([np.nan if (value := track(record)) is None else value for record in history], float)


def _filled(lanes: Sequence[np.ndarray]) -> np.ndarray:
    """Return ``[lanes, epochs]``, gaps filled with the value before them."""
    filled = np.full((len(lanes), max(map(len, lanes))), np.nan)
    for row, lane in zip(filled, lanes, strict=True):
        row[: len(lane)] = lane
    for epoch in range(1, filled.shape[1]):
        gap = np.isnan(filled[:, epoch])
        filled[gap, epoch] = filled[gap, epoch - 1]
    return filled

"""Tables and picture of the accuracy benchmark, from its rows."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy.baselines import BASELINES
from benchmarks.accuracy.measured import MEASURED_NOTES
from benchmarks.accuracy.ours import OURS
from benchmarks.accuracy.peers import PEERS
from benchmarks.accuracy.rows import Row, Store
from benchmarks.accuracy.scenarios import NOTES, Kind
from benchmarks.accuracy.scoring import MEANING
from benchmarks.common import table

ORDER = [*OURS, *PEERS, *BASELINES]
SHOWN = ("auroc", "ap", "f1_count", "f1_best", "f1", "shd", "skeleton_f1")
HEADER = [
    "method",
    "columns",
    "AUROC",
    "AP",
    "F1 at count",
    "F1 oracle",
    "F1",
    "SHD",
    "skeleton F1",
    "CPU s",
    "n",
    "setting",
]
Group = tuple[str, str, str]  # method, data, scale


def best_settings(rows: Iterable[Mapping[str, Any]]) -> dict[Group, str]:
    """Return for each method, kind of data and scale the setting with the best mean F1.

    The mean of F1 at the true edge count and of the method's own graph, over the seeds that every setting was tried
    on; of equals the first tried.

    Example:
        >>> row = {"method": "a", "data": "b", "scale": "any", "seed": 0, "f1": 0.5, "f1_count": 0.5}
        >>> best_settings([{**row, "setting": "x"}, {**row, "setting": "y", "f1": 0.6}])
        {('a', 'b', 'any'): 'y'}
    """
    found: dict[Group, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        value = 0.0 if row.get("error") else (row["f1"] + row["f1_count"]) / 2
        found[row["method"], row["data"], row["scale"]][row["setting"]][row["seed"]] = value
    best = {}
    for group, settings in found.items():
        common = set.intersection(*(set(seeds) for seeds in settings.values()))
        means = {
            name: statistics.mean(seeds[s] for s in common) if common else -1.0 for name, seeds in settings.items()
        }
        best[group] = max(means, key=lambda name: means[name])
    return best


def mean_and_error(values: Sequence[float]) -> tuple[float, float | None]:
    """Return mean and standard error; no error from a single value.

    Example:
        >>> mean_and_error([1.0, 3.0])
        (2.0, 1.0)
    """
    if len(values) < 2:
        return values[0], None
    return statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))


def summaries(rows: Iterable[Row]) -> dict[Group, dict[str, Any]]:
    """Return the figures of each method, kind of data and scale, at its best setting."""
    rows = list(rows)
    best = best_settings(rows)
    kept: dict[Group, list[Row]] = defaultdict(list)
    for row in rows:
        group = row["method"], row["data"], row["scale"]
        if best[group] == row["setting"]:
            kept[group].append(row)
    return {group: _summary(best[group], found) for group, found in kept.items()}


def _summary(setting: str, rows: Sequence[Row]) -> dict[str, Any]:
    good = [row for row in rows if not row.get("error")]
    errors = [row["error"] for row in rows if row.get("error")]
    summary: dict[str, Any] = {"setting": setting, "n": len(good), "failed": len(errors), "errors": sorted(set(errors))}
    if good:
        summary.update({name: mean_and_error([row[name] for row in good]) for name in SHOWN})
        # The first run of a kind compiles or imports: the median leaves that out.
        summary["seconds"] = statistics.median(row["seconds"] for row in good)
    return summary


def _cell(name: str, value: tuple[float, float | None]) -> str:
    digits = 1 if name == "shd" else 3
    mean, error = value
    return f"{mean:.{digits}f}" + ("" if error is None else f" ± {error:.{digits}f}")


def lines(found: Mapping[Group, Mapping[str, Any]], data: str) -> list[list[str]]:
    """Return the table of one kind of data, ours first, the peers, the baselines."""
    rows = []
    for method in ORDER:
        for scale in ("any", "standardised", "raw"):
            summary = found.get((method, data, scale))
            if summary is None:
                continue
            count = str(summary["n"]) + (f" (+{summary['failed']} failed)" if summary["failed"] else "")
            cells = [_cell(name, summary[name]) if name in summary else "-" for name in SHOWN]
            seconds = f"{summary['seconds']:.1f}" if "seconds" in summary else "-"
            note = "; ".join([summary["setting"], *summary["errors"]]).strip("; ")
            rows.append([method, scale, *cells, seconds, count, note])
    return rows


def report(store: Store, kinds: Mapping[str, Kind], picture: Path) -> None:
    """Print every table that there are rows for, keep the figures beside the rows, and draw the picture."""
    rows, record = store.read()
    found = summaries(rows.values())
    for name in MEANING:
        print(f"{name}: {MEANING[name]}")
    print("columns: any = units do not matter; n: data sets; CPU s: median of the processor time, imputation included")
    print("peers:", ", ".join(f"{name} {version}" for name, version in record.get("peers", {}).items()) or "none")
    for name, why in record.get("absent", {}).items():
        print(f"absent: {name}: {why}")
    shown = [data for data in kinds if any(group[1] == data for group in found)]
    for data in shown:
        print(f"\n{data} ({kinds[data].group}: {({**NOTES, **MEASURED_NOTES})[kinds[data].group]})")
        print(table(lines(found, data), HEADER))
    if shown:
        figures = {" | ".join(group): summary for group, summary in found.items()}
        store.add(figures=figures)
        print(f"\n{store.path}\n{draw(found, shown, picture)}")


def draw(found: Mapping[Group, Mapping[str, Any]], data: Sequence[str], path: Path) -> Path:
    """Draw AUROC and F1 of every method on every kind of data as two grids of coloured cells."""
    import numpy as np
    from matplotlib.figure import Figure

    methods = [name for name in ORDER if any(group[0] == name for group in found)]
    figure = Figure(figsize=(4.5 + 0.5 * len(data), 2.5 + 0.62 * len(methods)), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, (score, title) in zip(panels, (("auroc", "AUROC"), ("f1", "F1 of the method's own graph")), strict=True):
        values = np.full((len(methods), len(data)), np.nan)
        for i, method in enumerate(methods):
            for j, name in enumerate(data):
                summary = found.get((method, name, "any")) or found.get((method, name, "standardised")) or {}
                values[i, j] = summary[score][0] if score in summary else np.nan
        axes.imshow(values, vmin=0.5 if score == "auroc" else 0.0, vmax=1.0, cmap="viridis", aspect="auto")
        for i, j in np.argwhere(np.isfinite(values)):
            best = values[i, j] >= np.nanmax(values[:, j]) - 5e-4
            colour = "black" if values[i, j] > 0.8 else "white"
            text = f"{values[i, j]:.2f}"
            axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour, weight="bold" if best else None)
        axes.set_yticks(range(len(methods)), methods, fontsize=8)
        axes.set_title(f"{title} (standardised columns; bold: best; blank: not run)", fontsize=9)
    panels[1].set_xticks(range(len(data)), data, rotation=60, ha="right", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path

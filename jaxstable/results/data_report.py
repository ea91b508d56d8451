"""What is to be known of data before anything is learned: what was understood, each sensor, and findings."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxstable.data.dataset import Dataset
from jaxstable.phrases import counted, few
from jaxstable.results.findings import SEVERITIES, Finding, of
from jaxstable.results.report import Report, Table, amount
from jaxstable.results.rules_moments import SAME, doubled
from jaxstable.results.rules_sensors import sensor_findings
from jaxstable.signals.prepare import prepare

HARDLY = 0.25  # of the median sensor's readings
COLUMNS = ("sensor", "unit", "readings", "first row", "last row", "least", "mean", "largest", "deviation")
MOST_CELLS = 5_000_000  # beyond which only the first rows are looked at for cycles and the like


def data_report(data: Dataset) -> Report:
    """Say what was understood of data, what each sensor holds, and what is strange.

    Args:
        data: a data set.

    Returns:
        A report without a graph.

    Example:
        >>> data = Dataset.from_array(np.random.default_rng(0).normal(size=(100, 2)))
        >>> data_report(data).tables[0].rows[0]
        ('x0', '', '100', '0.126', '-0.473', '-2.37', '-0.0708', '1.82', '0.97')
    """
    findings = data_findings(data)
    sensors = [_figures(data, i) for i in range(data.n_vars)]
    document: dict[str, Any] = {
        "rows": data.n_rows,
        "variables": list(data.names),
        "recordings": 1 if data.recording is None else int(data.recording[-1]) + 1,
        "series": data.n_series,
        "longest_gap_steps": float(data.longest_gap),
        "windows": data.n_windows,
        "window": data.window,
        "missing_share": data.missing_share,
        "step": data.step,
        "units": dict(data.units) if data.units else None,
        "environments": None if data.environment is None else len(np.unique(data.environment)),
        "true_edges": None if data.truth is None else int(data.truth.sum()),
        "understood": [{"what": what, "how": how} for what, how in data.understood],
        "sensors": sensors,
        "findings": [finding._asdict() for finding in findings],
    }
    size = f"{counted(data.n_rows, 'row')} of {counted(data.n_vars, 'sensor')}"
    edges = "" if data.truth is None else f"; the true graph has {counted(int(data.truth.sum()), 'edge')}"
    return Report(
        title=f"{size}, {100 * data.missing_share:.1f} % missing{edges}",
        tables=(Table("Sensors", COLUMNS, tuple(map(_row, sensors))),),
        totals=tuple(data.understood),
        findings=findings,
        settings=(),
        document=document,
        graph=None,
        draw=_no_picture,
    )


def data_findings(data: Dataset) -> tuple[Finding, ...]:
    """Find sensors that are constant, doubled, hardly read, stuck or held, and spikes, cycles, drift and levels."""
    rows = slice(0, max(MOST_CELLS // data.n_vars, 1))
    values, mask = np.asarray(data.values[rows], np.float64), data.mask[rows]
    recording = None if data.recording is None else data.recording[data.series]
    with np.errstate(all="ignore"):
        cleaned = prepare(
            values,
            mask,
            data.series[rows],
            recording=None if recording is None else recording[rows],
            step=data.step,
        )
    plain = mask.copy()  # one glitch hides that two sensors are the same
    for column, removed in enumerate(cleaned.removed):
        plain[list(removed.spikes), column] = False
    found = [*_constant(data), *_doubled(values, plain, data.names), *_hardly_read(data)]
    found += sensor_findings(values, mask, cleaned.removed, data.names, data.step)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _figures(data: Dataset, column: int) -> dict[str, Any]:
    """Return what is known of a sensor: its unit, how many readings, the first and the last row, and their spread."""
    name = data.names[column]
    values = np.asarray(data.values[:, column], np.float64)
    seen = values[data.mask[:, column]]
    ends = [float(values[row]) if data.mask[row, column] else None for row in (0, -1)]
    figures = (seen.min(), seen.mean(), seen.max(), seen.std())
    return {
        "sensor": name,
        "unit": (data.units or {}).get(name),
        "readings": len(seen),
        "missing": len(values) - len(seen),
        "first_row": ends[0],
        "last_row": ends[1],
        **{
            what: float(figure) for what, figure in zip(("least", "mean", "largest", "deviation"), figures, strict=True)
        },
    }


def _row(figures: dict[str, Any]) -> tuple[str, ...]:
    ends = ("-" if (value := figures[row]) is None else amount(value) for row in ("first_row", "last_row"))
    spread = (amount(figures[what]) for what in ("least", "mean", "largest", "deviation"))
    return figures["sensor"], figures["unit"] or "", str(figures["readings"]), *ends, *spread


def _constant(data: Dataset) -> list[Finding]:
    low, high = np.fmin.reduce(data.values, axis=0), np.fmax.reduce(data.values, axis=0)
    names = [name for name, same in zip(data.names, low == high, strict=True) if same]
    if not names:
        return []
    remedy = of(
        names,
        "Nothing to learn from it: leave it out, or check whether it is connected.",
        "Nothing to learn from them: leave them out, or check whether they are connected.",
    )
    return [Finding("constant_sensor", "warning", f"the same in every row: {few(names)}", remedy)]


def _doubled(values: np.ndarray, mask: np.ndarray, names: tuple[str, ...]) -> list[Finding]:
    count = mask.sum(axis=0)
    centred = np.where(mask, values - np.where(mask, values, 0.0).sum(axis=0) / np.maximum(count, 1), 0.0)
    spread = np.sqrt((centred**2).sum(axis=0))
    # Pairs are judged on the rows that both are read in; elsewhere a centred entry is 0 and counts for nothing.
    shared = np.sqrt(((centred**2).T @ mask) * ((centred**2).T @ mask).T)
    alike = np.abs(centred.T @ centred) > SAME * np.maximum(shared, 1e-300)
    enough = (mask.T.astype(np.int64) @ mask) >= 10
    return doubled(alike & enough & np.outer(spread > 0, spread > 0), names)


def _hardly_read(data: Dataset) -> list[Finding]:
    count = data.mask.sum(axis=0)
    hardly = [f"{count[i]} of {data.names[i]}" for i in np.flatnonzero(count < HARDLY * np.median(count))]
    if not hardly:
        return []
    evidence = f"of {data.n_rows} rows there are readings in {few(hardly)}"
    when = of(hardly, "it was", "these were")
    remedy = f"Take every other sensor only when {when} read (resample=; in the long format a longer step=)."
    return [Finding("hardly_read", "warning", evidence, remedy)]


def _no_picture() -> Any:
    raise ImportError("a report of data has no picture")

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
        ('x0', '', '100', '-2.37', '-0.0708', '1.82', '0.97')
    """
    findings = data_findings(data)
    sensors = tuple(_row(data, i) for i in range(data.n_vars))
    columns = ("sensor", "unit", "readings", "least", "mean", "largest", "deviation")
    document: dict[str, Any] = {
        "rows": data.n_rows,
        "variables": list(data.names),
        "series": data.n_series,
        "windows": data.n_windows,
        "window": data.window,
        "missing_share": data.missing_share,
        "step": data.step,
        "units": dict(data.units) if data.units else None,
        "true_edges": None if data.truth is None else int(data.truth.sum()),
        "understood": [{"what": what, "how": how} for what, how in data.understood],
        "sensors": [dict(zip(columns, row, strict=True)) for row in sensors],
        "findings": [finding._asdict() for finding in findings],
    }
    size = f"{counted(data.n_rows, 'row')} of {counted(data.n_vars, 'sensor')}"
    return Report(
        title=f"{size}, {100 * data.missing_share:.1f} % missing",
        tables=(Table("Sensors", columns, sensors),),
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
    found = [*_constant(data), *_doubled(values, mask, data.names), *_hardly_read(data)]
    found += sensor_findings(values, mask, cleaned.removed, data.names, data.step)
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _row(data: Dataset, column: int) -> tuple[str, ...]:
    name = data.names[column]
    seen = np.asarray(data.values[:, column][data.mask[:, column]], np.float64)
    figures = (seen.min(), seen.mean(), seen.max(), seen.std())
    return name, (data.units or {}).get(name, ""), str(len(seen)), *map(amount, figures)


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

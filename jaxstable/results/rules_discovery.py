"""What is worth saying of data and of the graph discovered in them: findings with one remedy each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.choice import Chosen
from jaxstable.discovery.found import Found, LeftOut
from jaxstable.moments.lagged import Moments
from jaxstable.results.findings import NOTHING, SEVERITIES, Finding
from jaxstable.results.rules_scale import scale_findings

ROWS_PER_CAUSE = 10  # effective rows for each candidate cause of a variable, below which little can be found
MISSING_LARGE = 0.5  # share of a variable's variance that is in gaps and unexplained
SAME = 0.999  # correlation of two sensors that measure one thing
STUCK_SHARE, STUCK_ROWS = 0.05, 50  # of a sensor's readings in one unchanged stretch
FEW_LEVELS = 10  # a switch or a state may well stay where it is
DRIFTING = 0.5  # share of a sensor's variance that was taken out as drift
INFLATED = 5.0


def discovery_findings(found: Found) -> tuple[Finding, ...]:
    """Find all that is to be known of data and graph, errors first.

    Args:
        found: what the engine returned.
    """
    kept = [found.names.index(name) for name in found.sensors.names]
    probability = found.edge_probability[np.ix_(kept, kept)]
    findings = [
        *map(_left_out, found.left_out),
        *sensor_findings(found.sensors.values, found.sensors.mask, found.sensors.drift, found.sensors.names),
        *moment_findings(found.moments, found.sensors.names),
        *graph_findings(found.choice, probability, found.sensors.names),
        *scale_findings(found.choice.selection.graph, found.moments),
    ]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def _left_out(sensor: LeftOut) -> Finding:
    if sensor.why == "constant":
        remedy = "Nothing to learn from it: it was left out; check whether it is connected."
        return Finding("constant_sensor", "warning", str(sensor), remedy)
    remedy = "It was left out; to have its edges, take every other sensor only at the times when it was read."
    return Finding("hardly_read", "warning", str(sensor), remedy)


def sensor_findings(values: NDArray, mask: NDArray[np.bool_], drift: NDArray, names: Sequence[str]) -> list[Finding]:
    """Find sensors that look stuck or drift.

    Args:
        values: `[rows, variables]`; anything where missing.
        mask: bool, same shape, True where observed.
        drift: `[rows, variables]`, what `remove_drift` took out of them.
        names: names of the variables.

    Returns:
        Findings `stuck_sensor` and `drifting_sensor`.

    Example:
        >>> flat = np.concatenate([np.arange(100.0), np.full(100, 7.0)])[:, None]
        >>> print(sensor_findings(flat, np.ones((200, 1), bool), np.zeros((200, 1)), ["flow"])[0].evidence)
        flow reads 7 in 100 consecutive readings
    """
    found = []
    for column, name in enumerate(names):
        seen = mask[:, column]
        readings = values[seen, column]
        if len(readings) < 2:
            continue
        variance = float(readings.var())
        slow = float(drift[seen, column].var()) / variance if variance > 0.0 else 0.0
        if slow > DRIFTING:
            evidence = f"{100 * min(slow, 1.0):.0f} % of the variance of {name} was slow drift, which was taken out"
            remedy = "Check its calibration; what it shares with other sensors that slowly is not in the graph."
            found.append(Finding("drifting_sensor", "warning", evidence, remedy))
        ends = np.append(np.flatnonzero(np.diff(readings)), len(readings) - 1)
        lengths = np.diff(ends, prepend=-1)
        longest = int(lengths.argmax())
        length, level = int(lengths[longest]), readings[ends[longest]]
        if length > max(STUCK_SHARE * len(readings), STUCK_ROWS) and len(np.unique(readings)) >= FEW_LEVELS:
            evidence = f"{name} reads {level:g} in {length} consecutive readings"
            found.append(Finding("stuck_sensor", "warning", evidence, "Mark that stretch as missing."))
    return found


def moment_findings(moments: Moments, names: Sequence[str]) -> list[Finding]:
    """Find what the moments say of the data: an EM that has not converged, large gaps, sensors that are there twice.

    Args:
        moments: from `lagged_moments`.
        names: names of the variables.

    Returns:
        Findings `em_not_converged`, `mostly_missing` and `duplicated_sensors`.
    """
    found = []
    slow = [info for info in moments.convergence if not info.converged]
    if slow:
        worst = max(slow, key=lambda info: info.change)
        evidence = f"after {worst.iterations} steps a covariance still moves by {worst.change:.2g}"
        remedy = "Leave out sensors that are hardly ever read or there twice."
        found.append(Finding("em_not_converged", "warning", evidence, remedy))
    for index in np.flatnonzero(moments.missing_information > MISSING_LARGE).tolist():
        evidence = f"{100 * moments.missing_information[index]:.0f} % of what {names[index]} would tell is missing"
        found.append(Finding("mostly_missing", "warning", evidence, "Distrust its edges, or leave it out."))
    pooled = np.tensordot(moments.count / moments.count.sum(), moments.matrix, 1)[: len(names), : len(names)]
    spread = np.sqrt(np.maximum(np.diag(pooled), 1e-12))
    alike = np.triu(np.abs(pooled / np.outer(spread, spread)) > SAME, 1)
    for one, other in np.argwhere(alike).tolist():
        evidence = f"{names[one]} and {names[other]} correlate above {SAME:g}"
        remedy = "Leave one out: nothing can tell their edges apart."
        found.append(Finding("duplicated_sensors", "warning", evidence, remedy))
    return found


def graph_findings(chosen: Chosen, probability: NDArray, names: Sequence[str]) -> list[Finding]:
    """Find what the choice of the graph says: too little data, rows that repeat each other, edges in doubt.

    Args:
        chosen: the graph and what it was chosen with.
        probability: `[cause, effect]`, of an edge at any lag.
        names: names of the variables.

    Returns:
        Findings `little_data`, `inflated_rows`, `no_edges` and `doubtful_edges`.
    """
    found, graph, inflation = [], chosen.selection.graph, chosen.selection.inflation
    n_causes = len(chosen.order.scores) * graph.shape[1]  # of all lags looked at: too few rows hide lags too
    rows = chosen.criterion.effective_rows(inflation)
    if rows < ROWS_PER_CAUSE * n_causes:
        evidence = f"the data are worth {rows:.0f} independent rows for {n_causes} candidate causes"
        remedy = "Record longer, or use fewer variables or lags; weak edges are missed."
        found.append(Finding("little_data", "warning", evidence, remedy))
    if inflation > INFLATED:
        evidence = f"absent edges seem to explain {inflation:.1f} times what chance would have them explain"
        remedy = "Trust only edges of probability 0.9 or more: something besides these edges drives the sensors."
        found.append(Finding("inflated_rows", "warning", evidence, remedy))
    summary = graph.any(axis=0)
    if not summary.any():
        remedy = "Record longer, or raise max_lag if effects may take longer."
        found.append(Finding("no_edges", "warning", "no edge is worth its penalty", remedy))
    doubtful = [f"{names[i]} -> {names[j]}" for i, j in np.argwhere(summary & (probability < 0.5)).tolist()]
    if doubtful:
        evidence = f"less likely than not: {', '.join(doubtful)}"
        found.append(Finding("doubtful_edges", "info", evidence, NOTHING))
    return found

"""What is worth saying of data and of the graph discovered in them: findings with one remedy each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.found import Found, LeftOut
from jaxstable.graph.calibration import CROWD
from jaxstable.graph.groups import suspects
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import links_of
from jaxstable.results.findings import NOTHING, SEVERITIES, Finding, listed
from jaxstable.results.rules_moments import moment_findings
from jaxstable.results.rules_scale import scale_findings
from jaxstable.signals.prepare import Removed

if TYPE_CHECKING:  # judging what was read from disk needs no JAX
    from jaxstable.discovery.choice import Chosen
    from jaxstable.moments.memory import Memory

ROWS_PER_CAUSE = 10  # effective rows for each candidate cause of a variable, below which little can be found
STUCK_SHARE, STUCK_ROWS = 0.05, 50  # of a sensor's readings in one unchanged stretch
FEW_LEVELS = 10  # a switch or a state may well stay where it is
DRIFTING = 0.5  # share of a sensor's variance that was taken out as drift
INFLATED = 5.0
APART = 0.2  # deviations between the levels of recordings that are worth a word
LEFT_OUT = {
    "constant": ("constant_sensor", "Nothing to learn from it: it was left out; check whether it is connected."),
    "hardly_read": (
        "hardly_read",
        "It was left out; to have its edges, take every other sensor only at the times when it was read.",
    ),
    "predictable": (
        "predictable_sensor",
        "It was left out: nothing can act on what repeats itself; leave the column out of the data.",
    ),
}
SIGNALS = {
    "levels": ("info", "Nothing to do; pass environment= as well if the recordings differ in their noise too."),
    "cycle": (
        "warning",
        "Record what drives the cycle as a sensor to see its effects; what sensors share at that pace is not in the "
        "graph.",
    ),
    "drifting_sensor": (
        "warning",
        "Check its calibration; what it shares with other sensors that slowly is not in the graph.",
    ),
    "spikes": (
        "warning",
        "Look these rows up at their source; prepare={'spikes': False}, --prepare spikes=off, keeps them.",
    ),
    "held": (
        "info",
        "Log it at the rate at which it is read; prepare={'held': False}, --prepare held=off, keeps the repeats.",
    ),
    "stuck_sensor": (
        "warning",
        "Look that stretch up; mark it as missing only if the sensor had failed, as an honest zero is a reading.",
    ),
}


def discovery_findings(found: Found, learned: LearnedGraph) -> tuple[Finding, ...]:
    """Find all that is to be known of data and graph, errors first.

    Args:
        found: what the engine returned.
        learned: its graph.
    """
    names = found.sensors.names
    removed = [found.removed[name] for name in names]
    findings = [
        *left_out_findings(found.left_out),
        *sensor_findings(found.sensors.values, found.sensors.mask, removed, names),
        *moment_findings(found.moments, names),
        *graph_findings(found.choice),
        *bent_findings(found.choice.extras.squared, names),
        *common_cause_findings(found.common_causes),
        *crowd_findings(found.choice.selection.graph, names),
        *memory_findings(found.memory, found.moments.n_lags, names),
        *doubtful_findings(learned),
        *scale_findings(found.choice.selection.graph, found.moments),
    ]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def left_out_findings(left_out: Sequence[LeftOut]) -> list[Finding]:
    """Find sensors that no edge can be learned of, one finding for each reason."""
    found = []
    for why, (code, remedy) in LEFT_OUT.items():
        own = [str(sensor) for sensor in left_out if sensor.why == why]
        if own:
            found.append(Finding(code, "warning", listed(own), remedy))
    return found


def sensor_findings(
    values: NDArray[Any], mask: NDArray[np.bool_], removed: Sequence[Removed], names: Sequence[str]
) -> list[Finding]:
    """Find what was taken out of sensors, and sensors that look stuck; one finding for each kind.

    Args:
        values: `[rows, variables]`; anything where missing.
        mask: bool, same shape, True where observed.
        removed: what the preparation took out of each variable.
        names: names of the variables.

    Returns:
        Findings `levels`, `cycle`, `drifting_sensor`, `spikes`, `held` and `stuck_sensor`.

    Example:
        >>> flat = np.concatenate([np.arange(100.0), np.full(100, 7.0)])[:, None]
        >>> print(sensor_findings(flat, np.ones((200, 1), bool), [Removed()], ["flow"])[0].evidence)
        flow reads 7 in 100 consecutive readings
    """
    told: dict[str, list[str]] = {code: [] for code in SIGNALS}
    for column, (name, taken) in enumerate(zip(names, removed, strict=True)):
        readings = values[mask[:, column], column]
        if len(readings) < 2:
            continue
        if taken.level:
            apart = (max(taken.level) - min(taken.level)) / max(float(np.std(readings)), 1e-300)
            if apart > APART:
                told["levels"].append(f"{name} by {max(taken.level) - min(taken.level):.3g}")
        if taken.cycles:
            told["cycle"].append(f"{name} {100 * taken.cycle:.0f} %")
        if taken.drift > DRIFTING:
            told["drifting_sensor"].append(f"{name} {100 * taken.drift:.0f} %")
        if taken.spikes:
            row, more = taken.spikes[0], f", {len(taken.spikes)} in all" if len(taken.spikes) > 1 else ""
            told["spikes"].append(f"{name} {values[row, column]:.4g} in row {row}{more}")
        if taken.held:
            told["held"].append(f"{name} in {100 * taken.held / len(readings):.0f} % of its readings")
        elif stuck := _stuck(readings):
            told["stuck_sensor"].append(f"{name} reads {stuck[1]:g} in {stuck[0]} consecutive readings")
    periods = max((taken.cycles for taken in removed), key=len, default=())
    what = {
        "levels": "recordings stand at other levels, which were taken out: {}",
        "cycle": f"cycles of {listed([f'{period:.4g}' for period in periods])} rows were taken out; "
        "their share of the variance: {}",
        "drifting_sensor": "slow drift was taken out; its share of the variance: {}",
        "spikes": "readings that stand alone were taken as missing: {}",
        "held": "the last reading is repeated, which was taken as missing, by {}",
        "stuck_sensor": "{}",
    }
    return [
        Finding(code, severity, what[code].format(listed(told[code])), remedy)
        for code, (severity, remedy) in SIGNALS.items()
        if told[code]
    ]


def _stuck(readings: NDArray[Any]) -> tuple[int, float] | None:
    """Return the length and level of the longest unchanged stretch, None if it is short or the sensor a switch."""
    ends = np.append(np.flatnonzero(np.diff(readings)), len(readings) - 1)
    lengths = np.diff(ends, prepend=-1)
    longest = int(lengths.argmax())
    length, level = int(lengths[longest]), float(readings[ends[longest]])
    if length <= max(STUCK_SHARE * len(readings), STUCK_ROWS) or len(np.unique(readings)) < FEW_LEVELS:
        return None
    return length, level


def graph_findings(chosen: Chosen) -> list[Finding]:
    """Find what the choice of the graph says: too little data, rows that repeat each other, edges in doubt.

    Args:
        chosen: the graph and what it was chosen with.

    Returns:
        Findings `little_data`, `inflated_rows` and `no_edges`.
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
        remedy = "Record longer."
        found.append(Finding("no_edges", "warning", "no edge is worth its penalty", remedy))
    return found


def common_cause_findings(groups: Sequence[Sequence[str]]) -> list[Finding]:
    """Find sensors that behave as if something unmeasured acted on all of them.

    Args:
        groups: names of the sensors, one group for each such cause.
    """
    if not groups:
        return []
    evidence = "; ".join(f"something unmeasured seems to act on {listed(group)}" for group in groups)
    remedy = "Record it if you know it; an edge between these sensors may be its doing."
    return [Finding("common_cause", "warning", evidence, remedy)]


def crowd_findings(graph: NDArray[np.bool_], names: Sequence[str]) -> list[Finding]:
    """Find groups of more than four sensors that are all linked with each other.

    Args:
        graph: `[lags + 1, cause, effect]`, of the sensors in use.
        names: of the sensors in use.
    """
    linked: NDArray[np.bool_] = np.logical_or.reduce(graph)
    groups = [group for group in suspects(linked | linked.T) if len(group) > CROWD]
    if not groups:
        return []
    evidence = "; ".join(f"all linked: {listed([names[index] for index in group])}" for group in groups)
    remedy = "Look for what acts on all of them and record it: until then their edges are less probable than they look."
    return [Finding("crowded_sensors", "warning", evidence, remedy)]


def bent_findings(squared: NDArray[np.bool_] | None, names: Sequence[str]) -> list[Finding]:
    """Find the effects that a straight line misses.

    Args:
        squared: `[lags + 1, cause, effect]`, edges that need the square of the cause; None where none does.
        names: of the sensors in use.
    """
    if squared is None:
        return []
    pairs = [f"{names[cause]} -> {names[effect]}" for cause, effect in np.argwhere(squared.any(axis=0)).tolist()]
    remedy = "Read their weights as the slope at the mean of the cause: further off the effect is another one."
    return [Finding("bent_effects", "info", f"effects that bend: {listed(pairs)}", remedy)]


def memory_findings(rest: Memory, n_lags: int, names: Sequence[str]) -> list[Finding]:
    """Find effects that come later than the largest lag looked at.

    Args:
        rest: the strongest of them.
        n_lags: largest lag looked at.
        names: of the sensors in use.
    """
    if not rest.lag:
        return []
    pair = f"what {names[rest.effect]} does still follows {names[rest.cause]} {rest.lag} steps later"
    evidence = f"{pair}, beyond the largest lag looked at, {n_lags} (correlation {rest.correlation:.2f})"
    remedy = f"Pass max_lag={rest.lag}, or take a coarser step (resample) if effects last that long."
    return [Finding("long_memory", "warning", evidence, remedy)]


def doubtful_findings(graph: LearnedGraph) -> list[Finding]:
    """Find the links that are less likely than not."""
    doubtful = [f"{link.cause} -> {link.effect}" for link in links_of(graph) if link.kind == "doubtful"]
    if not doubtful:
        return []
    evidence = f"less likely than not, or the other way in most draws: {', '.join(doubtful)}"
    return [Finding("doubtful_edges", "info", evidence, NOTHING)]

"""What is worth saying of data and of the graph discovered in them: findings with one remedy each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.found import Found
from jaxstable.graph.calibration import CROWD
from jaxstable.graph.groups import suspects
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import lag_text, links_of
from jaxstable.phrases import few
from jaxstable.results.findings import NOTHING, SEVERITIES, Finding, of
from jaxstable.results.rules_moments import moment_findings
from jaxstable.results.rules_scale import scale_findings
from jaxstable.results.rules_sensors import left_out_findings, sensor_findings
from jaxstable.signals.spans import steps_text

if TYPE_CHECKING:  # judging what was read from disk needs no JAX
    from jaxstable.discovery.choice import Chosen
    from jaxstable.moments.memory import Memory

ROWS_PER_CAUSE = 10  # effective rows for each candidate cause of a variable, below which little can be found
INFLATED = 5.0


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
        *sensor_findings(found.sensors.values, found.sensors.mask, removed, names, learned.step),
        *moment_findings(found.moments, names),
        *graph_findings(found.choice),
        *bent_findings(found.choice.extras.squared, names),
        *common_cause_findings(found.common_causes),
        *crowd_findings(found.choice.selection.graph, names),
        *memory_findings(found.memory, found.moments.n_lags, names, learned.step),
        *doubtful_findings(learned),
        *scale_findings(found.choice.selection.graph, found.moments),
    ]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def graph_findings(chosen: Chosen) -> list[Finding]:
    """Find what the choice of the graph says: too little data, rows that repeat each other, edges in doubt.

    Args:
        chosen: the graph and what it was chosen with.

    Returns:
        Findings `search_stopped`, `little_data`, `inflated_rows` and `no_edges`.
    """
    found, graph, inflation = [], chosen.selection.graph, chosen.selection.inflation
    if chosen.stopped:
        evidence = "Ctrl-C ended the search of the graph: this is the best one by then, without draws"
        found.append(Finding("search_stopped", "warning", evidence, "Edges may be missing or false: let it end."))
    n_causes = len(chosen.order.scores) * graph.shape[1]  # of all lags looked at: too few rows hide lags too
    rows = chosen.criterion.effective_rows(inflation)
    if rows < ROWS_PER_CAUSE * n_causes:
        evidence = f"the data are worth {rows:.0f} independent rows for {n_causes} candidate causes"
        remedy = "Record longer, or use fewer variables or lags; weak edges are missed."
        found.append(Finding("little_data", "warning", evidence, remedy))
    if inflation > INFLATED:
        evidence = f"sensors without an edge go together {inflation:.1f} times as much as chance would have them"
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
    evidence = f"something unmeasured seems to act on {'; on '.join(map(few, groups))}"
    one = "Record it if you know it; an edge between these sensors may be its doing."
    several = "Record what you know of it; an edge between the sensors of a group may be its doing."
    return [Finding("common_cause", "warning", evidence, one if len(groups) == 1 else several)]


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
    evidence = "; ".join(f"all linked: {few([names[index] for index in group])}" for group in groups)
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
    evidence = f"{of(pairs, 'an effect that bends', 'effects that bend')}: {few(pairs)}"
    whose = of(pairs, "its weight", "their weights")
    remedy = f"Read {whose} as the slope at the mean of the cause: further off the effect is another one."
    return [Finding("bent_effects", "info", evidence, remedy)]


def memory_findings(rest: Memory, n_lags: int, names: Sequence[str], step: str | None = None) -> list[Finding]:
    """Find effects that come later than the largest lag looked at.

    Args:
        rest: the strongest of them.
        n_lags: largest lag looked at.
        names: of the sensors in use.
        step: of the clock, or None.
    """
    if not rest.lag:
        return []
    late = steps_text(rest.lag, step) or f"{rest.lag} steps"
    pair = f"what {names[rest.effect]} does still follows {names[rest.cause]} {late} later"
    evidence = f"{pair}, beyond the largest lag looked at, {lag_text(n_lags, step)}; correlation {rest.correlation:.2f}"
    remedy = (
        f"Pass max_lag={rest.lag} (--max-lag {rest.lag}), or take a coarser step (resample) if effects last that long."
    )
    return [Finding("long_memory", "warning", evidence, remedy)]


def doubtful_findings(graph: LearnedGraph) -> list[Finding]:
    """Find the links that are less likely than not."""
    doubtful = [f"{link.cause} -> {link.effect}" for link in links_of(graph) if link.kind == "doubtful"]
    if not doubtful:
        return []
    evidence = f"less likely than not, or the other way in most draws: {few(doubtful)}"
    return [Finding("doubtful_edges", "info", evidence, NOTHING)]

"""Findings on a grid: lanes that diverged, edges that vanish, fields that do nothing, borders, seeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from jaxstable.config import Config, ConfigError
from jaxstable.phrases import shown
from jaxstable.results.findings import NOTHING, OTHER_MODEL, Finding
from jaxstable.results.grid_evidence import UNREACHED, GridEvidence, Row, commonest, lanes_text, lost_values

NO_EFFECT = 1e-3  # of the spread over the grid: a field that moves a metric less does nothing
LEAST_VALUES = 3  # values of an axis before its border means anything
MOSTLY = 0.5  # share of the other lanes that must have edges before their loss is laid to an axis


def _diverged(grid: GridEvidence) -> Iterable[Finding]:
    lost = grid.diverged
    if not lost:
        return
    total, others = len(grid.rows), [row for row in grid.rows if row["status"] != "DIVERGED"]
    own = [finding.remedy for row in lost for finding in grid.findings[row["lane"]] if finding.code == "diverged"]
    remedy = commonest(own) if own else "Lower learning_rate tenfold."
    if not others:
        yield Finding("lanes_diverged", "error", f"all {total} lanes diverged", remedy)
        return
    for axis in grid.axes:
        values = {row[axis] for row in lost}
        cut = grid.split(axis, lost, others)
        own_value = len(values) == 1 and len(lost) > 1 and all(row[axis] not in values for row in others)
        if axis == "seed" or (cut is None and not own_value):
            continue
        which = f"{axis} {shown(lost[0][axis])}"
        away = f"Leave {which} out of the grid."
        if cut is not None:
            side, limit = cut
            which = which if own_value else f"{axis} {side} {shown(limit)}"
            away = f"Keep {axis} at {shown(limit)} or {'below' if side == 'above' else 'above'}."
        count = f"all {len(lost)} lanes" if len(lost) > 1 else "the only lane"
        evidence = f"{count} with {which} diverged ({lanes_text(lost)}), none of the other {len(others)} did"
        yield Finding("lanes_diverged", "warning", evidence, away)
        return
    evidence = f"{len(lost)} of {total} lanes diverged ({lanes_text(lost)})"
    for axis in grid.axes:
        fatal = [value for value in lost_values(grid.rows, axis) if axis != "seed"]
        if fatal:
            evidence += f", among them every lane with {axis} {', '.join(map(shown, fatal))}"
            away = f"Leave {axis} {', '.join(map(shown, fatal))} out of the grid."
            yield Finding("lanes_diverged", "warning", evidence, away)
            return
    evidence += "; no single field tells them from the others"
    yield Finding("lanes_diverged", "warning", evidence, remedy)


def _lane_errors(grid: GridEvidence) -> Iterable[Finding]:
    """Count each error over the lanes; what a diverged lane reports besides follows from its divergence."""
    unreached, total = grid.unreached, len(grid.sound)
    found: dict[str, list[tuple[Row, Finding]]] = {}
    for row in grid.sound:
        for finding in grid.findings[row["lane"]]:
            if finding.severity == "error":
                found.setdefault(finding.code, []).append((row, finding))
    for code, cases in found.items():
        follows = code != UNREACHED and all(finding.remedy == OTHER_MODEL for _, finding in cases)
        if unreached and follows:
            continue
        rows = [row for row, _ in cases]
        which = "in the only lane" if total == 1 else f"in all {total} lanes"
        if len(rows) < total:
            which = f"in {len(rows)} of {total} lanes ({lanes_text(rows)})"
        elif grid.diverged:
            which += " that did not diverge"
        row, first = cases[0]
        severity = "error" if len(rows) == total else "warning"
        evidence = f"{which}; lane {row['lane']}: {first.evidence}"
        yield Finding(code, severity, evidence, commonest(finding.remedy for _, finding in cases))


def _edges_vanish(grid: GridEvidence) -> Iterable[Finding]:
    counts = grid.measured("edge_count")
    scores = [value for _, value in grid.measured("val_f1")]
    # Edges that the data did not make, or that are all wrong, are no loss.
    if grid.unreached or (scores and not any(scores)):
        return
    for axis in grid.axes:
        values = grid.numeric(axis)
        alive = [row[axis] for row, count in counts if count > 0]
        if axis == "seed" or not values or not alive:
            continue
        for side, limit, sign in (("above", max(alive), 1), ("below", min(alive), -1)):
            gone = [row for row, _ in counts if sign * row[axis] > sign * limit]
            kept = [count for row, count in counts if sign * row[axis] <= sign * limit]
            if not gone or sum(count > 0 for count in kept) < MOSTLY * len(kept):
                continue
            other = "below" if side == "above" else "above"
            evidence = (
                f"edges fall to zero {side} {axis} {shown(limit)}: 0 edges in {_all_of(gone)}, "
                f"{shown(statistics.mean(kept))} on average at {shown(limit)} or {other}"
            )
            yield Finding("edges_vanish", "warning", evidence, f"Keep {axis} at {shown(limit)} or {other}.")


def _no_effect(grid: GridEvidence) -> Iterable[Finding]:
    values = [value for _, value in grid.measured(grid.metric)]
    if grid.unreached or len(values) < 2:
        return
    spread = max(values) - min(values)
    if spread == 0:
        evidence = f"{grid.metric} is {shown(values[0])} in {_all_of(values)}: no field of the grid moves it"
        yield Finding("metric_constant", "warning", evidence, "Sweep other fields, or wider ranges of these.")
        return
    for axis in grid.axes:
        groups = [group for group in grid.alike(grid.metric, [axis]) if len({row[axis] for row, _ in group}) > 1]
        if axis == "seed" or not groups:
            continue
        largest = max(_spread(group) for group in groups)
        if largest <= NO_EFFECT * spread:
            evidence = (
                f"{grid.metric} does not depend on {axis}: it moves by {shown(largest)} at most in {len(groups)} "
                f"comparisons, and by {shown(spread)} over the grid"
            )
            yield Finding("axis_without_effect", "info", evidence, f"Leave {axis} out of the grid.")


def _border(grid: GridEvidence) -> Iterable[Finding]:
    best = grid.best()
    if best is None or (grid.unreached and grid.metric == "val_f1"):
        return
    row, score = best
    for axis in grid.axes:
        values = grid.numeric(axis)
        if axis == "seed" or len(values) < LEAST_VALUES or row[axis] not in (values[0], values[-1]):
            continue
        moved = [value for value_row, value in grid.measured(grid.metric) if value_row[axis] != row[axis]]
        if not moved or all(value == score for value in moved):
            continue
        end, further = ("largest", values) if row[axis] == values[-1] else ("smallest", values[::-1])
        beyond = _beyond(axis, further)
        if beyond is not None:
            evidence = f"the best {grid.metric}, {shown(score)}, is at {axis} {shown(row[axis])}, the {end} of the grid"
            yield Finding("best_at_border", "info", evidence, f"Extend {axis} to {shown(beyond)}.")


def _seeds(grid: GridEvidence) -> Iterable[Finding]:
    others = [axis for axis in grid.axes if axis != "seed"]
    if "seed" not in grid.axes or not others or (grid.unreached and grid.metric == "val_f1"):
        return
    groups = [[value for _, value in group] for group in grid.alike(grid.metric, ["seed"])]
    if len(groups) < 2:
        return
    within = statistics.mean(statistics.variance(group) for group in groups)
    between = statistics.variance([statistics.mean(group) for group in groups])
    n_seeds = max(map(len, groups))
    mean = abs(statistics.mean(value for group in groups for value in group))
    share = f", {within**0.5 / mean:.2g} of its mean {shown(mean)}," if mean else ""
    evidence = (
        f"{grid.metric} varies by {shown(within**0.5)} (standard deviation){share} over {n_seeds} seeds "
        f"and by {shown(between**0.5)} over {', '.join(others)}"
    )
    if within > between:
        remedy = f"Compare means over seeds, and take at least {2 * n_seeds} of them."
        yield Finding("seeds_disagree", "warning", evidence, remedy)
    else:
        yield Finding("seeds_agree", "ok", evidence, NOTHING)


def _unfinished(grid: GridEvidence) -> Iterable[Finding]:
    if grid.unfinished:
        evidence = f"{len(grid.unfinished)} of {len(grid.rows)} lanes have not ended ({lanes_text(grid.unfinished)})"
        yield Finding("lanes_unfinished", "info", evidence, "If stopped, go on with `jaxstable resume RUN_DIR`.")


def _best(grid: GridEvidence) -> Iterable[Finding]:
    best = grid.best()
    if best is not None and not grid.unreached:
        row, score = best
        where = ", ".join(f"{axis} {shown(row[axis])}" for axis in grid.axes)
        middle = statistics.median(value for _, value in grid.measured(grid.metric))
        evidence = f"lane {row['lane']} has the best {grid.metric}, {shown(score)} (median {shown(middle)})"
        yield Finding("best_lane", "ok", f"{evidence}{': ' if where else ''}{where}", NOTHING)


def _spread(group: Sequence[tuple[Row, float]]) -> float:
    values = [value for _, value in group]
    return max(values) - min(values)


def _all_of(items: Sequence[object]) -> str:
    return f"all {len(items)} lanes" if len(items) > 1 else "the only lane"


def _beyond(axis: str, values: Sequence[float]) -> float | None:
    """Continue an axis by one more step, in the logarithm if it can; None where the config refuses that value."""
    before, last = values[-2:]
    step = last * last / before if before > 0 and last > 0 else 2 * last - before
    value = round(step) if isinstance(getattr(Config(), axis), int) else float(f"{step:.6g}")
    try:
        Config().replace(**{axis: value})
    except ConfigError:
        return None
    return None if value == last else value


RULES = (_diverged, _lane_errors, _edges_vanish, _no_effect, _border, _seeds, _unfinished, _best)

"""Judge a run or a sweep by its records: findings with code, evidence and one remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jaxstable.results import rules_grid, rules_structure, rules_training
from jaxstable.results.evidence import Evidence
from jaxstable.results.findings import SEVERITIES, Finding
from jaxstable.results.grid_evidence import GridEvidence


def diagnose_run(
    history: Sequence[Mapping[str, Any]],
    config: Any = None,
    data_facts: Mapping[str, Any] | None = None,
    status: str | None = None,
) -> list[Finding]:
    """Judge a run by its health records.

    Every key of the records may be null or missing; a rule without its evidence stays silent.

    Args:
        history: health records, one per epoch.
        config: the run's config, as dataclass or mapping.
        data_facts: facts on the data (`raw_abs_max`, `standardized`, `constant`, `missing_share`),
            optionally with `names` and `true_edge_count`.
        status: how training ended.

    Returns:
        Findings, errors first, healthy observations last.

    >>> found = diagnose_run([{"epoch": 1, "train_loss": 21444.0, "grad_clip_ratio": 1.0}],
    ...                  {"standardize": False}, {"raw_abs_max": 2775.0})
    >>> [(finding.code, finding.remedy) for finding in found if finding.severity == "error"]
    [('exploding_loss', 'Set standardize to True.')]
    """
    run = Evidence(history, config, data_facts, status)
    rules = rules_training.RULES + rules_structure.RULES
    return by_severity([finding for rule in rules for finding in rule(run)])


def diagnose_grid(
    table: Sequence[Mapping[str, Any]], axes: Sequence[str], findings_per_lane: Sequence[Sequence[Finding]]
) -> list[Finding]:
    """Judge a whole sweep by its table and its lanes' own findings.

    Args:
        table: One row per lane: status, metrics of the best evaluation, and the config's fields.
        axes: The fields in which the lanes differ.
        findings_per_lane: What `diagnose_run` says of every lane.

    Returns:
        Findings on the grid, errors first; those of one lane are not repeated.

    Example:
        >>> row = {"epochs_done": 5, "val_f1": None, "val_recon": 0.1, "edge_count": 7}
        >>> table = [{"lane": 0, "status": "FINISHED", "learning_rate": 1e-3, **row},
        ...          {"lane": 1, "status": "DIVERGED", "learning_rate": 1e6, **row}]
        >>> print(diagnose_grid(table, ["learning_rate"], [[], []])[0].evidence)
        the only lane with learning_rate above 0.001 diverged (lane 1), none of the other 1 did
    """
    grid = GridEvidence(table, axes, findings_per_lane)
    return by_severity([finding for rule in rules_grid.RULES for finding in rule(grid)])


def by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the errors first, in their order otherwise."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))

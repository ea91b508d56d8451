"""Diagnose a run, live or from its directory: findings with code, evidence and one remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxstable.files import directory as rundir
from jaxstable.results import rules_structure, rules_training
from jaxstable.results.evidence import Evidence
from jaxstable.results.findings import SEVERITIES, Finding

__all__ = ["Finding", "diagnose", "diagnose_dir"]


def diagnose(
    history: Sequence[Mapping[str, Any]],
    config: Any = None,
    data_facts: Mapping[str, Any] | None = None,
    status: str | Sequence[str] | None = None,
) -> list[Finding]:
    """Judge a run by its health records.

    Every key of the records may be null or missing; a rule without its evidence stays silent.

    Args:
        history: health records, one per epoch.
        config: the run's config, as dataclass or mapping.
        data_facts: facts on the data (`raw_abs_max`, `standardized`, `constant`, `missing_share`),
            optionally with `names`, `true_edge_count`, `varsortability`, `r2_sortability`.
        status: how training ended, or one status for each lane of a grid.

    Returns:
        Findings, errors first, healthy observations last.

    >>> found = diagnose([{"epoch": 1, "train_loss": 21444.0, "grad_clip_ratio": 1.0}],
    ...                  {"standardize": False}, {"raw_abs_max": 2775.0})
    >>> [(finding.code, finding.remedy) for finding in found if finding.severity == "error"]
    [('exploding_loss', 'Set standardize to True.')]
    """
    run = Evidence(history, config, data_facts, status)
    rules = rules_training.RULES + rules_structure.RULES
    findings = [finding for rule in rules for finding in rule(run)]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def diagnose_dir(path: str | Path) -> list[Finding]:
    """Judge a run by the files it left, while it trains, after it ended or after it was killed.

    Args:
        path: directory of the run, or its `training_log_*.json`.

    Returns:
        The findings of `diagnose`, with what is wrong with the files themselves.

    Raises:
        RunDirectoryError: there is no log, or a file is damaged beyond its last line.
    """
    log = rundir.read_log(rundir.find_log(path))
    preset = log.path.name.removeprefix("training_log_").removesuffix(".json")
    summary_path = log.path.with_name(rundir.SUMMARY.format(preset=preset))
    config_path = log.path.with_name(rundir.CONFIG)
    findings = []
    resume = f"continue it with `jaxstable resume {log.path.parent}`."
    if log.truncated:
        evidence = f"the last line of {log.path.name} is cut off after {len(log.records)} records"
        findings.append(Finding("log_truncated", "info", evidence, f"If killed, {resume}"))
    if log.damaged:
        lines = ", ".join(map(str, log.damaged[:10])) + (", ..." if log.damaged[10:] else "")
        evidence = f"lines {lines} of {log.path.name} are not JSON objects and were left out"
        remedy = "Train again into a fresh directory; something else wrote into this log."
        findings.append(Finding("log_damaged", "warning", evidence, remedy))
    summary: dict[str, Any] = {}
    if summary_path.is_file():
        summary = rundir.read_json(summary_path)
    else:
        evidence = f"{summary_path.name} is missing: the run is still training, or was killed"
        findings.append(Finding("summary_missing", "info", evidence, f"If killed, {resume}"))
    config = summary.get("config")
    if not isinstance(config, Mapping):
        config = rundir.read_json(config_path) if config_path.is_file() else {}
    facts = summary.get("data_facts")
    facts = dict(facts) if isinstance(facts, Mapping) else {}
    for key in ("names", "true_edge_count"):
        facts.setdefault(key, summary.get(key))
    findings += diagnose(log.records, config, facts, summary.get("status"))
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))

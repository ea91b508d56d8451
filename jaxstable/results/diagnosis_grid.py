"""Diagnose a whole sweep: what its lanes have in common, and what the fields of the grid do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.files.table import LOG, SUMMARY, TABLE, by_lane, read_lane_log, read_table, table_row
from jaxstable.results import rules_grid
from jaxstable.results.diagnosis import diagnose
from jaxstable.results.findings import SEVERITIES, Finding
from jaxstable.results.grid_evidence import GridEvidence
from jaxstable.training.grid import axes_of


def diagnose_grid(
    table: Sequence[Mapping[str, Any]], axes: Sequence[str], findings_per_lane: Sequence[Sequence[Finding]]
) -> list[Finding]:
    """Judge a whole sweep by its table and its lanes' own findings.

    Args:
        table: One row per lane: status, metrics of the best evaluation, and the config's fields.
        axes: The fields in which the lanes differ.
        findings_per_lane: What `diagnose` says of every lane.

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
    findings = [finding for rule in rules_grid.RULES for finding in rule(grid)]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def diagnose_sweep_dir(directory: str | Path) -> list[Finding]:
    """Judge a sweep by the files it left, while it trains, after it ended or after it was killed.

    Raises:
        RunDirectoryError: A file is missing or damaged.
    """
    directory = Path(directory)
    if (directory / SUMMARY).is_file():
        from jaxstable.results.storage_grid import load

        return load(directory).diagnose()
    lanes = rundir.read_json(directory / rundir.CONFIG)["lanes"]
    configs = [Config.from_dict(lane) for lane in lanes]
    histories = by_lane(read_lane_log(directory / LOG), len(configs))
    ended = {row["lane"]: row["status"] for row in read_table(directory / TABLE)}
    table, findings = [], []
    for lane, (config, history) in enumerate(zip(configs, histories, strict=True)):
        status = ended.get(lane, "RUNNING")
        table.append(table_row(lane, config, history, status))
        findings.append(diagnose(history, config, None, status))
    return diagnose_grid(table, axes_of(configs), findings)

"""Read again what a directory holds: a run, a sweep or a discovery, finished or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.files import table as sweepdir
from jaxstable.files.kinds import kind_of
from jaxstable.results.diagnosis import by_severity, diagnose_grid, diagnose_run
from jaxstable.results.discovery_result import Discovery
from jaxstable.results.findings import Finding
from jaxstable.results.sweep_result import SweepResult
from jaxstable.results.train_result import TrainResult
from jaxstable.training.grid import axes_of


def load(directory: str | Path) -> TrainResult | SweepResult | Discovery:
    """Return the result that a run, a sweep, a search or `save` left in a directory.

    Raises:
        RunDirectoryError: Files are missing or damaged, or another version wrote them.
    """
    kind = kind_of(rundir.as_path("directory", directory))
    owner = {"discovery": Discovery, "sweep": SweepResult, "search": SweepResult}.get(kind or "", TrainResult)
    return owner.load(directory)


def diagnose(path: str | Path) -> list[Finding]:
    """Judge a run, a sweep or a discovery by the files it left, while it trains, after it ended or after it was killed.

    Args:
        path: directory, or the `training_log_*.json` of a run.

    Returns:
        The findings, with what is wrong with the files themselves.

    Raises:
        RunDirectoryError: There is no log, or a file is damaged beyond its last line.
    """
    kind = kind_of(path) if rundir.as_path("path", path).is_dir() else None
    if kind == "discovery":
        return Discovery.load(path).diagnose()
    return _of_sweep(Path(path)) if kind in ("sweep", "search") else _of_run(path)


def _of_run(path: str | Path) -> list[Finding]:
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
    findings += diagnose_run(log.records, config, facts, summary.get("status"))
    return by_severity(findings)


def _of_sweep(directory: Path) -> list[Finding]:
    if (directory / sweepdir.SUMMARY).is_file():
        return SweepResult.load(directory).diagnose()
    path = directory / rundir.CONFIG
    lanes = sweepdir.lanes_in(path, rundir.read_json(path))
    configs = [Config.from_dict(lane) for lane in lanes]
    histories = sweepdir.by_lane(sweepdir.read_lane_log(directory / sweepdir.LOG), len(configs))
    ended = {row["lane"]: row["status"] for row in sweepdir.read_table(directory / sweepdir.TABLE)}
    table, findings = [], []
    for lane, (config, history) in enumerate(zip(configs, histories, strict=True)):
        status = ended.get(lane, "RUNNING")
        table.append(sweepdir.table_row(lane, config, history, status))
        findings.append(diagnose_run(history, config, None, status))
    return diagnose_grid(table, axes_of(configs), findings)

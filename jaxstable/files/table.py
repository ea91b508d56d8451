"""The table and the log of a sweep: one row per lane, one line per lane and epoch. Reading them needs no JAX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.phrases import shortened

LOG = "lanes_log.json"
TABLE = "lanes.json"
SUMMARY = "sweep_summary.json"  # where it is, the sweep has ended or was stopped, and its arrays are complete
MEASURED = (
    "epochs_done",
    "val_loss",
    "val_recon",
    "val_f1",
    "val_shd",
    "edge_count",
    "best_threshold",
    "best_epoch",
    "last_val_recon",
    "train_loss",
    "skipped_steps",
)
# The measured columns that have a better and a worse; "edge_count" and the like have none.
QUALITIES = ("val_loss", "val_recon", "val_f1", "val_shd", "last_val_recon", "train_loss")
UNFINISHED = ("RUNNING", "INTERRUPTED")  # the statuses of a lane that has not ended


def kept_evaluation(history: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the record of the state that was kept: the last new best, else the last evaluation, else nothing."""
    evaluated = [record for record in history if record.get("val_loss") is not None]
    return next((record for record in reversed(history) if record.get("new_best")), evaluated[-1] if evaluated else {})


def table_row(lane: int, config: Config, history: Sequence[Mapping[str, Any]], status: str) -> dict[str, Any]:
    """Return one lane's line of the table: its number, what its best evaluation showed, and its whole config.

    "val_loss" to "best_threshold" are of epoch "best_epoch", the evaluation that was kept: with a true graph
    that of the best F1, which may come long before the reconstruction is best. "last_val_recon" is the
    reconstruction of the last evaluation.
    """
    best = kept_evaluation(history)
    recons = [terms.get("recon") for record in history if (terms := record.get("val_loss_components"))]
    return {
        "lane": lane,
        "status": status,
        "epochs_done": len(history),
        "val_loss": best.get("val_loss"),
        "val_recon": (best.get("val_loss_components") or {}).get("recon"),
        "val_f1": best.get("val_f1"),
        "val_shd": best.get("val_shd"),
        "edge_count": best.get("edge_count"),
        "best_threshold": best.get("best_threshold"),
        "best_epoch": best.get("epoch"),
        "last_val_recon": recons[-1] if recons else None,
        "train_loss": history[-1]["train_loss"] if history else None,
        "skipped_steps": sum(record["skipped_steps"] for record in history),
        **config.to_dict(),
    }


def default_metric(has_truth: bool) -> str:
    """Return the column that ranks lanes: F1 if the true graph is known, else the unweighted reconstruction.

    Total losses of lanes with other lambdas do not compare.
    """
    return "val_f1" if has_truth else "val_recon"


def better(metric: str) -> int:
    """Return 1 if more of a metric is better, -1 if less is."""
    return 1 if metric == "val_f1" else -1


def write_lines(path: Path, documents: Sequence[Mapping[str, Any]]) -> None:
    """Write one JSON object per line, atomically."""
    rundir.write_atomic(path, rundir.json_lines(documents))


def read_lane_log(path: Path, lane: int | None = None) -> list[dict[str, Any]]:
    """Return the whole records of a sweep's log; a line that a crash cut off is left out.

    Args:
        path: The log; a missing one is empty.
        lane: The lane that all lines belong to, in the log of a single run.
    """
    records = _read_lines(path)
    if lane is not None:
        records = [{"lane": lane, **record} for record in records]
    return [record for record in records if _is_number(record.get("lane")) and _is_number(record.get("epoch"))]


def read_table(path: Path) -> list[dict[str, Any]]:
    """Return the rows of the lanes that have ended."""
    return [row for row in _read_lines(path) if {"lane", "status"} <= set(row)]


def _read_lines(path: Path) -> list[dict[str, Any]]:
    return rundir.parse_lines(path.read_bytes())[0] if path.is_file() else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def by_lane(records: Sequence[Mapping[str, Any]], n_lanes: int) -> list[list[dict[str, Any]]]:
    """Deal the records of a log to their lanes, without the lane's number.

    Where an epoch occurs twice, written again after a crash, the later one counts.
    """
    dealt: list[dict[int, dict[str, Any]]] = [{} for _ in range(n_lanes)]
    for record in records:
        if 0 <= record["lane"] < n_lanes:
            dealt[record["lane"]][record["epoch"]] = {k: v for k, v in record.items() if k != "lane"}
    return [[epochs[epoch] for epoch in sorted(epochs)] for epochs in dealt]


def lanes_in(path: Path, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the configs of all lanes that a document names.

    Raises:
        RunDirectoryError: It names none, or they are no configs.
    """
    lanes = document.get("lanes")
    if not isinstance(lanes, list) or not lanes or not all(isinstance(lane, dict) for lane in lanes):
        raise rundir.RunDirectoryError(
            f"{path} does not say what was trained (lanes is {shortened(lanes)}): restore it from a copy, or train "
            "anew in another directory"
        )
    return lanes

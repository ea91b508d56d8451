"""One run from beginning to end, with its files: a sweep of a single lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.files.runfiles import Notes
from jaxstable.models.base import Model
from jaxstable.training.interruption import Interrupted
from jaxstable.training.record import Run
from jaxstable.training.spec import Optimizer
from jaxstable.training.sweep import sweep_lanes


def fit(
    config: Config,
    dataset: Dataset,
    *,
    model: Model | None = None,
    optimizer: Optimizer | None = None,
    run_dir: str | Path | None = None,
    resume: bool = False,
    notes: Notes | None = None,
    on_epoch: Callable[[Mapping[str, Any]], object] | None = None,
    keep: Callable[[Run], object] | None = None,
) -> Run:
    """Train one run.

    Args:
        config: Every choice of the run.
        dataset: The data.
        model: A model of your own instead of the one that the config names.
        optimizer: A transform of your own instead of the one that the config names, see `spec.Optimizer`.
        run_dir: Where log and checkpoint go; None writes nothing.
        resume: Go on from the checkpoint in `run_dir`, if there is one.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_epoch: Called with every new health record.
        keep: Writes the run into `run_dir`; called while the directory is still ours and signals still wait.

    Returns:
        The run.

    Raises:
        ConfigError: The config does not fit the data.
        RunDirectoryError: The directory is in use, damaged, cannot be written, or holds a run of another config,
            model or data set.
        Interrupted: A signal came, be it in the last epoch; the epoch was finished and everything saved, and
            `result` holds the run.
    """
    try:
        [run] = sweep_lanes(
            [config],
            dataset,
            single=True,
            model=model,
            optimizer=optimizer,
            run_dir=run_dir,
            resume=resume,
            notes=notes,
            on_epoch=on_epoch and (lambda records: on_epoch(records[0])),
            keep=keep and (lambda runs: keep(runs[0])),
        )
    except Interrupted as stop:
        [stop.result] = stop.result
        raise
    return run

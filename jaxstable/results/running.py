"""Run engines and hand back results, which keep themselves in the directory of the run when it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.results.sweep_result import SweepResult
from jaxstable.training.distributed import sweep_all_processes
from jaxstable.training.interruption import Interrupted
from jaxstable.training.sweepprogress import SweepProgress


def run_sweep(
    configs: Sequence[Config], dataset: Dataset, progress: bool | None, *, title: str = "", **how: Any
) -> SweepResult:
    """Train configs as lanes, with their progress shown, and return them as a result."""
    where = None if how["run_dir"] is None else Path(how["run_dir"])
    how["keep"] = keep_in(SweepResult, where)
    with SweepProgress(configs, dataset.truth is not None, progress, title) as shown:
        try:
            runs = sweep_all_processes(configs, dataset, on_begin=shown.begin, on_epoch=shown.epoch, **how)
        except Interrupted as stop:
            stop.result = SweepResult(stop.result, where)
            raise
    return SweepResult(runs, where)


def keep_in(make: Callable[[Any, Path | None], Any], where: Path | None) -> Callable[[Any], object] | None:
    """Return what writes a result into its own directory, None if it has none."""
    return None if where is None else lambda made: make(made, where).save(where)

"""Run engines and hand back results, which keep themselves in the directory of the run when it ends."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from jaxstable.config import Config, ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.files.directory import as_path
from jaxstable.files.provenance import PROVENANCE, provenance
from jaxstable.results.sensors import recorded_of
from jaxstable.results.sweep_result import SweepResult
from jaxstable.results.train_result import TrainResult
from jaxstable.training.distributed import sweep_all_processes
from jaxstable.training.interruption import Interrupted
from jaxstable.training.progress import Progress
from jaxstable.training.sweep import OnSweepEpoch, sweep_lanes
from jaxstable.training.sweepprogress import SweepProgress


def run_train(
    config: Config,
    dataset: Dataset,
    progress: bool | Literal["full"] | None,
    on_epoch: Callable[[Mapping[str, Any]], object] | None = None,
    **how: Any,
) -> TrainResult:
    """Train one config, with its progress shown, and return it as a result."""
    true_edges = None if dataset.truth is None else int(dataset.truth.sum())
    where = how["run_dir"] = None if how["run_dir"] is None else as_path("run_dir", how["run_dir"])
    how["keep"] = where and (lambda runs: TrainResult(runs[0], where).save(where))
    how["notes"] = _with_provenance(how.get("notes"), dataset, config.seed)
    with Progress(config.epochs, true_edges, progress) as shown:
        tell = _both(shown.epoch, on_epoch)
        try:
            [run] = sweep_lanes([config], dataset, single=True, on_epoch=lambda records: tell(records[0]), **how)
        except Interrupted as stop:
            stop.result = TrainResult(stop.result[0], where)
            raise
    return TrainResult(run, where)


def run_sweep(
    configs: Sequence[Config],
    dataset: Dataset,
    progress: bool | Literal["full"] | None,
    on_epoch: OnSweepEpoch | None = None,
    *,
    title: str = "",
    **how: Any,
) -> SweepResult:
    """Train configs as lanes, with their progress shown, and return them as a result."""
    where = how["run_dir"] = None if how["run_dir"] is None else as_path("run_dir", how["run_dir"])
    how["keep"] = where and (lambda runs: SweepResult(runs, where).save(where))
    how["notes"] = _with_provenance(how.get("notes"), dataset, [config.seed for config in configs])
    with SweepProgress(configs, dataset.truth is not None, progress, title) as shown:
        try:
            runs = sweep_all_processes(
                configs, dataset, on_begin=shown.begin, on_epoch=_both(shown.epoch, on_epoch), **how
            )
        except Interrupted as stop:
            stop.result = SweepResult(stop.result, where)
            raise
    return SweepResult(runs, where)


def _with_provenance(notes: Any, dataset: Dataset, seed: int | Sequence[int]) -> Any:
    """Return notes and beside them where the run comes from; notes that are none are left to be refused."""
    if notes is not None and not isinstance(notes, Mapping):
        return notes
    source = (notes or {}).get("data.json")
    files = source.get("path") if isinstance(source, Mapping) else None
    recorded = recorded_of(dataset.values, dataset.mask, dataset.names)
    about = {**provenance(dataset, seed, files), "recorded": {name: what._asdict() for name, what in recorded.items()}}
    return {PROVENANCE: about, **(notes or {})}


def _both(show: Callable[[Any], object], own: Callable[[Any], object] | None) -> Callable[[Any], None]:
    """Return one call for the display and the user's own, which comes last: what it raises is the user's to see."""
    if own is not None and not callable(own):
        raise ConfigError(f"on_epoch: found {own!r}, expected a function of the records of an epoch, or None")

    def call(records: Any) -> None:
        show(records)
        if own is not None:
            own(copy.deepcopy(records))  # what it changes is its own, not the history

    return call

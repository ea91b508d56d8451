"""The calls that most users need: data in, result out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxstable.config import Config, ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.models.base import Model
from jaxstable.results import storage
from jaxstable.results.diagnosis import Finding, diagnose_dir
from jaxstable.results.result import TrainResult
from jaxstable.training.fit import fit
from jaxstable.training.progress import Progress
from jaxstable.training.signals import Interrupted


def train(
    config: Config | Mapping[str, Any] | None = None,
    data: Dataset | Any = None,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    progress: bool | None = None,
    model: Model | None = None,
    notes: Mapping[str, Mapping[str, Any]] | None = None,
) -> TrainResult:
    """Train one model on one data set, with its health on record.

    Args:
        config: Every choice of the run; a mapping of fields is taken too. None is ``Config()``.
        data: A `Dataset`, an array ``[time, variables]`` or a dataframe. None is the embedded plant,
            ``datasets.sensors()``.
        run_dir: Directory for log, checkpoint, graph and summary; None writes nothing. A run that is already
            there is moved to a numbered directory beside it.
        resume: Go on from the checkpoint in `run_dir`, bit for bit as if the run had never stopped; starts anew
            if there is none.
        progress: Show a line per epoch; None does so in a terminal or notebook only.
        model: A model of your own, instead of the one that the config names.
        notes: JSON documents to lay into `run_dir` by file name, such as where the data came from.

    Returns:
        The result, of the best state.

    Raises:
        ConfigError: A field is unknown or out of its range.
        DataError: The data cannot be trained on.
        RunDirectoryError: The directory is in use, damaged, or holds another run.
        Interrupted: Ctrl-C or SIGTERM; the epoch was finished, everything saved, and `result` holds the run.

    Example:
        >>> import jaxstable as js
        >>> result = js.train(js.Config(epochs=1), js.datasets.sensors(n_steps=300), progress=False)
        >>> result.adjacency.shape
        (13, 13)
    """
    if config is None:
        config = Config()
    if isinstance(config, Mapping):
        config = Config.from_dict(config)
    if not isinstance(config, Config):
        raise ConfigError(f"config: found a {type(config).__name__}, expected a Config; the data come second")
    dataset = as_dataset(data)
    true_edges = None if dataset.truth is None else int(dataset.truth.sum())
    with Progress(config.epochs, true_edges, progress) as shown:
        try:
            run = fit(
                config, dataset, model=model, run_dir=run_dir, resume=resume, notes=notes, on_epoch=shown.epoch
            )
        except Interrupted as stop:
            stop.result = _kept(TrainResult(stop.result, None), run_dir)
            raise
    return _kept(TrainResult(run, None), run_dir)


def as_dataset(data: Dataset | Any) -> Dataset:
    """Return the data as a `Dataset`: an array or a dataframe is taken with the default window."""
    if data is None:
        from jaxstable.data.sources import sensors

        return sensors()
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (str, Path)):
        return Dataset.from_file(data)
    if hasattr(data, "columns") or hasattr(data, "column_names"):
        return Dataset.from_dataframe(data)
    return Dataset.from_array(data)


def load(directory: str | Path) -> TrainResult:
    """Return the result that a run or `TrainResult.save` left in a directory.

    Raises:
        RunDirectoryError: Files are missing or damaged.
    """
    return storage.load(directory)


def diagnose(path: str | Path) -> list[Finding]:
    """Return the findings about a run from its directory or its log file.

    Raises:
        RunDirectoryError: There is no log.
    """
    return diagnose_dir(path)


def _kept(result: TrainResult, run_dir: str | Path | None) -> TrainResult:
    if run_dir is None:
        return result
    return TrainResult(result.run, storage.save(result, run_dir))

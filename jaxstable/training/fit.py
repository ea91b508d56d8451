"""One run from beginning to end, with its files: a group of a single lane."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.files.directory import CONFIG, RunDirectoryError
from jaxstable.files.runfiles import RunFiles
from jaxstable.models.base import Model
from jaxstable.training.interruption import Interrupted, deferred_signals
from jaxstable.training.lanes import use_every_core
from jaxstable.training.loop import Progress, not_begun, run_lanes, state_template
from jaxstable.training.problem import Problem, check_same_data, identity
from jaxstable.training.record import Run


def fit(
    config: Config,
    dataset: Dataset,
    *,
    model: Model | None = None,
    run_dir: str | Path | None = None,
    resume: bool = False,
    notes: Mapping[str, Mapping[str, Any]] | None = None,
    on_epoch: Callable[[Mapping[str, Any]], None] | None = None,
    keep: Callable[[Run], object] | None = None,
) -> Run:
    """Train one run.

    Args:
        config: Every choice of the run.
        dataset: The data.
        model: A model of your own instead of the one that the config names.
        run_dir: Where log and checkpoint go; None writes nothing.
        resume: Go on from the checkpoint in `run_dir`, if there is one.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_epoch: Called with every new health record.
        keep: Writes the run into `run_dir`; called while the directory is still ours and signals still wait.

    Returns:
        The run.

    Raises:
        ConfigError: The config does not fit the data.
        RunDirectoryError: The directory is in use, damaged, or holds a run of another config or data set.
        Interrupted: A signal came, be it in the last epoch; the epoch was finished and everything saved, and
            `result` holds the run.
    """
    use_every_core()
    problem = Problem(config, dataset, model)
    with contextlib.ExitStack() as closing:
        files = None
        begun = not_begun(1)
        if run_dir is not None:
            files = closing.enter_context(RunFiles(run_dir, config, resume=resume, notes=notes or {}))
            files.meta = identity(config, problem.dataset)
            begun = _begun(problem, files)
            # Only now: a run that is refused leaves the directory as it was.
            files.begin({CONFIG: config.to_dict(), **(notes or {})})
        signalled = closing.enter_context(deferred_signals())
        [run] = run_lanes(
            problem,
            [config],
            begun,
            sink=files,
            on_epoch=on_epoch and (lambda records: on_epoch(records[0])),
            signalled=signalled,
        )
        if files and keep:
            keep(run)
        signum = signalled()
        if signum is not None:
            rest = (
                f"`jaxstable resume {run_dir}` goes on" if run.status == "INTERRUPTED" else "nothing is left to train"
            )
            where = f"saved in {run_dir}; {rest}" if run_dir else "not saved: no run_dir"
            raise Interrupted(f"interrupted after epoch {len(run.history)}: {where}", signum, run)
        return run


def _begun(problem: Problem, files: RunFiles) -> Progress:
    """Return how far the checkpoint of a run directory has come."""
    found = files.load(state_template(problem, [problem.config]))
    if found is None:
        files.keep_records(0)
        return not_begun(1)
    state, meta = found
    _check_same_config(problem.config, meta)
    check_same_data(problem.dataset, meta)
    if meta["epoch"] > problem.config.epochs:
        raise RunDirectoryError(
            f"epochs: the run in this directory has done {meta['epoch']}, found {problem.config.epochs}; resume with "
            "at least as many, or train anew in another directory"
        )
    return Progress(state, [files.keep_records(meta["epoch"])], meta["epoch"], meta["seconds"])


def _check_same_config(config: Config, meta: Mapping[str, Any]) -> None:
    """Refuse to go on with another config; only the number of epochs may change."""
    then, now = meta["config"], config.to_dict()
    changed = [name for name in now if name != "epochs" and now[name] != then.get(name)]
    if changed:
        name = changed[0]
        raise RunDirectoryError(
            f"{name}: the run in this directory has {then.get(name)!r}, found {now[name]!r}; resume with the config "
            "it was started with (only `epochs` may change), or use another run directory"
        )

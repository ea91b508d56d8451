"""The main job: one config and one data set in, one run out."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxstable.config import Config, ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Prepared, prepare
from jaxstable.models.base import Model
from jaxstable.models.registry import model_of
from jaxstable.training.epoch import summary_adjacency
from jaxstable.training.health import health_record
from jaxstable.training.lanes import LaneData, Lanes, stack, unstack, use_every_core
from jaxstable.training.record import Run
from jaxstable.training.rundir import RunDirectoryError
from jaxstable.training.runfiles import RunFiles
from jaxstable.training.signals import Interrupted, deferred_signals
from jaxstable.training.spec import Spec, make_hyper, make_spec
from jaxstable.training.state import RunState, Status, init_state, unraveler

CHECKPOINT_SECONDS = 1.0  # least time between two checkpoints; a crash costs no more than that

OnEpoch = Callable[[Mapping[str, Any]], None]


class Problem:
    """Hold what a config and a data set make together: the compiled program's inputs and the data's facts."""

    def __init__(self, config: Config, dataset: Dataset, model: Model | None = None) -> None:
        if config.window is not None and config.window != dataset.window:
            dataset = dataset.with_window(config.window)
        if config.monitor == "val_f1" and dataset.truth is None:
            raise ConfigError("monitor: found 'val_f1', but the data set has no true graph; use 'auto' or 'val_loss'")
        self.config = config
        self.dataset = dataset
        self.model = model or model_of(config)
        self.spec: Spec = make_spec(config, self.model, dataset.n_vars, dataset.truth is not None)
        self.prepared: Prepared = prepare(dataset, config.standardize)
        truth = None if dataset.truth is None else jnp.asarray(dataset.truth, bool)
        self.data = LaneData(self.prepared.train, self.prepared.validation, truth)
        self.n_steps = -(-len(self.prepared.train) // config.batch_size)

    def run_of(self, config: Config, state: RunState, history: list[dict[str, Any]], status: str, seconds: float) -> Run:
        """Return the finished run of one lane."""
        params = unraveler(self.model, self.spec.n_vars)(jnp.asarray(state.best_params))
        lagged = self.model.adjacency(params)
        best = [record for record in history if record["new_best"]]
        evaluated = best or [record for record in history if record["best_threshold"] is not None]
        return Run(
            config=config,
            names=self.dataset.names,
            history=history,
            adjacency=np.asarray(summary_adjacency(lagged)),
            lagged=np.asarray(lagged),
            threshold=evaluated[-1]["best_threshold"] if evaluated else 0.5,
            truth=self.dataset.truth,
            status=status,
            total_time=seconds,
            data_facts=data_facts(self.dataset, self.prepared, config),
            params=jax.device_get(params),
        )


def fit(
    config: Config,
    dataset: Dataset,
    *,
    model: Model | None = None,
    run_dir: str | Path | None = None,
    resume: bool = False,
    notes: Mapping[str, Mapping[str, Any]] | None = None,
    on_epoch: OnEpoch | None = None,
) -> Run:
    """Train one run, as a single lane.

    Args:
        config: Every choice of the run.
        dataset: The data.
        model: A model of your own instead of the one that the config names.
        run_dir: Where log and checkpoint go; None writes nothing.
        resume: Go on from the checkpoint in `run_dir`, if there is one.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_epoch: Called with every new health record.

    Returns:
        The run.

    Raises:
        ConfigError: The config does not fit the data.
        RunDirectoryError: The directory is in use, damaged, or holds a run of another config or data set.
        Interrupted: A signal came; the epoch was finished and everything saved, and `result` holds the run.
    """
    use_every_core()
    problem = Problem(config, dataset, model)
    with contextlib.ExitStack() as stack_of:
        files = stack_of.enter_context(RunFiles(run_dir, config, resume=resume, notes=notes)) if run_dir is not None else None
        state, history, before = _beginning(problem, files, resume)
        signalled = stack_of.enter_context(deferred_signals())
        return _advance(problem, files, state, history, before, on_epoch, signalled)


def _beginning(
    problem: Problem, files: RunFiles | None, resume: bool
) -> tuple[RunState | None, list[dict[str, Any]], float]:
    """Return state, records and seconds of the checkpoint, or of a run that has not begun."""
    if files is None or not resume:
        return None, [], 0.0
    template = jax.eval_shape(lambda hyper: init_state(problem.spec, hyper), make_hyper(problem.config))
    found = files.load(template)
    if found is None:
        return None, [], 0.0
    state, meta = found
    _check_same_run(problem, meta)
    return stack([state]), files.keep_records(int(state.epoch)), meta["seconds"]


def _advance(
    problem: Problem,
    files: RunFiles | None,
    state: RunState | None,
    history: list[dict[str, Any]],
    seconds_before: float,
    on_epoch: OnEpoch | None,
    signalled: Callable[[], int | None],
) -> Run:
    config = problem.config
    lanes = Lanes(problem.spec, stack([make_hyper(config)]), problem.data, state=state)
    meta = {"config": config.to_dict(), "fingerprint": fingerprint(problem.dataset)}
    start = time.perf_counter() - seconds_before
    saved = time.perf_counter()
    while lanes.status[0] == Status.RUNNING and len(history) < config.epochs and not signalled():
        epoch_start = time.perf_counter()
        epoch = len(history) + 1
        evaluated = epoch % config.eval_every == 0 or epoch == config.epochs
        info = unstack(lanes.advance(evaluated=evaluated, epochs_left=config.epochs - epoch), 0)
        seconds = time.perf_counter() - epoch_start
        history.append(health_record(info, epoch=epoch, n_steps=problem.n_steps, epoch_time=seconds))
        if files:
            files.append(history[-1])
            if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                files.save(unstack(lanes.state, 0), {**meta, "seconds": time.perf_counter() - start})
                saved = time.perf_counter()
        if on_epoch:
            on_epoch(history[-1])

    status = Status(int(lanes.status[0]))
    if status == Status.RUNNING:
        status = Status.FINISHED if len(history) >= config.epochs else Status.INTERRUPTED
    final = unstack(lanes.state, 0)
    total = time.perf_counter() - start
    if files:
        files.save(final, {**meta, "seconds": total})
    run = problem.run_of(config, final, history, status.name, total)
    if status == Status.INTERRUPTED:
        where = f"saved in {files.directory}; resume it with `jaxstable resume`" if files else "not saved (no run_dir)"
        raise Interrupted(f"interrupted after epoch {len(history)}: {where}", signalled(), run)
    return run


def _check_same_run(problem: Problem, meta: Mapping[str, Any]) -> None:
    """Refuse to go on with another config or other data; only more epochs are allowed."""
    then, now = dict(meta["config"]), problem.config.to_dict()
    then.pop("epochs"), now.pop("epochs")
    changed = [name for name in now if now[name] != then.get(name)]
    if changed:
        name = changed[0]
        raise RunDirectoryError(
            f"{name}: the run in this directory has {then.get(name)!r}, found {now[name]!r}; resume with the config "
            "it was started with (only `epochs` may change), or use another run directory"
        )
    if meta["fingerprint"] != fingerprint(problem.dataset):
        raise RunDirectoryError(
            "the run in this directory was started on other data; resume with the same data, or use another directory"
        )


def fingerprint(dataset: Dataset) -> str:
    """Return a checksum of a data set's values, gaps and windows."""
    digest = hashlib.blake2b(digest_size=16)
    for array in (dataset.values, dataset.mask, dataset.series):
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    digest.update(repr((dataset.names, dataset.window, dataset.stride)).encode())
    return digest.hexdigest()


def data_facts(dataset: Dataset, prepared: Prepared, config: Config) -> dict[str, Any]:
    """Return what diagnosis needs to know of the data, JSON-ready."""
    observed = np.asarray(dataset.mask, bool)
    low = np.where(observed, dataset.values, np.inf).min(axis=0)
    high = np.where(observed, dataset.values, -np.inf).max(axis=0)
    constant = [name for name, same in zip(dataset.names, low == high, strict=True) if same]
    return {
        "n_rows": dataset.n_rows,
        "n_windows": dataset.n_windows,
        "missing_share": [round(float(share), 6) for share in 1.0 - observed.mean(axis=0)],
        "mean": [float(x) for x in prepared.mean],
        "scale": [float(x) for x in prepared.scale],
        "raw_abs_max": float(max(np.abs(low).max(), np.abs(high).max())),
        "standardized": config.standardize,
        "constant": constant,
    }

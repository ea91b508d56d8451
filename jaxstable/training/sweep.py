"""A whole grid of runs: grouped by what is compiled, trained as lanes, kept lane by lane. One run is a grid of one."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.runfiles import Notes, RunFiles
from jaxstable.models.base import Model
from jaxstable.training.devices import check_placement, prepare_jax
from jaxstable.training.grid import static_fields
from jaxstable.training.identity import check_identity, identity
from jaxstable.training.interruption import Interrupted, deferred_signals
from jaxstable.training.loop import Progress, not_begun, run_lanes, state_template
from jaxstable.training.problem import Problem
from jaxstable.training.record import Run
from jaxstable.training.spec import Optimizer

logger: logging.Logger = logging.getLogger(__name__)

OnSweepEpoch = Callable[[Mapping[int, Mapping[str, Any]]], object]
OnBegin = Callable[[Mapping[int, Sequence[Mapping[str, Any]]]], None]


class Group(NamedTuple):
    """Hold lanes that share one compiled program."""

    problem: Problem
    lanes: list[int]
    configs: list[Config]


def sweep_lanes(
    configs: Sequence[Config],
    dataset: Dataset,
    *,
    single: bool = False,
    model: Model | None = None,
    optimizer: Optimizer | None = None,
    run_dir: str | Path | None = None,
    resume: bool = False,
    notes: Notes | None = None,
    on_begin: OnBegin | None = None,
    on_epoch: OnSweepEpoch | None = None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
    keep: Callable[[Sequence[Run]], object] | None = None,
    stopped: Callable[[], int | None] | None = None,
) -> list[Run]:
    """Train every config as a lane.

    Args:
        configs: One config per lane. Lanes that differ only in floats and seeds share one compiled program.
        dataset: The data.
        single: Whether the one lane is a run of its own, with the files of one; its number of epochs may grow.
        model: A model of your own, for all lanes.
        optimizer: A transform of your own, for all lanes, see `spec.Optimizer`.
        run_dir: Where log, table and checkpoints go; None writes nothing.
        resume: Go on from the checkpoints in `run_dir`, if there are any.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_begin: Called once per group before training, with the records that a resumed sweep already has, by lane.
        on_epoch: Called after every epoch of a group with the new records, by lane.
        devices: Devices to use; by default all of this process.
        width: Lanes that a device takes at a time; by default 1 on a CPU, all elsewhere.
        keep: Writes the runs into `run_dir`; called while the directory is still ours and signals still wait.
        stopped: Asked after every epoch; a number ends the sweep as a signal of this number does.

    Returns:
        One run per config, in their order.

    Raises:
        ConfigError: A config does not fit the data, or `model`, `devices` or `width` is refused.
        RunDirectoryError: The directory is in use, damaged, cannot be written, or holds another run or sweep.
        Interrupted: A signal came, be it in the last epoch; the epoch was finished and everything saved, and
            `result` holds all runs, those that had not begun without a record.
    """
    prepare_jax()
    check_placement(devices, width)
    groups = grouped(configs, dataset, model, optimizer)
    runs: dict[int, Run] = {}
    with contextlib.ExitStack() as closing:
        files = None
        begun = [not_begun(len(group.lanes)) for group in groups]
        if run_dir is not None:
            # A run is known by the windows that it trains on, a sweep by those of its data set.
            what = identity(configs, groups[0].problem.dataset if single else dataset, model, optimizer)
            files = closing.enter_context(RunFiles(run_dir, what, single=single, resume=resume, notes=notes))
            begun = _begun(groups, files, what)
            files.begin()  # only now: what is refused leaves the directory as it was
        if on_begin:
            for group, progress in zip(groups, begun, strict=True):
                on_begin(dict(zip(group.lanes, progress.histories, strict=True)))
        received = closing.enter_context(deferred_signals())

        def signalled() -> int | None:
            signum = received()
            return stopped() if signum is None and stopped else signum

        for number, (group, progress) in enumerate(zip(groups, begun, strict=True)):
            sink = files and _GroupSink(files, number, group, progress)
            ended = run_lanes(
                group.problem,
                group.configs,
                progress,
                sink=sink,
                on_epoch=on_epoch and numbered(on_epoch, group.lanes),
                signalled=signalled,
                devices=devices,
                width=width,
            )
            runs |= zip(group.lanes, ended, strict=True)
            if sink:
                sink.end([run.status for run in ended])
            if signalled() is not None:
                for later in groups[number + 1 :]:
                    runs |= _not_run(later)
                break
        ordered = [runs[lane] for lane in range(len(configs))]
        if files and keep:
            keep(ordered)
        signum = signalled()
        if signum is not None:
            raise Interrupted(where_it_stands(ordered, run_dir, single), signum, ordered)
        return ordered


def where_it_stands(runs: Sequence[Run], run_dir: str | Path | None, single: bool = False) -> str:
    """Return what an interrupted run or sweep tells its user."""
    done = sum(run.status != "INTERRUPTED" for run in runs)
    rest = f"`jaxstable resume {run_dir}` goes on" if done < len(runs) else "nothing is left to train"
    where = f"saved in {run_dir}; {rest}" if run_dir else "not saved: no run_dir"
    when = f"after epoch {len(runs[0].history)}" if single else f"with {done} of {len(runs)} lanes done"
    return f"interrupted {when}: {where}"


def grouped(
    configs: Sequence[Config], dataset: Dataset, model: Model | None = None, optimizer: Optimizer | None = None
) -> list[Group]:
    """Group configs by everything that is compiled or prepared once: all fields but traced floats and the seed."""
    members: dict[tuple[Any, ...], list[int]] = {}
    for lane, config in enumerate(configs):
        members.setdefault(static_fields(config), []).append(lane)
    return [
        Group(Problem(configs[lanes[0]], dataset, model, optimizer), lanes, [configs[lane] for lane in lanes])
        for lanes in members.values()
    ]


def _begun(groups: Sequence[Group], files: RunFiles, what: Mapping[str, Any]) -> list[Progress]:
    """Return how far the checkpoints of a directory have come.

    Raises:
        RunDirectoryError: They are damaged, or of something else than `what`.
    """
    if files.begun_with is not None:
        check_identity(files.begun_with, what, files.directory, single=files.single)
    found = [files.load(number, state_template(group.problem, group.configs)) for number, group in enumerate(groups)]
    done = {lane: 0 for group in groups for lane in group.lanes}
    for group, checkpoint in zip(groups, found, strict=True):
        if checkpoint is not None:
            state, meta = checkpoint
            if meta["epoch"] > group.problem.config.epochs:
                raise RunDirectoryError(
                    f"epochs: the run in this directory has done {meta['epoch']}, found "
                    f"{group.problem.config.epochs}; resume with at least as many, or train anew in another directory"
                )
            done |= zip(group.lanes, map(int, state.epoch), strict=True)
    histories = files.histories(done)
    if files.single and files.begun_with is not None:
        _tell_of_other_epochs(files.begun_with["lanes"][0].get("epochs"), groups[0].problem)
    begun = []
    for group, checkpoint in zip(groups, found, strict=True):
        if checkpoint is None:
            begun.append(not_begun(len(group.lanes)))
        else:
            state, meta = checkpoint
            begun.append(Progress(state, [histories[lane] for lane in group.lanes], meta["epoch"], meta["seconds"]))
    return begun


def _tell_of_other_epochs(epochs: Any, problem: Problem) -> None:
    """Warn that a run of another number of epochs is none that was never interrupted, where that number counts."""
    if epochs != problem.config.epochs and problem.spans_the_run:
        logger.warning(
            "epochs: begun with %s and going on to %d: %s follows the share of the run that is done, so this is not "
            "the run that %d epochs from the start would have given",
            epochs,
            problem.config.epochs,
            problem.model.name if problem.spec.lr_schedule == "constant" else "the learning rate",
            problem.config.epochs,
        )


def _not_run(group: Group) -> dict[int, Run]:
    """Return the runs of a group that a signal kept from beginning: no record, no edge."""
    problem = group.problem
    n_vars = problem.spec.n_vars
    shape = jax.eval_shape(lambda: problem.model.adjacency(problem.model.init(jax.random.key(0), n_vars))).shape
    blank = Run(
        config=problem.config,
        names=problem.dataset.names,
        history=[],
        adjacency=np.zeros(shape[1:], np.float32),
        lagged=np.zeros(shape, np.float32),
        threshold=0.5,
        truth=problem.dataset.truth,
        status="INTERRUPTED",
        total_time=0.0,
        data_facts=problem.data_facts,
        params=None,
    )
    return {
        lane: dataclasses.replace(blank, config=config, history=[])
        for lane, config in zip(group.lanes, group.configs, strict=True)
    }


def numbered(
    call: Callable[[Mapping[int, Any]], object], lanes: Sequence[int]
) -> Callable[[Mapping[int, Any]], object]:
    """Return a call that takes records by a group's own lane numbers and passes them on by those of the whole sweep."""
    return lambda records: call({lanes[own]: record for own, record in records.items()})


class _GroupSink:
    """Translate a group's own lane numbers to the sweep's, and let the table grow as lanes end."""

    def __init__(self, files: RunFiles, number: int, group: Group, begun: Progress) -> None:
        self.files, self.number, self.group = files, number, group
        self.histories = [list(history) for history in begun.histories]
        self.end([history[-1]["status"] if history else "RUNNING" for history in self.histories])

    def append(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        self.files.append({self.group.lanes[own]: record for own, record in records.items()})
        for own, record in records.items():
            self.histories[own].append(dict(record))
        if any(record["status"] != "RUNNING" for record in records.values()):
            self.end([history[-1]["status"] for history in self.histories])

    def save(self, state: Any, meta: Mapping[str, Any]) -> None:
        self.files.save(self.number, state, meta)

    def end(self, statuses: Sequence[str]) -> None:
        """Enter the lanes that have ended into the table."""
        for own, status in enumerate(statuses):
            self.files.end(self.group.lanes[own], self.group.configs[own], self.histories[own], status)
        self.files.write_table()

"""A whole grid of runs: grouped by what is compiled, trained as lanes, kept lane by lane."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.files import directory as rundir
from jaxstable.files.runfiles import Notes
from jaxstable.files.sweepfiles import SweepFiles
from jaxstable.files.table import UNFINISHED, table_row
from jaxstable.models.base import Model
from jaxstable.training.grid import static_fields
from jaxstable.training.interruption import Interrupted, deferred_signals
from jaxstable.training.lanes import check_placement, use_every_core
from jaxstable.training.loop import Progress, not_begun, run_lanes, state_template
from jaxstable.training.problem import Problem, fingerprint
from jaxstable.training.record import Run

OnSweepEpoch = Callable[[Mapping[int, Mapping[str, Any]]], None]
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
    model: Model | None = None,
    run_dir: str | Path | None = None,
    resume: bool = False,
    notes: Notes | None = None,
    on_begin: OnBegin | None = None,
    on_epoch: OnSweepEpoch | None = None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
    keep: Callable[[Sequence[Run]], object] | None = None,
) -> list[Run]:
    """Train every config as a lane.

    Args:
        configs: One config per lane. Lanes that differ only in floats and seeds share one compiled program.
        dataset: The data.
        model: A model of your own, for all lanes.
        run_dir: Where log, table and checkpoints go; None writes nothing.
        resume: Go on from the checkpoints in `run_dir`, if there are any.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_begin: Called once per group before training, with the records that a resumed sweep already has, by lane.
        on_epoch: Called after every epoch of a group with the new records, by lane.
        devices: Devices to use; by default all of this process.
        width: Lanes that a device takes at a time; by default 1 on a CPU, all elsewhere.
        keep: Writes the runs into `run_dir`; called while the directory is still ours and signals still wait.

    Returns:
        One run per config, in their order.

    Raises:
        ConfigError: A config does not fit the data, or `model`, `devices` or `width` is refused.
        RunDirectoryError: The directory is in use, damaged or holds another sweep.
        Interrupted: A signal came, be it in the last epoch; the epoch was finished and everything saved, and
            `result` holds all runs, those that had not begun without a record.
    """
    use_every_core()
    check_placement(devices, width)
    groups = grouped(configs, dataset, model)
    runs: dict[int, Run] = {}
    with contextlib.ExitStack() as closing:
        files = None
        begun = [not_begun(len(group.lanes)) for group in groups]
        if run_dir is not None:
            identity = {"lanes": [config.to_dict() for config in configs], "fingerprint": fingerprint(dataset)}
            files = closing.enter_context(SweepFiles(run_dir, identity, resume=resume, notes=notes))
            begun = _begun(groups, files)
        if on_begin:
            for group, progress in zip(groups, begun, strict=True):
                on_begin(dict(zip(group.lanes, progress.histories, strict=True)))
        signalled = closing.enter_context(deferred_signals())
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
            done = sum(run.status != "INTERRUPTED" for run in ordered)
            rest = f"`jaxstable resume {run_dir}` goes on" if done < len(ordered) else "nothing is left to train"
            where = f"saved in {run_dir}; {rest}" if run_dir else "not saved: no run_dir"
            raise Interrupted(f"interrupted with {done} of {len(ordered)} lanes done: {where}", signum, ordered)
        return ordered


def grouped(configs: Sequence[Config], dataset: Dataset, model: Model | None = None) -> list[Group]:
    """Group configs by everything that is compiled or prepared once: all fields but traced floats and the seed."""
    members: dict[tuple[Any, ...], list[int]] = {}
    for lane, config in enumerate(configs):
        members.setdefault(static_fields(config), []).append(lane)
    return [
        Group(Problem(configs[lanes[0]], dataset, model), lanes, [configs[lane] for lane in lanes])
        for lanes in members.values()
    ]


def _begun(groups: Sequence[Group], files: SweepFiles) -> list[Progress]:
    """Return how far the checkpoints of a sweep have come."""
    found = [files.load(number, state_template(group.problem, group.configs)) for number, group in enumerate(groups)]
    done = [0 if checkpoint is None else checkpoint[1]["epoch"] for checkpoint in found]
    histories = files.histories(
        {lane: epochs for group, epochs in zip(groups, done, strict=True) for lane in group.lanes}
    )
    begun = []
    for group, checkpoint in zip(groups, found, strict=True):
        if checkpoint is None:
            begun.append(not_begun(len(group.lanes)))
            continue
        state, meta = checkpoint
        own = [histories[lane] for lane in group.lanes]
        _check_whole(own, state.epoch, files)
        begun.append(Progress(state, own, meta["epoch"], meta["seconds"]))
    return begun


def _check_whole(histories: Sequence[Sequence[Any]], epochs: Any, files: SweepFiles) -> None:
    if [len(history) for history in histories] != [int(epoch) for epoch in epochs]:
        raise rundir.RunDirectoryError(
            f"{files.directory}: the log and a checkpoint do not agree on the epochs done; restore the log from a "
            "copy, or start in a new directory"
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


def numbered(call: Callable[[Mapping[int, Any]], None], lanes: Sequence[int]) -> Callable[[Mapping[int, Any]], None]:
    """Return a call that takes records by a group's own lane numbers and passes them on by those of the whole sweep."""
    return lambda records: call({lanes[own]: record for own, record in records.items()})


class _GroupSink:
    """Translate a group's own lane numbers to the sweep's, and let the table grow as lanes end."""

    def __init__(self, files: SweepFiles, number: int, group: Group, begun: Progress) -> None:
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
            lane = self.group.lanes[own]
            if status not in UNFINISHED and lane not in self.files.table:
                self.files.table[lane] = table_row(lane, self.group.configs[own], self.histories[own], status)
        self.files.write_table()

"""A whole grid of runs: grouped by what is compiled, trained as lanes, kept lane by lane."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.models.base import Model
from jaxstable.training import rundir
from jaxstable.training.lanes import use_every_core
from jaxstable.training.loop import Progress, not_begun, run_lanes, state_template
from jaxstable.training.problem import Problem, fingerprint
from jaxstable.training.record import Run
from jaxstable.training.runfiles import Notes
from jaxstable.training.signals import Interrupted, deferred_signals
from jaxstable.training.spec import Hyper
from jaxstable.training.sweepfiles import SweepFiles

OnSweepEpoch = Callable[[Mapping[int, Mapping[str, Any]]], None]


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
    on_epoch: OnSweepEpoch | None = None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
) -> list[Run]:
    """Train every config as a lane.

    Args:
        configs: One config per lane. Lanes that differ only in floats and seeds share one compiled program.
        dataset: The data.
        model: A model of your own, for all lanes.
        run_dir: Where log, table and checkpoints go; None writes nothing.
        resume: Go on from the checkpoints in `run_dir`, if there are any.
        notes: JSON documents to lay into `run_dir`, by file name.
        on_epoch: Called after every epoch of a group with the new records, by lane.
        devices: Devices to use; by default all of this process.
        width: Lanes that a device takes at a time; by default 1 on a CPU, all elsewhere.

    Returns:
        One run per config, in their order.

    Raises:
        ConfigError: A config does not fit the data.
        RunDirectoryError: The directory is in use, damaged or holds another sweep.
        Interrupted: A signal came; the epoch was finished and everything saved, and `result` holds the runs.
    """
    use_every_core()
    groups = grouped(configs, dataset, model)
    runs: dict[int, Run] = {}
    with contextlib.ExitStack() as closing:
        files = None
        begun = [not_begun(len(group.lanes)) for group in groups]
        if run_dir is not None:
            identity = {"lanes": [config.to_dict() for config in configs], "fingerprint": fingerprint(dataset)}
            files = closing.enter_context(SweepFiles(run_dir, identity, resume=resume, notes=notes))
            begun = _begun(groups, files)
        signalled = closing.enter_context(deferred_signals())
        for number, (group, progress) in enumerate(zip(groups, begun, strict=True)):
            sink = files and _GroupSink(files, number, group, progress)
            ended = run_lanes(
                group.problem,
                group.configs,
                progress,
                sink=sink,
                on_epoch=on_epoch and _by_lane(on_epoch, group.lanes),
                signalled=signalled,
                devices=devices,
                width=width,
            )
            runs |= zip(group.lanes, ended, strict=True)
            if sink:
                sink.end([run.status for run in ended])
            if (signum := signalled()) is not None:
                done = sum(run.status != "INTERRUPTED" for run in runs.values())
                where = f"saved in {run_dir}; resume=True goes on" if run_dir else "not saved: no run_dir"
                raise Interrupted(f"interrupted with {done} of {len(configs)} lanes done: {where}", signum, runs)
    return [runs[lane] for lane in range(len(configs))]


def grouped(configs: Sequence[Config], dataset: Dataset, model: Model | None = None) -> list[Group]:
    """Group configs by everything that is compiled or prepared once: all fields but traced floats and the seed."""
    traced = set(Hyper._fields)
    members: dict[tuple[Any, ...], list[int]] = {}
    for lane, config in enumerate(configs):
        key = tuple(value for name, value in config.to_dict().items() if name not in traced)
        members.setdefault(key, []).append(lane)
    return [
        Group(Problem(configs[lanes[0]], dataset, model), lanes, [configs[lane] for lane in lanes])
        for lanes in members.values()
    ]


def table_row(lane: int, config: Config, history: Sequence[Mapping[str, Any]], status: str) -> dict[str, Any]:
    """Return one lane's line of the table: its number, what its best evaluation showed, and its whole config."""
    evaluated = [record for record in history if record["val_loss"] is not None]
    best = next((record for record in reversed(evaluated) if record["new_best"]), evaluated[-1] if evaluated else {})
    return {
        "lane": lane,
        "status": status,
        "epochs": len(history),
        "val_loss": best.get("val_loss"),
        "val_recon": (best.get("val_loss_components") or {}).get("recon"),
        "val_f1": best.get("val_f1"),
        "val_shd": best.get("val_shd"),
        "edge_count": best.get("edge_count"),
        "best_threshold": best.get("best_threshold"),
        "train_loss": history[-1]["train_loss"] if history else None,
        "skipped_steps": sum(record["skipped_steps"] for record in history),
        **config.to_dict(),
    }


def _begun(groups: Sequence[Group], files: SweepFiles) -> list[Progress]:
    """Return how far the checkpoints of a sweep have come."""
    found = [
        files.load(number, state_template(group.problem, group.configs)) for number, group in enumerate(groups)
    ]
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
            f"{files.directory}: the log and a checkpoint do not agree on the epochs done; restore the log from a copy, "
            "or start in a new directory"
        )


def _by_lane(call: OnSweepEpoch, lanes: Sequence[int]) -> OnSweepEpoch:
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
            if status not in ("RUNNING", "INTERRUPTED"):
                lane = self.group.lanes[own]
                self.files.table[lane] = table_row(lane, self.group.configs[own], self.histories[own], status)
        self.files.write_table()

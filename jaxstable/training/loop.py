"""The host loop: lanes of one problem in, their runs out; a single run is one lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import jax
import numpy as np

from jaxstable.config import Config
from jaxstable.training.health import health_record
from jaxstable.training.lanes import Lanes, stack, unstack
from jaxstable.training.problem import Problem
from jaxstable.training.record import Run
from jaxstable.training.spec import make_hyper
from jaxstable.training.state import RunState, Status, init_state

CHECKPOINT_SECONDS = 1.0  # least time between two checkpoints; a crash costs no more than that

History = list[dict[str, Any]]


class Sink(Protocol):
    """Where a group of lanes writes while it runs."""

    def append(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Keep the records of one epoch, by lane."""

    def save(self, state: RunState, meta: Mapping[str, Any]) -> None:
        """Keep the state of all lanes."""


class Progress(NamedTuple):
    """Hold how far a group of lanes has come.

    Attributes:
        state: State of every lane, leaves ``[lanes]``; None before the first epoch.
        histories: Records of every lane.
        epoch: Epochs done.
        seconds: Time spent.
    """

    state: RunState | None
    histories: list[History]
    epoch: int = 0
    seconds: float = 0.0


def not_begun(n_lanes: int) -> Progress:
    """Return the progress of lanes that have not begun."""
    return Progress(None, [[] for _ in range(n_lanes)])


def state_template(problem: Problem, configs: Sequence[Config]) -> RunState:
    """Return the structure, shapes and types of the lanes' state."""
    hypers = stack([make_hyper(config, problem.model) for config in configs])
    return jax.eval_shape(jax.vmap(lambda hyper: init_state(problem.spec, hyper)), hypers)


def run_lanes(
    problem: Problem,
    configs: Sequence[Config],
    begun: Progress,
    *,
    sink: Sink | None = None,
    on_epoch: Callable[[Mapping[int, Mapping[str, Any]]], object] | None = None,
    signalled: Callable[[], int | None] = lambda: None,
    devices: Sequence[Any] | None = None,
    width: int | None = None,
) -> list[Run]:
    """Train lanes that share a problem until each has stopped or a signal comes.

    Args:
        problem: What the lanes share.
        configs: One config per lane; they differ in floats and seeds only.
        begun: Where to go on from.
        sink: Where records and checkpoints go.
        on_epoch: Called after every epoch with the new records, by lane.
        signalled: Says which signal has come, if any.
        devices: Devices to use, see `Lanes`.
        width: Lanes that a device takes at a time, see `Lanes`.

    Returns:
        One run per lane; those that a signal stopped have status "INTERRUPTED".
    """
    epochs, every = problem.config.epochs, problem.config.eval_every
    hypers = stack([make_hyper(config, problem.model) for config in configs])
    lanes = Lanes(problem.spec, hypers, problem.data, state=begun.state, devices=devices, width=width)
    histories = [list(history) for history in begun.histories]
    epoch, saved = begun.epoch, time.perf_counter()
    start = saved - begun.seconds

    def save() -> None:
        if sink is not None:
            sink.save(lanes.state, {"epoch": epoch, "seconds": time.perf_counter() - start})

    while epoch < epochs and np.any(lanes.status == Status.RUNNING) and not signalled():
        epoch_start = time.perf_counter()
        epoch += 1
        evaluated = epoch % every == 0 or epoch == epochs
        info = lanes.advance(evaluated=evaluated, epochs_left=epochs - epoch)
        seconds = time.perf_counter() - epoch_start
        records = {
            lane: health_record(unstack(info, lane), epoch=epoch, n_steps=problem.n_steps, epoch_time=seconds)
            for lane in np.flatnonzero(info.active).tolist()
        }
        for lane, record in records.items():
            histories[lane].append(record)
        if sink is not None:
            sink.append(records)
            if time.perf_counter() - saved > CHECKPOINT_SECONDS:
                save()
                saved = time.perf_counter()
        if on_epoch:
            on_epoch(records)
    save()
    total = time.perf_counter() - start
    now = total - begun.seconds
    times = {"compile": lanes.compile_time, "train": max(0.0, now - lanes.compile_time)}
    unfinished = Status.FINISHED if epoch >= epochs else Status.INTERRUPTED
    state = lanes.state
    return [
        problem.run_of(
            config,
            unstack(state, lane),
            histories[lane],
            _ended(int(state.status[lane]), unfinished),
            total,
            times,
        )
        for lane, config in enumerate(configs)
    ]


def _ended(status: int, unfinished: Status) -> str:
    return (unfinished if status == Status.RUNNING else Status(status)).name

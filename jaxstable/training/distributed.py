"""Several machines: each process trains its own lanes into its own files, and the results are gathered at the end.

The engine is `jax.distributed`; this file only deals out lanes and gathers runs. Lanes need nothing of each other,
so the compiled programs hold no collective and a slow machine delays nothing but the end.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from jaxstable.config import Config, ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.files.ownership import owned
from jaxstable.training.announced import announced
from jaxstable.training.board import DONE, INTERRUPTED, Board
from jaxstable.training.devices import prepare_jax
from jaxstable.training.interruption import Interrupted, deferred_signals
from jaxstable.training.record import Run
from jaxstable.training.sweep import OnBegin, OnSweepEpoch, numbered, sweep_lanes, where_it_stands

__all__ = ["is_first", "start"]

PROCESS = "process-{}"  # directory of a process

Item = TypeVar("Item")


def start(coordinator: str | None = None, n_processes: int | None = None, process: int | None = None) -> None:
    """Join the processes of one sweep; call it before anything else touches JAX.

    Under SLURM, Open MPI, Kubeflow, SkyPilot or on a TPU pod nothing need be given. With a plain list of hosts, start
    the same program on each with the address of the first, the number of processes and the process's own number.

    Args:
        coordinator: "host:port" of process 0.
        n_processes: Number of processes.
        process: Number of this process, from 0.

    Raises:
        ConfigError: Some of the three are missing and no launcher says them, or a launcher says half of them.
        RuntimeError: JAX is already running, or the processes do not find each other.
    """
    given = {"coordinator": coordinator, "n_processes": n_processes, "process": process}
    missing = [name for name, value in given.items() if value is None]
    said = announced(os.environ) if len(missing) == len(given) else None
    if said is not None:
        (coordinator, n_processes, process), missing = said, []
    prepare_jax()
    try:
        jax.distributed.initialize(coordinator, n_processes, process)
    except ValueError as error:
        if not missing:
            raise
        raise ConfigError(
            f"start: {', '.join(missing)} not given, and no launcher of several processes is found ({error}) Start the "
            "program with one, such as srun, or give start(coordinator, n_processes, process)"
        ) from error


def sweep_all_processes(
    configs: Sequence[Config],
    dataset: Dataset,
    *,
    run_dir: str | Path | None = None,
    resume: bool = False,
    on_begin: OnBegin | None = None,
    on_epoch: OnSweepEpoch | None = None,
    keep: Callable[[Sequence[Run]], object] | None = None,
    **options: Any,
) -> list[Run]:
    """Train every config as a lane of the process that owns it, and return all runs to every process.

    Each process writes into a directory of its own, ``run_dir/process-<number>``, and resumes from there, so a sweep
    goes on with as many processes as it was started with. With one process this is `sweep_lanes`.

    Args:
        configs: One config per lane, the same list in every process.
        dataset: The data, the same in every process.
        run_dir: Where the processes' directories go; the same for all, though not all need to see the same disk.
        resume: As for `sweep_lanes`.
        on_begin: As for `sweep_lanes`; called with the lanes of this process.
        on_epoch: As for `sweep_lanes`; called with the lanes of this process.
        keep: Writes all runs into `run_dir`; called by process 0 alone, once all are done.
        **options: As for `sweep_lanes`.

    Returns:
        One run per config, in their order.

    Raises:
        Interrupted: A signal came to one process; all finished their epoch and saved, and `result` holds all lanes.
        RuntimeError: Another process has failed, or has not been heard of for an hour; what was done is saved.
    """
    prepare_jax()  # counting the processes starts JAX
    how = {"resume": resume, **options}
    if jax.process_count() == 1:
        return sweep_lanes(configs, dataset, run_dir=run_dir, on_begin=on_begin, on_epoch=on_epoch, keep=keep, **how)
    board, lanes = Board(), own(len(configs))
    with board.told(), taken_by_first(run_dir, PROCESS.format("*"), resume=resume, board=board):
        directory = None if run_dir is None else Path(run_dir) / PROCESS.format(jax.process_index())
        mine = [configs[lane] for lane in lanes]
        calls = {"on_begin": on_begin and numbered(on_begin, lanes), "on_epoch": on_epoch and numbered(on_epoch, lanes)}
        outcome = DONE
        try:
            runs = sweep_lanes(mine, dataset, run_dir=directory, stopped=board.stopped, **calls, **how) if lanes else []
        except Interrupted as stop:
            runs, outcome = stop.result, f"{INTERRUPTED} {stop.signum}"
        # A signal while the processes meet must not keep the others waiting for this one.
        with deferred_signals() as signalled:
            board.post("outcome", outcome)
            outcomes = board.wait("outcome", range(jax.process_count()))
            everyone = gather(dict(zip(lanes, runs, strict=True)))
            ordered = [everyone[lane] for lane in range(len(configs))]
            if run_dir is not None and keep and is_first():
                keep(ordered)
        signals = [int(word.split()[1]) for word in outcomes.values() if word.startswith(INTERRUPTED)]
        signum = max(signals, default=signalled())
        if signum is not None:
            raise Interrupted(where_it_stands(ordered, run_dir), signum, ordered)
    return ordered


@contextlib.contextmanager
def taken_by_first(
    directory: str | Path | None, parts: str, *, resume: bool, board: Board | None = None
) -> Iterator[Path | None]:
    """Let process 0 take a directory for all processes; the others begin once it has.

    Args:
        directory: The directory; None takes none.
        parts: Pattern of the directories within it, see `jaxstable.files.ownership.owned`.
        resume: As there.
        board: Where the processes talk; by default one of its own.

    Yields:
        The directory.

    Raises:
        RunDirectoryError: Another run has it (in process 0).
        RuntimeError: Process 0 could not take it (in the others).
    """
    prepare_jax()
    if jax.process_count() == 1:
        with contextlib.nullcontext() if directory is None else owned(directory, parts, resume=resume) as place:
            yield place
        return
    board = board or Board()
    with board.told(), contextlib.ExitStack() as closing:
        if is_first() and directory is not None:
            closing.enter_context(owned(directory, parts, resume=resume))
        board.post("ready", "")
        board.wait("ready", [0])
        yield None if directory is None else Path(directory)


def is_first() -> bool:
    """Return whether this process is the one that writes what all have in common."""
    return jax.process_index() == 0


def own(n_lanes: int) -> list[int]:
    """Return the lanes of this process: every n-th, so that unlike lanes spread evenly."""
    return list(range(jax.process_index(), n_lanes, jax.process_count()))


def gather(items: Mapping[int, Item]) -> dict[int, Item]:
    """Return the items of all processes, by lane; every process must call it."""
    from jax.experimental.multihost_utils import process_allgather

    payload = np.frombuffer(pickle.dumps(dict(items)), np.uint8)
    sizes = np.asarray(process_allgather(np.int32(payload.size))).reshape(-1)
    padded = np.zeros(int(sizes.max()), np.uint8)
    padded[: payload.size] = payload
    everyone = np.asarray(process_allgather(padded)).reshape(len(sizes), -1)
    gathered: dict[int, Item] = {}
    for row, size in zip(everyone, sizes, strict=True):
        # Our own processes wrote these bytes a moment ago.
        gathered |= pickle.loads(row[:size].tobytes())
    return gathered


def __dir__() -> list[str]:
    return __all__

"""The files of a run in progress: one writer at a time, a log flushed every epoch, a checkpoint to go on from."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import filelock

from jaxstable.config import Config
from jaxstable.training import rundir
from jaxstable.training.checkpoint import load_checkpoint, save_checkpoint
from jaxstable.training.rundir import RunDirectoryError
from jaxstable.training.table import is_sweep

CHECKPOINT = "checkpoint.npz"
LOCK = ".lock"
OWN_FILES = (  # what a run or a sweep leaves, but for its config
    rundir.LOG.format(preset="*"),
    rundir.SUMMARY.format(preset="*"),
    rundir.ADJACENCY,
    "checkpoint*.npz",
    "lanes*.json",
    "lanes.npz",
    "sweep_summary.json",
    "data.json",
    "graph.graphml",
    "result.png",
)

Notes = Mapping[str, Mapping[str, Any]]


class RunFiles:
    """Own a run directory while a run is in progress.

    Args:
        directory: The directory; made if missing.
        config: The run's config; its preset names the log.
        resume: Whether to go on from the checkpoint there. If not, the files of a run that is already there are
            moved to a numbered directory beside it, so that nothing is lost.

    Raises:
        RunDirectoryError: Another run is writing there.
    """

    def __init__(self, directory: str | Path, config: Config, *, resume: bool) -> None:
        self.directory = Path(directory)
        self._lock = locked(self.directory)
        with released_on_error(self._lock):
            if not resume:
                move_away(self.directory)
            elif is_sweep(self.directory):
                raise RunDirectoryError(f"{self.directory} holds a sweep, not a single run; use another directory")
        self.checkpoint = self.directory / CHECKPOINT
        self.log = self.directory / rundir.LOG.format(preset=config.preset)
        self.summary = self.directory / rundir.SUMMARY.format(preset=config.preset)
        self.meta: dict[str, Any] = {}  # what every checkpoint says besides its state
        self._handle: TextIO | None = None

    def close(self) -> None:
        """Give the directory up."""
        if self._handle:
            self._handle.close()
        self._lock.release()

    def __enter__(self) -> RunFiles:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def describe(self, documents: Notes) -> None:
        """Lay JSON documents beside the run's files, by file name."""
        for name, document in documents.items():
            rundir.write_json(self.directory / name, document)

    def append(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Add the one lane's record to the log, as one line, flushed."""
        if self._handle is None:
            self._handle = self.log.open("a", encoding="utf-8")
        self._handle.write(json.dumps(records[0], allow_nan=False) + "\n")
        self._handle.flush()

    def keep_records(self, n_epochs: int) -> list[dict[str, Any]]:
        """Cut the log back to its first epochs, those that the checkpoint knows of, and return them.

        Raises:
            RunDirectoryError: The log holds fewer whole records than that.
        """
        records = rundir.read_log(self.log).records[:n_epochs] if self.log.is_file() else []
        if [record.get("epoch") for record in records] != list(range(1, n_epochs + 1)):
            raise RunDirectoryError(
                f"{self.log} holds {len(records)} whole records, but the checkpoint is at epoch {n_epochs}; "
                "restore the log from a copy, or train anew in another directory"
            )
        rundir.write_log(self.log, records)
        return records

    def save(self, state: Any, meta: Mapping[str, Any]) -> None:
        """Write the checkpoint; the log reaches the disk before it."""
        if self._handle:
            os.fsync(self._handle.fileno())
        save_checkpoint(self.checkpoint, state, {**self.meta, **meta})

    def load(self, template: Any) -> tuple[Any, dict[str, Any]] | None:
        """Return what the checkpoint holds, None if there is none yet."""
        return load_checkpoint(self.checkpoint, template) if self.checkpoint.is_file() else None


def locked(directory: Path) -> filelock.BaseFileLock:
    """Make a directory and take it for this process alone; the lock ends with the process, however it ends.

    Raises:
        RunDirectoryError: Another run has it, or it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{directory} cannot be made a directory ({error.strerror}); choose another run directory"
        ) from error
    lock = filelock.FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RunDirectoryError(
            f"{directory} is in use by another run; wait for it, or choose another run directory"
        ) from None
    for kind in ("npz", "json"):  # what a killed writer left half written
        for rest in directory.glob(f".*.{kind}.*.tmp"):
            rest.unlink(missing_ok=True)
    return lock


@contextlib.contextmanager
def released_on_error(lock: filelock.BaseFileLock) -> Iterator[None]:
    """Give a directory up again if what follows is refused."""
    try:
        yield
    except RunDirectoryError:
        lock.release()
        raise


def move_away(directory: Path, force: bool = False) -> Path | None:
    """Move the files of an earlier run to a numbered directory beside it, made in any case by `force`.

    Raises:
        RunDirectoryError: The directory holds a config that no run wrote, so its files are somebody else's.
    """
    config = directory / rundir.CONFIG
    files = [path for pattern in OWN_FILES for path in directory.glob(pattern)]
    if config.is_file():
        if not {"preset", "lanes"} & set(rundir.read_json(config)):
            raise RunDirectoryError(f"{config} is not a run's; choose a run directory of its own")
        # The config goes last: a crash on the way leaves it, and the next run moves the rest.
        files.append(config)
    if not files and not force:
        return None
    directory = directory.resolve()  # "." has no name to number
    number = 1
    while (target := directory.with_name(f"{directory.name}-{number}")).exists():
        number += 1
    target.mkdir()
    for path in files:
        path.rename(target / path.name)
    return target

"""The files of a run in progress: one writer at a time, a log flushed every epoch, a checkpoint to go on from."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import filelock

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.files.checkpoint import META, load_checkpoint, save_checkpoint
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.table import is_sweep

CHECKPOINT = "checkpoint.npz"
LOCK = ".lock"
CHECKPOINTS = (CHECKPOINT, "checkpoint-[0-9]*.npz")
MARKS = (  # what nobody else calls so: a directory that holds one is a run's
    rundir.LOG.format(preset="*"),
    rundir.SUMMARY.format(preset="*"),
    "lanes_log.json",
    "sweep_summary.json",
)
OWN_FILES = (  # what a run or a sweep leaves, but for its config
    *MARKS,
    *CHECKPOINTS,
    rundir.ADJACENCY,
    "lanes.json",
    "lanes.npz",
    "data.json",
    "graph.graphml",
    "result.png",
    "sweep.png",
)
RECORD_KEYS = ("status", "train_loss", "skipped_steps", "val_loss", "new_best", "best_threshold")

logger = logging.getLogger("jaxstable")

Notes = Mapping[str, Mapping[str, Any]]


class RunFiles:
    """Own a run directory while a run is in progress.

    Args:
        directory: The directory; made if missing.
        config: The run's config; its preset names the log.
        resume: Whether to go on from the checkpoint there. If not, or if there is none, the files of a run that
            is already there are moved to a numbered directory beside it, so that nothing is lost; only a run of
            the same config that was killed before its first checkpoint starts anew in its place.
        notes: Names of the documents that will be laid beside the run's files.

    Attributes:
        moved_to: Where the files of an earlier run went; None if there were none.

    Raises:
        RunDirectoryError: Another run is writing there, or files that are not a run's would be overwritten.
    """

    def __init__(self, directory: str | Path, config: Config, *, resume: bool, notes: Iterable[str] = ()) -> None:
        self.directory = Path(directory)
        self.checkpoint = self.directory / CHECKPOINT
        self.log = self.directory / rundir.LOG.format(preset=config.preset)
        self.summary = self.directory / rundir.SUMMARY.format(preset=config.preset)
        self.moved_to: Path | None = None
        self._lock = locked(self.directory)
        with released_on_error(self._lock):
            if resume and is_sweep(self.directory):
                raise RunDirectoryError(f"{self.directory} holds a sweep, not a single run; use another directory")
            if not (resume and (self.checkpoint.exists() or self._barely_begun(config))):
                writes = (CHECKPOINT, self.log.name, self.summary.name, rundir.ADJACENCY, *notes)
                self.moved_to = move_away(self.directory, writes=writes)
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

    def begin(self, documents: Notes) -> None:
        """Lay JSON documents beside the run's files, by file name; without a summary, the run counts as going on."""
        self.summary.unlink(missing_ok=True)
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
        check_records(self.log, records)
        rundir.write_log(self.log, records)
        return records

    def save(self, state: Any, meta: Mapping[str, Any]) -> None:
        """Write the checkpoint; the log reaches the disk before it."""
        if self._handle:
            os.fsync(self._handle.fileno())
        save_checkpoint(self.checkpoint, state, {**self.meta, **meta})

    def load(self, template: Any) -> tuple[Any, dict[str, Any]] | None:
        """Return what the checkpoint holds, None if there is none yet."""
        return loaded(self.checkpoint, template)

    def _barely_begun(self, config: Config) -> bool:
        """Return whether the directory holds this very run, killed before its first checkpoint."""
        path = self.directory / rundir.CONFIG
        ended = any(self.directory.glob(rundir.SUMMARY.format(preset="*")))
        return path.is_file() and not ended and rundir.read_json(path) == rundir.json_ready(config.to_dict())


def loaded(checkpoint: Path, template: Any) -> tuple[Any, dict[str, Any]] | None:
    """Return what a checkpoint holds, None if there is none.

    Raises:
        RunDirectoryError: It is damaged.
    """
    if checkpoint.exists() and not checkpoint.is_file():
        raise RunDirectoryError(f"{checkpoint} is not a file; remove it, or choose another run directory")
    return load_checkpoint(checkpoint, template) if checkpoint.is_file() else None


def check_records(log: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to go on from records that lack what a run needs of them.

    Raises:
        RunDirectoryError: A record lacks a key.
    """
    for record in records:
        lacking = [key for key in RECORD_KEYS if key not in record]
        if lacking:
            raise RunDirectoryError(
                f"{log}: the record of epoch {record.get('epoch')} lacks {', '.join(lacking)}; restore the log from a "
                "copy, or train anew in another directory"
            )


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


def move_away(directory: Path, force: bool = False, writes: Iterable[str] = ()) -> Path | None:
    """Move the files of an earlier run to a numbered directory beside it, made in any case by `force`.

    Args:
        directory: The directory.
        force: Make the numbered directory even if there is no file to move.
        writes: Names of the files to be written next.

    Returns:
        The numbered directory, None if none was needed.

    Raises:
        RunDirectoryError: The directory holds a config that no run wrote, so its files are somebody else's, or
            somebody else's files have the names of those to be written.
    """
    directory = directory.resolve()  # "." has no name to number
    files = own_files(directory)
    remaining = {path.name for path in directory.iterdir()} - {path.name for path in files}
    taken = sorted(remaining & set(writes))
    if taken:
        raise RunDirectoryError(
            f"{directory} holds {', '.join(taken)}, which no run wrote and this one would overwrite; choose a run "
            "directory of its own"
        )
    if not files and not force:
        return None
    number = 1
    while (target := directory.with_name(f"{directory.name}-{number}")).exists():
        number += 1
    target.mkdir()
    for path in files:
        path.rename(target / path.name)
    logger.info("moved the files of an earlier run from %s to %s", directory, target)
    return target


@contextlib.contextmanager
def owned(directory: str | Path, parts: str, *, resume: bool) -> Iterator[Path]:
    """Take a directory whose runs lie in directories within it; unless resumed, those of earlier ones are moved aside.

    Args:
        directory: The directory; made if missing.
        parts: Pattern of the names of the directories within it.
        resume: Whether to leave everything in its place.

    Raises:
        RunDirectoryError: Another run has it.
    """
    directory = Path(directory)
    lock = locked(directory)
    try:
        if not resume:
            earlier = sorted(directory.glob(parts))
            aside = move_away(directory, force=bool(earlier))
            if aside is not None:
                for path in earlier:
                    path.rename(aside / path.name)
        yield directory
    finally:
        lock.release()


def own_files(directory: Path) -> list[Path]:
    """Return the files that a run or a sweep has left, its config last; none if nothing marks the directory as its.

    Raises:
        RunDirectoryError: The directory holds a config that no run wrote.
    """
    config = directory / rundir.CONFIG
    if config.is_file() and not {"preset", "lanes"} & set(rundir.read_json(config)):
        raise RunDirectoryError(f"{config} is not a run's; choose a run directory of its own")
    if not (config.is_file() or _found(directory, MARKS) or any(map(_is_ours, _found(directory, CHECKPOINTS)))):
        return []
    # The config goes last: a crash on the way leaves it, and the next run moves the rest.
    return [*_found(directory, OWN_FILES), *([config] if config.is_file() else [])]


def _found(directory: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(directory.glob(pattern)) if path.is_file()]


def _is_ours(checkpoint: Path) -> bool:
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            return f"{META}.npy" in archive.namelist()
    except zipfile.BadZipFile:
        return False

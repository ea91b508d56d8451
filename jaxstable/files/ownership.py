"""Who may write into a directory: one run at a time, and never over what an earlier one or somebody else left there."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import filelock

from jaxstable.files import directory as rundir
from jaxstable.files.checkpoint import META
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.kinds import CHECKPOINTS, KINDS

LOCK = ".lock"

logger: logging.Logger = logging.getLogger("jaxstable")


def locked(directory: Path) -> filelock.BaseFileLock:
    """Make a directory and take it for this process alone; the lock ends with the process, however it ends.

    Raises:
        RunDirectoryError: Another run has it, or it cannot be made or written.
    """
    writable(directory)
    lock = filelock.FileLock(directory / LOCK)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        raise RunDirectoryError(
            f"{directory} is in use by another run; wait for it, or choose another run directory"
        ) from None
    for kind in ("npz", "json"):  # what a killed writer left half written
        for rest in directory.glob(f".*.{kind}.*.tmp"):
            if f".{os.getpid()}-" not in rest.name:
                rest.unlink(missing_ok=True)
    return lock


def writable(directory: str | Path) -> None:
    """Make a directory and try to write into it, so that nobody works for hours and then cannot keep the result.

    Raises:
        RunDirectoryError: It cannot be made or written.
    """
    directory = rundir.as_path("run_dir", directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise RunDirectoryError(
            f"{str(directory)!r} cannot be made a directory ({reason}); choose another run directory"
        ) from error
    with rundir.refused_if_unwritable(directory), tempfile.TemporaryFile(dir=directory) as nameless:
        nameless.write(b"1")
        nameless.flush()


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
    directory = rundir.as_path("run_dir", directory)
    lock = locked(directory)
    try:
        if not resume:
            move_away(directory, parts=sorted(path for path in directory.glob(parts) if path.is_dir()))
        yield directory
    finally:
        lock.release()


def move_away(directory: Path, writes: Iterable[str] = (), parts: Iterable[Path] = ()) -> Path | None:
    """Move what an earlier run left to a numbered directory beside it.

    Args:
        directory: The directory.
        writes: Names of the files to be written next.
        parts: Directories within it to move as well.

    Returns:
        The numbered directory, None if there was nothing to move.

    Raises:
        RunDirectoryError: The directory holds a config that no run wrote, so its files are somebody else's, or
            somebody else's files have the names of those to be written.
    """
    directory = directory.resolve()  # "." has no name to number
    files = own_files(directory)
    files = [*(path.resolve() for path in parts if path.resolve() not in files), *files]
    others = {path.name for path in directory.iterdir()} - {path.name for path in files}
    taken = sorted(others & set(writes))
    if taken:
        raise RunDirectoryError(
            f"{directory} holds {', '.join(taken)}, which no run wrote and this one would overwrite; choose a run "
            "directory of its own"
        )
    if not files:
        return None
    number = 1
    while (target := directory.with_name(f"{directory.name}-{number}")).exists():
        number += 1
    with rundir.refused_if_unwritable(directory):
        target.mkdir()
        for path in files:
            path.rename(target / path.name)
    logger.info("moved the files of an earlier run from %s to %s", directory, target)
    return target


def own_files(directory: Path) -> list[Path]:
    """Return what results of ours have left in a directory, of whichever kinds, the config last.

    A directory that nothing marks as ours holds none.

    Raises:
        RunDirectoryError: The directory holds a config that no run wrote.
    """
    config = directory / rundir.CONFIG
    keys = set(rundir.read_json(config)) if config.is_file() else set()
    if config.is_file() and not {"preset", "lanes"} & keys:
        raise RunDirectoryError(f"{config} is not a run's; choose a run directory of its own")
    checkpoints = [path for pattern in CHECKPOINTS for path in directory.glob(pattern) if _is_ours(path)]
    begun = {"sweep"} if "lanes" in keys else {"train"} if "preset" in keys else set()
    begun |= {"sweep" if "-" in path.name else "train" for path in checkpoints}
    kinds = [
        kind for name, kind in KINDS.items() if name in begun or any(any(directory.glob(mark)) for mark in kind.marks)
    ]
    patterns = dict.fromkeys(pattern for kind in kinds for pattern in kind.owned)
    found = dict.fromkeys(path for pattern in patterns for path in sorted(directory.glob(pattern)))
    # The config goes last: a crash on the way leaves it, and the next run moves the rest.
    return [path for path in found if path != config] + [path for path in found if path == config]


def _is_ours(checkpoint: Path) -> bool:
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            return f"{META}.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False

"""Read and write the files of a run directory: whole or not at all, and readable when damaged."""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxstable.phrases import shortened

LOG = "training_log_{preset}.json"
SUMMARY = "training_summary_{preset}.json"
ADJACENCY = "adjacency.npz"
CONFIG = "config.json"


class RunDirectoryError(ValueError):
    """A run directory lacks a file or holds a damaged one."""


class Log(NamedTuple):
    """The health records of a log, with the numbers of the lines that could not be read."""

    path: Path
    records: list[dict[str, Any]]
    damaged: list[int]
    truncated: bool


def json_ready(value: Any) -> Any:
    """Turn arrays, paths and non-finite numbers into what strict JSON can hold (NaN is null).

    >>> json_ready({"loss": float("nan"), "names": ("a", "b")})
    {'loss': None, 'names': ['a', 'b']}
    """
    if isinstance(value, Mapping):
        return {str(key): json_ready(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return json_ready(value.tolist())
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


@contextlib.contextmanager
def refused_if_unwritable(directory: Path) -> Iterator[None]:
    """Turn what the system says of a directory (full, read-only) into an error of ours.

    Raises:
        RunDirectoryError: The system refused.
    """
    try:
        yield
    except OSError as error:
        raise RunDirectoryError(
            f"{directory} cannot be written ({error.strerror or error}); make room or choose another place"
        ) from error


def as_path(field: str, given: Any) -> Path:
    """Return a path; refuse what is none, and the empty text, which would be wherever one happens to be.

    Raises:
        RunDirectoryError: It is none; the message names the field.
    """
    text = os.fspath(given) if isinstance(given, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise RunDirectoryError(f"{field}: found {shortened(given)}, expected a path: text or pathlib.Path")
    return Path(text)


def write_file(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file where the user asks for it, whole or not at all, and return its path.

    Raises:
        RunDirectoryError: It is no path, or cannot be written.
    """
    path = as_path("path", path)
    if path.is_dir():
        raise RunDirectoryError(f"{path} cannot be written (it is a directory); name a file in it")
    with refused_if_unwritable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    return path


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new, never a part.

    Any number of threads and processes may write one file at a time: the last to end wins.
    """
    unique = f"{os.getpid()}-{threading.get_ident()}-{uuid.uuid4().hex[:8]}"
    temporary = path.with_name(f".{path.name}.{unique}.tmp")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if os.name == "posix":  # the rename itself is durable only once the directory is synced
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def json_text(document: Mapping[str, Any]) -> bytes:
    """Return a document as indented strict JSON."""
    return f"{json.dumps(json_ready(document), indent=2, allow_nan=False)}\n".encode()


def json_lines(documents: Iterable[Mapping[str, Any]]) -> bytes:
    """Return documents as strict JSON, one to a line."""
    return "".join(json.dumps(json_ready(document), allow_nan=False) + "\n" for document in documents).encode()


def numbered_lines(content: bytes) -> list[tuple[int, dict[str, Any] | None]]:
    """Return number and JSON object of every line of a log but empty ones, None for a line that holds no object."""
    found: list[tuple[int, dict[str, Any] | None]] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.strip():
            try:
                document = json.loads(line.decode("utf-8", errors="replace"))
            except (ValueError, RecursionError):
                document = None
            found.append((number, document if isinstance(document, dict) else None))
    return found


def parse_lines(content: bytes) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the JSON objects of a log, and the numbers of the lines that are none."""
    lines = numbered_lines(content)
    unread = [number for number, document in lines if document is None]
    return [document for _, document in lines if document is not None], unread


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as indented strict JSON, atomically."""
    write_atomic(path, json_text(document))


def find(directory: Path, pattern: str) -> Path | None:
    """Find the one file of this kind in a run directory, None if there is none."""
    glob = pattern.format(preset="*")
    matches = sorted(path for path in directory.glob(glob) if path.is_file())
    if len(matches) > 1:
        names = ", ".join(path.name for path in matches)
        raise RunDirectoryError(
            f"{directory} holds {len(matches)} files {glob} ({names}), expected one: "
            "give each run a directory of its own, or pass the log file itself"
        )
    return matches[0] if matches else None


def find_log(path: str | Path) -> Path:
    """Find the log of a run, given its directory or the log file itself.

    Raises:
        RunDirectoryError: there is no such path, no log in it, or more than one.
    """
    path = Path(path)
    if path.is_file():
        return path
    if not path.is_dir():
        raise RunDirectoryError(
            f"{path} does not exist: pass the directory given as run_dir (on the command line "
            "`jaxstable train --run-dir`), or a training_log_*.json file"
        )
    log = find(path, LOG)
    if log is None:
        raise RunDirectoryError(
            f"{path} holds no {LOG.format(preset='*')}: expected the directory of a run; "
            "train one with run_dir set to this directory"
        )
    return log


def read_log(path: Path) -> Log:
    """Read a log of JSON lines; a damaged line is counted, not fatal.

    A line cut off at the end of the file (the machine stopped while it was written) is told apart
    from damage in the middle. Where an epoch occurs twice, after a resume, the later one counts.
    """
    lines = numbered_lines(path.read_bytes())
    records: dict[Any, dict[str, Any]] = {}
    damaged: list[int] = []
    for number, record in lines:
        if record is None or isinstance(record.get("epoch"), (dict, list)):
            damaged.append(number)
        else:
            records[record.get("epoch", f"line {number}")] = record
    truncated = bool(damaged) and damaged[-1] == lines[-1][0]
    return Log(path, list(records.values()), damaged[:-1] if truncated else damaged, truncated)


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        RunDirectoryError: the file is not a JSON object.
    """
    try:
        document = json.loads(path.read_bytes().decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        what = "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]
        raise RunDirectoryError(f"{path} is not valid JSON ({what}): restore it from a copy, or delete it") from error
    if not isinstance(document, dict):
        raise RunDirectoryError(f"{path} holds a {type(document).__name__}, expected a JSON object: delete it")
    return document

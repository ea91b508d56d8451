"""Read and write the files of a run directory: whole or not at all, and readable when damaged."""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old content or the new, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    if os.name == "posix":  # the rename itself is durable only once the directory is synced
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as indented strict JSON, atomically."""
    text = json.dumps(json_ready(document), indent=2, allow_nan=False)
    write_atomic(path, f"{text}\n".encode())


def write_log(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    """Write records as JSON lines; a log that already says the same is left untouched."""
    records = [json_ready(record) for record in history]
    if path.is_file():
        present = read_log(path)
        if present.records == records and not present.damaged and not present.truncated:
            return
    lines = [json.dumps(record, allow_nan=False) + "\n" for record in records]
    write_atomic(path, "".join(lines).encode())


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
    records: dict[Any, dict[str, Any]] = {}
    damaged: list[int] = []
    text = path.read_bytes().decode("utf-8", errors="replace")
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if isinstance(record, dict) and not isinstance(record.get("epoch"), (dict, list)):
            records[record.get("epoch", f"line {number}")] = record
        else:
            damaged.append(number)
    truncated = bool(damaged) and damaged[-1] == lines[-1][0]
    return Log(path, list(records.values()), damaged[:-1] if truncated else damaged, truncated)


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object.

    Raises:
        RunDirectoryError: the file is not a JSON object.
    """
    try:
        document = json.loads(path.read_bytes().decode("utf-8", errors="replace"))
    except ValueError as error:
        raise RunDirectoryError(f"{path} is not valid JSON ({error}): restore it from a copy, or delete it") from error
    if not isinstance(document, dict):
        raise RunDirectoryError(f"{path} holds a {type(document).__name__}, expected a JSON object: delete it")
    return document

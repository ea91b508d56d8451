"""One way to keep a result: its arrays, documents, lines and texts in a directory, whole, checked and versioned."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxstable import __version__
from jaxstable.files import directory as rundir
from jaxstable.files.arrays import pack, unpack
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.kinds import FORMAT, KINDS, check_format, check_free, kind_of

STAMP = ("kind", "format", "version", "checksums")  # what an archive adds to its last document

_writing = threading.Lock()  # threads that save into one directory do so one after the other


class Archive(NamedTuple):
    """Hold what a result leaves in its directory; roles such as "log" stand for file names, see `KINDS`.

    Attributes:
        kind: A key of `KINDS`.
        arrays: Arrays by name, no Python objects.
        documents: JSON objects by role. The last one of the kind is written last: where it is, the rest is whole.
        lines: Lists of JSON objects by role, one to a line.
        texts: Files for other programs by role, such as GraphML; written, never read back.
    """

    kind: str
    arrays: Mapping[str, Any]
    documents: Mapping[str, Mapping[str, Any]]
    lines: Mapping[str, Sequence[Mapping[str, Any]]]
    texts: Mapping[str, str]


def save(directory: str | Path, archive: Archive, *, own: str | Path | None = None) -> Path:
    """Write a result, its last document at the end, and return the directory; files that say the same are left alone.

    Args:
        directory: Where to; made if missing.
        archive: The result.
        own: The directory that the result comes from, whose files it may replace.

    Raises:
        RunDirectoryError: The directory holds something else, or cannot be written.
    """
    directory, kind = rundir.as_path("directory", directory), KINDS[archive.kind]
    check_free(directory, archive.kind, own)
    preset = archive.documents.get("config", {}).get("preset") or "stable"
    *before, (last, pattern) = kind.documents.items()
    contents = {directory / kind.arrays: pack(archive.arrays)}
    for role, name in kind.lines.items():
        contents[directory / name.format(preset=preset)] = rundir.json_lines(archive.lines[role])
    for role, name in before:
        contents[directory / name] = _said(directory / name, archive.documents[role])
    sums = {path.name: _checksum(content) for path, content in contents.items()}
    end = directory / pattern.format(preset=preset)
    stamped = {
        **rundir.json_ready(archive.documents[last]),
        "kind": archive.kind,
        "format": FORMAT,
        "version": __version__,
    }
    sums[end.name] = _checksum(_canonical(stamped))
    for role, text in archive.texts.items():
        contents[directory / kind.texts[role]] = text.encode()
    contents[end] = rundir.json_text({**stamped, "checksums": sums})
    with _writing, rundir.refused_if_unwritable(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            if not (path.is_file() and path.read_bytes() == content):
                rundir.write_atomic(path, content)
    return directory


def load(directory: str | Path) -> Archive:
    """Read what `save` wrote, or what the first release did.

    A line of a log that cannot be read, cut off in a crash, is left out; anything else that has changed is refused.

    Raises:
        RunDirectoryError: Nothing is there, it has not ended, a file is missing or damaged, or another version wrote
            it.
    """
    directory = Path(directory)
    name = kind_of(directory)
    if name is None:
        rundir.find_log(directory)  # says what is missing
        raise RunDirectoryError(f"{directory} holds no run, sweep or discovery")
    kind = KINDS[name]
    end = rundir.find(directory, kind.last)
    for log in (pattern.format(preset="*") for pattern in kind.lines.values()):
        if rundir.find(directory, log) is None:
            raise RunDirectoryError(f"{directory} holds no {log}: {way_out(name, directory)}")
    if end is None:
        raise RunDirectoryError(f"{directory} holds {kind.called} without {kind.last}: {way_out(name, directory)}")
    preset = end.name.removeprefix("training_summary_").removesuffix(".json")
    *before, (last, _) = kind.documents.items()
    document = rundir.read_json(end)
    sums = _checksums(name, end, document)
    lines: dict[str, Sequence[Mapping[str, Any]]] = {}
    for role, pattern in kind.lines.items():
        path = directory / pattern.format(preset=preset)
        content = _content(name, path)
        lines[role], unread = rundir.parse_lines(content)
        if not unread:
            _check_sum(name, path, content, sums)
    documents: dict[str, Mapping[str, Any]] = {}
    for role, file in before:
        path = directory / file
        _check_sum(name, path, _content(name, path), sums)
        documents[role] = rundir.read_json(path)
    documents[last] = {key: value for key, value in document.items() if key not in STAMP}
    path = directory / kind.arrays
    content = _content(name, path)
    _check_sum(name, path, content, sums)
    try:
        arrays = unpack(content) if sums else unpack(content, wanted=kind.kept_in_format_1, packed=True)
    except RunDirectoryError as error:
        raise damaged(name, path, str(error)) from error
    return Archive(name, arrays, documents, lines, {})


def check_shapes(
    directory: str | Path, archive: Archive, expected: Mapping[str, tuple[int, ...]], optional: Sequence[str] = ()
) -> None:
    """Refuse an archive whose arrays are missing, not of the expected shape, or not numbers.

    Args:
        directory: Where it was read.
        archive: What was read.
        expected: Shapes by name.
        optional: Names that may be missing.

    Raises:
        RunDirectoryError: An array is refused.
    """
    path = Path(directory) / KINDS[archive.kind].arrays
    lacking = sorted(name for name in {*expected} - {*optional} if name not in archive.arrays)
    if lacking:
        raise damaged(archive.kind, path, f"it lacks {', '.join(lacking)}")
    for name, shape in expected.items():
        array = archive.arrays.get(name)
        if array is not None and (np.shape(array) != shape or array.dtype.kind not in "biuf"):
            what = f"{name} is {array.dtype} {array.shape}, expected numbers {shape}"
            raise damaged(archive.kind, path, what)


def damaged(kind: str, path: Path, what: str) -> RunDirectoryError:
    """Return the error that names a damaged file and the way out."""
    again = "run discover again" if kind == "discovery" else f"go on with `jaxstable resume {path.parent}`"
    return RunDirectoryError(f"{path} is damaged ({what}): restore it from a copy, or {again}, which writes it again")


def way_out(kind: str, directory: Path) -> str:
    """Return what to do about a missing file."""
    if kind == "discovery":
        return "restore it from a copy, or run discover again"
    return f"the run has not ended, or lost it; `jaxstable resume {directory}` goes on and writes it"


def _said(path: Path, document: Mapping[str, Any]) -> bytes:
    """Return a document's text: the file's own if that says all of it already, as a config of a running sweep does."""
    ready = rundir.json_ready(document)
    if path.is_file():
        present = rundir.read_json(path)
        if all(key in present and present[key] == value for key, value in ready.items()):
            return path.read_bytes()
    return rundir.json_text(ready)


def _content(kind: str, path: Path) -> bytes:
    if not path.is_file():
        raise RunDirectoryError(f"{path} is missing: {way_out(kind, path.parent)}")
    return path.read_bytes()


def _checksums(kind: str, path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checksums that the last document holds, none for the first release, once its own is right."""
    check_format(path, document)
    if document.get("format", 1) == 1:
        return {}
    sums = document.get("checksums")
    bare = {key: value for key, value in document.items() if key != "checksums"}
    if not isinstance(sums, dict) or sums.get(path.name) != _checksum(_canonical(bare)):
        raise damaged(kind, path, "its checksum does not match")
    return sums


def _check_sum(kind: str, path: Path, content: bytes, sums: Mapping[str, Any]) -> None:
    if sums and sums.get(path.name) != _checksum(content):
        raise damaged(kind, path, "its checksum does not match")


def _checksum(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

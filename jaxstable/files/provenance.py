"""Where a result comes from: the data with their fingerprint, the versions, the command and the date."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable import __version__

PROVENANCE = "provenance.json"
PACKAGES = ("jax", "jaxlib", "numpy", "flax", "optax")


def provenance(
    dataset: Any, seed: int | Sequence[int] | None, files: str | Sequence[str] | None = None
) -> dict[str, Any]:
    """Return where a result comes from, JSON-ready.

    Args:
        dataset: The data set: its values, names, step and what was understood of its file.
        seed: The seed, or those of all lanes.
        files: The files that were read, None if the data did not come from files.

    Returns:
        `files` (each its path and the SHA-256 of its bytes), `data` (SHA-256 of the readings and the mask), `rows`,
        `variables`, `step`, `time` (first and last time stamp, where there is a clock), `versions`, `command`, `seed`
        and `date` (UTC).
    """
    understood = dict(getattr(dataset, "understood", ()))
    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "files": fingerprints(files),
        "data": _hash_of_arrays(np.asarray(dataset.values), np.asarray(dataset.mask)),
        "rows": int(dataset.n_rows),
        "variables": len(dataset.names),
        "step": dataset.step,
        "time": understood.get("rows"),
        "versions": {"jaxstable": __version__, "python": platform.python_version(), **packages},
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv else [],
        "seed": seed,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def source_line(document: Mapping[str, Any]) -> str:
    """Say in one line which data a provenance names; empty for one that names none.

    >>> source_line({"files": [{"path": "/data/plant.csv"}], "rows": 90, "time": "90, 1 May to 4 May", "step": "1 h"})
    'plant.csv: 90 rows, 1 May to 4 May; a row every 1 h'
    """
    if "rows" not in document:
        return ""
    names = [Path(str(file["path"])).name for file in document.get("files") or ()]
    count, *ends = str(document.get("time") or document["rows"]).split(", ", 1)
    parts = [", ".join([f"{count} rows", *ends])]
    parts += [f"a row every {document['step']}"] if document.get("step") else []
    parts += [f"made on {str(document['date'])[:10]}"] if document.get("date") else []
    return f"{', '.join(names[:3])}{', ...' if len(names) > 3 else ''}: {'; '.join(parts)}".removeprefix(": ")


def fingerprints(files: str | Sequence[str] | None) -> list[dict[str, str | None]]:
    """Return the path and the SHA-256 of each file."""
    named = [files] if isinstance(files, str) else list(files or ())
    return [{"path": name, "sha256": _hash_of_file(Path(name))} for name in named]


def _hash_of_file(path: Path) -> str | None:
    """Return the SHA-256 of a file, None for a folder or a pattern."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of_arrays(*arrays: np.ndarray) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

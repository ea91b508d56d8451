"""A run's state in one file: written whole or not at all, and refused if a single bit has changed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxstable.files.arrays import pack, unpack
from jaxstable.files.directory import RunDirectoryError, write_atomic
from jaxstable.files.kinds import check_format

META = "meta"
DIGEST_SIZE = 16  # bytes of the checksum at the end of the file


def save_checkpoint(path: Path, tree: Any, meta: dict[str, Any]) -> None:
    """Write a pytree of arrays and a JSON-ready dictionary to one file, atomically.

    The file is an npz archive, which `numpy.load` opens, followed by a checksum of all of it: an archive's own
    CRC-32 covers the arrays, not the headers that say what they are.
    """
    arrays = {jax.tree_util.keystr(key): np.asarray(leaf) for key, leaf in jax.tree_util.tree_leaves_with_path(tree)}
    text = np.frombuffer(json.dumps(meta, allow_nan=False).encode(), np.uint8)
    archive = pack({META: text, **arrays})
    write_atomic(path, archive + _digest(archive))


def load_checkpoint(path: Path, template: Any) -> tuple[Any, dict[str, Any]]:
    """Read what `save_checkpoint` wrote.

    Args:
        path: The file.
        template: A pytree of the expected structure, shapes and types.

    Returns:
        The pytree of numpy arrays, and the dictionary.

    Raises:
        RunDirectoryError: The file is damaged, of another version, or holds another model or number of lanes.
    """
    content = _whole(path)
    meta = _meta(path, content)
    arrays = _arrays(path, content)
    keyed, structure = jax.tree_util.tree_flatten_with_path(template)
    leaves = []
    for key, leaf in keyed:
        name = jax.tree_util.keystr(key)
        found = arrays.get(name)
        if found is None or found.shape != leaf.shape or found.dtype != leaf.dtype:
            what = "nothing" if found is None else f"{found.dtype} {found.shape}"
            raise RunDirectoryError(
                f"{path}: {name} is {what}, expected {leaf.dtype} {leaf.shape}: it was written by another model, "
                "data set or version; resume with the same config and data, or start in a new directory"
            )
        leaves.append(found)
    return jax.tree_util.tree_unflatten(structure, leaves), meta


def read_meta(path: Path) -> dict[str, Any]:
    """Return the dictionary of a checkpoint.

    Raises:
        RunDirectoryError: The file is damaged or of another version.
    """
    return _meta(path, _whole(path))


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_SIZE).digest()


def _whole(path: Path) -> bytes:
    content = path.read_bytes()
    archive, digest = content[:-DIGEST_SIZE], content[-DIGEST_SIZE:]
    if _digest(archive) != digest:
        raise _damaged(path, "its checksum does not match")
    return archive


def _arrays(path: Path, content: bytes, only: str | None = None) -> dict[str, np.ndarray]:
    try:
        return unpack(content, wanted=lambda name: only in (None, name))
    except RunDirectoryError as error:
        raise _damaged(path, str(error)) from error


def _meta(path: Path, content: bytes) -> dict[str, Any]:
    try:
        meta = json.loads(_arrays(path, content, META)[META].tobytes())
    except (ValueError, KeyError, RecursionError) as error:
        raise _damaged(path, f"what it says of itself cannot be read, {type(error).__name__}") from error
    if not isinstance(meta, dict):
        raise _damaged(path, "it does not say what it is")
    check_format(path, meta)
    return meta


def _damaged(path: Path, what: str) -> RunDirectoryError:
    return RunDirectoryError(f"{path} is damaged ({what}); restore it from a copy, or train anew in another directory")

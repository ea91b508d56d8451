"""A run's state in one file: written whole or not at all, and refused if a single bit has changed."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxstable.files.directory import RunDirectoryError, write_atomic

META = "meta"
DIGEST_SIZE = 16  # bytes of the checksum at the end of the file


def save_checkpoint(path: Path, tree: Any, meta: dict[str, Any]) -> None:
    """Write a pytree of arrays and a JSON-ready dictionary to one file, atomically.

    The file is an npz archive, which `numpy.load` opens, followed by a checksum of all of it: an archive's own
    CRC-32 covers the arrays, not the headers that say what they are.
    """
    arrays = {jax.tree_util.keystr(key): np.asarray(leaf) for key, leaf in jax.tree_util.tree_leaves_with_path(tree)}
    text = np.frombuffer(json.dumps(meta, allow_nan=False).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{META: text, **arrays})
    archive = buffer.getvalue()
    write_atomic(path, archive + _digest(archive))


def load_checkpoint(path: Path, template: Any) -> tuple[Any, dict[str, Any]]:
    """Read what `save_checkpoint` wrote.

    Args:
        path: The file.
        template: A pytree of the expected structure, shapes and types.

    Returns:
        The pytree of numpy arrays, and the dictionary.

    Raises:
        RunDirectoryError: The file is damaged, or holds another model or number of lanes.
    """
    arrays, meta = _read(path)
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


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_SIZE).digest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    content = path.read_bytes()
    archive, digest = content[:-DIGEST_SIZE], content[-DIGEST_SIZE:]
    if _digest(archive) != digest:
        raise RunDirectoryError(
            f"{path} is damaged (its checksum does not match); restore it from a copy, or train anew in another "
            "directory"
        )
    with np.load(io.BytesIO(archive), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return arrays, json.loads(arrays.pop(META).tobytes())

"""Traced programs kept on disk: a later run neither traces nor lowers what an earlier one did.

JAX keeps what it compiles, but to find it, it traces and lowers the function anew, which for the programs of `discover`
takes longer than they run.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import logging
import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import jax
from jax import export
from jax.core import Tracer

from jaxstable.files.directory import write_atomic
from jaxstable.training.programs import SWITCH

MOST = 300  # programs of some 20 to 200 kB; beyond it those go that were used least recently
_DIGEST = 16

logger: logging.Logger = logging.getLogger(__name__)
_ready: dict[str, Callable[..., Any]] = {}  # of this process, by fingerprint


def call_kept(function: Callable[..., Any], key: tuple[Hashable, ...], *args: Any) -> Any:
    """Return ``jax.jit(function)(*args)``, its traced form from disk where an earlier run left it: the same bits.

    Args:
        function: A pure function of arrays and pytrees of them; it returns one array.
        key: What the function is made for besides its arguments, such as its static numbers: values whose text says
            all. The source of this package, the versions and settings of JAX, and shapes, types and placement of the
            arguments are told apart without it.
        *args: Arrays, on the devices that the program is for.

    Example:
        >>> import jax.numpy as jnp
        >>> float(call_kept(lambda x: 2.0 * x, ("double",), jnp.float32(1.5)))
        3.0
    """
    leaves, tree = jax.tree.flatten(args)

    def flat(*leaves: Any) -> Any:
        return function(*jax.tree.unflatten(tree, leaves))

    if any(isinstance(leaf, Tracer) for leaf in leaves):
        return flat(*leaves)
    places = [getattr(leaf, "sharding", None) for leaf in leaves]
    name = _fingerprint(key, tree, [jax.typeof(leaf) for leaf in leaves], places)
    if name not in _ready:
        folder = _folder()
        _ready[name] = jax.jit(flat) if folder is None else _kept(folder / f"{name}.jaxprog", flat, leaves)
    return _ready[name](*leaves)


def _folder() -> Path | None:
    """Return where traced programs lie: beside the compiled ones, None where none are kept."""
    chosen = jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue] - made at run time
    if os.environ.get(SWITCH) == "0" or not chosen or "://" in chosen or not _source():
        return None
    return Path(chosen) / "traced"


def _kept(path: Path, flat: Callable[..., Any], leaves: list[Any]) -> Callable[..., Any]:
    """Return the program of a file, or trace it and write the file."""
    found = _read(path)
    if found is None:
        try:
            found = export.export(jax.jit(flat))(*leaves)
            content = bytes(found.serialize())
        except ValueError as error:  # an operation whose form JAX does not promise to keep
            logger.debug("not kept: %s", error)
            return jax.jit(flat)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, hashlib.blake2b(content, digest_size=_DIGEST).digest() + content)
            _drop_oldest(path.parent)
    return jax.jit(found.call)


def _read(path: Path) -> export.Exported | None:
    """Return what a file holds, None if it is not there or damaged."""
    try:
        whole = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    digest, content = whole[:_DIGEST], whole[_DIGEST:]
    if hashlib.blake2b(content, digest_size=_DIGEST).digest() != digest:
        return None
    return export.deserialize(bytearray(content))


def _drop_oldest(folder: Path) -> None:
    programs = sorted(folder.glob("*.jaxprog"), key=lambda path: path.stat().st_mtime)
    for path in programs[: max(len(programs) - MOST, 0)]:
        path.unlink(missing_ok=True)


def _fingerprint(*parts: Any) -> str:
    """Return a name for a program: what it was made from and for, and what JAX is told by flags and contexts."""
    said = {name: getattr(jax.config, name, None) for name in sorted(jax.config.values) if "cache" not in name}
    versions = jax.__version__, importlib.metadata.version("jaxlib"), jax.default_backend()
    text = repr((_source(), versions, os.environ.get("XLA_FLAGS"), said, parts))
    return hashlib.blake2b(text.encode(), digest_size=_DIGEST).hexdigest()


@functools.cache
def _source() -> str:
    """Return a fingerprint of this package's source; empty where it is not in files."""
    root = Path(__file__).parents[1]
    digest = hashlib.blake2b(digest_size=_DIGEST)
    files = sorted(root.rglob("*.py"))
    for path in files:
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest() if files else ""

"""Keep compiled programs on disk, so that only the first run of a kind pays for compiling."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import sys
from pathlib import Path

import filelock
import jax

SWITCH = "JAXSTABLE_CACHE"  # 0 switches the cache off
MAX_BYTES = 500_000_000  # beyond it JAX drops what was used least recently; with a bound it also locks the cache
LEAST_SECONDS = 0.0  # what a program must cost to be kept; the many small ones make up seconds too

logger: logging.Logger = logging.getLogger(__name__)


def keep_programs() -> None:
    """Give JAX a folder for compiled programs, unless the user has chosen one or wants none.

    A program that is read back is the one that was written, so no bit changes. The folder belongs to this kind of
    processor: what was compiled for another may use instructions that this one lacks.
    """
    if os.environ.get(SWITCH) == "0" or _chosen() is not None:
        return
    place = cache_folder() / "programs" / _processor()
    try:
        place.mkdir(parents=True, exist_ok=True)
        _tidy(place)
    except OSError as error:
        logger.debug("compiled programs are not kept: %s", error)
        return
    if not os.access(place, os.W_OK):
        return
    asked = {
        "jax_compilation_cache_dir": str(place),
        "jax_compilation_cache_max_size": MAX_BYTES,
        "jax_persistent_cache_min_compile_time_secs": LEAST_SECONDS,
    }
    for name, value in asked.items():
        if name.upper() not in os.environ:
            jax.config.update(name, value)


def _chosen() -> str | None:
    """Return the folder that the user has given JAX, in the environment or in the program."""
    return jax.config.jax_compilation_cache_dir  # pyright: ignore[reportAttributeAccessIssue] - made at run time


def cache_folder() -> Path:
    """Return the folder for what can be made again, by the habits of the system."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "jaxstable"


def _processor() -> str:
    """Return a name for this kind of processor, with what it can do."""
    able = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        able = next((line for line in lines if line.startswith(("flags", "Features"))), able)
    return f"{platform.machine()}-{hashlib.blake2b(able.encode(), digest_size=4).hexdigest()}"


def _tidy(place: Path) -> None:
    """Drop the programs that a killed process left half written: those that JAX has not yet dated."""
    lock = filelock.FileLock(place / ".lockfile")  # JAX's own
    with contextlib.suppress(filelock.Timeout), lock.acquire(timeout=0):
        for program in place.glob("*-cache"):
            if not program.with_name(program.name.removesuffix("-cache") + "-atime").exists():
                program.unlink(missing_ok=True)

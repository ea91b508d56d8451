"""Threads that help: one for small matrices, where those of BLAS wait for each other, and one per core for many."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import threadpoolctl

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run what is inside with one thread of BLAS, whatever the machine has; the number before is set again after.

    OpenBLAS spins: a thread that finds its core taken keeps the others waiting at full speed. On two cores beside two
    other programs the preparation of the UCI file took ten times as long with two threads as with one. On an idle
    machine matrices of this size gain nothing from a second thread, and the bits no longer follow the number of cores.

    Example:
        >>> with one_blas_thread():
        ...     {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}
        {1}
    """
    with threadpoolctl.threadpool_limits(limits=1, user_api="blas"):
        yield


def n_cores() -> int:
    """Return how many cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux has it, macOS and Windows do not
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def on_all_cores(function: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
    """Yield what a function returns for each item, in their order, with as many at work as there are cores.

    For work that numpy does outside the interpreter's lock. No more answers wait in memory than there are cores.

    Example:
        >>> list(on_all_cores(abs, [-2, 1]))
        [2, 1]
    """
    at_once, left = n_cores(), iter(items)
    with ThreadPoolExecutor(at_once) as pool:
        while batch := list(itertools.islice(left, at_once)):
            yield from pool.map(function, batch)

"""One thread for small matrices: on a busy machine the threads of BLAS wait for each other longer than they work."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import threadpoolctl


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

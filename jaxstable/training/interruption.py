"""Let Ctrl-C and SIGTERM end a run at the next epoch, with everything saved."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any


class Interrupted(KeyboardInterrupt):
    """A signal ended the run after a whole epoch; `result` holds it, `signum` the signal."""

    def __init__(self, message: str, signum: int, result: Any = None) -> None:
        super().__init__(message)
        self.signum = signum
        self.result = result


@contextlib.contextmanager
def deferred_signals() -> Iterator[Callable[[], int | None]]:
    """Hold back SIGINT and SIGTERM; the function given says which one came, if any. A second one acts at once.

    Outside the main thread, where Python allows no handlers, nothing changes.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def remember(number: int, frame: Any) -> None:
        received.append(number)
        restore()

    for number in previous:
        signal.signal(number, remember)
    try:
        yield lambda: received[0] if received else None
    finally:
        restore()


@contextlib.contextmanager
def stopped_within(lost: str) -> Iterator[None]:
    """Let the first Ctrl-C raise KeyboardInterrupt, for work that keeps what it has by then; a second one acts at once.

    Args:
        lost: what to say where the work keeps nothing.

    Raises:
        Interrupted: The work did not end by itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def first(number: int, frame: Any) -> None:
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, first)
    try:
        yield
    except KeyboardInterrupt as stop:
        raise Interrupted(lost, signal.SIGINT) from stop
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def written_whole(where: Any) -> Iterator[None]:
    """Let signals wait until what is being written is whole.

    Args:
        where: Where it is written.

    Raises:
        Interrupted: A signal came meanwhile.
    """
    with deferred_signals() as signalled:
        yield
    signum = signalled()
    if signum is not None:
        raise Interrupted(f"interrupted: everything is saved in {where}", signum)

"""Let Ctrl-C and SIGTERM end a run at the next epoch, with everything saved."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

SECOND_TRY = 2.0  # seconds; unwinding takes far less


class Interrupted(KeyboardInterrupt):
    """A signal ended the run after a whole epoch; `result` holds it, `signum` the signal."""

    def __init__(self, message: str, signum: int, result: Any = None) -> None:
        super().__init__(message)
        self.signum = signum
        self.result = result


@contextlib.contextmanager
def heeded_signals() -> Iterator[None]:
    """Let SIGTERM end a program as Ctrl-C does, by an exception: locks are given up and nothing is half written.

    Outside the main thread, where Python allows no handlers, nothing changes.

    Raises:
        Interrupted: The signal came where no run defers it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        # An exception that falls into a callback from C, as JAX has one on garbage collection, is lost: raise it again.
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, SECOND_TRY)
        raise Interrupted("ended by SIGTERM; what was saved is whole", signal.SIGTERM)

    numbers = [signal.SIGTERM, *([signal.SIGALRM] if hasattr(signal, "setitimer") else [])]
    previous = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0.0)
        for number, handler in previous.items():
            signal.signal(number, handler)


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

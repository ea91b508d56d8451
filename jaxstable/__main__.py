"""The program, `jaxstable` or `python -m jaxstable`: it heeds signals from its first line on."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn


def program() -> NoReturn:
    """Run the command line and end with its exit code."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    from jaxstable.cli import main

    sys.exit(main())


def end(number: int, frame: Any) -> NoReturn:
    """Say which signal came and end, with 130 or 143.

    Not by an exception: one that falls into a callback from C, as JAX has some, is lost. Whatever writes lets signals
    wait (`jaxstable.training.interruption`), so nothing is left half written.
    """
    del frame
    cursor = "\x1b[?25h\n" if sys.stderr.isatty() else ""  # a progress bar hides it
    os.write(2, f"{cursor}jaxstable: ended by {signal.Signals(number).name}; what was saved before is whole\n".encode())
    os._exit(128 + number)


if __name__ == "__main__":
    program()

"""Show work that goes through a few stages: a bar in a terminal, lines elsewhere, all on standard error."""

from __future__ import annotations

import sys
import threading
import time
from typing import Literal

from jaxstable.training.console import on_show, say

PATIENCE = 5.0  # seconds until a stage that still runs says so where there is no bar; then twice as long each time
LONGEST = 60.0


class Stages:
    """Show which stage of a computation runs and how far it is.

    Args:
        wanted: True shows, False is silent, None shows in a terminal or a notebook only.
    """

    def __init__(self, wanted: bool | Literal["full"] | None) -> None:
        self.wanted: bool
        self.terminal: bool
        self.wanted, self.terminal = on_show(wanted)
        self._bar = None
        self._pulse: _Pulse | None = None

    def __enter__(self) -> Stages:
        if self.wanted and self.terminal:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            self._bar = Progress(*columns, transient=True, console=Console(stderr=True))
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()
        if self._pulse:
            self._pulse.end()

    def begin(self, stage: str, total: int | None = None) -> None:
        """Show that a stage of `total` steps begins; None where its length is not known."""
        if self._bar:
            self._bar.reset(self._task, description=stage, total=total)
        elif self.wanted:
            if self._pulse:
                self._pulse.end()
            say(f"{stage} ...", sys.stderr)
            self._pulse = _Pulse(stage, total)

    def advance(self) -> None:
        """Show that a step of the stage is done."""
        if self._bar:
            self._bar.advance(self._task)
        elif self._pulse:
            self._pulse.done += 1


class _Pulse:
    """Say now and then that a stage still runs, and how far it is, from a thread of its own."""

    def __init__(self, stage: str, total: int | None) -> None:
        self.stage, self.total, self.done = stage, total, 0
        self._start, self._ended = time.monotonic(), threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Say no more."""
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        patience = PATIENCE
        while not self._ended.wait(patience):
            far = f", {self.done} of {self.total} done" if self.total else ""
            say(f"{self.stage} ... {time.monotonic() - self._start:.0f} s{far}", sys.stderr)
            patience = min(2 * patience, LONGEST)

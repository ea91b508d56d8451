"""Show work that goes through a few stages: a bar in a terminal, a line per stage elsewhere, all on standard error."""

from __future__ import annotations

import sys
from typing import Literal

from jaxstable.training.console import on_show, say


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

    def begin(self, stage: str, total: int | None = None) -> None:
        """Show that a stage of `total` steps begins; None where its length is not known."""
        if self._bar:
            self._bar.reset(self._task, description=stage, total=total)
        elif self.wanted:
            say(f"{stage} ...", sys.stderr)

    def advance(self) -> None:
        """Show that a step of the stage is done."""
        if self._bar:
            self._bar.advance(self._task)

"""Show a run while it goes: one line that is redrawn in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal

from jaxstable.training.console import COMPILING, NOTHING_LEFT, epoch_line, on_show, say

EVERY = 10  # epochs between two lines where nothing is redrawn


class Progress:
    """Show one line that follows the epochs; without a terminal print every tenth epoch, the last and every new best.

    Everything goes to standard error.

    Args:
        epochs: Epochs in all.
        true_edge_count: Edges of the true graph, None if there is none.
        wanted: True shows it, "full" prints the line of every epoch, False is silent, None shows it in a terminal or
            a notebook only.
    """

    def __init__(self, epochs: int, true_edge_count: int | None, wanted: bool | Literal["full"] | None) -> None:
        self.epochs = epochs
        self.true_edge_count = true_edge_count
        self.wanted: bool
        self.terminal: bool
        self.wanted, self.terminal = on_show(wanted)
        self.full: bool = wanted == "full"
        self._bar = None
        self._shown = 0

    def __enter__(self) -> Progress:
        if self.wanted and self.terminal:
            from rich import progress as rich
            from rich.console import Console
            from rich.table import Column

            words = rich.TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
            times = (rich.TimeElapsedColumn(), rich.TimeRemainingColumn())
            self._bar = rich.Progress(
                rich.SpinnerColumn(), words, *times, transient=True, expand=True, console=Console(stderr=True)
            )
            self._task = self._bar.add_task(COMPILING, total=self.epochs)
            self._bar.start()
        elif self.wanted:
            say(COMPILING, sys.stderr)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()
        if self.wanted and not self._shown and exception[0] is None:
            say(NOTHING_LEFT, sys.stderr)

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Show one health record."""
        self._shown += 1
        if not self.wanted:
            return
        line, epoch = epoch_line(record, self.epochs, self.true_edge_count), record["epoch"]
        telling = self.full or record.get("new_best") or record.get("status", "RUNNING") != "RUNNING"
        if self._bar is not None:
            if self.full:
                self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
            self._bar.update(self._task, completed=epoch, description=line)
        elif telling or epoch % EVERY == 0 or epoch >= self.epochs:
            say(line, sys.stderr)

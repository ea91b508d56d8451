"""Show a run while it goes: lines and a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from jaxstable.training.console import COMPILING, NOTHING_LEFT, epoch_line, say


class Progress:
    """Print one line per epoch; in a terminal a bar below the lines shows the time left.

    Args:
        epochs: Epochs in all.
        true_edge_count: Edges of the true graph, None if there is none.
        wanted: True prints, False is silent, None prints in a terminal or a notebook only.
    """

    def __init__(self, epochs: int, true_edge_count: int | None, wanted: bool | None) -> None:
        self.epochs = epochs
        self.true_edge_count = true_edge_count
        self.terminal = sys.stdout.isatty()
        self.wanted = self.terminal or "ipykernel" in sys.modules if wanted is None else wanted
        self._bar = None
        self._shown = 0

    def __enter__(self) -> Progress:
        if self.wanted and self.terminal:
            from rich import progress as rich

            words, spinner, bar = rich.TextColumn("{task.description}"), rich.SpinnerColumn(), rich.BarColumn()
            times = (rich.TimeElapsedColumn(), rich.TimeRemainingColumn())
            self._bar = rich.Progress(spinner, words, bar, rich.MofNCompleteColumn(), *times, transient=True)
            self._task = self._bar.add_task(COMPILING, total=self.epochs)
            self._bar.start()
        elif self.wanted:
            say(COMPILING)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()
        if self.wanted and not self._shown and exception[0] is None:
            say(NOTHING_LEFT)

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Show one health record."""
        self._shown += 1
        if not self.wanted:
            return
        line = epoch_line(record, self.epochs, self.true_edge_count)
        if self._bar is None:
            say(line)
            return
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._bar.update(self._task, completed=record["epoch"], description="training")

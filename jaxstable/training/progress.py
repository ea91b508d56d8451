"""Show a run while it goes: lines and a bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from jaxstable.training.console import epoch_line


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

    def __enter__(self) -> Progress:
        if self.wanted and self.terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._bar = Bar(*columns, transient=True)
            self._task = self._bar.add_task("compiling", total=self.epochs)
            self._bar.start()
        elif self.wanted:
            print("compiling ...", flush=True)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()

    def epoch(self, record: Mapping[str, Any]) -> None:
        """Show one health record."""
        if not self.wanted:
            return
        line = epoch_line(record, self.epochs, self.true_edge_count)
        if self._bar is None:
            print(line, flush=True)
            return
        self._bar.console.print(line, highlight=False, markup=False, soft_wrap=True)
        self._bar.update(self._task, completed=record["epoch"], description="training")

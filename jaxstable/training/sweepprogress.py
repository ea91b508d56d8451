"""Show a sweep while it goes: lanes running, stopped and diverged, the best so far and the time left."""

from __future__ import annotations

import datetime
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from jaxstable.config import Config
from jaxstable.files.table import better, default_metric
from jaxstable.training.console import COMPILING, NOTHING_LEFT, on_show, say
from jaxstable.training.grid import static_fields

SMOOTHING = 0.3  # weight of the newest epoch in the time per lane and epoch

Record = Mapping[str, Any]


class Tally:
    """Count the lanes of a sweep from their records.

    Args:
        configs: One config per lane.
        has_truth: Whether the true graph is known.
    """

    def __init__(self, configs: Sequence[Config], has_truth: bool) -> None:
        self.epochs: list[int] = [config.epochs for config in configs]
        self.groups: list[tuple[Any, ...]] = [static_fields(config) for config in configs]
        self.metric: str = default_metric(has_truth)
        self.done: list[int] = [0] * len(configs)
        self.status: list[str] = ["WAITING"] * len(configs)
        self.scores: dict[int, float] = {}  # of the lanes that have not diverged, at their best
        self.epoch: int = 0
        self.of_epochs: int = max(self.epochs)
        self._cost: float | None = None  # seconds of one epoch of one lane
        self._compiled: set[Any] = set()

    def begin(self, histories: Mapping[int, Sequence[Record]]) -> None:
        """Count what a resumed sweep already has."""
        for lane, history in histories.items():
            for record in history:
                self._count(lane, record)

    def add(self, records: Mapping[int, Record]) -> list[int]:
        """Count one epoch of a group and return the lanes that diverged in it."""
        for lane, record in records.items():
            self._count(lane, record)
        lane, record = next(iter(records.items()))
        self.epoch, self.of_epochs = record["epoch"], self.epochs[lane]
        cost = record["epoch_time"] / len(records)
        # The first epoch of a group compiles and says nothing of the others.
        if self.groups[lane] in self._compiled:
            self._cost = cost if self._cost is None else SMOOTHING * cost + (1 - SMOOTHING) * self._cost
        self._compiled.add(self.groups[lane])
        return [lane for lane in records if self.status[lane] == "DIVERGED"]

    @property
    def counts(self) -> dict[str, int]:
        """Lanes that are running, have stopped (early or at the last epoch), have diverged, or wait."""
        names = {"RUNNING": "running", "DIVERGED": "diverged", "WAITING": "waiting"}
        found = Counter(names.get(status, "stopped") for status in self.status)
        return {name: found[name] for name in ("running", "stopped", "diverged", "waiting")}

    @property
    def best(self) -> tuple[int, float] | None:
        """The lane with the best score, and the score."""
        return max(self.scores.items(), key=lambda item: better(self.metric) * item[1], default=None)

    @property
    def lane_epochs(self) -> tuple[int, int]:
        """Lane epochs done, and in all if no further lane stops early."""
        left = sum(
            total - done
            for total, done, status in zip(self.epochs, self.done, self.status, strict=True)
            if status in ("RUNNING", "WAITING")
        )
        return sum(self.done), sum(self.done) + left

    @property
    def seconds_left(self) -> float | None:
        """Seconds left if no further lane stops early; None while only compilation has been timed."""
        done, total = self.lane_epochs
        return None if self._cost is None and done < total else (self._cost or 0.0) * (total - done)

    def line(self) -> str:
        """Return the state of the sweep as one line.

        >>> tally = Tally([Config(epochs=5)] * 2, has_truth=True)
        >>> record = {"epoch": 1, "epoch_time": 9.0, "status": "RUNNING", "new_best": True, "val_f1": 0.25}
        >>> _ = tally.add({0: record, 1: {**record, "status": "DIVERGED"}})
        >>> tally.line()
        'Epoch   1/5 | Lanes: 1 running, 0 stopped, 1 diverged | Best val_f1: 0.25 (lane 0) | Left: n/a'
        """
        counts = {name: n for name, n in self.counts.items() if n or name != "waiting"}
        lanes = ", ".join(f"{n:>{len(str(len(self.done)))}} {name}" for name, n in counts.items())
        best = f"{self.best[1]:.4g} (lane {self.best[0]})" if self.best else "n/a"
        left = self.seconds_left
        shown = "n/a" if left is None else str(datetime.timedelta(seconds=math.ceil(left)))
        return f"Epoch {self.epoch:>3}/{self.of_epochs} | Lanes: {lanes} | Best {self.metric}: {best} | Left: {shown}"

    def _count(self, lane: int, record: Record) -> None:
        self.done[lane] = record["epoch"]
        status = record["status"]
        ended = status == "RUNNING" and record["epoch"] >= self.epochs[lane]
        self.status[lane] = "FINISHED" if ended else status
        if status == "DIVERGED":
            self.scores.pop(lane, None)
        elif record["new_best"]:
            terms = record.get("val_loss_components") or {}
            score = record["val_f1"] if self.metric == "val_f1" else terms.get("recon")
            if score is not None:
                self.scores[lane] = score


class SweepProgress:
    """Print one line per epoch of a group on standard error; in a terminal, redraw a line and a bar instead.

    Args:
        configs: One config per lane.
        has_truth: Whether the true graph is known.
        wanted: True prints, False is silent, None prints in a terminal or a notebook only.
        title: What precedes every line, such as the round of a search.
    """

    def __init__(
        self, configs: Sequence[Config], has_truth: bool, wanted: bool | Literal["full"] | None, title: str = ""
    ) -> None:
        self.tally: Tally = Tally(configs, has_truth)
        self.title = title
        self.wanted: bool
        self.terminal: bool
        self.wanted, self.terminal = on_show(wanted)
        self._live: Any = None
        self._shown = 0

    def __enter__(self) -> SweepProgress:
        if self.wanted and self.terminal:
            from rich.console import Console
            from rich.live import Live
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
            from rich.progress import TimeElapsedColumn as Elapsed

            columns = (SpinnerColumn(), TextColumn("lane epochs"), BarColumn(None), MofNCompleteColumn(), Elapsed())
            self._bar = Progress(*columns, expand=True)
            self._task = self._bar.add_task("", total=self.tally.lane_epochs[1])
            self._live = Live(self._drawn(COMPILING), transient=True, console=Console(stderr=True))
            self._live.start()
        elif self.wanted:
            say(self.title + COMPILING, sys.stderr)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live:
            self._live.stop()
        if self.wanted and not self._shown and exception[0] is None:
            say(self.title + NOTHING_LEFT, sys.stderr)

    def begin(self, histories: Mapping[int, Sequence[Record]]) -> None:
        """Take note of what a resumed sweep already has."""
        self.tally.begin(histories)

    def epoch(self, records: Mapping[int, Record]) -> None:
        """Show one epoch of a group."""
        diverged = self.tally.add(records)
        self._shown += 1
        if not self.wanted:
            return
        if self._live is None:
            say(self.title + self.tally.line(), sys.stderr)
            return
        for lane in diverged:
            self._live.console.print(f"lane {lane} diverged in epoch {self.tally.epoch}", highlight=False)
        done, total = self.tally.lane_epochs
        self._bar.update(self._task, completed=done, total=total)
        self._live.update(self._drawn(self.tally.line()))

    def _drawn(self, line: str) -> Any:
        from rich.console import Group
        from rich.text import Text

        return Group(Text(self.title + line, overflow="fold"), self._bar)

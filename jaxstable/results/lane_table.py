"""The lanes of a sweep as a value: their table, what ranks them, and their histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxstable.config import ConfigError
from jaxstable.files.table import MEASURED, QUALITIES, better, default_metric, table_row
from jaxstable.phrases import ended_text
from jaxstable.results.report import Table, cell
from jaxstable.training.grid import axes_of, static_fields
from jaxstable.training.record import Run

BEST = 5  # lanes shown


@dataclass(frozen=True)
class Lanes:
    """What is known of the lanes of a sweep.

    Attributes:
        table: one row per lane: status, metrics of its best evaluation, and its config.
        axes: the fields in which the lanes differ.
        metric: the column that ranks lanes.
        histories: health records of every lane.
        names: names of the variables.
        seconds: time of training of all lanes.
    """

    table: Sequence[Mapping[str, Any]]
    axes: Sequence[str]
    metric: str
    histories: Sequence[Sequence[Mapping[str, Any]]]
    names: Sequence[str]
    seconds: float

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Lanes:
        """Return the lanes of runs."""
        # The lanes of a group are trained together: each carries the time of all. A search has a group a round.
        times = {(static_fields(run.config), run.total_time) for run in runs}
        return cls(
            table=[table_row(lane, run.config, run.history, run.status) for lane, run in enumerate(runs)],
            axes=axes_of([run.config for run in runs]),
            metric=default_metric(runs[0].truth is not None),
            histories=[run.history for run in runs],
            names=runs[0].names,
            seconds=float(sum(seconds for _, seconds in times)),
        )

    @property
    def statuses(self) -> dict[str, int]:
        """How many lanes ended in which way."""
        return dict(Counter(row["status"] for row in self.table))

    def scored(self, metric: str) -> bool:
        """Return whether any lane that has not diverged has a value."""
        return any(row[metric] is not None and row["status"] != "DIVERGED" for row in self.table)

    def ranking(self, by: str | None = None) -> list[int]:
        """Return the lanes that have not diverged and have a value, the best first.

        Args:
            by: a column of the table that is better when larger or smaller; None is `metric`.

        Raises:
            ConfigError: there is no such column, it has no better and worse, or no lane has a value in it.
        """
        by = by or self.metric
        if by not in QUALITIES:
            why = f"{by} is neither better large nor better small; " if by in MEASURED else ""
            raise ConfigError(f"by: found {by!r}, {why}expected one of {', '.join(QUALITIES)}")
        if not self.scored(by):
            raise ConfigError(f"by: no lane that has not diverged has a {by}; see diagnose()")
        scores = {row["lane"]: row[by] for row in self.table if row["status"] != "DIVERGED" and row[by] is not None}
        return sorted(scores, key=lambda lane: (-better(by) * scores[lane], lane))

    def summary(self) -> dict[str, Any]:
        """Return the totals: lanes by status, the grid, the time, and the best lane."""
        best = self.table[self.ranking()[0]] if self.scored(self.metric) else None
        return {
            "lanes": len(self.table),
            "status": self.statuses,
            "axes": {axis: list(dict.fromkeys(row[axis] for row in self.table)) for axis in self.axes},
            "total_time": self.seconds,
            "metric": self.metric,
            "best": best and {name: best[name] for name in ("lane", "status", *self.axes, *MEASURED)},
        }


def best_lanes(lanes: Lanes, count: int = BEST) -> Table:
    """Return the best lanes as a table; without a value in any lane, the first lanes."""
    shown = lanes.ranking() if lanes.scored(lanes.metric) else range(len(lanes.table))
    columns = ("lane", *lanes.axes, lanes.metric, "edge_count", "epochs_done", "status")
    rows = tuple(tuple(cell(lanes.table[lane][name]) for name in columns) for lane in list(shown)[:count])
    return Table(f"Best lanes ({len(rows)} of {len(lanes.table)})", columns, rows)


def lane_totals(lanes: Lanes) -> tuple[tuple[str, str], ...]:
    """Lay the totals out as (label, value) rows."""
    values = {axis: len({row[axis] for row in lanes.table}) for axis in lanes.axes}
    grid = ", ".join(f"{axis} ({count})" for axis, count in values.items())
    ended = ", ".join(f"{count} {ended_text(status)}" for status, count in lanes.statuses.items())
    return (
        ("Lanes", f"{len(lanes.table)}: {ended}"),
        ("Grid", grid or "the lanes do not differ"),
        ("Time", f"{lanes.seconds:.1f} s"),
    )

"""Read the table of a sweep: which lanes have a value, which share their other fields, what they measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jaxstable.files.table import UNFINISHED, better, default_metric
from jaxstable.results.evidence import number
from jaxstable.results.findings import Finding

SHOWN = 6  # lanes named in one sentence
UNREACHED = "reconstruction_never_reaches_adjacency"

Row = Mapping[str, Any]


class GridEvidence:
    """What is known of a sweep.

    Args:
        table: One row per lane, see `training.table.table_row`.
        axes: The fields in which the lanes differ.
        findings: Each lane's own findings.
    """

    def __init__(self, table: Sequence[Row], axes: Sequence[str], findings: Sequence[Sequence[Finding]]) -> None:
        self.rows: list[Row] = list(table)
        self.axes: list[str] = list(axes)
        self.findings: dict[int, list[Finding]] = {
            row["lane"]: list(own) for row, own in zip(table, findings, strict=True)
        }
        self.diverged: list[Row] = [row for row in self.rows if row["status"] == "DIVERGED"]
        self.unfinished: list[Row] = [row for row in self.rows if row["status"] in UNFINISHED]
        self.sound: list[Row] = [row for row in self.rows if row["status"] != "DIVERGED" and row["epochs_done"]]
        self.metric: str = default_metric(any(number(row["val_f1"]) is not None for row in self.rows))

    @property
    def unreached(self) -> bool:
        """Whether the reconstruction loss reaches the adjacency in no lane at all."""
        return bool(self.sound) and all(
            any(finding.code == UNREACHED for finding in self.findings[row["lane"]]) for row in self.sound
        )

    def measured(self, metric: str) -> list[tuple[Row, float]]:
        """Return the lanes that have not diverged and have a value of a metric, with it."""
        return [(row, value) for row in self.sound if (value := number(row[metric])) is not None]

    def best(self) -> tuple[Row, float] | None:
        """Return the lane with the best metric."""
        return max(self.measured(self.metric), key=lambda pair: better(self.metric) * pair[1], default=None)

    def numeric(self, axis: str) -> list[float]:
        """Return the sorted values of an axis, none if they are not numbers."""
        values = {number(row[axis]) for row in self.rows}
        return [] if None in values else sorted(value for value in values if value is not None)

    def alike(self, metric: str, free: Sequence[str]) -> list[list[tuple[Row, float]]]:
        """Group the lanes that are equal in every axis but the free ones; groups of one are left out."""
        groups: dict[tuple[Any, ...], list[tuple[Row, float]]] = {}
        for row, value in self.measured(metric):
            groups.setdefault(tuple(row[axis] for axis in self.axes if axis not in free), []).append((row, value))
        return [group for group in groups.values() if len(group) > 1]

    def split(self, axis: str, marked: Sequence[Row], others: Sequence[Row]) -> tuple[str, float] | None:
        """Return the value of an axis beyond which all marked lanes lie and none of the others does.

        Returns:
            ("above", the largest value of the others), ("below", the smallest), or None if no value parts them.
        """
        if not self.numeric(axis) or not marked or not others:
            return None
        inside = [row[axis] for row in others]
        if min(row[axis] for row in marked) > max(inside):
            return "above", max(inside)
        if max(row[axis] for row in marked) < min(inside):
            return "below", min(inside)
        return None


def lanes_text(rows: Iterable[Row]) -> str:
    """Name lanes: all if they are few, else the first ones.

    >>> lanes_text([{"lane": 3}]), lanes_text([{"lane": i} for i in range(9)])
    ('lane 3', 'lanes 0, 1, 2, 3, 4, 5, ...')
    """
    lanes = [str(row["lane"]) for row in rows]
    return f"lane{'s' if len(lanes) > 1 else ''} {', '.join(lanes[:SHOWN])}{', ...' if len(lanes) > SHOWN else ''}"


def lost_values(rows: Sequence[Row], axis: str) -> list[Any]:
    """Return the values of an axis with which every lane diverged, where there are at least two such lanes."""
    ends: dict[Any, list[bool]] = {}
    for row in rows:
        ends.setdefault(row[axis], []).append(row["status"] == "DIVERGED")
    return [value for value, lost in ends.items() if len(lost) > 1 and all(lost)]


def commonest(words: Iterable[str]) -> str:
    """Return the word that occurs most often, the earliest of several."""
    return statistics.mode(words)

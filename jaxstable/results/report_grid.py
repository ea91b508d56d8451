"""Say in words how a sweep went: its best lanes as a table, its totals, and a page for notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from jaxstable.results.grid_evidence import shown
from jaxstable.results.report import findings_html, picture, table_html

if TYPE_CHECKING:
    from jaxstable.results.sweep_result import SweepResult

BEST = 5  # lanes shown


def best_lanes(result: SweepResult, count: int = BEST) -> list[list[str]]:
    """Return a header and the best lanes, as cells; without a value in any lane, the first lanes."""
    scored = result.summary()["best"] is not None
    lanes = result.ranking() if scored else range(len(result))
    columns = ["lane", *result.axes, result.metric, "edge_count", "epochs_done", "status"]
    rows = [[result.table[lane][name] for name in columns] for lane in list(lanes)[:count]]
    return [columns, *(["n/a" if cell is None else shown(cell) for cell in row] for row in rows)]


def totals(result: SweepResult) -> list[tuple[str, str]]:
    """Lay the totals out as (label, value) pairs."""
    summary = result.summary()
    grid = ", ".join(f"{axis} ({len(values)})" for axis, values in summary["axes"].items())
    return [
        ("Lanes", f"{len(result)}: {', '.join(f'{n} {status.lower()}' for status, n in summary['status'].items())}"),
        ("Grid", grid or "the lanes do not differ"),
        ("Time", f"{summary['total_time']:.1f} s"),
    ]


def sweep_text(result: SweepResult, paths: Iterable[str | os.PathLike[str]] = ()) -> str:
    """Format the best lanes, the totals and the files of a sweep.

    Args:
        result: The sweep.
        paths: Files or directories to name.

    Returns:
        Lines without a trailing newline.
    """
    cells = best_lanes(result)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in cells]
    lines.append("")
    lines += [f"{label:<8} {value}" for label, value in totals(result)]
    label = "Written"
    for path in paths:
        lines.append(f"{label:<8} {os.fspath(path)}")
        label = ""
    return "\n".join(lines)


def html(result: SweepResult) -> str:
    """Build the notebook display: totals, the best lanes, findings and, with matplotlib, the picture."""
    header, *rows = best_lanes(result)
    cell = "text-align:right;padding:2px 12px 2px 0"
    head = "".join(f'<th style="{cell}">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f'<td style="{cell}">{escape(value)}</td>' for value in row) + "</tr>" for row in rows
    )
    return (
        f"<div>{table_html(totals(result))}"
        f'<table style="border-collapse:collapse;margin:8px 0"><tr>{head}</tr>{body}</table>'
        f"{findings_html(result.diagnose())}{picture(result, 'metric over the grid, history of the lanes')}</div>"
    )

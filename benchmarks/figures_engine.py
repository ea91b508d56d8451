"""Tables of what the programs in `engine/` recorded, for `figures.py`."""

from __future__ import annotations

from benchmarks.common import record, table


def start() -> str:
    """Processor and wall-clock seconds of whole commands, with and without what an earlier run kept."""
    found: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for name, facts in record("start")["runs"].items():
        what, kind = name.split(" | ")
        side, when = kind.split(", ")
        found.setdefault((what, when), {})[side] = facts
    rows = [
        [
            what,
            when,
            *(f"{sides[side]['cpu_seconds']:.1f}" for side in ("other", "this")),
            f"{sides['other']['cpu_seconds'] / sides['this']['cpu_seconds']:.1f}",
            *(f"{sides[side]['seconds']:.0f}" for side in ("other", "this")),
        ]
        for (what, when), sides in found.items()
    ]
    return table(rows, ["command", "", "CPU s before", "CPU s now", "ratio", "s before", "s now"])


def scale() -> str:
    """Time, memory and F1 of `discover` by size, and how far an update is from the discovery of all rows."""
    rows = [
        [
            *name.split(":"),
            f"{facts['cpu_seconds']:.1f}",
            f"{facts['seconds']:.1f}",
            f"{facts['peak_memory_mb'] / 1000:.1f}",
            f"{facts['f1']:.2f}".removeprefix("0"),
            f"{facts['update_seconds']:.1f}",
            f"{facts['largest_difference']:g}",
        ]
        for name, facts in record("scale")["cases"].items()
    ]
    return table(rows, ["sensors x rows", "draws", "CPU s", "s", "GB", "F1", "update, s", "its largest difference"])

"""The sensors on the page of a discovery: a spark line of each, what is missing, and what was taken out."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from jaxstable.results.sensors import Recorded

WIDTH, HEIGHT, EDGE = 220, 30, 2
COLUMNS = ("sensor", "rows from first to last", "lowest", "highest", "missing", "taken out before the search")


def spark(recorded: Recorded) -> str:
    """Return the line of a sensor as a small SVG, broken where there is no reading."""
    known = [value for value in recorded.line if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    across = WIDTH / max(len(recorded.line) - 1, 1)
    path, pen = [], "M"
    for place, value in enumerate(recorded.line):
        if value is None:
            pen = "M"
            continue
        share = 0.5 if high == low else (high - value) / (high - low)
        path.append(f"{pen}{place * across:.1f} {EDGE + (HEIGHT - 2 * EDGE) * share:.1f}")
        pen = "L"
    return f'<svg class="spark" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true"><path d="{"".join(path)}"/></svg>'


def sensors_html(sensors: Mapping[str, tuple[Recorded, str, str | None]]) -> str:
    """Return a table of the sensors: name, line, range in its unit, missing share, what was taken out if known."""
    known = any(taken is not None for *_, taken in sensors.values())
    head = "".join(f"<th>{escape(name)}</th>" for name in COLUMNS[: None if known else -1])
    rows = []
    for name, (recorded, unit, taken) in sensors.items():
        ends = ("n/a" if end is None else f"{end:.4g} {unit}".rstrip() for end in (recorded.low, recorded.high))
        cells = [*ends, f"{100 * recorded.missing:.3g} %", *([taken or "nothing"] if known else [])]
        told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f"<tr><td>{escape(name)}</td><td>{spark(recorded)}</td>{told}</tr>")
    return f'<div class="scroll"><table class="sensors"><tr>{head}</tr>{"".join(rows)}</table></div>'

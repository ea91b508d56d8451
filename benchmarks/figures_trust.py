"""Tables of how far the probabilities of `discover` can be trusted, for `figures.py`."""

from __future__ import annotations

from benchmarks.common import record, short, table


def calibration() -> str:
    """How often edges of a given probability were true, on systems that took no part in the fit."""
    rows = record("calibration")["EDGE"]["reliability"]
    cells = [[bin_, n, short(said), short(true)] for bin_, n, said, true in rows]
    return table(cells, ["probability", "edges", "said on average", "true"])


def families() -> str:
    """Of the edges called sure by a map fitted without a family of the zoo, how many were true in that family."""
    found = record("calibration")["families"]
    sure, true = (sum(row[place] for row in found["rows"]) for place in (1, 2))
    rows = [*found["rows"], ["all", sure, true, found["error"]]]
    cells = [[name, sure, short(true / sure) if sure else "-", short(error)] for name, sure, true, error in rows]
    return table(cells, ["left out of the fit", "sure edges", "of them true", "calibration error"])


def zoo() -> str:
    """What `discover` makes of plants that break its assumptions, seeds kept for reporting."""
    found = record("zoo")["regimes"]
    cells = [
        [name, short(row["f1"], 3), f"{row['sure_true']} of {row['sure']}", short(row["error"])]
        for name, row in found.items()
    ]
    return table(cells, ["regime", "F1", "sure edges that are true", "calibration error"])


def rivers() -> str:
    """AUROC on the gauges of rivers in flood, with and without the unit that all have."""
    cells = [
        [
            row["method"],
            short(row["five"], 3),
            short(row["whole"], 3),
            f"{row['sure_true']} of {row['sure']}" if "sure" in row else "",
        ]
        for row in record("rivers")["rows"]
    ]
    return table(cells, ["method", "AUROC, sets of five", "whole graph", "sure edges that are true"])

"""Findings on a discovered graph whose order is that of the scale of its sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.sortability import explained_shares, sortability
from jaxstable.results.findings import NOTHING, Finding

if TYPE_CHECKING:
    from jaxstable.moments.lagged import Moments

SORTABLE = 0.3  # distance from 0.5, where scale says nothing about the order
FEWEST_EDGES = 8  # below which that distance is no surprise


def scale_findings(graph: NDArray[np.bool_], moments: Moments) -> list[Finding]:
    """Find whether an order by variance, or by how well a sensor is explained, would give the edges away.

    Args:
        graph: bool `[lags + 1, cause, effect]`.
        moments: second moments of the data.

    Returns:
        Findings `sorted_by_variance` and `sorted_by_r2`.
    """
    summary = graph.any(axis=0)
    if summary.sum() < FEWEST_EDGES:
        return []
    pooled = np.tensordot(moments.count / moments.count.sum(), moments.matrix, 1)[: moments.n_vars, : moments.n_vars]
    by_variance = sortability(moments.scale**2, summary)
    by_r2 = sortability(explained_shares(pooled), summary)
    found = []
    if abs(by_variance - 0.5) >= SORTABLE:
        evidence = f"the variance in the units of the data {_rises(by_variance)}; the graph does not depend on units"
        found.append(Finding("sorted_by_variance", "info", evidence, NOTHING))
    if abs(by_r2 - 0.5) >= SORTABLE:
        evidence = f"the share of a sensor that the others explain {_rises(by_r2)}"
        remedy = "Check the directions of instantaneous edges against what you know; sensor noise looks the same."
        found.append(Finding("sorted_by_r2", "warning", evidence, remedy))
    return found


def _rises(share: float) -> str:
    word = "rises" if share > 0.5 else "falls"
    return f"{word} from cause to effect along {100 * max(share, 1 - share):.0f} % of the paths"

"""What the second moments of data say of them: gaps, sensors that say the same, an iteration that has not ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from jaxstable.phrases import few
from jaxstable.results.findings import Finding, of

if TYPE_CHECKING:  # judging what was read from disk needs no JAX
    from jaxstable.moments.lagged import Moments

MISSING_LARGE = 0.5  # share of a variable's variance that is in gaps and unexplained
SAME = 0.999  # correlation of two sensors that measure one thing
WHOLE = 0.99  # share of a sensor's variance that a few others explain, from which it is nearly a function of them
FEW_OTHERS = 3
MOST_NAMED = 3
NOTHING_LEFT = 1e-4  # of a sensor's variance, below which it says no more than those named before


def moment_findings(moments: Moments, names: Sequence[str]) -> list[Finding]:
    """Find what the moments say of the data: an EM that has not converged, large gaps, sensors that say the same.

    Args:
        moments: from `lagged_moments`.
        names: names of the variables.

    Returns:
        Findings `em_not_converged`, `mostly_missing`, `duplicated_sensors` and `dependent_sensors`.
    """
    found = []
    slow = [info for info in moments.convergence if not info.converged]
    if slow:
        worst = max(slow, key=lambda info: info.change)
        evidence = f"after {worst.iterations} steps a covariance still moves by {worst.change:.2g}"
        least_known = _least_known(moments, names)
        if least_known:
            evidence += f"; least is known of {few(least_known, MOST_NAMED)}"
        remedy = "Leave out sensors that are hardly ever read or there twice."
        found.append(Finding("em_not_converged", "warning", evidence, remedy))
    missing = moments.missing_information
    gone = [f"{100 * missing[i]:.0f} % of {names[i]}" for i in np.flatnonzero(missing > MISSING_LARGE).tolist()]
    if gone:
        remedy = of(gone, "Distrust its edges, or leave it out.", "Distrust their edges, or leave them out.")
        evidence = f"of what sensors would tell, this is missing: {few(gone)}"
        found.append(Finding("mostly_missing", "warning", evidence, remedy))
    pooled = np.tensordot(moments.count / moments.count.sum(), moments.matrix, 1)[: len(names), : len(names)]
    spread = np.sqrt(np.maximum(np.diag(pooled), 1e-12))
    alike = np.abs(pooled / np.outer(spread, spread)) > SAME
    found += doubled(alike, names)
    told = set(np.flatnonzero((alike & ~np.eye(len(names), dtype=bool)).any(axis=0)).tolist())
    functions = [
        f"{names[index]} of {' and '.join(names[other] for other in others)}"
        for index, others in enumerate(_near_functions(pooled))
        if others and index not in told
    ]
    if functions:
        evidence = f"at every moment nearly a function of others: {few(functions)}"
        whose = of(functions, "Leave it out, or what it follows from", "Leave these out, or what they follow from")
        remedy = f"{whose}: nothing can tell their edges apart, and they take long."
        found.append(Finding("dependent_sensors", "warning", evidence, remedy))
    return found


def doubled(alike: NDArray[np.bool_], names: Sequence[str]) -> list[Finding]:
    """Return one finding for all groups of sensors that measure one thing, none without a group.

    >>> doubled(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], bool), ["a", "b", "c"])[0].evidence
    'correlate above 0.999: a and b'
    """
    n_groups, group_of = csgraph.connected_components(alike, directed=False)
    groups = [np.flatnonzero(group_of == k).tolist() for k in range(n_groups)]
    shown = [f"{', '.join(names[i] for i in group[:-1])} and {names[group[-1]]}" for group in groups if len(group) > 1]
    if not shown:
        return []
    evidence = f"correlate above {SAME:g}: {'; '.join(shown)}"
    remedy = f"Keep one{of(shown, '', ' of each group')}: nothing can tell their edges apart."
    return [Finding("duplicated_sensors", "warning", evidence, remedy)]


def _least_known(moments: Moments, names: Sequence[str]) -> list[str]:
    """Name the sensors with gaps and their share of missing rows, first whose gaps the others explain least.

    The larger the share of what a sensor would tell that is missing, the slower expectation-maximisation goes.
    """
    missing = 1.0 - np.diag(moments.pair_share[: len(names)])
    order = np.argsort(-moments.missing_information, kind="stable")
    with_gaps = order[missing[order] > 0].tolist()
    return [f"{names[index]} ({100 * missing[index]:.3g} % of its rows missing)" for index in with_gaps]


def _near_functions(covariance: NDArray[np.float64]) -> list[list[int]]:
    """Return for each variable the few others that explain it nearly wholly, none where no few do."""
    found, variance = [], np.maximum(np.diag(covariance), 1e-12)
    for index in range(len(covariance)):
        left, others = covariance.copy(), []
        while left[index, index] > (1.0 - WHOLE) * variance[index] and len(others) < FEW_OTHERS:
            spread = np.diag(left)
            told = np.where(spread > NOTHING_LEFT * variance, left[index] ** 2 / np.maximum(spread, 1e-12), 0.0)
            told[index] = 0.0
            if not told.any():
                break
            others.append(int(told.argmax()))
            left -= np.outer(left[:, others[-1]], left[others[-1]]) / max(left[others[-1], others[-1]], 1e-12)
        found.append(sorted(others) if left[index, index] <= (1.0 - WHOLE) * variance[index] else [])
    return found

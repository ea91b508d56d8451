"""From bootstrap frequencies to probabilities: of the edges with this frequency and evidence, how many are true."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEAST_EVIDENCE = 0.3  # keeps the logarithm finite; of the evidence that an edge needs to be chosen
ENOUGH_EVIDENCE = 1.5  # from where more says hardly more: a strong link may still point the other way
_BEYOND = 0.02  # slope of the logarithm beyond it, so that ranks stay strict


class Map(NamedTuple):
    """A logistic map: `logit p = offset + frequency logit f + evidence log(e + 0.3)`, e bent at 1.5."""

    offset: float
    frequency: float
    evidence: float


# Printed by `python benchmarks/discovery/calibration.py`.
EDGE = Map(-0.50, 0.43, 3.60)
LAG = Map(-1.02, 0.32, 3.69)


def edge_probability(frequency: ArrayLike, evidence: ArrayLike, draws: int, by: Map = EDGE) -> NDArray[np.float64]:
    """Return the probability that edges are true, at any lag.

    `logit p = a + b logit f + c log(e + 0.3)`, f the frequency pulled away from 0 and 1 by half a draw, e the
    evidence, 1 where an edge is just worth its penalty, bent to a slow rise at 1.5. It rises strictly in both, so it
    ranks edges that every draw found by their evidence.

    Args:
        frequency: share of the bootstrap draws that hold an edge.
        evidence: strength of the edge in the full data over the square root of the penalty of one edge
            (`Selection.strength`, `Criterion.penalty`), >= 0.
        draws: number of draws, >= 1.
        by: the map.

    Returns:
        Probabilities in (0, 1).

    Example:
        >>> often, seldom = edge_probability([1.0, 0.1], [2.0, 0.5], 50)
        >>> bool(often > 0.9 > 0.2 > seldom)
        True

    Reference:
        Platt, Probabilistic outputs for support vector machines, 1999 (logistic calibration); Niculescu-Mizil,
        Caruana, Predicting good probabilities with supervised learning, 2005.
    """
    a, b, c = by
    frequent, strong = features(frequency, evidence, draws)
    return 1.0 / (1.0 + np.exp(-(a + b * frequent + c * strong)))


def lag_probability(frequency: ArrayLike, evidence: ArrayLike, draws: int) -> NDArray[np.float64]:
    """Return the probability that edges are true at their very lag; arguments as for `edge_probability`."""
    return edge_probability(frequency, evidence, draws, LAG)


def features(frequency: ArrayLike, evidence: ArrayLike, draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the map is linear in: the log odds of the frequency and the logarithm of the evidence."""
    share = (np.asarray(frequency, float) * draws + 0.5) / (draws + 1.0)
    strength = np.asarray(evidence, float)
    bent = np.minimum(strength, ENOUGH_EVIDENCE) + _BEYOND * np.log1p(np.maximum(strength - ENOUGH_EVIDENCE, 0.0))
    return np.log(share / (1.0 - share)), np.log(bent + LEAST_EVIDENCE)

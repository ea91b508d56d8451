"""From bootstrap frequencies to probabilities: of the edges with this frequency and evidence, how many are true."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_EVIDENCE = 3.0  # beyond which more evidence says little more; the probability still rises, slowly


class Map(NamedTuple):
    """A logistic map: `logit p = offset + frequency logit f + evidence e`."""

    offset: float
    frequency: float
    evidence: float


EDGE = Map(-2.0, 0.7, 1.5)
LAG = Map(-2.0, 0.7, 1.5)


def edge_probability(frequency: ArrayLike, evidence: ArrayLike, draws: int, by: Map = EDGE) -> NDArray[np.float64]:
    """Return the probability that edges are true, at any lag.

    `logit p = a + b logit f + c e`, f the frequency pulled away from 0 and 1 by half a draw, e the evidence bent at
    MOST_EVIDENCE. It rises strictly in both, so it ranks edges that every draw found by their evidence.

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
    """Return what the map is linear in: the log odds of the frequency and the bent evidence."""
    share = (np.asarray(frequency, float) * draws + 0.5) / (draws + 1.0)
    strength = np.asarray(evidence, float)
    bent = np.minimum(strength, MOST_EVIDENCE) + np.log1p(np.maximum(strength - MOST_EVIDENCE, 0.0)) * 0.1
    return np.log(share / (1.0 - share)), bent

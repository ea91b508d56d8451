"""From bootstrap frequencies to probabilities: of the edges with this frequency and evidence, how many are true."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxstable.graph.groups import crowds
from jaxstable.graph.selection import Selection

LEAST_EVIDENCE = 0.3  # keeps the logarithm finite; of the evidence that an edge needs to be chosen
ENOUGH_EVIDENCE = 1.5  # from where more says hardly more: a strong link may still point the other way
_BEYOND = 0.02  # slope of the logarithm beyond it, so that ranks stay strict


_CERTAIN_TURN = 60.0  # what turning an edge costs, from where more makes its direction hardly surer
_LEAST_TURN = 6.0
_MOST_UNEXPLAINED = 3.0
CROWD, _MOST_CROWDED = 4, 2  # sensors all linked, beyond which a hidden cause is likelier; more beyond count as these


class Map(NamedTuple):
    """A logistic map: `logit p = offset + frequency logit f + evidence log(e + 0.3) - doubts`, e bent at 1.5.

    The doubts of an edge that was found, `Doubts`, each times its weight.
    """

    offset: float
    frequency: float
    evidence: float
    direction: float = 0.0
    unexplained: float = 0.0
    crowd: float = 0.0
    crowded: float = 0.0
    unread: float = 0.0


class Doubts(NamedTuple):
    """What speaks against edges that were found, each `[cause, effect]`, 0 where nothing does or there is no edge."""

    direction: NDArray[np.float64]
    """how cheap it is to turn the edge: `log(66 / (6 + cost))`, the cost in twice the log likelihood, at most 60."""
    unexplained: NDArray[np.float64]
    """logarithm of what absent edges explain on average, in multiples of chance, between 1 and 3."""
    crowd: NDArray[np.float64]
    """sensors beyond four in the largest group around the pair in which all are linked, at most 2."""
    crowded: NDArray[np.float64]
    """the same of the whole graph."""
    unread: NDArray[np.float64]
    """how seldom sensors are read: `log(1 / 2 share of the rows)`, at least 0, the mean over all of them."""


# Printed by `python benchmarks/discovery/calibration.py`.
EDGE = Map(-1.37, 0.59, 4.49, 0.50, 0.24, 0.78, 0.89, 2.94)
LAG = Map(-1.50, 0.53, 4.51, 0.50, 0.46, 0.65, 0.92, 1.74)


def edge_probability(
    frequency: ArrayLike, evidence: ArrayLike, draws: int, doubts: Doubts | None = None, by: Map = EDGE
) -> NDArray[np.float64]:
    """Return the probability that edges are true, at any lag.

    `logit p = a + b logit f + c log(e + 0.3) - doubts`, f the frequency pulled away from 0 and 1 by half a draw, e the
    evidence, 1 where an edge is just worth its penalty, bent to a slow rise at 1.5. It rises strictly in both, so it
    ranks edges that every draw found by their evidence.

    Args:
        frequency: share of the bootstrap draws that hold an edge.
        evidence: strength of the edge in the full data over the square root of the penalty of one edge
            (`Selection.strength`, `Criterion.penalty`), >= 0.
        draws: number of draws, >= 1.
        doubts: what speaks against the edges; None is nothing.
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
    frequent, strong = features(frequency, evidence, draws)
    odds = by.offset + by.frequency * frequent + by.evidence * strong
    for weight, doubt in zip(by[3:], doubts or (), strict=doubts is not None):
        odds = odds - weight * doubt
    return 1.0 / (1.0 + np.exp(-odds))


def lag_probability(
    frequency: ArrayLike, evidence: ArrayLike, draws: int, doubts: Doubts | None = None
) -> NDArray[np.float64]:
    """Return the probability that edges are true at their very lag; arguments as for `edge_probability`."""
    return edge_probability(frequency, evidence, draws, doubts, LAG)


def doubts_of(selection: Selection, read: ArrayLike = 1.0) -> Doubts:
    """Return what speaks against the edges of a selection.

    Args:
        selection: the graph and its evidence.
        read: share of the rows in which each sensor was read, where gaps were filled in by what all graphs allow.
    """
    present: NDArray[np.bool_] = np.logical_or.reduce(selection.graph)
    cost = np.minimum(cost_of_turning(selection), _CERTAIN_TURN)
    sizes = np.clip(crowds(present | present.T) - CROWD, 0, _MOST_CROWDED)
    unexplained = float(np.log(np.clip(selection.unexplained, 1.0, _MOST_UNEXPLAINED)))
    every = np.log((_CERTAIN_TURN + _LEAST_TURN) / (cost + _LEAST_TURN)), unexplained, sizes, sizes.max(initial=0)
    seldom = float(np.maximum(np.log(0.5 / np.maximum(np.asarray(read, float), 1e-3)), 0.0).mean())
    return Doubts(*(np.where(present, doubt, 0.0) for doubt in (*every, seldom)))


def cost_of_turning(selection: Selection) -> NDArray[np.float64]:
    """Return what the other direction of each edge costs in twice the log likelihood, 0 off the graph."""
    instant = np.where(np.isfinite(selection.turning), selection.turning, 0.0)
    lagged = np.where(selection.graph[1:], selection.strength[1:] ** 2, 0.0)  # time gives the direction
    return np.maximum(np.maximum(instant, lagged.max(axis=0, initial=0.0)), 0.0)


def held_to_direction(numbers: NDArray[np.float64], selection: Selection) -> NDArray[np.float64]:
    """Return probabilities or frequencies `[cause, effect]` no surer of a direction than the data are.

    Draws that all show one of two directions which fit alike are no evidence. By Bayes' rule, with both directions
    alike beforehand, that of an edge has the share `1 / (1 + exp(-cost / 2))` of the sum of both, the cost that of
    turning the edge. Nothing is asked of required edges, and of edges both ways.
    """
    present: NDArray[np.bool_] = np.logical_or.reduce(selection.graph)
    asked = present & ~present.T & (np.isfinite(selection.turning) | ~selection.graph[0])
    share = 1.0 / (1.0 + np.exp(-0.5 * np.minimum(cost_of_turning(selection), 200.0)))
    both = np.minimum(numbers + numbers.T, 1.0)
    held = np.where(asked, np.minimum(numbers, share * both), numbers)
    return np.where(asked.T, np.maximum(numbers, (1.0 - share.T) * both), held)


def features(frequency: ArrayLike, evidence: ArrayLike, draws: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return what the map is linear in: the log odds of the frequency and the logarithm of the evidence."""
    share = (np.asarray(frequency, float) * draws + 0.5) / (draws + 1.0)
    strength = np.asarray(evidence, float)
    bent = np.minimum(strength, ENOUGH_EVIDENCE) + _BEYOND * np.log1p(np.maximum(strength - ENOUGH_EVIDENCE, 0.0))
    return np.log(share / (1.0 - share)), np.log(bent + LEAST_EVIDENCE)

"""Which influence to look at first: the likeliest, or the likeliest of those that grow, where sizes can be compared."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.data.recorded import one_unit
from jaxstable.graph.learned import LearnedGraph


class Ranking(NamedTuple):
    """A score of every pair, and what it rests on."""

    scores: NDArray[np.float64]
    """`[cause, effect]`, >= 0, 0 on the diagonal; only their order means something."""
    same_units: bool
    """whether sizes are part of it."""
    why: str


def ranked(graph: LearnedGraph, same_units: bool | None = None) -> Ranking:
    """Rank the influences of a graph, scale-free or by sizes in one unit.

    Scale-free, the score is the probability of the influence (the absolute weight where no draws were made): it is the
    same in every unit. Where all sensors are in one unit, their sizes are evidence, too: what gathers what comes before
    it varies more than each part of it, as a river does downstream. The score is then times the standard deviation of
    the effect over that of the cause. Graph and probabilities never depend on units.

    Args:
        graph: with the standard deviations of its variables.
        same_units: whether all variables are in one unit; None is what their units say.

    Raises:
        ValueError: `same_units` is True, and the standard deviations are not known.

    Reference:
        Reisach, Seiler, Weichwald, Beware of the simulated DAG! Causal discovery benchmarks may be easy to game, 2021
        (variances that grow along the causal order); Stein et al., CausalRivers, 2025.
    """
    if same_units not in (None, True, False):
        raise ValueError(f"same_units: found {same_units!r}, expected True, False or None")
    if same_units and graph.scale is None:
        raise ValueError("same_units: this graph does not know the sizes of its sensors; leave it out")
    free, what = (graph.adjacency, "weight") if graph.probability is None else (graph.probability, "probability")
    unit = one_unit(graph.units, graph.names)
    if same_units is not None:
        known = "all are said to be in one unit" if same_units else "sizes are said to have different units"
    elif unit is None:
        known = "no unit is known of all sensors"
    else:
        known = f"all are in {unit}" if graph.scale is not None else f"all are in {unit}, but their sizes are not known"
    if graph.scale is None or not (unit if same_units is None else same_units):
        return Ranking(np.asarray(free, float), False, f"{what} alone: {known}")
    ratio = np.nan_to_num(graph.scale[None, :] / graph.scale[:, None])  # a sensor that was left out has no size
    return Ranking(free * ratio, True, f"{what} times the sd of the effect over that of the cause: {known}")

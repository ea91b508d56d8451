"""The number of lags, chosen without ground truth: the order whose graph has the lowest criterion."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Edges, Numbers, Refits
from jaxstable.graph.selection import Stopped, climb


class Order(NamedTuple):
    """A chosen largest lag and what spoke for it."""

    lags: int
    """the largest lag."""
    scores: tuple[float, ...]
    """criterion of the graph found with 0, 1, .. lags, own lags paid for; infinite where required edges rule it out."""
    graph: Edges
    """the graph that was found with these lags, `[dim, n_vars]`."""


def choose_order(refits: Refits, required: Edges | None = None, forbidden: Edges | None = None) -> Order:
    """Choose the largest lag at which anything acts, on others or on itself.

    Graphs are climbed to from the empty one with the lags 0..l for every l, on the same rows and with the same
    inflation and penalties, those of all lags. An own lag, which costs nothing within a graph, here costs
    `log(effective rows)`, or what it explains if that is less. The smallest order is taken that comes within the
    penalty of one edge of the best.

    Args:
        refits: second moments up to the largest lag to look at.
        required: bool `[lags + 1, cause, effect]`, edges that every graph must hold; their lags are in any case kept.
        forbidden: bool, same shape, edges that no graph may hold.

    Returns:
        The order and the criterion of each.

    Raises:
        ValueError: as `Criterion`.
        Stopped: Ctrl-C; the graph has all lags.

    Example:
        >>> from jaxstable.moments.lagged import lagged_moments
        >>> from jaxstable.simulate.systems import svar
        >>> moments = lagged_moments(svar(4, 1000, n_lags=1, n_instant=3, n_lagged=3).values, n_lags=3)
        >>> choose_order(Refits(moments.matrix, moments.count, 4, moments.pair_share)).lags
        1

    Reference:
        Schwarz, Estimating the dimension of a model, 1978 (the price of an own lag).
    """
    most = refits.n_lags
    whole = Criterion(refits, required, forbidden)
    inflation, found = 1.0, whole.base
    least = 0 if required is None else int(np.flatnonzero(np.asarray(required).any(axis=(1, 2))).max(initial=0))
    scores, graphs = [np.inf] * least, [found] * least
    try:
        for _ in range(2):
            found = climb(whole, found, inflation)
            inflation = whole.inflation(found)
        price = float(np.log(max(whole.effective_rows(inflation), 1.0)))
        for lags in range(least, most + 1):
            parts = (None if edges is None else edges[: lags + 1] for edges in (required, forbidden))
            criterion = Criterion(refits.leading(lags), *parts, looked_at=most)
            graphs.append(climb(criterion, found[: criterion.dim] & criterion.allowed, inflation))
            own = _worth_of_own_lags(criterion, graphs[-1]) / inflation
            scores.append(criterion.score(graphs[-1], inflation) + float(np.minimum(own, price).sum()))
    except KeyboardInterrupt as stop:
        reached = stop.graph if isinstance(stop, Stopped) else found
        raise Stopped(reached if reached.shape == found.shape else found) from stop
    lags = int(np.flatnonzero(np.array(scores) <= min(scores) + whole.penalty)[0])
    return Order(lags, tuple(map(float, scores)), graphs[lags])


def _worth_of_own_lags(criterion: Criterion, graph: Edges) -> Numbers:
    """Return the likelihood ratio lost by dropping each own lag of a graph alone."""
    lost = []
    for row, effect in np.argwhere(criterion.own).tolist():
        without = graph[:, effect].copy()
        without[row] = False
        share = float(criterion.refits.pair_share[row, effect])
        lost.append(criterion.loss(effect, graph[:, effect], without, share))
    return np.array(lost)

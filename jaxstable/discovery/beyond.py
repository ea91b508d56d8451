"""What lies beyond straight effects of the sensors on each other: squares, and causes that nobody measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.hidden import MOST_COLUMNS, WIDER, HiddenSearch
from jaxstable.discovery.observed import ObservedSearch, Prepared, worth_it
from jaxstable.discovery.squares import MOST_COLUMNS as MOST_SQUARED
from jaxstable.discovery.squares import SquareSearch
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.groups import suspects
from jaxstable.graph.refit import Edges, Numbers
from jaxstable.graph.selection import Selection, select
from jaxstable.moments.lagged import Moments


class Sources(NamedTuple):
    """Further moments of the same rows; None where they cannot be had."""

    wider: Callable[[int], Moments] | None = None
    """up to another largest lag."""
    squared: Callable[[int], Moments] | None = None
    """with the squares of the sensors behind the sensors, `squares.with_squares`."""
    rows: Prepared | None = None
    """the rows themselves."""


class Extras(NamedTuple):
    """What a graph rests on beside straight effects of the sensors on each other."""

    common_causes: tuple[tuple[int, ...], ...] = ()
    """variables on which each hidden cause acts."""
    squared: NDArray[np.bool_] | None = None
    """`[lags + 1, cause, effect]`, edges that need the square of the cause; None where none does."""
    by_readings: bool = False
    """whether graphs were judged by the likelihood of what was read."""


class Beyond(NamedTuple):
    """A richer system that the data call for."""

    criterion: Criterion
    selection: Selection
    """of the sensors."""
    moments: Moments
    """what draws are made of."""
    draw: Callable[[NDArray[Any], Numbers], Selection]
    """the graph of the sensors that the matrices of a draw call for, and what shapes charge for its lag-0 edges."""
    extras: Extras


def look_beyond(
    sources: Sources,
    moments: Moments,
    selection: Selection,
    required: Edges,
    forbidden: Edges,
    settled: Edges,
    looked_at: int,
    begin: Callable[[str, int | None], None],
) -> Beyond | None:
    """Return the squares or the hidden causes that are worth their edges, None where nothing is.

    Where both are, those win that leave absent edges less to explain. Where a sensor is hardly ever read, neither can
    be told; there the graph of the likeliest readings is returned.

    Args:
        sources: where further moments come from.
        moments: those that the graph was found with.
        selection: the graph of straight effects.
        required: bool `[lags + 1, cause, effect]`, edges that every graph must hold.
        forbidden: bool, same shape, edges that no graph may hold.
        settled: bool, same shape, edges that shapes rule out, which draws with squares weigh anew.
        looked_at: lags that were looked at before those of the graph were settled on.
        begin: called with the name of each stage.
    """
    n_rows, n_vars, _ = selection.graph.shape
    asked = required, forbidden | settled, looked_at
    if sources.rows is not None and worth_it(sources.rows, moments, n_rows - 1):
        begin("readings", None)
        return _by_readings(sources.rows, moments, selection, *asked)
    found = []
    if sources.squared is not None and 2 * n_rows * n_vars <= MOST_SQUARED:
        begin("effects that bend", None)
        found.append(_with_squares(sources.squared(n_rows - 1), selection, required, forbidden, settled, looked_at))
    columns = (WIDER * (n_rows - 1) + 1) * n_vars
    linked: Edges = np.logical_or.reduce(selection.graph)
    one_environment = len(moments.count) == 1
    if sources.wider is not None and one_environment and columns <= MOST_COLUMNS and suspects(linked | linked.T):
        begin("common causes", None)
        found.append(_with_common_causes(sources.wider(WIDER * (n_rows - 1)), selection, *asked))
    return min(filter(None, found), key=lambda one: one.selection.unexplained, default=None)


def _by_readings(
    rows: Prepared, moments: Moments, selection: Selection, required: Edges, forbidden: Edges, looked_at: int
) -> Beyond:
    search = ObservedSearch(rows, moments, required, forbidden, looked_at)
    found = search.search(selection)
    draw = lambda matrices, prices: select(search.criterion(matrices), inflation=found.selection.inflation)  # noqa: E731
    return Beyond(found.criterion, found.selection, found.moments, draw, Extras(by_readings=True))


def _with_squares(
    moments: Moments, selection: Selection, required: Edges, forbidden: Edges, settled: Edges, looked_at: int
) -> Beyond | None:
    search = SquareSearch(moments, required, forbidden, settled, looked_at)
    bent = search.search(selection)
    if bent is None:
        return None
    inflation = bent.selection.inflation
    draw = lambda matrices, prices: search.draw(matrices, inflation, prices)  # noqa: E731
    return Beyond(bent.criterion, bent.selection, moments, draw, Extras(squared=bent.squared))


def _with_common_causes(
    moments: Moments, selection: Selection, required: Edges, forbidden: Edges, looked_at: int
) -> Beyond | None:
    n_vars = selection.graph.shape[1]
    search = HiddenSearch(moments, len(selection.graph) - 1, required, forbidden, looked_at)
    hidden = search.search(selection)
    if hidden is None:
        return None

    def of_sensors(selection: Selection) -> Selection:
        graph, strength, weights = (part[:, :n_vars, :n_vars] for part in selection[:3])
        turning = selection.turning[:n_vars, :n_vars]
        return selection._replace(graph=graph, strength=strength, weights=weights, turning=turning)

    draw = lambda matrices, prices: of_sensors(search.draw(matrices[0], hidden))  # noqa: E731
    return Beyond(hidden.criterion, of_sensors(hidden.selection), moments, draw, Extras(common_causes=hidden.groups))

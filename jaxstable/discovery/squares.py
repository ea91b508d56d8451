"""Effects that bend: the square of a sensor as one more cause, beside the sensor itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.shapes import select_priced
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Edges, Numbers, Refits
from jaxstable.graph.selection import Selection, climb, select
from jaxstable.moments.lagged import Moments
from jaxstable.signals.gaps import centred, standardised

MOST_COLUMNS = 400  # of the stacked rows with squares in them; more take minutes
MARGIN = 2.0  # prices of an edge that squares must gain beyond their own
LEAST_READ = 0.3  # share of the rows in which cause and effect were read; a square cannot be filled in from the others
_LEAST_BEND = 1e-6  # of a square that a line explains wholly, rounding is left
_LARGEST = 2.5  # deviations at which a square stops growing, so that no single reading can make one


class Bent(NamedTuple):
    """Squares that are worth their edges, and the graph with them."""

    criterion: Criterion
    """of sensors and squares together."""
    selection: Selection
    """of the sensors; an edge is there if the cause or its square acts."""
    squared: NDArray[np.bool_]
    """`[lags + 1, cause, effect]`, edges that need the square of the cause."""


class SquareSearch:
    """Search for effects that a straight line misses.

    The squares of the sensors join the regressions as candidate causes at every lag; nothing acts on them but the
    sensor itself. Graphs are judged and climbed to as before, so that a square pays the price of an edge.

    Args:
        moments: of `with_squares`, up to the lags of the graph.
        required: bool `[lags + 1, cause, effect]`, edges between sensors that every graph must hold.
        forbidden: bool, same shape, edges that no graph may hold.
        settled: bool, same shape, edges that the search leaves out and draws weigh anew.
        looked_at: lags that were looked at before those of the graph were settled on.
    """

    def __init__(self, moments: Moments, required: Edges, forbidden: Edges, settled: Edges, looked_at: int) -> None:
        self.moments: Moments = moments
        self.looked_at: int = looked_at
        self.n_vars: int = moments.n_vars // 2
        n_vars, rows = self.n_vars, np.arange(self.n_vars)
        shape = (len(required), 2 * n_vars, 2 * n_vars)
        self._required, self._forbidden = np.zeros(shape, bool), np.zeros(shape, bool)
        self._required[:, :n_vars, :n_vars] = required
        self._required[0, rows, n_vars + rows] = True  # so that a square acts on nothing that comes before its sensor
        seldom = moments.pair_share.reshape(shape)[:, n_vars:, :n_vars] < LEAST_READ
        seldom |= (np.diagonal(moments.matrix[0])[n_vars : 2 * n_vars] < _LEAST_BEND)[None, :, None]
        self._forbidden[:, :n_vars, :n_vars] = forbidden
        self._forbidden[:, n_vars:, :n_vars] = forbidden | seldom
        self._forbidden[0, n_vars + rows, rows] = True
        self._settled = np.zeros(shape, bool)
        self._settled[:, :n_vars, :n_vars] = self._settled[:, n_vars:, :n_vars] = settled
        self._forbidden[:, :, n_vars:] = ~self._required[:, :, n_vars:]

    def search(self, selection: Selection) -> Bent | None:
        """Return the squares that pay for their edges and for two more, None where there are none.

        Args:
            selection: the graph of the sensors without them.
        """
        criterion = self._criterion(self.moments.matrix, self._settled)
        straight = self._flat(selection.graph, criterion)
        best = (criterion.additions(straight) * criterion.legal(straight) * self._is_square(criterion)).max()
        if best / selection.inflation < (1.0 + MARGIN) * criterion.penalty:
            return None
        found = select(criterion, self._wide(selection.graph)[None].astype(float))
        unbent = self._flat(found.graph, criterion) & ~self._is_square(criterion) | criterion.base
        unbent = climb(self._criterion(self.moments.matrix, self._settled, squares=False), unbent, found.inflation)
        gain = criterion.score(unbent, found.inflation) - found.score
        if gain < MARGIN * criterion.penalty:
            return None
        squared = found.graph[:, self.n_vars :, : self.n_vars] & ~np.eye(self.n_vars, dtype=bool)
        return Bent(criterion, self._of_sensors(criterion, found), squared) if squared.any() else None

    def draw(self, matrix: NDArray[Any], inflation: float, prices: Numbers) -> Selection:
        """Return the graph of the sensors that other moments of sensors and squares call for.

        Args:
            matrix: the moments.
            inflation: rows that are worth one independent row.
            prices: what shapes charge for each lag-0 edge between sensors in this draw, `[cause, effect]`.
        """
        criterion = self._criterion(matrix)
        wide = np.zeros((criterion.n_vars, criterion.n_vars))
        wide[: self.n_vars, : self.n_vars] = wide[self.n_vars :, : self.n_vars] = prices
        return self._of_sensors(criterion, select_priced(criterion, wide, (), inflation))

    def _criterion(self, matrix: NDArray[Any], settled: Edges | None = None, squares: bool = True) -> Criterion:
        refits = Refits(matrix, self.moments.count, 2 * self.n_vars, self.moments.pair_share)
        forbidden = self._forbidden.copy() if settled is None else self._forbidden | settled
        forbidden[:, self.n_vars :, : self.n_vars] |= not squares
        return Criterion(refits, self._required, forbidden, self.looked_at)

    def _wide(self, graph: Edges) -> Edges:
        wide = np.zeros(self._required.shape, bool)
        wide[:, : self.n_vars, : self.n_vars] = graph
        return wide

    def _flat(self, graph: Edges, criterion: Criterion) -> Edges:
        wide = graph if graph.shape[1] > self.n_vars else self._wide(graph)
        return wide.reshape(criterion.dim, criterion.n_vars) | criterion.base

    def _is_square(self, criterion: Criterion) -> Edges:
        return np.broadcast_to(
            (np.arange(criterion.dim) % criterion.n_vars >= self.n_vars)[:, None], criterion.own.shape
        )

    def _of_sensors(self, criterion: Criterion, found: Selection) -> Selection:
        """Return what was found of the sensors: a sensor and its square are one cause, their evidence adds up.

        The weight of an edge is its slope at the mean of the cause.
        """
        n_vars = self.n_vars
        own, other = found.graph[:, :n_vars, :n_vars], found.graph[:, n_vars:, :n_vars]
        direct, bent = found.strength[:, :n_vars, :n_vars], found.strength[:, n_vars:, :n_vars]
        off = ~np.eye(n_vars, dtype=bool)
        graph = (own | other) & off
        held = np.sqrt(np.where(own, direct, 0.0) ** 2 + np.where(other, bent, 0.0) ** 2)
        strength = np.where(graph, held, np.maximum(direct, bent)) * off
        whole = self._flat(found.graph | self._wide(graph), criterion)
        weights = criterion.weights(whole)[:, :n_vars, :n_vars]
        # Turning an edge drops its square as well.
        turning = np.where(own[0], found.turning[:n_vars, :n_vars], np.where(other[0], 0.0, np.inf))
        turning = turning + np.where(other[0], bent[0] ** 2, 0.0)
        return found._replace(graph=graph, strength=strength, weights=weights, turning=turning)


def with_squares(values: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return rows with the square of every sensor behind the sensors, and what was read of both.

    A square is of the deviations from the mean in standard deviations, at most 2.5 of them; what the sensor itself
    explains of it on a line is taken out. Of a switch nothing is left: its square is 0 throughout.

    Args:
        values: `[rows, variables]`; anything where missing.
        mask: bool, same shape, True where observed.

    Example:
        >>> rows = np.array([[-1.0], [0.0], [1.0], [0.0]])
        >>> with_squares(rows, np.ones((4, 1), bool))[0].round(1).tolist()
        [[-1.0, 1.0], [0.0, -1.0], [1.0, 1.0], [0.0, -1.0]]
    """
    count, deviations = np.maximum(mask.sum(axis=0), 1), standardised(values, mask)
    square = centred(np.clip(deviations, -_LARGEST, _LARGEST) ** 2, mask)
    square -= deviations * (square * deviations).sum(axis=0) / count
    square *= np.sqrt((square**2).sum(axis=0) / count) > _LEAST_BEND
    return np.hstack([values, square]), np.hstack([mask, mask])

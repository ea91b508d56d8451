"""Directions by the shape of the noise: where it is not Gaussian, the two directions of an edge are not alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxstable.discovery.observed import Prepared
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.moves import turnable
from jaxstable.graph.refit import Edges, Numbers, Refits
from jaxstable.graph.selection import Selection, climb, select
from jaxstable.moments.lagged import Moments, lagged_rows

MOST_SHAPED = 200  # variables; the turns of more take minutes
MISFIT = 3.0  # what absent edges explain, in multiples of chance, beyond which what a turn costs is overstated
_FEWEST_ROWS = 100
_MOST_ROWS = 20_000
_BLOCKS = 50
_ROUNDS = 3
_GAIN = 1e-6
_TELLING = 2.0  # of twice the log likelihood ratio of two directions; less is chance
_CHANCE = 2.0  # what the shape of a Gaussian residual is worth on average
# Of the maximum-entropy approximation of negentropy: the two weights, and the mean of log cosh of a Gaussian.
_PEAKED, _SKEWED, _LOG_COSH = 79.047, 7.4129, 0.37457


class Oriented(NamedTuple):
    """A graph whose directions at lag 0 are also those that the shapes of the noise call for."""

    graph: Edges
    leaning: Numbers
    """by how much the shapes speak for each lag-0 edge against its reverse, `[cause, effect]`; 0 off the graph."""
    deviation: Numbers
    """standard deviation of that by blocks of rows, `[cause, effect]`."""


class Shapes:
    """Twice the negentropy of residuals times their rows: what a noise that is not Gaussian adds to the likelihood.

    The likelihood of a graph by Gaussian noise counts the variance of each residual; that by noise of its own shape
    counts its entropy, which is smaller by the negentropy. Graphs that Gaussian noise cannot tell apart differ in it.
    Means of `log cosh u` and `u exp(-u^2 / 2)` of a standardised residual u approximate it; no single row moves them
    far. With Gaussian noise it is chi-squared with two degrees of freedom.

    Args:
        rows: as the preparation leaves them; one environment.
        moments: of these rows.
        n_lags: lags of the graphs.

    Reference:
        Hyvärinen, New approximations of differential entropy, 1998; Hyvärinen, Smith, Pairwise likelihood ratios for
        estimation of non-Gaussian structural equation models, 2013; Hyvärinen et al., Estimation of a structural
        vector autoregression model using non-Gaussianity, 2010.
    """

    def __init__(self, rows: Prepared, moments: Moments, n_lags: int) -> None:
        self._rows, self._moments = rows, moments
        ends = lagged_rows(len(rows.values), n_lags, rows.series)
        self._ends: NDArray[np.int_] = ends[:: max(-(-len(ends) // _MOST_ROWS), 1)]
        self._block: NDArray[np.int_] = np.arange(len(self._ends)) * _BLOCKS // max(len(self._ends), 1)
        self._kept: dict[tuple[int, bytes], Numbers] = {}

    def of(self, refits: Refits, graph: Edges, effect: int) -> float:
        """Return the worth of the shape of one residual; 0 where too few rows hold the effect and its causes."""
        return float(_worth(self._means(refits, graph[:, effect], effect).sum(axis=0)))

    def share(self, refits: Refits, graph: Edges) -> float:
        """Return the share of the worth of all shapes that is more than chance, in [0, 1]; 0 for Gaussian noise."""
        found = sum(self.of(refits, graph, effect) for effect in range(refits.n_vars))
        return max(1.0 - _CHANCE * refits.n_vars / found, 0.0) if found > 0.0 else 0.0

    def gain(self, refits: Refits, graph: Edges, cause: int, effect: int) -> float:
        """Return what the shapes gain by turning a lag-0 edge."""
        other = turned(graph, cause, effect)
        return sum(self.of(refits, other, end) - self.of(refits, graph, end) for end in (cause, effect))

    def deviation(self, refits: Refits, graph: Edges, cause: int, effect: int, rng: np.random.Generator) -> float:
        """Return the standard deviation of `gain` over draws of blocks of rows."""
        often = rng.multinomial(_BLOCKS, np.full(_BLOCKS, 1.0 / _BLOCKS), 100)
        other = turned(graph, cause, effect)
        drawn = np.zeros(len(often))
        for end in (cause, effect):
            drawn += _worth(often @ self._means(refits, other[:, end], end))
            drawn -= _worth(often @ self._means(refits, graph[:, end], end))
        return float(np.std(drawn))

    def _standard(self, lag: int, variable: int) -> Numbers:
        """Return a variable some steps before each row, standardised; NaN where it was not read."""
        at = self._ends - lag
        values = (self._rows.values[at, variable] - self._moments.mean[variable]) / self._moments.scale[variable]
        return np.where(self._rows.mask[at, variable], values, np.nan)

    def _means(self, refits: Refits, causes: NDArray[np.bool_], effect: int) -> Numbers:
        """Return rows and sums of the two functions of the residual of each block, `[blocks, 3]`."""
        key = effect, causes.tobytes()
        if key not in self._kept:
            weights = refits.coefficients(effect, causes)
            left = self._standard(0, effect)
            for row in np.flatnonzero(causes):
                lag, cause = divmod(int(row), refits.n_vars)
                left -= weights[row] * self._standard(lag, cause)
            read = np.isfinite(left)
            sums = np.zeros((_BLOCKS, 3))
            if read.sum() >= _FEWEST_ROWS and left[read].std() > 0.0:
                unit = (left[read] - left[read].mean()) / left[read].std()
                size = np.abs(unit)  # log cosh without overflow
                parts = (
                    np.ones(len(unit)),
                    size + np.log1p(np.exp(-2.0 * size)) - np.log(2.0),
                    unit * np.exp(-0.5 * unit**2),
                )
                for place, part in enumerate(parts):
                    sums[:, place] = np.bincount(self._block[read], part, _BLOCKS)
            self._kept[key] = sums
        return self._kept[key]


def orient(criterion: Criterion, graph: Edges, inflation: float, shapes: Shapes, seed: int = 0) -> Oriented:
    """Turn lag-0 edges while moments and shapes together gain, and let the rest of the graph follow.

    Of what shapes gain only the share counts that is more than chance would have it (`Shapes.share`).

    Args:
        criterion: what graphs are judged by, without shapes.
        graph: `[(lags + 1) variables, variables]`, own lags among its edges.
        inflation: rows that are worth one independent row, for the shapes too.
        shapes: of the residuals of the same rows.
        seed: of the draws of blocks for the deviation.
    """
    refits, n_vars = criterion.refits, criterion.n_vars
    weight = shapes.share(refits, graph) / inflation
    for _ in range(_ROUNDS if weight else 0):
        other = _turned_while_better(criterion, graph, inflation, shapes, weight)
        if np.array_equal(other, graph):
            break
        back = np.zeros_like(graph)
        back[:n_vars] = (graph & ~other)[:n_vars]
        graph = climb(criterion.forbidding(back), other, inflation)
        graph = _turned_while_better(criterion, graph, inflation, shapes, weight)
    leaning, deviation = np.zeros((2, n_vars, n_vars))
    rng = np.random.default_rng([seed, 5])
    for cause, effect in np.argwhere(turnable(criterion, graph) & (weight > 0.0)).tolist():
        leaning[cause, effect] = -weight * shapes.gain(refits, graph, cause, effect)
        deviation[cause, effect] = weight * shapes.deviation(refits, graph, cause, effect, rng)
    return Oriented(graph, leaning, deviation)


def settled_against(oriented: Oriented, least: float, shape: tuple[int, ...]) -> Edges:
    """Return the edges `[lags + 1, cause, effect]`, all at lag 0, that shapes alone rule out by more than `least`."""
    against = np.zeros(shape, bool)
    against[0] = (oriented.leaning > least).T
    return against


def drawn_prices(oriented: Oriented, turning: Numbers, rng: np.random.Generator) -> Numbers:
    """Return what shapes charge for each lag-0 edge in one draw of the rows, `[cause, effect]`, a twice log likelihood.

    Args:
        oriented: the graph of all rows and what shapes say of its directions.
        turning: what turning each of its lag-0 edges costs by all rows, shapes included.
        rng: of the draw.
    """
    chance = oriented.deviation * rng.standard_normal(turning.shape)
    leaning, turns = oriented.leaning + chance, turning + chance < 0.0
    return np.maximum(leaning, 0.0).T + np.where(turns, np.maximum(-leaning, 0.0), 0.0)


def select_priced(
    criterion: Criterion, prices: Numbers, fits: ArrayLike | Sequence[ArrayLike], inflation: float
) -> Selection:
    """Return the better of two graphs by moments and shapes: the one of moments alone, and one that shapes restrict.

    Shapes that speak faintly must not settle what moments tell, so that the second has no edge that shapes charge for
    and is kept where moments lose less by that than shapes charge for the first.

    Args:
        criterion: what graphs are judged by, without shapes.
        prices: what shapes charge for each lag-0 edge, `[cause, effect]`.
        fits: where the search starts, as for `select`.
        inflation: rows that are worth one independent row.
    """
    free = select(criterion, fits, inflation)
    dear = prices > _TELLING
    if not (free.graph[0] & dear).any():
        return free
    against = np.zeros((criterion.dim, criterion.n_vars), bool)
    against[: criterion.n_vars] = dear
    held = select(criterion.forbidding(against), fits, inflation)
    return min(free, held, key=lambda one: one.score + prices[one.graph[0]].sum())


def turned(graph: Edges, cause: int, effect: int) -> Edges:
    """Return the graph with a lag-0 edge the other way round."""
    other = graph.copy()
    other[cause, effect], other[effect, cause] = False, True
    return other


def _turned_while_better(criterion: Criterion, graph: Edges, inflation: float, shapes: Shapes, weight: float) -> Edges:
    for _ in range(criterion.n_vars**2):
        cost = criterion.turnings(graph) / inflation
        gains = {
            (cause, effect): weight * shapes.gain(criterion.refits, graph, cause, effect) - cost[cause, effect]
            for cause, effect in np.argwhere(turnable(criterion, graph)).tolist()
        }
        best = max(gains, key=lambda edge: gains[edge], default=None)
        if best is None or gains[best] <= _GAIN:
            break
        graph = turned(graph, *best)
    return graph


def _worth(sums: Numbers) -> Numbers:
    """Return the worth of rows and sums `[.., 3]`."""
    rows = np.maximum(sums[..., 0], 1.0)
    peaked, skewed = sums[..., 1] / rows - _LOG_COSH, sums[..., 2] / rows
    return np.where(sums[..., 0] > 0, 2.0 * rows * (_PEAKED * peaked**2 + _SKEWED * skewed**2), 0.0)

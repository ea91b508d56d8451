"""Sensors that are hardly ever read: graphs judged by the likelihood of what was read, and by that alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.latent import of_graph
from jaxstable.graph.autocovariance import stacked_covariance
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.paths import has_cycle
from jaxstable.graph.refit import Edges, Numbers, Refits
from jaxstable.graph.selection import Selection, selection_of
from jaxstable.moments.expectation import Expected, Gaussian, Rows, arrange, expect
from jaxstable.moments.lagged import Moments, lagged_rows
from jaxstable.moments.passes import stack
from jaxstable.signals.threads import one_blas_thread

SELDOM = 0.3  # share of the rows in which a sensor is read, below which the search is worth its time
MOST_PATTERNS = 300  # of what is read in the rows of a stack; every one costs a factorisation for each graph tried
MOST_COLUMNS = 150  # of the stacked rows
WIDER = 3  # times the lags of the graph: a gap is filled from what came before it and what came after
_JITTER = 1e-9
_SETTLE, _TRIED = 8, 4  # steps of expectation-maximisation: of a graph that is kept, of one that is tried
_PASSES = 10
_MOST_ADDED = 80  # edges tried in a pass, those that promise most
_GAIN = 1.0  # of twice the log likelihood, below which a change is left


class Prepared(NamedTuple):
    """The rows as the preparation leaves them."""

    values: NDArray[np.float64]
    """`[rows, variables]`; anything where missing."""
    mask: NDArray[np.bool_]
    series: NDArray[np.int_]


class Settled(NamedTuple):
    """A graph whose gaps are filled by what it implies itself."""

    criterion: Criterion
    selection: Selection
    moments: Moments
    """expected under the graph, for the draws."""


def worth_it(rows: Prepared, moments: Moments, n_lags: int) -> bool:
    """Return whether a sensor is read so seldom that graphs must be judged by what was read, and can be."""
    columns = (WIDER * n_lags + 1) * moments.n_vars
    if not n_lags or len(moments.count) > 1 or columns > MOST_COLUMNS or rows.mask.mean(axis=0).min() >= SELDOM:
        return False
    stacked = _stacked(rows, moments, n_lags)[0]
    return sum(len(columns) for _, columns in stacked.batches) <= MOST_PATTERNS


class ObservedSearch:
    """Search by the likelihood of the readings, each row given the rows before it.

    Moments that a graph has filled in speak for that graph: a climb on them stays where it began. So every change is
    settled by some steps of expectation-maximisation and judged by the likelihood of what was read.

    Args:
        rows: as the preparation leaves them; one environment.
        moments: of these rows, up to the lags of the graph or further.
        required: bool `[lags + 1, cause, effect]`, edges that every graph must hold.
        forbidden: bool, same shape, edges that no graph may hold.
        looked_at: lags that were looked at before those of the graph were settled on.

    Reference:
        Friedman, The Bayesian structural EM algorithm, 1998; Shumway, Stoffer, An approach to time series smoothing
        and forecasting using the EM algorithm, 1982.
    """

    def __init__(self, rows: Prepared, moments: Moments, required: Edges, forbidden: Edges, looked_at: int) -> None:
        self.moments: Moments = moments
        self.asked: tuple[Edges, Edges] = required, forbidden
        self.looked_at: int = looked_at
        self.n_vars: int = moments.n_vars
        self.n_lags: int = len(required) - 1
        self.wide: int = WIDER * self.n_lags
        self._rows, self._before, self._ends = _stacked(rows, moments, self.n_lags)
        # As many rows before as after.
        first = (self.wide - self.n_lags) // 2 * self.n_vars
        self._middle = slice(first, first + (self.n_lags + 1) * self.n_vars)

    @one_blas_thread()
    def search(self, selection: Selection) -> Settled:
        """Return the graph that changes one by one come to, none of which makes the readings likelier.

        Args:
            selection: where to start.
        """
        dim = (self.n_lags + 1) * self.n_vars
        criterion = self._criterion(self.moments.matrix[0, :dim, :dim])
        graph = selection.graph.reshape(dim, self.n_vars) | criterion.base
        criterion, score = self._judged(criterion, graph, _SETTLE)
        for _ in range(_PASSES):
            tried = [(self._judged(criterion, other, _TRIED)[1], other ^ graph) for other in _changes(criterion, graph)]
            before = score
            for promised, change in sorted(tried, key=lambda one: one[0]):
                if promised > before - _GAIN or has_cycle((graph ^ change)[: self.n_vars]):
                    continue
                settled, worth = self._judged(criterion, graph ^ change, _TRIED)
                if worth < score - _GAIN:
                    criterion, score, graph = settled, worth, graph ^ change
            if score == before:
                break
            criterion, score = self._judged(criterion, graph, _SETTLE)
        inflation = max(selection.inflation, criterion.inflation(graph))
        return Settled(criterion, selection_of(criterion, graph, inflation), self._drawable(criterion, graph))

    def criterion(self, matrices: NDArray[Any]) -> Criterion:
        """Return what the graphs of a draw are judged by."""
        return self._criterion(matrices[0])

    def _criterion(self, matrix: Numbers) -> Criterion:
        share = self.moments.pair_share[: len(matrix)]
        return Criterion(Refits(matrix, self.moments.count, self.n_vars, share), *self.asked, self.looked_at)

    def _judged(self, criterion: Criterion, graph: Edges, steps: int) -> tuple[Criterion, float]:
        """Return the criterion that a graph comes to from the moments of another, and what it is worth."""
        for _ in range(steps):
            sums = expect(self._rows, self._implied(criterion, graph, self.wide))
            criterion = self._criterion((sums.second / sums.n_rows)[self._middle, self._middle])
        whole = self._implied(criterion, graph, self.wide)
        dim = self.wide * self.n_vars
        past = Gaussian(whole.mean[:dim], whole.cov[:dim, :dim])
        seen = expect(self._rows, whole).log_likelihood - expect(self._before, past).log_likelihood
        rows = float(self.moments.count[0]) / len(self._ends)
        price = criterion.penalties[criterion.n_present(graph)].sum()
        return criterion, float(price - 2.0 * seen * rows)

    def _implied(self, criterion: Criterion, graph: Edges, n_lags: int) -> Gaussian:
        system = of_graph(criterion.refits, graph)
        covariance = stacked_covariance(system.weights, system.noise, n_lags)
        return Gaussian(np.zeros(len(covariance)), covariance + _JITTER * np.eye(len(covariance)))

    def _drawable(self, criterion: Criterion, graph: Edges) -> Moments:
        """Return the moments that the graph implies for the gaps, in the time blocks of those it started from."""
        model = self._implied(criterion, graph, self.wide)
        parts = [
            expect(arrange(self._rows.values[own], self._rows.mask[own]), model)
            for own in np.array_split(np.arange(len(self._ends)), min(len(self.moments.block_count), len(self._ends)))
        ]

        def middle(part: Expected) -> tuple[Numbers, Numbers, int]:
            return part.second[self._middle, self._middle], part.first[self._middle], part.n_rows

        second, first, count = zip(*map(middle, parts), strict=True)
        return dataclasses.replace(
            self.moments,
            matrix=criterion.refits.covariance,
            n_lags=self.n_lags,
            block_second=np.array(second, np.float32),
            block_first=np.array(first, np.float32),
            block_count=np.array(count, np.float32),
            block_environment=np.zeros(len(parts), int),
        )


def _stacked(rows: Prepared, moments: Moments, n_lags: int) -> tuple[Rows, Rows, NDArray[np.int_]]:
    """Return the stacked rows, the same without the present one, and where they end."""
    wide = WIDER * n_lags
    standard = np.where(rows.mask, (rows.values - moments.mean) / moments.scale, 0.0)
    ends = lagged_rows(len(standard), wide, rows.series)
    whole, before = ((ends, wide), (ends - 1, wide - 1))
    return arrange(*stack(standard, rows.mask, *whole)), arrange(*stack(standard, rows.mask, *before)), ends


def _changes(criterion: Criterion, graph: Edges) -> Iterator[Edges]:
    """Yield graphs with one edge more, one less, or one at another lag or turned; lag 0 stays acyclic."""
    added = np.where(criterion.legal(graph), criterion.additions(graph), -np.inf)
    for place in np.argsort(-added, axis=None)[: min(_MOST_ADDED, int(np.isfinite(added).sum()))]:
        yield _with(graph, *np.unravel_index(place, added.shape))
    for row, effect in np.argwhere(np.isfinite(criterion.removals(graph))):
        fewer = graph.copy()
        fewer[row, effect] = False
        yield fewer
        cause, legal = row % criterion.n_vars, criterion.legal(fewer)
        for other in range(cause, criterion.dim, criterion.n_vars):
            if other != row and legal[other, effect]:
                yield _with(fewer, other, effect)
        for other in range(effect, criterion.dim, criterion.n_vars):
            if legal[other, cause]:
                yield _with(fewer, other, cause)


def _with(graph: Edges, row: Any, effect: Any) -> Edges:
    more = graph.copy()
    more[row, effect] = True
    return more

"""Common causes that nobody measured: hidden variables found by structural expectation-maximisation on moments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery import factor_search
from jaxstable.discovery.factors import FactorModel
from jaxstable.discovery.latent import System, common_part, completed, misfit, of_graph, without
from jaxstable.graph.autocovariance import settled
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.groups import suspects
from jaxstable.graph.refit import Edges, Refits
from jaxstable.graph.selection import Selection, climb, select
from jaxstable.moments.lagged import Moments

MOST_HIDDEN = 4
MOST_COLUMNS = 200  # of the stacked rows that hidden causes are read off; more take minutes
WIDER = 3  # times the lags of the graph: a hidden cause is read off what came before it and what came after
_FIRST, _LATER, _TRIED = 20, 8, 4  # steps of expectation-maximisation: of a new cause, after a search, of a trial
_SEARCHES, _PASSES = 4, 6
_MARGIN = 2.0  # prices of an edge that a hidden cause must gain beyond those of its own edges
_GAIN = 1.0  # of twice the log likelihood, below which a change is left
_LEAST_EFFECTS = 3  # of a common cause; what acts on two looks like an edge
_MOST_BEFORE = 3.0  # times chance that absent lagged edges explain: causes without memory leave them all to explain
_MOST_LEFT, _MOST_SHARE = 2.0, 0.5  # that absent edges explain beside hidden causes: of chance; of that without them


class Hidden(NamedTuple):
    """Hidden causes that are worth their edges, and the graph of the sensors beside them."""

    criterion: Criterion
    """of sensors and hidden causes together."""
    selection: Selection
    """of sensors and hidden causes together; the sensors come first."""
    system: System
    groups: tuple[tuple[int, ...], ...]
    """sensors on which each hidden cause acts."""


class HiddenSearch:
    """Search for common causes that nobody measured.

    A hidden cause is one more variable of the same linear system. Given a system, the moments of sensors and hidden
    causes together are expected from those of the sensors alone (E-step: a regression of the hidden rows on the
    sensors' rows before and after them, by the covariance that the system implies). Given those moments, weights and
    graph are found as if everything had been measured (M-step: the criterion and the climb of the search). What raises
    the expected likelihood raises that of the sensors by as much or more.

    Args:
        moments: of the sensors, of `WIDER` times the lags of the graph; one environment.
        n_lags: lags of the graph.
        required: bool `[lags + 1, cause, effect]`, edges between sensors that every graph must hold.
        forbidden: bool, same shape, edges that no graph may hold.
        looked_at: lags that were looked at before those of the graph were settled on.

    Reference:
        Dempster, Laird, Rubin, Maximum likelihood from incomplete data via the EM algorithm, 1977; Friedman, The
        Bayesian structural EM algorithm, 1998.
    """

    def __init__(self, moments: Moments, n_lags: int, required: Edges, forbidden: Edges, looked_at: int) -> None:
        self.moments: Moments = moments
        self.n_vars: int = len(moments.scale)
        self.n_lags: int = n_lags
        self.looked_at: int = looked_at
        self.required: Edges = required
        self.forbidden: Edges = forbidden
        self._judges: dict[int, Criterion] = {}  # by number of variables: prices do not depend on the moments

    def search(self, selection: Selection) -> Hidden | None:
        """Return the hidden causes that pay for all their edges and for two more, None where there are none.

        Where they leave most of what absent edges explained, they stand for another fault of the model and are not
        believed: which ones pay best then changes with every few readings. Nor are they where the search of the whole
        graph leads astray, to what the sensors themselves make less likely.

        Two ways lead to candidates: causes without memory, of which the likelihood is known (`factor_search`), and
        causes with a memory of their own, one after the other from groups of linked sensors. The first is not gone
        where the past says much that no edge tells.

        Args:
            selection: the graph of the sensors without them.
        """
        plain, inflation = self._of(selection), selection.inflation
        found = [plain, self._grown(plain, inflation)]
        if self._judge(plain).unexplained(plain.graph, first_lag=1) <= _MOST_BEFORE:
            found.append(self._by_factors(plain, inflation))
        charged = [self._charged(one, inflation) for one in found]
        best = found[int(np.argmin(charged))]
        hidden = self._settle(best) if len(best.noise) > self.n_vars else None
        if hidden is None:
            return None
        astray = self._charged(hidden.system, inflation) > min(charged) + self._judge(plain).penalty
        left = max(_MOST_LEFT, _MOST_SHARE * selection.unexplained)
        return None if astray or hidden.selection.unexplained > left else hidden

    def _grown(self, system: System, inflation: float) -> System:
        """Return the best system to which hidden causes were added one by one."""
        best = system
        while len(system.noise) < self.n_vars + MOST_HIDDEN:
            starts = [self._with(system, group) for group in suspects(self._linked(system))]
            found = [self._polished(self._refined(one, inflation), inflation) for one in starts]
            if not found:
                break
            system = min(found, key=lambda one: self._score(one, inflation))
            if self._charged(system, inflation) < self._charged(best, inflation):
                best = system
            elif len(system.noise) - len(best.noise) > 1:  # overlapping causes can be worth little one by one
                break
        return best

    def _by_factors(self, system: System, inflation: float) -> System:
        """Return the best system whose hidden causes begin as common factors of the noise."""
        judge = self._judge(system)
        model = FactorModel(self.moments.matrix[0, : judge.dim, : judge.dim], judge, judge.effective_rows(inflation))
        found = factor_search.search(model, system.graph, MOST_HIDDEN)
        n_vars, n_all = self.n_vars, self.n_vars + len(found.acts)
        graph = np.zeros((self.n_lags + 1, n_all, n_all), bool)
        weights = np.zeros(graph.shape)
        for whole, own, across in ((graph, found.graph, found.acts), (weights, found.weights, found.loadings)):
            whole[:, :n_vars, :n_vars] = own.reshape(-1, n_vars, n_vars)
            whole[0, n_vars:, :n_vars] = across
        graph[1:, range(n_vars, n_all), range(n_vars, n_all)] = True
        noise = np.append(found.noise, np.ones(len(found.acts)))
        begun = System(graph.reshape(-1, n_all), settled(weights), noise)
        return self._polished(self.fitted(self.moments.matrix[0], begun, _FIRST), inflation)

    def _settle(self, system: System) -> Hidden | None:
        """Return the system that the whole search comes to, None where no hidden cause is left that acts on three."""
        n_vars, matrix = self.n_vars, self.moments.matrix[0]
        for _ in range(_SEARCHES):
            criterion = self._criterion(matrix, system)
            selection = select(criterion, system.weights[None])
            graph = selection.graph.reshape(system.graph.shape) | criterion.own
            acted_on: Edges = np.logical_or.reduce(selection.graph[:, n_vars:, :n_vars])
            common = acted_on.sum(axis=1) >= _LEAST_EFFECTS
            if not common.any():
                return None
            if common.all() and np.array_equal(graph, system.graph):
                break
            kept = np.append(np.ones(n_vars, bool), common)
            system = self.fitted(matrix, without(system._replace(graph=graph), kept), _LATER)
        groups = tuple(tuple(np.flatnonzero(row).tolist()) for row in acted_on[common])
        return Hidden(criterion, selection, system, groups)

    def draw(self, matrix: NDArray[Any], hidden: Hidden) -> Selection:
        """Return the graph of sensors and hidden causes that other moments of the sensors call for.

        The hidden causes begin as those of the full data; what they act on and all else is found anew.
        """
        inflation = hidden.selection.inflation
        system = self.fitted(matrix, hidden.system, _LATER)
        for _ in range(2):
            criterion = self._criterion(matrix, system)
            selection = select(criterion, inflation=inflation)
            graph = selection.graph.reshape(system.graph.shape) | criterion.own
            system = self.fitted(matrix, system._replace(graph=graph), _LATER)
        return selection

    def fitted(self, matrix: NDArray[Any], system: System, steps: int) -> System:
        """Return the system of the same graph after some steps of expectation-maximisation."""
        for _ in range(steps):
            refits = self._refits(completed(matrix, system, self.n_vars), len(system.noise))
            system = of_graph(refits, system.graph)
        return system

    def _of(self, selection: Selection) -> System:
        flat = selection.graph.reshape(-1, self.n_vars)
        first = self.moments.matrix[0, : len(flat), : len(flat)]
        refits = self._refits(first, self.n_vars)
        return of_graph(refits, flat | Criterion(refits).own)

    def _refits(self, matrix: NDArray[Any], n_all: int) -> Refits:
        """Return the questions about sensors and hidden causes; a hidden cause is there whenever its effect is."""
        n_vars, n_lags = self.n_vars, self.n_lags
        read = self.moments.pair_share[: (n_lags + 1) * n_vars].reshape(n_lags + 1, n_vars, n_vars)
        share = np.ones((n_lags + 1, n_all, n_all))
        share[:, :n_vars, :n_vars] = read
        share[:, n_vars:, :n_vars] = np.diag(read[0])
        return Refits(matrix, self.moments.count, n_all, share.reshape(-1, n_all))

    def _criterion(self, matrix: NDArray[Any], system: System) -> Criterion:
        n_vars, n_all = self.n_vars, len(system.noise)
        whole = matrix if n_all > n_vars else matrix[: system.graph.shape[0], : system.graph.shape[0]]
        refits = self._refits(completed(matrix, system, self.n_vars) if n_all > n_vars else whole, n_all)
        required = np.zeros((self.n_lags + 1, n_all, n_all), bool)
        forbidden = np.zeros_like(required)
        required[:, :n_vars, :n_vars], forbidden[:, :n_vars, :n_vars] = self.required, self.forbidden
        forbidden[:, :, n_vars:] = True
        return Criterion(refits, required, forbidden, self.looked_at)

    def _judge(self, system: System) -> Criterion:
        n_all = len(system.noise)
        if n_all not in self._judges:
            self._judges[n_all] = self._criterion(self.moments.matrix[0], system)
        return self._judges[n_all]

    def _score(self, system: System, inflation: float) -> float:
        """Return what the system is worth to the sensors, each given the rows before it, and what its edges cost."""
        judge = self._judge(system)
        price = judge.penalties[judge.n_present(system.graph)].sum()
        return judge.effective_rows(inflation) * misfit(self.moments.matrix[0], system, self.n_vars) + float(price)

    def _charged(self, system: System, inflation: float) -> float:
        """Return the score with what every hidden cause must gain beyond its own edges."""
        margin = _MARGIN * self._judge(system).penalty
        return self._score(system, inflation) + (len(system.noise) - self.n_vars) * margin

    def _linked(self, system: System) -> NDArray[np.bool_]:
        n_all = len(system.noise)
        pairs: Edges = np.logical_or.reduce(system.graph.reshape(-1, n_all, n_all))[: self.n_vars, : self.n_vars]
        return pairs | pairs.T

    def _with(self, system: System, group: tuple[int, ...]) -> System:
        """Return the system with one more hidden cause, which acts on a group in place of the edges within it."""
        n_all, members, n_rows = len(system.noise), list(group), self.n_lags + 1
        within = np.zeros((n_all, n_all), bool)
        within[np.ix_(members, members)] = ~np.eye(len(members), dtype=bool)
        graph = system.graph.reshape(n_rows, n_all, n_all) & ~within
        graph[:, : self.n_vars, : self.n_vars] |= self.required
        refits = self._criterion(self.moments.matrix[0], system).refits
        bare = of_graph(refits, graph.reshape(-1, n_all))
        loading = common_part(refits, bare, members)
        wide_graph = np.zeros((n_rows, n_all + 1, n_all + 1), bool)
        wide_graph[:, :n_all, :n_all] = graph
        wide_graph[0, n_all, members] = True
        wide_graph[1:, n_all, n_all] = True
        weights = np.zeros(wide_graph.shape)
        weights[:, :n_all, :n_all] = bare.weights
        weights[0, n_all, members] = loading
        noise = np.append(bare.noise, 1.0)
        noise[members] = np.maximum(noise[members] - loading**2, 0.1 * noise[members])
        return System(wide_graph.reshape(-1, n_all + 1), settled(weights), noise)

    def _refined(self, system: System, inflation: float) -> System:
        """Return the system that searches and expectation-maximisation in turn come to."""
        matrix = self.moments.matrix[0]
        system = self.fitted(matrix, system, _FIRST)
        for _ in range(_SEARCHES):
            criterion = self._criterion(matrix, system)
            graph = climb(criterion, system.graph, inflation)
            same = np.array_equal(graph, system.graph)
            system = self.fitted(matrix, system._replace(graph=graph), _LATER)
            if same:
                break
        return system

    def _polished(self, system: System, inflation: float) -> System:
        """Return the system after all changes around its hidden causes that the sensors' own likelihood calls for.

        The expected moments hold on to what the system has: an edge between two effects of a hidden cause explains
        what the cause would. So three changes are judged by the likelihood of the sensors: an edge between two effects
        goes; a sensor becomes an effect and loses its edges with the other effects; an effect is one no longer.
        """
        matrix, score = self.moments.matrix[0], self._score(system, inflation)
        for _ in range(_PASSES):
            better = []
            for graph in self._changes(system):
                other = self._score(self.fitted(matrix, system._replace(graph=graph), _TRIED), inflation)
                if other < score - _GAIN:
                    better.append((other, graph ^ system.graph))
            before = score
            for _, change in sorted(better, key=lambda one: one[0]):
                other = self.fitted(matrix, system._replace(graph=system.graph ^ change), _LATER)
                worth = self._score(other, inflation)
                if worth < score - _GAIN:
                    system, score = other, worth
            if score == before:
                break
        return system

    def _changes(self, system: System) -> list[Edges]:
        n_all, n_vars = len(system.noise), self.n_vars
        graph = system.graph.reshape(-1, n_all, n_all)
        fixed = self.required.any(axis=0) | np.eye(n_vars, dtype=bool)
        acted_on: Edges = np.logical_or.reduce(graph[:, n_vars:, :n_vars])
        changes = []
        linked = graph[:, :n_vars, :n_vars].any(axis=0) & ~fixed
        siblings = linked & (acted_on.T.astype(int) @ acted_on.astype(int) > 0)
        for cause, effect in np.argwhere(siblings).tolist():
            other = graph.copy()
            other[:, cause, effect] = False
            changes.append(other)
        for hidden, effects in enumerate(acted_on):
            for sensor in range(n_vars):
                other = graph.copy()
                if effects[sensor]:
                    other[:, n_vars + hidden, sensor] = False
                else:
                    other[0, n_vars + hidden, sensor] = True
                    other[:, :n_vars, sensor] &= ~(effects & ~fixed[:, sensor])
                    other[:, sensor, :n_vars] &= ~(effects & ~fixed[sensor])
                changes.append(other)
        return [change.reshape(-1, n_all) for change in changes]

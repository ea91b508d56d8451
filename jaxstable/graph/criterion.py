"""What a lagged graph is worth without ground truth: a refit criterion with an effective sample size."""

from __future__ import annotations

import copy
import functools

import numpy as np
from numpy.typing import NDArray
from scipy import special

from jaxstable.graph.paths import has_cycle, reachability
from jaxstable.graph.refit import Edges, Numbers, Refits

_EXTRA_LAG = 2.0  # price of every further lag of a pair, beside the quantile
_NULL_QUANTILE = 0.75  # of the absent edges; the upper quarter may hold edges not found yet
_MOST_UPSTREAM = 12  # variables that lead to the cause of an edge which is turned with theirs
_FEWEST_ABSENT = 20  # absent edges below which their spread says nothing
_SURE = (
    60.0  # cost of turning an edge at which its reverse is as good as ruled out; where assumptions fail, 20 is chance
)


class Criterion:
    """Judge graphs over lag-stacked variables by how much they explain and how many edges they need.

    `C(A) = n / t sum_j s_j log v_j(A) + sum_pairs penalty(k_ij)`, with v_j from a refit on the causes of j, s_j the
    share of rows that speak for j and k_ij the lags at which i causes j. The penalty of a first lag is
    `2 log(number of candidate edges)`; that of k lags is the chi-squared quantile with k degrees of freedom of the
    same level, plus 2 for each lag beyond the first. The inflation t >= 1 divides the rows: it is what
    autocorrelation, noise of the wrong shape and nonlinearity leave of them, and is read off the edges that are
    absent (`inflation`).

    The penalty is at least `log n`: with few variables 2 log(candidates) alone lets too much chance in. Own lags
    belong to every graph and cost nothing. Graphs are bool `[dim, n_vars]`, row `lag * n_vars + cause`.

    Args:
        refits: the second moments.
        required: bool `[lags + 1, cause, effect]`, edges that every graph must hold; None is none.
        forbidden: bool, same shape, edges that no graph may hold; None is none.
        looked_at: largest lag that was looked at before the lags of these moments were settled on; its candidates
            count in the penalty. None is the lags of the moments.

    Raises:
        ValueError: a shape does not fit, an edge is both required and forbidden, or the required edges at lag 0 have
            a cycle.

    Reference:
        Chen, Chen, Extended Bayesian information criteria for model selection with large model spaces, 2008 (the
        penalty by the number of candidates); Devlin, Roeder, Genomic control for association studies, 1999 (the
        inflation of an empirical null).
    """

    def __init__(
        self,
        refits: Refits,
        required: Edges | None = None,
        forbidden: Edges | None = None,
        looked_at: int | None = None,
    ) -> None:
        self.refits = refits
        self.n_vars: int = refits.n_vars
        self._rows: Numbers = np.median(refits.pair_share, axis=0)
        self.n_lags: int = refits.n_lags
        self.dim: int = refits.dim
        n_lags = self.n_lags if looked_at is None else max(looked_at, self.n_lags)
        n_candidates = self.n_vars * (self.n_vars - 1) * (n_lags + 0.5)
        self.penalty: float = float(np.log(max(n_candidates**2, self.effective_rows(1.0), 2.0)))
        self.penalties: NDArray[np.float64] = np.array(_pair_penalties(self.penalty, self.n_lags))
        self.own: Edges = own_lags(self.n_vars, self.n_lags)
        self.required: Edges = self._flat("required", required) & ~self.own
        banned = self._flat("forbidden", forbidden)
        self_loops = np.eye(self.dim, self.n_vars, dtype=bool)
        self._check(self.required, banned, self_loops)
        self.allowed: Edges = ~banned & ~self_loops & ~self.own
        self.base: Edges = self.own | self.required

    def _flat(self, name: str, edges: Edges | None) -> Edges:
        shape = (self.n_lags + 1, self.n_vars, self.n_vars)
        if edges is None:
            return np.zeros((self.dim, self.n_vars), bool)
        if np.shape(edges) != shape:
            raise ValueError(f"{name}: found shape {np.shape(edges)}, expected {shape} [lag, cause, effect]")
        return np.asarray(edges).astype(bool).reshape(self.dim, self.n_vars)

    def _check(self, required: Edges, banned: Edges, self_loops: Edges) -> None:
        clash = np.argwhere(required & (banned | self_loops))
        if len(clash):
            lag, cause = divmod(int(clash[0, 0]), self.n_vars)
            why = "forbidden" if banned[tuple(clash[0])] else "an effect of a variable on itself at once"
            raise ValueError(f"required: edge [{lag}, {cause}, {clash[0, 1]}] is also {why}; take it out of one")
        if has_cycle(required[: self.n_vars]):
            raise ValueError("required: the edges at lag 0 have a cycle, expected an acyclic set; take one out")

    @property
    def may_turn(self) -> Edges:
        """Return where a lag-0 edge may be turned if there is one, cycles aside, `[cause, effect]`."""
        return self.allowed[: self.n_vars].T & ~self.required[: self.n_vars]

    def forbidding(self, edges: Edges) -> Criterion:
        """Return the same criterion with more forbidden edges, `[dim, n_vars]`."""
        other = copy.copy(self)
        other.allowed = self.allowed & ~edges
        return other

    def n_present(self, graph: Edges) -> NDArray[np.int_]:
        """Return the number of lags at which each cause acts on each effect, own lags aside, `[cause, effect]`."""
        return (graph & ~self.own).reshape(self.n_lags + 1, self.n_vars, self.n_vars).sum(axis=0)

    def legal(self, graph: Edges) -> Edges:
        """Return the absent edges that may be added: allowed, and at lag 0 closing no cycle."""
        free = self.allowed & ~graph
        free[: self.n_vars] &= ~reachability(graph[: self.n_vars]).T
        return free

    def additions(self, graph: Edges) -> Numbers:
        """Return the likelihood ratio of adding each edge alone, before the inflation, `[dim, n_vars]`."""
        gains = [self.refits.gains(effect, graph[:, effect]) for effect in range(self.n_vars)]
        return np.stack(gains, axis=1) * self.refits.pair_share * self.refits.n_rows

    def removals(self, graph: Edges) -> Numbers:
        """Return the likelihood ratio lost by dropping each edge; infinite where there is none to drop."""
        drops = [self.refits.drops(effect, graph[:, effect]) for effect in range(self.n_vars)]
        lost = np.stack(drops, axis=1) * self.refits.pair_share * self.refits.n_rows
        return np.where(graph & ~self.base, lost, np.inf)

    def loss(self, effect: int, before: Edges, after: Edges, share: float) -> float:
        """Return the likelihood ratio by which causes `before` beat causes `after`, before the inflation."""
        rise = self.refits.log_variance(effect, after) - self.refits.log_variance(effect, before)
        return rise * share * self.refits.n_rows

    def turnings(self, graph: Edges) -> Numbers:
        """Return the likelihood ratio lost by turning each lag-0 edge, before the inflation, `[cause, effect]`.

        Infinite where there is no edge that may be dropped.
        """
        return self.removals(graph)[: self.n_vars] - self.additions(graph)[: self.n_vars].T

    def reversals(self, graph: Edges, inflation: float, leaning: Numbers | None = None) -> Numbers:
        """Return how much worse the score gets by the reverse of each lag-0 edge, `[cause, effect]`, infinite off them.

        The cheaper of two ways: the edge alone is turned, or all edges that lead to its cause are turned with it. In a
        chain the second costs nothing where Gaussian noise leaves the direction open.

        Args:
            graph: `[dim, n_vars]`.
            inflation: rows that are worth one independent row.
            leaning: what else turning each lag-0 edge costs, `[cause, effect]`; None is nothing.
        """
        n_vars, instant = self.n_vars, graph[: self.n_vars]
        more = np.zeros((n_vars, n_vars)) if leaning is None else leaning
        cost = self.turnings(graph) / inflation + more
        reach, may_turn = reachability(instant), self.may_turn
        for cause, effect in np.argwhere(instant & np.isfinite(cost)).tolist():
            before = np.flatnonzero(reach[:, cause])  # the cause is one of them
            block = np.ix_(before, before)
            among = instant[block]
            if not among.any() or len(before) > _MOST_UPSTREAM or not (may_turn[block] | ~among).all():
                continue
            out = instant[before]
            out[:, before] = False
            out[before == cause, effect] = False
            if not may_turn[cause, effect] or (reach[:, effect] & out.any(axis=0)).any():  # another way to the effect
                continue
            ends = np.append(before, effect)
            other = graph[:, ends]
            other[before, : len(before)] = among.T
            other[effect, : len(before)] |= before == cause
            other[cause, -1] = False
            rise = [
                self.refits.log_variance(end, causes) - self.refits.log_variance(end, graph[:, end])
                for end, causes in zip(ends.tolist(), other.T, strict=True)
            ]
            rows = self._rows[ends] * self.refits.n_rows / inflation
            together = float(rows @ np.array(rise)) + more[block][among].sum() + more[cause, effect]
            cost[cause, effect] = min(cost[cause, effect], max(together, 0.0))
        return cost

    def inflation(self, graph: Edges) -> float:
        """Return t >= 1: how much more the absent edges of a graph seem to explain than chance would have them."""
        chance = self.additions(graph)[self.legal(graph)]
        if len(chance) <= _FEWEST_ABSENT:
            return 1.0
        expected = 2.0 * special.gammaincinv(0.5, _NULL_QUANTILE)  # the quantile of chi-squared with one degree
        return max(float(np.quantile(chance, _NULL_QUANTILE) / expected), 1.0)

    def unexplained(self, graph: Edges, first_lag: int = 0) -> float:
        """Return what the absent edges of a graph, of a lag and later ones, explain on average, in times chance."""
        rows = slice(first_lag * self.n_vars, None)
        chance = self.additions(graph)[rows][self.legal(graph)[rows]]
        return float(chance.mean()) if len(chance) else 1.0

    def score(self, graph: Edges, inflation: float) -> float:
        """Return C(graph); lower is better."""
        effects = np.arange(self.n_vars)
        return self._misfit(graph, effects, inflation) + float(self.penalties[self.n_present(graph)].sum())

    def change(self, before: Edges, after: Edges, inflation: float) -> float:
        """Return C(after) - C(before), from the variables alone whose causes differ."""
        effects = np.flatnonzero((before != after).any(axis=0))
        own = self.own[:, effects]
        present = ((graph[:, effects] & ~own).reshape(self.n_lags + 1, self.n_vars, -1) for graph in (before, after))
        fewer, more = (float(self.penalties[graph.sum(axis=0)].sum()) for graph in present)
        return self._misfit(after, effects, inflation) - self._misfit(before, effects, inflation) + more - fewer

    def _misfit(self, graph: Edges, effects: NDArray[np.int_], inflation: float) -> float:
        rows, columns = self._rows[effects] * self.refits.n_rows / inflation, np.asfortranarray(graph[:, effects])
        every = zip(effects.tolist(), rows, columns.T, strict=True)
        return float(sum(row * self.refits.log_variance(effect, causes) for effect, row, causes in every))

    def effective_rows(self, inflation: float) -> float:
        """Return the independent complete rows that the data are worth."""
        return self.refits.n_rows * float(np.median(self.refits.pair_share)) / inflation

    def strength(self, graph: Edges, inflation: float, turning: Numbers) -> Numbers:
        """Return the evidence for every edge, present or not, `[lags + 1, cause, effect]`, to rank edges by.

        The square root of: for a present edge what dropping it loses; for an absent one what adding it gains, at
        most the penalty of an edge; half of that where other edges fix the order the other way; for the reverse of a
        present lag-0 edge what turning leaves, the less the surer the direction is. A required edge has at least
        the penalty.

        Args:
            graph: `[dim, n_vars]`.
            inflation: rows that are worth one independent row.
            turning: what the reverse of each lag-0 edge costs, `[cause, effect]`, as `reversals` gives it.
        """
        n_vars, eye = self.n_vars, np.eye(self.n_vars, dtype=bool)
        add, drop, legal = self.additions(graph) / inflation, self.removals(graph) / inflation, self.legal(graph)
        held = np.where(self.required, np.maximum(add, self.penalty), 0.0)
        evidence = np.where(graph, np.where(np.isfinite(drop), drop, held), 0.0)
        evidence = np.where(legal, np.minimum(add, self.penalty), evidence)
        ordered = self.allowed[:n_vars] & ~graph[:n_vars] & ~graph[:n_vars].T & ~legal[:n_vars]
        evidence[:n_vars][ordered] = 0.5 * np.minimum(add[:n_vars][ordered], self.penalty)
        for cause, effect in np.argwhere(graph[:n_vars]):
            if self.allowed[effect, cause] and not self.required[cause, effect]:
                cost = float(turning[cause, effect])
                left = min(max(evidence[cause, effect] - cost, 0.0), 0.999 * self.penalty)
                evidence[effect, cause] = left * 2.0 / (1.0 + np.exp(np.clip(cost, 0.0, 600.0) / _SURE))
        evidence[self.own] = 0.0
        evidence[:n_vars][eye] = 0.0
        return np.sqrt(np.maximum(evidence, 0.0)).reshape(self.n_lags + 1, n_vars, n_vars)

    def weights(self, graph: Edges) -> Numbers:
        """Return the refitted coefficients `[lags + 1, cause, effect]` of a graph, own lags among them."""
        columns = [self.refits.coefficients(effect, graph[:, effect]) for effect in range(self.n_vars)]
        return np.stack(columns, axis=1).reshape(self.n_lags + 1, self.n_vars, self.n_vars)


def own_lags(n_vars: int, n_lags: int) -> Edges:
    """Return the effects of every variable on itself at lags >= 1, `[(n_lags + 1) n_vars, n_vars]`.

    >>> own_lags(2, 1).astype(int).tolist()
    [[0, 0], [0, 0], [1, 0], [0, 1]]
    """
    own = np.tile(np.eye(n_vars, dtype=bool), (n_lags + 1, 1))
    own[:n_vars] = False
    return own


@functools.lru_cache(maxsize=256)
def _pair_penalties(penalty: float, n_lags: int) -> tuple[float, ...]:
    """Return the penalty of a pair with 0, 1, .. n_lags + 1 lags present."""
    # Of chi-squared with k degrees; scipy.special alone, as scipy.stats takes longer to import than a small search.
    level = special.chdtrc(1, penalty)
    roots = [2.0 * special.gammainccinv(k / 2.0, level) for k in range(2, n_lags + 2)]
    return tuple(np.array([0.0, penalty, *roots]) + _EXTRA_LAG * np.maximum(np.arange(n_lags + 2) - 1, 0))

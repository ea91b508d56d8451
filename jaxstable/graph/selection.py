"""The choice of a lagged graph without ground truth: candidates from fits, then a climb on the criterion."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxstable.graph.certificate import certify
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.moves import Moves, turnable
from jaxstable.graph.refit import Edges, Numbers

THRESHOLDS = np.geomspace(0.02, 0.4, 12)
_ROUNDS = 4  # of graph -> inflation -> graph
_MOST_MOVES = 10_000
_MOST_ESCAPES = 3
_SHAKEN = (2, 3, 5, 8)  # neighbours that lose their edges together, in turn
_MOST_MISSES = 30  # in a row, after which shaking ends
_LEAST_GAIN = 1e-6


class Selection(NamedTuple):
    """A chosen graph and what it was chosen with."""

    graph: NDArray[np.bool_]
    """bool `[lags + 1, cause, effect]`; lag 0 is acyclic, own lags are left out."""
    strength: NDArray[np.float64]
    """evidence for every edge, present or not, `[lags + 1, cause, effect]`."""
    weights: NDArray[np.float64]
    """refitted coefficients, 0 off the graph, `[lags + 1, cause, effect]`; own lags among them."""
    inflation: float
    """rows that are worth one independent row."""
    score: float
    """the criterion; lower is better."""
    turning: NDArray[np.float64]
    """how much worse the criterion gets by turning each lag-0 edge, `[cause, effect]`; infinite where there is none."""
    unexplained: float
    """what absent edges seem to explain on average, in multiples of chance, before the inflation."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C in a search; `graph`, `[dim, n_vars]`, is the best that it had come to, acyclic at lag 0."""

    def __init__(self, graph: Edges) -> None:
        super().__init__()
        self.graph: Edges = graph


def select(
    criterion: Criterion, fits: ArrayLike | Sequence[ArrayLike] = (), inflation: float | None = None
) -> Selection:
    """Choose the graph with the lowest criterion among fits, their thresholds and everything near them.

    Starting from the best candidate of the fits, moves are made while one lowers the criterion: add, drop or turn an
    edge, add or drop all lags of a pair. The inflation is read off the result, and all is done again with it, four
    times; the last time from the best candidate of every fit and from the empty graph, and with escapes from local
    optima: edges are turned or dropped, neighbours lose all of theirs, and the climb begins anew. Lag 0 is acyclic
    after every move, so the graph needs no repair.

    Args:
        criterion: what graphs are judged by, with the required and forbidden edges.
        fits: weights `[fits, lags + 1, cause, effect]`, such as those of an `SVAR` at several sparsity weights;
            without any the search starts at the empty graph alone.
        inflation: a value >= 1 to keep, which makes one quick climb from the best candidate, as draws of a bootstrap
            want it; None finds it.

    Returns:
        The selection; the same arguments give the same one.

    Raises:
        ValueError: the fits have another shape, or the inflation is below 1.
        Stopped: Ctrl-C.

    Example:
        >>> from jaxstable.graph.refit import Refits
        >>> correlated = np.array([[1.0, 0.0, 0.7], [0.0, 1.0, 0.7], [0.7, 0.7, 1.1]])
        >>> select(Criterion(Refits(correlated, 500, 3))).graph[0].astype(int).tolist()
        [[0, 0, 1], [0, 0, 1], [0, 0, 0]]

    Reference:
        Chickering, Optimal structure identification with greedy search, 2002 (search over graphs by a score);
        Lourenço, Martin, Stützle, Iterated local search, 2003.
    """
    weights = _checked(criterion, fits)
    if inflation is not None and not inflation >= 1.0:
        raise ValueError(f"inflation: found {inflation}, expected >= 1 or None")
    pools = [candidates(criterion, fit) for fit in weights] or [[criterion.base]]
    found, best = 1.0 if inflation is None else inflation, criterion.base
    try:
        for turn in range(_ROUNDS if inflation is None else 1):
            first = [min(pool, key=lambda graph: criterion.score(graph, found)) for pool in pools]
            best = climb(criterion, _best(criterion, first, found), found)
            if inflation is None and turn < _ROUNDS - 1:
                found = criterion.inflation(best)
        if inflation is None:
            starts = {graph.tobytes(): graph for graph in [*first, criterion.base]}
            best = _best(criterion, [best, *(climb(criterion, graph, found) for graph in starts.values())], found)
            escaped = _escaped(Moves(criterion, best, found))
            best, other = escaped.graph, _shaken(escaped).graph
            # Graphs that score within the price of an edge are tied: more moves would only find luckier wrong ones.
            best = other if criterion.change(best, other, found) < -criterion.penalty else best
    except KeyboardInterrupt as stop:
        reached = stop.graph if isinstance(stop, Stopped) else best
        raise Stopped(_best(criterion, [best, reached], found)) from stop
    return selection_of(criterion, _prune(criterion, best, found), found)


def selection_of(criterion: Criterion, graph: Edges, inflation: float, leaning: Numbers | None = None) -> Selection:
    """Return what a criterion says of a graph `[dim, n_vars]`, own lags among its edges.

    `leaning` is what else turning a lag-0 edge costs, `[cause, effect]`.
    """
    turning = criterion.reversals(graph, inflation, leaning)
    return Selection(
        graph=(graph & ~criterion.own).reshape(criterion.n_lags + 1, criterion.n_vars, criterion.n_vars),
        strength=criterion.strength(graph, inflation, turning),
        weights=criterion.weights(graph),
        inflation=inflation,
        score=criterion.score(graph, inflation),
        turning=turning,
        unexplained=criterion.unexplained(graph),
    )


def candidates(criterion: Criterion, fit: Numbers) -> list[Edges]:
    """Return the graphs of one fit at every threshold: lag 0 certified, required edges in, forbidden ones out.

    Args:
        criterion: holds the required and forbidden edges.
        fit: weights `[lags + 1, cause, effect]`.

    Returns:
        Different graphs `[dim, n_vars]`, that of the lowest threshold first.
    """
    size = np.abs(fit).reshape(criterion.dim, criterion.n_vars)
    n_vars, found = criterion.n_vars, {}
    firm = np.where(criterion.required[:n_vars], np.inf, size[:n_vars])
    for threshold in THRESHOLDS:
        graph = ((size > threshold) & criterion.allowed) | criterion.base
        graph[:n_vars] = certify(firm, graph[:n_vars]).graph
        found[graph.tobytes()] = graph
    return list(found.values())


def climb(criterion: Criterion, graph: Edges, inflation: float) -> Edges:
    """Return the graph after all moves that lower the criterion, the best one first.

    Args:
        criterion: what graphs are judged by.
        graph: where to start, `[dim, n_vars]`, acyclic at lag 0 together with the required edges.
        inflation: rows that are worth one independent row.

    Returns:
        A graph that no single move improves.
    """
    return _climbed(Moves(criterion, graph | criterion.base, inflation)).graph


def _climbed(moves: Moves) -> Moves:
    seen: set[int] = set()
    try:
        # Shares of rows differ from edge to edge, so a round trip can seem to gain: a graph met twice ends the climb.
        while moves.mark not in seen and len(seen) < _MOST_MOVES:
            seen.add(moves.mark)
            best = moves.best()
            if best.gain <= _LEAST_GAIN:
                break
            moves.make(best)
    except KeyboardInterrupt as stop:
        raise Stopped(moves.graph) from stop  # a move takes edges away before it adds one: never a cycle
    return moves


def _escaped(here: Moves) -> Moves:
    """Turn or drop one lag-0 edge, let its two ends choose their causes anew, climb, and keep what is lower."""
    criterion, n_vars = here.criterion, here.criterion.n_vars
    for _ in range(_MOST_ESCAPES):
        can_turn = turnable(criterion, here.graph)
        for cause, effect in np.argwhere(here.graph[:n_vars] & ~criterion.required[:n_vars]).tolist():
            causes = criterion.base[:, [cause, effect]]
            causes[effect, 0] |= can_turn[cause, effect]
            other = _climbed(here.started_at([cause, effect], causes))
            if criterion.change(here.graph, other.graph, here.inflation) < -_LEAST_GAIN:
                here = other
                break
        else:
            break
    return here


def _shaken(here: Moves) -> Moves:
    """Let neighbours lose all their edges, climb, and keep what is lower: an iterated local search.

    Where the assumptions fail, the best graph lies many moves from where a climb ends, and climbs on data that hardly
    differ end far from each other.
    """
    rng, criterion, missed = np.random.default_rng(0), here.criterion, 0
    n_vars, first_rows = criterion.n_vars, np.arange(0, criterion.dim, criterion.n_vars)
    for size in itertools.cycle(_SHAKEN):
        links: Edges = np.logical_or.reduce(here.graph.reshape(-1, n_vars, n_vars))
        first = int(rng.integers(n_vars))
        near = rng.permutation(np.flatnonzero(links[first] | links[:, first]))
        group = np.append(first, near[near != first][: size - 1])
        rows, bare = (first_rows[:, None] + group).ravel(), here.graph.copy()
        bare[rows], bare[:, group] = criterion.base[rows], criterion.base[:, group]
        effects = np.flatnonzero((bare != here.graph).any(axis=0)).tolist()
        other = _climbed(here.started_at(effects, bare[:, effects]))
        if criterion.change(here.graph, other.graph, here.inflation) < -_LEAST_GAIN:
            here, missed = other, 0
        elif (missed := missed + 1) == _MOST_MISSES:
            break
    return here


def _prune(criterion: Criterion, graph: Edges, inflation: float) -> Edges:
    """Drop the weaker lags of a pair that gain less than the logarithm of the effective rows."""
    level = np.log(max(criterion.effective_rows(inflation), 1.0))
    while True:
        several = np.tile(criterion.n_present(graph) > 1, (criterion.n_lags + 1, 1))
        worth = np.where(several, criterion.removals(graph) / inflation, np.inf)
        weakest = np.unravel_index(int(worth.argmin()), worth.shape)
        if not worth[weakest] < level:
            return graph
        graph = graph.copy()
        graph[weakest] = False


def _best(criterion: Criterion, graphs: Sequence[Edges], inflation: float) -> Edges:
    return min(graphs, key=lambda graph: criterion.score(graph, inflation))


def _checked(criterion: Criterion, fits: ArrayLike | Sequence) -> Numbers:
    weights = np.asarray(fits, float)
    shape = (criterion.n_lags + 1, criterion.n_vars, criterion.n_vars)
    if not weights.size:
        return np.zeros((0, *shape))
    if weights.ndim != 4 or weights.shape[1:] != shape:
        raise ValueError(f"fits: found shape {weights.shape}, expected (fits, {', '.join(map(str, shape))})")
    # A lane that diverged starts the search at the empty graph.
    return np.nan_to_num(weights, nan=0.0, posinf=0.0, neginf=0.0)

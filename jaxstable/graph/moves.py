"""All single moves from one graph and what each gains, kept up to date where a move changes something."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.criterion import Criterion
from jaxstable.graph.paths import reachability
from jaxstable.graph.refit import Edges, Numbers


class Move(NamedTuple):
    """One change of a graph and by how much it lowers the criterion."""

    gain: float
    kind: str
    """"add" or "drop" an edge, "turn" one at lag 0, "add_lags" (all later lags of a pair) or "drop_pair"."""
    cause: int
    """a row of the graph for "add" and "drop", else a variable."""
    effect: int


class Moves:
    """Say which single move lowers the criterion of a graph most, and make it.

    What a move gains hangs on the causes of its effect alone, so that a move calls for new figures in one column, two
    for a turn. Only what closes a cycle at lag 0 hangs on the whole graph; it is read off what leads where.

    Args:
        criterion: what graphs are judged by.
        graph: where to start, `[dim, n_vars]`, acyclic at lag 0.
        inflation: rows that are worth one independent row.
    """

    def __init__(self, criterion: Criterion, graph: Edges, inflation: float) -> None:
        self.criterion: Criterion = criterion
        self.inflation: float = inflation
        self.graph: Edges = graph.copy()
        n_vars, several = criterion.n_vars, criterion.n_lags > 1
        self._price = np.append(np.diff(criterion.penalties), 0.0)
        self._held: Edges = np.logical_or.reduce(criterion.required.reshape(-1, n_vars, n_vars))
        self._free = ~criterion.required[:n_vars] & criterion.allowed[:n_vars].T
        self._speaks: Numbers = criterion.refits.pair_share * criterion.refits.n_rows
        self._present = np.zeros((n_vars, n_vars), int)
        self._marks = [0] * n_vars
        self._gained, self._lost = np.zeros((n_vars, n_vars)), np.zeros((n_vars, n_vars))
        self._add, self._drop = np.zeros((criterion.dim, n_vars)), np.zeros((criterion.dim, n_vars))
        self._add_lags, self._drop_pair = (np.full((n_vars if several else 1, n_vars), -np.inf) for _ in range(2))
        self._reach = reachability(self.graph[:n_vars])
        for effect in range(n_vars):
            self._look_at(effect)

    def started_at(self, graph: Edges) -> Moves:
        """Return the moves from another graph; columns that are the same are not looked at again."""
        other = object.__new__(Moves)
        other.__dict__.update({name: _own(value) for name, value in vars(self).items()})
        other.graph = graph.copy()
        other._reach = reachability(graph[: self.criterion.n_vars])
        for effect in np.flatnonzero((graph != self.graph).any(axis=0)).tolist():
            other._look_at(effect)
        return other

    @property
    def mark(self) -> int:
        """Return a number that hardly any other graph has."""
        return hash(tuple(self._marks))

    def best(self) -> Move:
        """Return the move with the largest gain; of equal ones the first by kind, then by cause and effect."""
        n_vars = self.criterion.n_vars
        at_once = _largest("add", np.where(self._reach.T, -np.inf, self._add[:n_vars]))
        later = _largest("add", self._add[n_vars:], n_vars) if self.criterion.n_lags else at_once
        moves = at_once, later, _largest("drop", self._drop), self._best_turn()
        pairs = _largest("add_lags", self._add_lags), _largest("drop_pair", self._drop_pair)
        return max(*moves, *pairs, key=lambda move: move.gain)

    def make(self, move: Move) -> None:
        """Change the graph by a move."""
        graph, n_vars, cause, effect = self.graph, self.criterion.n_vars, move.cause, move.effect
        if move.kind == "turn":
            graph[cause, effect], graph[effect, cause] = False, True
            self._forget(cause, effect)
            self._join(effect, cause)
            self._look_at(cause)
        elif move.kind == "add":
            graph[cause, effect] = True
            if cause < n_vars:
                self._join(cause, effect)
        elif move.kind == "drop":
            graph[cause, effect] = False
            if cause < n_vars:
                self._forget(cause, effect)
        elif move.kind == "add_lags":
            graph[n_vars + cause :: n_vars, effect] = True
        else:
            at_once = graph[cause, effect]
            graph[cause::n_vars, effect] = False
            if at_once:
                self._forget(cause, effect)
        self._look_at(effect)

    def _join(self, cause: int, effect: int) -> None:
        self._reach[self._reach[:, cause]] |= self._reach[effect]

    def _forget(self, cause: int, effect: int) -> None:
        """Bring what leads where up to date after an edge went; another path may lead the same way."""
        instant = self.graph[: self.criterion.n_vars]
        if not (instant[cause] & self._reach[:, effect]).any():
            self._reach = reachability(instant)

    def _best_turn(self) -> Move:
        """Return the best turn that closes no cycle."""
        causes, effects = np.nonzero(self.graph[: self.criterion.n_vars] & self._free)
        fewer = self._price[np.maximum(self._present[causes, effects] - 1, 0)]
        more = self._price[self._present[effects, causes]]
        gain = fewer - more - (self._lost[causes, effects] - self._gained[effects, causes]) / self.inflation
        # Worth trying only where it gains: then alone does it matter whether it closes a cycle.
        wanted = np.flatnonzero(gain > 0.0)
        causes, effects, gain = causes[wanted], effects[wanted], gain[wanted]
        ways = (self.graph[causes, :] & self._reach[:, effects].T).sum(axis=1)  # the edge itself is one
        gain = np.where(ways == 1, gain, -np.inf)
        if not len(gain):
            return Move(-np.inf, "turn", 0, 0)
        place = int(gain.argmax())
        return Move(float(gain[place]), "turn", int(causes[place]), int(effects[place]))

    def _look_at(self, effect: int) -> None:
        """Find anew what every move that changes the causes of one variable gains."""
        criterion, refits, inflation = self.criterion, self.criterion.refits, self.inflation
        n_vars, n_lags = criterion.n_vars, criterion.n_lags
        causes, own, speaks = self.graph[:, effect], criterion.own[:, effect], self._speaks[:, effect]
        self._marks[effect] = hash(causes.tobytes())
        present = (causes & ~own).reshape(n_lags + 1, n_vars).sum(axis=0)
        gained = refits.gains(effect, causes) * speaks
        lost = np.where(causes & ~criterion.base[:, effect], refits.drops(effect, causes) * speaks, np.inf)
        price, saved = self._price[present], self._price[np.maximum(present - 1, 0)]
        legal = criterion.allowed[:, effect] & ~causes
        self._present[:, effect] = present
        self._gained[:, effect], self._lost[:, effect] = gained[:n_vars], lost[:n_vars]
        self._add[:, effect] = np.where(legal, gained / inflation - np.tile(price, n_lags + 1), -np.inf)
        self._drop[:, effect] = np.tile(saved, n_lags + 1) - lost / inflation
        if n_lags > 1:
            self._look_at_pairs(effect, causes & ~own, legal, present)

    def _look_at_pairs(self, effect: int, causes: Edges, legal: Edges, present: NDArray[np.int_]) -> None:
        criterion, refits = self.criterion, self.criterion.refits
        n_vars, n_lags, prices = criterion.n_vars, criterion.n_lags, criterion.penalties
        speaks = refits.pair_share[n_vars : 2 * n_vars, effect] * refits.n_rows / self.inflation
        new: NDArray[np.int_] = legal[n_vars:].reshape(n_lags, n_vars).sum(axis=0)
        old: NDArray[np.int_] = causes[n_vars:].reshape(n_lags, n_vars).sum(axis=0)
        gain = refits.lag_gains(effect, self.graph[:, effect]) * speaks
        gain += prices[present] - prices[np.minimum(present + new, n_lags + 1)]
        whole = (new > 1) & (new + old == n_lags) & (np.arange(n_vars) != effect)
        self._add_lags[:, effect] = np.where(whole, gain, -np.inf)
        lost = refits.pair_drops(effect, self.graph[:, effect]) * speaks
        several = (present > 1) & ~self._held[:, effect]
        self._drop_pair[:, effect] = np.where(several, prices[present] - lost, -np.inf)


def turnable(criterion: Criterion, graph: Edges) -> Edges:
    """Return the lag-0 edges whose reverse is allowed and closes no cycle, `[cause, effect]`."""
    instant = graph[: criterion.n_vars]
    free: Edges = instant & ~criterion.required[: criterion.n_vars] & criterion.allowed[: criterion.n_vars].T
    ways = instant.astype(np.float32) @ reachability(instant).astype(np.float32)
    return free & (ways == 1)


def _own(value: object) -> object:
    return value.copy() if isinstance(value, (np.ndarray, list)) else value


def _largest(kind: str, gains: Numbers, first: int = 0) -> Move:
    cause, effect = np.unravel_index(int(gains.argmax()), gains.shape)
    return Move(float(gains[cause, effect]), kind, first + int(cause), int(effect))

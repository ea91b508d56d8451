"""All single moves from one graph and what each gains, kept up to date where a move changes something."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.criterion import Criterion
from jaxstable.graph.paths import reachability
from jaxstable.graph.refit import Edges, Numbers

_KINDS = ("add", "add", "drop", "turn", "add_lags", "drop_pair")
_AT_ONCE, _LATER, _DROP, _TURN, _ADD_LAGS, _DROP_PAIR = range(len(_KINDS))


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
    for a turn. Only what closes a cycle at lag 0 hangs on the whole graph; it is read off what leads where. Of every
    column only the best move of each kind is at hand, so that a step takes as long with many variables as with few.

    Args:
        criterion: what graphs are judged by.
        graph: where to start, `[dim, n_vars]`, acyclic at lag 0.
        inflation: rows that are worth one independent row.
    """

    def __init__(self, criterion: Criterion, graph: Edges, inflation: float) -> None:
        self.criterion: Criterion = criterion
        self.inflation: float = inflation
        self.graph: Edges = graph.copy(order="F")  # read by columns
        n_vars = criterion.n_vars
        self._price = np.append(np.diff(criterion.penalties), 0.0)
        self._held: Edges = np.logical_or.reduce(criterion.required.reshape(-1, n_vars, n_vars))
        self._may_turn: Edges = criterion.may_turn
        self._speaks: Numbers = criterion.refits.pair_share * criterion.refits.n_rows
        # Of the causes of every variable; the arrays in these lists are never written to, so that copies share them.
        self._marks = [0] * n_vars
        self._present = [np.zeros(0, int)] * n_vars
        self._gained = [np.zeros(0)] * n_vars
        self._lost = [np.zeros(0)] * n_vars
        self._offers = [(np.zeros(0, int), np.zeros(0))] * n_vars
        # The best move of each kind into every variable, `[kind, effect]`; turns are weighed apart.
        self._gain, self._cause = np.full((len(_KINDS), n_vars), -np.inf), np.zeros((len(_KINDS), n_vars), int)
        self._turns: dict[tuple[int, int], float] = {}
        self._reach = reachability(self.graph[:n_vars])
        for effect in range(n_vars):
            self._look_at(effect)
        self._weigh_turns(np.argwhere(self.graph[:n_vars]).tolist())

    def started_at(self, effects: list[int], causes: Edges) -> Moves:
        """Return the moves from the same graph with other causes of some variables, `[dim, len(effects)]`."""
        other = object.__new__(Moves)
        other.__dict__.update({name: _own(value) for name, value in vars(self).items()})
        other._rewrite(effects, causes)
        return other

    @property
    def mark(self) -> int:
        """Return a number that hardly any other graph has."""
        return hash(tuple(self._marks))

    def best(self) -> Move:
        """Return the move with the largest gain; of equal ones the first by kind, then by cause and effect.

        Moves that gain nothing need not be told apart.
        """
        turn = self._best_turn()
        largest = self._gain.max(axis=1)
        largest[_TURN] = turn.gain
        kind = int(largest.argmax())
        if kind == _TURN:
            return turn
        effects = np.flatnonzero(self._gain[kind] == largest[kind])
        causes = self._cause[kind, effects]
        first = int(causes.argmin())
        return Move(float(largest[kind]), _KINDS[kind], int(causes[first]), int(effects[first]))

    def make(self, move: Move) -> None:
        """Change the graph by a move."""
        n_vars, cause, effect = self.criterion.n_vars, move.cause, move.effect
        effects = [effect, cause] if move.kind == "turn" else [effect]
        causes = self.graph[:, effects]
        if move.kind == "add_lags":
            causes[n_vars + cause :: n_vars, 0] = True
        elif move.kind == "drop_pair":
            causes[cause::n_vars, 0] = False
        else:
            causes[cause, 0] = move.kind == "add"
        if move.kind == "turn":
            causes[effect, 1] = True
        self._rewrite(effects, causes)

    def _rewrite(self, effects: list[int], causes: Edges) -> None:
        """Give some variables other causes."""
        n_vars = self.criterion.n_vars
        before, after = self.graph[:n_vars, effects], causes[:n_vars]
        self.graph[:, effects] &= causes
        for cause, place in np.argwhere(before & ~after).tolist():
            self._forget(cause, effects[place])
        self.graph[:, effects] = causes
        for cause, place in np.argwhere(after & ~before).tolist():
            self._join(cause, effects[place])
        for effect in effects:
            self._look_at(effect)
        self._turns = {edge: gain for edge, gain in self._turns.items() if set(effects).isdisjoint(edge)}
        for effect in effects:
            self._weigh_turns([[cause, effect] for cause in np.flatnonzero(self.graph[:n_vars, effect]).tolist()])
            self._weigh_turns([[effect, other] for other in np.flatnonzero(self.graph[effect]).tolist()])

    def _join(self, cause: int, effect: int) -> None:
        reach = self._reach
        if not reach[cause, effect]:
            above = np.flatnonzero(reach[:, cause])
            reach[above] |= reach[effect]
            for variable in above[reach[above, self._cause[_AT_ONCE, above]]].tolist():
                self._offer(variable)

    def _forget(self, cause: int, effect: int) -> None:
        """Bring what leads where up to date after an edge went; another path may lead the same way."""
        instant, reach = self.graph[: self.criterion.n_vars], self._reach
        if (instant[cause] & reach[:, effect]).any():
            return
        above = np.flatnonzero(reach[:, cause])
        for variable in above[reach[above].sum(axis=1).argsort()].tolist():  # what leads to more leads to what is left
            reach[variable] = np.logical_or.reduce(reach[np.flatnonzero(instant[variable])])
            reach[variable, variable] = True
            self._offer(variable)

    def _look_at(self, effect: int) -> None:
        """Find anew what every move that changes the causes of one variable gains, turns aside."""
        criterion, refits, inflation = self.criterion, self.criterion.refits, self.inflation
        n_vars, n_lags = criterion.n_vars, criterion.n_lags
        by_lag = n_lags + 1, n_vars
        causes, own, speaks = self.graph[:, effect], criterion.own[:, effect], self._speaks[:, effect]
        self._marks[effect] = hash(causes.tobytes())
        present: NDArray[np.int_] = (causes & ~own).reshape(by_lag).sum(axis=0)
        gained = refits.gains(effect, causes) * speaks
        lost = np.where(causes & ~criterion.base[:, effect], refits.drops(effect, causes) * speaks, np.inf)
        price, saved = self._price[present], self._price[np.maximum(present - 1, 0)]
        legal = criterion.allowed[:, effect] & ~causes
        self._present[effect], self._gained[effect], self._lost[effect] = present, gained[:n_vars], lost[:n_vars]
        add = np.where(legal, ((gained / inflation).reshape(by_lag) - price).ravel(), -np.inf)
        wanted = (add[:n_vars] > 0.0).nonzero()[0]
        wanted = wanted[(-add[wanted]).argsort(kind="stable")]
        self._offers[effect] = wanted, add[wanted]
        self._offer(effect)
        if n_lags:
            self._note(_LATER, effect, add[n_vars:], n_vars)
        self._note(_DROP, effect, (saved - (lost / inflation).reshape(by_lag)).ravel())
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
        self._note(_ADD_LAGS, effect, np.where(whole, gain, -np.inf))
        lost = refits.pair_drops(effect, self.graph[:, effect]) * speaks
        several = (present > 1) & ~self._held[:, effect]
        self._note(_DROP_PAIR, effect, np.where(several, prices[present] - lost, -np.inf))

    def _note(self, kind: int, effect: int, gains: Numbers, first: int = 0) -> None:
        place = int(gains.argmax())
        self._gain[kind, effect], self._cause[kind, effect] = gains[place], first + place

    def _offer(self, effect: int) -> None:
        """Find the best cause at lag 0 that closes no cycle."""
        causes, gains = self._offers[effect]
        free = np.flatnonzero(~self._reach[effect, causes])
        best = (gains[free[0]], causes[free[0]]) if len(free) else (-np.inf, 0)
        self._gain[_AT_ONCE, effect], self._cause[_AT_ONCE, effect] = best

    def _weigh_turns(self, edges: list[list[int]]) -> None:
        """Note what it gains to turn lag-0 edges, `[cause, effect]` each, where it gains anything."""
        for cause, effect in edges:
            if self._may_turn[cause, effect]:
                fewer = self._price[max(self._present[effect][cause] - 1, 0)]
                more = self._price[self._present[cause][effect]]
                gain = fewer - more - (self._lost[effect][cause] - self._gained[cause][effect]) / self.inflation
                if gain > 0.0:
                    self._turns[cause, effect] = float(gain)

    def _best_turn(self) -> Move:
        """Return the best turn that closes no cycle."""
        best = Move(-np.inf, "turn", 0, 0)
        for (cause, effect), gain in sorted(self._turns.items()):
            # Of the ways from cause to effect the edge itself is one.
            if gain > best.gain and np.count_nonzero(self.graph[cause] & self._reach[:, effect]) == 1:
                best = Move(gain, "turn", cause, effect)
        return best


def turnable(criterion: Criterion, graph: Edges) -> Edges:
    """Return the lag-0 edges whose reverse is allowed and closes no cycle, `[cause, effect]`."""
    instant = graph[: criterion.n_vars]
    ways = instant.astype(np.float32) @ reachability(instant).astype(np.float32)
    return instant & criterion.may_turn & (ways == 1)


def _own(value: object) -> object:
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    return value.copy() if isinstance(value, (list, dict)) else value

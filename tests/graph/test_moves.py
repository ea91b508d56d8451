"""Moves of the climb: what is kept up to date is what would be found anew, and no move closes a cycle."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.graph.criterion import Criterion
from jaxstable.graph.moves import Move, Moves, turnable
from jaxstable.graph.paths import reachability
from jaxstable.graph.refit import Refits
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import svar

N_VARS = 7


@pytest.fixture(scope="module", params=[1, 2])
def criterion(request):
    system = svar(N_VARS, 800, n_lags=1, n_instant=9, n_lagged=7, seed=5)
    moments = lagged_moments(system.values, n_lags=request.param)
    required = np.zeros((request.param + 1, N_VARS, N_VARS), bool)
    required[0, 0, 1] = True
    return Criterion(Refits(moments.matrix, moments.count, N_VARS, moments.pair_share), required)


def gains(moves):
    best = moves.best()
    best = best if best.gain > 0.0 else None
    turns = sorted(moves._turns.items())
    offered = [part for causes, worth in moves._offers for part in (causes.tolist(), worth.tolist())]
    return [best, turns, offered, moves._gain.copy(), moves._cause.copy(), moves._reach.copy()]


def assert_same(moves, others):
    for one, other in zip(gains(moves), gains(others), strict=True):
        np.testing.assert_equal(one, other)
    assert moves.mark == others.mark


@pytest.mark.parametrize("full", [False, True])
def test_after_each_move_the_gains_are_those_of_the_graph_looked_at_anew(criterion, full):
    start = criterion.base.copy()
    if full:  # much to drop, and edges at lag 0 to turn
        start |= criterion.allowed
        start[:N_VARS] = np.triu(start[:N_VARS])
    moves, kinds = Moves(criterion, start, 1.3), set()
    for _ in range(40):
        best = moves.best()
        if best.gain <= 0.0:
            break
        before = criterion.score(moves.graph, 1.3)
        moves.make(best)
        kinds.add(best.kind)
        assert before - criterion.score(moves.graph, 1.3) == pytest.approx(best.gain, rel=1e-6, abs=1e-5)
        assert_same(moves, Moves(criterion, moves.graph, 1.3))
        reach = reachability(moves.graph[:N_VARS])
        assert (reach & reach.T).sum() == N_VARS
    assert ("drop" if full else "add") in kinds


def test_moves_from_another_graph_are_those_looked_at_anew_and_leave_the_first_alone(criterion):
    first = Moves(criterion, criterion.base, 1.0)
    was = gains(first)
    other = criterion.base.copy()
    other[0, 3] = other[3, 2] = True
    again = first.started_at([3, 2], other[:, [3, 2]])
    assert_same(again, Moves(criterion, other, 1.0))
    again.make(again.best())
    np.testing.assert_equal(gains(first), was)
    np.testing.assert_array_equal(first.graph, criterion.base)


def test_of_many_edges_rewritten_at_once_what_leads_where_is_found_anew(criterion):
    rng, moves = np.random.default_rng(3), Moves(criterion, criterion.base, 1.0)
    for _ in range(60):
        order, effects = rng.permutation(N_VARS), rng.choice(N_VARS, 3, replace=False).tolist()
        other = moves.graph.copy()
        first = np.argsort(order)  # a variable comes before those with a larger number
        kept = moves.graph[:N_VARS] & (first[:, None] < first[None])
        if not np.array_equal(np.delete(kept, effects, 1), np.delete(moves.graph[:N_VARS], effects, 1)):
            continue  # the order must suit the columns that stay
        other[:N_VARS, effects] = (rng.random((N_VARS, 3)) < 0.4) & (first[:, None] < first[None, effects])
        other[N_VARS:, effects] = rng.random((criterion.dim - N_VARS, 3)) < 0.3
        moves = moves.started_at(effects, other[:, effects])
        assert_same(moves, Moves(criterion, other, 1.0))


def test_the_change_of_the_criterion_is_that_of_two_scores(criterion):
    other = criterion.base.copy()
    other[0, 3] = other[3, 2] = other[N_VARS + 4, 2] = True
    apart = criterion.score(other, 1.4) - criterion.score(criterion.base, 1.4)
    assert criterion.change(criterion.base, other, 1.4) == pytest.approx(apart, abs=1e-9)


def test_of_equal_moves_the_first_by_cause_is_made(criterion):
    moves = Moves(criterion, criterion.base, 1.0)
    moves._gain[0, [2, 4]], moves._cause[0, [2, 4]] = 1e6, [3, 1]
    assert moves.best() == Move(1e6, "add", 1, 4)


def test_an_edge_beside_another_path_and_a_required_one_cannot_be_turned(criterion):
    graph = criterion.base.copy()
    graph[1, 2] = graph[0, 2] = graph[2, 3] = True
    assert [tuple(edge) for edge in np.argwhere(turnable(criterion, graph)).tolist()] == [(1, 2), (2, 3)]

"""The choice without truth: what it finds, and what it guarantees whatever it is given."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jaxstable.graph import refit, selection
from jaxstable.graph.criterion import Criterion, own_lags
from jaxstable.graph.moves import Moves
from jaxstable.graph.paths import reachability
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import candidates, climb, select
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import svar

N_VARS, N_LAGS = 6, 2


def refits_of(values, mask=None, environment=None):
    moments = lagged_moments(values, mask, N_LAGS, environment=environment)
    return Refits(moments.matrix, moments.count, values.shape[1], moments.pair_share)


def f1(graph, truth):
    graph, truth = (edges.any(axis=0) & ~np.eye(N_VARS, dtype=bool) for edges in (graph, truth))
    return 2 * (graph & truth).sum() / (graph.sum() + truth.sum())


def acyclic(graph):
    return nx.is_directed_acyclic_graph(nx.from_numpy_array(graph, create_using=nx.DiGraph))


@pytest.fixture(scope="module")
def system():
    return svar(N_VARS, 2000, n_instant=6, n_lagged=6, seed=3)


@pytest.fixture(scope="module")
def refits(system):
    return refits_of(system.values)


@pytest.fixture(scope="module")
def chosen(refits):
    return select(Criterion(refits))


def random_moments(seed, n_vars=4, n_lags=1, environments=1):
    rng = np.random.default_rng(seed)
    dim = (n_lags + 1) * n_vars
    rows = rng.normal(size=(environments, 40, dim)) @ (np.eye(dim) + 0.4 * rng.normal(size=(dim, dim)))
    covariance = np.einsum("etp,etq->epq", rows, rows) / 40
    return covariance / np.diag(covariance[0]).mean()


def test_a_simulated_system_is_recovered(system, chosen):
    assert f1(chosen.graph, system.lagged_truth) >= 0.95
    assert acyclic(chosen.graph[0])
    assert 1.0 <= chosen.inflation < 1.5
    assert not chosen.graph[:, np.arange(N_VARS), np.arange(N_VARS)].any()


def test_strength_ranks_true_edges_above_others(system, chosen):
    strength, truth = chosen.strength.max(axis=0), system.truth
    off = ~np.eye(N_VARS, dtype=bool)
    assert np.mean(strength[truth & off][:, None] > strength[~truth & off][None]) > 0.97
    assert (chosen.strength >= 0).all()
    assert (chosen.strength[chosen.graph] > 0).all()


def test_weights_are_those_of_a_regression_on_the_causes(system, chosen, refits):
    effect = int(chosen.graph.any(axis=0).sum(axis=0).argmax())
    causes = (chosen.graph.reshape(-1, N_VARS) | own_lags(N_VARS, N_LAGS))[:, effect]
    pooled = refits.pooled
    expected = np.linalg.solve(pooled[np.ix_(causes, causes)], pooled[causes, effect])
    np.testing.assert_allclose(chosen.weights.reshape(-1, N_VARS)[causes, effect], expected, atol=1e-6)
    assert not chosen.weights.reshape(-1, N_VARS)[~causes, effect].any()


def test_the_same_moments_give_the_same_selection(chosen, refits):
    again = select(Criterion(Refits(refits.covariance, refits.count, N_VARS, refits.pair_share)))
    for one, other in zip(chosen, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_missing_entries_are_not_taken_for_rows(system):
    seen = np.random.default_rng(0).random(system.values.shape) > 0.4
    refits = refits_of(np.where(seen, system.values, np.nan))
    found = select(Criterion(refits))
    assert f1(found.graph, system.lagged_truth) >= 0.85
    assert found.inflation < 1.6
    blind = select(Criterion(Refits(refits.covariance, refits.count, N_VARS)))
    assert blind.inflation > found.inflation


def test_required_and_forbidden_edges_are_guaranteed(system, refits):
    true, absent = np.argwhere(system.lagged_truth[0])[0], np.argwhere(~system.truth & ~system.truth.T)
    lone = next(pair for pair in absent.tolist() if pair[0] != pair[1])
    required, forbidden = np.zeros((2, N_LAGS + 1, N_VARS, N_VARS), bool)
    required[2, lone[0], lone[1]] = True
    required[0, true[1], true[0]] = True  # against the data
    forbidden[1] = True
    found = select(Criterion(refits, required, forbidden), system.lagged_truth[None])
    assert found.graph[required].all()
    assert not found.graph[forbidden].any()
    assert acyclic(found.graph[0])
    assert (found.strength[required] > 0).all()
    assert not found.strength[forbidden].any()
    assert (found.weights[required] != 0).all()


@settings(max_examples=12)
@given(st.integers(0, 10_000), st.booleans())
def test_lag_0_is_acyclic_whatever_the_moments_and_fits(seed, several):
    rng = np.random.default_rng(seed)
    required = np.zeros((2, 4, 4), bool)
    required[0, 0, 1] = required[1, 2, 3] = True
    forbidden = (rng.random((2, 4, 4)) < 0.2) & ~required
    covariance = random_moments(seed, environments=2 if several else 1)
    criterion = Criterion(Refits(covariance, [40.0] * len(covariance), 4), required, forbidden)
    fits = rng.normal(size=(2, 2, 4, 4))
    for graph in candidates(criterion, fits[0]):
        assert acyclic(graph[:4])
        assert graph[criterion.required].all()
    found = select(criterion, fits, inflation=1.0)
    assert acyclic(found.graph[0])
    assert found.graph[required].all()
    assert not found.graph[forbidden].any()


@given(st.integers(0, 10_000), st.booleans())
def test_gains_are_what_refitting_gains(seed, several):
    covariance = random_moments(seed, n_lags=2, environments=2 if several else 1)
    refits = Refits(covariance, [30.0] * len(covariance), 4)
    causes = np.random.default_rng(seed).random(12) < 0.3
    causes[1] = False
    before = refits.log_variance(1, causes)
    gains, lags = refits.gains(1, causes), refits.lag_gains(1, causes)
    for cause in np.flatnonzero(~causes):
        more = causes.copy()
        more[cause] = True
        if cause != 1:
            assert gains[cause] == pytest.approx(before - refits.log_variance(1, more), abs=1e-6)
    for cause in (0, 2, 3):
        more = causes.copy()
        more[4 + cause :: 4] = True
        assert lags[cause] == pytest.approx(before - refits.log_variance(1, more), abs=1e-6)
    assert not gains[causes].any()


def test_a_climb_never_raises_the_criterion(refits):
    criterion = Criterion(refits)
    graph = climb(criterion, criterion.base, 1.0)
    assert criterion.score(graph, 1.0) < criterion.score(criterion.base, 1.0)
    np.testing.assert_array_equal(climb(criterion, graph, 1.0), graph)
    # Complete rows: the gain of a single addition is exactly what the criterion falls by.
    gains, legal = criterion.additions(graph), criterion.legal(graph)
    for cause, effect in np.argwhere(legal)[::17]:
        more = graph.copy()
        more[cause, effect] = True
        k = criterion.n_present(graph)[cause % N_VARS, effect]
        fall = criterion.score(graph, 1.0) - criterion.score(more, 1.0)
        assert fall == pytest.approx(gains[cause, effect] - np.diff(criterion.penalties)[k], rel=1e-6, abs=1e-4)


def test_environments_share_a_graph_but_not_their_noise():
    parts = [svar(N_VARS, 700, n_instant=6, n_lagged=6, seed=3).values * scale for scale in (1.0, 3.0)]
    truth = svar(N_VARS, 700, n_instant=6, n_lagged=6, seed=3).lagged_truth
    refits = refits_of(np.concatenate(parts), environment=np.repeat([0, 1], 700))
    assert refits.covariance.shape[0] == 2
    found = select(Criterion(refits))
    assert f1(found.graph, truth) >= 0.85
    assert acyclic(found.graph[0])


def test_a_sensor_that_is_there_twice_does_no_harm(system):
    values = np.concatenate([system.values[:, :3], system.values[:, :1]], axis=1)
    found = select(Criterion(refits_of(values)))
    assert np.isfinite(found.score)
    assert acyclic(found.graph[0])


def test_penalties_of_further_lags_grow_but_less_than_in_proportion(refits):
    prices = Criterion(refits).penalties
    steps = np.diff(prices)
    assert prices[0] == 0.0
    assert prices[1] == pytest.approx(2 * np.log(N_VARS * (N_VARS - 1) * 2.5))
    assert (steps > 0).all()
    assert (steps[1:] < prices[1]).all()


def test_reachability_is_that_of_networkx():
    rng = np.random.default_rng(1)
    graph = np.triu(rng.random((9, 9)) < 0.2, 1)
    expected = nx.to_numpy_array(nx.transitive_closure(nx.from_numpy_array(graph, create_using=nx.DiGraph))) > 0
    np.testing.assert_array_equal(reachability(graph), expected | np.eye(9, dtype=bool))


def test_wrong_arguments_are_refused(refits):
    shape = (N_LAGS + 1, N_VARS, N_VARS)
    edge, cycle = np.zeros(shape, bool), np.zeros(shape, bool)
    edge[1, 0, 1] = cycle[0, 0, 1] = cycle[0, 1, 0] = True
    loop = np.zeros(shape, bool)
    loop[0, 2, 2] = True
    with pytest.raises(ValueError, match=r"required: edge \[1, 0, 1\] is also forbidden"):
        Criterion(refits, edge, edge)
    with pytest.raises(ValueError, match="have a cycle"):
        Criterion(refits, cycle)
    with pytest.raises(ValueError, match="itself at once"):
        Criterion(refits, loop)
    with pytest.raises(ValueError, match="forbidden: found shape"):
        Criterion(refits, None, edge[0])
    with pytest.raises(ValueError, match="fits: found shape"):
        select(Criterion(refits), np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="inflation: found"):
        select(Criterion(refits), (), 0.5)
    with pytest.raises(ValueError, match="covariance: found shape"):
        Refits(np.eye(5), 10, 2)
    with pytest.raises(ValueError, match="not finite"):
        Refits(np.full((2, 2), np.nan), 10, 2)
    with pytest.raises(ValueError, match="pair_share: found shape"):
        Refits(np.eye(2), 10, 2, np.ones(2))


@pytest.mark.parametrize("environment", [None, np.repeat([0, 1], 1000)])
def test_what_dropping_a_pair_loses_is_the_difference_of_two_refits(system, environment):
    refits = refits_of(system.values, environment=environment)
    causes = np.random.default_rng(0).random((refits.dim, N_VARS)) < 0.5
    causes[:N_VARS] &= ~np.eye(N_VARS, dtype=bool)
    for effect in range(N_VARS):
        before, lost = causes[:, effect], refits.pair_drops(effect, causes[:, effect])
        for cause in range(N_VARS):
            fewer = before.copy()
            fewer[cause::N_VARS] = False
            several = cause != effect and before[cause::N_VARS].sum() > 1
            rise = refits.log_variance(effect, fewer) - refits.log_variance(effect, before) if several else 0.0
            np.testing.assert_allclose(lost[cause], rise, atol=1e-7)


def test_answers_are_the_same_where_there_is_no_room_to_keep_them(refits, chosen, monkeypatch):
    monkeypatch.setattr(refit, "_MOST_KEPT", 100)
    small = Refits(refits.covariance, refits.count, N_VARS, refits.pair_share)
    np.testing.assert_array_equal(select(Criterion(small)).graph, chosen.graph)
    assert sum(len(answer) for answer in small._kept.values()) <= 100 + small.dim


def test_what_is_left_of_a_copy_explains_nothing():
    rng = np.random.default_rng(0)
    cause, little, noise = rng.standard_normal((3, 500))
    values = np.column_stack([cause, cause + 1e-4 * little, cause + little + 0.1 * noise])
    gains = Refits(np.corrcoef(values.T), 500, 3).gains(2, np.array([True, False, False]))
    np.testing.assert_array_equal(gains, np.zeros(3))


def test_the_reverse_of_a_chain_costs_nothing_and_that_of_a_collider_does():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((2000, 5))
    for effect in (1, 2, 3):
        values[:, effect] += 0.8 * values[:, effect - 1]
    values[:, 3] += 0.8 * values[:, 4]
    chain = np.zeros((5, 5), bool)
    chain[[0, 1, 2, 4], [1, 2, 3, 3]] = True
    criterion = Criterion(Refits(np.corrcoef(values.T), 2000, 5))
    alone, either = criterion.turnings(chain), criterion.reversals(chain, 1.0)
    assert alone[1, 2] > 100  # by itself it makes a collider
    assert either[0, 1] < 8
    assert either[1, 2] < 8  # turned with the edge before it
    assert min(either[2, 3], either[4, 3]) > 100  # both meet in a collider
    leaning = np.where(chain, 5.0, 0.0)
    np.testing.assert_allclose(criterion.reversals(chain, 1.0, leaning)[1, 2], either[1, 2] + 10.0, atol=8)
    required = np.zeros((1, 5, 5), bool)
    required[0, 0, 1] = True
    held = Criterion(Refits(np.corrcoef(values.T), 2000, 5), required)
    assert held.reversals(chain, 1.0)[1, 2] > 100  # the edge before it may not be turned
    assert np.isinf(held.reversals(chain, 1.0)[0, 1])


@pytest.mark.parametrize("seed", [1, 4])
def test_no_climb_from_anywhere_ends_lower_where_three_factors_drive_all(seed):
    rng, n_vars = np.random.default_rng(seed), 10
    rows = rng.normal(size=(2000, 3)) @ rng.normal(size=(3, n_vars)) + rng.normal(size=(2000, n_vars))
    criterion = Criterion(Refits(np.corrcoef(rows.T), 2000, n_vars))
    found = select(criterion)
    for _ in range(30):
        order = rng.permutation(n_vars)
        start = np.triu(rng.random((n_vars, n_vars)) < 0.4, 1)[np.ix_(order, order)]
        assert criterion.score(climb(criterion, start, found.inflation), found.inflation) >= found.score - 1e-6


def test_what_shaking_finds_must_be_worth_the_price_of_an_edge(refits, chosen, monkeypatch):
    criterion = Criterion(refits)
    graph = chosen.graph.reshape(criterion.dim, criterion.n_vars) | criterion.own
    monkeypatch.setattr(selection, "_escaped", lambda here: Moves(criterion, criterion.base, here.inflation))
    monkeypatch.setattr(selection, "_shaken", lambda here: Moves(criterion, graph, here.inflation))
    np.testing.assert_array_equal(select(criterion).graph, chosen.graph)
    criterion.penalty = 1e9  # the prices of edges stay as they are
    assert not select(criterion).graph.any()

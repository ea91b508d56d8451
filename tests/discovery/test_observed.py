"""Sensors that are hardly ever read: graphs judged by the likelihood of the readings."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery.observed import ObservedSearch, Prepared, worth_it
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.paths import has_cycle
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import select
from jaxstable.moments.bootstrap import bootstrap_moments
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import svar

SLOW = [0, 2, 5]
D = 7


def slow_plant(seed: int, every: int = 10, n_rows: int = 1200) -> tuple[Prepared, np.ndarray]:
    """Return a plant of seven sensors, three of them read at every tenth row, and its graph."""
    system = svar(D, n_rows, n_instant=6, n_lagged=5, seed=seed)
    mask = np.ones(system.values.shape, bool)
    mask[np.arange(n_rows) % every > 0, SLOW[0]] = mask[np.arange(n_rows) % every > 0, SLOW[1]] = False
    mask[np.arange(n_rows) % every > 0, SLOW[2]] = False
    return Prepared(np.where(mask, system.values, 0.0), mask, np.zeros(n_rows, int)), system.truth


def plain(rows: Prepared, banned: np.ndarray | None = None):
    moments = lagged_moments(rows.values, rows.mask, 2)
    none = np.zeros((3, D, D), bool)
    banned = none if banned is None else banned
    refits = Refits(moments.matrix, moments.count, D, moments.pair_share)
    return moments, select(Criterion(refits, none, banned)), ObservedSearch(rows, moments, none, banned, 2)


def wrong(graph: np.ndarray, truth: np.ndarray) -> int:
    return int((graph.any(axis=0) ^ truth).sum())


@pytest.fixture(scope="module")
def slow():
    rows, truth = slow_plant(7)
    moments, start, search = plain(rows)
    return rows, truth, moments, start, search, search.search(start)


def test_the_likelihood_of_the_readings_mends_what_filled_gaps_made(slow):
    rows, truth, moments, start, _search, found = slow
    assert worth_it(rows, moments, 2)
    assert wrong(found.selection.graph, truth) <= wrong(start.graph, truth) / 2
    assert not has_cycle(found.selection.graph[0])


def test_no_change_makes_the_readings_likelier(slow):
    """The score of the graph that is found beats that of the start and of the graph without any edge."""
    _, _, moments, start, search, found = slow
    graphs = [found.selection.graph, start.graph, np.zeros_like(start.graph)]
    first = search.criterion(moments.matrix)
    scores = [search._judged(first, graph.reshape(first.dim, D) | first.base, 12)[1] for graph in graphs]
    assert scores[0] < scores[1] < scores[2]


def test_draws_are_made_of_blocks_that_add_up(slow):
    *_, search, found = slow
    moments = found.moments
    assert moments.block_count.sum() == len(search._ends)
    whole = moments.block_second.sum(axis=0) / moments.block_count.sum()
    np.testing.assert_allclose(whole, found.criterion.refits.covariance[0], atol=0.005)
    drawn = bootstrap_moments(moments, 2)
    assert select(search.criterion(drawn[0]), inflation=1.0).graph.any()


def test_a_forbidden_edge_stays_out(slow):
    rows, truth, *_, found = slow
    cause, effect = np.argwhere(found.selection.graph.any(axis=0) & truth)[0]
    banned = np.zeros((3, D, D), bool)
    banned[:, cause, effect] = True
    _, start, search = plain(rows, banned)
    assert not search.search(start).selection.graph[:, cause, effect].any()


def test_it_is_for_seldom_read_sensors_with_few_patterns_of_gaps():
    rows, _ = slow_plant(1)
    moments = lagged_moments(rows.values, rows.mask, 2)
    assert worth_it(rows, moments, 2)
    assert not worth_it(rows, moments, 0)
    often = rows._replace(mask=np.ones_like(rows.mask))
    assert not worth_it(often, moments, 2)
    holes = rows._replace(mask=rows.mask & (np.random.default_rng(0).random(rows.mask.shape) > 0.2))
    assert not worth_it(holes, moments, 2)


def test_discover_says_that_it_judged_by_the_readings(no_network):
    rows, truth = slow_plant(7)
    held = rows.values.copy()
    held[:, SLOW] = rows.values[np.arange(len(held)) // 10 * 10][:, SLOW]  # as loggers write it: the last one repeated
    found = js.discover(held, draws=3, required=[("x0", "x1", 1)], progress=False)
    assert found.chosen["readings"].value is True
    assert {finding.code for finding in found.findings} >= {"held"}
    assert found.lagged_graph[1, 0, 1]
    assert found.edge_probability[0, 1] == 1.0
    assert wrong(found.lagged_graph, truth) <= 3

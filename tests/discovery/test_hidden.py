"""Common causes that nobody measured: found where they are, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery import hidden as hidden_module
from jaxstable.discovery.hidden import WIDER, HiddenSearch
from jaxstable.discovery.latent import completed, misfit
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.groups import suspects
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import select
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import recur

DRIVEN = (0, 2, 3, 5, 6)


def plant(driven: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of eight sensors, five of them driven by a hidden one, and their graph `[lag, cause, effect]`."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((2, 9, 9))
    weights[0, 0, 1], weights[0, 3, 4], weights[0, 1, 7] = 0.6, -0.5, 0.5
    weights[1, 7, 2], weights[1, 4, 6], weights[1, 5, 4] = 0.4, 0.4, -0.4
    truth = weights[:, :8, :8] != 0
    weights[1] += np.diag([0.4] * 8 + [0.0])
    weights[0, 8, list(DRIVEN)] = driven * np.array([1.0, -1.0, 1.2, 0.9, -1.1])
    return recur({"linear": weights}, rng.standard_normal((2500, 9)))[:, :8], truth


def searched(values, n_lags=1):
    wide = lagged_moments(values, None, WIDER * n_lags)
    n_vars, dim = len(wide.scale), (n_lags + 1) * len(wide.scale)
    criterion = Criterion(Refits(wide.matrix[:, :dim, :dim], wide.count, n_vars, wide.pair_share[:dim]))
    none = np.zeros((n_lags + 1, n_vars, n_vars), bool)
    search = HiddenSearch(wide, n_lags, none, none, n_lags)
    plain = select(criterion)
    return search, plain, search.search(plain)


@pytest.fixture(scope="module")
def driven():
    values, truth = plant(0.9)
    return values, truth, *searched(values)


def test_a_hidden_driver_is_found_with_what_it_acts_on_and_the_graph_is_right(driven):
    _, truth, _, plain, hidden = driven
    assert (plain.graph.any(axis=0) & ~truth.any(axis=0)).sum() >= 5
    assert hidden.groups == (DRIVEN,)
    np.testing.assert_array_equal(hidden.selection.graph[:, :8, :8].any(axis=0), truth.any(axis=0))
    assert not hidden.selection.graph[:, :, 8].any()


def test_hidden_causes_that_leave_most_unexplained_are_not_believed(driven, monkeypatch):
    _, _, search, plain, hidden = driven
    left = hidden.selection.unexplained
    assert left < hidden_module._MOST_LEFT
    monkeypatch.setattr(hidden_module, "_MOST_LEFT", 0.0)
    monkeypatch.setattr(hidden_module, "_MOST_SHARE", 1.01 * left / plain.unexplained)
    assert search.search(plain).groups == hidden.groups
    monkeypatch.setattr(hidden_module, "_MOST_SHARE", 0.99 * left / plain.unexplained)
    assert search.search(plain) is None


def test_a_search_that_leads_to_what_the_sensors_make_less_likely_is_not_believed(driven, monkeypatch):
    _, _, search, plain, hidden = driven
    worse = hidden.system._replace(noise=hidden.system.noise * 1.2)
    monkeypatch.setattr(search, "_settle", lambda best: hidden)
    assert search.search(plain) is hidden
    monkeypatch.setattr(search, "_settle", lambda best: hidden._replace(system=worse))
    assert search.search(plain) is None


def test_causes_without_memory_are_not_searched_for_where_the_past_says_much(driven, monkeypatch):
    _, _, search, plain, _ = driven
    begun: list[str] = []
    monkeypatch.setattr(search, "_by_factors", lambda system, inflation: begun.append("factors") or system)
    search.search(plain)
    assert begun == ["factors"]
    monkeypatch.setattr(hidden_module, "_MOST_BEFORE", 0.0)
    search.search(plain)
    assert begun == ["factors"]


@pytest.mark.parametrize("seed", [1, 2])
def test_none_is_found_where_there_is_none(seed):
    values, truth = plant(0.0, seed)
    *_, plain, hidden = searched(values)
    assert hidden is None
    np.testing.assert_array_equal(plain.graph.any(axis=0), truth.any(axis=0))


def test_steps_of_expectation_maximisation_never_worsen_the_fit_to_the_sensors(driven):
    *_, search, plain, hidden = driven
    matrix = search.moments.matrix[0]
    system = search._with(search._of(plain), DRIVEN)
    first = before = misfit(matrix, system, 8)
    for _ in range(5):
        system = search.fitted(matrix, system, 1)
        after = misfit(matrix, system, 8)
        assert after < before + 1e-3  # each lag is refitted on its own block of the moments
        before = after
    assert before < first - 3e-3
    whole = completed(matrix, hidden.system, 8)
    assert np.linalg.eigvalsh(whole).min() > -1e-8


def test_discover_says_so_and_keeps_it(driven, tmp_path):
    values, truth, *_ = driven
    names = tuple("abcdefgh")
    found = js.discover(js.Dataset.from_array(values, names=names), max_lag=1, draws=3, progress=False)
    assert found.common_causes == (tuple(names[index] for index in DRIVEN),)
    np.testing.assert_array_equal(found.graph, truth.any(axis=0))
    finding = next(finding for finding in found.findings if finding.code == "common_cause")
    assert "a, c, d, f, g" in finding.evidence
    assert js.load(found.save(tmp_path / "found")).common_causes == found.common_causes


def test_asked_edges_between_driven_sensors_stay():
    values, _ = plant(0.9)
    ask = {"required": [(0, 2, 0)], "forbidden": [(3, 4, 0)]}
    found = js.discover(js.Dataset.from_array(values), max_lag=1, draws=2, progress=False, **ask)
    assert found.lagged_graph[0, 0, 2]
    assert not found.lagged_graph[0, 3, 4]


def test_suspects_are_cliques_of_four_or_more_and_not_one_twice():
    linked = np.zeros((9, 9), bool)
    linked[:5, :5] = linked[4:8, 4:8] = True
    linked[:3, 8] = linked[8, :3] = True
    np.fill_diagonal(linked, False)
    assert suspects(linked) == [(0, 1, 2, 3, 4), (0, 1, 2, 8), (4, 5, 6, 7)]
    assert suspects(linked, most=1) == [(0, 1, 2, 3, 4)]
    assert suspects(np.zeros((4, 4), bool)) == []

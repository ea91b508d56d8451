"""The data and the baselines of the accuracy benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.accuracy import baselines, measured, scenarios
from benchmarks.accuracy.peers import Rows, stacked


def sem(n: int = 4000, seed: int = 0) -> np.ndarray:
    """A chain x0 -> x1 -> x2 -> x3 at lag 0 whose variance grows along it, [1, n, 4]."""
    values = np.random.default_rng(seed).normal(size=(n, 4))
    for column in range(1, 4):
        values[:, column] += 1.5 * values[:, column - 1]
    return values[None]


CHAIN = np.eye(4, k=1, dtype=bool)


@pytest.mark.parametrize("name", list(scenarios.SIMULATED))
def test_every_scenario_misses_what_it_says(name):
    kind = scenarios.SIMULATED[name]
    assert list(kind.seeds) == list(range(60, 70))
    if name.startswith("VAR"):
        pytest.skip("10,000 steps: made by the benchmark only")
    case = kind.make(60)
    n_vars = 20 if name.startswith("Lorenz") else 13
    assert case.values.shape == (1, 1000 if n_vars == 20 else 3000, n_vars)
    share = {"clean": 0.0, "compound": 0.25}.get(name.split()[-1])
    share = float(name.split()[1]) / 100 if share is None else share
    assert np.isnan(case.values).mean() == pytest.approx(share, abs=0.01)
    assert not case.truth.diagonal().any()
    assert case.truth.sum() == 60 if n_vars == 20 else 20 <= case.truth.sum() <= 26


def test_a_seed_makes_the_same_case_again_and_faults_leave_the_system_alone():
    kind = scenarios.SIMULATED["linear 40 % missing"]
    np.testing.assert_array_equal(kind.make(61).values, kind.make(61).values)
    clean, gaps = (scenarios.SIMULATED[f"linear {name}"].make(60) for name in ("clean", "40 % missing"))
    seen = np.isfinite(gaps.values)
    np.testing.assert_array_equal(clean.values[seen], gaps.values[seen])
    np.testing.assert_array_equal(clean.truth, gaps.truth)


def test_gaps_are_filled_within_their_series_only():
    values = np.array([[[0.0], [np.nan]], [[np.nan], [8.0]], [[np.nan], [np.nan]]])
    np.testing.assert_array_equal(scenarios.interpolated(values).ravel(), [0.0, 0.0, 8.0, 8.0, 4.0, 4.0])


def test_stacked_rows_never_cross_a_joint():
    values = np.array([[[1.0], [2.0], [3.0]], [[10.0], [20.0], [30.0]]])
    np.testing.assert_array_equal(stacked(values, 1), [[2, 1], [3, 2], [20, 10], [30, 20]])


def test_sorting_by_variance_lives_on_the_scale():
    raw = sem()
    found = baselines.variance_sort(Rows(raw, raw, 0))
    np.testing.assert_array_equal(found.scores.argmax(axis=0)[1:], [0, 1, 2])
    standard = scenarios.standardised(raw, raw)
    edges = [baselines.variance_sort(Rows(standard, standard, 0, seed)).graph[0, 1] for seed in range(12)]
    assert 0 < sum(edges) < 12  # a coin, not the order of the columns


def test_sorting_by_r2_does_not_depend_on_units():
    raw = sem()
    found = [baselines.r2_sort(Rows(rows, rows, 0)).graph for rows in (raw, raw * [1.0, 1e3, 1e-3, 7.0])]
    np.testing.assert_array_equal(*found)


def test_ridge_var_and_correlation_find_a_lagged_edge_and_test_the_rest():
    values = np.random.default_rng(0).normal(size=(3, 300, 4))
    values[:, 1:, 2] += 0.8 * values[:, :-1, 1]
    rows = Rows(values, values, 1)
    for method in (baselines.ridge_var, baselines.correlation):
        found = method(rows)
        assert np.unravel_index(found.scores.argmax(), (4, 4)) == (1, 2)
        assert found.graph[1, 2]
    assert baselines.ridge_var(rows).graph.sum() == 1


def test_without_lags_ridge_regresses_on_the_other_variables():
    raw = sem()
    found = baselines.ridge_var(Rows(raw, raw, 0))
    np.testing.assert_array_equal(found.graph, CHAIN | CHAIN.T)


def test_the_random_graph_has_the_count_it_is_told_and_the_empty_one_none():
    rows = Rows(sem(10), sem(10), 0, seed=3)
    found = baselines.random(rows, 5)
    assert found.graph.sum() == 5
    assert not found.graph.diagonal().any()
    assert not baselines.empty(rows).graph.any()


def test_a_permutation_moves_data_and_graph_together():
    values = np.arange(6.0).reshape(1, 2, 3)
    truth = np.eye(3, k=1, dtype=bool)
    moved, graph = measured.permuted(values, truth, 1)
    order = moved[0, 0].astype(int)
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_array_equal(graph, truth[np.ix_(order, order)])


def test_without_the_folder_there_is_no_measured_data(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "SHARED", tmp_path)
    assert measured.measured() == {}


def test_every_measured_data_set_loads_by_its_protocol(shared, monkeypatch):
    monkeypatch.setattr(measured, "SHARED", shared)
    kinds = measured.measured()
    if not kinds:
        pytest.skip(f"no data at {shared / 'data'}")
    for name, kind in kinds.items():
        case = kind.make(kind.seeds[0])
        assert case.values.ndim == 3, name
        assert case.truth.shape == (case.values.shape[2],) * 2, name
        assert 0 < case.truth.sum() < case.truth.size - len(case.truth), name
        assert np.isfinite(case.values).any(axis=(0, 1)).all(), name
    upper = [np.triu(kinds["NetSim 3 single"].make(seed).truth).sum() for seed in range(4)]
    assert all(0 < count < 18 for count in upper)  # the file's own graph is upper triangular
    assert kinds["NetSim 1 pooled"].make(0).values.shape[0] == 25
    assert kinds["DREAM3 size 100"].make(0).values.shape == (46, 21, 100)
    assert kinds["Sachs 17 edges"].make(0).n_lags == 0
    assert np.isnan(kinds["PetShop latency"].make(0).values).any()

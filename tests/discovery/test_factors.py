"""Common factors of the noise: numbers of the greatest likelihood, what changes are worth, and the search."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.discovery.factor_search import search
from jaxstable.discovery.factors import FactorModel
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import select
from jaxstable.moments.lagged import lagged_moments
from jaxstable.simulate.systems import recur

N_VARS = 9
DRIVEN = ((0, 2, 3, 5, 6), (1, 3, 6, 7, 8))


def rows(driven: float, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of nine sensors that two overlapping causes drive, and their graph `[cause, effect]`."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((2, N_VARS + 2, N_VARS + 2))
    weights[0, 0, 1], weights[0, 3, 4], weights[0, 1, 7] = 0.6, -0.5, 0.5
    weights[1, 7, 2], weights[1, 4, 6], weights[1, 5, 4] = 0.4, 0.4, -0.4
    truth: np.ndarray = np.logical_or.reduce(weights[:, :N_VARS, :N_VARS] != 0)
    weights[1, :N_VARS, :N_VARS] += 0.4 * np.eye(N_VARS)
    for place, group in enumerate(DRIVEN):
        weights[0, N_VARS + place, list(group)] = driven * np.array([1.0, -1.0, 1.2, 0.9, -1.1])
    return recur({"linear": weights}, rng.standard_normal((2500, N_VARS + 2)))[:, :N_VARS], truth


def model_of(values: np.ndarray) -> tuple[FactorModel, np.ndarray]:
    """Return the model of some rows, and the graph of straight effects."""
    moments = lagged_moments(values, None, 1)
    criterion = Criterion(Refits(moments.matrix, moments.count, N_VARS, moments.pair_share))
    plain = select(criterion)
    graph = plain.graph.reshape(-1, N_VARS) | criterion.own
    return FactorModel(moments.matrix[0], criterion, criterion.effective_rows(1.0)), graph


@pytest.fixture(scope="module")
def driven():
    values, truth = rows(0.9)
    model, graph = model_of(values)
    return model, graph, truth, search(model, graph, 4)


def test_overlapping_causes_are_found_and_the_graph_beside_them(driven):
    model, graph, truth, found = driven
    groups = {tuple(np.flatnonzero(row).tolist()) for row in found.acts}
    assert groups == set(DRIVEN)
    np.testing.assert_array_equal(model.criterion.n_present(found.graph) > 0, truth)
    assert model.criterion.n_present(graph).sum() > truth.sum() + 8  # what straight effects alone need
    assert found.score < model.started(graph).score - 100


def test_nothing_is_found_where_nothing_is_hidden():
    values, truth = rows(0.0)
    model, graph = model_of(values)
    found = search(model, graph, 4)
    assert not len(found.acts)
    np.testing.assert_array_equal(model.criterion.n_present(found.graph) > 0, truth)


def test_without_factors_the_score_is_that_of_the_criterion(driven):
    model, graph, *_ = driven
    assert model.started(graph).score == pytest.approx(model.criterion.score(graph, 1.0), abs=0.05)


def test_numbers_are_the_likeliest(driven):
    model, graph, *_ = driven
    begun = model.with_factor(model.started(graph), np.array(DRIVEN[0]), model.criterion.own)
    fitted = model.fitted(begun, 60, 1e-6)
    rng = np.random.default_rng(0)
    for size in (1e-2, 1e-3):
        for _ in range(20):
            other = fitted._replace(
                weights=fitted.weights + size * rng.standard_normal(fitted.weights.shape) * fitted.graph,
                loadings=fitted.loadings + size * rng.standard_normal(fitted.loadings.shape) * fitted.acts,
                noise=fitted.noise * np.exp(size * rng.standard_normal(N_VARS)),
            )
            assert model.fitted(other, 0).score > fitted.score
    assert model.fitted(begun, 3).score >= fitted.score


def test_the_worth_of_a_change_is_near_what_it_brings(driven):
    model, *_, found = driven
    system = model.fitted(found, 60, 1e-6)
    worth = model.worth(system)
    assert np.isneginf(worth.graph[model.criterion.own]).all()  # own lags stay
    assert max(worth.graph.max(), worth.acts.max()) <= 0.5  # the search ended where nothing pays
    # A factor that ends to act on a sensor costs about what was said.
    for factor, sensor in np.argwhere(system.acts)[:4]:
        acts = system.acts.copy()
        acts[factor, sensor] = False
        other = model.fitted(model.changed(system, system.graph, acts), 60, 1e-6)
        assert system.score - other.score == pytest.approx(worth.acts[factor, sensor], rel=0.5)
    # An edge left out is worth adding again, by about as much as it was worth.
    for row, effect in np.argwhere(system.graph & ~model.criterion.own):
        less = system.graph.copy()
        less[row, effect] = False
        without = model.fitted(model.changed(system, less, system.acts), 60, 1e-6)
        again = model.worth(without).graph[row, effect]
        assert again == pytest.approx(without.score - system.score, rel=0.5)

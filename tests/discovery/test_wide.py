"""Many sensors: fewer and shorter fits, then none; the graph of a sparse system stays the same."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery import choice
from jaxstable.discovery.cost import estimate
from jaxstable.discovery.fits import fit_by_likelihood, fit_moments
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def system():
    return svar(6, 1500, n_instant=6, n_lagged=6, seed=3)


@pytest.fixture(scope="module")
def usual(system):
    return js.discover(system.values, draws=2, progress=False)


def test_fits_by_each_likelihood_side_by_side_are_those_one_after_the_other(system):
    matrix, likelihoods = np.cov(system.values.T)[None, None], ("free", "equal")
    together = fit_by_likelihood(matrix, [1500], 6, (0.05, 0.2), likelihoods, 40)
    assert tuple(together) == likelihoods
    for likelihood in likelihoods:
        alone = fit_moments(matrix, [1500], 6, (0.05, 0.2), likelihood, 40)[0]
        np.testing.assert_array_equal(together[likelihood], alone)


def test_large_moments_are_fitted_at_fewer_weights_and_draws_at_the_chosen_one(system, usual, monkeypatch):
    monkeypatch.setattr(choice, "_LARGE", 1)
    found = js.discover(system.values, draws=2, progress=False)
    np.testing.assert_array_equal(found.lagged_graph, usual.lagged_graph)
    assert "lowest criterion of 3" in found.chosen["lambda_sparse"].why
    assert "lowest criterion of 6" in usual.chosen["lambda_sparse"].why
    assert "the chosen sparsity weight" in found.chosen["draws"].why
    assert "every sparsity weight" in usual.chosen["draws"].why


def test_huge_moments_are_not_fitted_and_the_search_starts_at_no_edges(system, usual, monkeypatch, tmp_path):
    monkeypatch.setattr(choice, "_LARGE", 1)
    monkeypatch.setattr(choice, "_HUGE", 1)
    monkeypatch.setattr(choice, "fit_moments", None)
    monkeypatch.setattr(choice, "fit_by_likelihood", None)
    found = js.discover(system.values, draws=2, progress=False)
    np.testing.assert_array_equal(found.lagged_graph, usual.lagged_graph)
    assert not {"likelihood", "lambda_sparse"} & set(found.chosen)
    assert "searched from no edges" in found.chosen["draws"].why
    assert set(np.unique(found.lagged_frequency)) <= {0.0, 0.5, 1.0}
    found.save(tmp_path / "found")
    assert js.load(tmp_path / "found").chosen == found.chosen
    assert "max_lag" in found.report(tmp_path / "page.html").read_text()


def test_the_estimate_knows_that_huge_moments_are_not_fitted_and_that_blocks_are_for_draws():
    fitted, huge = estimate(570, 3000, 2, 0), estimate(580, 3000, 2, 0)
    assert huge.seconds < fitted.seconds
    blocks = 100 * 4 * (500 * 3) ** 2
    assert estimate(500, 3000, 2, 1).memory - estimate(500, 3000, 2, 0).memory > blocks


@pytest.mark.slow
def test_a_hundred_sensors_have_the_same_graph_with_all_fits_with_few_and_with_none(monkeypatch):
    values, graphs = svar(100, 4000, n_instant=100, n_lagged=100, seed=0).values, []
    for large, huge in ((10**9, 10**9), (1, 10**9), (1, 1)):
        monkeypatch.setattr(choice, "_LARGE", large)
        monkeypatch.setattr(choice, "_HUGE", huge)
        graphs.append(js.discover(values, draws=0, progress=False).lagged_graph)
    np.testing.assert_array_equal(graphs[1], graphs[0])
    np.testing.assert_array_equal(graphs[2], graphs[0])

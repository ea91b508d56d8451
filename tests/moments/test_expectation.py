"""EM for Gaussian rows: against formulas row by row, scipy's density, and its own monotonicity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from jaxstable.moments.expectation import Gaussian, arrange, complete, expect
from jaxstable.moments.maximisation import first_guess, maximise


def make(n_rows: int, dim: int, share: float, seed: int = 0, repeat: bool = False):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(dim, dim))
    cov = root @ root.T / dim + 0.3 * np.eye(dim)
    values = rng.multivariate_normal(rng.normal(size=dim), cov, n_rows)
    mask = rng.random(values.shape) >= share
    if repeat:
        mask = mask[rng.integers(4, size=n_rows)]
    return values, mask, Gaussian(rng.normal(size=dim), cov + 0.2 * np.eye(dim))


def slow_expect(values, mask, model):
    dim = len(model.mean)
    first, second, loglik = np.zeros(dim), np.zeros((dim, dim)), 0.0
    for row, seen in zip(values, mask, strict=True):
        mean, cov = model.mean.copy(), np.zeros((dim, dim))
        if seen.any():
            gain = model.cov[:, seen] @ np.linalg.inv(model.cov[np.ix_(seen, seen)])
            mean = model.mean + gain @ (row - model.mean)[seen]
            cov = model.cov - gain @ model.cov[seen]
            density = multivariate_normal(model.mean[seen], model.cov[np.ix_(seen, seen)])
            loglik += density.logpdf(row[seen])
        else:
            cov = model.cov
        first += mean
        second += np.outer(mean, mean) + cov
    return first, second, loglik


@pytest.mark.parametrize("repeat", [False, True])
@pytest.mark.parametrize(("dim", "share"), [(1, 0.5), (4, 0.0), (4, 0.3), (9, 0.8)])
def test_e_step_equals_the_formulas_row_by_row(dim, share, repeat):
    values, mask, model = make(60, dim, share, repeat=repeat)
    fast = expect(arrange(np.where(mask, values, np.nan), mask), model)
    first, second, loglik = slow_expect(values, mask, model)
    assert np.allclose(fast.first, first)
    assert np.allclose(fast.second, second)
    assert np.isclose(fast.log_likelihood, loglik)
    assert fast.n_rows == 60


def test_batches_cover_every_row_once(monkeypatch):
    monkeypatch.setattr("jaxstable.moments.expectation._BATCH", 300)
    values, mask, model = make(200, 6, 0.4)
    rows = arrange(values, mask)
    assert len(rows.batches) > 5
    assert sorted(np.concatenate([batch.rows for batch in rows.batches]).tolist()) == list(range(200))
    assert np.allclose(expect(rows, model).second, slow_expect(values, mask, model)[1])


def test_completed_rows_keep_what_was_observed():
    values, mask, model = make(50, 5, 0.4)
    for part in complete(arrange(values, mask), model):
        seen = mask[part.rows]
        assert np.allclose((part.centred + model.mean)[seen], values[part.rows][seen])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_objective_never_falls_and_reaches_the_plain_fixed_point(share):
    values, mask, _ = make(150, 4, share)
    rows = arrange(values, mask)
    start = Gaussian(np.zeros(4), np.eye(4))
    model, info = maximise(lambda g: expect(rows, g), start, prior=1.0, tolerance=1e-10, max_iterations=2000)
    assert info.converged
    assert info.change < 1e-10
    assert np.diff(info.log_likelihood).min() > -1e-12
    first, second, _ = slow_expect(values, mask, model)
    mean = first / 150
    cov = (second - 150 * np.outer(mean, mean) + np.eye(4)) / 151
    assert np.allclose(mean, model.mean, atol=1e-8)
    assert np.allclose(cov, model.cov, atol=1e-8)


def plain_steps(rows, model, tolerance):
    n_rows, dim = rows.values.shape
    change = 1.0
    for step in range(1, 5000):
        sums = expect(rows, model)
        mean = sums.first / n_rows
        cov = (sums.second - n_rows * np.outer(mean, mean) + np.eye(dim)) / (n_rows + 1)
        change, model = np.abs(cov - model.cov).max(), Gaussian(mean, cov)
        if change < tolerance:
            return step, model
    raise AssertionError("no end")


@pytest.mark.parametrize(("share", "gain"), [(0.6, 0.5), (0.85, 0.2)])
def test_acceleration_saves_steps_and_most_where_readings_are_rare(share, gain):
    values, mask, _ = make(150, 6, 0.1)
    mask[:, 2] = np.random.default_rng(1).random(150) > share
    values[:, 3] = values[:, 2] + 0.1 * values[:, 3]  # what says much of the rare sensor is slow to be believed
    mask[:, 3] = np.random.default_rng(2).random(150) > share
    rows = arrange((values - values.mean(axis=0)) / values.std(axis=0), mask)
    start = Gaussian(np.zeros(6), np.eye(6))
    plain, truth = plain_steps(rows, start, 1e-6)
    model, info = maximise(lambda g: expect(rows, g), start, tolerance=1e-6, max_iterations=2000)
    assert info.converged
    assert info.iterations < gain * plain, (info.iterations, plain)
    assert np.abs(model.cov - truth.cov).max() < 1e-3
    assert np.diff(info.log_likelihood).min() > -1e-10
    nearer = maximise(lambda g: expect(rows, g), first_guess([rows]), tolerance=1e-6, max_iterations=2000)[1]
    assert nearer.log_likelihood[0] > info.log_likelihood[0] + 0.1
    assert np.isclose(nearer.log_likelihood[-1], info.log_likelihood[-1], atol=1e-6)


def test_a_leap_too_flat_to_compute_with_is_taken_back():
    values, mask, _ = make(150, 4, 0.5)
    rows, start = arrange(values, mask), Gaussian(np.zeros(4), np.eye(4))
    truth, _ = maximise(lambda g: expect(rows, g), start, tolerance=1e-9, max_iterations=2000)
    calls = []

    def brittle(model):
        calls.append(model)
        if len(calls) % 5 == 0:  # the first is the start, the second plain, all but those after a refusal are leaps
            raise np.linalg.LinAlgError
        return expect(rows, model)

    model, info = maximise(brittle, start, tolerance=1e-9, max_iterations=2000)
    assert info.converged
    assert np.abs(model.cov - truth.cov).max() < 1e-6
    with pytest.raises(np.linalg.LinAlgError):
        maximise(lambda g: expect(rows, g), Gaussian(np.zeros(4), -np.eye(4)))


def test_a_first_guess_is_the_covariance_of_pairs_and_positive_definite():
    values, mask, _ = make(400, 4, 0.0)
    guess = first_guess([arrange(values[:150], mask[:150]), arrange(values[150:], mask[150:])], prior=1e-9)
    assert np.allclose(guess.mean, values.mean(axis=0))
    assert np.allclose(guess.cov, np.cov(values.T, bias=True))
    rare = np.random.default_rng(0).random(values.shape) > 0.99
    for prior in (0.0, 1.0):
        guess = first_guess([arrange(values, rare)], prior)
        assert np.linalg.eigvalsh(guess.cov).min() > 0.09


def test_reports_what_did_not_converge():
    values, mask, start = make(100, 5, 0.6)
    rows = arrange(values, mask)
    _, info = maximise(lambda g: expect(rows, g), start, tolerance=1e-12, max_iterations=3)
    assert not info.converged
    assert info.iterations == 3
    assert info.change > 1e-12


def test_collinear_columns_stay_finite():
    values, mask, _ = make(80, 3, 0.3)
    values[:, 2] = values[:, 1]
    rows = arrange(values, mask)
    model, info = maximise(lambda g: expect(rows, g), Gaussian(np.zeros(3), np.eye(3)))
    assert np.isfinite(model.cov).all()
    assert np.isfinite(info.log_likelihood).all()
    assert np.linalg.eigvalsh(model.cov).min() > 0

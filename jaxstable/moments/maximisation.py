"""Expectation-maximisation for the mean and covariance of Gaussian rows with missing entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxstable.moments.expectation import Expected, Gaussian, factored

_MOST_MOVES = 30  # steps over the sample between two passes over all rows


class Convergence(NamedTuple):
    """How the iteration went.

    Attributes:
        converged: whether the last change was below the tolerance.
        iterations: E-steps over all rows.
        change: largest last change of an entry of the covariance.
        log_likelihood: penalised log-likelihood per row before each kept step; never decreasing
            within one `maximise` call.
    """

    converged: bool
    iterations: int
    change: float
    log_likelihood: tuple[float, ...]


def maximise(
    expectation: Callable[[Gaussian], Expected],
    start: Gaussian,
    prior: float = 1.0,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
) -> tuple[Gaussian, Convergence]:
    """Climb to the Gaussian with the largest penalised likelihood by accelerated EM.

    Maximises `sum_i log p(x_i observed) - prior/2 (log det S + tr S^-1)`. Pairs of EM steps are
    extrapolated (SQUAREM); an extrapolation that lowers the objective or leaves the positive
    definite matrices is taken back, so the objective never falls.

    Args:
        expectation: the E-step over all rows, such as `expect` with its rows bound; rows should
            be standardised, as the prior pulls towards unit variance.
        start: first guess, positive definite.
        prior: weight of the prior in rows; it keeps the covariance invertible.
        tolerance: largest change of a covariance entry in one plain EM step at which to stop.
        max_iterations: most E-steps.

    Returns:
        The Gaussian and how the iteration went. A series without gaps takes one step.

    Example:
        >>> from jaxstable.moments.expectation import arrange, expect
        >>> x = np.random.default_rng(0).normal(size=(500, 2))
        >>> start = Gaussian(np.zeros(2), np.eye(2))
        >>> rows = arrange(x, np.ones(x.shape, bool))
        >>> model, info = maximise(lambda g: expect(rows, g), start, prior=1e-6)
        >>> bool(np.allclose(model.cov, np.cov(x.T, bias=True))), info.converged
        (True, True)

    Reference:
        Ravi Varadhan, Christophe Roland, Simple and globally convergent methods for accelerating
        the convergence of any EM algorithm (2008).
    """
    history: list[float] = []
    steps, gaps = 0, True

    def step(model: Gaussian) -> tuple[Gaussian, float]:
        nonlocal steps, gaps
        steps += 1
        sums = expectation(model)
        gaps = bool(sums.uncertainty.any())
        return maximised(sums, prior), _objective(sums, model, prior) / max(sums.n_rows, 1)

    current, change = start, np.inf
    while steps < max_iterations:
        one, before = step(current)
        history.append(before)
        change = float(np.abs(one.cov - current.cov).max())
        if change < tolerance or not gaps:
            current = one
            break
        two, middle = step(one)
        history.append(middle)
        change = float(np.abs(two.cov - one.cov).max())
        if change < tolerance:
            current = two
            break
        leap = _extrapolate(current, one, two)
        current = two
        if leap is not None and steps < max_iterations:
            landed, height = step(leap)
            # The plain step `two` is at least as high as `middle`; only what beats that is kept.
            if height >= middle:
                history.append(height)
                current = landed
    converged = bool(change < tolerance or not gaps)
    return current, Convergence(converged, steps, float(change), tuple(history))


def maximise_by_sample(
    sample: Callable[[Gaussian], Expected],
    everything: Callable[[Gaussian], Expected],
    start: Gaussian,
    prior: float = 1.0,
    tolerance: float = 1e-4,
    max_iterations: int = 100,
) -> tuple[Gaussian, Convergence]:
    """Climb by EM steps over a sample of the rows, each moved by what all rows said beyond the sample.

    With M and m the EM steps over all rows and over the sample, and one pass over all rows at g0, steps
    `g -> m(g) + M(g0) - m(g0)` come close to where M alone would: what is left is the difference of the two steps'
    slopes times the way from g0. The next pass tells how close, and is the next g0.

    Args:
        sample: the E-step over some of the rows, drawn at random.
        everything: the E-step over all rows.
        start: first guess, such as the end of an EM over the sample.
        prior: weight of the prior in rows.
        tolerance: largest change of a covariance entry in an EM step over all rows at which to stop.
        max_iterations: most passes over all rows.

    Returns:
        The Gaussian of the last pass, so that its expected sums are at hand, and how the passes went.

    Reference:
        Jianfei Chen, Jun Zhu, Yee Whye Teh, Tong Zhang, Stochastic expectation maximization with variance reduction
        (2018).
    """
    history: list[float] = []
    current, change = start, np.inf
    for passes in range(1, max_iterations + 1):
        sums, before = everything(current), change
        history.append(_objective(sums, current, prior) / max(sums.n_rows, 1))
        plain = maximised(sums, prior)
        change = float(np.abs(plain.cov - current.cov).max())
        if change < tolerance or passes == max_iterations:
            break
        exact = change >= before or not sums.uncertainty.any()  # the sample leads astray, or has nothing to add
        current = plain if exact else _moved(sample, current, plain, prior, tolerance)
    return current, Convergence(change < tolerance, passes, change, tuple(history))


def _moved(
    sample: Callable[[Gaussian], Expected], start: Gaussian, plain: Gaussian, prior: float, tolerance: float
) -> Gaussian:
    """Return where steps over the sample come to that begin as the step over all rows did, from `start` to `plain`."""
    own = maximised(sample(start), prior)
    mean, cov = plain.mean - own.mean, plain.cov - own.cov
    current = plain
    try:
        for _ in range(_MOST_MOVES):
            step = maximised(sample(current), prior)
            moved = Gaussian(step.mean + mean, step.cov + cov)
            change, current = float(np.abs(moved.cov - current.cov).max()), moved
            if change < tolerance:
                break
        factored(current)
    except np.linalg.LinAlgError:  # moved out of the positive definite
        return plain
    return current


def maximised(sums: Expected, prior: float) -> Gaussian:
    """Return the Gaussian that maximises the expected penalised likelihood: the M-step."""
    mean = sums.first / max(sums.n_rows, 1)
    scatter = sums.second - sums.n_rows * np.outer(mean, mean)
    cov = (scatter + prior * np.eye(len(mean))) / (sums.n_rows + prior)
    return Gaussian(mean, 0.5 * (cov + cov.T))


def _objective(sums: Expected, model: Gaussian, prior: float) -> float:
    known = factored(model)
    return sums.log_likelihood - 0.5 * prior * (known.log_det + float(np.trace(known.precision)))


def _extrapolate(zero: Gaussian, one: Gaussian, two: Gaussian) -> Gaussian | None:
    first = np.concatenate([one.mean - zero.mean, (one.cov - zero.cov).ravel()])
    second = np.concatenate([two.mean - one.mean, (two.cov - one.cov).ravel()]) - first
    length = -np.linalg.norm(first) / max(float(np.linalg.norm(second)), 1e-300)
    if length > -1.0:
        return None
    dim = len(zero.mean)
    leap = -2.0 * length * first + length**2 * second
    cov = zero.cov + leap[dim:].reshape(dim, dim)
    try:
        np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        return None
    return Gaussian(zero.mean + leap[:dim], cov)

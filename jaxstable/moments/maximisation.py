"""Expectation-maximisation for the mean and covariance of Gaussian rows with missing entries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from jaxstable.moments.expectation import Expected, Gaussian, Rows, factored

_REMEMBERED = 10  # steps that a leap is made of
_ROUNDING = 1e-13  # of a log-likelihood
_FLATTEST = 0.1  # variance in a direction that pairs of readings, which may contradict each other, are believed
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

    Maximises `sum_i log p(x_i observed) - prior/2 (log det S + tr S^-1)`. Each step leaps to where the last ones
    together would come to rest (Anderson's method), in the logarithm of the covariance, where there is nothing but
    positive definite matrices. A leap that lowers the objective is taken back, so the objective never falls.

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
        Nicholas Henderson, Ravi Varadhan, Damped Anderson acceleration with restarts and monotonicity control for
        accelerating EM and EM-like algorithms (2019).
    """
    history: list[float] = []
    memory, current, plain, change = _Memory(), start, start, np.inf
    for steps in range(1, max_iterations + 1):
        sums, height = _tried(expectation, current, current is plain, prior)
        if sums is None or (history and height < history[-1] - _ROUNDING * abs(height)):
            memory, current = _Memory(), plain
            continue
        history.append(height)
        plain = maximised(sums, prior)
        change = float(np.abs(plain.cov - current.cov).max())
        if change < tolerance or not sums.uncertainty.any():
            return plain, Convergence(True, steps, change, tuple(history))
        current = memory.leap(current, plain)
    return plain, Convergence(False, max_iterations, change, tuple(history))


def _tried(
    expectation: Callable[[Gaussian], Expected], model: Gaussian, certain: bool, prior: float
) -> tuple[Expected | None, float]:
    """Return the expected sums and the objective per row; none where a leap is too flat to compute with."""
    try:
        sums = expectation(model)
    except np.linalg.LinAlgError:
        if certain:
            raise
        return None, -np.inf
    return sums, _objective(sums, model, prior) / max(sums.n_rows, 1)


class _Memory:
    """The last steps in flat coordinates: the mean, and the logarithm of the covariance."""

    def __init__(self) -> None:
        self._images: list[np.ndarray] = []
        self._moves: list[np.ndarray] = []

    def leap(self, before: Gaussian, after: Gaussian) -> Gaussian:
        """Take in a step, and return the image of where all moves together are smallest."""
        image = _flat(after)
        self._images = [*self._images, image][-_REMEMBERED - 1 :]
        self._moves = [*self._moves, image - _flat(before)][-_REMEMBERED - 1 :]
        if len(self._moves) == 1:
            return after
        moves, images = (np.diff(steps, axis=0).T for steps in (self._moves, self._images))
        share = np.linalg.lstsq(moves, self._moves[-1], rcond=1e-6)[0]
        return _curved(image - images @ share, len(after.mean))


def _flat(model: Gaussian) -> np.ndarray:
    sizes, turn = np.linalg.eigh(model.cov)
    tiny = np.finfo(float).eps * sizes[-1]
    return np.concatenate([model.mean, ((turn * np.log(np.maximum(sizes, tiny))) @ turn.T).ravel()])


def _curved(flat: np.ndarray, dim: int) -> Gaussian:
    logs, turn = np.linalg.eigh(flat[dim:].reshape(dim, dim))
    return Gaussian(flat[:dim], (turn * np.exp(logs)) @ turn.T)


def first_guess(pieces: Sequence[Rows], prior: float = 1.0) -> Gaussian:
    """Return what pairs of readings say of means and covariances, made positive definite: where to start from.

    Args:
        pieces: standardised rows, at least one piece of them.
        prior: weight of the prior in rows, as for `maximise`.

    Example:
        >>> from jaxstable.moments.expectation import arrange
        >>> first_guess([arrange(np.array([[1.0], [-1.0], [3.0]]), np.array([[True], [True], [False]]))])
        Gaussian(mean=array([0.]), cov=array([[1.]]))
    """
    seen = sum(rows.mask.sum(axis=0) for rows in pieces)
    mean = sum(rows.values.sum(axis=0) for rows in pieces) / np.maximum(seen, 1)
    both = product = prior * np.eye(len(mean))
    for rows in pieces:
        mask = rows.mask.astype(float)
        centred = rows.values - mask * mean
        both, product = both + mask.T @ mask, product + centred.T @ centred
    cov = product / np.maximum(both, 1.0)
    sizes, turn = np.linalg.eigh(cov)
    return Gaussian(mean, (turn * np.maximum(sizes, _FLATTEST)) @ turn.T)


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
    return current, Convergence(bool(change < tolerance), passes, change, tuple(history))


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

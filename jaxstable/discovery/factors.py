"""A linear system whose noise has common factors: its fit by maximum likelihood, and what a change of it would gain."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.latent import common_loadings
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Edges, Numbers

_LEAST_NOISE = 1e-3  # variance, of sensors of unit variance
_DAMPING, _MOST_DAMPINGS = 1e-3, 8
_DAMPED_TENFOLD = 10.0
_LEAST_DAMPING = 1e-5
_LONGEST_STEP = 1.0  # of the logarithm of a variance
_FIRST_LOADING = 0.05  # of a sensor on which a factor begins to act; 0 would leave the sign open
_LEAST_LEFT = 1e-3  # of the information on a parameter when all others are free: below, it is not told from them


class Factored(NamedTuple):
    """A graph, the sensors on which each factor acts, and their likeliest numbers."""

    graph: Edges
    """`[(lags + 1) variables, variables]`, own lags among its edges."""
    acts: Edges
    """`[factors, variables]`."""
    weights: Numbers
    """`[(lags + 1) variables, variables]`."""
    loadings: Numbers
    """`[factors, variables]`, of factors of unit variance."""
    noise: Numbers
    """variances of what is each sensor's own, `[variables]`."""
    score: float = np.inf
    """twice the negative log likelihood and the price of edges and loadings; lower is better."""


class Worth(NamedTuple):
    """What changes of one edge or one loading are worth in the score, by their first and second derivatives."""

    graph: Numbers
    """of adding an absent or dropping a present edge, `[(lags + 1) variables, variables]`."""
    acts: Numbers
    """of a factor that begins or ends to act on a sensor, `[factors, variables]`."""


class _Parameters(NamedTuple):
    """Derivatives of residual means and of their covariance, `left right' + right left'`; weights come first."""

    causes: NDArray[np.int_]
    effects: NDArray[np.int_]
    left: Numbers
    right: Numbers


class _Point(NamedTuple):
    """What derivatives at some numbers are made of."""

    precision: Numbers
    """inverse covariance of the noise."""
    total: Numbers
    """effects at lag 0 along all paths."""
    covariance: Numbers
    """of the noise."""
    foreseen: Numbers
    """covariance of what the past says of the stacked columns."""
    crossed: Numbers
    """of stacked columns and residuals."""
    residual: Numbers
    """covariance of the residuals."""


class FactorModel:
    """Judge graphs whose noise has common factors: `x_t = sum_l x_{t-l} W_l + f_t L + e_t`, f white.

    A common cause without memory that nobody measured is such a factor. Then the likelihood of the sensors is a closed
    form of their lagged moments: `log|O| + tr(O^-1 R)`, `O = L'L + diag(noise)`, R the covariance of the residuals, as
    lag 0 is acyclic. So a graph is judged by what the sensors say, not by moments that a first graph has filled in.

    Args:
        matrix: moments of the stacked sensors, `[(lags + 1) variables] * 2`, standardised.
        criterion: its prices, and which edges may and must be there.
        rows: independent rows that the data are worth.

    Reference:
        Bollen, Structural equations with latent variables, 1989 (the likelihood); Rao, Score tests, 1948 (what one
        more parameter would gain); Levenberg, Marquardt (damped steps), here with the expected information.
    """

    def __init__(self, matrix: NDArray[Any], criterion: Criterion, rows: float) -> None:
        self.matrix: Numbers = np.asarray(matrix, float)
        self.criterion: Criterion = criterion
        self.rows: float = rows
        self.n_vars: int = criterion.n_vars

    def started(self, graph: Edges) -> Factored:
        """Return the likeliest system of a graph without factors."""
        n_vars = self.n_vars
        none = np.zeros((0, n_vars))
        plain = Factored(graph, none.astype(bool), np.zeros(graph.shape), none, np.ones(n_vars))
        return self.fitted(plain, 30)

    def fitted(self, system: Factored, steps: int = 8, tolerance: float = 0.05) -> Factored:
        """Return the system with the likeliest numbers that some damped steps of scoring come to.

        Args:
            system: where to begin; its numbers off its graph count as 0.
            steps: at most.
            tolerance: of the score, below which steps end.
        """
        graph, acts = system.graph, system.acts
        edges, acting = np.nonzero(graph), np.nonzero(acts)
        now = system._replace(weights=system.weights * graph, loadings=system.loadings * acts)
        misfit, damping, first = self._misfit(now), _DAMPING, len(edges[0])
        for _ in range(steps):
            point = self._point(now)
            parameters = self._parameters(now, point, edges, acting, True)
            information = _information(parameters, parameters, point)
            scale = np.sqrt(np.maximum(np.diagonal(information), 1e-12))
            slope = self._slope(now, point, edges, acting, True) / scale
            information /= np.outer(scale, scale)
            for _ in range(_MOST_DAMPINGS):
                step = -np.linalg.solve(information + damping * np.eye(len(slope)), slope) / scale
                weights, loadings = now.weights.copy(), now.loadings.copy()
                weights[edges] += step[:first]
                loadings[acting] += step[first : -self.n_vars]
                growth = np.exp(np.clip(step[-self.n_vars :], -_LONGEST_STEP, _LONGEST_STEP))
                noise = np.maximum(now.noise * growth, _LEAST_NOISE)
                other = now._replace(weights=weights, loadings=loadings, noise=noise)
                reached = self._misfit(other)
                if reached < misfit:
                    break
                damping *= _DAMPED_TENFOLD
            else:
                break
            gained, now, misfit = self.rows * (misfit - reached), other, reached
            damping = max(damping / _DAMPED_TENFOLD, _LEAST_DAMPING)
            if gained < tolerance:
                break
        return now._replace(score=self.rows * misfit + self._price(graph, acts))

    def worth(self, system: Factored) -> Worth:
        """Return what every change of one edge or one loading is worth; minus infinity where it may not be made."""
        n_vars, criterion, prices = self.n_vars, self.criterion, self.criterion.penalties
        edges, acting = np.nonzero(system.graph), np.nonzero(system.acts)
        point = self._point(system)
        held = self._parameters(system, point, edges, acting, True)
        information = _information(held, held, point)
        scale = np.sqrt(np.maximum(np.diagonal(information), 1e-12))
        scaled = information / np.outer(scale, scale) + _LEAST_DAMPING * np.eye(len(scale))
        inverse = np.linalg.inv(scaled) / np.outer(scale, scale)
        numbers = np.concatenate([system.weights[edges], system.loadings[acting]])
        lost = 0.5 * self.rows * numbers**2 / np.diagonal(inverse)[: len(numbers)]
        free, idle = np.nonzero(criterion.legal(system.graph)), np.nonzero(~system.acts)
        new = self._parameters(system, point, free, idle, False)
        across = _information(new, held, point)
        alone = _own_information(new, point)
        left = np.maximum(alone - ((across @ inverse) * across).sum(axis=1), _LEAST_LEFT * alone + 1e-12)
        gained = 0.5 * self.rows * self._slope(system, point, free, idle, False) ** 2 / left

        graph, acts = np.full(system.graph.shape, -np.inf), np.full(system.acts.shape, -np.inf)
        graph[free], acts[idle] = gained[: len(free[0])], gained[len(free[0]) :] - prices[1]
        graph[edges], acts[acting] = -lost[: len(edges[0])], prices[1] - lost[len(edges[0]) :]
        present = np.tile(criterion.n_present(system.graph), (len(graph) // n_vars, 1))
        after = np.clip(present + np.where(system.graph, -1, 1), 0, len(prices) - 1)
        graph += prices[present] - prices[after]
        return Worth(np.where(criterion.base, -np.inf, graph), acts)

    def changed(self, system: Factored, graph: Edges, acts: Edges) -> Factored:
        """Return a system of another graph or of other actions of as many factors, its numbers not yet fitted."""
        begun = acts & ~system.acts
        loadings = system.loadings
        if begun.any():
            slope = system.loadings @ self._excess(self._point(system))
            loadings = np.where(begun, -_FIRST_LOADING * np.sign(slope), loadings)
        return system._replace(graph=graph, acts=acts, loadings=loadings)

    def with_factor(self, system: Factored, members: NDArray[np.int_], graph: Edges) -> Factored:
        """Return a system of another graph with one more factor: what the residuals of its members have in common."""
        bare = self.fitted(system._replace(graph=graph))
        left = self._point(bare).residual - bare.loadings.T @ bare.loadings
        spread = np.sqrt(np.maximum(np.diagonal(left), _LEAST_NOISE))
        loading, acts = np.zeros(self.n_vars), np.zeros(self.n_vars, bool)
        loading[members], acts[members] = common_loadings(left[np.ix_(members, members)], spread[members]), True
        return bare._replace(
            acts=np.vstack([bare.acts, acts]),
            loadings=np.vstack([bare.loadings, loading]),
            noise=np.maximum(bare.noise - loading**2, 0.1 * bare.noise),
        )

    def _price(self, graph: Edges, acts: Edges) -> float:
        prices = self.criterion.penalties
        return float(prices[self.criterion.n_present(graph)].sum() + prices[1] * acts.sum())

    def _misfit(self, system: Factored) -> float:
        flat = np.eye(*system.weights.shape) - system.weights
        lower = np.linalg.cholesky(system.loadings.T @ system.loadings + np.diag(system.noise))
        whitened = np.linalg.solve(lower, flat.T)
        explained = ((whitened @ self.matrix) * whitened).sum() - self.n_vars  # 0 where the fit is exact
        return float(2.0 * np.log(np.diagonal(lower)).sum() + explained)

    def _point(self, system: Factored) -> _Point:
        n_vars, weights = self.n_vars, system.weights
        covariance = system.loadings.T @ system.loadings + np.diag(system.noise)
        precision = np.asarray(np.linalg.inv(covariance), float)
        total = np.asarray(np.linalg.inv(np.eye(n_vars) - weights[:n_vars]), float)
        past = self.matrix[n_vars:, n_vars:]
        told = weights[n_vars:] @ total
        foreseen = np.empty_like(self.matrix)
        foreseen[n_vars:, n_vars:] = past
        foreseen[n_vars:, :n_vars] = past @ told
        foreseen[:n_vars, n_vars:] = foreseen[n_vars:, :n_vars].T
        foreseen[:n_vars, :n_vars] = told.T @ foreseen[n_vars:, :n_vars]
        crossed = self.matrix[:, :n_vars] - self.matrix @ weights
        residual = crossed[:n_vars] - weights.T @ crossed
        return _Point(precision, total, covariance, foreseen, crossed, residual)

    def _excess(self, point: _Point) -> Numbers:
        """Return the slope of the misfit along the covariance of the noise."""
        return point.precision - point.precision @ point.residual @ point.precision

    def _slope(self, system: Factored, point: _Point, edges: Any, acting: Any, with_noise: bool) -> Numbers:
        excess = self._excess(point)
        weights = -2.0 * (point.crossed @ point.precision)[edges]
        loadings = 2.0 * (system.loadings @ excess)[acting]
        return np.concatenate([weights, loadings, *([np.diagonal(excess) * system.noise] if with_noise else [])])

    def _parameters(self, system: Factored, point: _Point, edges: Any, acting: Any, with_noise: bool) -> _Parameters:
        """Return the derivatives by the weights of edges, by loadings, and by the logarithms of the noise."""
        n_vars, eye = self.n_vars, np.eye(self.n_vars)
        causes, effects = edges
        at_once = causes < n_vars  # a cause at lag 0 holds noise of its own time
        # Residuals of the effect lose what the noise puts into the cause.
        noise_in = np.where(at_once[:, None], -(point.covariance @ point.total).T[causes * at_once], 0.0)
        own = 0.5 * np.diag(system.noise)
        left = [noise_in, eye[acting[1]], *([eye] if with_noise else [])]
        right = [eye[effects], system.loadings[acting[0]], *([own] if with_noise else [])]
        return _Parameters(causes, effects, np.concatenate(left), np.concatenate(right))


def _information(one: _Parameters, two: _Parameters, point: _Point) -> Numbers:
    """Return the expected second derivatives of the misfit by two sets of parameters."""
    left, right = point.precision @ two.left.T, point.precision @ two.right.T
    both = 2.0 * ((one.right @ left) * (one.left @ right) + (one.right @ right) * (one.left @ left))
    weights = point.precision[np.ix_(one.effects, two.effects)] * point.foreseen[np.ix_(one.causes, two.causes)]
    both[: len(one.effects), : len(two.effects)] += 2.0 * weights
    return both


def _own_information(one: _Parameters, point: _Point) -> Numbers:
    """Return the diagonal of the information."""
    left, right = one.left @ point.precision, one.right @ point.precision
    both = 2.0 * (
        ((one.right * left).sum(axis=1)) ** 2 + (one.right * right).sum(axis=1) * (one.left * left).sum(axis=1)
    )
    effects, causes = one.effects, one.causes
    both[: len(effects)] += 2.0 * point.precision[effects, effects] * point.foreseen[causes, causes]
    return both

"""Linear structural vector autoregression on expected second moments: small, fast, and at home with missing data."""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.config import ConfigError
from jaxstable.data.checks import DataError, whole_number
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Covered, Prepared, covered
from jaxstable.data.windows import Windows
from jaxstable.graph.certificate import certify
from jaxstable.graph.thresholds import stronger_directions
from jaxstable.models.base import LossTerms, Model, Params
from jaxstable.moments.heldout import held_out_moments
from jaxstable.moments.lagged import Moments, lagged_moments
from jaxstable.objective.acyclicity import PENALTIES
from jaxstable.phrases import shortened
from jaxstable.signals.prepare import Cleaned, prepare

N_LAGS = 2
EPOCH_STEPS = 100
# With the stable set-up's loss weights (10, 1e-4, 1e-5) the terms of this model weigh 1, 0.05 and 10.
RECON_UNIT, SPARSE_UNIT, ACYCLIC_UNIT = 0.1, 500.0, 1e6
EASED_IN = 0.7  # share of the run over which the penalties reach their full weights
FIRST_SPARSE, FIRST_ACYCLIC = 6.0, 0.1  # factors on the penalties at the start
BEND = 0.1  # weight from which the sparsity penalty flattens
VARIANCE_FLOOR = 1e-6


Edge = tuple[int, int, int]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SecondMoments:
    """Hold covariances of lag-stacked rows; the whole data set is one example.

    Attributes:
        matrix: float32 ``[environments, dim, dim]``, dim = (lags + 1) variables, lag 0 first.
        rows: float32 ``[environments]``, complete rows that each environment is worth.
    """

    matrix: Array
    rows: Array

    def __len__(self) -> int:
        return 1


def SVAR(
    likelihood: str = "free",
    acyclicity: str = "geometric",
    n_lags: int = N_LAGS,
    required: Sequence[Edge] = (),
    forbidden: Sequence[Edge] = (),
) -> Model:
    """Return the linear model x_t = B_0' x_t + B_1' x_{t-1} + .. + e_t, fitted to second moments.

    With v_j the variance of variable j that is left given its parents under the moment matrix, recon is
    mean_j 1/2 log v_j ("free": a variance of its own for every variable) or 1/2 mean_j v_j ("equal": one
    variance for all), sparse the sum of p(abs B) over all edges but own lags, divided by the number of variables, with
    p(b) = c log(1 + b / c) flattening above c = 0.1 so that strong edges are not shrunk, and acyclic h(B_0 * B_0)
    divided by the number of variables. The terms carry units in which the stable set-up's loss weights are right:
    they then weigh 1, 0.05 and 10. Over the first 70 per cent of the run the sparsity weight falls to its value from
    six times it, and the acyclicity weight rises to its value from a tenth.

    The threshold is chosen without ground truth: the lowest n sum_j log v_j + 2 log(number of candidates) per edge,
    v_j left by the edges above it, of two opposite ones at lag 0 the stronger.

    Args:
        likelihood: "free" or "equal".
        acyclicity: Name of a penalty in ``jaxstable.objective.acyclicity.PENALTIES``.
        n_lags: Largest lag, >= 0.
        required: Edges (lag, cause, effect), by index, that every graph holds: not penalised, above any threshold.
        forbidden: Edges that no graph holds.

    Raises:
        ConfigError: An argument is unknown or out of its range, an edge is both required and forbidden, or the
            required edges at lag 0 have a cycle.

    Example:
        >>> model = SVAR(required=[(0, 2, 1)])
        >>> adjacency = model.adjacency(model.init(jax.random.key(0), 4))
        >>> adjacency.shape, bool(adjacency[0, 2, 1] > 0)
        ((3, 4, 4), True)

    Reference:
        Hyvarinen, Zhang, Shimizu, Hoyer, Estimation of a structural vector autoregression model using
        non-Gaussianity, 2010 (the model); Pamfil et al., DYNOTEARS, 2020 (gradient estimation); Ng, Ghassami, Zhang,
        On the role of sparsity and DAG constraints for learning linear DAGs, 2020 (the likelihood with free
        variances); Chen, Chen, Extended Bayesian information criteria, 2008 (the price of an edge).
    """
    if likelihood not in ("free", "equal"):
        raise ConfigError(f"likelihood: found {likelihood!r}, expected 'free' or 'equal'")
    if acyclicity not in PENALTIES:
        raise ConfigError(f"acyclicity: found {acyclicity!r}, expected one of {', '.join(PENALTIES)}")
    if not whole_number(n_lags) or n_lags < 0:
        raise ConfigError(f"n_lags: found {shortened(n_lags)}, expected a whole number >= 0")
    must, never = _edges("required", required, n_lags), _edges("forbidden", forbidden, n_lags)
    _check_edges(must, never)
    return _svar(likelihood, acyclicity, n_lags, must, never)


@functools.cache
def _svar(
    likelihood: str, acyclicity: str, n_lags: int, required: tuple[Edge, ...], forbidden: tuple[Edge, ...]
) -> Model:
    penalty = PENALTIES[acyclicity].function

    def places(edges: tuple[Edge, ...], n_vars: int) -> np.ndarray:
        table = np.zeros((n_lags + 1, n_vars, n_vars), bool)
        for edge in edges:
            if max(edge[1:]) >= n_vars:
                raise ConfigError(f"edge {edge}: expected variables below {n_vars}")
            table[edge] = True
        return table

    def init(key: Array, n_vars: int) -> Params:
        del key  # the origin: every edge has the same chance
        return jnp.zeros((n_lags + 1, n_vars, n_vars))

    def weights_of(params: Params) -> Array:
        possible = ~places(forbidden, params.shape[-1])
        possible[0] &= ~np.eye(params.shape[-1], dtype=bool)
        return jnp.where(possible, params, 0.0)

    def priced(n_vars: int) -> np.ndarray:
        """Return the edges that cost something: all but own lags and required ones."""
        own_lag = np.eye(n_vars, dtype=bool)[None] & (np.arange(n_lags + 1) > 0)[:, None, None]
        return ~own_lag & ~places(required, n_vars)

    def misfit_of(weights: Array, batch: SecondMoments) -> Array:
        """Return the misfit of every variable, the mean over environments by their rows, ``[variables]``."""
        n_vars = weights.shape[-1]
        residual = jnp.eye((n_lags + 1) * n_vars, n_vars) - weights.reshape(-1, n_vars)
        variance = jnp.maximum(jnp.einsum("pj,epq,qj->ej", residual, batch.matrix, residual), VARIANCE_FLOOR)
        return (batch.rows / jnp.sum(batch.rows)) @ (jnp.log(variance) if likelihood == "free" else variance)

    def loss(params: Params, batch: SecondMoments, key: Array, progress: Array) -> LossTerms:
        del key  # nothing in this model is random
        weights = weights_of(params)
        n_vars = weights.shape[-1]
        eased = jnp.minimum(progress / EASED_IN, 1.0)
        size = BEND * jnp.log1p(weights * jnp.sign(weights) / BEND) * priced(n_vars)
        sparse = FIRST_SPARSE ** (1.0 - eased) * jnp.sum(size) / n_vars
        acyclic = (FIRST_ACYCLIC + (1.0 - FIRST_ACYCLIC) * eased) * penalty(jnp.square(weights[0])) / n_vars
        return LossTerms(
            recon=RECON_UNIT * 0.5 * jnp.mean(misfit_of(weights, batch)),
            sparse=SPARSE_UNIT * sparse,
            acyclic=ACYCLIC_UNIT * acyclic,
            disen=jnp.float32(0.0),
        )

    def adjacency(params: Params) -> Array:
        size = jnp.abs(weights_of(params))
        return jnp.where(places(required, size.shape[-1]), 1.0 + jnp.max(size) + size, size)

    def criterion(params: Params, batch: SecondMoments, thresholds: Array) -> Array:
        weights, scores = weights_of(params), adjacency(params)
        scores = scores.at[0].set(stronger_directions(scores[0]))
        n_vars = weights.shape[-1]
        costly = priced(n_vars)
        price = 2.0 * np.log(max(n_vars * (n_vars - 1) * (n_lags + 0.5), 2.0))

        def worth(threshold: Array) -> Array:
            kept = ~costly | (scores > threshold)
            misfit = misfit_of(jnp.where(kept, weights, 0.0), batch)
            total = jnp.sum(misfit) if likelihood == "free" else n_vars * jnp.log(jnp.mean(misfit))
            return jnp.sum(batch.rows) * total + price * jnp.sum(kept & costly)

        return jax.lax.map(worth, thresholds)

    def inputs(dataset: Dataset, prepared: Prepared) -> tuple[SecondMoments, SecondMoments, SecondMoments | None]:
        return _inputs(dataset, prepared, n_lags)

    return Model(
        name="svar" if likelihood == "free" else "svar_equal",
        init=init,
        batch=lambda inputs, index: inputs,
        loss=loss,
        adjacency=adjacency,
        structure=lambda params: params,
        inputs=inputs,
        epoch_steps=EPOCH_STEPS,
        criterion=criterion,
        effects=weights_of,
    )


def _edges(name: str, edges: Sequence[Edge], n_lags: int) -> tuple[Edge, ...]:
    try:
        found = {tuple(map(operator.index, edge)) for edge in edges}
    except TypeError as error:
        raise ConfigError(
            f"{name}: found {shortened(edges)}, expected edges (lag, cause, effect) by index; `discover` takes names"
        ) from error
    for edge in found:
        if len(edge) != 3 or min(edge) < 0 or edge[0] > n_lags:
            raise ConfigError(f"{name}: found {edge}, expected (lag, cause, effect) with a lag of at most {n_lags}")
    return tuple(sorted((lag, cause, effect) for lag, cause, effect in found))


def _check_edges(required: tuple[Edge, ...], forbidden: tuple[Edge, ...]) -> None:
    for name, edges in (("required", required), ("forbidden", forbidden)):
        for edge in edges:
            if edge[1] == edge[2]:
                raise ConfigError(
                    f"{name}: edge {edge} is a variable on itself, whose past always belongs to its model; take it out"
                )
    for edge in required:
        if edge in forbidden:
            raise ConfigError(f"required: edge {edge} is forbidden as well; take it out")
    n_vars = 1 + max((max(edge[1:]) for edge in required), default=0)
    graph = np.zeros((n_vars, n_vars), bool)
    for lag, cause, effect in required:
        graph[cause, effect] |= lag == 0
    if certify(graph.astype(float), graph).dropped:
        raise ConfigError("required: the edges at lag 0 have a cycle, expected an acyclic set; take one out")


def _inputs(
    dataset: Dataset, prepared: Prepared, n_lags: int
) -> tuple[SecondMoments, SecondMoments, SecondMoments | None]:
    """Return the expected moments of the training, the validation and the test rows, prepared alike."""
    train = covered(dataset, prepared.train)
    cleaned = _cleaned(dataset, train, "auto")
    unread = [dataset.names[column] for column in np.flatnonzero(~cleaned.mask.any(axis=0))]
    if unread:
        raise DataError(
            f"{', '.join(unread)}: no reading in the training rows, the first part of the data; leave out what is "
            "never read then"
        )
    try:
        moments = lagged_moments(cleaned.values, cleaned.mask, n_lags, train.series, train.environment)
        validation = _held_out(dataset, prepared.validation, moments, cleaned.parts)
    except ValueError as error:
        raise DataError(f"max_lag={n_lags}: {error}") from error
    complete = np.median(moments.pair_share)
    if not complete:
        raise DataError(
            f"{_never_together(dataset.names, moments.pair_share)}: never read within {n_lags} steps of each other, "
            "nor are most pairs of readings, so that no effect can be told; give more rows, average over longer "
            "steps, or leave out the sensors that are read least"
        )
    try:
        test = _held_out(dataset, prepared.test, moments, cleaned.parts)
    except ValueError:  # the newest rows hold no reading with its whole past
        test = None
    return _as_inputs(moments.matrix, moments.count * complete), validation, test


def _held_out(dataset: Dataset, part: Windows, moments: Moments, parts: Any) -> SecondMoments:
    """Return the moments of rows that were held out, prepared as the training rows were."""
    later = covered(dataset, part)
    rest = _cleaned(dataset, later, parts)
    matrix, count = held_out_moments(moments, rest.values, rest.mask, later.series, later.environment)
    return _as_inputs(matrix, count * np.median(moments.pair_share))


def _never_together(names: Sequence[str], pair_share: np.ndarray) -> str:
    """Name the first two sensors that were never read together."""
    column, effect = np.argwhere(pair_share == 0)[0]
    return f"{names[column % len(names)]} and {names[effect]}"


def _cleaned(dataset: Dataset, rows: Covered, parts: Any) -> Cleaned:
    return prepare(
        rows.values,
        rows.mask,
        rows.series,
        recording=rows.recording,
        step=getattr(dataset, "step", None),
        prepare=parts,
    )


def _as_inputs(matrix: np.ndarray, rows: np.ndarray) -> SecondMoments:
    # In numpy: on the device each would be a program of its own.
    return SecondMoments(*(jnp.asarray(np.asarray(array, np.float32)) for array in (matrix, rows)))


NAMED = {"svar": functools.partial(SVAR, "free"), "svar_equal": functools.partial(SVAR, "equal")}

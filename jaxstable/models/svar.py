"""Linear structural vector autoregression on expected second moments: small, fast, and at home with missing data."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.data.dataset import Dataset
from jaxstable.data.moments import Moments, lagged_moments
from jaxstable.data.split import Prepared
from jaxstable.data.standardize import covered_rows
from jaxstable.data.windows import Windows
from jaxstable.models.base import LossTerms, Model, Params
from jaxstable.objective.acyclicity import PENALTIES

N_LAGS = 2
EPOCH_STEPS = 50
EASED_IN = 0.7  # share of the run over which the penalties reach their full weights
FIRST_SPARSE, FIRST_ACYCLIC = 6.0, 0.1  # factors on the penalties at the start
BEND = 0.1  # weight from which the sparsity penalty flattens
VARIANCE_FLOOR = 1e-6


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SecondMoments:
    """Hold covariances of lag-stacked rows; the whole data set is one example.

    Attributes:
        matrix: float32 ``[environments, dim, dim]``, dim = (lags + 1) variables, lag 0 first.
        weight: float32 ``[environments]``, shares of the rows, summing to 1.
    """

    matrix: Array
    weight: Array

    def __len__(self) -> int:
        return 1


@functools.cache
def SVAR(likelihood: str = "free", acyclicity: str = "geometric", n_lags: int = N_LAGS) -> Model:
    """Return the linear model x_t = B_0' x_t + B_1' x_{t-1} + .. + e_t, fitted to second moments.

    With v_j the variance of variable j that is left given its parents under the moment matrix, the terms are
    recon = mean_j 1/2 log v_j ("free": a variance of its own for every variable) or 1/2 mean_j v_j ("equal": one
    variance for all), sparse = sum of p(|B|) over all edges but own lags, divided by the number of variables, with
    p(b) = c log(1 + b / c) flattening above c = 0.1 so that strong edges are not shrunk, and acyclic = h(B_0 * B_0).
    Over the first 70 per cent of the run the sparsity weight falls to its value from six times it, and the
    acyclicity weight rises to its value from a tenth.

    Args:
        likelihood: "free" or "equal".
        acyclicity: Name of a penalty in ``jaxstable.objective.acyclicity.PENALTIES``.
        n_lags: Largest lag, >= 0.

    Raises:
        ValueError: An argument is unknown or out of its range.

    Example:
        >>> model = SVAR()
        >>> model.adjacency(model.init(jax.random.key(0), 4)).shape
        (3, 4, 4)

    Reference:
        Hyvarinen, Zhang, Shimizu, Hoyer, Estimation of a structural vector autoregression model using
        non-Gaussianity, 2010 (the model); Pamfil et al., DYNOTEARS, 2020 (gradient estimation); Ng, Ghassami, Zhang,
        On the role of sparsity and DAG constraints for learning linear DAGs, 2020 (the likelihood with free
        variances).
    """
    if likelihood not in ("free", "equal"):
        raise ValueError(f"likelihood: found {likelihood!r}, expected 'free' or 'equal'")
    if acyclicity not in PENALTIES:
        raise ValueError(f"acyclicity: found {acyclicity!r}, expected one of {', '.join(PENALTIES)}")
    if n_lags < 0:
        raise ValueError(f"n_lags: found {n_lags}, expected >= 0")
    penalty = PENALTIES[acyclicity].function

    def init(key: Array, n_vars: int) -> Params:
        del key  # the origin: every edge has the same chance
        return jnp.zeros((n_lags + 1, n_vars, n_vars))

    def weights_of(params: Params) -> Array:
        return params.at[0].multiply(1.0 - jnp.eye(params.shape[-1]))

    def loss(params: Params, batch: SecondMoments, key: Array, progress: Array) -> LossTerms:
        del key  # nothing in this model is random
        weights = weights_of(params)
        n_vars = weights.shape[-1]
        eased = jnp.minimum(progress / EASED_IN, 1.0)
        residual = jnp.eye((n_lags + 1) * n_vars, n_vars) - weights.reshape(-1, n_vars)
        variance = jnp.maximum(jnp.einsum("pj,epq,qj->ej", residual, batch.matrix, residual), VARIANCE_FLOOR)
        misfit = jnp.log(variance) if likelihood == "free" else variance
        own_lag = jnp.eye(n_vars)[None] * (jnp.arange(n_lags + 1) > 0)[:, None, None]
        size = BEND * jnp.log1p(weights * jnp.sign(weights) / BEND) * (1.0 - own_lag)
        return LossTerms(
            recon=0.5 * jnp.mean(batch.weight @ misfit),
            sparse=FIRST_SPARSE ** (1.0 - eased) * jnp.sum(size) / n_vars,
            acyclic=(FIRST_ACYCLIC + (1.0 - FIRST_ACYCLIC) * eased) * penalty(jnp.square(weights[0])) / n_vars,
            disen=jnp.float32(0.0),
        )

    def inputs(dataset: Dataset, prepared: Prepared) -> tuple[SecondMoments, SecondMoments]:
        return _moments(dataset, prepared.train, n_lags), _moments(dataset, prepared.validation, n_lags)

    return Model(
        name="svar",
        init=init,
        batch=lambda inputs, index: inputs,
        loss=loss,
        adjacency=lambda params: jnp.abs(weights_of(params)),
        structure=lambda params: params,
        inputs=inputs,
        epoch_steps=EPOCH_STEPS,
    )


def _moments(dataset: Dataset, part: Windows, n_lags: int) -> SecondMoments:
    """Return the expected moments of the rows that a part's windows cover, in the units of the prepared values."""
    rows = covered_rows(np.asarray(part.starts), part.length, dataset.n_rows)
    values, mask = np.asarray(part.values, np.float64), np.asarray(part.mask) > 0
    series = np.cumsum(np.append(True, (np.diff(dataset.series) != 0) | (np.diff(rows.astype(int)) != 0)))
    environment = None if dataset.environment is None else dataset.environment[rows]
    found = lagged_moments(values[rows], mask[rows], n_lags, series[rows], environment)
    return as_inputs(found)


def as_inputs(moments: Moments) -> SecondMoments:
    """Return moments as a model takes them: float32 on the device, environments weighted by their rows."""
    weight = moments.count / moments.count.sum()
    return SecondMoments(jnp.asarray(moments.matrix, jnp.float32), jnp.asarray(weight, jnp.float32))

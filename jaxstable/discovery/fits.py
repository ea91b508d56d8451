"""Many fits of a model of second moments as lanes of one program: every lane has moments of its own."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from numpy.typing import ArrayLike, NDArray

from jaxstable.config import Config
from jaxstable.models.svar import SPARSE_UNIT, SVAR, SecondMoments
from jaxstable.signals.threads import on_all_cores
from jaxstable.training.exported import call_kept
from jaxstable.training.lanes import stack
from jaxstable.training.spec import Hyper, Spec, make_hyper, make_spec
from jaxstable.training.step import train_unwatched

# Annealed once, from the origin: nothing is evaluated on the way, so nothing can say when to slow down.
SETTINGS = Config(
    model="svar", learning_rate=2e-2, lr_schedule="cosine", weight_decay=0.0, clip_norm=10.0, plateau=False
)
LANES_AT_ONCE = 64  # fits side by side on one device; more gain nothing on a CPU and only take memory
STEPS = 500


def fit_moments(
    matrices: ArrayLike,
    count: ArrayLike,
    n_vars: int,
    lambdas: Sequence[float],
    likelihood: str = "free",
    steps: int = STEPS,
    devices: Sequence[Any] | None = None,
) -> NDArray[np.float32]:
    """Fit an `SVAR` to every set of moments at every sparsity weight.

    Each fit is one run of `train_unwatched` from the origin with `SETTINGS`. Sets are spread over all devices.

    Args:
        matrices: `[sets, environments, dim, dim]`, dim = (lags + 1) n_vars, standardised.
        count: rows of each environment, `[environments]`.
        n_vars: number of variables.
        lambdas: sparsity weights, > 0, in nats of one variable for a unit of weight.
        likelihood: "free" or "equal", as in `SVAR`.
        steps: length of a run.
        devices: JAX devices to use; None is all of this process.

    Returns:
        Signed weights `[sets, lambdas, lags + 1, cause, effect]`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> moments = np.array([[1.0, 0.8], [0.8, 1.0]])
        >>> fit_moments(moments[None, None], [100], 2, [0.05, 0.5]).shape
        (1, 2, 1, 2, 2)
    """
    matrices, count = np.asarray(matrices, np.float32), np.asarray(count, np.float64)
    if matrices.ndim != 4 or matrices.shape[1] != len(count) or matrices.shape[-1] % n_vars:
        raise ValueError(
            f"matrices: found shape {matrices.shape} for {len(count)} environments and {n_vars} variables, expected "
            "[sets, environments, dim, dim] with dim a multiple of the variables"
        )
    spec = make_spec(SETTINGS, SVAR(likelihood, "geometric", matrices.shape[-1] // n_vars - 1), n_vars, False)
    hyper = stack([make_hyper(SETTINGS.replace(lambda_sparse=float(value) / SPARSE_UNIT)) for value in lambdas])
    devices = (devices or jax.local_devices())[: len(matrices)]
    mesh = Mesh(np.asarray(devices), ("lane",), axis_types=(AxisType.Auto,))
    # Every device takes as many sets: the last ones fill up with copies that are thrown away.
    padded = np.resize(np.arange(len(matrices)), -(-len(matrices) // len(devices)) * len(devices))
    places = [NamedSharding(mesh, P(*axis)) for axis in ((), ("lane",), ())]
    args = (hyper, matrices[padded], np.asarray(count, np.float32))
    placed = [jax.device_put(arg, place) for arg, place in zip(args, places, strict=True)]
    key = ("fits", likelihood, n_vars, steps, len(devices))
    fitted = call_kept(functools.partial(_fit, spec, mesh, steps), key, *placed)
    return np.asarray(fitted)[: len(matrices)]


def fit_by_likelihood(
    matrices: ArrayLike, count: ArrayLike, n_vars: int, lambdas: Sequence[float], likelihoods: Sequence[str], steps: int
) -> Mapping[str, NDArray[np.float32]]:
    """Fit one set of moments by each of several likelihoods, side by side; the arguments are those of `fit_moments`."""
    devices = jax.local_devices()

    def fitted(place: int) -> NDArray[np.float32]:
        own = [devices[place % len(devices)]]
        return fit_moments(matrices, count, n_vars, lambdas, likelihoods[place], steps, own)[0]

    return dict(zip(likelihoods, on_all_cores(fitted, range(len(likelihoods))), strict=True))


def _fit(spec: Spec, mesh: Mesh, steps: int, hyper: Hyper, matrices: Array, rows: Array) -> Array:
    def one(hyper: Hyper, moments: SecondMoments) -> Array:
        weights = train_unwatched(spec, hyper, moments, steps)
        return weights.at[0].multiply(1.0 - jnp.eye(spec.n_vars))

    def local(hyper: Hyper, matrices: Array, rows: Array) -> Array:
        at_every_lambda = jax.vmap(one, in_axes=(0, None))
        width = max(LANES_AT_ONCE // len(hyper.seed), 1)
        return lax.map(lambda matrix: at_every_lambda(hyper, SecondMoments(matrix, rows)), matrices, batch_size=width)

    return jax.shard_map(local, mesh=mesh, in_specs=(P(), P("lane"), P()), out_specs=P("lane"), check_vma=False)(
        hyper, matrices, rows
    )

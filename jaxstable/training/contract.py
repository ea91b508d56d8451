"""What a user's own model must keep, checked before anything is compiled for its training."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxstable.config import ConfigError
from jaxstable.models.base import CONFIG_TERMS, Model
from jaxstable.training.state import run_keys


def check_optimizer(optimizer: Any, hyper: Any) -> None:
    """Refuse what makes no optax transform of the numbers of a run.

    Raises:
        ConfigError: It is no function, or returns something else.
    """
    if not callable(optimizer):
        raise ConfigError(
            f"optimizer: found {optimizer!r}, expected a function from the traced numbers of a run to an optax "
            "transform; one that there is goes into the config, such as Config(optimizer='adam')"
        )
    made = optimizer(hyper)
    if not all(callable(getattr(made, part, None)) for part in ("init", "update")):
        raise ConfigError(f"optimizer: the function returned {made!r}, expected an optax transform (init, update)")


def check_model(model: Model, n_vars: int, inputs: Any, seed: int) -> None:
    """Refuse a model whose loss terms or first adjacency are none.

    Args:
        model: The model, with checked weights.
        n_vars: Number of variables.
        inputs: What it trains on.
        seed: Seed of its initial parameters.

    Raises:
        ConfigError: A loss term is no scalar or has no weight, a weight has no term, or the adjacency of the initial
            parameters holds something else than finite scores of at least 0.
    """
    _check_terms(model, n_vars, inputs)
    wrong = unusable(np.asarray(_first_adjacency(model._replace(weights=()), n_vars, jnp.uint32(seed))), n_vars)
    if wrong:
        raise ConfigError(
            f"model: found an adjacency of {model.name!r} {wrong}, expected finite scores >= 0 "
            f"[lag, {n_vars}, {n_vars}]; let its `adjacency` return, say, the absolute value of the weights"
        )


def _check_terms(model: Model, n_vars: int, inputs: Any) -> None:
    def first_terms() -> Any:
        key = jax.random.key(0)
        batch = model.batch(inputs, jnp.zeros(1, jnp.int32))
        return model.loss(model.init(key, n_vars), batch, key, jnp.float32(0.0))

    terms = jax.eval_shape(first_terms)
    if not isinstance(terms, Mapping) or not terms:
        raise ConfigError(
            f"model: the loss of {model.name!r} returns {type(terms).__name__}, expected a mapping from names to "
            "scalars, such as LossTerms(recon=..., sparse=..., acyclic=...)"
        )
    own = dict(model.weights)
    for name, term in terms.items():
        if getattr(term, "shape", None) != () or not jnp.issubdtype(term.dtype, jnp.floating):
            raise ConfigError(f"model: loss term {name!r} of {model.name!r} is {term}, expected a float scalar")
        if name not in CONFIG_TERMS and name not in own:
            raise ConfigError(
                f"model: loss term {name!r} of {model.name!r} has no weight; give one, Model(..., "
                f"weights={{{name!r}: 1.0}}), or name it {', '.join(CONFIG_TERMS)}, which the config weighs"
            )
    for name in own:
        if name not in terms:
            raise ConfigError(f"model: found a weight for {name!r}; the terms of {model.name!r} are {', '.join(terms)}")


@functools.partial(jax.jit, static_argnums=(0, 1))
def _first_adjacency(model: Model, n_vars: int, seed: Array) -> Array:
    return model.adjacency(model.init(run_keys(seed)[0], n_vars))


def unusable(lagged: np.ndarray, n_vars: int) -> str | None:
    """Say what makes an adjacency unusable, None if nothing does."""
    if lagged.ndim != 3 or not len(lagged) or lagged.shape[1:] != (n_vars, n_vars):
        return f"of shape {lagged.shape}"
    if not np.isfinite(lagged).all():
        return "with entries that are not finite"
    if lagged.min() < 0:
        return f"with entries down to {lagged.min():.3g}"
    return None

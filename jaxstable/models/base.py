"""What a model is: a handful of pure functions. Training knows nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, Protocol

import jax
import numpy as np
from jax import Array

from jaxstable.config import ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Prepared

Params = Any  # a pytree of float32 arrays


CONFIG_TERMS = ("recon", "sparse", "acyclic", "disen")  # loss terms whose weight is the config's ``lambda_<name>``


@jax.tree_util.register_pytree_with_keys_class
class LossTerms(Mapping[str, Any]):
    """Hold the unweighted, mean-reduced loss terms of one batch by name, each a float32 scalar.

    A model names its terms itself, and everything follows the names: weights, health record, pictures. Unlike a
    dictionary it keeps its order through JAX's transformations, so that sums are always taken alike.

    Example:
        >>> terms = LossTerms(recon=2.0, ridge=0.5)
        >>> terms["ridge"], terms.ridge, jax.tree.map(lambda term: 2 * term, terms)
        (0.5, 0.5, LossTerms(recon=4.0, ridge=1.0))
    """

    __slots__ = ("_terms",)

    def __init__(self, terms: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        self._terms = {**(terms or {}), **named}

    def __getitem__(self, name: str) -> Any:
        return self._terms[name]

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._terms:
            return self._terms[name]
        raise AttributeError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __repr__(self) -> str:
        return f"LossTerms({', '.join(f'{name}={term!r}' for name, term in self._terms.items())})"

    def tree_flatten_with_keys(self) -> tuple[list[tuple[Any, Any]], tuple[str, ...]]:
        """Return the terms as leaves and their names as structure, for JAX."""
        return [(jax.tree_util.DictKey(name), term) for name, term in self._terms.items()], tuple(self._terms)

    @classmethod
    def tree_unflatten(cls, names: tuple[str, ...], terms: Iterable[Any]) -> LossTerms:
        """Return the terms that `tree_flatten_with_keys` took apart, for JAX."""
        return cls(dict(zip(names, terms, strict=True)))


class Inputs(Protocol):
    """What a model trains on: a pytree of device arrays that knows how many examples it holds."""

    def __len__(self) -> int: ...


def _windows(dataset: Dataset, prepared: Prepared) -> tuple[Inputs, Inputs, Inputs]:
    del dataset
    return prepared.train, prepared.validation, prepared.test


class Model(NamedTuple):
    """Define a model by pure functions; build one of your own and pass it to ``train(..., model=...)``.

    Make it with a cached function, so that equal settings give the same (hashable) object: a model is a
    static argument of the compiled program, and a new object compiles anew.

    Attributes:
        name: Name shown in logs and errors.
        init: ``(key, n_vars) -> params``.
        batch: ``(inputs, index) -> batch``; index is int32 ``[batch]``, -1 marks padding that must not count.
        loss: ``(params, batch, key, progress) -> LossTerms``, or any mapping from names to scalars; progress is the
            share of the run that is done, in [0, 1), for models that ease into their objective. The terms recon,
            sparse, acyclic and disen weigh what the config's ``lambda_<name>`` says, others what `weights` says.
        adjacency: ``params -> [lag, cause, effect]`` float32 edge scores >= 0, lag 0 first.
        structure: ``params -> params``; the part of the parameters that the adjacency is made of.
        inputs: ``(dataset, prepared) -> (train, validation, test)``: what the model trains on, what every evaluation
            reads, and what only the loss of the finished run is taken on (None where there is nothing to take it
            on); by default the windows.
        epoch_steps: Steps of an epoch of a model that sees all its data in every step (its inputs then hold one
            example); None makes an epoch one pass over the examples.
        criterion: ``(params, training inputs, thresholds [n]) -> [n]``; what the graph at each threshold of the
            adjacency is worth without ground truth, lower is better. A model that has one never looks at the true
            graph unless the run is told to; None takes the lowest threshold whose lag-0 graph is acyclic.
        scores: What the adjacency holds: "weight", sizes of effects, or "probability", in [0, 1], of edges. The rules
            of diagnosis read it: a threshold of one half is too high for weights, and right for probabilities.
        effects: ``params -> [lag, cause, effect]``, sizes of effects with their signs; None where a model knows
            none, as one whose edges are gates. Only the signs are read.
        weights: Weight of each loss term that has no ``lambda_<name>`` in the config, by name; traced numbers, so that
            another value compiles nothing anew.
    """

    name: str
    init: Callable[[Array, int], Params]
    batch: Callable[[Any, Array], Any]
    loss: Callable[[Params, Any, Array, Array], Mapping[str, Array]]
    adjacency: Callable[[Params], Array]
    structure: Callable[[Params], Params]
    inputs: Callable[[Dataset, Prepared], tuple[Inputs, Inputs, Inputs | None]] = _windows
    epoch_steps: int | None = None
    criterion: Callable[[Params, Any, Array], Array] | None = None
    scores: Literal["weight", "probability"] = "weight"
    weights: Mapping[str, float] | tuple[tuple[str, float], ...] = ()
    effects: Callable[[Params], Array] | None = None


def terms_of(model: Model, params: Params, batch: Any, key: Array, progress: Array) -> LossTerms:
    """Return a model's loss terms of one batch, in the model's own order."""
    return LossTerms(model.loss(params, batch, key, progress))


def with_checked_weights(model: Model) -> Model:
    """Return a model whose own weights are hashable pairs of a name and a number.

    Raises:
        ConfigError: A weight is no finite number of at least 0, or is one that the config already has.
    """
    weights = dict(model.weights)
    for name, weight in weights.items():
        if name in CONFIG_TERMS:
            raise ConfigError(f"model: found a weight for {name!r}, which the config weighs; use lambda_{name} instead")
        number = isinstance(weight, (int, float, np.number)) and not isinstance(weight, bool)
        if not number or not 0 <= np.float32(weight) < np.inf:
            raise ConfigError(f"model: found the weight {weight!r} of {name!r}, expected a finite number >= 0")
    pairs = tuple(weights.items())
    return model if model.weights == pairs else model._replace(weights=pairs)

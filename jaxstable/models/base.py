"""What a model is: a handful of pure functions. Training knows nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from jax import Array

Params = Any  # a pytree of float32 arrays


class LossTerms(NamedTuple):
    """Hold the four unweighted, mean-reduced loss terms of one batch, each a float32 scalar."""

    recon: Array
    sparse: Array
    acyclic: Array
    disen: Array


class Inputs(Protocol):
    """What a model trains on: a pytree of device arrays that knows how many examples it holds."""

    def __len__(self) -> int: ...


class Model(NamedTuple):
    """Define a model by pure functions; build one of your own and pass it to ``train(..., model=...)``.

    Make it with a cached function, so that equal settings give the same (hashable) object: a model is a
    static argument of the compiled program, and a new object compiles anew.

    Attributes:
        name: Name shown in logs and errors.
        init: ``(key, n_vars) -> params``.
        batch: ``(inputs, index) -> batch``; index is int32 ``[batch]``, -1 marks padding that must not count.
        loss: ``(params, batch, key) -> LossTerms``.
        adjacency: ``params -> [lag, cause, effect]`` float32 edge scores >= 0, lag 0 first.
        structure: ``params -> params``; the part of the parameters that the adjacency is made of.
    """

    name: str
    init: Callable[[Array, int], Params]
    batch: Callable[[Any, Array], Any]
    loss: Callable[[Params, Any, Array], LossTerms]
    adjacency: Callable[[Params], Array]
    structure: Callable[[Params], Params]

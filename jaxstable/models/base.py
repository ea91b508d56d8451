"""What a model is: a handful of pure functions. Training knows nothing else of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, Protocol

from jax import Array

from jaxstable.data.dataset import Dataset
from jaxstable.data.split import Prepared

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


def _windows(dataset: Dataset, prepared: Prepared) -> tuple[Inputs, Inputs]:
    del dataset
    return prepared.train, prepared.validation


class Model(NamedTuple):
    """Define a model by pure functions; build one of your own and pass it to ``train(..., model=...)``.

    Make it with a cached function, so that equal settings give the same (hashable) object: a model is a
    static argument of the compiled program, and a new object compiles anew.

    Attributes:
        name: Name shown in logs and errors.
        init: ``(key, n_vars) -> params``.
        batch: ``(inputs, index) -> batch``; index is int32 ``[batch]``, -1 marks padding that must not count.
        loss: ``(params, batch, key, progress) -> LossTerms``; progress is the share of the run that is done, in
            [0, 1), for models that ease into their objective.
        adjacency: ``params -> [lag, cause, effect]`` float32 edge scores >= 0, lag 0 first.
        structure: ``params -> params``; the part of the parameters that the adjacency is made of.
        inputs: ``(dataset, prepared) -> (train, validation)``: what the model trains on and is evaluated on; by
            default the windows.
        epoch_steps: Steps of an epoch of a model that sees all its data in every step (its inputs then hold one
            example); None makes an epoch one pass over the examples.
        criterion: ``(params, training inputs, thresholds [n]) -> [n]``; what the graph at each threshold of the
            adjacency is worth without ground truth, lower is better. A model that has one never looks at the true
            graph unless the run is told to; None takes the lowest threshold whose lag-0 graph is acyclic.
        scores: What the adjacency holds: "weight", sizes of effects, or "probability", in [0, 1], of edges. The rules
            of diagnosis read it: a threshold of one half is too high for weights, and right for probabilities.
    """

    name: str
    init: Callable[[Array, int], Params]
    batch: Callable[[Any, Array], Any]
    loss: Callable[[Params, Any, Array, Array], LossTerms]
    adjacency: Callable[[Params], Array]
    structure: Callable[[Params], Params]
    inputs: Callable[[Dataset, Prepared], tuple[Inputs, Inputs]] = _windows
    epoch_steps: int | None = None
    criterion: Callable[[Params, Any, Array], Array] | None = None
    scores: Literal["weight", "probability"] = "weight"

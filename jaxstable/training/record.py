"""What a finished run hands to the results."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from jaxstable.config import Config


@dataclasses.dataclass(frozen=True)
class Run:
    """Hold everything a run produced, on the host.

    Attributes:
        config: The config it ran with.
        names: Variable names, in the order of the adjacency.
        history: Health records, one per epoch, JSON-ready.
        adjacency: float32 ``[cause, effect]`` of the best state: the strongest lag of every edge, diagonal 0.
        lagged: float32 ``[lag, cause, effect]`` of the best state, lag 0 first.
        threshold: Threshold chosen at the best evaluation.
        truth: True graph, bool ``[cause, effect]``, or None.
        status: "FINISHED", "EARLY_STOPPED", "DIVERGED" or "INTERRUPTED".
        total_time: Seconds of training, those before a resume included.
        data_facts: What diagnosis needs to know of the data.
        params: The best state's parameters, a pytree of arrays.
        signs: int8 ``[lag, cause, effect]``, -1, 0 or 1: of the effects; None where the model knows no signs.
        times: Seconds by what they went into: "prepare", "compile" and "train"; of this call, for all lanes that
            share a program. Not kept in files.
        test_loss: Loss of the best state on the test windows, which nothing else reads; None if it was not taken.
    """

    config: Config
    names: tuple[str, ...]
    history: list[dict[str, Any]]
    adjacency: np.ndarray
    lagged: np.ndarray
    threshold: float
    truth: np.ndarray | None
    status: str
    total_time: float
    data_facts: dict[str, Any]
    params: Any
    test_loss: float | None = None
    signs: np.ndarray | None = None
    times: dict[str, float] = dataclasses.field(default_factory=dict)

"""What the engine of `discover` hands to the results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.prepare import Removed

if TYPE_CHECKING:  # reading a discovery from disk needs no JAX
    from jaxstable.discovery.choice import Chosen
    from jaxstable.moments.lagged import Moments
    from jaxstable.moments.memory import Memory


class Choice(NamedTuple):
    """One setting that `discover` used, and why."""

    value: Any
    why: str


class LeftOut(NamedTuple):
    """A sensor that no edge can be learned of."""

    name: str
    why: str
    """"constant", "hardly_read" or "predictable"."""
    value: float
    """what it reads throughout, or the share of the rows in which it was read, or of its variance that is its own."""

    def __str__(self) -> str:
        if self.why == "constant":
            return f"{self.name} reads {self.value:g} throughout"
        if self.why == "predictable":
            return f"{self.name} is a function of the clock or of its own past: {100 * self.value:.2g} % of it is news"
        return f"{self.name} was read in {100 * self.value:.0f} % of the rows"


class Sensors(NamedTuple):
    """The readings that there are of the sensors in use, before the preparation."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """`[rows, variables]`; anything where missing."""
    mask: NDArray[np.bool_]
    """`[rows, variables]`, True where observed."""


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """A graph found in data without ground truth, and the evidence that findings are made of.

    What is not listed here is explained at `Discovery`.

    Attributes:
        removed: what the preparation took out of each sensor, by name.
        left_out: sensors that no edge can be learned of.
        sensors: the readings that were used.
        moments: their second moments.
        choice: what was chosen, and with what.
        memory: what the rows remember beyond the lags that were looked at.
    """

    names: tuple[str, ...]
    lagged_graph: NDArray[np.bool_]
    lagged: NDArray[np.float64]
    lagged_probability: NDArray[np.float64]
    edge_probability: NDArray[np.float64]
    lagged_frequency: NDArray[np.float64]
    edge_frequency: NDArray[np.float64]
    direction_confidence: NDArray[np.float64]
    strength: NDArray[np.float64]
    chosen: Mapping[str, Choice]
    removed: Mapping[str, Removed]
    truth: NDArray[np.bool_] | None
    left_out: tuple[LeftOut, ...]
    sensors: Sensors
    moments: Moments
    choice: Chosen
    memory: Memory
    common_causes: tuple[tuple[str, ...], ...] = ()

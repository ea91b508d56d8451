"""What the engine of `discover` hands to the results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.choice import Chosen
from jaxstable.discovery.reasons import Choice
from jaxstable.moments.lagged import Moments


class LeftOut(NamedTuple):
    """A sensor that no edge can be learned of."""

    name: str
    why: str
    """"constant" or "hardly_read"."""
    value: float
    """what it reads throughout, or the share of the rows in which it was read."""

    def __str__(self) -> str:
        if self.why == "constant":
            return f"{self.name} reads {self.value:g} throughout"
        return f"{self.name} was read in {100 * self.value:.0f} % of the rows"


class Sensors(NamedTuple):
    """The readings that were used, and what the preparation took out of them."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    """`[rows, variables]`; anything where missing."""
    mask: NDArray[np.bool_]
    """`[rows, variables]`, True where observed."""
    drift: NDArray[np.float64]
    """`[rows, variables]`, what was taken out."""


@dataclasses.dataclass(frozen=True, eq=False)
class Found:
    """A graph found in data without ground truth, and the evidence that findings are made of.

    The first ten attributes are those of `Discovery`.

    Attributes:
        left_out: sensors that no edge can be learned of.
        sensors: the readings that were used.
        moments: their second moments.
        choice: what was chosen, and with what.
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
    truth: NDArray[np.bool_] | None
    left_out: tuple[LeftOut, ...]
    sensors: Sensors
    moments: Moments
    choice: Chosen

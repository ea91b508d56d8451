"""Whether data want a nonlinear model: held-out likelihood over time blocks, in doubt for the linear one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

MARGIN = 0.1  # nats per reading; below it the edges bend too little to be worth a network


class Preference(NamedTuple):
    """What held-out blocks say.

    Attributes:
        nonlinear: Whether the nonlinear model is to be preferred.
        gain: Nats per reading by which it predicts better, the mean over blocks.
        error: Standard error of `gain` over blocks.
    """

    nonlinear: bool
    gain: float
    error: float


def prefer(linear: ArrayLike, nonlinear: ArrayLike, margin: float = MARGIN) -> Preference:
    """Choose between two models by their held-out losses, block by block.

    The nonlinear one is preferred if its mean gain less one standard error exceeds the margin.

    Args:
        linear: `[blocks]`, mean negative log likelihood of a reading under the linear model, in nats; 2 blocks or more.
        nonlinear: the same blocks under the nonlinear model.
        margin: nats per reading, >= 0.

    Raises:
        ValueError: the blocks do not match, are fewer than two, or hold a loss that is not finite.

    Example:
        >>> prefer([1.0, 1.2, 0.9], [0.5, 0.6, 0.5]).nonlinear
        True
        >>> prefer([1.0, 1.2, 0.9], [0.99, 1.19, 0.88]).nonlinear
        False

    Reference:
        Breiman, Friedman, Olshen, Stone, Classification and regression trees, 1984 (the one-standard-error rule).
    """
    linear, nonlinear = np.asarray(linear, float), np.asarray(nonlinear, float)
    if linear.shape != nonlinear.shape or linear.ndim != 1 or len(linear) < 2:
        raise ValueError(
            f"linear, nonlinear: found shapes {linear.shape} and {nonlinear.shape}, expected [blocks >= 2]"
        )
    if not np.isfinite([linear, nonlinear]).all():
        raise ValueError("linear, nonlinear: found a loss that is not finite")
    gains = linear - nonlinear
    gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))
    return Preference(gain - error > margin, gain, error)

"""What a discovery will take, told before the work: an order of magnitude of its time, and its memory."""

from __future__ import annotations

import warnings
from typing import NamedTuple

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.room import free_memory
from jaxstable.discovery.choice import LIKELIHOODS, fits_of
from jaxstable.discovery.fits import LANES_AT_ONCE
from jaxstable.moments.passes import ROWS_AT_ONCE

BLOCKS = 100  # of time, kept for the bootstrap
LONG = 600.0  # seconds from which the user hears of it unasked
_BASE_SECONDS, _BASE_BYTES = 10.0, 0.7e9  # compiling; the interpreter with JAX
# Processor seconds on one core of a server: of the preparation, for a reading; of the fits and of the search for 100
# sensors and three lags (0, 1, 2), which grow with the third and the second power of the sensors; and of one draw
# (benchmarks/engine/scale.py).
_PREPARATION, _FITS, _SEARCH = 6e-6, 1.8, 2.2
_FIT_OF_A_DRAW, _SEARCH_OF_A_DRAW = 0.2, 0.1


class Cost(NamedTuple):
    """Seconds (an order of magnitude) and bytes (at the peak) of one discovery."""

    seconds: float
    memory: float


def estimate(n_vars: int, n_rows: int, max_lag: int, draws: int) -> Cost:
    """Return what a discovery will take.

    Args:
        n_vars: sensors, >= 2.
        n_rows: rows, >= 1.
        max_lag: largest lag to look at, >= 0.
        draws: bootstrap draws, >= 0.

    Example:
        >>> small, large = estimate(13, 3000, 2, 50), estimate(2000, 3000, 2, 50)
        >>> small.seconds < 60, large.seconds > 1_800, large.memory > 40e9
        (True, True, True)
    """
    dim = n_vars * (max_lag + 1)
    sparsities, _ = fits_of(dim * n_vars)
    lags, hundreds = (max_lag + 1) / 3, n_vars / 100
    fits, search = _FITS + _FIT_OF_A_DRAW * draws, _SEARCH + _SEARCH_OF_A_DRAW * draws
    seconds = (fits * hundreds**3 * bool(sparsities) + search * hundreds**2) * lags
    # Doubles of the moments and their inverses; floats of the blocks (collected, stacked, scaled) and of the draws.
    squares = 8 * 12 + 4 * 3 * min(BLOCKS, n_rows) * (draws > 0) + 4 * 2 * draws
    rows = 8 * 4 * min(n_rows, ROWS_AT_ONCE)
    lanes = 4 * 10 * min(LANES_AT_ONCE, len(sparsities) * max(draws, len(LIKELIHOODS))) * n_vars
    memory = _BASE_BYTES + (squares * float(dim) + rows + lanes) * dim
    return Cost(_BASE_SECONDS + _PREPARATION * n_vars * n_rows + seconds, memory)


def check_cost(n_vars: int, n_rows: int, max_lag: int, draws: int) -> Cost:
    """Return the cost; warn of a long one, and refuse one that this machine has not the memory for.

    Raises:
        DataError: More memory is needed than is free.
    """
    cost, free = estimate(n_vars, n_rows, max_lag, draws), free_memory()
    what = f"{n_vars} sensors, lags up to {max_lag} and {draws} draws"
    way_out = "fewer sensors (columns=), a smaller max_lag or fewer draws (draws=0) need less"
    if free is not None and cost.memory > free:
        raise DataError(
            f"{what} need about {cost.memory / 1e9:.0f} GB and {_duration(cost.seconds)}; "
            f"{free / 1e9:.0f} GB are free here: {way_out}"
        )
    if cost.seconds > LONG:
        warnings.warn(
            f"{what} take about {_duration(cost.seconds)} and {cost.memory / 1e9:.0f} GB on two cores; {way_out}",
            DataWarning,
            stacklevel=3,
        )
    return cost


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"

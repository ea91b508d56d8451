"""The moments of rows that come in blocks, because all of them together need not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.cost import BLOCKS
from jaxstable.discovery.usable import cleaned_of
from jaxstable.moments.combined import combined
from jaxstable.moments.lagged import Moments, lagged_moments


def with_later(
    first: Moments,
    later: Iterable[Dataset],
    n_blocks: int,
    columns: list[int],
    parts: Any,
    advance: Callable[[], None] = lambda: None,
) -> Moments:
    """Return the moments of a first block and of all later ones; one block is held at a time.

    Every block is prepared by itself, as the first one needed it, and has its own level. Those without a run of rows
    longer than the lags are left out.

    Args:
        first: moments of the first block.
        later: the other blocks, of the same variables.
        n_blocks: how many there are in all, which the blocks of the bootstrap are shared among.
        columns: the variables in use.
        parts: what the preparation did to the first block, `Cleaned.parts`.
        advance: called after every block.

    Raises:
        DataError: a variable is never read in one of the blocks.
    """
    found = [first]
    for number, block in enumerate(later, 2):
        if np.bincount(block.series).max() > first.n_lags:
            cleaned = cleaned_of(block, columns, parts)
            share = max(BLOCKS // n_blocks, 1)
            try:
                rows = cleaned.values, cleaned.mask, first.n_lags, block.series, block.environment
                found.append(lagged_moments(*rows, blocks=share))
            except ValueError as error:
                raise DataError(f"block {number} of {n_blocks}: {error}; larger blocks (rows=) may help") from error
        advance()
    return combined(found)

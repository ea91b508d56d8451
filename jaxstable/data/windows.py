"""Gather batches of windows on the device from one resident series, by start index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp


class Batch(NamedTuple):
    """Windows of one step.

    Attributes:
        values: [batch, time, variables] float32, 0 where missing or padding.
        mask: [batch, time, variables] float32, 1 where observed, 0 where missing or padding.
        weight: [batch] float32, 1 for a window, 0 for padding.
    """

    values: jax.Array
    mask: jax.Array
    weight: jax.Array


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Windows:
    """Hold a series on the device and the first row of each of its windows.

    A window is gathered when it is needed, so the series is held once, never once per window.

    Attributes:
        values: [rows, variables] float32, 0 where missing.
        mask: [rows, variables] float32, 1 where observed.
        starts: [windows] int32.
        length: steps of a window (static).

    Example:
        >>> rows = jnp.arange(12.0).reshape(6, 2)
        >>> windows = Windows(rows, jnp.ones_like(rows), jnp.array([0, 3]), length=3)
        >>> len(windows), windows.gather(jnp.array([1, -1])).values[:, :, 0].tolist()
        (2, [[6.0, 8.0, 10.0], [0.0, 0.0, 0.0]])
    """

    values: jax.Array
    mask: jax.Array
    starts: jax.Array
    length: int = field(metadata={"static": True})

    def __len__(self) -> int:
        return self.starts.shape[0]

    def gather(self, index: jax.Array) -> Batch:
        """Gather the windows of these numbers; -1 is padding, all zero.

        Args:
            index: [batch] int32, in -1..len(self) - 1.

        Returns:
            The batch; call it inside `jit`.
        """
        weight = (index >= 0).astype(self.values.dtype)
        starts = jnp.take(self.starts, jnp.maximum(index, 0), axis=0, mode="clip")
        keep = weight[:, None, None]
        return Batch(keep * self._cut(self.values, starts), keep * self._cut(self.mask, starts), weight)

    def _cut(self, rows: jax.Array, starts: jax.Array) -> jax.Array:
        def one(start: jax.Array) -> jax.Array:
            return jax.lax.dynamic_slice_in_dim(rows, start, self.length, axis=0)

        return jax.vmap(one)(starts)

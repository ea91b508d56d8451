"""Gathered windows are slices of the series, and padding is zero and weightless."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from jaxstable.data.dataset import Dataset
from jaxstable.data.split import prepare
from jaxstable.data.windows import Windows

VALUES = np.random.default_rng(0).normal(size=(120, 3))
VALUES[5::7, 1] = np.nan
READY = prepare(Dataset.from_array(VALUES, window=6))


def test_gather_equals_slices():
    windows, index = READY.train, jnp.array([4, 0, 31], dtype=jnp.int32)
    batch = jax.jit(Windows.gather)(windows, index)
    for k, number in enumerate(index):
        first = int(windows.starts[number])
        np.testing.assert_array_equal(batch.values[k], windows.values[first : first + 6])
        np.testing.assert_array_equal(batch.mask[k], windows.mask[first : first + 6])
    np.testing.assert_array_equal(batch.weight, [1, 1, 1])
    assert {leaf.dtype for leaf in batch} == {jnp.dtype("float32")}


def test_the_last_window_of_the_series_is_whole():
    windows = READY.test
    batch = windows.gather(jnp.array([len(windows) - 1]))
    np.testing.assert_array_equal(batch.values[0], windows.values[-6:])


def test_padding_is_zero():
    batch = READY.train.gather(jnp.array([-1, 3, -1]))
    np.testing.assert_array_equal(batch.weight, [0, 1, 0])
    assert not batch.values[0].any()
    assert not batch.mask[2].any()
    assert batch.mask[1].any()


def test_missing_entries_are_zero_under_the_mask():
    windows = READY.train
    batch = windows.gather(jnp.arange(len(windows)))
    assert not jnp.where(batch.mask == 0, batch.values, 0.0).any()
    assert (batch.mask == 0).any()


def test_windows_are_a_pytree_with_a_static_length():
    leaves, structure = jax.tree.flatten(READY.train)
    assert [leaf.shape for leaf in leaves] == [(120, 3), (120, 3), (len(READY.train),)]
    assert jax.tree.unflatten(structure, leaves).length == 6


def test_lanes_gather_their_own_windows():
    index = jnp.array([[0, 1], [2, -1]])
    lanes = jax.vmap(READY.train.gather)(index)
    np.testing.assert_array_equal(lanes.values[1, 0], READY.train.gather(index[1]).values[0])
    np.testing.assert_array_equal(lanes.weight, [[1, 1], [1, 0]])


def test_one_compilation_serves_every_part():
    count = 0

    @jax.jit
    def total(windows, index):
        nonlocal count
        count += 1
        return windows.gather(index).values.sum()

    for _ in range(3):
        total(READY.train, jnp.array([0, 1]))
    assert count == 1

"""A checkpoint comes back bit for bit, or it is refused; it never comes back changed."""

from __future__ import annotations

import json
from typing import NamedTuple

import jax
import numpy as np
import pytest

from jaxstable.files.checkpoint import load_checkpoint, save_checkpoint
from jaxstable.files.directory import RunDirectoryError


class Tree(NamedTuple):
    vector: np.ndarray
    nested: dict[str, np.ndarray]


META = {"epoch": 7, "seconds": 1.5, "config": {"learning_rate": 5e-4, "window": None}, "fingerprint": "añ"}


@pytest.fixture
def tree():
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], np.float32)
    vector = np.concatenate([np.arange(40, dtype=np.float32), special])
    return Tree(vector, {"count": np.int32(3), "seed": np.uint32(9)})


@pytest.fixture
def path(tmp_path, tree):
    path = tmp_path / "checkpoint.npz"
    save_checkpoint(path, tree, META)
    return path


def template(tree):
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(np.shape(leaf), leaf.dtype), tree)


def bits(tree):
    return [(leaf.dtype, leaf.shape, leaf.tobytes()) for leaf in map(np.asarray, jax.tree.leaves(tree))]


def test_round_trip_to_the_bit(path, tree):
    found, meta = load_checkpoint(path, template(tree))
    assert isinstance(found, Tree)
    assert bits(found) == bits(tree)
    assert meta == META
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_same_content_gives_the_same_bytes(path, tree, tmp_path):
    again = tmp_path / "again.npz"
    save_checkpoint(again, tree, META)
    assert again.read_bytes() == path.read_bytes()


def test_every_changed_byte_is_detected_or_harmless(path, tree):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    detected = 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.integers(8) if position % 2 else rng.integers(1, 256)
        path.write_bytes(damaged)
        try:
            found, meta = load_checkpoint(path, template(tree))
        except RunDirectoryError as error:
            assert str(path) in str(error)  # noqa: PT017 - both outcomes are right
            detected += 1
        else:
            assert bits(found) == bits(tree)
            assert meta == META
    assert detected > 0.9 * len(whole)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_truncated_file_is_refused(share, path, tree):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(RunDirectoryError, match=r"\.npz is damaged .*; restore it from a copy, or train anew"):
        load_checkpoint(path, template(tree))


@pytest.mark.parametrize("content", [b"PK", b"no archive at all", json.dumps(META).encode()])
def test_foreign_file_is_refused(content, path, tree):
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match="is damaged"):
        load_checkpoint(path, template(tree))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree._replace(vector=tree.vector[1:]), r"\.vector is float32 \(45,\), expected float32 \(44,\)"),
        (lambda tree: tree._replace(vector=np.float64(tree.vector)), "is float32 .*expected float64"),
        (lambda tree: tree._replace(nested={**tree.nested, "more": tree.vector}), r"'more'\] is nothing"),
    ],
)
def test_another_model_is_refused_by_name_and_shape(change, message, path, tree):
    with pytest.raises(RunDirectoryError, match=message):
        load_checkpoint(path, template(change(tree)))

"""Traced programs are kept: the same bits, traced once, never another program's, never a damaged file's."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.training import exported
from jaxstable.training.exported import call_kept

ROWS = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of its own for the programs, and a process that has none yet."""
    monkeypatch.delenv("JAXSTABLE_CACHE", raising=False)
    monkeypatch.setattr(exported, "_ready", {})
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    yield tmp_path / "traced"
    jax.config.update("jax_compilation_cache_dir", before)


class Traced:
    """A program that counts how often it is traced."""

    def __init__(self, power):
        self.power, self.count = power, 0

    def __call__(self, rows, scale):
        self.count += 1
        noise = jax.random.normal(jax.random.key(3), rows.shape)
        return jnp.sum(jnp.sin(rows + noise) ** self.power * scale["by"], axis=0)


def later_process(monkeypatch):
    monkeypatch.setattr(exported, "_ready", {})


def test_a_later_process_traces_nothing_and_has_the_same_bits(folder, monkeypatch):
    scale = {"by": jnp.float32(1.7)}
    program = Traced(2)
    plain = np.asarray(jax.jit(Traced(2))(ROWS, scale))
    first = np.asarray(call_kept(program, ("test", 2), ROWS, scale))
    assert program.count == 1
    assert np.array_equal(np.asarray(call_kept(program, ("test", 2), ROWS, scale)), first)
    later_process(monkeypatch)
    again = np.asarray(call_kept(program, ("test", 2), ROWS, scale))
    assert program.count == 1
    assert np.array_equal(first, plain)
    assert np.array_equal(again, plain)
    assert len(list(folder.glob("*.jaxprog"))) == 1


@pytest.mark.parametrize("what", ["key", "shape", "type", "source", "precision", "structure"])
def test_another_program_is_never_taken_for_it(folder, monkeypatch, what):
    program, rows, scale, key = Traced(2), ROWS, {"by": jnp.float32(1.7)}, ("test", 2)
    call_kept(program, key, rows, scale)
    later_process(monkeypatch)
    if what == "source":
        monkeypatch.setattr(exported, "_source", lambda: "another")
    elif what == "key":
        key = ("test", 3)
    elif what == "shape":
        rows = ROWS[:20]
    elif what == "type":
        rows = ROWS.astype(np.float16)
    elif what == "structure":
        scale = {"by": jnp.float32(1.7), "more": jnp.float32(0.0)}
    with jax.default_matmul_precision("highest" if what == "precision" else None):
        call_kept(program, key, rows, scale)
    assert program.count == 2
    assert len(list(folder.glob("*.jaxprog"))) == 2


@pytest.mark.parametrize(
    "damage", [lambda whole: b"", lambda whole: whole[:-9], lambda whole: whole[:50] + b"x" + whole[51:]]
)
def test_a_damaged_file_is_written_again(folder, monkeypatch, damage):
    program, scale = Traced(3), {"by": jnp.float32(0.5)}
    first = call_kept(program, ("test",), ROWS, scale)
    [path] = folder.glob("*.jaxprog")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    later_process(monkeypatch)
    assert np.array_equal(call_kept(program, ("test",), ROWS, scale), first)
    assert program.count == 2
    later_process(monkeypatch)
    call_kept(program, ("test",), ROWS, scale)
    assert program.count == 2  # what was written again is whole


def test_nothing_is_kept_where_nobody_wants_it(folder, monkeypatch):
    monkeypatch.setenv("JAXSTABLE_CACHE", "0")
    program, scale = Traced(1), {"by": jnp.float32(1.0)}
    assert np.asarray(call_kept(program, (), ROWS, scale)).shape == (3,)
    call_kept(program, (), ROWS, scale)
    assert program.count == 1
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_stops_nothing(folder):
    folder.write_text("a file in its place")
    assert np.asarray(call_kept(Traced(1), (), ROWS, {"by": jnp.float32(1.0)})).shape == (3,)


def test_programs_that_nobody_used_for_long_go_first(folder, monkeypatch):
    monkeypatch.setattr(exported, "MOST", 2)
    for power in (1, 2, 3):
        call_kept(Traced(power), (power,), ROWS, {"by": jnp.float32(1.0)})
    assert len(list(folder.glob("*.jaxprog"))) == 2


def test_inside_a_transformation_it_is_the_function_itself():
    double = functools.partial(call_kept, lambda x: 2.0 * jnp.sin(x), ("double",))
    assert float(jax.grad(lambda x: double(x))(jnp.float32(0.0))) == 2.0

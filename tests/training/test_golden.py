"""The reference model against figures recorded from the original PyTorch program."""

from __future__ import annotations

import functools
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.config import Config
from jaxstable.data.windows import Windows
from jaxstable.models.latent_decoder import params_from_torch
from jaxstable.models.rcgnn import RCGNN
from jaxstable.training.spec import make_hyper, make_spec
from jaxstable.training.state import init_state
from jaxstable.training.step import train_epoch

TINY = Path(__file__).resolve().parents[1] / "fixtures" / "original_tiny.npz"
CASES = ("stable", "before")
STEPS = 5  # of the first epoch: what the small fixture keeps of the recording


def read(path):
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def part(arrays, prefix):
    return {name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)}


def config_of(case):
    return (Config() if case == "stable" else Config.unstable()).replace(optimizer="adam")


def moments(values):
    """Mean and scale as the original takes them: over all entries of the windows, zeros included, unbiased."""
    flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
    return flat.mean(axis=0).astype(np.float32), (flat.std(axis=0, ddof=1) + 1e-8).astype(np.float32)


def in_units_of(case, values, mean, scale):
    return (values - mean) / scale if case == "stable" else values


def windows_of(values, mask):
    n_windows, length, n_vars = values.shape
    rows = [jnp.asarray(array.reshape(-1, n_vars), jnp.float32) for array in (values, mask)]
    return Windows(*rows, jnp.arange(n_windows, dtype=jnp.int32) * length, length)


@functools.cache
def compiled_epoch(n_vars):
    """One program for both cases: they differ in traced numbers only."""
    config = config_of("before")
    spec = make_spec(config, RCGNN("latent"), n_vars, has_truth=False)
    return spec, jax.jit(functools.partial(train_epoch, spec))


def replay(case, init, order, windows):
    """Run the recorded parameters and batches; return the figures ``[epochs, steps]`` and the last parameters."""
    spec, run = compiled_epoch(windows.values.shape[-1])
    hyper = make_hyper(config_of(case))
    state, infos = init_state(spec, hyper, params_from_torch(init)).train, []
    for rows in order:
        state, info = run(hyper, state, windows, jnp.asarray(rows), jax.random.key(0))
        infos.append(info)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *infos), state.params


def assert_agrees(info, recorded):
    assert not info.skipped.any()
    np.testing.assert_allclose(info.loss, recorded["loss"], rtol=1e-4)
    np.testing.assert_allclose(info.grad_norm, recorded["grad_norm"], rtol=1e-4)
    terms = np.stack(list(info.terms.values()), axis=-1)
    np.testing.assert_allclose(terms, recorded["components"], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_every_step_of_the_small_recording(case, shared):
    arrays = read(shared / "golden" / "small.npz")
    recorded, values = part(arrays, f"{case}."), arrays["X"]
    assert recorded["order"].max() == len(values) - 1  # every window was trained on
    windows = windows_of(in_units_of(case, values, *moments(values)), arrays["M"])
    info, params = replay(case, part(recorded, "init."), recorded["order"], windows)
    assert_agrees(info, recorded)
    final = jax.tree.leaves(params_from_torch(part(recorded, "final.")))
    np.testing.assert_allclose(params, np.concatenate([leaf.ravel() for leaf in final]), atol=2e-4)


@pytest.mark.parametrize("case", CASES)
def test_first_steps_without_the_recordings(case):
    arrays = read(TINY)
    windows = windows_of(in_units_of(case, arrays["values"], arrays["mean"], arrays["scale"]), arrays["mask"])
    info, _ = replay(case, part(arrays, "init."), arrays["order"][None], windows)
    assert_agrees(jax.tree.map(lambda leaf: leaf[0], info), part(arrays, f"{case}."))


def cut(arrays):
    """Return the first steps of the small recording, with the windows that they use."""
    order = arrays["stable.order"][0, :STEPS]
    used = np.unique(order)
    mean, scale = moments(arrays["X"])
    kept = {"values": arrays["X"][used], "mask": arrays["M"][used].astype(np.uint8), "mean": mean, "scale": scale}
    kept |= {"order": np.searchsorted(used, order).astype(np.int32)}
    kept |= {f"init.{name}": value for name, value in part(arrays, "stable.init.").items()}
    names = ("loss", "grad_norm", "components")
    return kept | {f"{case}.{name}": arrays[f"{case}.{name}"][0, :STEPS] for case in CASES for name in names}


def test_the_small_fixture_is_a_cut_of_the_recording(shared):
    arrays = read(shared / "golden" / "small.npz")
    expected, found = cut(arrays), read(TINY)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    for name, value in part(arrays, "before.init.").items():
        np.testing.assert_array_equal(found[f"init.{name}"], value, err_msg=name)

"""The plateau against torch's scheduler, recorded and live, on thousands of random sequences."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxstable.training.plateau import PlateauState, observe, scale_by_plateau

RECORDING = Path(__file__).resolve().parents[1] / "fixtures" / "plateau_torch.npz"
SETTINGS = ("learning_rate", "factor", "patience", "cooldown", "threshold", "relative", "min_lr")


@jax.jit
@jax.vmap
def scales(metrics, settings):
    """The scale after each evaluation, for one sequence and one setting, both traced."""
    numbers = dict(zip(SETTINGS, settings, strict=True))
    relative = numbers.pop("relative") > 0

    def step(state, value):
        either = [observe(state, value, relative=mode, **numbers) for mode in (True, False)]
        state = jax.tree.map(lambda a, b: jnp.where(relative, a, b), *either)
        return state, state.scale

    return jax.lax.scan(step, scale_by_plateau().init(None), metrics)[1]


def test_every_recorded_sequence_of_torch():
    with np.load(RECORDING) as file:
        recorded = {name: file[name] for name in file.files}
    assert tuple(recorded["setting_names"]) == SETTINGS
    metrics = recorded["metric_values"][recorded["metrics"][recorded["sequence"]]]
    settings = recorded["settings"][recorded["setting"]].astype(np.float32)
    expected = recorded["scale_values"][recorded["scale"]]
    assert len(metrics) >= 2000
    assert np.isnan(metrics).any()
    assert np.isinf(metrics).any()
    found = scales(metrics, settings)
    # torch's margin is only one while the best is not negative: there, and by its absolute rule, we are torch.
    below_zero = np.logical_or.accumulate(np.isneginf(metrics) | (metrics < 0), axis=1)
    same_rule = (settings[:, [SETTINGS.index("relative")]] == 0) | ~below_zero
    assert same_rule.all(axis=1).sum() >= 1000
    np.testing.assert_allclose(np.where(same_rule, found, 1.0), np.where(same_rule, expected, 1.0), rtol=1e-5)


def test_live_torch_with_many_evaluations():
    torch = pytest.importorskip("torch", reason="compares with a live torch, which is not installed")
    rng = np.random.default_rng(7)
    metrics = np.cumprod(rng.uniform(0.9, 1.09, (20, 200)), axis=1).astype(np.float32)
    metrics[rng.random(metrics.shape) < 0.02] = np.nan
    setting = dict(zip(SETTINGS, (1e-2, 0.5, 2, 1, 1e-3, 1, 1e-5), strict=True))
    for row, found in zip(metrics, scales(metrics, np.tile(np.float32([*setting.values()]), (20, 1))), strict=True):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=1e-2)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=0.5, patience=2, cooldown=1, threshold=1e-3, min_lr=1e-5
        )
        expected = []
        for value in row.tolist():
            scheduler.step(value)
            expected.append(optimizer.param_groups[0]["lr"] / 1e-2)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_updates_are_scaled_and_the_state_is_left_alone():
    transform = scale_by_plateau()
    state = transform.init(jnp.zeros(2))._replace(scale=jnp.float32(0.25))
    updates, after = transform.update({"a": jnp.ones(2), "b": jnp.float32(-4.0)}, state)
    assert updates["a"].tolist() == [0.25, 0.25]
    assert float(updates["b"]) == -1.0
    assert after == state


def test_state_keeps_its_types_so_that_a_scan_can_carry_it():
    state = scale_by_plateau().init(None)
    after = observe(state, 1.0, learning_rate=np.float64(0.1), patience=0, cooldown=2)
    assert [leaf.dtype for leaf in after] == [leaf.dtype for leaf in state]
    assert isinstance(after, PlateauState)


@pytest.mark.parametrize("level", [1.0, -1.0, 0.0])
def test_a_flat_metric_is_no_progress_whatever_its_sign(level):
    state = scale_by_plateau().init(None)
    for _ in range(20):
        state = observe(state, level, learning_rate=5e-4)
    assert float(state.scale) == 0.0625


@pytest.mark.parametrize("best", [-1.0, 1.0])
def test_the_margin_is_a_share_of_the_size_of_the_best(best):
    state = scale_by_plateau().init(None)._replace(best=jnp.float32(best))
    short, enough = (
        observe(state, best - margin, learning_rate=0.1, threshold=0.1, patience=9) for margin in (0.09, 0.11)
    )
    assert (int(short.stale), int(enough.stale)) == (1, 0)
    rising = observe(state, best + 0.05, learning_rate=0.1, threshold=0.1, patience=9)
    assert (int(rising.stale), float(rising.best)) == (1, best)

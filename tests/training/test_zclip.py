"""Spikes of the gradient's norm: found, shortened and counted; nothing of it where nobody asks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_models import linear

from jaxstable import api
from jaxstable.training.grid import static_fields
from jaxstable.training.spec import make_spec
from jaxstable.training.zclip import MEMORY, WARM_UP, clip_spikes

# Below a cap that always holds no spike would make a difference.
LOOSE = {"learning_rate": 1e-2, "clip_norm": 1e6}


def reference(norms, z_score):
    """Algorithm 1 of ZClip in float64; in the warm-up all steps count alike."""
    kept, mean, variance = [], 0.0, 0.0
    for step, norm in enumerate(norms, 1):
        z = (norm - mean) / np.sqrt(variance) if variance else 0.0
        norm = mean + z_score**2 / z * np.sqrt(variance) if step > WARM_UP and z > z_score else norm
        share = max(1.0 - MEMORY, 1.0 / step)
        before, mean = mean, mean + share * (norm - mean)
        variance += share * ((norm - before) * (norm - mean) - variance)
        kept.append(norm)
    return np.array(kept)


def clipped(norms, z_score=2.5):
    """The norms that are left of gradients of some norms, and which were spikes."""
    direction = jnp.array([0.6, -0.8])
    transform = clip_spikes(z_score)

    def step(state, norm):
        updates, state = transform.update(direction * norm, state)
        return state, (jnp.linalg.norm(updates), state.spiked)

    return jax.lax.scan(step, transform.init(direction), jnp.asarray(norms, jnp.float32))[1]


def test_norms_are_those_of_the_published_algorithm():
    norms = np.random.default_rng(0).gamma(4.0, size=200)
    norms[[10, 60, 61, 150]] *= 50.0
    found, spiked = clipped(norms)
    np.testing.assert_allclose(found, reference(norms, 2.5), rtol=1e-4)
    assert spiked[jnp.array([60, 61, 150])].all()
    assert not spiked[:WARM_UP].any()  # the spike at 10 is only looked at
    assert found[60] < norms[59:65].max()


def test_a_norm_that_is_not_finite_is_left_for_the_guard():
    _, spiked = clipped([*np.random.default_rng(0).gamma(4.0, size=40), np.inf])
    assert not spiked[-1]


@pytest.fixture(scope="module")
def spiky_run(small_config, small_dataset):
    """Every fourth step or so of this run counts as a spike."""
    config = small_config.replace(**LOOSE, clip_spikes=0.7)
    return [api.train(each, small_dataset, model=linear(), progress=False) for each in (config, config)]


def test_spikes_are_counted_in_the_record_and_runs_repeat(spiky_run):
    counts = [record["grad_spikes"] for record in spiky_run[0].history]
    assert counts[0] == 0  # an epoch has nine steps, the warm-up 25
    assert 0 < sum(counts) < 9 * len(counts)
    assert [run.history[-1]["train_loss"] for run in spiky_run[1:]] == [spiky_run[0].history[-1]["train_loss"]]


def test_without_it_nothing_is_counted_and_the_chain_is_as_before(small_config, small_dataset, spiky_run):
    plain = api.train(small_config.replace(**LOOSE), small_dataset, model=linear(), progress=False)
    assert {record["grad_spikes"] for record in plain.history} == {None}
    first = [run.history[0]["train_loss"] for run in (plain, spiky_run[0])]
    assert first[0] == first[1]
    assert plain.history[-1]["train_loss"] != spiky_run[0].history[-1]["train_loss"]


def test_lanes_with_and_without_are_programs_of_their_own(small_config):
    with_spikes = [small_config.replace(clip_spikes=value) for value in (2.0, 3.0)]
    assert static_fields(with_spikes[0]) == static_fields(with_spikes[1]) != static_fields(small_config)
    assert make_spec(with_spikes[0], linear(), 4, False) == make_spec(with_spikes[1], linear(), 4, False)

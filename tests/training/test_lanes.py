"""Lanes of one program: each is the run it would be alone, whatever its neighbours do and wherever it runs."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from toy_models import linear

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.training import devices
from jaxstable.training import lanes as lanes_module
from jaxstable.training.lanes import Lanes, compiled, stack, unstack
from jaxstable.training.loop import not_begun, run_lanes
from jaxstable.training.problem import Problem
from jaxstable.training.spec import make_hyper
from jaxstable.training.state import Status

# Lane 0 never moves and stops early, lane 2 diverges in its first epoch, the others go on for different times.
RATES = (1e-12, 2e-2, 1e6, 1e-3, 3e-1, 5e-2, 1e-1)
SHARED = Config(epochs=8, batch_size=4, thresholds=5, early_stop_patience=2)
CONFIGS = [SHARED.replace(learning_rate=rate, seed=lane) for lane, rate in enumerate(RATES)]


def chain_dataset():
    """Enough for lanes to differ; made here so that a program of its own can make it too."""
    values = np.random.default_rng(0).normal(size=(60, 4)).cumsum(axis=0)
    return Dataset.from_array(values, window=6)


@pytest.fixture(scope="module")
def problem():
    return Problem(SHARED, chain_dataset(), linear())


def train(problem, configs, n_devices=1, width=None):
    return run_lanes(problem, configs, not_begun(len(configs)), devices=jax.devices()[:n_devices], width=width)


def trace(run):
    """Everything a lane produced, to the bit."""
    history = [{name: value for name, value in record.items() if name != "epoch_time"} for record in run.history]
    params = [np.asarray(leaf).tobytes().hex() for leaf in jax.tree.leaves(run.params)]
    return json.dumps([run.status, run.threshold, history, params, run.lagged.tobytes().hex()])


@pytest.fixture(scope="module")
def alone(problem):
    """Every lane trained by itself."""
    return [train(problem, [config])[0] for config in CONFIGS]


@pytest.fixture(scope="module")
def wide(problem):
    """All lanes by `vmap`, four at a time."""
    return train(problem, CONFIGS, width=4)


def test_the_cases_cover_what_can_happen(alone):
    assert alone[2].status == "DIVERGED"
    assert {run.status for run in alone} == {"DIVERGED", "EARLY_STOPPED", "FINISHED"}
    assert len({len(run.history) for run in alone}) >= 4
    assert len({run.adjacency.tobytes() for run in alone}) == len(alone)


@pytest.mark.parametrize(("n_lanes", "n_devices"), [(7, 1), (7, 2), (5, 2), (3, 2), (2, 2)])
def test_lanes_one_at_a_time_are_single_runs_to_the_bit(n_lanes, n_devices, problem, alone):
    # Lanes stop at different epochs, so the rest is dealt anew over the devices again and again.
    together = train(problem, CONFIGS[:n_lanes], n_devices)
    assert [trace(run) for run in together] == [trace(run) for run in alone[:n_lanes]]


def test_a_single_run_takes_the_program_for_several_devices(problem):
    # On the reference model the program for one device rounds otherwise, and a lane would not be its single run.
    lanes = Lanes(problem.spec, stack([make_hyper(CONFIGS[0])]), problem.data)
    assert lanes.mesh.size == 2


def test_permuted_lanes_are_the_same_lanes(problem, alone):
    order = [4, 6, 1, 2, 0, 5, 3]
    together = train(problem, [CONFIGS[lane] for lane in order], n_devices=2)
    assert [trace(run) for run in together] == [trace(alone[lane]) for lane in order]


def test_lanes_under_vmap_are_single_runs_up_to_rounding(wide, alone):
    for run, other in zip(wide, alone, strict=True):
        assert (run.status, len(run.history)) == (other.status, len(other.history))
        if run.status != "DIVERGED":
            np.testing.assert_allclose(run.lagged, other.lagged, rtol=1e-5, atol=1e-6)
            losses = [[record["train_loss"] for record in one.history] for one in (run, other)]
            np.testing.assert_allclose(*losses, rtol=1e-5)


def test_diverging_lane_changes_no_bit_of_its_neighbours_under_vmap(problem, wide):
    calm = list(CONFIGS)
    calm[2] = calm[2].replace(learning_rate=1e-2)
    together = train(problem, calm, width=4)
    assert together[2].status != "DIVERGED"
    for lane in (0, 1, 3, 4, 5, 6):
        assert trace(together[lane]) == trace(wide[lane])


def test_new_values_compile_nothing(problem, wide):
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: events.append(event))
    changed = [config.replace(lambda_sparse=0.1, weight_decay=0.01, seed=90 + config.seed) for config in CONFIGS]
    other = train(problem, changed, width=4)
    assert [event for event in events if "backend_compile" in event] == []
    assert trace(other[1]) != trace(wide[1])
    train(problem, CONFIGS, width=2)
    assert any("backend_compile" in event for event in events)  # a new width does compile: the count counts


def test_stopped_lanes_are_compacted_away_with_one_program_for_each_bucket(problem, wide, monkeypatch):
    monkeypatch.setattr(lanes_module, "COMPILE_SECONDS", 0.0)  # so that compaction always pays
    monkeypatch.setattr(time, "perf_counter", itertools.count().__next__)  # and every epoch takes as long
    problem = Problem(SHARED.replace(thresholds=6), chain_dataset(), linear())
    lanes = Lanes(
        problem.spec,
        stack([make_hyper(config) for config in CONFIGS]),
        problem.data,
        width=8,
        devices=jax.devices()[:1],
    )
    before, buckets = compiled.cache_info().misses, []
    for epoch in range(8):
        lanes.advance(epochs_left=1000)
        buckets.append(len(lanes._slots))
        assert len(lanes._slots) <= 8
        assert compiled.cache_info().misses - before == len(set(buckets)), f"epoch {epoch}: {buckets}"
    assert sorted(set(buckets), reverse=True) == list(dict.fromkeys(buckets))  # they only shrink
    assert set(buckets) <= {1, 2, 4, 8}
    assert len(set(buckets)) >= 2
    assert lanes.status.tolist() == [Status.RUNNING if run.status == "FINISHED" else Status[run.status] for run in wide]
    vector = problem.run_of(CONFIGS[1], unstack(lanes.state, 1), wide[1].history, wide[1].status, 0.0).params
    np.testing.assert_allclose(vector["weights"], wide[1].params["weights"], rtol=1e-4, atol=1e-6)


def test_a_finished_run_is_read_out_by_two_programs(alone):
    # Operation by operation they were some twenty, a second of the first run and a tenth of every later one.
    problem = Problem(SHARED.replace(thresholds=7), chain_dataset(), linear())
    lanes = Lanes(problem.spec, stack([make_hyper(CONFIGS[0])]), problem.data)
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: events.append(event))
    problem.run_of(CONFIGS[0], unstack(lanes.state, 0), alone[0].history, "FINISHED", 0.0)
    assert sum("backend_compile" in event for event in events) <= 3  # the held-out loss, and one to bring numbers there


def test_a_chunk_is_no_wider_than_the_lanes_of_a_device(problem, monkeypatch):
    widths = []
    monkeypatch.setattr(lanes_module, "compiled", lambda *args: widths.append(args[2]) or compiled(*args))
    train(problem, CONFIGS[:3], n_devices=2, width=64)
    assert set(widths) <= {1, 2}


@pytest.mark.parametrize("cause", ["estimate", "allocation"])
def test_out_of_memory_halves_the_chunk_and_loses_nothing(cause, problem, alone, monkeypatch, caplog):
    """The estimate refuses a chunk of more than two lanes before it runs, or the device fails in the third epoch."""
    tried, epochs = [], itertools.count()

    def limited(spec, mesh, width, evaluated, signature):
        program = compiled(spec, mesh, width, evaluated, signature)
        tried.append(width)
        if cause == "estimate" or width <= 2 or next(epochs) < 2:
            return program

        def fail(*arguments):
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")

        fail.memory_analysis = program.memory_analysis
        return fail

    monkeypatch.setattr(lanes_module, "compiled", limited)
    if cause == "estimate":
        monkeypatch.setattr(lanes_module, "_free_bytes", lambda device: 1.0)
        monkeypatch.setattr(lanes_module, "_bytes_of", lambda program: float(tried[-1] > 2) * 2)
    with caplog.at_level("WARNING", logger="jaxstable"):
        runs = train(problem, CONFIGS, width=8)
    assert tried[-1] == 2
    assert sorted(set(tried), reverse=True) == [8, 4, 2]
    assert caplog.text.count("lanes at a time from here on") == 2
    for run, other in zip(runs, alone, strict=True):
        assert (run.status, len(run.history)) == (other.status, len(other.history))
        if run.status != "DIVERGED":
            np.testing.assert_allclose(run.lagged, other.lagged, rtol=1e-5, atol=1e-6)


def test_an_error_that_is_not_of_memory_is_not_tried_again(problem, monkeypatch):
    def broken(*arguments):
        def fail(*arguments):
            raise jax.errors.JaxRuntimeError("INTERNAL: something else")

        fail.memory_analysis = lambda: None
        return fail

    monkeypatch.setattr(lanes_module, "compiled", broken)
    with pytest.raises(jax.errors.JaxRuntimeError, match="something else"):
        train(problem, CONFIGS, width=8)


def test_cores_are_counted_on_systems_without_affinity(monkeypatch):
    asked = {}
    for name in ("JAX_NUM_CPU_DEVICES", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jax.config, "update", asked.__setitem__)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    monkeypatch.setenv("JAXSTABLE_CACHE", "0")
    devices.prepare_jax()
    assert asked == {"jax_num_cpu_devices": 7}


def test_frozen_lanes_stand_still(problem):
    lanes = Lanes(problem.spec, stack([make_hyper(config) for config in CONFIGS]), problem.data, width=4)
    first = lanes.advance()
    assert first.active.all()
    assert lanes.status[2] == Status.DIVERGED
    before = lanes.state
    second = lanes.advance()
    assert second.active.tolist() == [True, True, False, True, True, True, True]
    assert second.status[2] == Status.DIVERGED
    for lane in range(len(CONFIGS)):
        pairs = zip(jax.tree.leaves(unstack(before, lane)), jax.tree.leaves(unstack(lanes.state, lane)), strict=True)
        stood_still = all(np.array_equal(old, new) for old, new in pairs)
        assert stood_still == (lane == 2)


def test_lanes_go_on_from_a_saved_state(problem, alone):
    begun = Lanes(problem.spec, stack([make_hyper(config) for config in CONFIGS]), problem.data)
    for _ in range(3):
        begun.advance()
    again = Lanes(problem.spec, begun.hyper, problem.data, state=begun.state, devices=jax.devices()[:1])
    for epoch in range(3, 8):
        again.advance(epochs_left=7 - epoch)
    for lane, run in enumerate(alone):
        assert int(again.state.epoch[lane]) == len(run.history)
        found = problem.run_of(CONFIGS[lane], unstack(again.state, lane), run.history, run.status, 0.0)
        assert trace(found) == trace(run)


EIGHT_DEVICES = """
import jax, test_lanes as tests
assert len(jax.devices()) == 8
problem = tests.Problem(tests.SHARED, tests.chain_dataset(), tests.linear())
for run in tests.train(problem, tests.CONFIGS, n_devices=8):
    print(tests.trace(run))
"""


def test_eight_devices_give_the_same_bits(alone):
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "JAX_NUM_CPU_DEVICES": "8", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", EIGHT_DEVICES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [trace(run) for run in alone]

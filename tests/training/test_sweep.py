"""A sweep's lanes are the single runs; groups, table, kills and resumes change nothing in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest
from toy_models import fit, linear

from jaxstable.config import ConfigError
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.table import by_lane, read_lane_log, read_table
from jaxstable.training import sweep as sweeping
from jaxstable.training.grid import expand
from jaxstable.training.interruption import Interrupted
from jaxstable.training.lanes import compiled
from jaxstable.training.sweep import grouped, sweep_lanes

GRID = {"lambda_sparse": [1e-4, 1e-2], "learning_rate": [1e-3, 1e6], "seed": [3, 4]}


def timeless(history):
    return [{key: value for key, value in record.items() if key != "epoch_time"} for record in history]


def same(run, other):
    return (
        timeless(run.history) == timeless(other.history)
        and run.status == other.status
        and run.threshold == other.threshold
        and np.array_equal(run.lagged, other.lagged)
    )


@pytest.fixture
def configs(small_config):
    return expand(small_config, GRID)


@pytest.fixture(scope="module")
def whole(small_config, small_dataset, tmp_path_factory):
    """The sweep that nothing disturbs, and its directory."""
    directory = tmp_path_factory.mktemp("whole")
    return sweep_lanes(expand(small_config, GRID), small_dataset, model=linear(), run_dir=directory), directory


def test_a_lane_is_the_single_run_bit_for_bit(whole, configs, small_dataset):
    runs, _ = whole
    for lane in (0, 3, 5):
        assert same(runs[lane], fit(configs[lane], small_dataset, model=linear()))
    statuses = [run.status for run in runs]
    assert [status == "DIVERGED" for status in statuses] == [config.learning_rate == 1e6 for config in configs]


def test_one_group_for_each_program_and_lanes_in_their_own_order(small_config, small_dataset):
    configs = expand(small_config.replace(epochs=2), {"seed": [1, 2], "batch_size": [4, 5], "lambda_recon": [1.0, 2.0]})
    groups = grouped(configs, small_dataset, linear())
    assert [group.lanes for group in groups] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    seen = []
    runs = sweep_lanes(configs, small_dataset, model=linear(), on_epoch=lambda records: seen.append(sorted(records)))
    assert seen == [[0, 1, 4, 5]] * 2 + [[2, 3, 6, 7]] * 2
    assert [run.config for run in runs] == configs
    assert same(runs[6], fit(configs[6], small_dataset, model=linear()))


def test_one_compilation_for_each_group_and_none_for_new_values(small_config, small_dataset):
    config = small_config.replace(epochs=2, thresholds=8)  # of no other test, so that nothing is compiled yet
    events = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: events.append(event))
    for lambdas, compilations in (([1e-4, 1e-2], 2), ([0.3, 0.4], 0)):
        programs = compiled.cache_info().misses
        events.clear()
        values = {"lambda_sparse": lambdas, "learning_rate": lambdas, "seed": [8, 9]}
        configs = expand(config, {"batch_size": [4, 5], **values})
        assert len(sweep_lanes(configs, small_dataset, model=linear())) == 16
        assert compiled.cache_info().misses - programs == compilations
        # Initialising a group's lanes is a small program of its own; beside these, nothing depends on values.
        assert sum("backend_compile" in event for event in events) >= compilations
    assert not any("backend_compile" in event for event in events)


def test_log_and_table_hold_every_lane_once(whole, configs):
    runs, directory = whole
    rows = read_table(directory / "lanes.json")
    assert [row["lane"] for row in rows] == list(range(len(configs)))
    assert [row["status"] for row in rows] == [run.status for run in runs]
    assert [row["lambda_sparse"] for row in rows] == [config.lambda_sparse for config in configs]
    records = read_lane_log(directory / "lanes_log.json")
    assert len({(record["lane"], record["epoch"]) for record in records}) == len(records)
    assert by_lane(records, len(configs)) == [run.history for run in runs]


def test_the_table_grows_as_lanes_end(configs, small_dataset, tmp_path):
    sizes = []

    def look(records):
        sizes.append(len(read_table(tmp_path / "lanes.json")))

    sweep_lanes(configs, small_dataset, model=linear(), run_dir=tmp_path, on_epoch=look)
    # The lanes with the absurd learning rate end in the first epochs, the others at the last.
    assert sizes[0] <= 4
    assert sizes[-1] >= 4
    assert sizes == sorted(sizes)
    assert len(read_table(tmp_path / "lanes.json")) == 8


@pytest.mark.parametrize("after", [1, 3])
def test_interrupted_and_resumed_equals_undisturbed(whole, configs, small_dataset, tmp_path, after, monkeypatch):
    calls = []

    def stop(records):
        calls.append(records)
        if len(calls) == after:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Interrupted, match="of 8 lanes done") as caught:
        sweep_lanes(configs, small_dataset, model=linear(), run_dir=tmp_path, on_epoch=stop)
    assert caught.value.signum == signal.SIGTERM
    assert [run.config for run in caught.value.result] == configs
    assert {run.status for run in caught.value.result} == {"INTERRUPTED", "DIVERGED"}
    begun = {}
    runs = sweep_lanes(configs, small_dataset, model=linear(), run_dir=tmp_path, resume=True, on_begin=begun.update)
    assert [len(history) for history in begun.values()] == [len(run.history) for run in caught.value.result]
    assert all(same(run, other) for run, other in zip(runs, whole[0], strict=True))
    assert read_table(tmp_path / "lanes.json") == read_table(whole[1] / "lanes.json")


def test_groups_that_had_not_begun_come_back_empty(small_config, small_dataset):
    configs = expand(small_config, {"batch_size": [4, 5]})

    def stop(records):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="0 of 2 lanes done: not saved") as caught:
        sweep_lanes(configs, small_dataset, model=linear(), on_epoch=stop)
    begun, blank = caught.value.result
    assert (len(begun.history), begun.status) == (1, "INTERRUPTED")
    assert (blank.history, blank.status, blank.config) == ([], "INTERRUPTED", configs[1])
    assert blank.lagged.shape == begun.lagged.shape
    assert not blank.adjacency.any()


def test_a_signal_in_the_last_epoch_takes_nothing_away_and_is_obeyed(small_config, small_dataset, tmp_path):
    def stop(records):
        if records[0]["epoch"] == small_config.epochs:
            os.kill(os.getpid(), signal.SIGTERM)

    kept = []
    with pytest.raises(Interrupted, match=r"1 of 1 lanes done: saved in .*; nothing is left to train") as caught:
        sweep_lanes([small_config], small_dataset, model=linear(), run_dir=tmp_path, on_epoch=stop, keep=kept.extend)
    [run] = caught.value.result
    assert (run.status, len(run.history), kept) == ("FINISHED", small_config.epochs, [run])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": -1}, "width: found -1, expected a whole number"),
        ({"width": 0}, "width: found 0"),
        ({"width": 1.5}, "width: found 1.5"),
        ({"devices": "cpu"}, r"devices: found 'cpu', expected JAX devices, such as jax.devices\('cpu'\)"),
        ({"devices": []}, r"devices: found \[\]"),
        ({"model": "svar"}, r"model: found 'svar', expected a Model.*Config\(model='svar'\)"),
    ],
)
def test_what_is_no_width_device_or_model_is_refused(options, message, small_config, small_dataset, tmp_path):
    with pytest.raises(ConfigError, match=message):
        sweep_lanes([small_config], small_dataset, run_dir=tmp_path / "sweep", **options)
    assert not (tmp_path / "sweep").exists()


def test_resuming_a_finished_sweep_trains_nothing(whole, configs, small_dataset):
    runs, directory = whole
    before = (directory / "lanes.json").read_bytes(), (directory / "lanes_log.json").read_bytes()
    again = sweep_lanes(configs, small_dataset, model=linear(), run_dir=directory, resume=True, on_epoch=pytest.fail)
    assert all(same(run, other) for run, other in zip(runs, again, strict=True))
    assert before == ((directory / "lanes.json").read_bytes(), (directory / "lanes_log.json").read_bytes())


def test_resume_refuses_another_sweep_and_keeps_its_files(whole, configs, small_dataset, unlabelled_dataset):
    _, directory = whole
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    cases = [(configs[:-1], small_dataset, "lanes"), (configs, small_dataset.with_window(7), "data")]
    for lanes, dataset, what in cases:
        with pytest.raises(RunDirectoryError, match=f"holds a sweep of other {what}"):
            sweep_lanes(lanes, dataset, model=linear(), run_dir=directory, resume=True)
    with pytest.raises(RunDirectoryError, match="holds a sweep, not a single run"):
        fit(configs[0], small_dataset, model=linear(), run_dir=directory, resume=True)
    assert before == {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_sweep_is_not_resumed_over_a_single_run(small_config, small_dataset, tmp_path):
    fit(small_config.replace(epochs=1), small_dataset, model=linear(), run_dir=tmp_path)
    with pytest.raises(RunDirectoryError, match="holds a single run"):
        sweep_lanes([small_config], small_dataset, model=linear(), run_dir=tmp_path, resume=True)


def test_an_earlier_sweep_is_moved_aside(small_config, small_dataset, tmp_path):
    for _ in range(2):
        config = small_config.replace(epochs=1)
        sweep_lanes([config], small_dataset, model=linear(), run_dir=tmp_path / "sweep")
    assert (tmp_path / "sweep-1" / "lanes_log.json").read_bytes()
    assert len(read_lane_log(tmp_path / "sweep" / "lanes_log.json")) == 1


PROGRAM = """
import sys, warnings
sys.path[:0] = {path!r}
from conftest import small_values
from toy_models import linear
from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.training import loop
from jaxstable.training.grid import expand
from jaxstable.training.sweep import sweep_lanes
import numpy as np, time
loop.CHECKPOINT_SECONDS = 0.02
data = Dataset.from_array(small_values(), truth=np.eye(4, k=1), window=6)
grid = {{"lambda_sparse": [1e-4, 1e-2], "learning_rate": [1e-3, 1e6], "batch_size": [4, 5], "seed": [3, 4]}}
configs = expand(Config(epochs=40, batch_size=4, thresholds=5, early_stop_patience=25), grid)
def slowly(records):
    print("epoch", flush=True)
    time.sleep(0.02)
sweep_lanes(configs, data, model=linear(), run_dir={directory!r}, resume=True, on_epoch=slowly)
print("done", flush=True)
"""


def start(directory):
    program = PROGRAM.format(
        path=[os.path.dirname(__file__), os.path.dirname(os.path.dirname(__file__)), *sys.path],
        directory=str(directory),
    )
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_at_any_moment_no_lane_is_lost_or_doubled(tmp_path):
    """SIGKILL in flight, several times over; the table of the survivor equals the undisturbed one byte for byte."""
    assert start(tmp_path / "whole").communicate(timeout=200)[0].endswith("done\n")
    rng = np.random.default_rng(0)
    kills = 0
    for _ in range(30):
        with start(tmp_path / "killed") as process:
            assert process.stdout is not None
            lived = [process.stdout.readline() for _ in range(int(rng.integers(1, 25)))]
            time.sleep(rng.uniform(0, 0.03))
            process.kill()
            finished = "done\n" in lived or "done\n" in process.stdout.read()
        kills += not finished
        if finished:
            break
    assert finished
    assert kills >= 3
    tables = [(tmp_path / name / "lanes.json").read_bytes() for name in ("whole", "killed")]
    assert tables[0] == tables[1]
    assert len(tables[0].splitlines()) == 16
    logs = [
        timeless(map(json.loads, (tmp_path / name / "lanes_log.json").read_text().splitlines()))
        for name in ("whole", "killed")
    ]
    assert logs[0] == logs[1]


def test_groups_are_made_once(monkeypatch, small_config, small_dataset):
    made = []
    problem = sweeping.Problem
    monkeypatch.setattr(sweeping, "Problem", lambda *args: made.append(args[0]) or problem(*args))
    configs = expand(small_config, {"seed": range(4), "plateau_patience": [2, 3]})
    groups = grouped(configs, small_dataset, linear())
    assert len(made) == len(groups) == 2

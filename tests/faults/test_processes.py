"""Many sensors, threads, processes, strict interpreters, poor consoles: the same bits, or one clear line."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery import cost

RECORD = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "discover_speed.json"
PROGRAM = """
import sys
import numpy as np
import jaxstable as js

rng = np.random.default_rng(0)
values = rng.normal(size=(200, 3))
values[1:, 1] += values[:-1, 0]
data = js.Dataset.from_array(values, window=8)
"""
TRAIN = PROGRAM + "print(js.train(js.Config(epochs=2), data, progress=False).lagged.tobytes().hex())"


def small(seed: int = 0) -> js.Dataset:
    values = np.random.default_rng(0).normal(size=(200, 3))
    values[1:, 1] += values[:-1, 0]
    return js.Dataset.from_array(values, window=8)


def lagged(seed: int) -> bytes:
    return js.train(js.Config(epochs=2, seed=seed), small(), progress=False).lagged.tobytes()


@pytest.fixture(scope="module")
def alone() -> list[bytes]:
    """The weights of runs with seeds 0 to 2, one after the other."""
    return [lagged(seed) for seed in range(3)]


def python(code: str, *flags: str, timeout: float = 240, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, **environment},
    )


@pytest.mark.fault(48)
def test_threads_train_what_one_thread_trains(alone):
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lagged, range(3))) == alone


@pytest.mark.fault(48)
@pytest.mark.slow
def test_spawned_processes_train_what_this_one_trains(alone):
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(lagged, range(3))) == alone


@pytest.mark.fault(48)
def test_a_fork_after_jax_has_run_is_refused_and_does_not_hang():
    code = (
        PROGRAM
        + """
import os
js.train(js.Config(epochs=1), data, progress=False)
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
try:
    js.train(js.Config(epochs=1), data, progress=False)
except RuntimeError as error:
    print(error, flush=True)
    os._exit(7)
os._exit(0)
"""
    )
    done = python(code)
    assert done.returncode == 7, done.stderr
    assert "spawn" in done.stdout
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.fault(48)
def test_a_program_that_treats_warnings_as_errors_runs(alone):
    done = python(TRAIN, "-W", "error")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.fault(48)
def test_a_notebook_shows_progress_without_a_terminal_and_runs_inside_its_event_loop():
    code = """
import asyncio, types
sys.modules["ipykernel"] = types.ModuleType("ipykernel")
async def cell():
    return js.train(js.Config(epochs=2), data)
print(asyncio.run(cell()).status)
"""
    done = python(PROGRAM + code)
    assert done.returncode == 0, done.stderr
    assert "Epoch" in done.stderr
    assert done.stdout == "FINISHED\n"


@pytest.mark.fault(48)
@pytest.mark.slow
@pytest.mark.parametrize("model", ["svar", "svar_equal", "rcgnn_graph", "rcgnn_latent"])
def test_every_model_trains_and_resumes_in_double_precision(tmp_path, model):
    code = (
        PROGRAM
        + f"""
config = js.Config.for_model({model!r}, epochs=2, batch_size=32)
first = js.train(config, data, run_dir={str(tmp_path / "run")!r}, progress=False)
whole = js.train(config.replace(epochs=4), data, run_dir={str(tmp_path / "whole")!r}, progress=False)
again = js.train(config.replace(epochs=4), data, run_dir={str(tmp_path / "run")!r}, resume=True, progress=False)
print(first.status, np.isfinite(again.lagged).all(), np.isfinite(again.history[-1]["train_loss"]), len(again.history))
"""
    )
    done = python(code, JAX_ENABLE_X64="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["FINISHED", "True", "True", "4"]


@pytest.mark.fault(48)
@pytest.mark.slow
def test_a_hunt_for_nans_and_infinities_disturbs_no_model_and_changes_no_bit(alone):
    """What JAX_DEBUG_NANS would stop at is meant: NaN where no true graph is known, an infinite first best score."""
    code = (
        PROGRAM
        + """
for model in ("svar", "svar_equal", "rcgnn_graph", "rcgnn_latent"):
    run = js.train(js.Config.for_model(model, epochs=2, batch_size=32), data, progress=False)
    assert run.status == "FINISHED" and run.history[-1]["val_f1"] is None
print(js.train(js.Config(epochs=2, seed=0), data, progress=False).lagged.tobytes().hex())
"""
    )
    done = python(code, JAX_DEBUG_NANS="1", JAX_DEBUG_INFS="1")
    assert done.returncode == 0, done.stderr
    assert bytes.fromhex(done.stdout.split()[-1]) == alone[0]


@pytest.fixture(scope="module")
def arrows(tmp_path_factory):
    """A file with an arrow, an umlaut and a snowman among its column names."""
    path = tmp_path_factory.mktemp("data") / "arrows.csv"
    header = "a\u2192b,gr\u00f6\u00dfe,\u2603"
    rows = "\n".join(",".join(f"{cell:.4f}" for cell in row) for row in small().values)
    path.write_text(f"{header}\n{rows}\n", encoding="utf-8")
    return path


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[bytes]:
    words = [sys.executable, "-m", "jaxstable", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, timeout=240, env={**os.environ, **environment})


COMMANDS = [
    ["train", "--window", "8", "--epochs", "2"],
    ["sweep", "--window", "8", "--epochs", "2", "--seed", "0,1"],
    ["discover", "--draws", "0"],
]
ASCII = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    "arguments",
    COMMANDS,
    ids=lambda words: words[0],
)
def test_an_ascii_console_shows_every_name_somehow(tmp_path, arrows, arguments):
    done = command(arguments[0], arrows, "--run-dir", tmp_path / "run", *arguments[1:], **ASCII)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    (done.stdout + done.stderr).decode("ascii")


@pytest.mark.fault(48)
@pytest.mark.parametrize(
    "arguments",
    COMMANDS,
    ids=lambda words: words[0],
)
def test_a_reader_that_leaves_does_not_cost_the_run(tmp_path, arrows, arguments):
    run_dir = tmp_path / "run"
    words = [sys.executable, "-m", "jaxstable", arguments[0], str(arrows), *arguments[1:]]
    end, pipe = os.pipe()
    os.close(end)  # nobody reads
    try:
        done = subprocess.run([*words, "--run-dir", str(run_dir)], stdout=pipe, stderr=subprocess.PIPE, timeout=240)
    finally:
        os.close(pipe)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert js.load(run_dir) is not None


@pytest.mark.fault(48)
@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"], ["train", "--no-such"]])
def test_a_reader_that_leaves_does_not_cost_the_help_its_exit_code(words):
    end, pipe = os.pipe()
    os.close(end)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "jaxstable", *words], stdout=pipe, stderr=subprocess.PIPE, timeout=60
        )
    finally:
        os.close(pipe)
    assert done.returncode == (2 if "--no-such" in words else 0)
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


@pytest.mark.fault(48)
def test_json_for_a_machine_is_ascii_or_utf8_and_nothing_else(tmp_path, arrows):
    done = command("discover", arrows, "--draws", "0", "--json", "--run-dir", tmp_path / "run", **ASCII)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["run_dir"] == str(tmp_path / "run")


@pytest.mark.fault(19)
def test_two_thousand_sensors_are_told_what_they_need_before_the_work(monkeypatch):
    wide = js.Dataset.from_array(np.random.default_rng(0).normal(size=(300, 2000)), window=8)
    monkeypatch.setattr(cost, "free_memory", lambda: 16e9)
    started = time.process_time()
    with pytest.raises(js.DataError, match=r"2000 sensors.* need about \d+ GB and \d+ (minutes|hours); 16 GB are free"):
        js.discover(wide, progress=False)
    assert time.process_time() - started < 5


@pytest.mark.fault(19)
def test_a_long_discovery_is_told_before_the_work_and_the_way_out_with_it(monkeypatch):
    monkeypatch.setattr(cost, "free_memory", lambda: 1e15)
    with pytest.warns(js.DataWarning, match=r"500 sensors.* take about \d+ (minutes|hours) .*max_lag.*draws=0"):
        told = cost.check_cost(n_vars=500, n_rows=3000, max_lag=2, draws=50)
    assert told.seconds > 1200
    assert cost.check_cost(n_vars=13, n_rows=3000, max_lag=2, draws=50).seconds < 60  # and no warning


@pytest.mark.fault(19)
def test_memory_that_a_system_does_not_tell_refuses_nothing(monkeypatch):
    monkeypatch.setattr(cost, "free_memory", lambda: None)
    with pytest.warns(js.DataWarning):
        cost.check_cost(n_vars=2000, n_rows=3000, max_lag=2, draws=50)


@pytest.mark.fault(19)
def test_the_estimate_of_memory_holds_what_was_measured():
    assert cost.free_memory() > 1e8
    for case in ("small, second call", "large, first call"):
        measured = json.loads(RECORD.read_text())["calls"][case]["peak_memory_mb"] * 1e6
        n_vars, n_rows = (13, 3000) if case.startswith("small") else (100, 5000)
        assert 0.5 < cost.estimate(n_vars, n_rows, 2, 50).memory / measured < 2

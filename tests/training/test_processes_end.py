"""Processes that train together end together: a signal, an error or a refusal of one keeps no other waiting."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import numpy as np
import pytest
from test_distributed import dataset, free_port, lanes

from jaxstable import api
from jaxstable.results.loading import load
from jaxstable.training import board, distributed
from jaxstable.training.interruption import Interrupted

START = """
import json, os, signal, sys, time
import numpy as np
import jaxstable as js
directory, port, process = sys.argv[1], sys.argv[2], int(sys.argv[3])
js.distributed.start(f"localhost:{port}", 2, process)
import test_distributed as cases
from jaxstable.training import board
board.GLANCE = 0.05
configs = [config.replace(epochs=400, early_stop_patience=400) for config in cases.lanes()]

def go(configs=configs, **more):
    return js.sweep(None, cases.dataset(), configs, run_dir=directory, progress=False, **more)

def tell(**what):
    print(json.dumps(what), flush=True)
"""
SIGNALLED = """
def slowly(records):
    time.sleep(0.02)
    if process == 1 and 3 in {record["epoch"] for record in records.values()}:
        os.kill(os.getpid(), signal.SIGTERM)
try:
    go(on_epoch=slowly)
except js.Interrupted as stop:
    tell(signum=stop.signum, lanes=[run.config == config for run, config in zip(stop.result.runs, configs)],
         epochs=[len(run.history) for run in stop.result.runs], message=str(stop))
"""
FAILING = """
def fail(records):
    time.sleep(0.02)
    if process == 1 and 3 in {record["epoch"] for record in records.values()}:
        raise ZeroDivisionError("no such sensor")
try:
    go(on_epoch=fail)
except Exception as error:
    tell(kind=type(error).__name__, message=str(error))
"""
REFUSED = """
if process == 0:
    os.makedirs(directory, exist_ok=True)
    open(os.path.join(directory, "config.json"), "w").write('{"mine": 1}')
try:
    go()
except Exception as error:
    tell(kind=type(error).__name__, message=str(error))
"""
SEARCH = """
more = {"rounds": 2, "lanes": 3, "run_dir": directory, "progress": False}
found = js.search(configs[0].replace(epochs=2), cases.dataset(), {"lambda_sparse": (1e-5, 1e-1)}, **more)
again = js.search(configs[0].replace(epochs=2), cases.dataset(), {"lambda_sparse": (1e-5, 1e-1)}, resume=True, **more)
tell(points=[run.config.lambda_sparse for run in found.runs],
     losses=[run.history[-1]["train_loss"] for run in found.runs],
     same=[run.history for run in again.runs] == [run.history for run in found.runs])
"""


def two_processes(program, directory, request):
    """What each of two processes tells in its last line, and the seconds until both have ended."""
    command = [sys.executable, "-c", START + program, str(directory), str(free_port())]
    started = time.monotonic()
    processes = [
        subprocess.Popen(
            [*command, str(number)],
            cwd=request.path.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    told = []
    try:
        for process in processes:
            out, errors = process.communicate(timeout=120)
            assert process.returncode == 0, errors
            told.append(json.loads(out.splitlines()[-1]))
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return told, time.monotonic() - started


@pytest.mark.slow
def test_a_signal_to_one_ends_both_with_every_lane_in_its_place(tmp_path, request):
    told, _ = two_processes(SIGNALLED, tmp_path / "sweep", request)
    for process in told:
        assert process["signum"] == 15
        assert process["lanes"] == [True] * 5
        assert "interrupted with 0 of 5 lanes done: saved in" in process["message"]
    assert told[0]["epochs"] == told[1]["epochs"]
    assert all(0 < epochs < 400 for epochs in told[0]["epochs"][:2])
    kept = load(tmp_path / "sweep")
    assert [len(run.history) for run in kept.runs] == told[0]["epochs"]


@pytest.mark.slow
def test_an_error_in_one_ends_the_other_with_its_name(tmp_path, request):
    told, _ = two_processes(FAILING, tmp_path / "sweep", request)
    assert told[1] == {"kind": "ZeroDivisionError", "message": "no such sensor"}
    assert told[0]["kind"] == "RuntimeError"
    assert "process 1 failed (ZeroDivisionError: no such sensor)" in told[0]["message"]
    assert (tmp_path / "sweep" / "process-0" / "checkpoint-0.npz").is_file()


@pytest.mark.slow
def test_a_directory_that_is_refused_ends_both_before_the_work(tmp_path, request):
    told, _ = two_processes(REFUSED, tmp_path / "sweep", request)
    assert told[0]["kind"] == "RunDirectoryError"
    assert told[1]["kind"] == "RuntimeError"
    assert "process 0 failed (RunDirectoryError" in told[1]["message"]
    assert [path.name for path in (tmp_path / "sweep").iterdir() if path.name != ".lock"] == ["config.json"]


@pytest.mark.slow
def test_a_search_of_two_processes_is_the_search_of_one(tmp_path, request):
    told, _ = two_processes(SEARCH, tmp_path / "search", request)
    assert told[0] == told[1]
    assert told[0]["same"]
    config = lanes()[0].replace(epochs=2, early_stop_patience=400)
    alone = api.search(config, dataset(), {"lambda_sparse": (1e-5, 1e-1)}, rounds=2, lanes=3, progress=False)
    np.testing.assert_allclose(told[0]["points"], [run.config.lambda_sparse for run in alone.runs], rtol=1e-6)
    np.testing.assert_allclose(told[0]["losses"], [run.history[-1]["train_loss"] for run in alone.runs], rtol=1e-4)
    assert [run.config.lambda_sparse for run in load(tmp_path / "search").runs] == told[0]["points"]


class Service:
    """The board's keeper, without a network."""

    def __init__(self):
        self.said = {}

    def key_value_set(self, key, word, allow_overwrite):
        self.said[key] = word

    def key_value_dir_get(self, folder):
        return [(key, word) for key, word in self.said.items() if key.startswith(folder)]


@pytest.fixture
def silent(monkeypatch):
    """A board on which process 1 says nothing unless a test does it."""
    there = board.Board()
    there.client = Service()
    monkeypatch.setattr(board, "PATIENCE", 0.3)
    monkeypatch.setattr(board, "GLANCE", 0.0)
    return there


def test_a_silent_process_is_given_up(silent):
    silent.post("outcome", board.DONE)
    with pytest.raises(RuntimeError, match="process 1 has not said a word for 0 s"):
        silent.wait("outcome", range(2))


def test_what_one_process_says_stops_the_other_for_good(silent):
    assert silent.stopped() is None
    silent.client.said[f"{silent.name}/outcome/1"] = "interrupted 2"
    assert silent.stopped() == 2
    silent.client.said.clear()
    assert silent.stopped() == 2


def test_an_error_is_told_once(silent):
    with pytest.raises(ZeroDivisionError), silent.told():
        raise ZeroDivisionError("x" * 2000)
    assert silent.words("outcome")[0].startswith("failed (ZeroDivisionError: xxx")
    assert len(silent.words("outcome")[0]) < 600
    silent.post("outcome", board.DONE)
    with pytest.raises(Interrupted), silent.told():
        raise Interrupted("stop", 15)
    assert silent.words("outcome") == {0: board.DONE}


def test_one_process_takes_its_own_directory(tmp_path):
    with distributed.taken_by_first(tmp_path / "run", "round-*", resume=False) as place:
        assert place == tmp_path / "run"
        assert distributed.is_first()
    with distributed.taken_by_first(None, "round-*", resume=False) as place:
        assert place is None

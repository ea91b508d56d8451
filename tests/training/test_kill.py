"""A run killed at any moment resumes to the same bytes as one that was never killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_resume import contents
from toy_models import linear

from jaxstable import api
from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.files.runfiles import RunFiles

CONFIG = Config(epochs=60, batch_size=4, thresholds=5, early_stop_patience=60)
KILLS = 3

# A checkpoint after every epoch, so that a kill often falls into the writing of one.
SLOW_PROGRAM = """
import sys, time, test_kill as tests
from jaxstable.training import loop, progress
progress.Progress.epoch = lambda self, record: time.sleep(0.01)
loop.CHECKPOINT_SECONDS = 0.0
tests.train(sys.argv[1])
"""


def train(directory):
    values = np.random.default_rng(0).normal(size=(60, 4)).cumsum(axis=0)
    return api.train(CONFIG, Dataset.from_array(values, window=6), run_dir=directory, resume=True, model=linear())


def start(directory):
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.Popen([sys.executable, "-c", SLOW_PROGRAM, str(directory)], env=environment)


def lines(log):
    return log.read_bytes().count(b"\n") if log.is_file() else 0


@pytest.mark.slow
def test_killed_run_ends_in_the_same_bytes(tmp_path):
    rng = random.Random(os.getpid())  # another moment every time; what fails here is reported with its epoch
    log, reached = tmp_path / "killed" / "training_log_stable.json", []
    for _ in range(KILLS):
        program = start(tmp_path / "killed")
        try:
            wanted, deadline = lines(log) + rng.randint(1, 12), time.monotonic() + 120
            while lines(log) < wanted:
                assert program.poll() is None, f"ended by itself after {reached}"
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(rng.uniform(0, 0.02))
        finally:
            program.kill()
            program.wait()
        reached.append(lines(log))
    assert 0 < reached[0] < reached[-1] < CONFIG.epochs, reached

    # The lock of a dead program holds nobody up.
    with RunFiles(tmp_path / "killed", {"lanes": [CONFIG.to_dict()]}, single=True, resume=True) as files:
        assert files.log == log
    train(tmp_path / "killed")
    train(tmp_path / "whole")
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole"), reached
    killed, whole = ({path.name for path in (tmp_path / name).iterdir()} for name in ("killed", "whole"))
    assert killed == whole

"""Nothing hangs: hundreds of vmapped lanes with every acyclicity penalty, under a hard time limit."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jaxstable.objective.acyclicity import PENALTIES

PROGRAM = """
import sys
import numpy as np
from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.training.sweep import sweep_lanes

config = Config(acyclicity=sys.argv[1], epochs=2, batch_size=16, thresholds=5, lambda_acyclic=0.1)
data = Dataset.from_array(np.random.default_rng(0).normal(size=(80, 5)).cumsum(axis=0), window=8)
runs = sweep_lanes([config.replace(seed=lane) for lane in range(256)], data, width=256)
print(len(runs), sorted({run.status for run in runs}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("penalty", list(PENALTIES))
def test_256_lanes_at_once_end_in_time(penalty):
    # A hang is a thread that never wakes, which only another process can end.
    done = subprocess.run([sys.executable, "-c", PROGRAM, penalty], capture_output=True, text=True, timeout=240)
    assert done.stdout.split("\n")[0] == "256 ['FINISHED']", done.stderr

"""A sweep split over two processes of this machine is the sweep of one process."""

from __future__ import annotations

import socket
import subprocess
import sys

import numpy as np
import pytest

import jaxstable as js
from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.training import distributed
from jaxstable.training.grid import expand
from jaxstable.training.sweep import sweep_lanes

PROGRAM = """
import sys
from pathlib import Path
import numpy as np
import jaxstable as js

directory, port, process = sys.argv[1], sys.argv[2], int(sys.argv[3])
js.distributed.start(f"localhost:{port}", 2, process)
import test_distributed as cases

seen = set()
grid = js.sweep(None, cases.dataset(), cases.lanes(), run_dir=directory, progress=False)
np.savez(Path(directory) / f"seen-by-{process}.npz", lagged=np.stack([run.lagged for run in grid]),
         losses=np.array([run.history[-1]["train_loss"] for run in grid]), seeds=[run.config.seed for run in grid])
epochs = []
again = js.distributed.sweep_all_processes(
    cases.lanes(), cases.dataset(), run_dir=directory, resume=True, on_begin=seen.update, on_epoch=epochs.append
)
assert [run.history for run in again] == [run.history for run in grid]
assert (seen, epochs) == (set(js.distributed.own(5)), []), (seen, epochs)
"""


def lanes():
    """Five lanes: an odd number, so that the processes own unequal shares."""
    config = Config(epochs=2, batch_size=8, thresholds=5)
    return expand(config, [{"lambda_sparse": 10.0**-lane, "seed": lane} for lane in range(5)])


def dataset():
    return Dataset.from_array(np.random.default_rng(0).normal(size=(80, 4)).cumsum(axis=0), window=6)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        return listener.getsockname()[1]


@pytest.mark.slow
def test_two_processes_give_the_lanes_of_one(tmp_path, request):
    port, directory = free_port(), tmp_path / "sweep"
    command = [sys.executable, "-c", PROGRAM, str(directory), str(port)]
    processes = [
        subprocess.Popen([*command, str(number)], cwd=request.path.parent, stderr=subprocess.PIPE, text=True)
        for number in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors

    whole = sweep_lanes(lanes(), dataset())
    kept = js.load(directory)
    assert [run.config for run in kept] == lanes()
    assert all(np.array_equal(run.lagged, other.lagged) for run, other in zip(kept, whole, strict=True))
    assert [path.name for path in tmp_path.iterdir()] == [directory.name]  # nothing was moved aside
    for number in range(2):
        assert (directory / f"process-{number}" / "lanes.json").is_file()
        with np.load(directory / f"seen-by-{number}.npz") as seen:
            np.testing.assert_array_equal(seen["seeds"], [0, 1, 2, 3, 4])
            np.testing.assert_allclose(seen["lagged"], np.stack([run.lagged for run in whole]), rtol=1e-5, atol=1e-7)
            np.testing.assert_allclose(seen["losses"], [run.history[-1]["train_loss"] for run in whole], rtol=1e-5)


def test_one_process_owns_every_lane_and_gathers_its_own():
    assert distributed.own(3) == [0, 1, 2]
    assert distributed.gather({0: "a", 2: "c"}) == {0: "a", 2: "c"}

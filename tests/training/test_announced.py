"""Processes find each other by what their launcher says; half of it is refused in words."""

import subprocess
import sys

import pytest

import jaxstable as js
from jaxstable.training.announced import announced

KUBEFLOW = {"MASTER_ADDR": "job-master-0", "MASTER_PORT": "23456", "WORLD_SIZE": "3", "RANK": "1"}
JAXJOB = {"COORDINATOR_ADDRESS": "job-worker-0", "COORDINATOR_PORT": "6666", "NUM_PROCESSES": "3", "PROCESS_ID": "0"}
TRAINER = {"JAX_COORDINATOR_ADDRESS": "node-0-0.job:29500", "JAX_NUM_PROCESSES": "2", "JAX_PROCESS_ID": "1"}
SKYPILOT = {"SKYPILOT_NODE_IPS": "10.0.0.1\n10.0.0.2\n", "SKYPILOT_NUM_NODES": "2", "SKYPILOT_NODE_RANK": "1"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (KUBEFLOW, ("job-master-0:23456", 3, 1)),
        (JAXJOB, ("job-worker-0:6666", 3, 0)),
        (TRAINER, ("node-0-0.job:29500", 2, 1)),
        (SKYPILOT, ("10.0.0.1:9999", 2, 1)),
        ({}, None),
        ({"SLURM_JOB_ID": "7", "MASTER_ADDR": "host"}, None),  # JAX asks SLURM; job scripts set this for others
        ({"OMPI_MCA_orte_hnp_uri": "1", **KUBEFLOW}, None),
    ],
)
def test_launchers_are_told_from_their_variables(environment, expected):
    assert announced({"HOME": "/root", **environment}) == expected


@pytest.mark.parametrize("environment", [KUBEFLOW, JAXJOB, TRAINER, SKYPILOT])
def test_half_of_the_variables_is_refused_by_name(environment):
    for name in environment:
        half = {other: value for other, value in environment.items() if other != name}
        with pytest.raises(js.ConfigError, match=rf"^{name}: not set, though .* set {name} too, unset "):
            announced(half)
        with pytest.raises(js.ConfigError, match=f"^{name}: not set"):
            announced({**environment, name: " "})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"RANK": "3"}, "RANK: found 3, expected 0 to 2, as WORLD_SIZE is 3"),
        ({"WORLD_SIZE": "auto"}, "WORLD_SIZE: found 'auto', expected a whole number >= 0"),
        ({"RANK": "-1"}, "RANK: found '-1'"),
    ],
)
def test_numbers_that_are_none_are_refused(change, message):
    with pytest.raises(js.ConfigError, match=message):
        announced({**KUBEFLOW, **change})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "missing"),
    [("", "coordinator, n_processes, process"), ("'localhost:9999'", "n_processes, process")],
)
def test_without_a_launcher_start_says_what_is_missing_and_what_to_do(given, missing):
    program = (
        f"import jaxstable as js\ntry: js.distributed.start({given})\nexcept js.ConfigError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert f"start: {missing} not given, and no launcher of several processes is found" in done.stdout, done.stderr
    assert "srun" in done.stdout

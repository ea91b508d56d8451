"""What a launcher says of the processes of one job, in the environment variables that JAX does not read itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from jaxstable.config import ConfigError

PORT = 9999  # where a launcher names hosts and no port
# JAX finds its way under these by itself, and job scripts often set a few of the variables below beside them.
KNOWN_TO_JAX = ("SLURM_JOB_ID", "OMPI_MCA_orte_hnp_uri", "PMIX_NAMESPACE", "TPU_WORKER_HOSTNAMES")


class Processes(NamedTuple):
    """Who belongs to a job."""

    coordinator: str
    """"host:port" of process 0."""
    n_processes: int
    process: int
    """number of this process, from 0."""


class _Launcher(NamedTuple):
    name: str
    places: tuple[str, ...]
    """variables that tell where process 0 is."""
    number: str
    process: str
    coordinator: Callable[..., str]
    """makes "host:port" of the values of `places`."""


_LAUNCHERS = (
    _Launcher(
        "Kubeflow Trainer", ("JAX_COORDINATOR_ADDRESS",), "JAX_NUM_PROCESSES", "JAX_PROCESS_ID", lambda place: place
    ),
    _Launcher(
        "a Kubeflow JAXJob", ("COORDINATOR_ADDRESS", "COORDINATOR_PORT"), "NUM_PROCESSES", "PROCESS_ID", "{}:{}".format
    ),
    _Launcher("a Kubeflow job", ("MASTER_ADDR", "MASTER_PORT"), "WORLD_SIZE", "RANK", "{}:{}".format),
    _Launcher(
        "SkyPilot",
        ("SKYPILOT_NODE_IPS",),
        "SKYPILOT_NUM_NODES",
        "SKYPILOT_NODE_RANK",
        lambda addresses: f"{addresses.split()[0]}:{PORT}",
    ),
)


def announced(environment: Mapping[str, str]) -> Processes | None:
    """Return the processes that a launcher names; None where none does, or where JAX asks it itself.

    Read are the variables of Kubeflow Trainer, of Kubeflow's jobs for JAX and PyTorch, and of SkyPilot.

    Args:
        environment: the environment variables.

    Raises:
        ConfigError: some variables of a launcher are missing or empty, or a number is none or out of range.

    Example:
        >>> announced({"MASTER_ADDR": "first", "MASTER_PORT": "23456", "WORLD_SIZE": "4", "RANK": "2"})
        Processes(coordinator='first:23456', n_processes=4, process=2)
    """
    if any(name in environment for name in KNOWN_TO_JAX):
        return None
    for launcher in _LAUNCHERS:
        wanted = (*launcher.places, launcher.number, launcher.process)
        found = [name for name in wanted if environment.get(name, "").strip()]
        if not found:
            continue
        missing = [name for name in wanted if name not in found]
        if missing:
            raise ConfigError(
                f"{missing[0]}: not set, though {found[0]} is, as {launcher.name} sets it; set {', '.join(missing)} "
                f"too, unset {', '.join(found)}, or give start(coordinator, n_processes, process)"
            )
        n_processes, process = (_whole(environment, name) for name in (launcher.number, launcher.process))
        if not 0 <= process < n_processes:
            raise ConfigError(
                f"{launcher.process}: found {process}, expected 0 to {n_processes - 1}, as {launcher.number} is "
                f"{n_processes}"
            )
        places = [environment[name].strip() for name in launcher.places]
        return Processes(launcher.coordinator(*places), n_processes, process)
    return None


def _whole(environment: Mapping[str, str], name: str) -> int:
    text = environment[name].strip()
    if not (text.isascii() and text.isdigit()):
        raise ConfigError(f"{name}: found {text!r}, expected a whole number >= 0")
    return int(text)

"""Where lanes may run: the devices that JAX has, and what a user may ask of them."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from jaxstable.config import ConfigError
from jaxstable.signals.threads import n_cores
from jaxstable.training.programs import keep_programs

logger: logging.Logger = logging.getLogger(__name__)

# A GPU's default, TF32, keeps ten bits of a product's factors: a lane would not be its single run to 1e-5, nor would a
# run be PyTorch's; products this small gain nothing from it.
ACCELERATOR_PRECISION = "highest"
Device = Any  # jax.Device, which type checkers take for a variable
_started_in: int | None = None  # the process in which JAX was first made ready


def prepare_jax() -> None:
    """Ask JAX for one CPU device per core, which is what lanes want, and to keep what it compiles.

    Both are too late once a backend is up.

    Raises:
        RuntimeError: This process was forked from one in which JAX runs; there it would hang for ever.
    """
    global _started_in
    _started_in = _started_in or os.getpid()
    if _started_in != os.getpid():
        raise RuntimeError(
            "this process was forked from one in which JAX already ran, and JAX hangs in such a process: start it "
            'with multiprocessing.get_context("spawn")'
        )
    keep_programs()
    if "JAX_NUM_CPU_DEVICES" in os.environ or "xla_force_host_platform_device_count" in os.environ.get("XLA_FLAGS", ""):
        return
    try:
        jax.config.update("jax_num_cpu_devices", n_cores())
    except RuntimeError:
        logger.debug("JAX was already running: its CPU devices stay as they are")


@contextlib.contextmanager
def nans_allowed() -> Iterator[None]:
    """Keep JAX_DEBUG_NANS and JAX_DEBUG_INFS from ending a program of ours.

    There a NaN says "not known" (no true graph) or "undone" (a step that the guard takes back), and the best score
    starts infinite; what goes wrong is on the health record.
    """
    with jax.debug_nans(False), jax.debug_infs(False):
        yield


def check_placement(devices: Sequence[Device] | None, width: int | None) -> None:
    """Check where lanes are to run.

    Raises:
        ConfigError: `devices` is not a list of JAX devices, or `width` not a whole number of at least 1.
    """
    if width is not None and (not isinstance(width, (int, np.integer)) or isinstance(width, bool) or width < 1):
        raise ConfigError(f"width: found {width!r}, expected a whole number of at least 1, or None to choose by itself")
    if devices is None:
        return
    listed = isinstance(devices, (list, tuple, np.ndarray)) and len(devices) > 0
    if not listed or not all(isinstance(device, jax.Device) for device in devices):
        raise ConfigError(
            f"devices: found {devices!r}, expected JAX devices, such as jax.devices('cpu'), or None for all"
        )


def exact_products() -> contextlib.AbstractContextManager[Any]:
    """Compile matrix products in float32 where the device's default is less, unless the user has chosen."""
    chosen = getattr(jax.config, "jax_default_matmul_precision", None)  # its `read` refuses this flag
    return jax.default_matmul_precision(chosen or ACCELERATOR_PRECISION)

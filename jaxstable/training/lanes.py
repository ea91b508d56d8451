"""Many runs as lanes of one compiled program: on one core, several cores, a GPU or a mesh of devices.

Where the lanes run is one mechanism with two numbers. The lane axis is sharded over a mesh of devices, without
any collective; on each device a loop takes `width` lanes at a time through `vmap`. A GPU wants one device and a
large width. A CPU wants one device per core and width 1: two cores gain nothing from one wide `vmap` over both,
while a lane of its own on each core runs undisturbed, skips frozen lanes for free and gives the same bits as a
single run.
"""

from __future__ import annotations

import functools
import logging
import math
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array, lax
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from jaxstable.models.base import Params
from jaxstable.training.devices import Device, check_placement, exact_products, nans_allowed
from jaxstable.training.epoch import EpochInfo, run_epoch
from jaxstable.training.spec import Hyper, Spec
from jaxstable.training.state import RunState, Status, init_state

logger: logging.Logger = logging.getLogger(__name__)

MEMORY_SHARE = 0.8  # share of a device's memory that the lanes of one go may take
# Threads inside an operation cost more than they give on matrices this small; a lane has its core to itself.
CPU_OPTIONS: dict[str, str | bool] = {"xla_cpu_multi_thread_eigen": False}
# XLA rounds otherwise in a program for one device than in one for several, so a single run takes the latter too; its
# second device has nothing to do.
FEWEST_DEVICES = 2
COMPILE_SECONDS = 5.0  # what another program costs at least; compaction must save more than that

Signature = tuple[Any, tuple[Any, ...]]


class LaneData(NamedTuple):
    """Hold what all lanes share."""

    train: Any
    validation: Any
    truth: Array | None  # bool [cause, effect]
    epochs: Array  # float32, of the whole run


class Lanes:
    """Advance a set of runs together, epoch by epoch.

    Args:
        spec: Static part of the config, the same for all lanes.
        hyper: Traced part; every leaf ``[lanes]``.
        data: What all lanes train on.
        state: Where to go on from, every leaf ``[lanes]``; None starts anew.
        params: Initial parameters of every lane instead of random ones.
        devices: Devices to spread the lanes over; by default all of this process. No more are used than there are
            lanes, but on a CPU at least two.
        width: Lanes that one device takes at a time; by default 1 on a CPU and all elsewhere.
    """

    def __init__(
        self,
        spec: Spec,
        hyper: Hyper,
        data: LaneData,
        *,
        state: RunState | None = None,
        params: Params | None = None,
        devices: Sequence[Device] | None = None,
        width: int | None = None,
    ) -> None:
        self.spec = spec
        self.hyper: Hyper = jax.tree.map(np.asarray, hyper)
        self.n_lanes: int = len(self.hyper.seed)
        check_placement(devices, width)
        devices = list(jax.local_devices() if devices is None else devices)
        on_cpu = devices[0].platform == "cpu"
        devices = devices[: max(self.n_lanes, FEWEST_DEVICES if on_cpu else 1)]
        self.width: int = width or (1 if on_cpu else _power_of_two(self.n_lanes))
        self.mesh: Mesh = Mesh(np.asarray(devices), ("lane",), axis_types=(AxisType.Auto,))
        self._data = jax.device_put(data, NamedSharding(self.mesh, P()))
        with nans_allowed():
            self._host = jax.device_get(_init_lanes(spec, self.hyper, params)) if state is None else state
        self._memory = _free_bytes(devices[0])
        self._seconds = 0.0  # of the last epoch, compilation aside
        self.compile_time: float = 0.0  # seconds in all that went into compiling
        self._compile_seconds = COMPILE_SECONDS  # what a program has cost at most
        self._deal()

    @property
    def state(self) -> RunState:
        """The state of every lane on the host, each leaf ``[lanes]``."""
        self._collect()
        return self._host

    @property
    def status(self) -> np.ndarray:
        """The status of every lane."""
        return self._status.copy()

    def advance(self, *, evaluated: bool = True, epochs_left: int = 0) -> EpochInfo:
        """Take every running lane through one epoch.

        Args:
            evaluated: Whether the epoch ends with an evaluation.
            epochs_left: Epochs still to come, which tells whether moving lanes together pays.

        Returns:
            What was observed, on the host, every leaf ``[lanes]``; `active` is false for lanes that were frozen.
        """
        self._redeal_if_it_pays(epochs_left)
        with nans_allowed():
            self._state, info = self._run(evaluated)
        return self._in_lane_order(jax.device_get(info))

    def _run(self, evaluated: bool) -> tuple[RunState, EpochInfo]:
        arguments = (self._slot_hyper, self._state, self._data)
        while True:
            # A chunk of more lanes than there are would be compiled beside the chunk of those that there are.
            width = min(self.width, len(self._slots) // self.mesh.size)
            try:
                start = time.perf_counter()
                program = compiled(self.spec, self.mesh, width, evaluated, _signature(arguments))
                begin = time.perf_counter()
                self._compile_seconds = max(self._compile_seconds, begin - start)
                self.compile_time += begin - start
                if width > 1 and _bytes_of(program) > self._memory:
                    raise MemoryError(f"needs {_bytes_of(program) / 1e9:.1f} GB a device")
                result = jax.block_until_ready(program(*arguments))
                self._seconds = time.perf_counter() - begin
                return result
            except (jax.errors.JaxRuntimeError, MemoryError) as error:
                # The state before the epoch is still there, so nothing is lost by trying again.
                exhausted = isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
                if not exhausted or width == 1:
                    raise
                self.width = width // 2
                logger.warning("%s: taking %d lanes at a time from here on", error, self.width)

    def _in_lane_order(self, info: EpochInfo) -> EpochInfo:
        taken = self._slots >= 0
        lanes = self._slots[taken]

        def spread(leaf: np.ndarray) -> np.ndarray:
            out = np.zeros((self.n_lanes, *leaf.shape[1:]), leaf.dtype)
            out[lanes] = leaf[taken]
            return out

        info = jax.tree.map(spread, info)
        self._status[lanes] = info.status[lanes]
        return info._replace(status=self._status.copy())

    def _redeal_if_it_pays(self, epochs_left: int) -> None:
        running = int(np.sum(self._status == Status.RUNNING))
        if running in (0, self._n_dealt):
            return
        if self.width == 1:
            # Frozen lanes cost nothing here, but the others should stay spread evenly.
            pays = self.mesh.size > 1
        else:
            shrinks = self.mesh.size * _power_of_two(-(-running // self.mesh.size)) < len(self._slots)
            pays = shrinks and 0.5 * self._seconds * epochs_left > self._compile_seconds
        if pays:
            self._collect()
            self._deal(keep_size=self.width == 1)

    def _collect(self) -> None:
        taken = self._slots >= 0
        lanes = self._slots[taken]
        state = jax.device_get(self._state)
        self._host = jax.tree.map(lambda host, slot: _assigned(host, lanes, slot[taken]), self._host, state)

    def _deal(self, keep_size: bool = False) -> None:
        """Give every running lane a slot, spread evenly over the devices; the remaining slots stay frozen."""
        self._status = np.array(self._host.status)
        running = np.flatnonzero(self._status == Status.RUNNING)
        self._n_dealt = len(running)
        n_devices = self.mesh.size
        per_device = -(-max(1, len(running)) // n_devices)
        size = len(self._slots) if keep_size else n_devices * _power_of_two(per_device)
        slots = np.full((size // n_devices, n_devices), -1)
        slots.reshape(-1)[: len(running)] = running
        self._slots = slots.T.reshape(-1)
        source = np.maximum(self._slots, 0)
        lanes = jax.tree.map(lambda leaf: np.asarray(leaf)[source], self._host)
        frozen = np.where(self._slots >= 0, lanes.status, np.int32(Status.FINISHED)).astype(np.int32)
        sharding = NamedSharding(self.mesh, P("lane"))
        self._state = jax.device_put(lanes._replace(status=frozen), sharding)
        self._slot_hyper = jax.device_put(jax.tree.map(lambda leaf: leaf[source], self.hyper), sharding)


def advance_lanes(
    spec: Spec, mesh: Mesh, width: int, evaluated: bool, hyper: Hyper, state: RunState, data: LaneData
) -> tuple[RunState, EpochInfo]:
    """Take every lane through one epoch: sharded over the mesh, `width` lanes at a time on each device."""

    def local(hyper: Hyper, state: RunState, data: LaneData) -> tuple[RunState, EpochInfo]:
        def lane(args: tuple[Hyper, RunState]) -> tuple[RunState, EpochInfo]:
            return run_epoch(spec, *args, *data, evaluated=evaluated)

        return lax.map(lane, (hyper, state), batch_size=None if width == 1 else width)

    by_lane = P("lane")
    return jax.shard_map(local, mesh=mesh, in_specs=(by_lane, by_lane, P()), out_specs=by_lane, check_vma=False)(
        hyper, state, data
    )


@functools.lru_cache(maxsize=64)
def compiled(spec: Spec, mesh: Mesh, width: int, evaluated: bool, signature: Signature) -> jax.stages.Compiled:
    """Return the compiled program for arguments of this signature; its cache misses count the compilations."""
    structure, leaves = signature
    arguments = jax.tree.unflatten(structure, [jax.ShapeDtypeStruct(*leaf) for leaf in leaves])
    by_lane, replicated = NamedSharding(mesh, P("lane")), NamedSharding(mesh, P())
    program = jax.jit(
        functools.partial(advance_lanes, spec, mesh, width, evaluated),
        in_shardings=(by_lane, by_lane, replicated),
        out_shardings=by_lane,
    )
    if mesh.devices.flat[0].platform == "cpu":
        return program.lower(*arguments).compile(compiler_options=CPU_OPTIONS)
    with exact_products():
        return program.lower(*arguments).compile()


def _signature(arguments: Any) -> Signature:
    leaves, structure = jax.tree.flatten(arguments)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)


def _bytes_of(program: jax.stages.Compiled) -> int:
    """Return what a program needs on each device beside what is already there."""
    analysis = program.memory_analysis()
    return 0 if analysis is None else analysis.temp_size_in_bytes + analysis.output_size_in_bytes


def _free_bytes(device: Device) -> float:
    """Return the memory budget of a device; unlimited where it is not known."""
    stats = device.memory_stats() or {}
    return MEMORY_SHARE * stats.get("bytes_limit", math.inf) - stats.get("bytes_in_use", 0)


@functools.partial(jax.jit, static_argnums=0)
def _init_lanes(spec: Spec, hyper: Hyper, params: Params | None) -> RunState:
    return lax.map(lambda lane: init_state(spec, lane, params), hyper)


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()


def _assigned(host: np.ndarray, lanes: np.ndarray, values: np.ndarray) -> np.ndarray:
    out = np.array(host)
    out[lanes] = values
    return out


def stack(items: Sequence[Any]) -> Any:
    """Stack pytrees of numbers along a new leading lane axis."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *items)


def unstack(tree: Any, lane: int) -> Any:
    """Return one lane of a stacked pytree."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[lane], tree)

"""What the processes of one sweep tell each other while they train: a word each, on a board that process 0 keeps.

A collective operation of JAX waits for ever for a process that does not come. So before the processes meet in one,
each says on the board how it fared, and nobody waits for one that has failed or is silent.
"""

from __future__ import annotations

import contextlib
import itertools
import signal
import time
from collections.abc import Iterable, Iterator
from typing import Any

import jax
from jax._src import distributed  # the service that jax.distributed.initialize starts has no public name

PATIENCE = 3600.0  # seconds without any word, after which the others are given up
GLANCE = 1.0  # seconds between two looks at the board while training
DONE, INTERRUPTED, FAILED = "done", "interrupted", "failed"

_numbers = itertools.count()  # the same in every process, for all call the same sweeps in the same order


class Board:
    """Hold the words of all processes during one sweep or search."""

    def __init__(self) -> None:
        self.name: str = f"jaxstable/{next(_numbers)}"
        self.client: Any = distributed.global_state.client
        self._looked = 0.0
        self._stop: int | None = None
        self._beats = itertools.count()

    def post(self, topic: str, word: str) -> None:
        """Say something about a topic; the newer word counts."""
        self.client.key_value_set(f"{self.name}/{topic}/{jax.process_index()}", word, allow_overwrite=True)

    def words(self, topic: str) -> dict[int, str]:
        """Return what has been said about a topic, by process."""
        try:
            said = self.client.key_value_dir_get(f"{self.name}/{topic}/")
        except jax.errors.JaxRuntimeError as error:
            if "NOT_FOUND" not in str(error):
                raise
            return {}
        return {int(key.rsplit("/", 1)[1]): word for key, word in said}

    def stopped(self) -> int | None:
        """Return the number of the signal that ended another process, SIGTERM for an error, None if all go on.

        It also says that this process is alive; call it once an epoch.
        """
        if self._stop is not None or time.monotonic() - self._looked < GLANCE:
            return self._stop
        self._looked = time.monotonic()
        self.post("alive", str(next(self._beats)))
        for process, word in self.words("outcome").items():
            what, _, detail = word.partition(" ")
            if process != jax.process_index() and what != DONE:
                self._stop = int(detail) if what == INTERRUPTED else int(signal.SIGTERM)
        return self._stop

    def wait(self, topic: str, processes: Iterable[int]) -> dict[int, str]:
        """Return the words of processes about a topic once each has said one.

        Raises:
            RuntimeError: A process has failed, or none has said a word for `PATIENCE` seconds.
        """
        wanted, heard, since = set(processes), {}, time.monotonic()
        while True:
            outcomes, said = self.words("outcome"), self.words(topic)
            for process, word in outcomes.items():
                if word.startswith(FAILED):
                    raise RuntimeError(
                        f"process {process} {word}; what the others had done is saved, and the same call with "
                        "resume=True goes on"
                    )
            if wanted <= set(said):
                return said
            now = {"outcome": outcomes, topic: said, "alive": self.words("alive")}
            if now != heard:
                heard, since = now, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                silent = ", ".join(map(str, sorted(wanted - set(said))))
                raise RuntimeError(f"process {silent} has not said a word for {PATIENCE:.0f} s; see its own output")
            time.sleep(0.1)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Tell the others of an error that ends this process's part, so that they do not wait for it."""
        try:
            yield
        except BaseException as error:
            if jax.process_index() not in self.words("outcome"):
                self.post("outcome", f"{FAILED} ({type(error).__name__}: {str(error)[:500]})")
            raise

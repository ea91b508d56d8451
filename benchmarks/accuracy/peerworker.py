"""Run peers in a Python of their own: a child process that answers one job per line, and the handle of it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.accuracy import peers


class Worker:
    """Hold one child process; it is started at the first job, and anew after one that took too long."""

    def __init__(self, python: str) -> None:
        self.python = python
        self._child: subprocess.Popen[str] | None = None

    def ask(self, job: dict[str, Any], limit: float = 150.0) -> dict[str, Any]:
        """Return the answer to a job: scores, graph and seconds, or an `error`.

        Args:
            job: `{"versions": [packages]}`, or `method`, `setting` and the `path` of an npz with the rows.
            limit: seconds to wait; after them the child is ended and the answer is an error.
        """
        child = self._started()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.flush()
        ready, _, _ = select.select([child.stdout], [], [], limit)
        line = child.stdout.readline() if ready else ""
        if not line:
            self.close()
            return {"error": f"no answer within {limit:.0f} s" if not ready else "the process died"}
        answer = json.loads(line)
        if "error" not in answer and "path" in job:
            with np.load(job["path"] + ".out.npz") as file:
                answer.update({name: file[name] for name in file.files})
        return answer

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            with self._child as child:  # closes its pipes and waits for it
                child.kill()
            self._child = None

    def _started(self) -> subprocess.Popen[str]:
        if self._child is None:
            one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
            self._child = subprocess.Popen(
                [self.python, str(Path(__file__).resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={**os.environ, **one, "MPLBACKEND": "agg"},
            )
        return self._child


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job in this process."""
    if "versions" in job:
        return {package: peers.version(package) for package in job["versions"]}
    try:
        with np.load(job["path"]) as file:
            rows = peers.Rows(file["values"], file["filled"], int(file["n_lags"]), int(file["seed"]))
        peer = peers.PEERS[job["method"]]
        settings = {**peer.settings, **(peer.gappy or {})}
        wall, cpu = time.perf_counter(), time.process_time()
        found = peer.run(rows, **settings[job["setting"]])
        seconds = {"seconds": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        np.savez(job["path"] + ".out.npz", scores=found.scores, graph=found.graph)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error)[:200]}"}
    return seconds


def serve() -> None:
    """Answer jobs from standard input until it ends; what peers print goes nowhere."""
    # Peers print to standard output; the answers keep a handle of their own.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    serve()

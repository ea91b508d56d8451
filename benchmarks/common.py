"""What every benchmark shares: machine facts, timing, tables and JSON records."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
STARTED = time.perf_counter()
PACKAGES = ("jaxstable", "jax", "jaxlib", "flax", "optax", "chex", "numpy", "torch")


class Timing(NamedTuple):
    """Hold repeated wall-clock times of one thing, in seconds."""

    median: float
    best: float
    worst: float
    runs: int


def timed(run: Callable[[], Any], repeats: int = 5, warmup: int = 1) -> Timing:
    """Time `run`, which must block until its result is ready.

    Args:
        run: what to time; it is called `warmup + repeats` times.
        repeats: timed calls, at least 1.
        warmup: calls before the clock starts (compilation, caches).
    """
    for _ in range(warmup):
        run()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return Timing(statistics.median(seconds), min(seconds), max(seconds), repeats)


def peak_memory_mb() -> float:
    """Return the largest resident size this process has had, in MB (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def matmul_rate(size: int = 1024, repeats: int = 7) -> float:
    """Return the machine's own float32 matrix-product rate with jax, in GFLOP/s."""
    import jax
    import jax.numpy as jnp

    matrix = jax.random.normal(jax.random.key(0), (size, size), jnp.float32)
    product = jax.jit(jnp.matmul)
    best = timed(lambda: product(matrix, matrix).block_until_ready(), repeats, warmup=2).best
    return 2 * size**3 / best / 1e9


def n_cores() -> int:
    """Return how many cores this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def commit_of(root: Path) -> str | None:
    """Return the commit of a checkout, marked where files differ from it; None where there is none."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def machine() -> dict[str, Any]:
    """Return what a reader needs to judge a figure: processor, load, versions, commit."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "cpu": _cpu_name(),
        "cores": n_cores(),
        "load_average": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "commit": commit_of(ROOT),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: arrays as lists, NaN and infinity as None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def minutes() -> float:
    """Return the minutes since the start of this process."""
    return round((time.perf_counter() - STARTED) / 60, 2)


def write_json(name: str, record: Mapping[str, Any], path: str | Path | None = None) -> Path:
    """Write a record with machine facts and minutes since the start to `results/<name>.json`, or to `path`."""
    target = Path(path) if path is not None else RESULTS / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    content = plain({"benchmark": name, "machine": machine(), "minutes": minutes(), **record})
    target.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    return target


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}" if value == value else "nan"
    return str(value)


def table(rows: Iterable[Sequence[Any]], header: Sequence[str]) -> str:
    """Lay rows out as a Markdown table; the README quotes it as printed."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        pairs = zip(row, widths, strict=True)
        return "| " + " | ".join(cell.ljust(width) for cell, width in pairs) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(list(header)), rule, *map(line, cells)])


@cache
def record(name: str) -> dict[str, Any]:
    """Return the recorded run `results/<name>.json`."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def short(value: float, digits: int = 2) -> str:
    """Return a share without its leading zero, as tables of scores are set.

    Example:
        >>> short(0.9312), short(1.0), short(0.9996, 3)
        ('.93', '1.00', '1.000')
    """
    return f"{value:.{digits}f}".removeprefix("0" if value < 1 else "")

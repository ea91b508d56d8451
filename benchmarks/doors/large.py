"""Discover in a Parquet file of gigabytes, a block of rows at a time: seconds, peak memory, and the graph.

`python benchmarks/doors/large.py --gigabytes 2` writes a chain of sensors, each driven by the one before it, to a
folder, runs `jaxstable discover` on it in a process of its own, and prints what that took and whether it found the
chain.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import table, write_json

SEGMENT = 500_000  # rows of a file


def write_chain(folder: Path, sensors: int, gigabytes: float) -> int:
    """Write files of random numbers, which no compression makes smaller, until they have this size; return the rows."""
    import pyarrow as pa
    from pyarrow import parquet
    from scipy.signal import lfilter

    rows, rng = 0, np.random.default_rng(0)
    while sum(file.stat().st_size for file in folder.glob("*.parquet")) < gigabytes * 1e9:
        noise = rng.normal(size=(sensors, SEGMENT))
        values = noise
        for i in range(sensors):
            driven = noise[i] + (0.6 * np.roll(values[i - 1], 1) if i else 0.0)
            values[i] = lfilter([1.0], [1.0, -0.5], driven)
        start = np.datetime64("2020-01-01", "us") + rows * np.timedelta64(1_000_000, "us")
        stamps = start + np.arange(SEGMENT) * np.timedelta64(1_000_000, "us")
        columns = {"time": stamps, **{f"x{i}": values[i] for i in range(sensors)}}
        parquet.write_table(pa.table(columns), folder / f"part{rows:012}.parquet", row_group_size=100_000)
        rows += SEGMENT
    return rows


def main() -> None:
    """Write the folder, discover in it, and record what that took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--sensors", type=int, default=20)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--block-rows", type=int, default=100_000)
    parser.add_argument("--output", help="JSON to write (default: results/large.json)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        folder.mkdir()
        rows = write_chain(folder, args.sensors, args.gigabytes)
        size = sum(file.stat().st_size for file in folder.iterdir()) / 1e9
        command = [sys.executable, "-m", "jaxstable", "discover", str(folder), "--draws", str(args.draws), "--json"]
        command += ["--block-rows", str(args.block_rows), "--max-lag", "2", "--run-dir", str(Path(place) / "found")]
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=place) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        if status:
            raise SystemExit(f"jaxstable discover ended with status {status}")
    edges = {(edge["cause"], edge["effect"]) for edge in json.loads(output)["edges"]}
    chain = {(f"x{i}", f"x{i + 1}") for i in range(args.sensors - 1)}
    found = {
        "gigabytes": size,
        "rows": rows,
        "sensors": args.sensors,
        "block_rows": args.block_rows,
        "seconds": seconds,
        "peak_memory_mb": usage.ru_maxrss * 1024 / 1e6,
        "true_edges": len(chain),
        "found": len(edges & chain),
        "false": len(edges - chain),
    }
    print(table([list(found.values())], list(found)))
    print(f"written to {write_json('large', found, args.output)}")


if __name__ == "__main__":
    main()

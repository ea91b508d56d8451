"""Read one large file, beside pandas and polars: seconds and peak memory, each reader in a process of its own.

`python benchmarks/doors/reading.py` writes a table of 300,000 x 7 numbers behind a clock as CSV and as Parquet, reads
each with every reader, and prints the medians. pandas and polars only parse; `Dataset.from_file` also checks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import table, timed, write_json

READERS = ("jaxstable", "pandas", "polars")
HEADER = ("format", "reader", "seconds", "least", "most", "memory beyond imports in MB")


def write_table(folder: Path, rows: int, columns: int) -> dict[str, Path]:
    """Write the same numbers as CSV and as Parquet."""
    import polars as pl

    values = np.random.default_rng(0).normal(size=(rows, columns)).round(3)
    minutes = np.datetime64("2020-01-01T00:00", "us") + np.arange(rows) * np.timedelta64(60_000_000, "us")
    frame = pl.DataFrame({"time": minutes, **{f"x{i}": values[:, i] for i in range(columns)}})
    files = {"csv": folder / "table.csv", "parquet": folder / "table.parquet"}
    frame.write_csv(files["csv"], datetime_format="%Y-%m-%d %H:%M:%S")
    frame.write_parquet(files["parquet"])
    return files


def resident(field: str) -> float:
    """Return VmRSS (now) or VmHWM (the most since the peak was reset) of this process in MB; Linux only."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024 / 1e6


def reader_of(name: str, is_csv: bool) -> Callable[[Path], Any]:
    """Return what reads a file, imported and used once."""
    if name == "jaxstable":
        from jaxstable.data.dataset import Dataset

        Dataset.from_array(np.random.default_rng(0).normal(size=(60, 2)))
        return lambda file: Dataset.from_file(file, time="time")
    if name == "pandas":
        import pandas as pd

        return lambda file: pd.read_csv(file, parse_dates=["time"]) if is_csv else pd.read_parquet(file)
    import polars as pl

    return lambda file: pl.read_csv(file, try_parse_dates=True) if is_csv else pl.read_parquet(file)


def measure(reader: str, file: Path, repeats: int) -> dict[str, float]:
    """Time one reader in this process; memory is the peak of the first read beyond what importing took."""
    read = reader_of(reader, file.suffix == ".csv")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    read(file)
    memory = resident("VmHWM") - before
    seconds = timed(lambda: read(file), repeats, warmup=0)
    return {**seconds._asdict(), "memory": memory}


def main() -> None:
    """Measure every reader on every format in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--columns", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--output", help="JSON to write (default: results/reading.json)")
    parser.add_argument("--one", nargs=2, metavar=("READER", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one[0], Path(args.one[1]), args.repeats)))
        return
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, file in write_table(Path(folder), args.rows, args.columns).items():
            for reader in READERS:
                command = [sys.executable, __file__, "--one", reader, str(file), "--repeats", str(args.repeats)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found.append({"format": kind, "reader": reader, **json.loads(done.stdout.splitlines()[-1])})
    print(table([[row[k] for k in ("format", "reader", "median", "best", "worst", "memory")] for row in found], HEADER))
    record = {"rows": args.rows, "columns": args.columns, "reads": found}
    print(f"written to {write_json('reading', record, args.output)}")


if __name__ == "__main__":
    main()

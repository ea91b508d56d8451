"""How time and memory of `discover` grow with the number of sensors and of rows: table, exponents and a picture.

`python benchmarks/engine/growth.py [--sensors 13,30,60] [--rows 300,3000]` runs each size in a process of its own, as
`scale.py` does, without draws: so many sensors with 5,000 rows, and 13 sensors with so many rows. An exponent is the
slope of the logarithm over the three largest sizes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.common import ROOT, table, write_json

SENSORS, ROWS = "13,30,60,100,200,400,1000", "300,1000,3000,10000,30000,100000,300000,1000000"
OF_SENSORS, OF_ROWS = 5000, 13  # rows where the sensors grow, and sensors where the rows do
LARGEST = 3  # sizes that an exponent is read off
SHOWN = {"cpu_seconds": "CPU seconds", "peak_memory_mb": "peak memory, MB"}


def main() -> None:
    """Print the table, draw the picture and write `results/growth.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sensors", default=SENSORS, help=f"numbers of sensors (default: {SENSORS})")
    parser.add_argument("--rows", default=ROWS, help=f"numbers of rows (default: {ROWS})")
    parser.add_argument("--output", default=None, help="JSON file (default: results/growth.json)")
    parser.add_argument("--picture", default=ROOT / "docs" / "pictures" / "growth.png", help="PNG file")
    args = parser.parse_args()
    grown: dict[str, dict[str, dict[str, Any]]] = {"sensors": {}, "rows": {}}
    sizes = [("sensors", size, OF_SENSORS) for size in _numbers(args.sensors)]
    for kind, sensors, rows in [*sizes, *(("rows", OF_ROWS, size) for size in _numbers(args.rows))]:
        facts = _measured(sensors, rows)
        grown[kind][str(sensors if kind == "sensors" else rows)] = facts
        print(f"{sensors} x {rows}: {facts}", flush=True)
        exponents = {kind: {name: exponent(sides, name) for name in SHOWN} for kind, sides in grown.items()}
        write_json("growth", {"largest": LARGEST, "exponents": exponents, **grown}, args.output)
    draw(grown, exponents, args.picture)
    print(table([[kind, *of.values()] for kind, of in exponents.items()], ["exponent of", *SHOWN.values()]))


def exponent(sizes: dict[str, dict[str, Any]], name: str) -> float | None:
    """Return the slope of the logarithm of a figure over that of the largest sizes; None of a single one."""
    points = sorted((float(size), facts[name]) for size, facts in sizes.items())[-LARGEST:]
    if len(points) < 2:
        return None
    size, figure = np.log(np.array(points)).T
    return float(np.polyfit(size, figure, 1)[0])


def draw(grown: dict[str, Any], exponents: dict[str, Any], path: str | Path) -> None:
    """Draw each figure over each size."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(SHOWN), len(grown), figsize=(8, 6), layout="constrained", sharey="row")
    for column, (kind, sizes) in enumerate(grown.items()):
        beside = f"{OF_SENSORS:,} rows" if kind == "sensors" else f"{OF_ROWS} sensors"
        for row, (name, what) in enumerate(SHOWN.items()):
            points = sorted((int(size), facts[name]) for size, facts in sizes.items())
            axes[row, column].loglog(*zip(*points, strict=True), "o-", color="tab:blue")
            if exponents[kind][name] is not None:
                axes[row, column].set_title(f"exponent {exponents[kind][name]:.1f}", fontsize=9)
            axes[row, 0].set_ylabel(what)
            axes[row, column].grid(alpha=0.3)
        axes[-1, column].set_xlabel(f"{kind}, with {beside}")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _measured(sensors: int, rows: int) -> dict[str, Any]:
    words = [sys.executable, str(Path(__file__).with_name("scale.py")), "--one", f"{sensors},{rows},0,0"]
    where = os.environ | {"JAXSTABLE_CHECKOUT": str(ROOT)}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=where)
    return json.loads(done.stdout.splitlines()[-1])


def _numbers(words: str) -> list[int]:
    return [int(word) for word in words.split(",") if word]


if __name__ == "__main__":
    main()

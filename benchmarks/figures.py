"""Write every figure that a document shows from the JSON of the run that measured it.

`python benchmarks/figures.py` rewrites the blocks between `<!-- figures: NAME -->` and `<!-- end of figures -->` in
README.md, `benchmarks/README.md` and `docs/`; with `--check` it only says which blocks differ, exit code 1. A test runs
the check, so that a new measurement and the sentence about it cannot part.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.common import ROOT, record, short, table
from benchmarks.figures_engine import ablation, beside, growth, moments, scale, start
from benchmarks.figures_trust import calibration, families, rivers, zoo

BLOCK = re.compile(r"<!-- figures: (?P<name>\w+) -->\n(?P<text>.*?)<!-- end of figures -->", re.DOTALL)
COLUMNS = {
    "discover": "`discover`",
    "SVAR": "one `svar` fit",
    "PCMCI+": "PCMCI+",
    "VARLiNGAM": "VARLiNGAM",
    "DAGMA lagged": "DAGMA on lagged rows",
}
SYSTEMS = [f"{kind} {fault}" for kind in ("linear", "nonlinear") for fault in ("clean", "20 % missing", "40 % missing")]
SYSTEMS += ["linear compound", "nonlinear compound"]
MEASURED = (
    *(f"NetSim {sim} {part}" for sim in range(1, 5) for part in ("single", "pooled")),
    *("DREAM3 size 10", "DREAM3 size 100", "GeneNetWeaver size 10", "DREAM4 size 100"),
    *("PetShop latency", "CausalTime traffic", "AQI", "Sachs 17 edges", "Sachs 20 edges"),
)
GRAPH_CASES = {
    "lorenz": "Lorenz-96, 20 variables, 1,000 steps, complete",
    "lorenz 30 %": "Lorenz-96, 30 % missing",
    "lorenz 60 %": "Lorenz-96, 60 % missing",
    "var 30 %": "VAR, 10 variables, 10,000 steps, 30 % missing",
    "var 60 %": "VAR, 60 % missing",
}


def accuracy(method: str, data: str) -> dict[str, Any] | None:
    """Return the recorded scores of a method on one kind of data; of raw and standardised columns the better F1."""
    found = record("accuracy")["figures"]
    rows = [found[key] for scale in ("any", "raw", "standardised") if (key := f"{method} | {data} | {scale}") in found]
    rows = [row for row in rows if "f1" in row]
    return max(rows, key=lambda row: row["f1"][0] + row["f1_count"][0], default=None)


def simulated() -> str:
    """Simulated systems: AUROC / F1 at the true count / F1 of the own graph, and the number of systems."""

    def cell(method: str, data: str) -> str:
        found = accuracy(method, data)
        if found is None:
            return "-"
        own = short(found["f1"][0], 3)
        own = f"**{own}**" if method == "discover" else own
        return f"{short(found['auroc'][0])} / {short(found['f1_count'][0])} / {own} ({found['n']})"

    rows = [[data, *(cell(method, data) for method in COLUMNS)] for data in SYSTEMS]
    return table(rows, ["", *COLUMNS.values()])


def measured() -> str:
    """Data measured or made by others: AUROC of the ranking, and the number of data sets."""
    rows = []
    for data in MEASURED:
        found = [accuracy(method, data) for method in COLUMNS]
        rows.append([data, *("-" if row is None else f"{short(row['auroc'][0])} ({row['n']})" for row in found)])
    return table(rows, ["AUROC (data sets)", *COLUMNS.values()])


def graph_model() -> str:
    """The nonlinear model on simulated systems: means over seeds."""
    records = record("graph_model")["records"]
    rows = []
    for name, what in GRAPH_CASES.items():
        mean = {key: statistics.mean(row[key] for row in records[name]) for key in ("auroc", "average_precision", "f1")}
        rows.append([what, short(mean["auroc"], 4), short(mean["average_precision"], 4), short(mean["f1"], 3)])
    return table(rows, ["", "AUROC", "average precision", "label-free F1"])


def speed() -> str:
    """One model after the other: the PyTorch program and ours."""
    rows = [
        [row["figure"], f"{row['torch']:.3g}", f"{row['jaxstable']:.3g}", row["ratio"] and f"{row['ratio']:.3g}"]
        for row in record("speed")["table"]
    ]
    return table(rows, ["", "PyTorch", "jaxstable", "ratio"])


def lanes() -> str:
    """Many lanes of one program: seconds for each lane and epoch."""
    rows = [
        [
            row["lanes"],
            f"{row['train']:.3f}",
            f"{row['total']:.3f}",
            f"{row['against_torch']:.1f}",
            f"{row['against_one_lane']:.2f}",
            f"{row['memory_mb_per_lane']:.0f}",
        ]
        for row in record("lanes")["rows"]
    ]
    return table(rows, ["lanes", "s per lane epoch", "with validation", "x PyTorch loop", "x one lane", "MB per lane"])


def exactness() -> str:
    """Arrangements of lanes against single runs: numbers that differ, and the largest relative differences."""
    rows = []
    for model, case in record("exactness")["cases"].items():
        for row in case["differences"]:
            worst = [f"{row[key]['relative']:.1e}" if row["bits"] else "0" for key in ("loss", "params", "lagged")]
            rows.append([model, row["arrangement"], row["bits"], *worst])
    return table(rows, ["model", "arrangement", "bits that differ", "loss", "parameters", "adjacency"])


def parity() -> str:
    """Largest relative difference from the recorded PyTorch program."""
    rows = []
    for name, what in {"small": "small", "stable_uci": "UCI", "before_uci": "UCI"}.items():
        for case, found in record(f"parity_{name}")["cases"].items():
            steps, means = (max(row[part] for row in found["found"].values()) for part in ("first", "epoch_means"))
            rows.append([f"{what}, {case}", f"{steps:.1e}", f"{means:.1e}"])
    return table(rows, ["recording", "first 200 steps", "epoch means"])


def kills() -> str:
    """What was killed, how often, and what came of it."""
    rows = [[case["what"], case["finished"], case["kills"], case["different"]] for case in record("kills")["cases"]]
    return table(rows, ["", "brought to their end", "kill -9", "ended in other bytes"])


def discover_time() -> str:
    """Time and memory of `discover` with 50 draws."""
    rows = [
        [
            name,
            f"{call['cpu_seconds']:.1f}",
            f"{call['seconds']:.1f}",
            f"{call['peak_memory_mb'] / 1000:.1f}",
            short(call["f1"]),
        ]
        for name, call in record("discover_speed")["calls"].items()
    ]
    return table(rows, ["", "CPU s", "s", "GB", "F1"])


def reading() -> str:
    """Time and memory of reading one large file, beside pandas and polars."""
    rows = [
        [read["format"], read["reader"], f"{read['median']:.2f}", f"{read['memory']:.0f}"]
        for read in record("reading")["reads"]
    ]
    return table(rows, ["format", "reader", "s", "MB"])


def large() -> str:
    """Time, memory and graph of a discovery in a folder of Parquet, a block of rows at a time."""
    found = record("large")
    size = (
        f"{found['gigabytes']:.1f}",
        f"{found['rows']:,}",
        f"{found['seconds']:.0f}",
        f"{found['peak_memory_mb'] / 1000:.1f}",
    )
    graph = f"{found['found']} of {found['true_edges']}", found["false"]
    return table([[*size, *graph]], ["Parquet, GB", "rows", "s", "memory, GB", "true edges found", "false"])


def stability() -> str:
    """Agreement of the UCI graph with itself after a further fifth of the readings is lost."""
    found = record("stability")
    levels = [f"{level:g}" for level in found["settings"]["levels"]]
    mean = found["mean"]
    rows = [
        [
            level,
            f"{mean[f'edges {level}']:.1f}",
            *(short(mean[f"{part} {level}"]) for part in ("agreement", "skeleton")),
        ]
        for level in levels
    ]
    return table(rows, ["probability above", "edges", "F1 against itself", "without direction"])


def headline() -> str:
    """The four figures of the README, with their links."""
    compound, missing = accuracy("discover", "linear compound"), accuracy("discover", "linear 40 % missing")
    peer = accuracy("PCMCI+", "linear 40 % missing")
    assert compound is not None
    assert missing is not None
    assert peer is not None
    epoch = record("speed")["table"][0]["ratio"]
    most = record("lanes")["rows"][-1]
    killed = record("kills")["cases"]
    graph = record("parity_small")["cases"]["stable"]["found"]["loss"]["first"]
    page = "docs/benchmarks.md"
    return (
        f"- [Graphs]({page}#simulated-systems): with 40 % of the readings missing, F1 {short(missing['f1'][0], 3)} "
        f"(PCMCI+ {short(peer['f1'][0])}); with noise, drift and 25 % missing not at random, "
        f"{short(compound['f1'][0])}. No setting was tuned.\n"
        f"- [Speed]({page}#one-run): {epoch:.1f} times the epochs of the PyTorch program; with {most['lanes']} lanes "
        f"at once {most['against_torch']:.0f} times, on 2 cores.\n"
        f"- [Parity]({page}#parity): losses within {graph:.0e} of that program, step for step.\n"
        f"- [Survival]({page}#kills): {sum(case['kills'] for case in killed)} `kill -9`, "
        f"{sum(case['different'] for case in killed)} runs that ended in other bytes.\n"
    )


def claims() -> str:
    """Claim, command, JSON and minutes of every benchmark."""
    data, golden = "--data AirQualityUCI.csv", "GOLDEN"
    killed = record("kills")["cases"][0]
    rows = [
        ["graphs beside those of the field", "accuracy/accuracy.py", "accuracy"],
        ["graphs where assumptions break", "accuracy/zoo.py", "zoo"],
        ["rivers in flood, with and without their unit", "accuracy/rivers.py", "rivers"],
        ["the nonlinear model finds bent effects", "accuracy/graph_model.py", "graph_model"],
        ["when `discover` prefers that model", "accuracy/graph_model.py --preference", "graph_model_preference"],
        ["probabilities mean what they say", "discovery/calibration.py", "calibration"],
        ["one criterion fits many faults", "discovery/criteria.py", "criteria"],
        ["graphs under further missing entries", f"discovery/stability.py {data}", "stability"],
        ["time and memory of `discover`", "discovery/discover_speed.py", "discover_speed"],
        ["whole commands, the first run and later ones", f"engine/start.py {data} --against CHECKOUT", "start"],
        ["`discover` by size, and its updates", "engine/scale.py --against CHECKOUT", "scale"],
        ["how `discover` grows with sensors and rows", "engine/growth.py", "growth"],
        [
            "`discover` beside PCMCI+, VARLiNGAM, jax-pcmci, causalts",
            "engine/beside.py --python-peers PYTHON",
            "beside",
        ],
        ["epochs per second beside PyTorch", f"engine/speed.py {data}", "speed"],
        ["many lanes at once", f"engine/lanes.py {data}", "lanes"],
        ["a lane has the bits of a single run", f"engine/exactness.py {data}", "exactness"],
        [f"{killed['kills']} kills, the same bytes", "engine/kills.py", "kills"],
        ["a large file, beside pandas and polars", "doors/reading.py", "reading"],
        ["a folder of Parquet in bounded memory", "doors/large.py", "large"],
        ["the reference model is the original", f"original/parity.py {golden}", "parity_small"],
        ["also on 9,448 windows", f"original/parity.py {golden} {data}", "parity_stable_uci"],
        ["and in its unstable setup", f"original/parity.py {golden} {data}", "parity_before_uci"],
        ["which measure removes the explosion", f"original/ablation.py {data} --golden {golden}", "ablation"],
    ]
    cells = [
        [claim, f"`python benchmarks/{command}`", f"[{name}](results/{name}.json)", minutes(name)]
        for claim, command, name in rows
    ]
    return table(cells, ["claim", "command", "json", "minutes"])


def minutes(name: str) -> str:
    """Return the minutes that the recorded run took; of many runs merged into one file their sum."""
    found = record(name)
    if "rows" in found and "wall" in found.get("fields", ()):
        wall = found["fields"].index("wall")
        return f"{sum(row[wall] or 0 for row in found['rows']) / 60:.0f}"
    return f"{found['minutes']:.1f}" if "minutes" in found else "not recorded"


BLOCKS: dict[str, Callable[[], str]] = {
    function.__name__: function
    for function in (
        *(
            simulated,
            measured,
            zoo,
            graph_model,
            calibration,
            families,
            rivers,
            speed,
            lanes,
            exactness,
            parity,
            kills,
            discover_time,
        ),
        *(start, scale, moments, growth, beside, reading, large, ablation),
        *(stability, headline, claims),
    )
}


def documents() -> Iterator[Path]:
    """Yield every document that may hold a block."""
    yield from (ROOT / "README.md", ROOT / "benchmarks" / "README.md")
    yield from sorted((ROOT / "docs").glob("**/*.md"))


def written(text: str) -> str:
    """Return a document with every block as its JSON has it."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in BLOCKS:
            raise ValueError(f"no figures are called {name!r}; there are {', '.join(BLOCKS)}")
        return f"<!-- figures: {name} -->\n{BLOCKS[name]().rstrip()}\n<!-- end of figures -->"

    return BLOCK.sub(block, text)


def main(arguments: list[str] | None = None) -> int:
    """Rewrite the blocks, or say which documents differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where a block differs")
    options = parser.parse_args(arguments)
    stale = [(path, text) for path in documents() if (text := written(path.read_text())) != path.read_text()]
    for path, text in stale:
        print(("differs: " if options.check else "written: ") + str(path.relative_to(ROOT)))
        if not options.check:
            path.write_text(text)
    return int(options.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())

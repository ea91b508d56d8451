"""Score the gated network on Lorenz-96, Granger VAR and simulated SVAR data, fresh seeds, no label used.

`python benchmarks/accuracy/graph_model.py [--seeds 0 1 2] [--cases lorenz ...] [--terms] [--preference]`

Every fit sees all rows and takes the settings that `Config.for_model("rcgnn_graph")` recommends. The graph of F1 is
that of edges more likely than not, with its lag 0 certified acyclic. `--terms` leaves one loss term out at a time;
`--preference` asks, without the graph, whether the data want a nonlinear model at all.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jaxstable as js
from benchmarks.common import table, write_json
from jaxstable.discovery.networks import fit_gates, weigh_nonlinearity
from jaxstable.graph import metrics
from jaxstable.graph.certificate import certify
from jaxstable.simulate import corruption
from jaxstable.simulate import systems as simulators

EVEN = 0.5  # probability above which an edge is more likely than not


class Case(NamedTuple):
    """Hold how data are made, and the share of their entries that is lost at random."""

    simulate: Callable[[int], simulators.Simulated]
    missing: float


def _lorenz(seed: int) -> simulators.Simulated:
    return simulators.lorenz96(seed=seed)


def _var(seed: int) -> simulators.Simulated:
    return simulators.var(n_vars=10, n_steps=10_000, sparsity=0.3, seed=seed)


def _short_var(seed: int) -> simulators.Simulated:
    return simulators.var(seed=seed)


def _linear(seed: int) -> simulators.Simulated:
    return simulators.svar(seed=seed)


def _nonlinear(seed: int) -> simulators.Simulated:
    return simulators.svar(nonlinear=True, seed=seed)


CASES: Mapping[str, Case] = {
    "lorenz": Case(_lorenz, 0.0),
    "lorenz 30 %": Case(_lorenz, 0.3),
    "lorenz 60 %": Case(_lorenz, 0.6),
    "var 30 %": Case(_var, 0.3),
    "var 60 %": Case(_var, 0.6),
    "short var 30 %": Case(_short_var, 0.3),
    "linear svar": Case(_linear, 0.0),
    "linear svar 40 %": Case(_linear, 0.4),
    "nonlinear svar": Case(_nonlinear, 0.0),
    "nonlinear svar 40 %": Case(_nonlinear, 0.4),
}
WITHOUT: Mapping[str, Mapping[str, float]] = {
    "all terms": {},
    "no recon": {"lambda_recon": 0.0},
    "no sparse": {"lambda_sparse": 0.0},
    "no acyclic": {"lambda_acyclic": 0.0},
    "no disen": {"lambda_disen": 0.0},
}
TERM_CASES = ("lorenz 60 %", "linear svar")


def dataset_of(case: Case, seed: int) -> tuple[js.Dataset, np.ndarray]:
    """Return the data of a case, which do not hold the graph, and the graph."""
    simulated = case.simulate(seed)
    lost = corruption.missing_at_random(case.missing, seed=seed)(simulated.values)
    return js.Dataset.from_array(np.where(lost.mask, lost.values, np.nan)), simulated.truth


def score(probability: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return what edge probabilities `[lag, cause, effect]` are worth against a summary graph."""
    graph = probability > EVEN
    lag_0 = certify(probability[0], graph[0])
    graph[0] = lag_0.graph
    strongest, true = jnp.asarray(probability.max(axis=0)), jnp.asarray(truth)
    return {
        "auroc": float(metrics.auroc(strongest, true)),
        "average_precision": float(metrics.average_precision(strongest, true)),
        "f1": float(metrics.f1(jnp.asarray(graph.any(axis=0)), true)),
        "edges": float(graph.any(axis=0).sum()),
        "closing_cycles": float(len(lag_0.dropped)),
    }


def measure(case: Case, seeds: Sequence[int], changes: Mapping[str, float]) -> list[dict[str, float]]:
    """Fit every seed once and return its scores with the seconds it took, compilation included in the first."""
    records = []
    for seed in seeds:
        dataset, truth = dataset_of(case, seed)
        start = time.perf_counter()
        probability = fit_gates(dataset, js.Config.for_model("rcgnn_graph", seed=seed, **changes))
        seconds = time.perf_counter() - start
        records.append({"seed": seed, **score(probability, truth), "seconds": seconds})
    return records


def row(name: str, records: Sequence[Mapping[str, float]]) -> list[Any]:
    """Return a row of the table: means with their standard errors."""
    cells: list[Any] = [name]
    for key in ("auroc", "average_precision", "f1"):
        values = [record[key] for record in records]
        error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
        cells.append(f"{statistics.fmean(values):.4f} ({error:.4f})")
    cells += [statistics.fmean(record[key] for record in records) for key in ("edges", "closing_cycles")]
    return [*cells, min(record["seconds"] for record in records)]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--cases", nargs="+", choices=[*CASES], help="default: all; with --terms two of them")
    parser.add_argument("--terms", action="store_true", help="leave one loss term out at a time")
    parser.add_argument("--preference", action="store_true", help="whether to prefer a nonlinear model")
    parser.add_argument("--out", help="where to write the JSON (default: benchmarks/results/graph_model*.json)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Print the table that was asked for and write its JSON."""
    options = _parse(arguments)
    cases = options.cases or (TERM_CASES if options.terms else [*CASES])
    header = ["", "AUROC (se)", "average precision (se)", "F1, label-free (se)", "edges", "closing cycles", "s"]
    rows, records = [], {}
    if options.preference:
        name, header = "graph_model_preference", ["", "seed", "gain, nats", "standard error", "nonlinear", "s"]
        for case in cases:
            for seed in options.seeds:
                dataset, start = dataset_of(CASES[case], seed)[0], time.perf_counter()
                found = weigh_nonlinearity(dataset, js.Config.for_model("rcgnn_graph", seed=seed))
                seconds = time.perf_counter() - start
                records[f"{case}, seed {seed}"] = {**found._asdict(), "seconds": seconds}
                rows.append([case, seed, found.gain, found.error, str(found.nonlinear), seconds])
                print(*rows[-1], sep=" | ", flush=True)
    else:
        name = "graph_model_terms" if options.terms else "graph_model"
        for case in cases:
            for kind, changes in (WITHOUT if options.terms else {"": {}}).items():
                label = f"{case}, {kind}" if kind else case
                records[label] = measure(CASES[case], options.seeds, changes)
                rows.append(row(label, records[label]))
                print(*rows[-1], sep=" | ", flush=True)
    print(table(rows, header))
    settings = js.Config.for_model("rcgnn_graph").to_dict()
    print(write_json(name, {"records": records, "seeds": options.seeds, "config": settings}, options.out))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compare ways to choose a graph without ground truth, on the scenario grid of simulated systems.

`python benchmarks/discovery/criteria.py [--seeds 4] [--first 60]` prints label-free F1 of the summary graph. All ways
choose among the same candidates: six sparsity weights x twelve thresholds, lag 0 certified. The search may leave
them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from numpy.typing import NDArray

from benchmarks.common import table, write_json
from benchmarks.discovery.systems import SCENARIOS, System, scenario
from jaxstable.discovery.choice import LAMBDAS
from jaxstable.discovery.fits import fit_moments
from jaxstable.graph.certificate import certify
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import THRESHOLDS, select
from jaxstable.moments.bootstrap import bootstrap_moments
from jaxstable.moments.expectation import Gaussian, arrange, expect
from jaxstable.moments.lagged import Moments, lagged_moments, lagged_rows, stack
from jaxstable.signals.drift import remove_drift

WAYS = ("BIC", "held-out minimum", "held-out one s.e.", "frequency > .5", "ours", "oracle candidate")
FOLDS, LAGS, DRAWS = 3, 2, 20
Graphs = NDArray[np.bool_]


def main() -> None:
    """Print the table and write `results/criteria.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4, help="systems per column")
    parser.add_argument("--first", type=int, default=60, help="first seed")
    parser.add_argument("--output", default=None, help="JSON file (default: results/criteria.json)")
    args = parser.parse_args()
    start = time.perf_counter()
    columns = [(kind, faults) for kind in ("linear", "nonlinear") for faults in SCENARIOS]
    found: dict[str, dict[str, list[float]]] = {
        f"{kind} {faults}": {way: [] for way in WAYS} for kind, faults in columns
    }
    for seed in range(args.first, args.first + args.seeds):
        for kind, faults in columns:
            scores = compare(scenario(kind, faults, seed))
            for way in WAYS:
                found[f"{kind} {faults}"][way].append(scores[way])
            print(seed, kind, faults, {way: round(score, 3) for way, score in scores.items()}, flush=True)
        # Written after every seed, with the number of them: a run that is stopped leaves what it has.
        settings = {"folds": FOLDS, "draws": DRAWS, "first": args.first, "seeds": seed + 1 - args.first}
        means = {
            column: {way: float(np.mean(scores)) for way, scores in ways.items()} for column, ways in found.items()
        }
        seconds = time.perf_counter() - start
        record = {"settings": settings | {"lambdas": LAMBDAS}, "f1": found, "mean": means, "seconds": seconds}
        write_json("criteria", record, args.output)
    print(table([[way, *(means[column][way] for column in means)] for way in WAYS], ["F1", *means]))


def compare(system: System) -> Mapping[str, float]:
    """Return the F1 of the graph that every way chooses."""
    mask = np.isfinite(system.values)
    values = remove_drift(system.values, mask).values
    moments = lagged_moments(values, mask, LAGS)
    n_vars = moments.n_vars
    fits = fit_moments(moments.matrix[None], moments.count, n_vars, LAMBDAS)[0]
    criterion = _criterion(moments, moments.matrix)
    grid = thresholded(fits)
    scores = np.array([f1(graph, system.truth) for graph in grid])
    flat = grid.reshape(len(grid), -1, n_vars) | criterion.own
    bic = [_bic(criterion, graph) for graph in flat]
    held_out = _held_out(values, mask)
    mean, error = held_out.mean(axis=1), held_out.std(axis=1, ddof=1) / np.sqrt(FOLDS)
    best = int(mean.argmax())
    near = np.flatnonzero(mean >= mean[best] - error[best])
    sparsest = near[grid[near].sum(axis=(1, 2, 3)).argmin()]
    chosen = select(criterion, fits)
    draws = bootstrap_moments(moments, DRAWS)
    refitted = fit_moments(draws, moments.count, n_vars, LAMBDAS)
    drawn = [
        select(_criterion(moments, draw), fit, chosen.inflation).graph.any(axis=0)
        for draw, fit in zip(draws, refitted, strict=True)
    ]
    return {
        "BIC": float(scores[int(np.argmin(bic))]),
        "held-out minimum": float(scores[best]),
        "held-out one s.e.": float(scores[sparsest]),
        "frequency > .5": f1((np.mean(drawn, axis=0) > 0.5)[None], system.truth),
        "ours": f1(chosen.graph, system.truth),
        "oracle candidate": float(scores.max()),
    }


def thresholded(fits: NDArray[np.float32]) -> Graphs:
    """Return every fit at every threshold `[fits x thresholds, lag, cause, effect]`, lag 0 certified, no own lags."""
    graphs = np.abs(fits)[:, None] > THRESHOLDS[:, None, None, None]
    graphs &= ~np.eye(fits.shape[-1], dtype=bool)
    for fit, own in zip(fits, graphs, strict=True):
        for graph in own:
            graph[0] = certify(fit[0], graph[0]).graph
    return graphs.reshape(-1, *fits.shape[1:])


def f1(graph: Graphs, truth: Graphs) -> float:
    """Return the F1 of the summary graphs."""
    off_diagonal = ~np.eye(truth.shape[-1], dtype=bool)
    found, true = graph.any(axis=0) & off_diagonal, truth.any(axis=0) & off_diagonal
    return float(2 * (found & true).sum() / max(found.sum() + true.sum(), 1))


def _criterion(moments: Moments, matrix: NDArray) -> Criterion:
    return Criterion(Refits(matrix, moments.count, moments.n_vars, moments.pair_share))


def _bic(criterion: Criterion, graph: Graphs) -> float:
    refits = criterion.refits
    misfit = sum(refits.log_variance(effect, graph[:, effect]) for effect in range(refits.n_vars))
    return refits.n_rows * misfit + np.log(refits.n_rows) * (graph & ~criterion.own).sum()


def _held_out(values: NDArray, mask: NDArray) -> NDArray:
    """Return the log-likelihood per row of the entries read in held-out blocks of time, `[candidates, folds]`.

    Nothing is filled in there: the likelihood of a graph is that of the joint Gaussian of a stacked row which its
    refit implies, marginalised to what was read.
    """
    found = []
    for block in np.array_split(np.arange(len(values)), FOLDS):
        trained = np.delete(np.arange(len(values)), block)
        series = (trained > block[0]).astype(int)
        moments = lagged_moments(values[trained], mask[trained], LAGS, series)
        fits = fit_moments(moments.matrix[None], moments.count, moments.n_vars, LAMBDAS)[0]
        criterion = _criterion(moments, moments.matrix)
        standard = (values[block] - moments.mean) / moments.scale
        rows = arrange(*stack(standard, mask[block], lagged_rows(len(block), LAGS), LAGS))
        known: dict[bytes, float] = {}
        scores = []
        for graph in thresholded(fits):
            key = graph.tobytes()
            if key not in known:
                causes = graph.reshape(-1, moments.n_vars) | criterion.own
                model = _implied(criterion, causes, moments.models[0].mean)
                known[key] = expect(rows, model).log_likelihood / len(rows.values)
            scores.append(known[key])
        found.append(scores)
    return np.array(found).T


def _implied(criterion: Criterion, graph: Graphs, mean: NDArray) -> Gaussian:
    """Return the Gaussian of stacked rows that a graph implies: its refit at lag 0, the past as it is."""
    n_vars, past = criterion.n_vars, criterion.refits.pooled[criterion.n_vars :, criterion.n_vars :]
    weights = criterion.weights(graph).reshape(-1, n_vars)
    noise = [np.exp(criterion.refits.log_variance(effect, graph[:, effect])) for effect in range(n_vars)]
    total = np.linalg.inv(np.eye(n_vars) - weights[:n_vars])  # x = past B_lag total + noise total
    pull = weights[n_vars:] @ total
    now = pull.T @ past @ pull + total.T @ np.diag(noise) @ total
    joint = np.block([[now, pull.T @ past], [past @ pull, past]])
    return Gaussian(mean, joint + 1e-6 * np.eye(len(joint)))


if __name__ == "__main__":
    main()

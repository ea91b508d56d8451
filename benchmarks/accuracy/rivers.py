"""Rivers in flood: 42 gauges in one unit, fitted once, scored on the connected sets of five of the published protocol.

`python benchmarks/accuracy/rivers.py [--draws 50] [--output FILE]` prints, for each largest lag, the AUROC of
`discover` with and without the shared unit, beside a vector autoregression in raw and in standardised levels and the
ratio of standard deviations alone; writes `results/rivers.json`. The data are `rivers/flood.npz` of the development
folder (`JAXSTABLE_SHARED`).

Reference: Stein et al., CausalRivers, ICLR 2025 (the data and the protocol).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from numpy.typing import NDArray

import jaxstable as js
from benchmarks.accuracy.measured import SHARED
from benchmarks.accuracy.peers import stacked
from benchmarks.accuracy.scoring import ranks
from benchmarks.common import table, write_json
from jaxstable.graph import metrics

LAGS = (None, 2, 5)
VAR_LAGS = 5


def main() -> None:
    """Print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=50, help="bootstrap draws")
    parser.add_argument("--output", default=None, help="JSON file (default: results/rivers.json)")
    args = parser.parse_args()
    with np.load(SHARED / "data" / "rivers" / "flood.npz", allow_pickle=False) as file:
        values, truth, sets = file["values"].astype(float), file["truth"].astype(bool), file["subgraphs"]
    sd = np.nanstd(values, axis=0)
    rows: list[dict[str, Any]] = [
        scored("VAR(5), raw levels", var(values), truth, sets),
        scored("VAR(5), standardised", var((values - np.nanmean(values, axis=0)) / sd), truth, sets),
        scored("ratio of standard deviations", sd[None, :] / sd[:, None], truth, sets),
    ]
    for max_lag in LAGS:
        start = time.perf_counter()
        found = js.discover(js.Dataset.from_array(values), max_lag=max_lag, draws=args.draws, progress=False)
        more = {"max_lag": max_lag, "seconds": time.perf_counter() - start}
        sure = (found.edge_probability >= 0.9) & found.graph
        more |= {"sure": int(sure.sum()), "sure_true": int((sure & truth).sum())}
        for same_units, what in ((False, "scale-free"), (True, "one unit")):
            scores = found.ranking(same_units).scores
            rows.append(scored(f"discover, max_lag={max_lag}, {what}", scores, truth, sets) | more)
    shown = ("method", "five", "whole", "sure", "sure_true", "seconds")
    print(table([[row.get(name, "") for name in shown] for row in rows], list(shown)))
    write_json("rivers", {"settings": {"draws": args.draws, "sets": len(sets)}, "rows": rows}, args.output)


def scored(method: str, scores: NDArray[Any], truth: NDArray[np.bool_], sets: NDArray[Any]) -> dict[str, Any]:
    """Return the mean AUROC over the sets of five, each on its own rows and columns, and that of the whole graph."""
    five = [auroc(scores[np.ix_(five, five)], truth[np.ix_(five, five)]) for five in sets]
    return {"method": method, "five": float(np.mean(five)), "whole": auroc(scores, truth)}


def auroc(scores: NDArray[Any], truth: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of the ranking off the diagonal."""
    return float(metrics.auroc(ranks(scores), truth))  # pyright: ignore[reportArgumentType]


def var(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest coefficient over lags of a least-squares autoregression, `[cause, effect]`."""
    n_vars = values.shape[1]
    rows = stacked(np.where(np.isfinite(values), values, np.nanmean(values, axis=0))[None], VAR_LAGS)
    design = np.hstack([rows[:, n_vars:], np.ones((len(rows), 1))])
    weights = np.linalg.lstsq(design, rows[:, :n_vars], rcond=None)[0][:-1]
    largest: NDArray[np.float64] = weights.reshape(VAR_LAGS, n_vars, n_vars).max(axis=0)
    return largest


if __name__ == "__main__":
    main()

"""Loaders of the measured and published data of the development folder, by the protocols of its READMEs."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.accuracy.scenarios import Case, Kind

SHARED = Path(os.environ.get("JAXSTABLE_SHARED", Path(__file__).resolve().parents[3] / "shared"))
NETSIM_SUBJECTS = {1: 25, 2: 25, 3: 15, 4: 5}  # the more variables the fewer: 50 take a minute each
DREAM3 = {10: ("Ecoli1", "Ecoli2", "Yeast1", "Yeast2", "Yeast3"), 50: ("Ecoli1", "Ecoli2", "Yeast1")}
DREAM3[100] = DREAM3[50]
LEAST_READINGS = 50


def permuted(values: np.ndarray, truth: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same data with its columns in a random order, the graph alike."""
    order = np.random.default_rng([seed, 4]).permutation(len(truth))
    return values[..., order], truth[np.ix_(order, order)]


def _npz(path: str) -> dict[str, np.ndarray]:
    with np.load(SHARED / "data" / path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _case(name: str, seed: int, values: np.ndarray, truth: np.ndarray, n_lags: int) -> Case:
    truth = truth.astype(bool) & ~np.eye(len(truth), dtype=bool)
    return Case(name, seed, values.astype(float), truth, n_lags)


def _netsim(sim: int, pooled: bool) -> Callable[[int], Case]:
    def make(seed: int) -> Case:
        file = _npz(f"netsim/sim{sim}.npz")
        values, truth = permuted(file["X"], file["A"][0], 100 * sim + seed)
        part = values if pooled else values[seed : seed + 1]
        return _case(f"NetSim {sim} {'pooled' if pooled else 'single'}", seed, part, truth, 1)

    return make


def _files(name: str, paths: list[str], n_lags: int) -> Callable[[int], Case]:
    def make(seed: int) -> Case:
        file = _npz(paths[seed])
        values = file["X"] if file["X"].ndim == 3 else file["X"][None]
        return _case(name, seed, *permuted(values, file["A"], seed), n_lags)

    return make


def _table(path: str) -> tuple[list[str], list[list[str]]]:
    with (SHARED / "data" / path).open(newline="") as file:
        header, *lines = csv.reader(file)
    return header, lines


def _graph(path: str) -> tuple[list[str], np.ndarray]:
    header, lines = _table(path)
    return header[1:], np.array([[float(cell) for cell in line[1:]] for line in lines])


def _sachs(graph: str) -> Callable[[int], Case]:
    def make(seed: int) -> Case:
        names, truth = _graph(f"sachs/{graph}.csv")
        header, lines = _table("sachs/obs_853.csv")
        values = np.log(np.array(lines, float))[:, [header.index(name) for name in names]]
        return _case(f"Sachs {int(truth.sum())} edges", seed, *permuted(values[None], truth, seed), 0)

    return make


def _petshop(seed: int) -> Case:
    """Latency of the services with at least 50 readings; the callee's latency causes the caller's."""
    services, calls = _graph("petshop/low_traffic_callgraph.csv")
    header, lines = _table("petshop/low_traffic_latency_Average.csv")
    cells = np.array([[float(cell) if cell else np.nan for cell in line] for line in lines])
    read = np.isfinite(cells).sum(axis=0) >= LEAST_READINGS
    alive = [name for name, enough in zip(header, read, strict=True) if enough and name in services]
    columns = [name for name in alive if np.nanstd(cells[:, header.index(name)]) > 0]
    values = cells[:, [header.index(name) for name in columns]]
    index = [services.index(name) for name in columns]
    return _case("PetShop latency", seed, *permuted(values[None], calls.T[np.ix_(index, index)], seed), 1)


def measured() -> dict[str, Kind]:
    """Return the kinds of data that the folder holds; empty where there is no folder."""
    kinds: dict[str, Kind] = {}
    for sim, subjects in NETSIM_SUBJECTS.items():
        kinds[f"NetSim {sim} single"] = Kind("NetSim", range(subjects), _netsim(sim, False))
        kinds[f"NetSim {sim} pooled"] = Kind("NetSim", range(1), _netsim(sim, True))
    for size, nets in DREAM3.items():
        paths = [f"dream3/size{size}_{net}.npz" for net in nets]
        name = f"DREAM3 size {size}"
        kinds[name] = Kind("DREAM", range(len(paths)), _files(name, paths, 1))
    small = [f"dream4/gnw_{net}10_timeseries.npz" for net in ("ecoli", "yeast")]
    large = [f"dream4/size100_{k}_timeseries.npz" for k in (1, 2)]
    for name, paths in (("GeneNetWeaver size 10", small), ("DREAM4 size 100", large)):
        kinds[name] = Kind("DREAM", range(len(paths)), _files(name, paths, 1))
    kinds["Sachs 17 edges"] = Kind("real", range(1), _sachs("graph_17_bnlearn"))
    kinds["Sachs 20 edges"] = Kind("real", range(1), _sachs("graph_20_sachs2005"))
    traffic, aqi = ["causaltime/traffic.npz"], ["causaltime/aqi_real.npz"]
    kinds["CausalTime traffic"] = Kind("real", range(1), _files("CausalTime traffic", traffic, 1))
    kinds["AQI"] = Kind("real", range(1), _files("AQI", aqi, 1))
    kinds["PetShop latency"] = Kind("real", range(1), _petshop)
    return kinds if (SHARED / "data").is_dir() else {}


MEASURED_NOTES = {
    "NetSim": "BOLD, 200 scans per subject, columns permuted, 1 lag; pooled: every subject a series of its own.",
    "DREAM": "gene expression, 4-46 trajectories of 21 steps, each a series of its own, 1 lag.",
    "real": "Sachs: logarithm, i.i.d., lag 0 only. CausalTime traffic and AQI: symmetric truth, 1 lag. PetShop: "
    "latency, reversed call graph, services with at least 50 readings, 1 lag.",
}

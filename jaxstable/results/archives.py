"""Turn what a result holds into an archive of its directory, and an archive back into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.config import Config
from jaxstable.discovery.found import Choice
from jaxstable.files.archive import Archive, check_shapes, damaged
from jaxstable.files.directory import json_ready
from jaxstable.files.kinds import KINDS
from jaxstable.files.table import UNFINISHED, by_lane
from jaxstable.graph.learned import LearnedGraph
from jaxstable.results.evidence import as_mapping, number
from jaxstable.results.findings import Finding
from jaxstable.results.lane_table import Lanes
from jaxstable.results.origin import from_file
from jaxstable.results.sensors import Recorded
from jaxstable.signals.prepare import Removed
from jaxstable.training.record import Run

PARAMS = "params/"  # prefix of the names of parameters
# name in the file -> attribute of the graph
STACKS = {"lagged_graph": "lagged_graph", "lagged": "lagged", "lagged_probability": "lagged_probability"}
SQUARES = {"edge_probability": "probability", "direction_confidence": "direction"}
EVIDENCE = ("lagged_frequency", "edge_frequency", "strength")


def of_run(run: Run, graph: np.ndarray, summary: Mapping[str, Any]) -> Archive:
    """Return a run as an archive.

    Args:
        run: the run.
        graph: bool `[cause, effect]`, its certified graph.
        summary: its totals.
    """
    arrays: dict[str, Any] = {
        "adjacency": run.adjacency,
        "lagged": run.lagged,
        "names": np.array(run.names, dtype=np.str_),
        "graph": graph,
        "threshold": np.float64(run.threshold),
        **_flatten(run.params),
    }
    arrays |= {name: value for name in ("truth", "signs") if (value := getattr(run, name)) is not None}
    whole = {**summary, "names": list(run.names), "data_facts": run.data_facts}
    documents = {"config": dict(as_mapping(run.config)), "summary": whole}
    return Archive("train", arrays, documents, {"log": run.history}, {})


def to_run(archive: Archive, directory: Path) -> Run:
    """Return the run that an archive holds.

    Args:
        archive: what was read.
        directory: where, for messages.

    Raises:
        RunDirectoryError: It does not hold what a run leaves.
    """
    arrays, summary = archive.arrays, archive.documents["summary"]
    names = _names(archive, directory)
    square, n_lags = (len(names), len(names)), len(np.atleast_1d(arrays.get("lagged", 0)))
    expected = {"adjacency": square, "lagged": (n_lags, *square), "threshold": (), "truth": square}
    expected |= {"signs": (n_lags, *square)}
    check_shapes(directory, archive, expected, optional=["truth", "signs"])
    config = summary.get("config")
    seconds, facts = summary.get("total_time") or 0.0, summary.get("data_facts") or {}
    if number(seconds) is None or not isinstance(facts, Mapping):
        raise damaged("train", directory / KINDS["train"].last, "total_time or data_facts")
    return Run(
        config=Config.from_dict(config if isinstance(config, Mapping) else archive.documents["config"]),
        names=names,
        history=[dict(record) for record in archive.lines["log"]],
        adjacency=arrays["adjacency"],
        lagged=arrays["lagged"],
        threshold=float(arrays["threshold"]),
        truth=arrays.get("truth"),
        status=str(summary.get("status") or "FINISHED"),
        total_time=float(seconds),
        data_facts=dict(facts),
        params=_unflatten(arrays),
        test_loss=number(summary.get("test_loss")),
        signs=arrays.get("signs"),
    )


def of_lanes(runs: Sequence[Run], lanes: Lanes) -> Archive:
    """Return the runs of a sweep as an archive, without their parameters; models may differ in their lags."""
    lagged = np.zeros((len(runs), max(len(run.lagged) for run in runs), *runs[0].lagged.shape[1:]), np.float32)
    signs = np.zeros(lagged.shape, np.int8)  # 0 throughout a lane: its model knows none
    for own, run in zip(lagged, runs, strict=True):
        own[: len(run.lagged)] = run.lagged
    for own, run in zip(signs, runs, strict=True):
        own[: len(run.lagged)] = 0 if run.signs is None else run.signs
    arrays = {
        "adjacency": np.stack([run.adjacency for run in runs]),
        "lagged": lagged,
        "lags": np.array([len(run.lagged) for run in runs]),
        "threshold": np.array([run.threshold for run in runs], np.float64),
        "status": np.array([run.status for run in runs], np.str_),
        "total_time": np.array([run.total_time for run in runs], np.float64),
        "test_loss": np.array([np.nan if run.test_loss is None else run.test_loss for run in runs], np.float64),
        "names": np.array(runs[0].names, np.str_),
        "signs": signs,
    }
    if runs[0].truth is not None:
        arrays["truth"] = np.asarray(runs[0].truth, bool)
    records = [{"lane": lane, **record} for lane, run in enumerate(runs) for record in json_ready(run.history)]
    log = sorted(records, key=lambda record: (record["epoch"], record["lane"]))
    table = [row for row in lanes.table if row["status"] not in UNFINISHED]
    facts = [run.data_facts for run in runs]
    distinct = [fact for i, fact in enumerate(facts) if fact not in facts[:i]]
    summary = {**lanes.summary(), "data_facts": distinct, "facts_of_lane": [distinct.index(fact) for fact in facts]}
    documents = {"config": {"lanes": [run.config.to_dict() for run in runs]}, "summary": summary}
    return Archive("sweep", arrays, documents, {"log": log, "table": table}, {})


def to_lanes(archive: Archive, directory: Path) -> list[Run]:
    """Return the runs that an archive of a sweep holds, without parameters.

    Args:
        archive: what was read.
        directory: where, for messages.

    Raises:
        RunDirectoryError: It does not hold what a sweep leaves.
    """
    kind, arrays, summary = KINDS[archive.kind], archive.arrays, archive.documents["summary"]
    lanes = archive.documents["config"].get("lanes")
    if not isinstance(lanes, list) or not lanes or not all(isinstance(lane, dict) for lane in lanes):
        raise damaged(archive.kind, directory / kind.documents["config"], "lanes")
    configs, names = [Config.from_dict(lane) for lane in lanes], _names(archive, directory)
    count, square = (len(configs),), (len(names), len(names))
    expected = {"adjacency": (*count, *square), "truth": square, **dict.fromkeys(("lags", "threshold"), count)}
    expected |= {"lagged": (*count, *np.shape(arrays.get("lagged", 0))[1:2], *square), "total_time": count}
    expected |= {"test_loss": count, "signs": expected["lagged"]}
    check_shapes(directory, archive, expected, optional=["truth", "test_loss", "signs"])
    if np.shape(arrays.get("status", 0)) != count:
        raise damaged(archive.kind, directory / kind.arrays, f"status, expected one for each of {count[0]} lanes")
    facts, of_lane = summary.get("data_facts"), summary.get("facts_of_lane")
    if not isinstance(facts, list) or not isinstance(of_lane, list) or len(of_lane) != len(configs):
        raise damaged(archive.kind, directory / kind.last, "data_facts")
    if not all(isinstance(index, int) and 0 <= index < len(facts) for index in of_lane):
        raise damaged(archive.kind, directory / kind.last, "facts_of_lane")
    histories = by_lane([dict(record) for record in archive.lines["log"]], len(configs))
    return [
        Run(
            config=config,
            names=names,
            history=histories[lane],
            adjacency=arrays["adjacency"][lane],
            lagged=arrays["lagged"][lane, : arrays["lags"][lane]],
            threshold=float(arrays["threshold"][lane]),
            truth=arrays.get("truth"),
            status=str(arrays["status"][lane]),
            total_time=float(arrays["total_time"][lane]),
            data_facts=facts[of_lane[lane]],
            params=None,
            test_loss=number(float(arrays["test_loss"][lane])) if "test_loss" in arrays else None,
            signs=_signs(arrays, lane),
        )
        for lane, config in enumerate(configs)
    ]


def _signs(arrays: Mapping[str, np.ndarray], lane: int) -> np.ndarray | None:
    own = arrays["signs"][lane, : arrays["lags"][lane]] if "signs" in arrays else np.zeros(0)
    return own if own.any() else None


def of_discovery(
    graph: LearnedGraph, evidence: Mapping[str, np.ndarray], document: Mapping[str, Any], texts: Mapping[str, str]
) -> Archive:
    """Return a discovery as an archive.

    Args:
        graph: the graph.
        evidence: arrays by the names of `EVIDENCE`, and its rows.
        document: all that JSON holds of it.
        texts: its edges as CSV and its graph as GraphML.
    """
    arrays: dict[str, Any] = {name: getattr(graph, own) for name, own in {**STACKS, **SQUARES}.items()}
    arrays |= {**evidence, "names": np.array(graph.names, dtype=np.str_)}
    arrays |= {name: value for name in ("truth", "scale") if (value := getattr(graph, name)) is not None}
    return Archive("discovery", arrays, {"summary": document}, {}, texts)


def to_discovery(archive: Archive, directory: Path) -> dict[str, Any]:
    """Return the fields of the discovery that an archive holds.

    Args:
        archive: what was read.
        directory: where, for messages.

    Raises:
        RunDirectoryError: It does not hold what a discovery leaves.
    """
    arrays, document = archive.arrays, archive.documents["summary"]
    names = _names(archive, directory)
    square, n_lags = (len(names), len(names)), len(np.atleast_1d(arrays.get("lagged", 0)))
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys((*STACKS, *EVIDENCE), (n_lags, *square))
    shapes |= dict.fromkeys((*SQUARES, "edge_frequency", "truth"), square) | {"scale": (len(names),)}
    check_shapes(directory, archive, shapes, optional=["truth", "scale"])
    try:
        chosen = {str(name): Choice(**choice) for name, choice in document["chosen"].items()}
        removed = {str(name): Removed(**_tuples(what)) for name, what in document.get("removed", {}).items()}
        common_causes = tuple(tuple(map(str, group)) for group in document.get("common_causes", ()))
        findings = tuple(Finding(**finding) for finding in document["findings"])
        recorded = {str(name): Recorded(**_tuples(what)) for name, what in document.get("recorded", {}).items()}
        provenance = dict(document.get("provenance", {}))
    except (KeyError, TypeError, AttributeError) as error:
        raise damaged("discovery", directory / KINDS["discovery"].last, repr(error)) from error
    learned = LearnedGraph(
        names=names,
        **{own: arrays[name] for name, own in {**STACKS, **SQUARES}.items()},
        truth=arrays.get("truth"),
        scale=arrays.get("scale"),
        units=document.get("units"),
        step=document.get("step"),
    )
    reasons = {"chosen": chosen, "removed": removed, "common_causes": common_causes, "findings": findings}
    reasons |= {"recorded": recorded, "provenance": provenance, "origin": from_file(archive, directory, learned)}
    return {"learned": learned, **{name: arrays[name] for name in EVIDENCE}, **reasons}


def _tuples(what: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _tuple(value) for name, value in what.items()}


def _tuple(value: Any) -> Any:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _names(archive: Archive, directory: Path) -> tuple[str, ...]:
    names = archive.arrays.get("names")
    if names is None or names.ndim != 1 or names.dtype.kind != "U":
        raise damaged(archive.kind, directory / KINDS[archive.kind].arrays, "names")
    return tuple(str(name) for name in names)


def _flatten(params: Any, path: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Name every array of nested mappings, named tuples and sequences by its path."""
    if params is None:
        return {}
    if hasattr(params, "_asdict"):
        params = params._asdict()
    if isinstance(params, (list, tuple)):
        params = {str(index): item for index, item in enumerate(params)}
    if isinstance(params, Mapping):
        flat: dict[str, np.ndarray] = {}
        for key, item in params.items():
            flat |= _flatten(item, (*path, str(key).replace("/", "|")))
        return flat
    return {PARAMS + "/".join(path): np.asarray(params)}


def _unflatten(arrays: Mapping[str, np.ndarray]) -> dict[str, Any] | None:
    tree: dict[str, Any] = {}
    for key, array in arrays.items():
        if key.startswith(PARAMS):
            *parents, last = key.removeprefix(PARAMS).split("/")
            node = tree
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = array
    return tree or None

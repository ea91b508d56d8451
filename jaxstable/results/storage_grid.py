"""Keep a sweep in a directory and read it back: its log, its table, and the arrays of all lanes in one file."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.table import LOG, SUMMARY, TABLE, UNFINISHED, by_lane, read_lane_log, read_table, write_lines
from jaxstable.results.storage import check_free, check_shapes, read_arrays
from jaxstable.training.record import Run

if TYPE_CHECKING:
    from jaxstable.results.sweep_result import SweepResult

ARRAYS = "lanes.npz"
REQUIRED = {"adjacency", "lagged", "lags", "threshold", "status", "total_time", "names"}


def save(result: SweepResult, directory: str | os.PathLike[str]) -> Path:
    """Write log, table, config, arrays and, last, the totals; a file that says the same already is left alone.

    Raises:
        RunDirectoryError: The directory holds another run or sweep.
    """
    directory = Path(directory)
    check_free(directory, result.run_dir, LOG, SUMMARY)
    directory.mkdir(parents=True, exist_ok=True)
    runs = result.runs
    lanes = [run.config.to_dict() for run in runs]
    config = directory / rundir.CONFIG
    if not (config.is_file() and rundir.read_json(config).get("lanes") == lanes):
        rundir.write_json(config, {"lanes": lanes})
    histories = [rundir.json_ready(run.history) for run in runs]
    if by_lane(read_lane_log(directory / LOG), len(runs)) != histories:
        records = [{"lane": lane, **record} for lane, history in enumerate(histories) for record in history]
        write_lines(directory / LOG, sorted(records, key=lambda record: (record["epoch"], record["lane"])))
    ended = [rundir.json_ready(row) for row in result.table if row["status"] not in UNFINISHED]
    if read_table(directory / TABLE) != ended:
        write_lines(directory / TABLE, ended)
    rundir.write_atomic(directory / ARRAYS, _packed(runs))
    facts = [run.data_facts for run in runs]
    distinct = [fact for i, fact in enumerate(facts) if fact not in facts[:i]]
    summary = {**result.summary(), "data_facts": distinct, "facts_of_lane": [distinct.index(fact) for fact in facts]}
    rundir.write_json(directory / SUMMARY, summary)
    return directory


def load(directory: str | os.PathLike[str]) -> SweepResult:
    """Read what `save` wrote."""
    from jaxstable.results.sweep_result import SweepResult

    directory = Path(directory)
    if not (directory / SUMMARY).is_file():
        raise RunDirectoryError(
            f"{directory} holds a sweep without {SUMMARY}: it has not ended; go on with `jaxstable resume {directory}`"
        )
    lanes = rundir.read_json(directory / rundir.CONFIG).get("lanes")
    if not isinstance(lanes, list) or not all(isinstance(lane, dict) for lane in lanes):
        raise RunDirectoryError(f"{directory / rundir.CONFIG} is damaged (lanes): restore it from a copy")
    configs = [Config.from_dict(lane) for lane in lanes]
    histories = by_lane(read_lane_log(directory / LOG), len(configs))
    arrays = read_arrays(directory / ARRAYS, REQUIRED)
    summary = rundir.read_json(directory / SUMMARY)
    if arrays["status"].ndim and len(arrays["status"]) != len(configs):
        raise RunDirectoryError(
            f"{directory}: {ARRAYS} holds {len(arrays['status'])} lanes and {rundir.CONFIG} {len(configs)}; "
            f"write them again with `jaxstable resume {directory}`"
        )
    count, (names, lagged) = (len(configs),), (arrays["names"], arrays["lagged"])
    square = (names.size, names.size)
    expected = {"adjacency": (*count, *square), "lagged": (*count, *lagged.shape[1:2], *square), "truth": square}
    check_shapes(directory / ARRAYS, arrays, {**expected, **dict.fromkeys(("lags", "threshold", "total_time"), count)})
    facts, of_lane = summary.get("data_facts"), summary.get("facts_of_lane")
    if not isinstance(facts, list) or not isinstance(of_lane, list) or len(of_lane) != len(configs):
        raise RunDirectoryError(
            f"{directory / SUMMARY} is damaged (data_facts): write it again with `jaxstable resume {directory}`"
        )
    if not all(isinstance(index, int) and 0 <= index < len(facts) for index in of_lane):
        raise RunDirectoryError(
            f"{directory / SUMMARY} is damaged (facts_of_lane): write it again with `jaxstable resume {directory}`"
        )
    runs = [
        Run(
            config=config,
            names=tuple(str(name) for name in arrays["names"]),
            history=histories[lane],
            adjacency=arrays["adjacency"][lane],
            lagged=arrays["lagged"][lane, : arrays["lags"][lane]],
            threshold=float(arrays["threshold"][lane]),
            truth=arrays.get("truth"),
            status=str(arrays["status"][lane]),
            total_time=float(arrays["total_time"][lane]),
            data_facts=facts[of_lane[lane]],
            params=None,
        )
        for lane, config in enumerate(configs)
    ]
    return SweepResult(runs, directory)


def _packed(runs: Any) -> bytes:
    """Return the arrays of all lanes as one archive; models may differ in their number of lags."""
    lags = [len(run.lagged) for run in runs]
    lagged = np.zeros((len(runs), max(lags), *runs[0].lagged.shape[1:]), np.float32)
    for own, run in zip(lagged, runs, strict=True):
        own[: len(run.lagged)] = run.lagged
    arrays = {
        "adjacency": np.stack([run.adjacency for run in runs]),
        "lagged": lagged,
        "lags": np.array(lags),
        "threshold": np.array([run.threshold for run in runs], np.float64),
        "status": np.array([run.status for run in runs], np.str_),
        "total_time": np.array([run.total_time for run in runs], np.float64),
        "names": np.array(runs[0].names, np.str_),
    }
    if runs[0].truth is not None:
        arrays["truth"] = np.asarray(runs[0].truth, bool)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()

"""Keep a result in a directory and read it back, with numpy and the standard library alone."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.files import directory as rundir
from jaxstable.files import kinds
from jaxstable.files.directory import RunDirectoryError
from jaxstable.results.evidence import as_mapping, number

if TYPE_CHECKING:
    from jaxstable.results.train_result import TrainResult

REQUIRED = {"adjacency", "lagged", "names", "threshold"}
PARAMS = "params/"  # prefix of the parameters inside adjacency.npz


def save(result: TrainResult, directory: str | os.PathLike[str]) -> Path:
    """Write log, arrays, config and, last, the summary: where it is, the rest is complete.

    Raises:
        RunDirectoryError: The directory holds another run.
    """
    directory = Path(directory)
    config = dict(as_mapping(result.config))
    preset = config.get("preset") or "stable"
    check_free(directory, result.run_dir, rundir.LOG.format(preset=preset), rundir.SUMMARY.format(preset=preset))
    directory.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {
        "adjacency": np.asarray(result.adjacency),
        "lagged": np.asarray(result.lagged),
        "names": np.array(result.names, dtype=np.str_),
        "graph": result.graph,
        "threshold": np.float64(result.threshold),
        **_flatten(result.params),
    }
    if result.truth is not None:
        arrays["truth"] = np.asarray(result.truth, dtype=bool)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    rundir.write_log(directory / rundir.LOG.format(preset=preset), result.history)
    rundir.write_atomic(directory / rundir.ADJACENCY, buffer.getvalue())
    rundir.write_json(directory / rundir.CONFIG, config)
    summary = {
        **result.summary(),
        "names": list(result.names),
        "data_facts": result.run.data_facts,
    }
    rundir.write_json(directory / rundir.SUMMARY.format(preset=preset), summary)
    return directory


def load(directory: str | os.PathLike[str]) -> TrainResult:
    """Read what `save` wrote."""
    from jaxstable.config import Config
    from jaxstable.results.train_result import TrainResult
    from jaxstable.training.record import Run

    directory = Path(directory)
    log = rundir.read_log(rundir.find_log(directory))
    summary_path = rundir.find(directory, rundir.SUMMARY)
    if summary_path is None:
        raise RunDirectoryError(
            f"{directory} holds a log but no {rundir.SUMMARY.format(preset='*')}: the run has not "
            f"ended; continue it with `jaxstable resume {directory}`"
        )
    summary = rundir.read_json(summary_path)
    config = summary.get("config")
    if not isinstance(config, Mapping):
        config = _config_file(directory)
    arrays = read_arrays(directory / rundir.ADJACENCY, REQUIRED)
    n_vars, n_lags = arrays["names"].size, len(np.atleast_1d(arrays["lagged"]))
    square = (n_vars, n_vars)
    expected = {"adjacency": square, "lagged": (n_lags, *square), "threshold": (), "truth": square}
    check_shapes(directory / rundir.ADJACENCY, arrays, expected)
    seconds, facts = summary.get("total_time") or 0.0, summary.get("data_facts") or {}
    if number(seconds) is None or not isinstance(facts, Mapping):
        raise RunDirectoryError(
            f"{summary_path} is damaged (total_time or data_facts): restore it from a copy, or continue the run with "
            f"`jaxstable resume {directory}`, which writes it again"
        )
    run = Run(
        config=Config.from_dict(config),
        names=tuple(str(name) for name in arrays["names"]),
        history=log.records,
        adjacency=arrays["adjacency"],
        lagged=arrays["lagged"],
        threshold=float(arrays["threshold"]),
        truth=arrays.get("truth"),
        status=str(summary.get("status") or "FINISHED"),
        total_time=float(seconds),
        data_facts=dict(facts),
        params=_unflatten(arrays),
    )
    return TrainResult(run, directory)


def _config_file(directory: Path) -> dict[str, Any]:
    path = directory / rundir.CONFIG
    if not path.is_file():
        raise RunDirectoryError(
            f"{directory} holds no config, neither in the summary nor in {rundir.CONFIG}: "
            "restore the file from a copy, or train again"
        )
    return rundir.read_json(path)


def read_arrays(path: Path, required: Set[str]) -> dict[str, np.ndarray]:
    """Read an archive that holds at least the required arrays."""
    if not path.is_file():
        raise RunDirectoryError(
            f"{path} is missing: the run has not ended; continue it with `jaxstable resume {path.parent}`"
        )
    try:
        # From memory: numpy leaves the file of a damaged archive open.
        content = io.BytesIO(path.read_bytes())
        if not zipfile.is_zipfile(content):
            raise zipfile.BadZipFile("not an archive")
        content.seek(0)
        with np.load(content, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, KeyError, RuntimeError) as error:
        raise RunDirectoryError(
            f"{path} is damaged ({error}): restore it from a copy, or continue the run with "
            f"`jaxstable resume {path.parent}`, which writes it again"
        ) from error
    lacking = set(required) - set(arrays)
    if lacking:
        raise RunDirectoryError(f"{path} lacks {', '.join(sorted(lacking))}: train the run again")
    return arrays


def check_shapes(path: Path, arrays: Mapping[str, np.ndarray], expected: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse arrays that are not of the expected shape, or not numbers."""
    for name, shape in expected.items():
        if name in arrays and (arrays[name].shape != shape or arrays[name].dtype.kind not in "bif"):
            raise RunDirectoryError(
                f"{path} is damaged: {name} is {arrays[name].dtype} {arrays[name].shape}, expected numbers {shape}; "
                f"restore it from a copy, or continue the run with `jaxstable resume {path.parent}`"
            )


def check_free(directory: Path, own: Path | None, log: str, summary: str) -> None:
    """Refuse to save into the directory of another run: a result's files and a run's checkpoint do not go together.

    A directory that holds nothing but a saved result of the same kind may be overwritten.

    Args:
        directory: Where to save.
        own: The result's own directory, if it has one.
        log: Name of the log that will be written.
        summary: Name of the summary that will be written.
    """
    kinds.check_free(directory, {"": "discovery", "lanes_log.json": "sweep"}.get(log, "train"), own)


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

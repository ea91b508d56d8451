"""Keep a discovery in a directory and read it back."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.discovery.reasons import Choice
from jaxstable.files import directory as rundir
from jaxstable.files.directory import RunDirectoryError
from jaxstable.results.findings import Finding
from jaxstable.results.storage import check_free, check_shapes, read_arrays
from jaxstable.signals.prepare import Removed

if TYPE_CHECKING:
    from jaxstable.results.discovery_result import Discovery

ARRAYS, DOCUMENT, EDGES, GRAPH = "discovery.npz", "discovery.json", "edges.csv", "graph.graphml"
LAGGED = ("lagged_graph", "lagged", "lagged_probability", "lagged_frequency", "strength")
SQUARE = ("edge_probability", "edge_frequency", "direction_confidence")


def is_discovery(directory: str | os.PathLike[str]) -> bool:
    """Return whether a directory holds a discovery."""
    return (Path(directory) / DOCUMENT).is_file()


def save(found: Discovery, directory: str | os.PathLike[str]) -> Path:
    """Write arrays, edges, graph and, last, the document: where it is, the rest is complete.

    Raises:
        RunDirectoryError: The directory holds a run or a sweep.
    """
    from jaxstable.results.report_discovery import discovery_document

    directory = Path(directory)
    check_free(directory, None, "", "")
    directory.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {name: np.asarray(getattr(found, name)) for name in (*LAGGED, *SQUARE)}
    arrays["names"] = np.array(found.names, dtype=np.str_)
    if found.truth is not None:
        arrays["truth"] = np.asarray(found.truth, dtype=bool)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    rundir.write_atomic(directory / ARRAYS, buffer.getvalue())
    found.to_csv(directory / EDGES)
    found.to_graphml(directory / GRAPH)
    rundir.write_json(directory / DOCUMENT, discovery_document(found))
    return directory


def load(directory: str | os.PathLike[str]) -> Discovery:
    """Read what `save` wrote.

    Raises:
        RunDirectoryError: A file is missing or damaged.
    """
    from jaxstable.results.discovery_result import Discovery

    directory = Path(directory)
    if not is_discovery(directory):
        raise RunDirectoryError(f"{directory} holds no {DOCUMENT}: expected what Discovery.save wrote; save it again")
    document = rundir.read_json(directory / DOCUMENT)
    path = directory / ARRAYS
    if not path.is_file():
        raise RunDirectoryError(f"{path} is missing: restore it from a copy, or run discover again")
    try:
        arrays = read_arrays(path, {"names", *LAGGED, *SQUARE})
        n_vars, n_lags = arrays["names"].size, len(np.atleast_1d(arrays["lagged"]))
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(LAGGED, (n_lags, n_vars, n_vars))
        shapes |= dict.fromkeys((*SQUARE, "truth"), (n_vars, n_vars))
        check_shapes(path, arrays, shapes)
    except RunDirectoryError as error:  # its way out is that of a run
        raise RunDirectoryError(f"{path} is damaged: restore it from a copy, or run discover again") from error
    try:
        chosen = {str(name): Choice(**choice) for name, choice in document["chosen"].items()}
        removed = {str(name): Removed(**_tuples(what)) for name, what in document["removed"].items()}
        findings = tuple(Finding(**finding) for finding in document["findings"])
    except (KeyError, TypeError, AttributeError) as error:
        raise RunDirectoryError(f"{directory / DOCUMENT} is damaged ({error!r}): run discover again") from error
    return Discovery(
        names=tuple(str(name) for name in arrays["names"]),
        **dict[str, Any]({name: arrays[name] for name in (*LAGGED, *SQUARE)}),
        chosen=chosen,
        removed=removed,
        findings=findings,
        truth=arrays.get("truth"),
    )


def _tuples(what: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in what.items()}

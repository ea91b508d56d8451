"""What a discovery was found in and what was asked of it: all that new rows need to be joined to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxstable.config import ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.asked import asked_edges
from jaxstable.files.archive import Archive, check_shapes, damaged
from jaxstable.files.kinds import KINDS
from jaxstable.files.provenance import provenance
from jaxstable.graph.learned import LearnedGraph

PLAIN = ("window", "stride", "longest_gap", "step")  # fields of a data set that JSON holds as they are


class Origin(NamedTuple):
    """The question behind a discovery.

    Attributes:
        asked: arguments of `discover`, JSON-ready: max_lag, required, forbidden, draws, seed, prepare.
        data: the rows that it was found in, None where they were not kept.
        reading: how the command line read its file, by option.
    """

    asked: Mapping[str, Any]
    data: Dataset | None
    reading: Mapping[str, Any] = {}


def with_named_edges(asked: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return arguments of `discover` with checked edges as lists: an iterator would give them only once.

    >>> with_named_edges({"required": iter([(0, 1, 2)]), "forbidden": [("b", "a")]}, ["a", "b"])
    {'required': [['a', 'b', 2]], 'forbidden': [['b', 'a']]}
    """
    edges = {name: asked_edges(name, asked[name], names) for name in ("required", "forbidden")}
    plain = {
        name: [[names[one.cause], names[one.effect], *([] if one.lag is None else [one.lag])] for one in some]
        for name, some in edges.items()
    }
    return {**asked, **plain}


def rows_of(origin: Origin | None, given: Dataset | None, found_in: Mapping[str, Any]) -> tuple[Dataset, Origin]:
    """Return the old rows of an update, and what was asked of them.

    Args:
        origin: of the discovery.
        given: the old rows from elsewhere, None to take those that were kept.
        found_in: the provenance of the discovery; its fingerprint of the data is compared with `given`.

    Raises:
        ConfigError: nothing is known of what was asked.
        DataError: the rows were not kept, or `given` holds others.
    """
    if origin is None:
        raise ConfigError(
            "update: this discovery does not say what was asked of it, as one that an earlier version saved; discover "
            "old and new rows together"
        )
    if given is None:
        if origin.data is None:
            raise DataError("update: the rows were not kept; give the old ones as data=, or discover all rows together")
        return origin.data, origin
    # Of rows read in blocks the fingerprint is the first block's: the number of rows tells it from all of them.
    if given.n_rows != found_in.get("rows") or provenance(given, None)["data"] != found_in.get("data"):
        raise DataError(
            f"data: these {given.n_rows} rows are not the {found_in.get('rows', 'ones')} that it was found in; give "
            "those, unchanged and in their order"
        )
    return given, origin


def to_file(origin: Origin | None, keep_rows: bool) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return an origin as a document and arrays by name.

    Args:
        origin: None gives nothing.
        keep_rows: whether the rows are among the arrays.
    """
    if origin is None:
        return {}, {}
    document: dict[str, Any] = {"asked": origin.asked, "reading": origin.reading}
    data = origin.data
    if data is None or not keep_rows:
        return {"origin": document}, {}
    document |= {name: getattr(data, name) for name in PLAIN} | {"understood": [list(row) for row in data.understood]}
    arrays: dict[str, np.ndarray] = {"rows": data.values, "rows_series": data.series}
    more = {"rows_recording": data.recording, "rows_environment": data.environment, "lagged_truth": data.lagged_truth}
    return {"origin": document}, arrays | {name: array for name, array in more.items() if array is not None}


def from_file(archive: Archive, directory: Path, learned: LearnedGraph) -> Origin | None:
    """Return the origin that an archive holds, None where it holds none.

    Raises:
        RunDirectoryError: it is damaged.
    """
    document, arrays = archive.documents["summary"].get("origin"), archive.arrays
    if document is None:
        return None
    where = directory / KINDS[archive.kind].last
    try:
        asked, reading = dict(document["asked"]), dict(document["reading"])
        if "rows" not in arrays:
            return Origin(asked, None, reading)
        n_rows, n_vars = np.shape(arrays["rows"])[0], len(learned.names)
        shapes = {"rows": (n_rows, n_vars), "rows_series": (n_rows,), "rows_environment": (n_rows,)}
        n_series = int(arrays["rows_series"][-1]) + 1
        shapes |= {"rows_recording": (n_series,)}
        check_shapes(directory, archive, shapes, optional=["rows_environment", "rows_recording"])
        values = arrays["rows"]
        mask = np.isfinite(values)
        for array in (values, mask):
            array.setflags(write=False)
        data = Dataset(
            values=values,
            mask=mask,
            names=learned.names,
            series=arrays["rows_series"],
            environment=arrays.get("rows_environment"),
            recording=arrays.get("rows_recording"),
            truth=learned.truth,
            lagged_truth=arrays.get("lagged_truth"),
            units=learned.units,
            understood=[(str(what), str(how)) for what, how in document["understood"]],
            **{name: document[name] for name in PLAIN},
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise damaged("discovery", where, repr(error)) from error
    return Origin(asked, data, reading)

"""What each kind of result leaves in its directory: one table, and what is read from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jaxstable import __version__
from jaxstable.files import directory as rundir
from jaxstable.files.directory import RunDirectoryError
from jaxstable.phrases import shortened

FORMAT = 2  # of all files; those of the first release say no number, which counts as 1


class Kind(NamedTuple):
    """Name the files of one kind of result; ``{preset}`` is the preset of its config.

    Attributes:
        called: What a user calls it.
        arrays: Name of the archive of its arrays.
        documents: File names by role, the last one ends the result.
        lines: File names by role.
        texts: File names by role.
        marks: Patterns of what nobody else calls so: a directory that holds one is of this kind.
        others: Patterns of what else it may leave: checkpoints, pictures, directories of its parts.
        arrays_of_1: Names of the arrays that format 1 kept; a trailing "/" stands for all names that begin so.
    """

    called: str
    arrays: str
    documents: Mapping[str, str]
    lines: Mapping[str, str]
    texts: Mapping[str, str]
    marks: tuple[str, ...]
    others: tuple[str, ...]
    arrays_of_1: frozenset[str]

    @property
    def last(self) -> str:
        """Pattern of the document that is written last."""
        return list(self.documents.values())[-1].format(preset="*")

    @property
    def owned(self) -> tuple[str, ...]:
        """Patterns of all files and directories that it leaves."""
        names = (*self.lines.values(), self.arrays, *self.documents.values(), *self.texts.values(), *self.others)
        return tuple(name.format(preset="*") for name in names)

    def kept_in_format_1(self, name: str) -> bool:
        """Return whether the first release kept an array of this name."""
        return name in self.arrays_of_1 or f"{name.split('/')[0]}/" in self.arrays_of_1


CHECKPOINTS = ("checkpoint.npz", "checkpoint-[0-9]*.npz")  # of a run, and of the groups of a sweep
PROCESSES = "process-[0-9]*"
ROUNDS = "round-[0-9]*"
_SWEEP = Kind(
    called="a sweep",
    arrays="lanes.npz",
    documents={"config": rundir.CONFIG, "summary": "sweep_summary.json"},
    lines={"log": "lanes_log.json", "table": "lanes.json"},
    texts={},
    marks=("lanes_log.json", "sweep_summary.json", PROCESSES + "/" + rundir.CONFIG),
    others=(CHECKPOINTS[1], "data.json", "provenance.json", "sweep.png", PROCESSES),
    arrays_of_1=frozenset({"adjacency", "lagged", "lags", "threshold", "status", "total_time", "names", "truth"}),
)
KINDS = {
    "train": Kind(
        called="a run",
        arrays=rundir.ADJACENCY,
        documents={"config": rundir.CONFIG, "summary": rundir.SUMMARY},
        lines={"log": rundir.LOG},
        texts={"graph": "graph.graphml"},
        marks=(rundir.LOG.format(preset="*"), rundir.SUMMARY.format(preset="*")),
        others=(CHECKPOINTS[0], "data.json", "provenance.json", "result.png"),
        arrays_of_1=frozenset({"adjacency", "lagged", "graph", "threshold", "names", "truth", "params/"}),
    ),
    "sweep": _SWEEP,
    "search": _SWEEP._replace(
        called="a search",
        marks=(ROUNDS + "/" + rundir.CONFIG, ROUNDS + "/" + PROCESSES + "/" + rundir.CONFIG),
        others=(*_SWEEP.others, ROUNDS),
    ),
    "discovery": Kind(
        called="a discovery",
        arrays="discovery.npz",
        documents={"summary": "discovery.json"},
        lines={},
        texts={"edges": "edges.csv", "graph": "graph.graphml"},
        marks=("discovery.json", "discovery.npz"),
        others=("data.json", "discovery.png"),
        arrays_of_1=frozenset(
            {
                *("names", "lagged_graph", "lagged", "lagged_probability", "lagged_frequency", "strength", "truth"),
                *("edge_probability", "edge_frequency", "direction_confidence"),
            }
        ),
    ),
}


def kind_of(directory: str | Path) -> str | None:
    """Return what a directory holds, be it whole or in the making: a key of `KINDS`, None for nothing of ours.

    Raises:
        RunDirectoryError: It holds two kinds, as the first release could leave it.
    """
    directory = Path(directory)
    found = [name for name, kind in KINDS.items() if any(any(directory.glob(mark)) for mark in kind.marks)]
    if "search" in found:  # which keeps the lanes of all its rounds as a sweep does
        found = [name for name in found if name != "sweep"]
    if len(found) > 1:
        both = " and ".join(KINDS[name].called for name in found)
        raise RunDirectoryError(f"{directory} holds {both}: move the files of one into a directory of its own")
    config = directory / rundir.CONFIG
    if not found and config.is_file():
        keys = rundir.read_json(config)
        return "sweep" if "lanes" in keys else "train" if "preset" in keys else None
    return found[0] if found else None


def check_free(directory: str | Path, kind: str, own: str | Path | None = None) -> None:
    """Refuse to save into a directory that holds anything but a saved result of the same kind.

    A result's files and the checkpoints of another run do not go together.

    Args:
        directory: Where to save.
        kind: What to save.
        own: The result's own directory, if it has one.

    Raises:
        RunDirectoryError: The directory is taken.
    """
    directory = Path(directory)
    if not directory.is_dir() or (own is not None and Path(own).resolve() == directory.resolve()):
        return
    present = kind_of(directory)
    found = [path.name for pattern in CHECKPOINTS for path in sorted(directory.glob(pattern))]
    if present not in (None, kind) or found:
        what = ", ".join([*([KINDS[present].called] if present else []), *found])
        raise RunDirectoryError(f"{directory} holds another run ({what}): save into a directory of its own")


def check_format(path: Path, document: Mapping[str, Any]) -> None:
    """Refuse a document of a format that this version does not know; without a number it is the first release's.

    Raises:
        RunDirectoryError: It is of another format.
    """
    number = document.get("format", 1)
    if not (isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= FORMAT):
        raise RunDirectoryError(
            f"{path} is of format {shortened(number)}, written by jaxstable {shortened(document.get('version'))}; this "
            f"is jaxstable {__version__}, which reads formats 1 to {FORMAT}: install that version to read it"
        )

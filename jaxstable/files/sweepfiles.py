"""The files of a sweep in progress: a log of all lanes, a table that grows as lanes end, checkpoints by group."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from jaxstable.files import directory as rundir
from jaxstable.files.checkpoint import save_checkpoint
from jaxstable.files.runfiles import Notes, check_records, loaded, locked, move_away, released_on_error
from jaxstable.files.table import LOG, SUMMARY, TABLE, as_line, by_lane, read_lane_log, write_lines

SWEEP = rundir.CONFIG


class SweepFiles:
    """Own a sweep's directory while it runs.

    Args:
        directory: The directory; made if missing.
        identity: What the sweep is: its lanes and a checksum of its data.
        resume: Whether to go on from the checkpoints there; if not, an earlier sweep is moved aside.
        notes: JSON documents to lay beside the sweep's files, by file name.

    Attributes:
        moved_to: Where the files of an earlier sweep went; None if there were none.

    Raises:
        RunDirectoryError: The directory is in use, or holds another sweep.
    """

    def __init__(
        self, directory: str | Path, identity: Mapping[str, Any], *, resume: bool, notes: Notes | None = None
    ) -> None:
        self.directory = Path(directory)
        self.moved_to: Path | None = None
        self._lock = locked(self.directory)
        config = self.directory / SWEEP
        with released_on_error(self._lock):
            if not (resume and config.is_file()):
                writes = (LOG, TABLE, SUMMARY, "lanes.npz", self._checkpoint(0).name, *(notes or {}))
                self.moved_to = move_away(self.directory, writes=writes)
            else:
                _check_same(rundir.read_json(config), identity, self.directory)
        for name, document in {SWEEP: identity, **(notes or {})}.items():
            rundir.write_json(self.directory / name, document)
        (self.directory / SUMMARY).unlink(missing_ok=True)
        self.table: dict[int, dict[str, Any]] = {}  # rows of the lanes that have ended
        self._handle: TextIO | None = None

    def close(self) -> None:
        """Give the directory up."""
        if self._handle:
            self._handle.close()
        self._lock.release()

    def __enter__(self) -> SweepFiles:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def histories(self, known: Mapping[int, int]) -> dict[int, list[dict[str, Any]]]:
        """Cut the log back to what the checkpoints know of, and return it by lane.

        Args:
            known: Epochs done by every lane's group.
        """
        path = self.directory / LOG
        records = [record for record in read_lane_log(path) if _known(record, known)]
        check_records(path, records)
        write_lines(path, records)
        dealt = by_lane(records, 1 + max(known))
        return {lane: dealt[lane] for lane in known}

    def append(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Add the records of one epoch to the log, flushed."""
        if self._handle is None:
            self._handle = (self.directory / LOG).open("a", encoding="utf-8")
        for lane, record in records.items():
            self._handle.write(as_line({"lane": lane, **record}).decode())
        self._handle.flush()

    def write_table(self) -> None:
        """Write the rows of the lanes that have ended, one JSON object per line, in the order of the lanes."""
        write_lines(self.directory / TABLE, [self.table[lane] for lane in sorted(self.table)])

    def save(self, group: int, state: Any, meta: Mapping[str, Any]) -> None:
        """Write one group's checkpoint; the log reaches the disk before it."""
        if self._handle:
            os.fsync(self._handle.fileno())
        save_checkpoint(self._checkpoint(group), state, dict(meta))

    def load(self, group: int, template: Any) -> tuple[Any, dict[str, Any]] | None:
        """Return one group's checkpoint, None if there is none yet."""
        return loaded(self._checkpoint(group), template)

    def _checkpoint(self, group: int) -> Path:
        return self.directory / f"checkpoint-{group}.npz"


def _known(record: Mapping[str, Any], known: Mapping[int, int]) -> bool:
    lane, epoch = record["lane"], record["epoch"]
    return isinstance(lane, int) and isinstance(epoch, int) and epoch <= known.get(lane, 0)


def _check_same(then: Mapping[str, Any], now: Mapping[str, Any], directory: Path) -> None:
    if rundir.json_ready(dict(now)) == dict(then):
        return
    if "lanes" not in then:
        raise rundir.RunDirectoryError(f"{directory} holds a single run, not a sweep; use another directory")
    what = "data" if then.get("fingerprint") != now["fingerprint"] else "lanes"
    raise rundir.RunDirectoryError(
        f"{directory} holds a sweep of other {what}; resume with the same grid, config and data, or use another "
        "directory"
    )

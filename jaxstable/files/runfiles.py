"""The files of a run or a sweep in progress: a log flushed every epoch, checkpoints to go on from, a growing table.

A single run is a sweep of one lane; only the names of its files differ, and its log leaves the lane's number out.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from jaxstable import __version__
from jaxstable.config import Config, ConfigError
from jaxstable.files import directory as rundir
from jaxstable.files.checkpoint import load_checkpoint, read_meta, save_checkpoint
from jaxstable.files.directory import RunDirectoryError, json_lines, refused_if_unwritable
from jaxstable.files.kinds import CHECKPOINTS, FORMAT, KINDS, kind_of
from jaxstable.files.ownership import locked, move_away
from jaxstable.files.table import UNFINISHED, by_lane, lanes_in, read_lane_log, table_row, write_lines
from jaxstable.phrases import shortened

RECORD_KEYS = ("status", "train_loss", "skipped_steps", "val_loss", "new_best", "best_threshold")

Notes = Mapping[str, Mapping[str, Any]]
History = list[dict[str, Any]]


class RunFiles:
    """Own the directory of a run or a sweep while it is trained.

    Args:
        directory: The directory; made if missing.
        identity: What is trained, JSON-ready: "lanes", the configs, and whatever else a resumed run must agree with.
        single: Whether it is a single run, of one lane.
        resume: Whether to go on from the checkpoints there. If not, or if there are none, what is already there is
            moved to a numbered directory beside it, so that nothing is lost; only the very same that was killed
            before its first checkpoint starts anew in its place.
        notes: JSON documents to lay beside its files, by file name.

    Attributes:
        moved_to: Where the files of an earlier run went; None if there were none.
        begun_with: The identity of the run that is resumed; None if there is nothing to resume.

    Raises:
        ConfigError: The name of a note is none.
        RunDirectoryError: The directory is in use, damaged or cannot be written, holds another kind of result, or
            files that are not ours would be overwritten.
    """

    def __init__(
        self,
        directory: str | Path,
        identity: Mapping[str, Any],
        *,
        single: bool,
        resume: bool,
        notes: Notes | None = None,
    ) -> None:
        kind = KINDS["train" if single else "sweep"]
        preset = identity["lanes"][0]["preset"]
        self.directory: Path = Path(directory)
        self.single: bool = single
        self.log: Path = self.directory / kind.lines["log"].format(preset=preset)
        self.summary: Path = self.directory / kind.documents["summary"].format(preset=preset)
        self._table = None if single else self.directory / kind.lines["table"]
        self._identity = rundir.json_ready(identity)
        self._notes = _checked_notes(notes)
        self._rows: dict[int, dict[str, Any]] = {}  # of the lanes that have ended
        self._handle: TextIO | None = None
        self.moved_to: Path | None = None
        self.begun_with: dict[str, Any] | None = None
        writes = (self.log.name, self.summary.name, self._checkpoint(0).name, kind.arrays, *kind.lines.values())
        _check_names(self._notes, {rundir.CONFIG, *writes})
        self._lock = locked(self.directory)
        try:
            if resume:
                self._check_kind()
                self.begun_with = self._identity_there()
            if self.begun_with is None and not (resume and self._barely_begun()):
                self.moved_to = move_away(self.directory, writes=(*writes, *self._notes))
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Give the directory up.

        Raises:
            RunDirectoryError: The last lines could not be written.
        """
        try:
            if self._handle:
                with refused_if_unwritable(self.directory):
                    self._handle.close()
        finally:
            self._lock.release()

    def __enter__(self) -> RunFiles:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def begin(self) -> None:
        """Lay config and notes beside the run's files; without a summary, the run counts as going on."""
        with refused_if_unwritable(self.directory):
            self.summary.unlink(missing_ok=True)
            for name, document in {rundir.CONFIG: self._config(), **self._notes}.items():
                rundir.write_json(self.directory / name, document)

    def histories(self, epochs: Mapping[int, int]) -> dict[int, History]:
        """Cut the log back to the epochs that the checkpoints know of, and return them by lane.

        Args:
            epochs: Epochs done, by lane.

        Raises:
            RunDirectoryError: The log holds fewer whole records than that, or a record lacks what a run needs of it.
        """
        read = read_lane_log(self.log, lane=0 if self.single else None)
        records = [record for record in read if record["epoch"] <= epochs.get(record["lane"], 0)]
        dealt = by_lane(records, 1 + max(epochs))
        for lane, done in epochs.items():
            if [record["epoch"] for record in dealt[lane]] != list(range(1, done + 1)):
                of_lane = "" if self.single else f" of lane {lane}"
                raise RunDirectoryError(
                    f"{self.log} holds {len(dealt[lane])} whole records{of_lane}, but the checkpoint is at epoch "
                    f"{done}; restore the log from a copy, or train anew in another directory"
                )
            self._check_records(dealt[lane])
        with refused_if_unwritable(self.directory):
            latest = {(record["lane"], record["epoch"]): record for record in records}
            content = b"".join(self._line(lane, record) for (lane, _), record in latest.items())
            if (self.log.read_bytes() if self.log.is_file() else b"") != content:
                rundir.write_atomic(self.log, content)
        return {lane: dealt[lane] for lane in epochs}

    def append(self, records: Mapping[int, Mapping[str, Any]]) -> None:
        """Add the records of one epoch to the log, by lane, flushed."""
        with refused_if_unwritable(self.directory):
            if self._handle is None:
                self._handle = self.log.open("a", encoding="utf-8")
            for lane, record in records.items():
                self._handle.write(self._line(lane, record).decode())
            self._handle.flush()

    def save(self, group: int, state: Any, meta: Mapping[str, Any]) -> None:
        """Write one group's checkpoint; the log reaches the disk before it."""
        stamp: dict[str, Any] = {"format": FORMAT, "version": __version__, "identity": self._identity}
        if not self.single:  # whose configs may be a thousand; config.json has them
            stamp["identity"] = {key: value for key, value in self._identity.items() if key != "lanes"}
        with refused_if_unwritable(self.directory):
            if self._handle:
                os.fsync(self._handle.fileno())
            save_checkpoint(self._checkpoint(group), state, {**stamp, **meta})

    def load(self, group: int, template: Any) -> tuple[Any, dict[str, Any]] | None:
        """Return what one group's checkpoint holds, its state and its meta data, None if there is none yet.

        Raises:
            RunDirectoryError: It is damaged, or another version's.
        """
        path = self._checkpoint(group)
        if not self._is_there(path):
            return None
        state, meta = load_checkpoint(path, template)
        for key in ("epoch", "seconds"):
            if not isinstance(meta.get(key), (int, float)) or isinstance(meta[key], bool) or meta[key] < 0:
                raise RunDirectoryError(
                    f"{path} is damaged ({key} is {shortened(meta.get(key))}): restore it from a copy, or train anew "
                    "in another directory"
                )
        return state, meta

    def end(self, lane: int, config: Config, history: Sequence[Mapping[str, Any]], status: str) -> None:
        """Enter a lane that has ended into the table, which a single run has not."""
        if self._table and status not in UNFINISHED and lane not in self._rows:
            self._rows[lane] = table_row(lane, config, history, status)

    def write_table(self) -> None:
        """Write the rows of the lanes that have ended, one JSON object per line, in the order of the lanes."""
        if self._table:
            with refused_if_unwritable(self.directory):
                write_lines(self._table, [self._rows[lane] for lane in sorted(self._rows)])

    def _line(self, lane: int, record: Mapping[str, Any]) -> bytes:
        bare = {key: value for key, value in record.items() if key != "lane"}
        return json_lines([bare if self.single else {"lane": lane, **bare}])

    def _config(self) -> dict[str, Any]:
        return self._identity["lanes"][0] if self.single else self._identity

    def _checkpoint(self, group: int) -> Path:
        return self.directory / (CHECKPOINTS[0] if self.single else f"checkpoint-{group}.npz")

    def _is_there(self, path: Path) -> bool:
        if path.exists() and not path.is_file():
            raise RunDirectoryError(f"{path} is not a file; remove it, or choose another run directory")
        return path.is_file()

    def _check_kind(self) -> None:
        present = kind_of(self.directory)
        if self.single and present in ("sweep", "search"):
            raise RunDirectoryError(
                f"{self.directory} holds {KINDS[present].called}, not a single run; use another directory"
            )
        if not self.single and present == "train":
            raise RunDirectoryError(f"{self.directory} holds a single run, not a sweep; use another directory")

    def _identity_there(self) -> dict[str, Any] | None:
        """Return the identity of the run whose checkpoint is there."""
        path = self._checkpoint(0)
        if not self._is_there(path):
            return None
        meta = read_meta(path)
        found = meta.get("identity")
        if found is None:  # the first release's
            found = {key: meta.get(key) for key in ("config", "fingerprint") if key in meta}
            if self.single:
                found["lanes"] = [found.pop("config", None)]
        if not self.single:
            found = {**rundir.read_json(self.directory / rundir.CONFIG), **found}
        lanes_in(path if self.single else self.directory / rundir.CONFIG, found)
        return found

    def _barely_begun(self) -> bool:
        """Return whether the directory holds this very run, killed before its first checkpoint."""
        path = self.directory / rundir.CONFIG
        return path.is_file() and not self.summary.exists() and rundir.read_json(path) == self._config()

    def _check_records(self, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            lacking = [key for key in RECORD_KEYS if key not in record]
            if lacking:
                raise RunDirectoryError(
                    f"{self.log}: the record of epoch {record['epoch']} lacks {', '.join(lacking)}; restore the log "
                    "from a copy, or train anew in another directory"
                )


def _checked_notes(notes: Any) -> dict[str, dict[str, Any]]:
    """Return notes as JSON has them."""
    if notes is not None and not isinstance(notes, Mapping):
        raise ConfigError(f"notes: found {shortened(notes)}, expected a mapping from file names to documents")
    ready = {}
    for name, document in (notes or {}).items():
        if not isinstance(document, Mapping):
            raise ConfigError(f"notes: found {shortened(document)} for {name!r}, expected a mapping")
        try:
            ready[name] = rundir.json_ready(document)
        except RecursionError as error:
            raise ConfigError(f"notes: the document for {name!r} holds itself, or is nested too deep") from error
    return ready


def _check_names(names: Iterable[Any], taken: set[str]) -> None:
    """Refuse names that are no files of the directory, or those of the run's own."""
    for name in names:
        plain = isinstance(name, str) and name == os.path.basename(name) and name.isprintable() and "\\" not in name
        if not plain or name in ("", ".", "..") or name.startswith(".") or name in taken:
            raise ConfigError(f"notes: found {shortened(name)}, expected a file name of its own, such as 'data.json'")

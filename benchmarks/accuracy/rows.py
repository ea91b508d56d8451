"""The rows of the accuracy benchmark on disk: one per run, merged under a lock, so that a killed run loses one."""

from __future__ import annotations

import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmarks.accuracy.scoring import SCORES
from benchmarks.common import machine, plain

KEY = ("method", "setting", "data", "seed", "scale")
FIELDS = (*KEY, *SCORES, "true_edges", "n_vars", "seconds", "wall", "commit", "error")
DIGITS = 4
Row = dict[str, Any]


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a row from all others."""
    return tuple(row[name] for name in KEY)


class Store:
    """Hold the rows of one JSON file; several processes may add to it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(Path(tempfile.gettempdir()) / f"{zlib.crc32(bytes(path.resolve()))}-{path.name}.lock")
        self._machine = machine()

    def read(self) -> tuple[dict[tuple[Any, ...], Row], dict[str, Any]]:
        """Return the rows by key, and the facts beside them."""
        if not self.path.exists():
            return {}, {}
        record = json.loads(self.path.read_text())
        rows = [dict(zip(record["fields"], values, strict=True)) for values in record.pop("rows")]
        return {key_of(row): row for row in rows}, record

    def add(self, rows: Iterable[Row] = (), **facts: Any) -> None:
        """Merge rows and facts into the file; a row replaces the one with its key, facts go over facts of a name."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            kept, record = self.read()
            kept.update({key_of(row): row for row in rows})
            record = {
                **record,
                "benchmark": "accuracy",
                "machine": self._machine,
                "fields": list(FIELDS),
                **{name: {**record.get(name, {}), **fact} for name, fact in facts.items()},
            }
            lines = [json.dumps(_values(kept[key]), allow_nan=False) for key in sorted(kept, key=str)]
            head = json.dumps(plain(record), indent=1, allow_nan=False)[:-2]
            part = self.path.with_name(self.path.name + ".part")
            part.write_text(head + ',\n "rows": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n")
            os.replace(part, self.path)


def _values(row: Row) -> list[Any]:
    found = [plain(row.get(name)) for name in FIELDS]
    return [round(value, DIGITS) if isinstance(value, float) else value for value in found]

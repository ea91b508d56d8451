"""Read one file, or several of which each is one recording, into one table."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data import columnar, workbook
from jaxstable.data.checks import DataError
from jaxstable.data.delimited import read_delimited
from jaxstable.data.frames import from_frame
from jaxstable.data.plaintext import SUFFIXES
from jaxstable.data.reading import Reading
from jaxstable.data.recorded import plain_unit
from jaxstable.data.tables import Table
from jaxstable.phrases import counted, listed

EXPECTED = ".csv, .tsv, .txt or .dat (also packed as .gz or .zip), .xlsx, .parquet, .feather, .h5, .jsonl or .tdms"
HINTS = {
    ".npy": ": load it with numpy and use Dataset.from_array(values, names=[...])",
    ".npz": ": load it with numpy and use Dataset.from_array(values, names=[...])",
    ".mat": ": load it with scipy.io.loadmat and use Dataset.from_array(values, names=[...])",
    ".json": ": read it with pandas.json_normalize and use Dataset.from_dataframe(table)",
    ".nc": ": open it with xarray and use Dataset.from_dataframe(table)",
}
CELLS = (*SUFFIXES, *workbook.SUFFIXES)


def files_of(path: Any) -> list[Path]:
    """Return the files that a path, a pattern such as "run_*.csv", a folder or a list of these names.

    Raises:
        DataError: nothing is there.
    """
    if isinstance(path, (list, tuple)):
        if not path:
            raise DataError("path: found an empty list, expected at least one file")
        return [file for one in path for file in files_of(one)]
    if not isinstance(path, (str, Path)) or "\0" in str(path):
        raise DataError(f"path: found {path!r}, expected a file, a folder, a pattern, or a list of them")
    place = Path(path)
    if place.is_dir():
        texts = sorted(file for file in place.iterdir() if file.is_file() and _suffix(file) in CELLS)
        if texts:
            return texts
        if any(place.rglob("*.parquet")):
            return [place]
        raise DataError(f"{place} holds no files of data: expected {EXPECTED}")
    if not place.exists() and any(mark in str(path) for mark in "*?["):
        found = sorted(map(Path, glob.glob(str(path))))
        if not found:
            raise DataError(f"no file matches {str(path)!r} in {Path.cwd()}")
        return found
    return [place]


def read_files(path: Any, asked: Reading) -> Table:
    """Read a file, or several as one recording each.

    Raises:
        DataError: a file is missing, of an unknown kind, or has other columns than the first.
    """
    files = files_of(path)
    if len(files) == 1:
        return _read(files[0], asked)
    tables = []
    for file in files:
        try:
            tables.append(_read(file, asked))
        except DataError as error:
            raise error if str(file) in str(error) else DataError(f"{file.name}: {error}") from error
    return joined(tables, [file.name for file in files])


def joined(tables: Sequence[Table], labels: Sequence[str]) -> Table:
    """Put tables below each other, each a recording of its own, or several if it tells series apart itself.

    A sensor that fewer than half of the recordings hold is left out; one that some lack is missing there.
    """
    names = list(dict.fromkeys(name for table in tables for name in table.names))
    held = {name: sum(name in table.names for table in tables) for name in names}
    rare = [name for name in names if 2 * held[name] < len(tables)]
    names = [name for name in names if name not in rare]
    if not names:
        raise DataError(f"the {len(tables)} files share no columns: {labels[0]} holds {listed(tables[0].names)}")
    blocks, series = [], []
    for label, table in zip(labels, tables, strict=True):
        block = np.full((len(table.values), len(names)), np.nan)
        for i, name in enumerate(names):
            if name in table.names:
                block[:, i] = table.values[:, table.names.index(name)]
        blocks.append(block)
        own = [""] * len(block) if table.series is None else [f"|{name}" for name in np.asarray(table.series)]
        series += [label + name for name in own]
    timed = [table.time is not None for table in tables]
    if any(timed) != all(timed):
        raise DataError(f"{labels[timed.index(False)]} has no clock, other files have one: name its column with time=")
    kinds = [None if table.time is None else np.asarray(table.time).dtype.kind == "M" for table in tables]
    if len(set(kinds)) > 1:
        other = labels[kinds.index(not kinds[0])]
        raise DataError(
            f"the clock of {labels[0]} holds {'dates' if kinds[0] else 'numbers'}, that of {other} "
            f"{'numbers' if kinds[0] else 'dates'}: write both in one way, or read the files one by one"
        )
    labelled = [table.environment for table in tables]
    notes = [*tables[0].notes, ("files", f"{len(tables)}, each a recording of its own, as read from {labels[0]}")]
    if rare:
        notes.append(
            ("columns left out", f"{counted(len(rare), 'column')} of fewer than half of the files: {listed(rare, 6)}")
        )
    some = [name for name in names if held[name] < len(tables)]
    if some:
        notes.append(("not in every file", f"{listed(some, 6)}: missing where they are not"))
    numbers = np.unique(series, return_inverse=True)[1]
    return tables[0]._replace(
        values=np.concatenate(blocks),
        names=tuple(names),
        time=np.concatenate([np.asarray(table.time) for table in tables]) if all(timed) else None,
        environment=None if labelled[0] is None else np.concatenate([np.asarray(label) for label in labelled]),
        series=_in_first_order(np.array(series), numbers),
        units=units_of([table.units for table in tables], labels, names),
        notes=notes,
        place=_place(labels, [len(block) for block in blocks], [table.place for table in tables]),
    )


def units_of(
    units: Sequence[Mapping[str, str]], labels: Sequence[str], names: Sequence[str] | None = None
) -> dict[str, str]:
    """Return the unit of each sensor in all recordings; refuse one that has another unit in another recording."""
    found: dict[str, tuple[str, str]] = {}
    for label, own in zip(labels, units, strict=True):
        for name, unit in own.items():
            if names is not None and name not in names:
                continue
            first, where = found.setdefault(name, (unit, label))
            if plain_unit(first) != plain_unit(unit):
                raise DataError(
                    f"column {name!r} is in {first} in {where} and in {unit} in {label}: bring both to one unit, or "
                    f"leave it out, columns={['-' + name]!r}"
                )
    return {name: unit for name, (unit, _) in found.items()}


def _in_first_order(labels: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Number recordings in the order in which they came, which the codes of sorted labels do not keep."""
    first = {code: i for i, code in enumerate(dict.fromkeys(codes.tolist()))}
    return np.array([first[code] for code in codes.tolist()])


def _place(
    labels: Sequence[str], lengths: Sequence[int], places: Sequence[Callable[[int], str]]
) -> Callable[[int], str]:
    starts = np.cumsum([0, *lengths])

    def where(row: int) -> str:
        file = int(np.searchsorted(starts, row, side="right")) - 1
        return f"{places[file](row - int(starts[file]))} of {labels[file]}"

    return where


def _suffix(file: Path) -> str:
    packed = file.suffix.lower() in (".gz", ".zip")
    return (Path(file.stem).suffix.lower() or ".csv") if packed else file.suffix.lower()


def _read(file: Path, asked: Reading) -> Table:
    suffix = _suffix(file)
    if file.is_dir() or suffix in columnar.KINDS:
        frame, units = columnar.read_columnar(file)
        table = from_frame(frame, asked)
        units = {**table.units, **{name: unit for name, unit in units.items() if name in table.names}}
        return table._replace(notes=[("file", suffix.lstrip(".") or "folder of parquet"), *table.notes], units=units)
    if suffix not in CELLS:
        hint = ": save the workbook as .xlsx or CSV" if suffix in workbook.OTHERS else HINTS.get(suffix, "")
        raise DataError(f"{file}: expected {EXPECTED}, found {suffix!r}{hint}")
    return read_delimited(file, asked)

"""What a run directory says of the data behind a run: their source in one line, and the readings of each sensor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jaxstable.files.archive import damaged
from jaxstable.files.directory import read_json
from jaxstable.files.provenance import PROVENANCE, source_line
from jaxstable.results.sensors import Recorded


class About(NamedTuple):
    """The data of a run.

    Attributes:
        source: files, dates and rows in one line; empty where they are not known.
        sensors: what was recorded of each sensor, its unit and None: what a model takes out is not written down.
    """

    source: str = ""
    sensors: Mapping[str, tuple[Recorded, str, None]] = {}


def about(directory: Path | None, units: Mapping[str, str] | None) -> About:
    """Return what a run directory says of its data; nothing where there is none, or an earlier version wrote it.

    Args:
        directory: of the run or sweep.
        units: of the sensors, where they are known.

    Raises:
        RunDirectoryError: the file that says it is damaged.
    """
    file = directory and directory / PROVENANCE
    if not file or not file.is_file():
        return About()
    document = read_json(file)
    try:
        recorded = {
            str(name): Recorded(tuple(what["line"]), what["low"], what["high"], float(what["missing"]))
            for name, what in document.get("recorded", {}).items()
        }
        source = source_line(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged("train", file, repr(error)) from error
    return About(source, {name: (what, (units or {}).get(name, ""), None) for name, what in recorded.items()})

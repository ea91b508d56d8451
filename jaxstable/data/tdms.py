"""Read the TDMS files of LabVIEW: channels with their units, and the clock that their waveforms tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jaxstable.data.checks import DataError

UNITS = ("unit_string", "NI_UnitDescription")
WAVEFORM = ("wf_increment", "wf_start_time", "wf_start_offset")


def read_channels(file: Path) -> tuple[Any, dict[str, str]]:
    """Read the channels of a file that hold values.

    Args:
        file: as LabVIEW and npTDMS write it.

    Returns:
        An arrow table, with a column "time" where the channels are waveforms, and the unit of each channel by name.

    Raises:
        DataError: npTDMS is not there, the file is damaged or empty, or its channels have several clocks.
    """
    import pyarrow as pa

    if not file.is_file():
        raise DataError(f"no such file: {file.absolute()}")
    try:
        from nptdms import TdmsFile  # pyright: ignore[reportMissingImports]

        groups = TdmsFile.read(file).groups()
    except ImportError as error:
        raise DataError(f"{file.name}: TDMS needs npTDMS: pip install npTDMS, or export it as CSV") from error
    except (ValueError, EOFError, OSError, KeyError) as error:
        raise DataError(f"{file} cannot be read as TDMS ({error}): export it as CSV") from error
    held = [channel for group in groups for channel in group.channels() if len(channel)]
    if not held:
        raise DataError(f"{file} has no channel with values: is it a whole TDMS file?")
    first = held[0]
    for channel in held:
        clocks = [[one.properties.get(key) for key in WAVEFORM] for one in (first, channel)]
        if len(channel) != len(first) or clocks[0] != clocks[1]:
            raise DataError(
                f"{file}: {first.path} and {channel.path} have {len(first)} and {len(channel)} values, each with its "
                "own clock: take the channels of one clock, e.g. from_dataframe(TdmsFile.read(path)"
                f"[{first.group_name!r}].as_dataframe(time_index=True, absolute_time=True))"
            )
    plain = [channel.name for channel in held]
    names = [one.name if plain.count(one.name) == 1 else f"{one.group_name} {one.name}" for one in held]
    columns = {name: pa.array(channel[:]) for name, channel in zip(names, held, strict=True)}
    step, start, offset = (first.properties.get(key) for key in WAVEFORM)
    if step:
        micros = np.round(1e6 * ((offset or 0.0) + step * np.arange(len(first)))).astype("m8[us]")
        columns = {"time": pa.array(np.datetime64(0 if start is None else start, "us") + micros), **columns}
    said = [next((one.properties[key] for key in UNITS if one.properties.get(key)), "") for one in held]
    return pa.table(columns), {name: str(unit) for name, unit in zip(names, said, strict=True) if unit}

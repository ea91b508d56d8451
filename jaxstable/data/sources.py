"""Data sets that are there at a call: the embedded plant, and UCI Air Quality."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from jaxstable.data.checks import DataError, whole_number
from jaxstable.data.dataset import Dataset
from jaxstable.data.layouts.uci import is_uci
from jaxstable.phrases import shortened
from jaxstable.simulate import plant as synthetic

__all__ = ["sensors", "uci_air_quality"]

UCI_URL = "https://archive.ics.uci.edu/static/public/360/air+quality.zip"
UCI_FILE = "AirQualityUCI.csv"
UCI_SHA256 = "13277ae5d8581e80b7be09d47c7d3d06fe9b8e957078f2cf6e859f955e62f996"


def sensors(
    seed: int = 0,
    n_steps: int = 3000,
    window: int = 24,
    stride: int = 1,
    missing: float = 0.1,
    noise: float = 0.1,
    drift: float = 0.1,
) -> Dataset:
    """Simulate the embedded default: 13 sensors of a process plant, with the true lagged graph.

    Args:
        seed: seed of the simulation; the same seed gives the same bytes.
        n_steps: rows.
        window: steps of a window, >= 2.
        stride: steps from one window to the next, >= 1.
        missing: share of entries missing, in [0, 1).
        noise: deviation of the measurement noise over that of the sensor, >= 0.
        drift: deviation of a slow drift over that of the sensor, >= 0.

    Returns:
        The data set, with units and truth.

    Raises:
        DataError: an argument out of its range.

    Example:
        >>> sensors().names[:3]
        ('feed_flow', 'feed_temp', 'steam_valve')
    """
    for field, value, most in (("n_steps", n_steps, 10**8), ("seed", seed, 2**64)):
        if not whole_number(value) or not 0 <= value <= most:
            raise DataError(f"datasets.sensors: {field}={shortened(value)}: expected a whole number from 0 to {most}")
    try:
        plant = synthetic.sensors(n_steps, seed, missing=missing, noise=noise, drift=drift)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"datasets.sensors: {error}") from error
    data = Dataset.from_array(
        plant.values,
        plant.mask,
        plant.names,
        truth=plant.lagged_truth,
        window=window,
        stride=stride,
    )
    return dataclasses.replace(data, units=dict(zip(plant.names, plant.units, strict=True)))


def uci_air_quality(path: str | Path | None = None, window: int = 24, stride: int = 1, truth: Any = None) -> Dataset:
    """Read UCI Air Quality: 9,357 hours of 13 sensors in an Italian city, -200 = missing.

    Without a path the archive is downloaded once into the user's cache, and the CSV in it must have
    the known SHA-256.

    Args:
        path: the original `AirQualityUCI.csv`.
        window: steps of a window, >= 2.
        stride: steps from one window to the next, >= 1.
        truth: as in `Dataset.from_array`; none is known for these data.

    Returns:
        The data set; the empty rows at the end of the file are left out.

    Raises:
        DataError: no such file, another format, no pooch, no network, or a wrong checksum.

    Reference:
        S. De Vito et al., On field calibration of an electronic nose for benzene estimation in an
        urban pollution monitoring scenario, Sensors and Actuators B, 2008. CC BY 4.0.
    """
    file = _download() if path is None else Path(path)
    if not is_uci(file):
        raise DataError(f"{file} is not the UCI Air Quality CSV (Date;Time;CO(GT);...): use Dataset.from_file")
    return Dataset.from_file(file, window=window, stride=stride, truth=truth)


def _download() -> Path:
    elsewhere = "or download it by hand and give path='AirQualityUCI.csv'"
    try:
        import pooch
    except ImportError as error:
        raise DataError(f"downloading needs pooch: pip install pooch, {elsewhere}") from error
    file = Path(pooch.os_cache("jaxstable")) / UCI_FILE
    if file.is_file() and _sha256(file.read_bytes()) == UCI_SHA256:
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent) as scratch:
        try:
            archive = pooch.retrieve(UCI_URL, known_hash=None, fname="archive.zip", path=scratch)
            with zipfile.ZipFile(archive) as opened:
                content = opened.read(UCI_FILE)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"cannot download {UCI_URL} ({type(error).__name__}): try again, {elsewhere}") from error
        # The archive is packed anew now and then, the file in it is not: that is what is checked.
        if _sha256(content) != UCI_SHA256:
            raise DataError(
                f"{UCI_FILE} from {UCI_URL} has SHA-256 {_sha256(content)}, expected {UCI_SHA256}: "
                f"not used; try again, {elsewhere}"
            )
        whole = Path(scratch) / UCI_FILE
        whole.write_bytes(content)
        os.replace(whole, file)
    return file


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def as_dataset(data: Dataset | Any, window: int = 24) -> Dataset:
    """Return the data as a `Dataset`: an array, a dataframe or a path is taken with this window."""
    if data is None:
        return sensors(window=window)
    if isinstance(data, Dataset):
        return data
    if isinstance(data, (str, Path)):
        return Dataset.from_file(data, window=window)
    if isinstance(data, (list, tuple)) and data and all(isinstance(one, (str, Path)) for one in data):
        return Dataset.from_file(data, window=window)
    if is_frame(data):
        return Dataset.from_dataframe(data, window=window)
    return Dataset.from_array(data, window=window)


def is_frame(data: Any) -> bool:
    """Tell whether these are columns with names: a dataframe of any library, or a numpy array with named fields."""
    named = any(hasattr(data, name) for name in ("columns", "column_names", "data_vars"))
    return named or bool(getattr(getattr(data, "dtype", None), "names", None))


def __dir__() -> list[str]:
    return __all__

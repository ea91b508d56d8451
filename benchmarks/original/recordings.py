"""The original program's data preparation, its two setups and its recordings, in numpy alone."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

COMPONENTS = ("recon", "sparse", "acyclic", "disen")
FIRST_STEPS = 200


@dataclass(frozen=True)
class Setup:
    """Hold what one case of the original trains with; `lambdas` follow `COMPONENTS`."""

    lambdas: tuple[float, float, float, float]
    learning_rate: float
    weight_decay: float
    clip_norm: float
    standardize: bool
    plateau: bool


SETUPS = {
    "stable": Setup((10.0, 1e-4, 1e-5, 1e-4), 5e-4, 1e-4, 1.0, True, True),
    "before": Setup((1.0, 0.01, 0.1, 0.01), 1e-3, 1e-5, 10.0, False, False),
}


class Series(NamedTuple):
    """Hold one file as the original reads it: zero where missing, mask 1 where observed."""

    values: np.ndarray
    mask: np.ndarray
    names: tuple[str, ...]


class Data(NamedTuple):
    """Hold windows `[windows, time, variables]`, raw, and the sizes of the first two parts."""

    values: np.ndarray
    mask: np.ndarray
    names: tuple[str, ...]
    n_train: int
    n_validation: int


def _number(cell: str, decimal_comma: bool) -> float:
    text = cell.strip()
    if not text or text.lower() in ("nan", "na", "null"):
        return np.nan
    return float(text.replace(",", ".") if decimal_comma else text)


def _is_numeric(column: tuple[str, ...], decimal_comma: bool) -> bool:
    try:
        return bool(np.isfinite([_number(cell, decimal_comma) for cell in column]).any())
    except ValueError:
        return False


def load_series(path: str | Path, missing: float = -200.0) -> Series:
    """Read a CSV as the original does: numeric columns, every row, missing -> 0 raw.

    Args:
        path: a CSV with a header line; `;` as separator implies decimal commas (the UCI file).
        missing: value that stands for a missing entry, besides an empty cell.

    Returns:
        values and mask `[rows, variables]` float32; rows with no entry at all are kept.

    Raises:
        ValueError: if no column is numeric.
    """
    with open(path, encoding="latin-1", newline="") as file:
        head = file.readline()
        file.seek(0)
        separator = ";" if head.count(";") > head.count(",") else ","
        header, *rows = [row for row in csv.reader(file, delimiter=separator) if row]
    decimal_comma = separator == ";"
    padded = [row + [""] * (len(header) - len(row)) for row in rows]
    columns = list(zip(*padded, strict=False))
    kept = [index for index, name in enumerate(header) if name.strip() and _is_numeric(columns[index], decimal_comma)]
    if not kept:
        raise ValueError(f"{path}: no numeric column among {header}; expected a sensor CSV")
    values = np.array([[_number(cell, decimal_comma) for cell in columns[i]] for i in kept]).T
    observed = np.isfinite(values) & (values != missing)
    return Series(
        np.where(observed, values, 0.0).astype(np.float32),
        observed.astype(np.float32),
        tuple(header[i].strip() for i in kept),
    )


def load_uci(path: str | Path, window: int = 24) -> Data:
    """Cut a CSV into the original's windows: stride 1, 70 % train, 15 % validate, no gap."""
    series = load_series(path)
    n_windows = len(series.values) - window + 1
    if n_windows < 2:
        raise ValueError(f"{path}: {len(series.values)} rows hold no two windows of {window}")
    rows = np.arange(n_windows)[:, None] + np.arange(window)
    return Data(
        series.values[rows],
        series.mask[rows],
        series.names,
        int(0.7 * n_windows),
        int(0.15 * n_windows),
    )


def moments(values: np.ndarray, n_train: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and scale per variable over windows and time of the training windows.

    Zeros that stand for missing entries take part, overlapping windows count each time, the
    deviation is unbiased and 1e-8 is added: what the recordings were made with.
    """
    flat = values[:n_train].reshape(-1, values.shape[-1]).astype(np.float64)
    return flat.mean(0).astype(np.float32), (flat.std(0, ddof=1) + 1e-8).astype(np.float32)


def standardize(values: np.ndarray, n_train: int) -> np.ndarray:
    """Standardise every entry, missing ones too, by the training windows' moments."""
    mean, scale = moments(values, n_train)
    return (values - mean) / scale


@dataclass(frozen=True)
class Golden:
    """Hold one recorded case; arrays as DESIGN describes the golden files."""

    path: str
    case: str
    init: dict[str, np.ndarray]
    final: dict[str, np.ndarray]
    order: np.ndarray
    loss: np.ndarray
    grad_norm: np.ndarray
    components: np.ndarray
    values: np.ndarray | None
    mask: np.ndarray | None

    @property
    def setup(self) -> Setup:
        """Return the hyper-parameters the case was recorded with."""
        return SETUPS[self.case]

    @property
    def n_train(self) -> int:
        """Return how many training windows the recording shuffles."""
        return int(self.order.max()) + 1

    def windows(self, data: str | Path | None = None, window: int = 24) -> Data:
        """Return the raw windows, from the file itself or cut from the CSV `data`.

        Raises:
            ValueError: if the file holds no data and `data` is None, or if they do not fit.
        """
        if self.values is not None and self.mask is not None:
            names = tuple(f"x{i}" for i in range(self.values.shape[-1]))
            # The original reads X as it stands, under the mask too.
            values = np.where(np.isnan(self.values), 0.0, self.values).astype(np.float32)
            return Data(values, self.mask.astype(np.float32), names, self.n_train, 0)
        if data is None:
            raise ValueError(f"{self.path} holds no X and M: pass the recorded CSV with --data")
        cut = load_uci(data, window)
        n_vars = self.init["structure_learner.A_base"].shape[0]
        if cut.n_train != self.n_train or cut.values.shape[-1] != n_vars:
            raise ValueError(
                f"{data}: {cut.n_train} training windows of {cut.values.shape[-1]} variables, "
                f"but {self.path} was recorded on {self.n_train} of {n_vars}; pass the CSV (and "
                f"--window) it was recorded from"
            )
        return cut


def _case_of(loss: np.ndarray, components: np.ndarray) -> str:
    """Name the setup whose lambdas turn the recorded components into the recorded loss."""

    def error(setup: Setup) -> float:
        total = components.astype(np.float64) @ np.array(setup.lambdas)
        return float(np.nanmax(np.abs(total - loss) / np.abs(loss)))

    return min(SETUPS, key=lambda name: error(SETUPS[name]))


def load_golden(path: str | Path, case: str | None = None) -> list[Golden]:
    """Read every recorded case of a file, or the one asked for.

    A file without `stable.`/`before.` prefixes holds one case, told by its lambdas unless
    `case` names it.

    Raises:
        ValueError: if the file holds no recording, or not the case asked for.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    prefixes = {name: f"{name}." for name in SETUPS if f"{name}.loss" in arrays}
    if not prefixes:
        if "loss" not in arrays:
            raise ValueError(f"{path}: found neither `loss` nor `stable.loss`; not a recording")
        prefixes = {case or _case_of(arrays["loss"], arrays["components"]): ""}
    if case is not None:
        if case not in prefixes:
            raise ValueError(f"{path}: no case {case!r}; it holds {sorted(prefixes)}")
        prefixes = {case: prefixes[case]}

    def tensors(start: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(start): value
            for name, value in arrays.items()
            if name.startswith(start) and not name.endswith("structure_learner.temperature")
        }

    return [
        Golden(
            path=str(path),
            case=name,
            init=tensors(f"{prefix}init."),
            final=tensors(f"{prefix}final."),
            order=arrays[f"{prefix}order"],
            loss=arrays[f"{prefix}loss"],
            grad_norm=arrays[f"{prefix}grad_norm"],
            components=arrays[f"{prefix}components"],
            values=arrays.get("X"),
            mask=arrays.get("M"),
        )
        for name, prefix in prefixes.items()
    ]


class Difference(NamedTuple):
    """Hold the largest relative differences of a replay from its recording."""

    first: float
    every: float
    epoch_means: float


def difference(recorded: np.ndarray, replayed: np.ndarray) -> Difference:
    """Compare `[epochs, steps]` figures: first 200 steps, every step, epoch means.

    A figure that is not finite counts as an infinite difference.
    """
    expected, found = recorded.astype(np.float64), np.asarray(replayed, np.float64)

    def largest(a: np.ndarray, b: np.ndarray) -> float:
        with np.errstate(all="ignore"):
            relative = np.abs(b - a) / np.abs(a)
        return float(np.max(np.where(np.isfinite(relative), relative, np.inf)))

    steps = slice(0, FIRST_STEPS)
    return Difference(
        largest(expected.ravel()[steps], found.ravel()[steps]),
        largest(expected, found),
        largest(expected.mean(1), found.mean(1)),
    )

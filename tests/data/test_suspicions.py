"""Codes for missing and overflows are found; ordinary columns are left in peace."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from jaxstable.data.checks import DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.data.delimited import read_delimited
from jaxstable.data.reading import Reading

N = 2000
RNG = np.random.default_rng(0)
NORMAL = RNG.normal(size=N)
SOME = RNG.random(N) < 0.05


def build(column: np.ndarray) -> None:
    other = np.arange(N, dtype=column.dtype) % 50 if column.dtype.kind in "iu" else NORMAL
    Dataset.from_array(np.stack([column, other], axis=1), names=["first", "other"])


SUSPICIOUS = {
    "-200": (np.where(SOME, -200, 10 + 3 * NORMAL), "-200"),
    "-999": (np.where(SOME, -999, NORMAL), "-999"),
    "-9999 beside pressures": (np.where(SOME, -9999, 1013 + NORMAL), "-9999"),
    "9999": (np.where(SOME, 9999, 1013 + NORMAL), "9999"),
    "99 beside temperatures": (np.where(SOME, 99, 20 + 3 * NORMAL), "99"),
    "-999.25": (np.where(SOME, -999.25, 50 + NORMAL), "-999.25"),
    "netCDF fill": (np.where(SOME, 9.96921e36, NORMAL), "9.96921e"),
    "-200, most of them": (np.where(RNG.random(N) < 0.9, -200, 50 + NORMAL), "-200"),
    "-999 beside states": (np.where(SOME, -999, np.arange(N) % 5), "-999"),
    "constant": (np.full(N, 3.0), "constant"),
    "uint16 of -1": (np.where(np.arange(N) == 7, -1, np.arange(N) % 90).astype("u2"), "overflow"),
    "int64 of NaN": (np.where(np.arange(N) == 7, np.iinfo("i8").min, np.arange(N) % 9), "overflow"),
    "uint16 counter": ((np.arange(N) * 997).astype("u2"), "overflow"),
    "beyond 2^53": (np.arange(N) + 2**60, "2\\^53"),
    "one 65535 in floats": (np.where(np.arange(N) == 7, 65535, 20 + NORMAL), "65535"),
}
ORDINARY = {
    "normal": NORMAL,
    "clipped at both ends": np.clip(NORMAL, -1, 1),
    "percentage at 0 and 100": np.clip(60 + 50 * NORMAL, 0, 100),
    "mostly zero": np.where(RNG.random(N) < 0.8, 0, np.abs(NORMAL)),
    "pump off or at 50": np.where(SOME, 0.0, 50 + 2 * NORMAL),
    "switch": SOME.astype(float),
    "states 0, 1, 2, 50": RNG.choice([0.0, 1.0, 2.0, 50.0], size=N),
    "quantised, -0.1 often": np.round(np.where(RNG.random(N) < 0.5, -0.1, np.abs(NORMAL)), 1),
    "single outlier": np.where(np.arange(N) == 7, -500, NORMAL),
    "counts": RNG.poisson(2.0, size=N),
    "bytes at 255": np.clip(RNG.integers(0, 400, size=N), 0, 255).astype("u1"),
    "two modes": np.where(SOME, 80.0, 20.0) + NORMAL,
    "negative only": -np.abs(NORMAL) - 5,
    "slow integers": np.arange(N) * 30,
}


@pytest.mark.parametrize("case", SUSPICIOUS)
def test_suspicious_columns_are_named(case):
    column, sign = SUSPICIOUS[case]
    with pytest.warns(DataWarning, match=f"(?s)('first'.*{sign}|{sign}.*'first')"):
        build(column)


@pytest.mark.parametrize("case", ORDINARY)
def test_ordinary_columns_are_not(case):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(ORDINARY[case])


def test_declared_code_is_not_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        column = np.where(SOME, -200, 10 + NORMAL)
        data = Dataset.from_array(np.stack([column, NORMAL], axis=1), missing=[-200, -999])
    assert np.isnan(data.values[:, 0]).sum() == SOME.sum()


def test_an_unnamed_time_column_is_noticed():
    values = np.stack([np.arange(N), NORMAL], axis=1)
    with pytest.warns(DataWarning, match="'timestamp' never falls"):
        Dataset.from_array(values, names=["timestamp", "a"])


def test_minus_200_is_found_in_every_column_of_the_real_file(shared):
    table = read_delimited(shared / "data" / "uci_air" / "AirQualityUCI.csv", Reading(layout="plain"))
    for i, name in enumerate(table.names):
        with pytest.warns(DataWarning, match="missing=-200"):
            Dataset.from_array(np.stack([table.values[:, i], np.sin(np.arange(9357))], 1), names=[name, "wave"])


@pytest.mark.parametrize("file", ["netsim/sim4", "dream3/size100_Yeast1", "causaltime/aqi_real"])
def test_real_data_is_left_in_peace(shared, file):
    values = np.load(shared / "data" / f"{file}.npz")["X"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = Dataset.from_array(values, window=20)
    assert data.n_vars == values.shape[-1]

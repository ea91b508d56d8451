"""Dataframes as people have them: text for numbers, categories, levels of columns, arrays with names and units."""

from __future__ import annotations

import decimal

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, N, check

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
TIME = pd.to_datetime(HOURS.astype("M8[ns]"))
FLOW, TEMP = BOTH.T
SWITCH = ["on", "off"] * (N // 2)


def table(flow, **more):
    return pd.DataFrame({"time": TIME, "Flow": flow, **more, "Temp": TEMP})


WITH_SWITCH = {"names": ("Flow", "pump", "Temp"), "step": "1 h", "start": HOUR["start"]}
KINDS = {  # a frame, and what is expected
    "numbers as text": (table([str(x) for x in FLOW]), HOUR),
    "decimal commas": (table([str(x).replace(".", ",") for x in FLOW]), HOUR),
    "units behind": (table([f"{x} m3/h" for x in FLOW]), HOUR),
    "new text of pandas": (table(pd.array([str(x) for x in FLOW], "string")), HOUR),
    "objects": (table([decimal.Decimal(str(x)) for x in FLOW]), HOUR),
    "sparse": (table(pd.arrays.SparseArray(FLOW)), HOUR),
    "switches": (table(FLOW, pump=SWITCH), WITH_SWITCH),
    "categories": (table(FLOW, pump=pd.Categorical(SWITCH)), WITH_SWITCH),
    "categories of polars": (
        pl.DataFrame(
            {
                "time": HOURS.astype("M8[us]"),
                "Flow": FLOW,
                "pump": pl.Series(SWITCH, dtype=pl.Categorical),
                "Temp": TEMP,
            }
        ),
        WITH_SWITCH,
    ),
    "levels of columns": (
        pd.concat({"R1": table(FLOW).set_index("time"), "R2": table(FLOW).set_index("time") + 1}, axis=1),
        {"names": ("R1 Flow", "R1 Temp", "R2 Flow", "R2 Temp"), "step": "1 h"},
    ),
    "a word": (
        table(["Bad" if i % 9 == 0 else x for i, x in enumerate(FLOW)]),
        {"error": r"'Flow' is not numeric: row 0 holds 'Bad' \(7 such cells\); .* say missing='Bad'"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_frame(kind):
    frame, expected = KINDS[kind]
    if "error" in expected:
        with pytest.raises(DataError, match=expected["error"]):
            Dataset.from_dataframe(frame)
        assert (~Dataset.from_dataframe(frame, missing="Bad").mask).sum() == 7
        return
    data = Dataset.from_dataframe(frame)
    check(data, expected)
    if "pump" in data.names:
        assert ("column pump", "on = 1, off = 0") in data.understood


@pytest.mark.parametrize("across", [False, True])
def test_arrays_of_xarray_have_names_units_and_a_clock(across):
    xr = pytest.importorskip("xarray")
    axes = ("Sensor", "time") if across else ("time", "Sensor")
    array = xr.DataArray(
        BOTH.T if across else BOTH, dims=axes, coords={"time": HOURS.astype("M8[ns]"), "Sensor": ["Flow", "Temp"]}
    )
    check(Dataset.from_dataframe(array), HOUR)
    whole = xr.Dataset({"Flow": ("time", FLOW), "Temp": ("time", TEMP)}, coords={"time": HOURS.astype("M8[ns]")})
    whole["Flow"].attrs["units"] = "m3/h"
    check(Dataset.from_dataframe(whole), HOUR | {"units": {"Flow": "m3/h"}})


def test_an_array_of_xarray_with_more_axes_is_refused_with_a_way_out_that_works():
    xr = pytest.importorskip("xarray")
    array = xr.DataArray(
        np.stack([BOTH, BOTH + 1]),
        dims=("site", "time", "Sensor"),
        coords={"time": HOURS.astype("M8[ns]"), "Sensor": ["Flow", "Temp"], "site": ["a", "b"]},
    )
    with pytest.raises(DataError, match=r"to_dataset\(dim='Sensor'\)"):
        Dataset.from_dataframe(array)
    assert Dataset.from_dataframe(array.to_dataset(dim="Sensor")).n_series == 2
    one = xr.Dataset({"Temp": array[0].drop_vars("site")})
    check(Dataset.from_dataframe(one), HOUR)  # one variable at several places: a column each


def test_rows_of_a_list_are_refused_with_a_way_out_that_works():
    rows = [{"Flow": a, "Temp": b} for a, b in BOTH]
    with pytest.raises(DataError, match=r"pandas.DataFrame\(frame\) makes one"):
        Dataset.from_dataframe(rows)
    np.testing.assert_array_equal(Dataset.from_dataframe(pd.DataFrame(rows)).values, BOTH)

"""Two sensors behind an hourly clock, written as a logger would, and what is expected of reading them."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

N = 60
FLOW = np.round(20 + 3 * np.random.default_rng(0).normal(size=N), 2)
TEMP = np.round(50 + 3 * np.random.default_rng(1).normal(size=N), 1)
BOTH = np.stack([FLOW, TEMP], axis=1)
HOURS = np.datetime64("2024-03-04T00:00", "m") + 60 * np.arange(N)


def stamp(form):
    return [hour.astype(object).strftime(form) for hour in HOURS]


def body(first=None, mark=",", decimal=".", end="", cells=None):
    """The lines of two sensors behind a clock."""
    first = stamp("%Y-%m-%dT%H:%M") if first is None else first
    cells = [[f"{a}", f"{b}"] for a, b in BOTH] if cells is None else cells
    return "".join(
        mark.join([t, *(c.replace(".", decimal) for c in row)]) + end + "\n"
        for t, row in zip(first, cells, strict=True)
    )


HOUR = {"names": ("Flow", "Temp"), "values": BOTH, "step": "1 h", "start": "2024-03-04 00:00:00"}
HOUR_LATER = {**HOUR, "start": "2024-03-04 01:00:00"}
HOUR_EARLIER = {**HOUR, "start": "2024-03-03 23:00:00"}
SINCE = "1970-01-01 00:00:00"  # where hours without a date begin
EXPECTED = {"how", "names", "values", "row", "missing", "rows", "series", "step", "start", "units"}


def check_case(read, source, how, expected):
    """Read a source and find what is expected of the data, or the words of the refusal."""
    if "error" not in expected:
        check(read(source, **how), expected)
        return
    with pytest.raises(DataError, match=expected["error"]):
        read(source, **how)


def check_file(folder, case, **default):
    """Write and read a case `(source of the idea, text, how it is read, what is expected)`."""
    _, text, how, expected = case
    (folder / "a.csv").write_text(text, encoding="utf-8", newline="")
    check_case(Dataset.from_file, folder / "a.csv", default | how, expected)


def check(data, expected):
    assert expected.keys() <= EXPECTED
    if "names" in expected:
        assert data.names == expected["names"]
    if "values" in expected:
        np.testing.assert_allclose(data.values, expected["values"], rtol=1e-12)
    if "row" in expected:
        np.testing.assert_allclose(data.values[0], expected["row"], rtol=1e-12)
    if "missing" in expected:
        assert (~data.mask).sum() == expected["missing"]
    if "start" in expected:
        assert f", {expected['start']} to " in dict(data.understood)["rows"]
    for field, name in (("rows", "n_rows"), ("series", "n_series"), ("step", "step"), ("units", "units")):
        if field in expected:
            assert getattr(data, name) == expected[field]

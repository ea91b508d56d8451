"""A discovery that goes on with new rows is the discovery of all rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

import jaxstable as js
from jaxstable.config import ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.continued import continued
from jaxstable.files.directory import RunDirectoryError
from jaxstable.simulate.systems import svar

NAMES = ("flow", "heat", "level")
FEW = {"draws": 3, "progress": False}


def rows(n_rows=260, seed=1):
    return svar(3, n_rows, n_instant=2, n_lagged=2, seed=seed).values


def dataset(values, **more):
    return js.Dataset.from_array(values, names=NAMES, window=2, **more)


def hours(values, start="2024-01-01", step="1h"):
    clock = pd.date_range(start, periods=len(values), freq=step)
    return pd.DataFrame(values, columns=NAMES).assign(when=clock)


@pytest.fixture(scope="module")
def values():
    return rows()


@pytest.fixture(scope="module")
def found(values):
    return js.discover(dataset(values[:200]), **FEW)


@pytest.fixture(scope="module")
def whole(values):
    return js.discover(dataset(values), **FEW)


def near(one, other):
    """Equal to 1e-10 in every number that a discovery holds, the draws among them."""
    for name in ("lagged", "lagged_probability", "edge_probability", "direction_confidence", "strength"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=0, atol=1e-10, err_msg=name)
    for name in ("lagged_frequency", "edge_frequency", "lagged_graph"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one == other
    assert one.provenance["data"] == other.provenance["data"]


def test_an_update_is_the_discovery_of_all_rows(found, whole, values):
    updated = found.update(values[200:], progress=False)
    near(updated, whole)
    assert not np.array_equal(found.strength, whole.strength)  # the new rows had something to say
    assert updated.provenance["rows"] == 260


def test_many_updates_in_a_row_and_one_row_more(found, whole, values):
    step = found.update(values[200:201], progress=False)
    near(step, js.discover(dataset(values[:201]), **FEW))
    near(step.update(values[201:230], progress=False).update(values[230:], progress=False), whole)


def test_rows_from_a_directory(found, whole, values, tmp_path):
    near(js.load(found.save(tmp_path / "one")).update(values[200:], progress=False), whole)
    again = js.load(js.load(tmp_path / "one").save(tmp_path / "two"))
    near(again.update(dataset(values[200:]), progress=False), whole)
    assert again.origin.data == found.origin.data


def test_without_its_rows_the_old_ones_are_asked_for(found, whole, values, tmp_path):
    bare = js.load(found.save(tmp_path, keep_rows=False))
    assert "rows" not in np.load(tmp_path / "discovery.npz").files
    with pytest.raises(DataError, match="the rows were not kept; give the old ones as data="):
        bare.update(values[200:], progress=False)
    with pytest.raises(DataError, match="these 199 rows are not the 200 that it was found in"):
        bare.update(values[200:], data=dataset(values[:199]), progress=False)
    near(bare.update(values[200:], data=dataset(values[:200]), progress=False), whole)


def test_what_an_earlier_version_saved_is_refused(found, values):
    with pytest.raises(ConfigError, match="does not say what was asked of it"):
        dataclasses.replace(found, origin=None).update(values[200:])


def test_what_was_asked_is_asked_again(values, tmp_path):
    asked = {"required": iter([("level", "flow", 1)]), "forbidden": [(0, 1)], "max_lag": 1, "seed": 3}
    found = js.discover(dataset(values[:200]), prepare={"drift": 2, "cycles": [24.0]}, **asked, **FEW)
    asked["required"] = [("level", "flow", 1)]
    whole = js.discover(dataset(values), prepare={"drift": 2, "cycles": [24.0]}, **asked, **FEW)
    near(js.load(found.save(tmp_path)).update(values[200:], progress=False), whole)
    assert whole.lagged_graph[1, 2, 0]
    assert not whole.graph[0, 1]


def test_what_the_preparation_takes_out_is_looked_for_in_all_rows():
    values = rows(480)  # few enough that no network is asked
    values[:, 1] += np.linspace(0, 6, 480)
    values[450, 0] = 300.0
    values[20:60, 2] = np.nan
    found = js.discover(dataset(values[:400]), max_lag=1, draws=0, progress=False).update(values[400:], progress=False)
    near(found, js.discover(dataset(values), max_lag=1, draws=0, progress=False))
    assert found.removed["flow"].spikes == (450,)
    assert found.removed["heat"].waves


@pytest.mark.parametrize("apart", [False, True])
def test_new_rows_go_on_from_the_last_series_or_are_one_of_their_own(values, apart):
    old = dataset(values[:200], series=[0] * 120 + [1] * 80)
    new = continued(old, values[200:], apart=apart)
    labels = [0] * 120 + [1] * 80 + [2 if apart else 1] * 60
    assert new == dataset(values, series=labels)
    assert new.n_rows == 260


def test_a_clock_parts_rows_as_it_does_within_one_file(values):
    def read(frame):
        return js.Dataset.from_dataframe(frame, window=2, time="when")

    frame = hours(values)
    for first, n_series, n_rows in ((200, 1, 260), (202, 1, 260), (230, 2, 230)):
        new = continued(read(frame[:200]), frame[first:], time="when")
        assert new == read(pd.concat([frame[:200], frame[first:]]))
        assert (new.n_series, new.n_rows) == (n_series, n_rows)
        assert new.recording.tolist() == [0] * n_series
    assert dict(new.understood)["rows"] == "230, 2024-01-01 00:00:00 to 2024-01-11 19:00:00"
    with pytest.raises(
        DataError, match=r"rows: the first is of 2024-01-09T06.* the last of the old ones of 2024-01-09T07"
    ):
        continued(read(frame[:200]), frame[198:], time="when")
    assert continued(read(frame[:200]), frame[:60], time="when", apart=True).n_series == 2


def test_a_sensor_that_is_silent_in_the_new_rows_is_missing_there(values):
    late = values[200:].copy()
    late[:, 1] = np.nan
    new = continued(dataset(values[:200]), late)
    assert not new.mask[200:, 1].any()
    assert new == dataset(np.concatenate([values[:200], late]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda v: v[:, :2], "rows: found 2 columns, expected 3: 'flow', 'heat', 'level'"),
        (
            lambda v: js.Dataset.from_array(v, names=("flow", "heat", "Level")),
            "no column 'level'; did you mean 'Level'",
        ),
        (lambda v: js.Dataset.from_array(v, names=("flow", "level", "heat")), "column 1 is 'level', expected 'heat'"),
        (
            lambda v: js.Dataset.from_array(np.c_[v, v[:, :1] + v[:, 1:2]], names=(*NAMES, "ph")),
            "the column 'ph' was not",
        ),
        (lambda v: pd.DataFrame(v, columns=["flow", "heat", "steam"]), "level"),
        (lambda v: dataset(v, units={"heat": "degF"}), "'heat' is in degF, expected degC"),
        (lambda v: dataset(v, environment=[0] * len(v)), "environments, whose labels are not kept"),
        (lambda v: np.where(v > v.max() - 1e-9, np.inf, v), "infinite values"),
        (lambda v: v[:0], "empty"),
        (lambda v: [["on", "off", "on"]], "numeric"),
        (
            lambda v: js.Dataset.from_dataframe(hours(v, step="2h"), window=2, time="when"),
            "a row every 2 h, expected every 1 h",
        ),
    ],
)
def test_rows_that_do_not_go_on_are_refused(values, wrong, message):
    old = dataset(values[:200], units={"heat": "degC"})
    old = dataclasses.replace(old, step="1 h")
    with pytest.raises(DataError, match=message):
        continued(old, wrong(values[200:]))


def test_damaged_rows_are_told(found, tmp_path):
    from jaxstable.files import archive

    found.save(tmp_path)
    held = archive.load(tmp_path)
    cut = {**held.arrays, "rows": held.arrays["rows"][:, :2]}
    archive.save(tmp_path, held._replace(arrays=cut, texts={"edges": "", "graph": ""}))
    with pytest.raises(RunDirectoryError, match="rows is float64"):
        js.load(tmp_path)

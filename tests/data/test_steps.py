"""Clocks whose steps differ: between recordings, between the sensors of one table, and from row to row."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset


def station(name, step, rows=60, start="2024-03-04"):
    rng = np.random.default_rng(rows)
    times = pd.date_range(start, periods=rows, freq=step)
    return pd.DataFrame({"station": name, "time": times, "T": rng.normal(size=rows), "RH": rng.normal(size=rows)})


def read(frame, **how):
    return Dataset.from_dataframe(frame.reset_index(drop=True), window=5, **how)


@pytest.mark.parametrize("other", ["1min", "15min", "60min"])
def test_recordings_of_other_steps_are_refused_with_a_way_out_that_works(other, tmp_path):
    both = pd.concat([station("n", "10min", 99), station("s", other)])
    with pytest.raises(DataError, match="the recordings have clocks of different steps") as error:
        read(both, series="station")
    step = str(error.value).rpartition("resample='")[2].rstrip("'")
    data = read(both, series="station", resample=step)
    assert (data.n_series, data.step) == (2, {"1min": "10 min", "15min": "15 min", "60min": "1 h"}[other])
    for i, (_, one) in enumerate(both.groupby("station")):
        one.drop(columns="station").to_csv(tmp_path / f"run_{i}.csv", index=False)
    with pytest.raises(DataError, match="the recordings have clocks of different steps"):
        Dataset.from_file(tmp_path, window=5)
    assert Dataset.from_file(tmp_path, window=5, resample=step).n_series == 2


def test_recordings_whose_stamps_are_each_others_are_put_on_one_clock():
    data = read(pd.concat([station("n", "10min", 99), station("s", "20min")]), series="station")
    assert (data.step, data.n_series, len(data)) == ("10 min", 2, 99 + 119)


def test_a_table_of_stations_with_clocks_of_their_own_says_which_step_holds_all():
    frame = station("x", "5min", 100)[["time"]].assign(a=np.arange(100) % 7)
    for name, step, start in (("b", "10min", "2024-03-04 00:02"), ("c", "30min", "2024-03-04 00:07")):
        other = station("x", step, 100, start)[["time", "T"]].rename(columns={"T": name})
        frame = frame.merge(other, on="time", how="outer")
    with pytest.warns(DataWarning, match=r"resample='30min'"):
        read(frame.sort_values("time"))
    data = read(frame.sort_values("time"), resample="30min")
    assert (data.step, data.n_series) == ("30 min", 1)
    assert data.mask[:16].all()


def test_a_clock_without_a_usual_step_is_told():
    rng = np.random.default_rng(1)
    frame = station("x", "1min", 200).drop(columns="station")
    frame["time"] += pd.to_timedelta(rng.uniform(-12, 12, 200), unit="s")
    with pytest.warns(DataWarning, match=r"the steps of the clock differ.*resample='2min'"):
        read(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(frame, resample="2min").step == "2 min"
        read(station("x", "1min", 200).drop(columns="station"))


def test_a_pause_of_a_clock_that_repeats_is_not_joined(tmp_path):
    rng = np.random.default_rng(0)
    seconds = 1_709_251_200 + np.arange(300) // 5  # five rows a second
    frame = pd.DataFrame({"ts": seconds, "a": rng.normal(size=300), "b": rng.normal(size=300)})
    assert read(frame).n_series == 1
    frame.loc[200:, "ts"] += 72_000
    data = read(frame)
    assert (data.n_series, data.names) == (2, ("a", "b"))
    assert dict(data.understood)["pauses"] == "1 pause of 'ts', each starts another recording"


def test_files_that_contradict_each_other_are_refused(tmp_path):
    one = station("x", "1h").drop(columns="station")
    one.rename(columns={"T": "T [degC]"}).to_csv(tmp_path / "a.csv", index=False)
    one.rename(columns={"T": "T [K]"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"'T' is in degC in a.csv and in K in b.csv: .*columns=\['-T'\]"):
        Dataset.from_file(tmp_path, window=5)
    one.rename(columns={"T": "T [°C]"}).to_csv(tmp_path / "b.csv", index=False)
    assert Dataset.from_file(tmp_path, window=5).units == {"T": "degC"}
    one.assign(time=range(60)).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"the clock of a.csv holds dates, that of b.csv numbers"):
        Dataset.from_file(tmp_path, window=5)


def test_what_max_gap_takes_is_said():
    with pytest.raises(DataError, match="expected a duration such as '5min', '1h' or '30s', or a number of steps"):
        read(station("x", "1min").drop(columns="station"), max_gap="long")

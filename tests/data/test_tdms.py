"""TDMS files of LabVIEW: channels, units, the clock of waveforms, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from loggerfiles import BOTH, N

from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

nptdms = pytest.importorskip("nptdms")
START = np.datetime64("2024-03-04T06:00:00")
WAVE = {"wf_increment": 0.25, "wf_start_time": START, "wf_start_offset": 0.0}


def written(path, **channels):
    """Write channels, each its values and its properties, in one group."""
    objects = [nptdms.ChannelObject("Log", name, values, facts) for name, (values, facts) in channels.items()]
    with nptdms.TdmsWriter(path) as writer:
        writer.write_segment([nptdms.RootObject({"author": "me"}), nptdms.GroupObject("Log"), *objects])
    return path


def test_waveforms_have_a_clock_and_units(tmp_path):
    flow, temp = WAVE | {"unit_string": "m3/h"}, WAVE | {"NI_UnitDescription": "°C"}
    data = Dataset.from_file(written(tmp_path / "a.tdms", Flow=(BOTH[:, 0], flow), Temp=(BOTH[:, 1], temp)))
    assert (data.names, data.units, data.step) == (("Flow", "Temp"), {"Flow": "m3/h", "Temp": "°C"}, "250 ms")
    assert dict(data.understood)["rows"] == "60, 2024-03-04 06:00:00 to 2024-03-04 06:00:14.75"
    np.testing.assert_array_equal(data.values, BOTH)


def test_a_channel_of_times_is_the_clock(tmp_path):
    times = START + np.arange(N).astype("m8[s]")
    path = written(tmp_path / "a.tdms", Time=(times, {}), Flow=(BOTH[:, 0], {}), Temp=(BOTH[:, 1], {}))
    assert Dataset.from_file(path).step == "1 s"


def test_channels_of_several_rates_are_refused_with_a_way_out_that_works(tmp_path):
    path = written(tmp_path / "a.tdms", A=(BOTH[:, 0], WAVE), B=(BOTH[:30, 1], WAVE | {"wf_increment": 0.5}))
    with pytest.raises(DataError, match=r"have 60 and 30 values, each with its own clock.*as_dataframe\(time_index"):
        Dataset.from_file(path)
    frame = nptdms.TdmsFile.read(path)["Log"].as_dataframe(time_index=True, absolute_time=True)
    assert Dataset.from_dataframe(frame).step == "250 ms"


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"no such thing", "has no channel with values: is it a whole TDMS file"), (None, "no such file")],
)
def test_what_is_no_tdms_file_is_refused(content, error, tmp_path):
    if content:
        (tmp_path / "a.tdms").write_bytes(content)
    with pytest.raises(DataError, match=error):
        Dataset.from_file(tmp_path / "a.tdms")

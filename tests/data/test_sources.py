"""The embedded plant and the UCI data, from a path, from the archive, and without a network."""

from __future__ import annotations

import hashlib
import sys
import zipfile

import numpy as np
import pytest

from jaxstable.data import sources
from jaxstable.data.checks import DataError
from jaxstable.simulate import plant as synthetic

HEADER = "Date;Time;CO(GT);NOx(GT);;"
CONTENT = "\r\n".join(
    [HEADER] + [f"10/03/2004;{h:02}.00.00;{h},5;{-200 if h == 3 else h * h};;" for h in range(24)] + [";;;;;"] * 5
)


def test_plant_is_what_the_simulator_gives():
    data = sources.sensors(seed=3, n_steps=500, window=12)
    plant = synthetic.sensors(500, 3)
    np.testing.assert_array_equal(data.values, np.where(plant.mask, plant.values, np.nan))
    np.testing.assert_array_equal(data.lagged_truth, plant.lagged_truth)
    assert (data.names, data.units, data.window) == (plant.names, dict(zip(plant.names, plant.units, strict=True)), 12)


def test_plant_refuses_what_the_simulator_refuses():
    with pytest.raises(DataError, match="noise"):
        sources.sensors(noise=-1.0)
    with pytest.raises(DataError, match="missing"):
        sources.sensors(missing=1.5)


def test_original_file(shared):
    data = sources.uci_air_quality(shared / "data" / "uci_air" / "AirQualityUCI.csv")
    assert (data.n_rows, data.n_vars, data.n_series, data.n_windows) == (9357, 13, 1, 9334)
    assert data.missing_share == pytest.approx(0.1373, abs=1e-4)
    content = (shared / "data" / "uci_air" / "AirQualityUCI.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == sources.UCI_SHA256


def test_other_files_are_refused(tmp_path):
    (tmp_path / "other.csv").write_text("a;b\n1;2\n")
    with pytest.raises(DataError, match="not the UCI Air Quality CSV"):
        sources.uci_air_quality(tmp_path / "other.csv")
    with pytest.raises(DataError, match="no such file"):
        sources.uci_air_quality(tmp_path / "absent.csv")


def test_a_wrong_time_is_refused(tmp_path):
    (tmp_path / "file.csv").write_text(CONTENT.replace("05.00.00", "5 am"))
    with pytest.raises(DataError, match="time at line 7 is '10/03/2004 5 am'"):
        sources.uci_air_quality(tmp_path / "file.csv")


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Put a small archive where the download looks, and count how often it is fetched."""
    pooch = pytest.importorskip("pooch")
    with zipfile.ZipFile(tmp_path / "remote.zip", "w") as writer:
        writer.writestr(sources.UCI_FILE, CONTENT)
    fetched = []

    def retrieve(url, known_hash, fname, path):
        fetched.append(url)
        return str(tmp_path / "remote.zip")

    monkeypatch.setattr(pooch, "retrieve", retrieve)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(sources, "UCI_SHA256", hashlib.sha256(CONTENT.encode()).hexdigest())
    return fetched


def test_download_happens_once(archive, tmp_path):
    for _ in range(2):
        data = sources.uci_air_quality(window=6)
        assert data.n_rows == 24
        assert not data.mask[3, 1]
        assert data.values[2, 0] == 2.5
    assert archive == [sources.UCI_URL]
    assert [f.name for f in (tmp_path / "cache" / "jaxstable").iterdir()] == [sources.UCI_FILE]


def test_a_damaged_cache_is_fetched_again(archive, tmp_path):
    sources.uci_air_quality(window=6)
    (tmp_path / "cache" / "jaxstable" / sources.UCI_FILE).write_text(CONTENT[:200])
    assert sources.uci_air_quality(window=6).n_rows == 24
    assert len(archive) == 2


def test_a_wrong_checksum_is_never_used(archive, monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "UCI_SHA256", "0" * 64)
    with pytest.raises(DataError, match=r"expected 0000.*give path="):
        sources.uci_air_quality()
    assert not list((tmp_path / "cache" / "jaxstable").iterdir())


def test_no_network(archive, monkeypatch):
    import pooch

    def fail(*_, **__):
        raise ConnectionError("unreachable")

    monkeypatch.setattr(pooch, "retrieve", fail)
    with pytest.raises(DataError, match=r"cannot download .*ConnectionError.*give path="):
        sources.uci_air_quality()


def test_no_pooch(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataError, match=r"pip install pooch.*give path="):
        sources.uci_air_quality()

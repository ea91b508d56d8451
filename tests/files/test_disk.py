"""What a run does when the disk is full or closed to it, and what it never touches."""

from __future__ import annotations

import errno
import os

import pytest
from toy_models import linear

from jaxstable import api
from jaxstable.config import ConfigError
from jaxstable.files import ownership, runfiles
from jaxstable.files.directory import RunDirectoryError
from jaxstable.results.loading import load


@pytest.fixture(scope="module")
def config(small_config):
    return small_config.replace(epochs=2)


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


@pytest.mark.fault(46)
@pytest.mark.parametrize(
    "name",
    ["../x.json", "/tmp/x.json", "a/b.json", "a\\b.json", "..", "", "a\0b", ".lock", "config.json", "checkpoint.npz"],
)
def test_a_note_is_a_file_of_the_directory_or_refused(name, config, small_dataset, tmp_path):
    with pytest.raises(ConfigError, match=r"notes: found .*, expected a file name of its own"):
        api.train(config, small_dataset, run_dir=tmp_path / "a" / "run", model=linear(), notes={name: {}})
    assert not list(tmp_path.iterdir())


@pytest.mark.fault(39)
@pytest.mark.parametrize("when", ["log", "checkpoint", "table"])
def test_a_disk_that_fills_up_in_the_middle_frees_the_lock_and_the_rest_follows(
    when, config, small_dataset, tmp_path, monkeypatch
):
    """Wherever the disk is full, the error is ours, the lock is free, and what was whole before is whole after."""

    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    whole = api.sweep(config, small_dataset, {"seed": [1, 2]}, run_dir=tmp_path / "whole", model=linear())
    with monkeypatch.context() as patch:
        writer = {"log": "json_lines", "checkpoint": "save_checkpoint", "table": "write_lines"}[when]
        patch.setattr(runfiles, writer, full)
        with pytest.raises(RunDirectoryError, match=f"cannot be written .{os.strerror(errno.ENOSPC)}"):
            api.sweep(config, small_dataset, {"seed": [1, 2]}, run_dir=tmp_path / "run", model=linear())
    assert not list((tmp_path / "run").glob("*.tmp"))
    again = api.sweep(config, small_dataset, {"seed": [1, 2]}, run_dir=tmp_path / "run", model=linear(), resume=True)
    assert [run.lagged.tobytes() for run in again] == [run.lagged.tobytes() for run in whole]


@pytest.mark.fault(40)
def test_a_directory_that_cannot_be_written_is_told_before_the_work(config, small_dataset, tmp_path, monkeypatch):
    def read_only(*arguments, **more):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(ownership.tempfile, "TemporaryFile", read_only)
    with pytest.raises(RunDirectoryError, match=os.strerror(errno.EROFS)):
        api.train(config, small_dataset, run_dir=tmp_path, model=linear(), on_epoch=pytest.fail)
    with pytest.raises(RunDirectoryError, match=r"run_dir: found 'a.*b', expected a path"):
        api.train(config, small_dataset, run_dir="a\0b", model=linear(), on_epoch=pytest.fail)
    assert not list(tmp_path.iterdir())


def test_a_run_over_a_discovery_moves_all_of_it_aside(config, small_dataset, tmp_path):
    found = api.discover(small_dataset, draws=0, max_lag=1, progress=False)
    before = snapshot(found.save(tmp_path / "run"))
    api.train(config, small_dataset, run_dir=tmp_path / "run", model=linear())
    assert load(tmp_path / "run").config == config
    assert snapshot(tmp_path / "run-1") == before

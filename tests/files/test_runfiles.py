"""A run directory has one writer and one run: locks, moved runs, refusals."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from toy_models import linear

import jaxstable as js
from jaxstable import api
from jaxstable.config import ConfigError
from jaxstable.data.dataset import Dataset
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.runfiles import RunFiles
from jaxstable.training.identity import fingerprint
from jaxstable.training.problem import Problem


@pytest.fixture(scope="module")
def config(small_config):
    return small_config.replace(epochs=2)


@pytest.fixture
def run_dir(config, small_dataset, tmp_path):
    api.train(config, small_dataset, run_dir=tmp_path / "run", model=linear(), notes={"data.json": {"path": "a.csv"}})
    return tmp_path / "run"


def taken(directory, config, *, resume):
    """The files of a single run, as its driver takes them."""
    return RunFiles(directory, {"lanes": [config.to_dict()]}, single=True, resume=resume)


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


def test_what_a_run_leaves(run_dir, config):
    assert set(snapshot(run_dir)) == {
        "adjacency.npz",
        "checkpoint.npz",
        "provenance.json",
        "config.json",
        "data.json",
        "training_log_stable.json",
        "training_summary_stable.json",
    }
    assert json.loads((run_dir / "config.json").read_text()) == config.to_dict()
    assert json.loads((run_dir / "data.json").read_text()) == {"path": "a.csv"}


def test_log_is_flushed_every_epoch(config, tmp_path):
    with taken(tmp_path, config, resume=False) as files:
        for epoch in (1, 2, 3):
            files.append({0: {"epoch": epoch, "val_f1": None}})
            lines = (tmp_path / "training_log_stable.json").read_text().splitlines()
            assert [json.loads(line)["epoch"] for line in lines] == list(range(1, epoch + 1))


def test_locked_directory_refuses_a_second_run_and_keeps_the_first(run_dir, config, small_dataset):
    with taken(run_dir, config, resume=True):
        before = snapshot(run_dir)
        for resume in (False, True):
            with pytest.raises(RunDirectoryError, match="is in use by another run; wait for it, or choose another"):
                api.train(config, small_dataset, run_dir=run_dir, resume=resume, model=linear())
        assert snapshot(run_dir) == before
        assert [path.name for path in run_dir.parent.iterdir()] == ["run"]
    api.train(config, small_dataset, run_dir=run_dir, resume=True, model=linear())


def test_lock_is_given_up_after_an_error(run_dir, config, small_dataset):
    with pytest.raises(RunDirectoryError):
        api.train(config.replace(seed=5), small_dataset, run_dir=run_dir, resume=True, model=linear())
    with taken(run_dir, config, resume=True) as files:
        assert files.directory == run_dir


def test_old_runs_move_to_numbered_neighbours(run_dir, config, small_dataset):
    first = snapshot(run_dir)
    (run_dir / "mine.txt").write_text("nobody moves this")
    api.train(config.replace(seed=5), small_dataset, run_dir=run_dir, model=linear())
    second = snapshot(run_dir)
    api.train(config.replace(seed=6), small_dataset, run_dir=run_dir, model=linear())
    neighbours = run_dir.parent
    assert sorted(path.name for path in neighbours.iterdir()) == ["run", "run-1", "run-2"]
    assert snapshot(neighbours / "run-1") == first
    assert snapshot(neighbours / "run-2") == {name: text for name, text in second.items() if name != "mine.txt"}
    assert (run_dir / "mine.txt").read_text() == "nobody moves this"
    assert js.load(run_dir).config.seed == 6


def test_a_directory_with_somebody_elses_config_is_refused(tmp_path, config, small_dataset):
    (tmp_path / "config.json").write_text('{"name": "my project"}')
    (tmp_path / "graph.graphml").write_text("mine")
    with pytest.raises(RunDirectoryError, match="not a run's"):
        api.train(config, small_dataset, run_dir=tmp_path, model=linear())
    assert (tmp_path / "graph.graphml").read_text() == "mine"


def test_the_current_directory_is_moved_aside_like_any_other(run_dir, config, small_dataset, monkeypatch):
    monkeypatch.chdir(run_dir)
    api.train(config.replace(seed=5), small_dataset, run_dir=".", model=linear())
    assert js.load(run_dir).config.seed == 5
    assert js.load(f"{run_dir}-1").config.seed == config.seed


def test_what_a_killed_writer_left_is_removed(run_dir, config, small_dataset):
    (run_dir / ".checkpoint.npz.123.tmp").write_bytes(b"half")
    (run_dir / ".mine.tmp").write_bytes(b"mine")
    api.train(config, small_dataset, run_dir=run_dir, resume=True, model=linear())
    assert not (run_dir / ".checkpoint.npz.123.tmp").exists()
    assert (run_dir / ".mine.tmp").exists()


def test_directory_of_other_things_is_left_as_it_is(config, small_dataset, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    api.train(config, small_dataset, run_dir=tmp_path, model=linear())
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lambda_sparse": 0.5}, r"lambda_sparse: the run in this directory has 0.0001, found 0.5.*only `epochs`"),
        ({"seed": 2}, "seed: the run in this directory has 1337, found 2"),
        ({"batch_size": 5}, "batch_size: the run in this directory has 4, found 5"),
    ],
)
def test_resume_with_another_config_is_refused_and_changes_nothing(change, message, run_dir, config, small_dataset):
    before = snapshot(run_dir)
    with pytest.raises(RunDirectoryError, match=message):
        api.train(config.replace(**change), small_dataset, run_dir=run_dir, resume=True, model=linear())
    assert snapshot(run_dir) == before


def changed_data(dataset, what):
    values, truth = np.array(dataset.values), np.array(dataset.truth)
    if what == "one value":
        values[0, 0] += 1e-3
    elif what == "one gap":
        values[np.argwhere(np.isfinite(values))[7][0], 1] = np.nan
    elif what == "truth":
        truth[0, 1] = False
    else:
        truth = None
    return Dataset.from_array(values, truth=truth, window=6)


@pytest.mark.parametrize("what", ["one value", "one gap", "truth", "no truth"])
def test_resume_with_other_data_is_refused_and_changes_nothing(what, run_dir, config, small_dataset):
    before = snapshot(run_dir)
    with pytest.raises(RunDirectoryError, match="started on other data; resume with the same data"):
        api.train(config, changed_data(small_dataset, what), run_dir=run_dir, resume=True, model=linear())
    assert snapshot(run_dir) == before


def test_resume_with_a_log_that_lost_records_is_refused(run_dir, config, small_dataset):
    log = run_dir / "training_log_stable.json"
    log.write_text(log.read_text().splitlines()[1] + "\n")
    with pytest.raises(RunDirectoryError, match="holds 1 whole records, but the checkpoint is at epoch 2"):
        api.train(config, small_dataset, run_dir=run_dir, resume=True, model=linear())


def test_resume_of_nothing_starts_anew(config, small_dataset, tmp_path):
    result = api.train(config, small_dataset, run_dir=tmp_path / "new", resume=True, model=linear())
    assert len(result.history) == 2


def test_directory_that_is_a_file_is_refused(config, small_dataset, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunDirectoryError, match="file"):
        api.train(config, small_dataset, run_dir=tmp_path / "file", model=linear())


def test_resume_of_a_saved_result_moves_it_aside(run_dir, config, small_dataset, tmp_path):
    saved = tmp_path / "saved"
    js.load(run_dir).save(saved)
    before = snapshot(saved)
    api.train(config.replace(seed=5), small_dataset, run_dir=saved, resume=True, model=linear())
    assert snapshot(tmp_path / "saved-1") == before
    assert js.load(saved).config.seed == 5


def test_a_run_killed_before_its_first_checkpoint_starts_anew_in_place(run_dir, config, small_dataset):
    for name in ("checkpoint.npz", "training_summary_stable.json", "adjacency.npz"):
        (run_dir / name).unlink()
    result = api.train(config, small_dataset, run_dir=run_dir, resume=True, model=linear())
    assert len(result.history) == 2
    assert [path.name for path in run_dir.parent.iterdir()] == ["run"]


def test_files_say_where_an_earlier_run_went(run_dir, config, caplog):
    with caplog.at_level("INFO", logger="jaxstable"), taken(run_dir, config, resume=False) as files:
        assert files.moved_to == run_dir.with_name("run-1")
    assert "run-1" in caplog.text


def test_a_result_is_not_saved_over_another_run(run_dir, config, small_dataset, tmp_path):
    other = api.train(config.replace(seed=5), small_dataset, model=linear())
    grid = api.sweep(config, small_dataset, {"seed": [1]}, model=linear(), run_dir=tmp_path / "sweep")
    before = snapshot(run_dir)
    for result in (other, grid):
        with pytest.raises(RunDirectoryError, match=r"holds another run .*checkpoint\.npz.*directory of its own"):
            result.save(run_dir)
    assert snapshot(run_dir) == before
    with pytest.raises(RunDirectoryError, match="holds another run"):
        other.save(tmp_path / "sweep")
    assert js.load(run_dir).save(run_dir) == run_dir
    assert grid.save(tmp_path / "sweep") == tmp_path / "sweep"


def test_look_alikes_stay_and_are_not_overwritten(config, small_dataset, tmp_path):
    names = ("graph.graphml", "checkpoint-final.npz", "lanes_of_the_road.json", "data.json")
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"holds data\.json, which no run wrote"):
        api.train(config, small_dataset, run_dir=tmp_path, model=linear(), notes={"data.json": {}})
    api.train(config, small_dataset, run_dir=tmp_path, model=linear())
    assert [(tmp_path / name).read_text() for name in names] == ["mine"] * 4
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "checkpoint.npz").write_text("mine")
    with pytest.raises(RunDirectoryError, match=r"holds checkpoint\.npz, which no run wrote"):
        api.train(config, small_dataset, run_dir=tmp_path / "other", model=linear())


def test_fewer_epochs_than_done_are_refused(run_dir, config, small_dataset):
    before = snapshot(run_dir)
    with pytest.raises(RunDirectoryError, match="epochs: the run in this directory has done 2, found 1"):
        api.train(config.replace(epochs=1), small_dataset, run_dir=run_dir, resume=True, model=linear())
    assert snapshot(run_dir) == before


@pytest.mark.parametrize("damage", ["keys", "list", "checkpoint"])
def test_resume_of_a_damaged_run_is_refused(damage, run_dir, config, small_dataset):
    log = run_dir / "training_log_stable.json"
    if damage == "keys":
        log.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    elif damage == "list":
        log.write_text('{"epoch": [1]}\n')
    else:
        (run_dir / "checkpoint.npz").unlink()
        (run_dir / "checkpoint.npz").mkdir()
    words = {"keys": "epoch 1 lacks status", "list": "holds 0 whole records", "checkpoint": "is not a file"}
    with pytest.raises(RunDirectoryError, match=words[damage]):
        api.train(config, small_dataset, run_dir=run_dir, resume=True, model=linear())


@pytest.mark.parametrize(
    "change",
    [{"recording": np.array([1], np.int32)}, {"environment": np.zeros(1, np.int32)}, {"lagged_truth": np.eye(4) > 0}],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_the_data_is_in_the_fingerprint(change, small_dataset):
    assert fingerprint(small_dataset) != fingerprint(dataclasses.replace(small_dataset, **change))


def test_a_batch_holds_no_more_than_the_data(config, small_dataset):
    problem = Problem(config.replace(batch_size=10_000), small_dataset, linear())
    assert (problem.spec.batch_size, problem.n_steps) == (len(problem.data.train), 1)


@pytest.mark.parametrize(("factor", "words"), [(-1.0, "down to -"), (np.nan, "not finite")])
def test_an_adjacency_that_is_none_is_refused(factor, words, config, small_dataset):
    model = linear()
    broken = model._replace(adjacency=lambda params: factor * model.adjacency(params))
    with pytest.raises(ConfigError, match=f"model: found an adjacency of 'linear' with entries.*{words}"):
        api.train(config, small_dataset, model=broken)

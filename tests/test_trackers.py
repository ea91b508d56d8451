"""What trackers write is what the real libraries read: one run for a training, one for every lane of a sweep."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import jaxstable as js

pytestmark = pytest.mark.filterwarnings("ignore")  # what the libraries warn of is theirs
LANES = 2


def library(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[trackers]'", exc_type=ImportError)


@pytest.fixture(scope="module")
def data():
    return js.datasets.sensors(n_steps=300)


@pytest.fixture(scope="module")
def config():
    return js.Config(epochs=2, batch_size=64)


def followed(tracker, config, data):
    """Train and sweep under one tracker; return the history of the training and those of the lanes."""
    with tracker:
        history = js.train(config, data, on_epoch=tracker, progress=False).history
    with tracker:
        swept = js.sweep(config, data, {"seed": range(LANES)}, on_epoch=tracker, progress=False)
    return history, [swept[lane].history for lane in range(LANES)]


def losses(history):
    return [pytest.approx(record["train_loss"], rel=1e-6) for record in history]


def test_tensorboard_reads_a_folder_for_every_lane(config, data, tmp_path):
    accumulator = library("tensorboard.backend.event_processing.event_accumulator")
    history, lanes = followed(js.trackers.tensorboard(tmp_path), config, data)

    def read(folder):
        events = accumulator.EventAccumulator(str(folder))
        events.Reload()
        assert "train_loss_components/recon" in events.Tags()["scalars"]
        found = events.Scalars("train_loss")
        assert [event.step for event in found] == [record["epoch"] for record in history]
        return [event.value for event in found]

    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["lane_000", "lane_001"]
    assert read(tmp_path) == losses(history)
    for number, lane in enumerate(lanes):
        assert read(tmp_path / f"lane_{number:03d}") == losses(lane)


def test_mlflow_reads_the_lanes_as_children_of_one_run(config, data, tmp_path):
    tracking = library("mlflow.tracking")
    history, lanes = followed(js.trackers.mlflow(tmp_path / "mlruns"), config, data)
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    found = {
        run.info.run_name: run for run in client.search_runs([client.get_experiment_by_name("jaxstable").experiment_id])
    }
    assert set(found) == {"run", "sweep", "lane_000", "lane_001"}
    assert {run.info.status for run in found.values()} == {"FINISHED"}
    for number, lane in enumerate([history, *lanes]):
        run = found["run" if number == 0 else f"lane_{number - 1:03d}"]
        metrics = client.get_metric_history(run.info.run_id, "train_loss")
        assert [metric.value for metric in metrics] == losses(lane)
        parent = run.data.tags.get("mlflow.parentRunId")
        assert parent == (None if number == 0 else found["sweep"].info.run_id)


def stored(path):
    """Yield the records of a file of wandb: LevelDB's log, in blocks of 32 KiB, after seven bytes of its own."""
    content, at, whole = path.read_bytes(), 7, b""
    assert content.startswith(b":W&B")
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:  # a block ends in zeros where no header fits
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield whole
            whole = b""


def test_wandb_keeps_an_offline_run_for_every_lane_in_one_group(config, data, tmp_path, monkeypatch):
    wandb = library("wandb")
    records = library("wandb.proto.wandb_internal_pb2")
    monkeypatch.setenv("WANDB_SILENT", "true")
    history, lanes = followed(js.trackers.wandb(tmp_path), config, data)
    wandb.teardown()  # its service writes on behind a finished run
    found = {}
    for path in Path(tmp_path).glob("wandb/offline-run-*/*.wandb"):
        name, values = "", []
        for line in stored(path):
            record = records.Record.FromString(line)
            if record.WhichOneof("record_type") == "run":
                name = record.run.display_name, record.run.run_group
            if record.WhichOneof("record_type") == "history":
                items = {item.key or item.nested_key[0]: item.value_json for item in record.history.item}
                values.append(float(items["train_loss"]))
        found[name] = values
    assert found == {
        ("run", ""): losses(history),
        ("lane_000", "sweep"): losses(lanes[0]),
        ("lane_001", "sweep"): losses(lanes[1]),
    }


@pytest.mark.parametrize("name", ["tensorboard", "wandb", "mlflow"])
def test_a_missing_library_is_named_with_its_extra(name, monkeypatch, tmp_path):
    for module in [name, *[module for module in sys.modules if module.startswith(f"{name}.")]]:
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"trackers.{name} needs {name}: pip install 'jaxstable\[trackers\]'"):
        getattr(js.trackers, name)(tmp_path)

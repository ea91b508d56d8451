"""The same seed gives the same bytes, and a run that was stopped goes on as if it never had been."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
from toy_models import linear

from jaxstable import api
from jaxstable.training.signals import Interrupted


def contents(directory):
    """Everything a run leaves that must not depend on when it was stopped."""
    log = [json.loads(line) for line in (directory / "training_log_stable.json").read_text().splitlines()]
    for record in log:
        assert record.pop("epoch_time") >= 0
    with np.load(directory / "checkpoint.npz") as file:
        state = {name: file[name].tobytes() for name in file.files if name != "meta"}
    with np.load(directory / "adjacency.npz") as file:
        result = {name: file[name].tobytes() for name in file.files}
    summary = json.loads((directory / "training_summary_stable.json").read_text())
    del summary["total_time"]
    return {"log": json.dumps(log), "state": state, "result": result, "summary": summary}


def interrupted_after(epoch, number, config, data, directory, model, **options):
    """Train until a signal comes in the given epoch; return what was raised."""

    class Signal:
        def __init__(self, *args):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def epoch(self, record):
            if record["epoch"] == epoch:
                os.kill(os.getpid(), number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api, "Progress", Signal)
        with pytest.raises(Interrupted) as stop:
            api.train(config, data, run_dir=directory, model=model, **options)
    return stop.value


@pytest.fixture(scope="module", params=["linear", "rcgnn_latent"])
def model(request):
    return linear() if request.param == "linear" else None


@pytest.fixture(scope="module")
def whole(model, small_config, small_dataset, tmp_path_factory):
    """A run that was never stopped."""
    directory = tmp_path_factory.mktemp("whole") / "run"
    api.train(small_config, small_dataset, run_dir=directory, model=model)
    return contents(directory)


def test_same_seed_same_bytes(model, whole, small_config, small_dataset, tmp_path):
    api.train(small_config, small_dataset, run_dir=tmp_path, model=model)
    assert contents(tmp_path) == whole


def test_other_seed_other_run(model, whole, small_config, small_dataset, tmp_path):
    api.train(small_config.replace(seed=1), small_dataset, run_dir=tmp_path, model=model)
    other = contents(tmp_path)
    assert other["log"] != whole["log"]
    assert other["result"]["adjacency"] != whole["result"]["adjacency"]


def test_interrupted_run_resumes_bit_for_bit(model, whole, small_config, small_dataset, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    stop = interrupted_after(2, signal.SIGTERM, small_config, small_dataset, tmp_path, model)
    assert stop.signum == signal.SIGTERM
    assert stop.result.status == "INTERRUPTED"
    assert len(stop.result.history) == 2
    assert f"interrupted after epoch 2: saved in {tmp_path}; `jaxstable resume {tmp_path}`" in str(stop)
    stop = interrupted_after(4, signal.SIGINT, small_config, small_dataset, tmp_path, model, resume=True)
    assert (stop.signum, len(stop.result.history)) == (signal.SIGINT, 4)
    result = api.train(small_config, small_dataset, run_dir=tmp_path, model=model, resume=True)
    assert result.status == "FINISHED"
    assert contents(tmp_path) == whole
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_more_epochs_continue_the_same_run(model, whole, small_config, small_dataset, tmp_path):
    api.train(small_config.replace(epochs=3), small_dataset, run_dir=tmp_path, model=model)
    api.train(small_config, small_dataset, run_dir=tmp_path, model=model, resume=True)
    assert contents(tmp_path) == whole


def test_finished_run_resumes_to_itself(model, whole, small_config, small_dataset, tmp_path):
    api.train(small_config, small_dataset, run_dir=tmp_path, model=model)
    stamps = (tmp_path / "training_log_stable.json").stat().st_mtime_ns
    result = api.train(small_config, small_dataset, run_dir=tmp_path, model=model, resume=True)
    assert len(result.history) == small_config.epochs
    assert contents(tmp_path) == whole
    assert (tmp_path / "training_log_stable.json").stat().st_mtime_ns == stamps


def test_log_beyond_the_checkpoint_is_cut_back(whole, model, small_config, small_dataset, tmp_path):
    api.train(small_config.replace(epochs=3), small_dataset, run_dir=tmp_path, model=model)
    with (tmp_path / "training_log_stable.json").open("a") as log:
        log.write('{"epoch": 4, "train_loss": 1.0}\n{"epoch": 5, "tra')  # killed after the checkpoint
    api.train(small_config, small_dataset, run_dir=tmp_path, model=model, resume=True)
    assert contents(tmp_path) == whole


def test_interrupted_without_a_directory_says_that_nothing_is_saved(small_config, small_dataset):
    stop = interrupted_after(1, signal.SIGINT, small_config, small_dataset, None, linear())
    assert "not saved: no run_dir" in str(stop)
    assert len(stop.result.history) == 1

"""The same seed gives the same bytes, and a run that was stopped goes on as if it never had been."""

from __future__ import annotations

import json
import os
import signal

import numpy as np
import pytest
from toy_models import fit, linear

import jaxstable as js
from jaxstable import api
from jaxstable.config import Config
from jaxstable.files.directory import RunDirectoryError
from jaxstable.models.rcgnn import RCGNN
from jaxstable.results import running
from jaxstable.training.interruption import Interrupted
from jaxstable.training.lanes import compiled


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
    for timed in ("training_log_stable.json", "training_summary_stable.json"):
        del summary["checksums"][timed]  # they hold seconds
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
        patch.setattr(running, "Progress", Signal)
        with pytest.raises(Interrupted) as stop:
            api.train(config, data, run_dir=directory, model=model, **options)
    return stop.value


@pytest.fixture(scope="module", params=["linear", "rcgnn_latent"])
def model(request):
    return linear() if request.param == "linear" else RCGNN("latent")


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


@pytest.mark.parametrize(
    ("name", "change", "spans"),
    [
        ("svar", {}, True),
        ("svar", {"lr_schedule": "cosine"}, True),
        ("rcgnn_latent", {}, False),
        ("rcgnn_latent", {"lr_schedule": "cosine"}, True),
    ],
)
def test_other_epochs_are_the_same_run_or_said_not_to_be(name, change, spans, small_dataset, tmp_path, caplog):
    config = Config.for_model(name, epochs=6, batch_size=4, thresholds=5, **change)
    api.train(config, small_dataset, run_dir=tmp_path / "whole")
    api.train(config.replace(epochs=2), small_dataset, run_dir=tmp_path / "longer")
    api.train(config.replace(epochs=2), small_dataset, run_dir=tmp_path / "longer", resume=True)
    assert caplog.text == ""
    with caplog.at_level("WARNING"):
        api.train(config, small_dataset, run_dir=tmp_path / "longer", resume=True)
    told = f"begun with 2 and going on to 6: {'the learning rate' if change else name} follows"
    assert (told in caplog.text) == spans
    assert (contents(tmp_path / "longer")["log"] == contents(tmp_path / "whole")["log"]) != spans


def test_finished_run_resumes_to_itself(model, whole, small_config, small_dataset, tmp_path):
    api.train(small_config, small_dataset, run_dir=tmp_path, model=model)
    stamps = (tmp_path / "training_log_stable.json").stat().st_mtime_ns
    programs = compiled.cache_info().misses
    result = api.train(small_config, small_dataset, run_dir=tmp_path, model=model, resume=True)
    assert compiled.cache_info().misses == programs
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


def test_a_signal_in_the_last_epoch_is_obeyed_with_everything_saved(small_config, small_dataset, tmp_path):
    epochs = small_config.epochs
    stop = interrupted_after(epochs, signal.SIGTERM, small_config, small_dataset, tmp_path, linear())
    assert (stop.signum, stop.result.status, len(stop.result.history)) == (signal.SIGTERM, "FINISHED", epochs)
    assert f"interrupted after epoch {epochs}: saved in {tmp_path}; nothing is left to train" in str(stop)
    assert js.load(tmp_path).status == "FINISHED"


def test_the_result_is_written_under_lock_and_signals_wait_for_it(small_config, small_dataset, tmp_path):
    config = small_config.replace(epochs=1)

    def keep(run):
        with pytest.raises(RunDirectoryError, match="in use"):
            fit(config, small_dataset, model=linear(), run_dir=tmp_path)
        os.kill(os.getpid(), signal.SIGTERM)
        (tmp_path / "kept").write_text(run.status)

    with pytest.raises(Interrupted):
        fit(config, small_dataset, model=linear(), run_dir=tmp_path, keep=keep)
    assert (tmp_path / "kept").read_text() == "FINISHED"


def test_a_resumed_run_does_not_read_as_finished_while_it_goes_on(small_config, small_dataset, tmp_path):
    api.train(small_config.replace(epochs=1), small_dataset, run_dir=tmp_path, model=linear())
    seen = []
    fit(
        small_config.replace(epochs=2),
        small_dataset,
        model=linear(),
        run_dir=tmp_path,
        resume=True,
        on_epoch=lambda record: seen.append((tmp_path / "training_summary_stable.json").exists()),
    )
    assert seen == [False]


def test_a_run_with_a_window_of_its_own_resumes(small_config, small_dataset, tmp_path):
    config = small_config.replace(window=5, epochs=1)
    api.train(config, small_dataset, run_dir=tmp_path, model=linear())
    result = api.train(config.replace(epochs=2), small_dataset, run_dir=tmp_path, model=linear(), resume=True)
    assert len(result.history) == 2

"""One directory after another kind of result: `load` gives what was written last, and nobody's files are mixed."""

from __future__ import annotations

import pytest
from results_records import make_run
from sweep_records import make_sweep
from test_page import discovery

import jaxstable as js
from jaxstable.models.registry import MODELS
from jaxstable.results.train_result import TrainResult


def run():
    return TrainResult(make_run())


def test_training_into_the_directory_of_a_discovery_moves_it_aside(tmp_path):
    directory = tmp_path / "artifacts"
    found = discovery()
    found.save(directory)
    config = js.Config(epochs=1, batch_size=64, model="svar")
    result = js.train(config, js.datasets.sensors(n_steps=300), run_dir=directory, progress=False)
    again = js.load(directory)
    assert isinstance(again, js.TrainResult)
    assert again == result
    assert not list(directory.glob("discovery.*"))
    assert js.load(tmp_path / "artifacts-1") == found


@pytest.mark.parametrize("first", ["train", "sweep", "discovery"])
@pytest.mark.parametrize("second", ["train", "sweep", "discovery"])
def test_a_result_is_never_saved_into_the_directory_of_another_kind(tmp_path, first, second):
    make = {"train": run, "sweep": lambda: make_sweep({"seed": [0, 1]}), "discovery": discovery}
    earlier, later = make[first](), make[second]()
    earlier.save(tmp_path / "kept")
    if first == second:
        later.save(tmp_path / "kept")
        assert js.load(tmp_path / "kept") == later
        return
    with pytest.raises(js.RunDirectoryError, match="save into a directory of its own"):
        later.save(tmp_path / "kept")
    assert js.load(tmp_path / "kept") == earlier


def test_tab_completion_shows_public_names_only():
    assert dir(js.datasets) == ["sensors", "uci_air_quality"]
    assert dir(js.distributed) == ["is_first", "start"]
    assert dir(js.grids) == ["NAMED_GRIDS", "expand", "log_spaced", "random_points"]
    assert dir(js.trackers) == ["Tracker", "mlflow", "tensorboard", "wandb"]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_calls_itself_what_a_config_calls_it(name):
    assert MODELS[name]().name == name

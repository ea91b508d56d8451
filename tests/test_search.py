"""Search beyond the grid: rounds that learn, repeat by seed, resume and keep every lane."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

import jaxstable as js
from jaxstable.config import Config
from jaxstable.training.search import search_lanes

pytest.importorskip("optuna")
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "results"))

from sweep_records import make_lane

SPACE = {"lambda_sparse": (1e-5, 1e-2), "learning_rate": (1e-4, 1e-1)}


def points(runs):
    return [(run.config.lambda_sparse, run.config.learning_rate) for run in runs]


def trainer(seen, truth=True):
    """Rounds that cost nothing: the score peaks at lambda_sparse 1e-4, and a large learning rate diverges."""

    def measure(config):
        if config.learning_rate > 3e-2:
            return {"status": "DIVERGED", "val_f1": 1.0}
        return {"val_f1": 1 - abs(np.log10(config.lambda_sparse) + 4) / 4}

    def train(number, configs):
        seen.append((number, len(configs)))
        return [make_lane(config, measure, truth) for config in configs]

    return train


def test_rounds_learn_from_those_before():
    seen = []
    runs = search_lanes(Config(), SPACE, trainer(seen), by="val_f1", rounds=6, lanes=12, seed=0)
    assert seen == [(number, 12) for number in range(6)]
    assert len(set(points(runs))) == 72
    distance = [abs(np.log10(run.config.lambda_sparse) + 4) for run in runs]
    assert np.mean(distance[-24:]) < 0.6 * np.mean(distance[:12])
    lost = [run.status == "DIVERGED" for run in runs]
    assert sum(lost[:12]) > 0
    assert np.mean(lost[-24:]) < np.mean(lost[:12])


def test_the_same_seed_asks_for_the_same_points():
    first, again, other = (
        points(search_lanes(Config(), SPACE, trainer([]), by="val_f1", rounds=2, lanes=4, seed=seed))
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_values_stay_in_their_range_and_of_their_type():
    space = {"batch_size": (4, 9), "optimizer": ["adam", "adamw"], "clip_norm": (0.5, 2.0), "plateau": [True, False]}
    runs = search_lanes(Config(), space, trainer([]), by="val_f1", rounds=2, lanes=20, seed=0)
    sizes = {run.config.batch_size for run in runs}
    assert sizes <= set(range(4, 10))
    assert len(sizes) > 3
    assert {run.config.optimizer for run in runs} == {"adam", "adamw"}
    assert {run.config.plateau for run in runs} == {True, False}
    assert all(0.5 <= run.config.clip_norm <= 2.0 for run in runs)


def test_smaller_is_better_for_everything_but_f1():
    def train(number, configs):
        return [make_lane(c, lambda c: {"val_recon": c.lambda_sparse}, truth=False) for c in configs]

    runs = search_lanes(Config(), {"lambda_sparse": (1e-5, 1e-2)}, train, by="val_recon", rounds=5, lanes=10, seed=0)
    values = np.log10([run.config.lambda_sparse for run in runs])
    assert values[-20:].mean() < values[:10].mean() - 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"space": None}, "space: found none"),
        ({"space": {}}, "space: it has no field"),
        ({"space": {"lambda_sprase": (1e-5, 1e-2)}}, "did you mean 'lambda_sparse'"),
        ({"space": {"lambda_sparse": (0.0, 1e-2)}}, "lambda_sparse: found the range"),
        ({"space": {"plateau_factor": (0.5, 2.0)}}, "plateau_factor: found 2.0"),
        ({"space": {"optimizer": ["adam", "sgd"]}}, "optimizer: found 'sgd'"),
        ({"rounds": 0}, "rounds: found 0"),
        ({"lanes": 0}, "lanes: found 0"),
        ({"by": "f1"}, "by: found 'f1'"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_compiles(small_dataset, tmp_path, arguments, message):
    with pytest.raises(js.ConfigError, match=message):
        js.search(Config(), small_dataset, **{"space": SPACE, **arguments})


def test_a_score_that_needs_the_truth_is_refused_without(unlabelled_dataset):
    with pytest.raises(js.ConfigError, match="by: found 'val_f1', expected one of val_loss, val_recon"):
        js.search(Config(), unlabelled_dataset, SPACE, by="val_f1")


@pytest.fixture(scope="module")
def how(small_config, small_dataset):
    return {"config": small_config.replace(epochs=2), "data": small_dataset, "space": SPACE, "rounds": 3, "lanes": 2}


@pytest.fixture(scope="module")
def searched(how, tmp_path_factory):
    return js.search(**how, run_dir=tmp_path_factory.mktemp("search") / "whole")


def test_every_lane_of_every_round_is_kept(searched):
    assert len(searched) == 6
    assert searched.axes == ["learning_rate", "lambda_sparse"]
    assert all(len(lane.history) == 2 for lane in searched)
    again = js.load(searched.run_dir)
    assert again.table == searched.table
    third = js.load(searched.run_dir / "round-2")
    assert [lane.config for lane in third] == [lane.config for lane in searched][4:]


def test_another_round_compiles_nothing(searched, how):
    from jaxstable.training.lanes import compiled

    before = compiled.cache_info().misses
    js.search(**{**how, "seed": 5})
    assert compiled.cache_info().misses == before


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(searched, how, tmp_path, monkeypatch):
    from jaxstable import api
    from jaxstable.results import running

    sweeps = []
    honest = api.run_sweep

    class StopsTheSecond(running.SweepProgress):
        def epoch(self, records):
            if len(sweeps) == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(api, "run_sweep", lambda *args, **kwargs: sweeps.append(1) or honest(*args, **kwargs))
    monkeypatch.setattr(running, "SweepProgress", StopsTheSecond)
    with pytest.raises(js.Interrupted) as caught:
        js.search(**how, run_dir=tmp_path / "search")
    assert [lane.status for lane in caught.value.result] == ["FINISHED"] * 2 + ["INTERRUPTED"] * 2
    monkeypatch.undo()
    again = js.search(**how, run_dir=tmp_path / "search", resume=True)
    assert again.table == searched.table


def test_an_earlier_search_is_moved_aside(searched, how, tmp_path):
    shutil.copytree(searched.run_dir, tmp_path / "search")
    js.search(**{**how, "rounds": 1}, run_dir=tmp_path / "search")
    assert len(js.load(tmp_path / "search")) == 2
    assert len(js.load(tmp_path / "search-1")) == 6
    assert (tmp_path / "search-1" / "round-2").is_dir()
    assert not (tmp_path / "search" / "round-2").exists()


def test_without_optuna_the_error_names_the_extra():
    program = f"""
import sys
sys.modules["optuna"] = None
sys.path[:0] = {sys.path!r}
import jaxstable as js
try:
    js.search(None, js.datasets.sensors(n_steps=300), {{"lambda_sparse": (1e-5, 1e-2)}})
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "search needs Optuna: pip install optuna\n", done.stderr

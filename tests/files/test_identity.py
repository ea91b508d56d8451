"""A run goes on as what it was begun as: config, data, model with its arguments, optimiser; a sweep in every lane."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from toy_models import linear

from jaxstable import api
from jaxstable.config import Config
from jaxstable.files.checkpoint import read_meta, save_checkpoint
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.runfiles import RunFiles
from jaxstable.models.registry import MODELS, model_of
from jaxstable.models.svar import SVAR
from jaxstable.training.identity import identity, settings


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}


@pytest.fixture(scope="module")
def config(small_config):
    return small_config.replace(epochs=1)


PAIRS = {
    "required": (SVAR(required=[(0, 2, 3)]), SVAR(), r"'svar' with .*\(\(0, 2, 3\),\), found 'svar' with .* = \(\)"),
    "n_lags": (SVAR(n_lags=1), SVAR(n_lags=3), "'svar' with n_lags = 1, found 'svar' with n_lags = 3"),
    "likelihood": (SVAR("free", n_lags=1), SVAR("equal", n_lags=1), "has 'svar', found 'svar_equal'"),
    "a user's own": (linear(), linear(late=True), "'linear' with late = False, found 'linear' with late = True"),
    "another": (linear(), SVAR(n_lags=1), "has 'linear', found 'svar'"),
    "none": (linear(), None, "has 'linear', found 'svar'"),
    "not none": (None, linear(), "has 'svar', found 'linear'"),
}


@pytest.mark.fault(43)
@pytest.mark.parametrize(("then", "now", "words"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_another_model_is_refused_by_what_differs_and_nothing_changes(
    kind, then, now, words, config, small_dataset, tmp_path
):
    def go(model, **more):
        if kind == "run":
            api.train(config, small_dataset, run_dir=tmp_path, model=model, progress=False, **more)
        else:
            api.sweep(config, small_dataset, {"seed": [1, 2]}, run_dir=tmp_path, model=model, progress=False, **more)

    go(then)
    before = snapshot(tmp_path)
    with pytest.raises(RunDirectoryError, match=f"model: .*({words}).*; resume with the model"):
        go(now, resume=True)
    assert snapshot(tmp_path) == before
    go(then, resume=True)


def test_a_model_of_the_config_may_be_passed_as_well(small_dataset, tmp_path):
    config = Config.for_model("svar", epochs=1)
    run_dir = tmp_path / "run"
    first = api.train(config, small_dataset, run_dir=run_dir, progress=False)
    again = api.train(config, small_dataset, run_dir=run_dir, model=model_of(config), resume=True, progress=False)
    assert again.history == first.history
    assert [path.name for path in tmp_path.iterdir()] == ["run"]  # gone on with, not moved aside


@pytest.mark.parametrize("name", MODELS)
def test_equal_settings_are_described_alike_and_without_addresses(name):
    model = model_of(Config.for_model(name))
    assert settings(model) == settings(model)
    assert not [text for text in settings(model).values() if "0x" in text]


def test_what_functions_hold_on_to_is_found_wherever_it_is():
    def made(table, power, names, *, tilt=1.0):
        inner = functools.partial(jnp.power, jnp.asarray(table))

        def adjacency(params, scale=power):
            return inner(params) * scale * tilt * len(names)

        return linear()._replace(adjacency=jax.jit(adjacency))

    same = [settings(made([1.0, 2.0], 3, {"a": 1})) for _ in range(2)]
    assert same[0] == same[1]
    others = [
        made([1.0, 2.5], 3, {"a": 1}),
        made([1.0, 2.0], 4, {"a": 1}),
        made([1.0, 2.0], 3, {"a": 2}),
        made([1.0, 2.0], 3, {"a": 1}, tilt=2.0),
    ]
    assert all(settings(other) != same[0] for other in others)
    growing = []
    assert settings(made([1.0], 1, growing)) == (growing.append(1) or settings(made([1.0], 1, growing)))


@pytest.mark.fault(43)
def test_another_optimizer_is_refused(config, small_dataset, tmp_path):
    def momentum(share):
        return lambda hyper: optax.sgd(hyper.learning_rate, momentum=share)

    api.train(config, small_dataset, run_dir=tmp_path, model=linear(), optimizer=momentum(0.5), progress=False)
    for other, words in ((momentum(0.9), "share = 0.5, found .* = 0.9"), (None, "that of the config")):
        with pytest.raises(RunDirectoryError, match=f"optimizer: .*{words}"):
            api.train(
                config, small_dataset, run_dir=tmp_path, model=linear(), optimizer=other, resume=True, progress=False
            )


@pytest.mark.fault(43)
def test_a_sweep_names_the_lane_and_the_field(config, small_dataset, tmp_path):
    def go(seeds, **more):
        return api.sweep(config, small_dataset, {"seed": seeds}, run_dir=tmp_path, model=linear(), **more)

    go([1, 2])
    with pytest.raises(RunDirectoryError, match="other lanes: seed: lane 1 has 2, found 3; resume with the same grid"):
        go([1, 3], resume=True)
    with pytest.raises(RunDirectoryError, match="other lanes: 2 there, found 3"):
        go([1, 2, 3], resume=True)


@pytest.mark.fault(44)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 3, "version": "9.9"}, r"checkpoint.npz is of format 3, written by jaxstable '9\.9'"),
        ({"epoch": None}, "epoch is None"),
        ({"seconds": "x"}, "seconds is 'x'"),
        ({"identity": {"fingerprint": "0"}}, "does not say what was trained"),
        ({"identity": None}, "does not say what was trained"),
    ],
    ids=lambda value: "",
)
def test_a_checkpoint_that_lacks_what_it_must_say_is_refused_by_name(change, words, config, small_dataset, tmp_path):
    api.train(config, small_dataset, run_dir=tmp_path, model=linear(), progress=False)
    path = tmp_path / "checkpoint.npz"
    template = {"state": jax.ShapeDtypeStruct((), np.float32)}
    save_checkpoint(path, {"state": np.float32(0)}, {**read_meta(path), **change})
    if "epoch" in change or "seconds" in change:
        files = RunFiles(tmp_path, {"lanes": [config.to_dict()]}, single=True, resume=True)
        with files, pytest.raises(RunDirectoryError, match=words):
            files.load(0, template)
        return
    with pytest.raises(RunDirectoryError, match=words):
        api.train(config, small_dataset, run_dir=tmp_path, model=linear(), resume=True, progress=False)


@pytest.mark.fault(44)
def test_a_config_of_another_version_is_refused_by_its_field(config, small_dataset, tmp_path):
    api.train(config, small_dataset, run_dir=tmp_path, model=linear(), progress=False)
    what = identity([config], small_dataset, linear())
    what["lanes"][0]["lambda_new"] = 3.0
    save_checkpoint(tmp_path / "checkpoint.npz", {}, {"identity": what, "format": 2})
    with pytest.raises(RunDirectoryError, match=r"this version refuses \(.*lambda_new"):
        api.train(config, small_dataset, run_dir=tmp_path, model=linear(), resume=True, progress=False)

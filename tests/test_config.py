"""The config refuses what cannot be trained, names the field, and says what it expected."""

from __future__ import annotations

import dataclasses
import json
import re
import typing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.config import Config, ConfigError
from jaxstable.training.grid import expand

FLOATS = [name for name, hint in typing.get_type_hints(Config).items() if hint is float]
INTEGERS = [name for name, hint in typing.get_type_hints(Config).items() if hint in (int, int | None)]
BOOLEANS = [name for name, hint in typing.get_type_hints(Config).items() if hint is bool]

DEFAULTS = {
    "epochs": 100,
    "batch_size": 8,
    "learning_rate": 5e-4,
    "weight_decay": 1e-4,
    "optimizer": "adamw",
    "clip_norm": 1.0,
    "plateau_factor": 0.5,
    "plateau_patience": 3,
    "plateau_cooldown": 1,
    "standardize": True,
    "lambda_recon": 10.0,
    "lambda_sparse": 1e-4,
    "lambda_acyclic": 1e-5,
    "lambda_disen": 1e-4,
    "thresholds": 21,
    "early_stop_patience": 15,
    "eval_every": 1,
    "seed": 1337,
}
UNSTABLE = {
    "preset": "unstable",
    "standardize": False,
    "lambda_recon": 1.0,
    "lambda_sparse": 0.01,
    "lambda_acyclic": 0.1,
    "lambda_disen": 0.01,
    "learning_rate": 1e-3,
    "weight_decay": 1e-5,
    "clip_norm": 10.0,
    "plateau": False,
}


def test_defaults_are_those_of_the_design():
    fields = Config().to_dict()
    assert {name: fields[name] for name in DEFAULTS} == DEFAULTS


def test_unstable_preset_by_every_road(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("preset: unstable\nepochs: 3\n")
    roads = [
        Config.unstable(epochs=3),
        Config.from_preset("unstable", epochs=3),
        Config.from_dict({"preset": "unstable", "epochs": 3}),
        Config.from_file(path),
        Config.from_file(path).replace(epochs=3),
    ]
    fields = roads[0].to_dict()
    assert {name: fields[name] for name in UNSTABLE} == UNSTABLE
    assert fields["epochs"] == 3
    assert all(road == roads[0] for road in roads)
    assert Config.from_dict(fields) == roads[0]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("learning_rate", 0.0, "found 0.0, expected > 0"),
        ("learning_rate", -1e-3, "found -0.001, expected > 0"),
        ("learning_rate", 1e-60, "expected > 0"),  # zero in float32
        ("weight_decay", -1.0, "found -1.0, expected >= 0"),
        ("clip_norm", 0, "found 0.0, expected > 0"),
        ("lambda_recon", -1, "found -1.0, expected >= 0"),
        ("lambda_sparse", -1e-9, "expected >= 0"),
        ("lambda_acyclic", float("nan"), "found nan, expected a finite number"),
        ("lambda_disen", float("inf"), "found inf, expected a finite number"),
        ("lambda_recon", 1e39, "found 1e[+]39, expected a finite number"),  # infinite in float32
        ("lambda_recon", 10**400, "expected a finite number"),
        ("plateau_factor", 0.0, "found 0.0, expected > 0 and < 1"),
        ("plateau_factor", 1.0, "found 1.0, expected > 0 and < 1"),
        ("plateau_factor", 1 - 1e-12, "expected > 0 and < 1"),  # one in float32
        ("plateau_patience", 0, "found 0, expected >= 1"),
        ("plateau_cooldown", -1, "found -1, expected >= 0"),
        ("plateau_threshold", -0.1, "expected >= 0"),
        ("early_stop_patience", 0, "found 0, expected >= 1"),
        ("batch_size", 0, "found 0, expected >= 1"),
        ("epochs", 0, "found 0, expected >= 1"),
        ("eval_every", 0, "found 0, expected >= 1"),
        ("thresholds", 1, "found 1, expected >= 2"),
        ("window", 1, "found 1, expected >= 2"),
        ("seed", -1, "found -1, expected >= 0"),
        ("seed", 2**32, "found 4294967296, expected .*<= "),
        ("optimizer", "sgd", "found 'sgd', expected one of 'adamw', 'adam'"),
        ("monitor", "loss", "found 'loss', expected one of 'auto', 'val_loss', 'val_f1'"),
        ("preset", "best", "found 'best', expected one of"),
        ("preset", ["stable"], "expected one of"),
    ],
)
def test_value_out_of_range_is_refused(field, value, message):
    with pytest.raises(ConfigError, match=f"^{field}: .*{message}"):
        Config.from_dict({field: value})


@pytest.mark.parametrize("field", FLOATS)
@pytest.mark.parametrize("value", ["much", None, True, [0.1], {}, 1j, np.zeros(2)], ids=repr)
def test_number_of_the_wrong_type_is_refused(field, value):
    with pytest.raises(ConfigError, match=f"^{field}: found .* of type {type(value).__name__}, expected float"):
        Config(**{field: value})


@pytest.mark.parametrize("field", INTEGERS)
@pytest.mark.parametrize("value", [2.0, 2.5, "2", True, [2], np.float32(2)], ids=repr)
def test_integer_of_the_wrong_type_is_refused(field, value):
    with pytest.raises(ConfigError, match=f"^{field}: found .*expected int"):
        Config(**{field: value})


@pytest.mark.parametrize("field", BOOLEANS)
@pytest.mark.parametrize("value", [0, 1, "true", None], ids=repr)
def test_boolean_of_the_wrong_type_is_refused(field, value):
    with pytest.raises(ConfigError, match=f"^{field}: found .*expected bool"):
        Config(**{field: value})


def test_unknown_key_is_offered_the_nearest():
    with pytest.raises(ConfigError, match="unknown field 'lambda_sprase'; did you mean 'lambda_sparse'"):
        Config.from_dict({"lambda_sprase": 0.1})
    with pytest.raises(ConfigError, match="unknown field 'lr'; known fields: model, "):
        Config.from_dict({"lr": 0.1})
    with pytest.raises(ConfigError, match="unknown field 'sede'; did you mean 'seed'"):
        Config().replace(sede=3)
    with pytest.raises(ConfigError, match="unknown field 'cls'"):
        Config.from_preset("stable", cls=1)


def test_numpy_and_jax_scalars_become_plain_numbers():
    import jax.numpy as jnp

    config = Config(learning_rate=np.float32(0.25), epochs=np.int64(3), seed=jnp.uint32(7), plateau=np.bool_(False))
    assert [type(value) for value in (config.learning_rate, config.epochs, config.seed, config.plateau)] == [
        float,
        int,
        int,
        bool,
    ]
    assert config == Config(learning_rate=0.25, epochs=3, seed=7, plateau=False)
    assert json.loads(json.dumps(config.to_dict())) == config.to_dict()
    assert type(Config(lambda_recon=5).lambda_recon) is float


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_file_goes_under_keyword_arguments(suffix, tmp_path):
    path = tmp_path / f"config{suffix}"
    lines = "lambda_sparse: 1e-5\nepochs: 3\nplateau: no\nwindow: null\n"  # YAML reads this 1e-5 as text
    path.write_text(lines if suffix != ".json" else json.dumps({"lambda_sparse": 1e-5, "epochs": 3, "plateau": False}))
    config = Config.from_file(path, epochs=4)
    assert config == Config(lambda_sparse=1e-5, epochs=4, plateau=False)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "- 1\n- 2\n", "found a list, expected 'field: value' lines"),
        ("a.yaml", "lambda_sprase: 1\n", "did you mean 'lambda_sparse'"),
        ("a.yaml", "1: 2\n", "unknown field 1"),
        ("a.yaml", "a: [\n", "cannot be read"),
        ("a.json", "{", "cannot be read"),
        ("a.json", "3", "found a int, expected"),
        ("a.yaml", "preset: best\n", "preset: found 'best', expected one of"),
    ],
)
def test_file_that_is_no_config_is_refused(name, text, message, tmp_path):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        Config.from_file(path)


def test_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=re.escape(f"config file {tmp_path / 'none.yaml'}: No such file")):
        Config.from_file(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="Is a directory"):
        Config.from_file(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(ConfigError, match=r"config file .*binary\.yaml: cannot be read"):
        Config.from_file(tmp_path / "binary.yaml")
    (tmp_path / "empty.yaml").write_text("")
    assert Config.from_file(tmp_path / "empty.yaml") == Config()


def test_config_is_a_frozen_value():
    config = Config(seed=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.seed = 4  # type: ignore[misc]
    assert {config: "found"}[Config(seed=3)] == "found"
    assert config != Config(seed=4)
    assert config.replace(seed=4) == Config(seed=4)
    assert config == Config(seed=3)
    with pytest.raises(ConfigError, match="learning_rate"):
        config.replace(learning_rate=0)
    with pytest.raises(TypeError):
        Config("rcgnn_latent")  # type: ignore[misc]


def test_every_field_explains_itself():
    for field in dataclasses.fields(Config):
        assert len(field.metadata["doc"]) > 10, field.name


@given(
    learning_rate=st.floats(1e-30, 1e30),
    lambda_recon=st.floats(0, 1e30),
    plateau_factor=st.floats(0.001, 0.999),
    seed=st.integers(0, 2**32 - 1),
    window=st.none() | st.integers(2, 10**6),
    plateau=st.booleans(),
)
def test_dictionary_and_json_bring_every_config_back(**fields):
    config = Config(**fields)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_choices_are_those_of_the_registry():
    from jaxstable.models.registry import MODELS

    assert sorted(typing.get_args(typing.get_type_hints(Config)["model"])) == sorted(MODELS)


def test_a_model_with_weights_of_its_own_is_named_like_any_other(monkeypatch):
    from jaxstable.models.registry import MODELS, model_of

    own = MODELS["svar"]()._replace(weights={"ridge": 0.5})
    monkeypatch.setitem(MODELS, "svar", lambda: own)
    assert model_of(Config()).weights == (("ridge", 0.5),)
    assert hash(model_of(Config())) == hash(model_of(Config(seed=3)))


def test_a_penalty_of_ones_own_is_named_like_any_other(monkeypatch):
    from jaxstable.models.registry import model_of
    from jaxstable.objective.acyclicity import PENALTIES

    with pytest.raises(ConfigError, match="acyclicity: found 'own', expected one of 'auto', "):
        Config(acyclicity="own")
    monkeypatch.setitem(PENALTIES, "own", PENALTIES["power"])
    assert model_of(Config(acyclicity="own")).name == "svar"


def test_unknown_keyword_is_named():
    with pytest.raises(ConfigError, match="unknown field 'epoch'; did you mean 'epochs'"):
        Config(epoch=3)


def test_preset_is_what_a_config_starts_from():
    assert Config(preset="unstable", epochs=3) == Config.unstable(epochs=3)
    assert Config.unstable().replace(preset="unstable", epochs=3) == Config.unstable(epochs=3)
    with pytest.raises(ConfigError, match="preset: found 'unstable' for a config made from 'stable'"):
        Config().replace(preset="unstable")


@pytest.mark.parametrize("name", ["epochs", "batch_size", "plateau_cooldown", "eval_every", "plateau_patience"])
def test_counts_beyond_int32_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name}: found 2147483648, expected .* <= 2147483647"):
        Config(**{name: 2**31})


def test_a_model_fills_in_its_settings_in_one_way():
    built = Config(model="rcgnn_graph")
    assert built == Config.from_dict({"model": "rcgnn_graph"}) == Config.for_model("rcgnn_graph")
    assert built == Config().replace(model="rcgnn_graph") != Config()
    assert built.replace(model="svar") == Config()
    assert built.lr_schedule == "cosine"
    assert Config(model="rcgnn_graph", lr_schedule="constant").lr_schedule == "constant"


def test_a_named_field_stays_when_the_model_changes():
    named = Config(learning_rate=5e-4).replace(model="rcgnn_graph")
    assert (named.learning_rate, named.epochs) == (5e-4, 30)
    assert named.replace(epochs=7).replace(model="svar").epochs == 7
    # A config that was written down names every field.
    assert Config.from_dict(Config().to_dict()).replace(model="rcgnn_graph").epochs == Config().epochs


def test_a_grid_over_models_gives_each_lane_its_own_settings():
    lanes = expand(Config(epochs=3), {"model": ["svar", "rcgnn_graph"], "seed": [0, 1]})
    assert lanes[2:] == [Config(model="rcgnn_graph", epochs=3, seed=seed) for seed in (0, 1)]
    assert lanes[0].clip_norm == 1.0
    assert lanes[2].clip_norm == 10.0

"""Rows of the fault matrix on what is trained: odd data, refused settings, lanes that diverge, another model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy_models import linear

import jaxstable as js
from jaxstable import cli

FAST = {"epochs": 2}  # and the rest as it is by default, so that rows of this shape share one program


def chain(n_rows=200, n_vars=3, seed=0):
    values = np.random.default_rng(seed).normal(size=(n_rows, n_vars))
    for row in range(1, n_rows):
        values[row, 1:] += 0.8 * values[row - 1, :-1]
    return values


def finite(result):
    losses = [record["train_loss"] for record in result.history]
    return None not in losses and np.isfinite(losses).all() and np.isfinite(result.adjacency).all()


@pytest.mark.fault(5)
def test_a_constant_column_is_told_and_trained_around():
    values = np.column_stack([chain(n_vars=2), np.full(200, 7.0)])
    with pytest.warns(js.DataWarning, match="constant"):
        data = js.Dataset.from_array(values, names=["a", "b", "stuck"], window=8)
    result = js.train(js.Config(**FAST), data, progress=False)
    assert finite(result)
    assert any(finding.code == "constant_sensor" and "stuck" in finding.evidence for finding in result.diagnose())


@pytest.mark.fault(6)
@pytest.mark.parametrize("model", ["svar", "rcgnn_latent", "rcgnn_graph"])
def test_windows_without_a_reading_leave_loss_and_gradient_finite(model):
    values = chain()
    values[20:60] = np.nan
    result = js.train(js.Config(model=model, **FAST), js.Dataset.from_array(values, window=8), progress=False)
    assert finite(result)
    assert all(record["skipped_steps"] == 0 and np.isfinite(record["grad_norm"]) for record in result.history)


@pytest.mark.fault(15)
def test_a_batch_larger_than_the_data_trains():
    config = js.Config(**{**FAST, "model": "rcgnn_latent", "batch_size": 10_000})
    assert finite(js.train(config, js.Dataset.from_array(chain(), window=8), progress=False))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("epochs", -1, marks=pytest.mark.fault(27)),
        pytest.param("learning_rate", float("nan"), marks=pytest.mark.fault(27)),
        pytest.param("batch_size", 0, marks=pytest.mark.fault(28)),
        pytest.param("plateau_factor", 1.5, marks=pytest.mark.fault(28)),
        pytest.param("epochs", "many", marks=pytest.mark.fault(30)),
        pytest.param("epochs", 10**5000, marks=pytest.mark.fault(30), id="epochs-huge"),
    ],
)
def test_a_setting_out_of_its_range_is_refused_by_name(field, value):
    with pytest.raises(js.ConfigError, match=f"^{field}: found"):
        js.Config(**{field: value})


@pytest.mark.fault(29)
def test_an_unknown_setting_is_refused_and_the_nearest_offered():
    with pytest.raises(js.ConfigError, match="'lambda_sprase'; did you mean 'lambda_sparse'"):
        js.Config(lambda_sprase=1.0)


@pytest.mark.fault(30)
@pytest.mark.parametrize(
    ("name", "text"), [("twice.yaml", "epochs: 3\nseed: 1\nepochs: 5\n"), ("twice.json", '{"epochs": 3, "epochs": 5}')]
)
def test_a_key_that_is_there_twice_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(js.ConfigError, match="'epochs' is there twice"):
        js.Config.from_file(tmp_path / name)


@pytest.fixture(scope="module")
def data():
    return js.Dataset.from_array(chain(), window=8)


@pytest.mark.fault(31)
def test_a_lane_that_diverges_changes_no_bit_of_its_neighbours(data):
    quiet = {"learning_rate": [1e-3, 2e-3]}
    loud = {"learning_rate": [1e-3, 1e38, 2e-3]}
    alone, beside = (js.sweep(js.Config(**FAST), data, grid, model=linear(), progress=False) for grid in (quiet, loud))
    assert beside[1].status == "DIVERGED"
    for one, other in ((alone[0], beside[0]), (alone[1], beside[2])):
        assert one.lagged.tobytes() == other.lagged.tobytes()
        assert [record["train_loss"] for record in one.history] == [record["train_loss"] for record in other.history]


@pytest.mark.fault(32)
def test_a_sweep_whose_lanes_all_diverge_is_reported_and_ends_with_1(tmp_path, capsys):
    np.savetxt(tmp_path / "data.csv", chain(), delimiter=",", header="a,b,c", comments="")
    words = ["sweep", str(tmp_path / "data.csv"), "--window", "8", "--model", "rcgnn_latent", "--epochs", "3"]
    code = cli.main([*words, "--learning-rate", "1e37,1e38", "--run-dir", str(tmp_path / "run"), "--json"])
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (code, summary["status"], summary["best"]) == (1, {"DIVERGED": 2}, None)


@pytest.mark.fault(33)
def test_a_validation_loss_that_is_never_a_number_is_never_best_and_said():
    values = chain()
    values[150:, 0] *= 1e25
    data = js.Dataset.from_array(values, window=8)
    result = js.train(js.Config(**{**FAST, "early_stop_patience": 9}), data, model=linear(), progress=False)
    assert not any(record["new_best"] for record in result.history)
    assert "validation_never_finite" in [finding.code for finding in result.diagnose()]


@pytest.mark.fault(34)
def test_a_thousand_lanes_are_all_there_and_do_not_depend_on_how_many_there_are(data):
    config = js.Config(**{**FAST, "epochs": 1})
    every = js.sweep(config, data, {"seed": range(1000)}, model=linear(), progress=False)
    few = js.sweep(config, data, {"seed": [3, 500, 999]}, model=linear(), progress=False)
    assert len(every) == 1000
    for lane, seed in enumerate((3, 500, 999)):
        assert every[seed].lagged.tobytes() == few[lane].lagged.tobytes()


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    ("change", "named"),
    [({"config": js.Config(**FAST, seed=4)}, "seed"), ({"model": linear(late=True)}, "model")],
    ids=["config", "model"],
)
def test_a_run_goes_on_with_what_it_was_begun_with_alone(data, tmp_path, change, named):
    begun = {"config": js.Config(**FAST), "model": linear()}
    js.train(**begun, data=data, run_dir=tmp_path, progress=False)
    with pytest.raises(js.RunDirectoryError, match=named):
        js.train(**{**begun, **change}, data=data, run_dir=tmp_path, resume=True, progress=False)

"""The command line's sweeps: lists and ranges become a grid, and resume and diagnose know a sweep's directory."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import small_values

from jaxstable import flags
from jaxstable.cli import main, make_parser
from jaxstable.config import Config, ConfigError

SHORT = ["--window", "6", "--epochs", "2", "--batch-size", "4", "--thresholds", "5"]


def parsed(*argv):
    return flags.grid_of(make_parser().parse_args(["sweep", *argv]))


def test_lists_become_axes_and_single_values_the_config():
    config, grid = parsed("--lambda-sparse", "1e-5,1e-4,1e-3", "--seed", "0:3", "--epochs", "7", "--preset", "unstable")
    assert grid == {"lambda_sparse": [1e-5, 1e-4, 1e-3], "seed": [0, 1, 2]}
    assert config == Config.unstable(epochs=7)


@pytest.mark.parametrize(
    ("argv", "field", "values"),
    [
        (("--batch-size", "4,8:10, 32"), "batch_size", [4, 8, 9, 32]),
        (("--optimizer", "adam,adamw"), "optimizer", ["adam", "adamw"]),
        (("--plateau", "true,False"), "plateau", [True, False]),
        (("--acyclicity", "power,expm"), "acyclicity", ["power", "expm"]),
        (("--window", "8,24"), "window", [8, 24]),
    ],
)
def test_every_kind_of_field_takes_a_list(argv, field, values):
    _, grid = parsed(*argv)
    assert grid == {field: values}


def test_booleans_may_be_given_as_for_a_single_run():
    config, _ = parsed("--seed", "0:2", "--no-plateau", "--standardize")
    assert (config.plateau, config.standardize) == (False, True)


def test_flags_go_over_a_named_grid():
    _, grid = parsed("--grid", "structure", "--lambda-sparse", "1,2", "--lambda-recon", "5", "--seed", "0:2")
    assert grid == {"lambda_sparse": [1.0, 2.0], "lambda_acyclic": [1e-6, 1e-5, 1e-4], "seed": [0, 1]}


def test_a_file_of_fields_lies_below_the_flags(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("epochs: 9\nclip_norm: 2\n")
    config, _ = parsed("--config", str(path), "--epochs", "3", "--seed", "0:2")
    assert (config.epochs, config.clip_norm) == (3, 2.0)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--seed", "5:3"), "empty range '5:3', expected FROM:TO"),
        (("--seed", "a:b"), "found 'a:b', expected an integer or FROM:TO"),
        (("--epochs", "1.5,2"), "found '1.5', expected an integer"),
        (("--lambda-sparse", "1e-4,"), "found '', expected a number"),
        (("--plateau", "yes"), "found 'yes', expected true or false"),
        (("--optimizer", "adam,sgd"), "found 'sgd', expected one of adamw, adam"),
        (("--model", "svar,"), "found '', expected"),
        (("--grid", "big"), "found 'big', expected one of"),
        (("--lambda-sprase", "1,2"), "did you mean '--lambda-sparse'"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(argv, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["sweep", *argv])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_a_sweep_without_a_grid_names_the_ways_out(capsys):
    with pytest.raises(ConfigError, match="--grid"):
        parsed("--seed", "3")
    assert main(["sweep", "--seed", "3"]) == 2
    assert "--seed 0:5" in capsys.readouterr().err
    assert main(["sweep", "--clip-norm", "1,-1"]) == 2
    assert "clip_norm: found -1.0, expected > 0" in capsys.readouterr().err


def test_help_never_loads_jax():
    program = f"""
import sys
sys.modules["jax"] = None
sys.path[:0] = {sys.path!r}
from jaxstable.cli import main
main(["sweep", "--help"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--lambda-sparse FLOAT,..." in done.stdout


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """The small data as a CSV file."""
    path = tmp_path_factory.mktemp("data") / "plant.csv"
    rows = [",".join("" if value != value else f"{value:.6f}" for value in row) for row in small_values()]
    path.write_text("\n".join(["a,b,c,d", *rows]) + "\n")
    return str(path)


@pytest.fixture(scope="module")
def swept(table, tmp_path_factory):
    """The directory of a sweep that the command line has run."""
    directory = tmp_path_factory.mktemp("runs") / "sweep"
    grid = ["--lambda-sparse", "1e-4,1e-2", "--seed", "0:2", "--learning-rate", "1e-3", "--model", "rcgnn_latent"]
    assert main(["sweep", table, *SHORT, *grid, "--run-dir", str(directory), "--plot"]) == 0
    return directory


def test_a_sweep_leaves_all_that_loads(swept):
    import jaxstable as js

    names = {path.name for path in swept.iterdir()}
    assert {"lanes.json", "lanes.npz", "lanes_log.json", "sweep_summary.json", "data.json", "sweep.png"} <= names
    result = js.load(swept)
    assert isinstance(result, js.SweepResult)
    assert [(lane.config.lambda_sparse, lane.config.seed) for lane in result] == [
        (1e-4, 0), (1e-4, 1), (1e-2, 0), (1e-2, 1)
    ]  # fmt: skip
    assert {lane.config.learning_rate for lane in result} == {1e-3}
    assert result.diagnose() == js.diagnose(swept)


def test_resuming_a_finished_sweep_says_the_same(swept, capsys):
    before = (swept / "lanes.json").read_bytes()
    assert main(["resume", str(swept), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["lanes"], printed["status"], printed["run_dir"]) == (4, {"FINISHED": 4}, str(swept))
    assert (swept / "lanes.json").read_bytes() == before
    assert main(["resume", str(swept), "--epochs", "9"]) == 2
    assert "--epochs" in capsys.readouterr().err


def test_diagnose_knows_a_sweep(swept, capsys):
    assert main(["diagnose", str(swept)]) == 0
    assert "reconstruction_never_reaches_adjacency: in all 4 lanes" in capsys.readouterr().out
    assert main(["diagnose", str(swept), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "reconstruction_never_reaches_adjacency" in {finding["code"] for finding in found}


def test_a_sweep_shows_lanes_findings_and_files(table, tmp_path, capsys):
    directory = tmp_path / "sweep"
    argv = ["sweep", table, *SHORT, "--learning-rate", "1e-3,1e6", "--seed", "0:2", "--run-dir", str(directory)]
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert "sweep  4 lanes over learning_rate, seed" in err
    assert "Lanes: 2 running, 0 stopped, 2 diverged" in err
    assert "lanes_diverged: all 2 lanes with learning_rate 1e+06 diverged" in out
    assert str(directory / "lanes.json") in out
    assert main([*argv, "--resume", "--clip-norm", "3"]) == 2
    assert "holds a sweep of other lanes" in capsys.readouterr().err


def test_a_sweep_in_which_all_diverge_ends_with_one(table, tmp_path, capsys):
    argv = ["sweep", table, *SHORT, "--learning-rate", "1e6,1e7", "--run-dir", str(tmp_path / "sweep"), "--json"]
    assert main(argv) == 1
    assert json.loads(capsys.readouterr().out)["best"] is None

"""The command line: flags over files, exit codes, signals, resuming and diagnosing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from jaxstable.cli import main, make_parser

SMALL = ("--window", "6", "--batch-size", "4", "--thresholds", "5", "--epochs", "2")


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    """60 hours of four sensors, -200 where missing, and beside it the true graph."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 4)).cumsum(axis=0)
    values[rng.random(values.shape) < 0.1] = -200
    days, hours = np.divmod(np.arange(60), 24)
    rows = [
        f"2024-03-{day + 1:02d} {hour:02d}:00," + ",".join(f"{value:.3f}" for value in row)
        for day, hour, row in zip(days, hours, values, strict=True)
    ]
    path = folder / "plant.csv"
    path.write_text("\n".join(["time,flow,level,temp,power", *rows]) + "\n")
    names = ["flow", "level", "temp", "power"]
    graph = [f"{name}," + ",".join(str(int(j == i + 1)) for j in range(4)) for i, name in enumerate(names)]
    (folder / "graph.csv").write_text("\n".join([",".join(["", *names]), *graph]) + "\n")
    return path


@pytest.fixture
def train(csv, tmp_path):
    """Run `jaxstable train` on the small file; return its exit code and the run directory."""

    def train(*flags, run_dir="run"):
        options = ["--time", "time", "--missing", "-200", "--truth", str(csv.with_name("graph.csv"))]
        return main(["train", str(csv), *options, *SMALL, "--run-dir", str(tmp_path / run_dir), *flags])

    train.directory = tmp_path / "run"
    return train


def document(path):
    return json.loads(path.read_text())


def test_train_prints_epochs_findings_and_paths(train, csv, capsys):
    assert train() == 0
    out, err = capsys.readouterr()
    assert f"data   {csv}: Dataset(60 rows, 4 variables, 1 series" in err
    assert "model  svar, preset stable, seed 1337; jax " in err
    assert "Epoch   1/2 | Loss:" in err
    assert "Epoch   2/2 | Loss:" in err
    assert "/3 | Grad Clip:" in err  # three true edges
    assert out.startswith("4 variables, ")  # the answer first
    assert "Epoch " not in out
    written = sorted(path.name for path in train.directory.iterdir() if not path.name.startswith("."))
    assert written == [
        "adjacency.npz",
        "checkpoint.npz",
        "config.json",
        "data.json",
        "graph.graphml",
        "provenance.json",
        "training_log_stable.json",
        "training_summary_stable.json",
    ]
    for name in written:
        assert str(train.directory / name) in out
    data = document(train.directory / "data.json")
    assert (data["path"], data["missing"], data["time"]) == (str(csv), [-200.0], "time")


def test_flags_go_over_the_file_and_the_file_over_the_preset(train, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("preset: unstable\nlambda_sparse: 1e-5\nclip_norm: 2\nseed: 5\n")
    assert train("--config", str(path), "--clip-norm", "3", "--plateau", "--standardize", "--lambda-recon", "0.5") == 0
    config = document(train.directory / "config.json")
    expected = {
        "preset": "unstable",
        "learning_rate": 1e-3,  # of the preset
        "lambda_sparse": 1e-5,  # of the file
        "seed": 5,
        "clip_norm": 3.0,  # of the flags
        "plateau": True,
        "standardize": True,
        "epochs": 2,
    }
    assert {name: config[name] for name in expected} == expected
    assert (train.directory / "training_log_unstable.json").is_file()


def test_json_prints_the_summary_and_nothing_else(train, capsys):
    assert train("--json", "--no-plateau", "--preset", "unstable") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["epochs"], summary["status"]) == (2, "FINISHED")
    assert summary["run_dir"] == str(train.directory)
    assert summary["config"]["plateau"] is False
    assert summary["true_edge_count"] == 3


def test_diverged_run_exits_with_1(train, capsys):
    assert train("--learning-rate", "1e6") == 1
    assert document(train.directory / "training_summary_stable.json")["status"] == "DIVERGED"
    assert "diverged" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--learning-rate", "0"], "learning_rate: found 0.0, expected > 0"),
        (["--lambda-sparse", "-1"], "lambda_sparse: found -1.0, expected >= 0"),
        (["--lambda-sparse", "nan"], "lambda_sparse: found nan, expected a finite number"),
        (["--thresholds", "1"], "thresholds: found 1, expected >= 2"),
        (["--config", "none.yaml"], "config file none.yaml: No such file"),
        (["--window", "50"], "too few steps"),
        (["--window", "21"], "Choose window <= "),
        (["--time", "tme"], "--time tme is not a column: there are 'time', 'flow', 'level', 'temp', 'power'; did you"),
        (["--series", "time", "--columns", "time, flow"], "if it is the time, say --time time;"),
        (["--columns", "flow, flow"], "--columns: 'flow' named more than once"),
        (["--run-dir", "/dev/null/run"], "/dev/null"),
        (["--columns", "flow,presure"], "presure"),
        (["--truth", "none.csv"], "none.csv"),
    ],
)
def test_bad_input_exits_with_2_and_writes_nothing(flags, message, train, capsys):
    assert train(*flags, "--quiet") == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("jaxstable: error: ")
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert not train.directory.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "none.csv"], "none.csv"),
        (["train", "--time", "hour"], "--time: needs a data file"),
        (["resume", "nowhere"], "nowhere holds no config.json: there is no run"),
        (["diagnose", "nowhere"], "nowhere does not exist"),
    ],
)
def test_what_is_not_there_exits_with_2(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_run_directory_that_is_a_file_exits_with_2(train, tmp_path, capsys):
    (tmp_path / "run").write_text("mine")
    assert train() == 2
    assert "cannot be made a directory" in capsys.readouterr().err
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--lambda-sprase", "1e-5"], "unknown argument '--lambda-sprase'; did you mean '--lambda-sparse'?"),
        (["train", "--lambda-sprase=1e-5"], "did you mean '--lambda-sparse'?"),
        (["train", "--epoch", "3"], "unknown argument '--epoch'; did you mean '--epochs'?"),
        (["train", "--xyzzy"], "unknown argument '--xyzzy'\n"),
        (["resume", "run", "--seed", "3"], "unknown argument '--seed'"),
        (["train", "--epochs", "many"], "--epochs: found 'many', expected an integer"),
        (["train", "--optimizer", "sgd"], "found 'sgd', expected one of"),
        (["train", "--model", "rcgn"], "--model: found 'rcgn', expected one of"),
        (["train", "--lambda-sparse", "1e-5,1e-4"], "expected a number; a list of values is for `jaxstable sweep`\n"),
        (["train", "--units", "x"], "--units: found 'x', expected NAME=UNIT"),
        (["trian"], "found 'trian', expected one of"),
        ([], "required: COMMAND"),
    ],
)
def test_unknown_arguments_exit_with_2_and_a_suggestion(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def test_codes_for_missing_come_as_a_list():
    for flags in (["--missing=-999,-1"], ["--missing", "-999,-1"], ["--missing", "-999", "--missing", "-1"]):
        assert make_parser().parse_args(["train", *flags]).missing == [-999, -1]
    assert make_parser().parse_args(["train", "--missing", "-1e3"]).missing == [-1000]


@pytest.mark.filterwarnings("default::jaxstable.data.checks.DataWarning")
def test_warnings_are_one_line_and_name_flags(csv, tmp_path, capsys):
    rows = np.random.default_rng(0).normal(size=(60, 2)).round(3)
    rows[::7, 0] = -999
    ticks = np.cumsum(np.where(np.arange(60) % 5, 1, 7))
    lines = [f"{tick},{a},{b}" for tick, (a, b) in zip(ticks, rows, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["hour,a,b", *lines]) + "\n")
    assert main(["train", str(tmp_path / "a.csv"), "--time", "hour", "--window", "3", "--monitor", "val_f1"]) == 2
    err = capsys.readouterr().err
    assert "warning: the value -999 repeats far outside the rest of column 'a': if it stands for missing" in err
    assert "pass --missing -999\n" in err
    assert "warning: --time: 11 gaps in one recording" in err


def test_gaps_in_time_are_on_the_data_line(tmp_path, capsys):
    hours = np.r_[:30, 40:70]
    rows = np.random.default_rng(0).normal(size=(60, 2))
    lines = [f"{hour},{a},{b}" for hour, (a, b) in zip(hours, rows, strict=True)]
    (tmp_path / "a.csv").write_text("\n".join(["hour,a,b", *lines]) + "\n")
    run_dir = ["--run-dir", str(tmp_path / "run")]
    assert main(["train", str(tmp_path / "a.csv"), "--time", "hour", "--model", "svar", *SMALL, *run_dir]) == 0
    assert "; gaps in time cut 1 recording into 2 stretches, the longest gap 11 steps\n" in capsys.readouterr().err


def test_a_reader_that_leaves_does_not_end_the_run(csv, tmp_path):
    command = [sys.executable, "-m", "jaxstable", "train", str(csv), "--time", "time", "--missing", "-200", *SMALL]
    run = subprocess.Popen(
        [*command, "--run-dir", str(tmp_path / "run")], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    run.stdout.close()
    with run.stderr:
        said = run.stderr.read()
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said
    assert run.wait(timeout=60) == 0
    assert (tmp_path / "run" / "graph.graphml").is_file()


def test_what_is_not_a_log_is_not_diagnosed(csv, capsys):
    assert main(["diagnose", str(csv)]) == 2
    assert "is not the log of a run" in capsys.readouterr().err


def test_resume_of_what_has_finished_and_of_damaged_data_json(train, capsys):
    assert train() == 0
    assert "nothing left" not in capsys.readouterr().err
    assert main(["resume", str(train.directory)]) == 0
    assert "nothing left to train" in capsys.readouterr().err
    for document in ("{}", '{"path": 5}', '{"path": null, "columns": 3}'):
        (train.directory / "data.json").write_text(document)
        assert main(["resume", str(train.directory)]) == 2
        assert "data.json is damaged" in capsys.readouterr().err


def test_interrupt_before_training_says_so(monkeypatch, capsys):
    def interrupted(source):
        raise KeyboardInterrupt

    monkeypatch.setattr("jaxstable.data.commandline.read_source", interrupted)
    assert main(["train"]) == 130
    assert capsys.readouterr().err == "jaxstable: interrupted\n"


def test_version(capsys):
    from jaxstable import __version__

    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"jaxstable {__version__}\n"


def test_diagnose_says_the_same_of_directory_and_log(train, capsys):
    train("--json")
    capsys.readouterr()
    outputs = []
    for path in (train.directory, train.directory / "training_log_stable.json"):
        assert main(["diagnose", str(path), "--json"]) == 0
        outputs.append(json.loads(capsys.readouterr().out))
    assert outputs[0] == outputs[1]
    assert {"code", "evidence", "remedy"} <= set(outputs[0][0])
    assert main(["diagnose", str(train.directory)]) == 0
    text = capsys.readouterr().out
    assert all(finding["code"] in text for finding in outputs[0])


def test_resume_from_elsewhere_goes_on_with_more_epochs(train, csv, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(csv.parent)
    relative = ["train", csv.name, "--missing", "-200", "--time", "time", "--truth", "graph.csv", *SMALL]
    relative += ["--model", "rcgnn_latent"]  # it has no schedule over the whole run
    assert main([*relative, "--run-dir", str(tmp_path / "run")]) == 0
    assert train("--epochs", "4", "--model", "rcgnn_latent", run_dir="whole") == 0
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main(["resume", "run", "--epochs", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["epochs"] == 4
    for name in ("adjacency.npz", "graph.graphml"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_second_run_moves_the_first_aside_and_resume_refuses_another_config(train, tmp_path, capsys):
    assert train("--seed", "1") == 0
    assert train("--seed", "2") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run-1"]
    assert train("--seed", "3", "--resume") == 2
    assert "seed: the run in this directory has 2, found 3" in capsys.readouterr().err
    assert document(train.directory / "config.json")["seed"] == 2


def test_embedded_plant_is_trained_without_any_file(tmp_path, capsys):
    flags = ["--epochs", "1", "--stride", "40", "--plot", "--run-dir", str(tmp_path / "run")]
    assert main(["train", *flags]) == 0
    out = capsys.readouterr().err
    assert "data   embedded plant: Dataset(3000 rows, 13 variables" in out
    assert (tmp_path / "run" / "result.png").read_bytes().startswith(b"\x89PNG")
    assert document(tmp_path / "run" / "data.json") == {"path": None, "stride": 40}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_real_program_with_everything_saved(number, code, csv, tmp_path, capsys):
    run_dir = tmp_path / "run"
    flags = ["--time", "time", "--missing", "-200", *SMALL, "--epochs", "1000000", "--early-stop-patience", "1000000"]
    command = [sys.executable, "-m", "jaxstable", "train", str(csv), *flags, "--run-dir", str(run_dir)]
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        log, deadline = run_dir / "training_log_stable.json", time.monotonic() + 120
        while not (log.is_file() and log.read_text().count("\n") >= 3):
            assert program.poll() is None, program.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        program.send_signal(number)
        _, errors = program.communicate(timeout=60)
    finally:
        program.kill()
    assert program.returncode == code
    epochs = log.read_text().count("\n")
    assert f"jaxstable: interrupted after epoch {epochs}: saved in {run_dir}" in errors
    assert document(run_dir / "training_summary_stable.json")["status"] == "INTERRUPTED"
    assert main(["resume", str(run_dir), "--epochs", str(epochs + 1), "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["epochs"], summary["status"]) == (epochs + 1, "FINISHED")

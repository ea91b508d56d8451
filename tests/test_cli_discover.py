"""The command `jaxstable discover`: what it prints, what it writes, what it refuses."""

from __future__ import annotations

import csv
import json
import os
import signal
import time

import numpy as np
import pytest

import jaxstable as js
from jaxstable.cli import main
from jaxstable.simulate.systems import svar

NAMES = ("flow", "heat", "level", "ph", "power")


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "plant.csv"
    values = svar(5, 1500, n_instant=4, n_lagged=4, seed=3).values
    np.savetxt(path, values, delimiter=",", header=",".join(NAMES), comments="", fmt="%.6f")
    return path


def test_edges_are_printed_and_written(plant, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["discover", str(plant), "--draws", "2", "--output", str(tmp_path / "edges.csv"), "--plot", "-v"]) == 0
    out, err = capsys.readouterr()
    assert f"data   {plant}: Dataset(1500 rows, 5 variables" in err
    assert "12 fits ..." in err
    written = sorted(path.name for path in (tmp_path / "artifacts-discovery").iterdir())
    assert written == ["discovery.json", "discovery.npz", "discovery.png", "edges.csv", "graph.graphml"]
    assert all(name in out for name in written)
    assert "5 variables, " in out
    assert "lambda_sparse" in out
    with (tmp_path / "edges.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "cause",
        "effect",
        "lag",
        "weight",
        "probability",
        "lag_probability",
        "direction",
        "kind",
        "weight_raw",
    ]
    for row in rows:
        assert f"{row['cause']} {'--' if row['kind'] == 'open' else '->'} {row['effect']} " in out


def test_json_holds_what_was_asked_for(plant, tmp_path, capsys):
    flags = ["--required", "ph,flow,2", "--forbidden", "flow,heat", "--forbidden", "heat,level,0", "--max-lag", "2"]
    flags += ["--run-dir", str(tmp_path / "found")]
    assert main(["discover", str(plant), "--draws", "1", "--json", *flags]) == 0
    found = json.loads(capsys.readouterr().out)
    edges = {(edge["cause"], edge["effect"], edge["lag"]): edge["probability"] for edge in found["edges"]}
    assert edges["ph", "flow", 2] == 1.0
    assert not [edge for edge in edges if edge[:2] == ("flow", "heat")]
    assert ("heat", "level", 0) not in edges
    assert sorted(found["order"]) == sorted(found["names"]) == sorted(NAMES)
    assert found["chosen"]["draws"]["value"] == 1
    assert js.load(found["run_dir"]).lagged_graph.any()


def test_a_directory_of_a_run_is_refused_before_the_work(plant, tmp_path, capsys):
    (tmp_path / "training_log_stable.json").write_text("")
    assert main(["discover", str(plant), "--run-dir", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "holds another run" in captured.err
    assert "gaps ..." not in captured.err


def test_wrong_input_is_told_and_ends_with_2(plant, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["discover", str(plant), "--required", "ph,steam,1"]) == 2
    assert "required: found variable 'steam'" in capsys.readouterr().err
    assert main(["discover", str(plant.with_name("none.csv"))]) == 2
    for flag in ("--output", "--report"):  # before the work
        with pytest.raises(SystemExit, match="2"):
            main(["discover", str(plant), flag, str(plant / "nowhere")])
        assert f"{flag}: found" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["discover", str(plant), "--forbidden", "flow"])
    assert stop.value.code == 2
    assert "expected CAUSE,EFFECT,LAG" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["discover", str(plant), "--prepare", "spikes=no"])
    assert "--prepare: found 'spikes=no', expected auto, none, or parts" in capsys.readouterr().err
    assert main(["discover", str(plant), "--prepare", "spices=off"]) == 2
    assert "prepare: found the part 'spices', expected one of levels, drift" in capsys.readouterr().err


def test_what_is_taken_out_may_be_said(plant, tmp_path, capsys):
    words = ["discover", str(plant), "--draws", "0", "--max-lag", "2", "--run-dir", str(tmp_path / "run"), "--quiet"]
    for prepare, drift in (("none", False), ("drift=on,spikes=off", True)):
        assert main([*words, "--prepare", prepare]) == 0
        found = js.load(tmp_path / "run")
        assert all((what.drift > 0) == drift for what in found.removed.values())
        assert not any(what.spikes for what in found.removed.values())


@pytest.fixture(scope="module")
def parts(plant, tmp_path_factory):
    """The plant's file in two, and the directory of a discovery of the first, too short to ask a network."""
    directory = tmp_path_factory.mktemp("parts")
    header, *lines = plant.read_text().splitlines()
    for name, some in (("old", lines[:400]), ("new", lines[400:])):
        (directory / f"{name}.csv").write_text("\n".join([header, *some]) + "\n")
    words = [
        "discover",
        str(directory / "old.csv"),
        "--draws",
        "1",
        "--max-lag",
        "2",
        "--run-dir",
        str(directory / "run"),
    ]
    assert main([*words, "--quiet"]) == 0
    return directory


def test_an_update_reads_the_new_rows_alone_and_says_what_all_rows_say(plant, parts, tmp_path, capsys):
    words = ["discover", "--update", str(parts / "run"), str(parts / "new.csv"), "--run-dir", str(tmp_path / "both")]
    assert main(words) == 0
    assert "rows 400" in capsys.readouterr().err
    both = js.load(tmp_path / "both")
    whole = js.discover(js.Dataset.from_file(plant, window=2), draws=1, max_lag=2, progress=False)
    assert both == whole
    assert [file["path"] for file in both.provenance["files"]] == [
        str(parts / f"{name}.csv") for name in ("old", "new")
    ]
    assert js.load(parts / "run").provenance["rows"] == 400
    assert main(["show", str(tmp_path / "both")]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--update", "{run}"], "--update: found no file of new rows"),
        (["--update", "{run}", "{new}", "--draws", "5"], "--draws: an update keeps what was asked of"),
        (["--update", "{new}", "{new}"], "expected the directory of a discovery"),
        (["--update", "{run}", "{new}", "--columns", "flow,ph"], "--columns: new rows are read as the old ones were"),
        (["{new}", "--new-series"], "--new-series: is for --update"),
    ],
)
def test_updates_that_are_none(parts, words, message, capsys):
    places = {"run": parts / "run", "new": parts / "new.csv"}
    assert main(["discover", *(word.format(**places) for word in words)]) == 2
    assert message in capsys.readouterr().err


def test_rows_are_kept_unless_told_otherwise(parts, tmp_path, capsys):
    words = ["discover", str(parts / "old.csv"), "--draws", "0", "--quiet", "--run-dir", str(tmp_path / "bare")]
    assert main([*words, "--no-rows"]) == 0
    assert "rows" not in np.load(tmp_path / "bare" / "discovery.npz").files
    assert "rows" in np.load(parts / "run" / "discovery.npz").files
    assert main(["discover", "--update", str(tmp_path / "bare"), str(parts / "new.csv")]) == 2
    assert "the rows were not kept" in capsys.readouterr().err


def test_ctrl_c_is_for_the_draws_and_otherwise_says_that_nothing_is_saved(plant, tmp_path, monkeypatch, capsys):
    from jaxstable import api

    before = signal.getsignal(signal.SIGINT)
    kept = []

    def stopped(*args, **kwargs):
        try:
            os.kill(os.getpid(), signal.SIGINT)  # arrives among the draws, which keep what they have
            time.sleep(5)
        except KeyboardInterrupt:
            kept.append(signal.getsignal(signal.SIGINT))
        raise KeyboardInterrupt  # as before the draws

    monkeypatch.setattr(api, "discover", stopped)
    assert main(["discover", str(plant), "--run-dir", str(tmp_path / "run")]) == 130
    assert "stopped before there was a graph: nothing is saved" in capsys.readouterr().err
    assert kept == [before] == [signal.getsignal(signal.SIGINT)]
    assert not list((tmp_path / "run").iterdir())

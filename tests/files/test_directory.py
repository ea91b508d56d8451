"""Run directories as they are found: running, killed, damaged, of another version."""

from __future__ import annotations

import json

import pytest
from results_records import make_history, write_run

from jaxstable.files import directory as rundir
from jaxstable.files.directory import RunDirectoryError
from jaxstable.results.diagnosis import diagnose_run
from jaxstable.results.loading import diagnose


def codes(path):
    return {finding.code for finding in diagnose(path)}


def test_directory_and_live_run_say_the_same(tmp_path):
    history = make_history(edge_count=0, grad_clip_ratio=0.7)
    facts = {"standardized": True, "raw_abs_max": 12.0, "missing_share": [0.0, 1.0]}
    summary = {
        "config": {"learning_rate": 5e-4},
        "data_facts": facts,
        "names": ["a", "b"],
        "true_edge_count": 4,
        "status": "DIVERGED",
    }
    write_run(tmp_path, history, summary)
    live = diagnose_run(
        history,
        summary["config"],
        {**facts, "names": ["a", "b"], "true_edge_count": 4},
        "DIVERGED",
    )
    assert diagnose(tmp_path) == live
    assert diagnose(tmp_path / "training_log_stable.json") == live
    assert {"diverged", "hardly_read", "no_edges"} <= {finding.code for finding in live}


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_truncated_last_line_is_tolerated_and_said(tmp_path, cut):
    write_run(tmp_path, make_history(6), {"status": "FINISHED"})
    log = tmp_path / "training_log_stable.json"
    log.write_bytes(log.read_bytes()[:-cut])
    read = rundir.read_log(log)
    whole = cut == 1  # only the newline is gone
    assert len(read.records) == (6 if whole else 5)
    assert ("log_truncated" in codes(tmp_path)) == (not whole)
    assert "log_damaged" not in codes(tmp_path)


def test_damage_in_the_middle_is_named_by_line(tmp_path):
    write_run(tmp_path, make_history(6), {"status": "FINISHED"})
    log = tmp_path / "training_log_stable.json"
    lines = log.read_bytes().splitlines()
    lines[1], lines[3] = b"\xff\x00\x12", b"[1, 2]"
    log.write_bytes(b"\n".join(lines) + b"\n")
    finding = next(f for f in diagnose(tmp_path) if f.code == "log_damaged")
    assert "lines 2, 4 of" in finding.evidence
    assert len(rundir.read_log(log).records) == 4


def test_repeated_epoch_counts_once_and_the_later_one_wins(tmp_path):
    write_run(tmp_path, [*make_history(3), *make_history(3, train_loss=7.0)])
    records = rundir.read_log(tmp_path / "training_log_stable.json").records
    assert [(r["epoch"], r["train_loss"]) for r in records] == [(1, 7.0), (2, 7.0), (3, 7.0)]


def test_killed_run_is_judged_without_summary(tmp_path):
    write_run(tmp_path, make_history(grad_clip_ratio=0.7))
    (tmp_path / "config.json").write_text(json.dumps({"learning_rate": 0.25}))
    found = {finding.code: finding for finding in diagnose(tmp_path)}
    assert f"jaxstable resume {tmp_path}" in found["summary_missing"].remedy
    assert "from 0.25 to 0.025" in found["gradients_too_high"].remedy


def test_empty_log_and_log_of_another_version(tmp_path):
    assert "no_history" in codes(write_run(tmp_path / "empty", []))
    old = [{"epoch": i, "loss": 1.0, "grad_to_adjacency": 3} for i in range(9)]
    summary = {"config": "stable", "data_facts": None, "status": None, "names": None}
    assert codes(write_run(tmp_path / "old", old, summary)) == set()


def test_errors_name_the_way_out(tmp_path):
    with pytest.raises(RunDirectoryError, match="does not exist: pass the directory"):
        diagnose(tmp_path / "nowhere")
    with pytest.raises(RunDirectoryError, match=r"no training_log_.*train one with run_dir"):
        diagnose(tmp_path)
    write_run(tmp_path, make_history(1))
    (tmp_path / "training_summary_stable.json").write_text("{")
    with pytest.raises(RunDirectoryError, match="not valid JSON"):
        diagnose(tmp_path)
    (tmp_path / "training_log_unstable.json").write_text("")
    with pytest.raises(RunDirectoryError, match=r"2 files .*pass the log file itself"):
        diagnose(tmp_path)


def test_failed_write_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    rundir.write_atomic(path, b"old")

    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(rundir.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        rundir.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.json"]

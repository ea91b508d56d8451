"""`show` reads any run, sweep or discovery again; `--report` writes its page; `--min-probability` leaves edges out."""

from __future__ import annotations

import json

import pytest
from results_records import make_run
from sweep_records import make_sweep
from test_page import discovery

from jaxstable.cli import main
from jaxstable.results.train_result import TrainResult

RESULTS = {
    "train": lambda: TrainResult(make_run()),
    "sweep": lambda: make_sweep({"lambda_sparse": [1e-4, 1e-3]}),
    "discovery": discovery,
}


@pytest.mark.parametrize("kind", RESULTS)
def test_a_directory_is_told_again_as_text_json_and_page(kind, tmp_path, capsys):
    result = RESULTS[kind]()
    run_dir = str(result.save(tmp_path / "kept"))
    assert main(["show", run_dir, "--report", str(tmp_path / "page.html")]) == 0
    out = capsys.readouterr().out
    report = result.overview()
    assert report.title in out
    assert all(table.title in out for table in report.tables)
    assert report.title.split(",")[0] in (tmp_path / "page.html").read_text()
    assert main(["show", run_dir, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["run_dir"] == run_dir
    assert set(report.document) <= set(document)


def test_a_run_says_what_its_edges_lack_and_findings_in_order_only_when_asked(tmp_path, capsys):
    run_dir = str(TrainResult(make_run()).save(tmp_path))
    assert main(["show", run_dir]) == 0
    brief = capsys.readouterr().out
    assert "no probability: `jaxstable discover FILE`" in brief
    assert "loss_falling" not in brief
    assert main(["show", run_dir, "-v"]) == 0
    told = capsys.readouterr().out
    assert "loss_falling" in told
    assert "lambda_sparse" in told


def test_edges_below_a_probability_are_not_shown(tmp_path, capsys):
    found = discovery()
    run_dir = str(found.save(tmp_path / "kept"))
    assert main(["show", run_dir, "--min-probability", "0.9", "--json"]) == 0
    links = json.loads(capsys.readouterr().out)["links"]
    assert 0 < len(links) == len(found.links_above(0.9)) < len(found.links)
    assert main(["show", run_dir, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["links"]) == len(found.links)
    run = str(TrainResult(make_run()).save(tmp_path / "run"))
    assert main(["show", run, "--min-probability", "0.9"]) == 2
    assert "min_probability: found a run without probabilities" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["show", run_dir, "--min-probability", "1.5"])
    assert "expected a number from 0 to 1" in capsys.readouterr().err


def test_what_is_no_result_is_refused(tmp_path, capsys):
    assert main(["show", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err

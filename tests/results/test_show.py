"""`show` reads any run, sweep or discovery again; `--report` writes its page; `--min-probability` leaves edges out."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from results_records import make_run
from sweep_records import make_sweep
from test_page import discovery

from jaxstable.cli import main
from jaxstable.graph.links import counts_of
from jaxstable.results.report import TITLES
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
    out = " ".join(capsys.readouterr().out.split())  # however wide the terminal is
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


@pytest.mark.parametrize("width", [60, 200])
def test_a_dense_graph_shows_the_first_edges_and_counts_the_rest(width, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    found = discovery(40, density=12)
    counts = counts_of(found.learned)
    kept = found.save(tmp_path / "kept")
    assert (kept / "edges.csv").is_file()
    run_dir = str(kept)

    def rows(*words):
        """Print the edges and return, by kind, how many rows of links there are and how many more are named."""
        assert main(["show", run_dir, *words]) == 0
        parts = capsys.readouterr().out.split("\n\n")
        found = {}
        for kind, count in counts.items():
            [table] = [part for part in parts if part.startswith(f"{TITLES[kind]} ({count}):")]
            more = re.search(r"^  and (\d+) more: (.*)", table, re.DOTALL | re.MULTILINE)
            assert more is None or {"`--verbose`,", "`--report", "page.html`,", "edges.csv"} <= set(more[2].split())
            shown = len(re.findall(r" -[->] ?<b>s|^    -[->] <b>s", table, re.MULTILINE))
            found[kind] = shown, int(more[1]) if more else 0
        return found

    brief, whole = rows(), rows("--verbose")
    assert min(counts.values()) > 40, "the example must be dense"
    assert {kind: shown + more for kind, (shown, more) in brief.items()} == counts
    assert all(10 <= shown <= 40 for kind, (shown, _) in brief.items() if kind != "doubtful")
    assert 4 <= brief["doubtful"][0] <= 10  # nobody is to act on them
    assert whole == {kind: (count, 0) for kind, count in counts.items()}


def test_a_dense_run_names_no_file_that_it_does_not_have(tmp_path, capsys):
    full = np.triu(np.ones((1, 12, 12), np.float32), 1)
    run = make_run(lagged=full, adjacency=full[0], names=tuple(f"s{i}" for i in range(12)), truth=None)
    run_dir = TrainResult(run).save(tmp_path / "kept")
    assert main(["show", str(run_dir)]) == 0
    out = capsys.readouterr().out
    assert "Edges (66)" in out
    assert out.count(" -> s") == 40
    said = " ".join(out.split())  # however wide the terminal is
    assert "and 26 more: all are printed with `--verbose`, on the page of `--report page.html`" in said
    assert "edges.csv" not in said
    assert not (run_dir / "edges.csv").exists()


def test_what_is_no_result_is_refused(tmp_path, capsys):
    assert main(["show", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err

"""Tables as text: every width from 60 columns, signs only where they are known."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re

import numpy as np
import pytest

from jaxstable import cli
from jaxstable.files.provenance import provenance
from jaxstable.graph.learned import LearnedGraph
from jaxstable.results.report import Table, link_tables
from jaxstable.results.text_tables import table_text
from jaxstable.training.progress import Progress


@pytest.fixture(scope="module")
def graph():
    rng = np.random.default_rng(0)
    names = tuple(f"reactor_{i}_temperature_out" for i in range(6))
    lagged = np.where(rng.random((3, 6, 6)) < 0.3, rng.normal(size=(3, 6, 6)), 0.0)
    lagged[:, np.arange(6), np.arange(6)] = 0
    lagged[0] = np.triu(lagged[0])
    units = dict.fromkeys(names, "degC")
    probability = np.where(lagged.any(0), 0.95, 0.0)
    return LearnedGraph(
        names, lagged, lagged != 0, probability, direction=probability, scale=np.ones(6), units=units, step="10 min"
    )


@pytest.mark.parametrize("width", [60, 80, 100, 120, None])
def test_tables_fit_the_width_and_lose_no_word(graph, width):
    for table in link_tables(graph):
        text = table_text(table, width)
        assert width is None or max(map(len, text.splitlines())) <= width
        words = set(re.split(r"[\s;,]+", text))
        for row in table.rows:
            for cell in row:
                assert set(cell.replace("\n", " ").split()) <= words


def test_a_column_without_an_entry_is_left_out():
    table = Table("Sensors", ("sensor", "unit", "mean"), (("flow", "", "1"), ("a" * 50, "", "2")))
    for width in (60, 56):
        assert "unit" not in table_text(table, width)
        assert "mean" in table_text(table, width)


def test_every_lag_of_a_link_has_a_row(graph):
    [table] = link_tables(dataclasses.replace(graph, scale=None, probability=None))
    lines = table_text(table).splitlines()
    assert len(lines) == 2 + int(graph.lagged_graph.sum())


def test_weights_without_a_sign_are_shown_without_one(graph):
    signless = dataclasses.replace(graph, lagged=np.abs(graph.lagged), signed=False, probability=None, scale=None)
    assert "+" not in table_text(link_tables(signless)[0])
    assert "+" in table_text(link_tables(dataclasses.replace(signless, signed=True))[0])


@pytest.mark.parametrize(("wanted", "shown"), [("full", 25), (True, 4), (False, 0)])
def test_a_pipe_gets_every_tenth_epoch_the_best_and_the_last(capsys, wanted, shown):
    with Progress(25, None, wanted) as progress:
        for epoch in range(1, 26):
            progress.epoch({"epoch": epoch, "train_loss": 1.0, "new_best": epoch == 3})
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("Epoch ") == shown


def test_quiet_says_the_result_only(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    run_dir = str(tmp_path / "run")
    flags = ["--epochs", "1", "--stride", "40", "--quiet", "--run-dir", run_dir]
    assert cli.main(["train", *flags]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    table = out.split("\n\nStatus")[0]
    assert max(map(len, table.splitlines())) <= 60
    assert re.search(r" -0\.\d\d", table)  # the linear model knows which way an effect goes
    assert re.search(
        r"Time +\d+\.\d s \(compile \d+\.\d s, train \d+\.\d s; \d+\.\d s before it to prepare\)", " ".join(out.split())
    )
    page = tmp_path / "page.html"
    assert cli.main(["show", run_dir, "--report", str(page)]) == 0
    assert capsys.readouterr().out.split("\n\nStatus")[0] == table
    assert page.read_text().count('class="spark"') == 13  # what the sensors look like
    assert "taken out before the search" not in page.read_text()
    assert re.search(r"3000 rows; made on \d{4}-\d\d-\d\d<", page.read_text())
    where = json.loads((tmp_path / "run" / "provenance.json").read_text())
    assert (where["rows"], where["seed"], where["files"]) == (3000, 1337, [])
    assert set(where["versions"]) >= {"jaxstable", "jax", "numpy", "python"}
    where["recorded"] = {"feed_flow": 3}
    (tmp_path / "run" / "provenance.json").write_text(json.dumps(where))
    assert cli.main(["show", run_dir]) == 2
    assert "provenance.json" in capsys.readouterr().err


def test_provenance_knows_the_bytes_of_a_file_and_of_the_data(tmp_path, small_dataset):
    (tmp_path / "a.csv").write_text("a,b\n")
    said = provenance(small_dataset, 3, str(tmp_path / "a.csv"))
    assert said["files"][0]["sha256"] == hashlib.sha256(b"a,b\n").hexdigest()
    assert said["data"] == provenance(small_dataset, 3)["data"]
    other = dataclasses.replace(small_dataset, values=small_dataset.values + 1)
    assert said["data"] != provenance(other, 3)["data"]

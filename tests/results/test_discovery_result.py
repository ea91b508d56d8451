"""A discovery as a result: tables, files, totals and pictures."""

from __future__ import annotations

import csv
import dataclasses
import json

import networkx as nx
import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery.found import Choice
from jaxstable.graph.learned import LearnedGraph

NAMES = ("flow", "heat", "level", "ph", "power")
DRAWS = 4
EDGE_COLUMNS = ["cause", "effect", "lag", "weight", "probability", "lag_probability", "direction", "kind", "weight_raw"]


def f1(graph, truth):
    return 2 * (graph & truth).sum() / (graph.sum() + truth.sum())


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    graph = np.zeros((3, 5, 5), bool)
    graph[0, 0, 1] = graph[1, 0, 1] = graph[2, 3, 2] = graph[0, 4, 2] = True
    frequency = np.where(graph, rng.random((3, 5, 5)), 0.0)
    truth = np.zeros((5, 5), bool)
    truth[0, 1] = truth[2, 3] = truth[0, 4] = True
    learned = LearnedGraph(
        names=NAMES,
        lagged_graph=graph,
        lagged=np.where(graph, rng.normal(size=(3, 5, 5)), 0.0),
        lagged_probability=0.9 * frequency,
        probability=0.9 * frequency.max(axis=0),
        direction=np.full((5, 5), 0.5),
        truth=truth,
        scale=np.arange(1.0, 6.0),
        units={"flow": "m3/h", "heat": "kW"},
        step="1 h",
    )
    return js.Discovery(
        learned,
        lagged_frequency=frequency,
        edge_frequency=frequency.max(axis=0),
        strength=rng.random((3, 5, 5)),
        chosen={"draws": Choice(DRAWS, "as asked"), "inflation": Choice(1.25, "from absent edges")},
        findings=(js.Finding("stuck_sensor", "warning", "ph reads 7 in 100 consecutive readings", "Mark it."),),
    )


def test_tables(found):
    table = found.to_pandas()
    assert list(table.columns) == [*EDGE_COLUMNS]
    assert len(table) == found.lagged_graph.sum()
    assert table["probability"].is_monotonic_decreasing
    graph = found.to_networkx()
    assert set(graph.nodes) == set(NAMES)
    assert {(NAMES.index(a), NAMES.index(b)) for a, b in graph.edges} == set(map(tuple, np.argwhere(found.graph)))
    for cause, effect, edge in graph.edges(data=True):
        i, j = NAMES.index(cause), NAMES.index(effect)
        assert edge["weight"] == found.lagged[edge["lag"], i, j]
        assert abs(edge["weight"]) == found.adjacency[i, j]
        assert edge["probability"] == found.edge_probability[i, j]


def test_an_empty_graph_has_tables_too(found):
    nothing = dataclasses.replace(found.learned, lagged_graph=np.zeros((3, 5, 5), bool), lagged=np.zeros((3, 5, 5)))
    empty = dataclasses.replace(found, learned=nothing)
    assert len(empty.to_pandas()) == 0
    assert empty.to_networkx().number_of_edges() == 0
    assert "0 edges" in repr(empty)


def test_a_saved_discovery_is_read_back(found, tmp_path):
    again = js.load(found.save(tmp_path / "kept"))
    assert isinstance(again, js.Discovery)
    assert again.names == found.names
    for field in ("lagged_graph", "lagged", "lagged_probability", "edge_probability", "lagged_frequency", "strength"):
        np.testing.assert_array_equal(getattr(again, field), getattr(found, field))
    assert again.findings == found.findings
    assert again.summary() == found.summary()
    assert again.edges() == found.edges()
    assert again == found
    assert hash(again) == hash(found)
    assert again != dataclasses.replace(found, strength=found.strength + 1)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "discovery.json",
        "discovery.npz",
        "edges.csv",
        "graph.graphml",
    ]
    found.save(tmp_path / "kept")  # its own kind may be written over
    graph = nx.read_graphml(tmp_path / "kept" / "graph.graphml")
    assert graph.number_of_edges() == found.graph.sum()
    assert {tuple(sorted(edge)) for *_, edge in graph.edges(data=True)} == {
        ("direction", "kind", "lag", "lags", "probability", "weight")
    }


def test_a_damaged_or_foreign_directory_is_refused(found, tmp_path):
    kept = found.save(tmp_path / "kept")
    (kept / "discovery.npz").write_bytes(b"no archive")
    with pytest.raises(js.RunDirectoryError, match=r"discovery\.npz is damaged \(.*\): .*, or run discover again"):
        js.load(kept)
    (kept / "discovery.npz").unlink()
    with pytest.raises(js.RunDirectoryError, match=r"discovery\.npz is missing"):
        js.load(kept)
    run = tmp_path / "run"
    run.mkdir()
    (run / "training_log_stable.json").write_text("")
    with pytest.raises(js.RunDirectoryError, match="another run"):
        found.save(run)


def test_summary_names_are_those_of_a_run(found):
    summary = found.summary()
    assert summary["graph_f1"] == pytest.approx(f1(found.graph, found.truth))
    assert summary["true_edge_count"] == found.truth.sum()
    assert summary["graph_shd"] == 3  # one edge turned, one missed, one extra
    assert summary["config"]["draws"] == DRAWS
    blind = dataclasses.replace(found.learned, truth=None)
    assert dataclasses.replace(found, learned=blind).summary()["graph_f1"] is None
    assert found.diagnose() == list(found.findings)


def test_picture_and_notebook_page(found):
    pytest.importorskip("matplotlib")
    figure = found.plot()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "Probability" in titles
    assert any(title.startswith(f"Graph: {found.graph.sum()} edge") for title in titles)
    page = found._repr_html_()
    assert page.count("<tr>") >= found.graph.sum()
    assert "data:image/png" in page


def test_a_directory_of_the_first_release_is_read(found, tmp_path):
    old = found.save(tmp_path / "old")
    document = json.loads((old / "discovery.json").read_text())
    for new in ("kind", "format", "version", "checksums", "links", "removed", "units", "step"):
        document.pop(new)
    for finding in document["findings"]:
        finding.pop("subject")
    (old / "discovery.json").write_text(json.dumps(document))
    with np.load(old / "discovery.npz") as file:
        arrays = {name: file[name] for name in file.files if name != "scale"}
    np.savez(old / "discovery.npz", **arrays)
    again = js.load(old)
    assert again == dataclasses.replace(
        found, learned=dataclasses.replace(found.learned, scale=None, units=None, step=None)
    )


def test_cells_that_a_spreadsheet_would_run_are_quoted(found, tmp_path):
    names = ("=1+1", "+x", "-5 V", "@sum", "plain")
    graph = dataclasses.replace(found.learned, names=names, units=None)
    path = dataclasses.replace(found, learned=graph).to_csv(tmp_path / "edges.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    cells = {row[end] for row in rows for end in ("cause", "effect")}
    assert cells <= {f"'{name}" for name in names[:4]} | {"plain"}
    assert len(cells) > 2
    assert any(float(row["weight"]) < 0 for row in rows)  # numbers stay numbers

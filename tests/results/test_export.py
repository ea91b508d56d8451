"""Graphs handed to networkx, pandas and GraphML are the same graph."""

from __future__ import annotations

import numpy as np
import pytest
from results_records import NAMES, make_run

from jaxstable.results.train_result import TrainResult

EDGES = {(0, 1): (0, 0.9), (1, 2): (0, 0.8), (3, 4): (1, 0.7)}


def test_networkx_graph_and_graphml_agree(tmp_path):
    networkx = pytest.importorskip("networkx")
    result = TrainResult(make_run())
    path = result.to_graphml(tmp_path / "graph.graphml")
    for graph in (result.to_networkx(), networkx.read_graphml(path)):
        assert graph.is_directed()
        assert not graph.is_multigraph()
        assert list(graph) == list(NAMES)
        assert graph.graph["threshold"] == 0.25
        found = {
            (NAMES.index(cause), NAMES.index(effect)): (data["lag"], pytest.approx(data["weight"]))
            for cause, effect, data in graph.edges(data=True)
        }
        assert found == EDGES


def test_graphml_keeps_any_name_apart(tmp_path):
    networkx = pytest.importorskip("networkx")
    names = ("a\x00b", "a\x01b", "a\ufffdb", "tab\tnew\nline", "日本 <&\"'>")
    result = TrainResult(make_run(names=names))
    graph = networkx.read_graphml(result.to_graphml(tmp_path / "graph.graphml"))
    assert list(graph)[2:] == list(names[2:])
    assert len(graph) == 5
    assert graph.number_of_edges() == 3


def test_table_has_a_row_for_every_lag():
    pytest.importorskip("pandas")
    table = TrainResult(make_run()).to_pandas()
    assert list(table.columns) == ["cause", "effect", "lag", "weight"]
    rows = [(NAMES.index(c), NAMES.index(e), lag) for c, e, lag in table.iloc[:, :3].to_numpy()]
    assert rows == [(0, 1, 0), (1, 2, 0), (3, 4, 1), (0, 1, 1)]
    np.testing.assert_allclose(table["weight"], [0.9, 0.8, 0.7, 0.4], rtol=1e-6)


def test_empty_graph_exports(tmp_path):
    networkx = pytest.importorskip("networkx")
    pytest.importorskip("pandas")
    result = TrainResult(make_run(threshold=1.0))
    table = result.to_pandas()
    assert len(table) == 0
    assert (table["lag"].dtype, table["weight"].dtype) == (np.int64, np.float64)
    assert result.to_networkx().number_of_edges() == 0
    graph = networkx.read_graphml(result.to_graphml(tmp_path / "graph.graphml"))
    assert list(graph) == list(NAMES)

"""What other tools read of a graph is the graph: DOT, GML, dagitty, tigramite, DoWhy, pgmpy, networkx with lags."""

from __future__ import annotations

import re

import numpy as np
import pytest
from test_page import discovery

from jaxstable.results.formats import unrolled


@pytest.fixture(scope="module")
def found():
    return discovery(8, seed=3)


@pytest.fixture(scope="module")
def networkx():
    return pytest.importorskip("networkx")


def lagged_edges(found):
    return {(found.names[i], found.names[j], int(lag)) for lag, i, j in np.argwhere(found.lagged_graph)}


def test_gml_is_read_back_with_every_lag_and_name(found, networkx):
    graph = networkx.parse_gml(found.to_gml())
    assert graph.is_directed()
    assert list(graph) == list(found.names)
    assert {(cause, effect, data["lag"]) for cause, effect, data in graph.edges(data=True)} == lagged_edges(found)
    assert {data["kind"] for *_, data in graph.edges(data=True)} <= {"sure", "likely", "open", "doubtful"}


def test_networkx_and_graphml_hold_one_edge_a_lag_where_asked(found, networkx, tmp_path):
    graph = found.to_networkx(lags=True)
    assert {(cause, effect, lag) for cause, effect, lag in graph.edges(keys=True)} == lagged_edges(found)
    again = networkx.read_graphml(found.to_graphml(tmp_path / "lags.graphml", lags=True))
    assert sorted(lag for *_, lag in again.edges(data="lag")) == sorted(lag for *_, lag in lagged_edges(found))
    assert found.to_networkx().number_of_edges() == found.graph.sum()


def test_dot_has_an_edge_a_link_and_no_head_where_the_direction_is_open(found):
    text = found.to_dot()
    lines = [line for line in text.splitlines() if " -> " in line]
    assert len(lines) == len(found.links)
    assert sum("dir=none" in line for line in lines) == sum(link.kind == "open" for link in found.links) > 0
    assert text.count("{") == text.count("}") == 1
    assert all(re.search(r'label="\d', line) for line in lines)


def test_the_unrolled_graph_is_acyclic_and_repeats_every_edge_in_time(found, networkx):
    nodes, edges = unrolled(found.learned)
    graph = networkx.DiGraph(edges)
    assert networkx.is_directed_acyclic_graph(graph)
    assert set(graph) <= set(nodes)
    assert len(nodes) == len(found.names) * len(found.lagged)
    for cause, effect, lag in lagged_edges(found):
        assert graph.has_edge(f"{cause}_lag{lag}" if lag else cause, effect)
    assert found.to_pgmpy() == edges
    name = found.names[0]
    assert graph.has_edge(f"{name}_lag1", name)  # every variable follows from itself


def test_dowhy_and_dagitty_hold_the_unrolled_graph(found, networkx):
    nodes, edges = unrolled(found.learned)
    graph = networkx.parse_gml(found.to_dowhy())
    assert set(graph) == set(nodes)
    assert set(graph.edges) == set(edges)
    dagitty = found.to_dagitty()
    assert dagitty.startswith("dag {")
    assert dagitty.count(" -> ") == len(edges)


def test_tigramite_arrays_point_from_cause_to_effect(found):
    arrays = found.to_tigramite()
    assert arrays.graph.shape == arrays.val_matrix.shape == (len(found.names), len(found.names), len(found.lagged))
    np.testing.assert_array_equal(arrays.graph[:, :, 1:] == "-->", np.moveaxis(found.lagged_graph[1:], 0, 2))
    instant = arrays.graph[:, :, 0]
    kinds = {edge[:2]: edge.kind for edge in found.edges()}
    for i, j in np.argwhere(found.lagged_graph[0]):
        if kinds[found.names[i], found.names[j]] == "open":
            assert (instant[i, j], instant[j, i]) == ("o-o", "o-o")
        else:
            assert (instant[i, j], instant[j, i]) == ("-->", "<--")
        assert arrays.val_matrix[i, j, 0] == arrays.val_matrix[j, i, 0] == found.lagged[0, i, j]
    assert (instant != "").sum() == 2 * found.lagged_graph[0].sum()


def test_missing_packages_are_named(found, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "networkx", None)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install networkx"):
        found.to_networkx()
    with pytest.raises(ImportError, match="pip install pandas"):
        found.to_pandas()

"""The tools that exports are made for read the same graph back. `pip install '.[tools]'` brings them."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess

import numpy as np
import pytest
from test_page import discovery

from jaxstable.results.formats import unrolled

pytestmark = pytest.mark.filterwarnings("ignore")  # what the tools warn of is theirs


@pytest.fixture(scope="module")
def found():
    """A discovery with plain names, as most tools want them, and links of every kind."""
    named = discovery(7, seed=5)
    return dataclasses.replace(
        named, learned=dataclasses.replace(named.learned, names=tuple("abcdefg"), units={"a": "degC"})
    )


@pytest.fixture
def sure(found):
    """The same with every direction settled."""
    learned = found.learned
    return dataclasses.replace(
        found, learned=dataclasses.replace(learned, direction=np.ones_like(learned.direction), truth=None)
    )


def tool(name):
    return pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[tools]'", exc_type=ImportError)


def test_tigramite_draws_the_graph_and_finds_its_causal_paths(found, sure, tmp_path):
    plotting, effects = tool("tigramite.plotting"), tool("tigramite.causal_effects")
    arrays = found.to_tigramite()
    assert "o-o" in arrays.graph
    for draw in (plotting.plot_graph, plotting.plot_time_series_graph):
        draw(
            graph=arrays.graph,
            val_matrix=arrays.val_matrix,
            var_names=arrays.var_names,
            save_name=str(tmp_path / "graph.png"),
        )
        assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
        (tmp_path / "graph.png").unlink()
    place = {name: index for index, name in enumerate(sure.names)}
    for edge in sure.edges()[:1]:  # the tool takes a minute an edge
        i, j = place[edge.cause], place[edge.effect]
        of = effects.CausalEffects(sure.to_tigramite().graph, "stationary_dag", X=[(i, -edge.lag)], Y=[(j, 0)])
        assert (j, 0) in of._get_children((i, -edge.lag))
        assert of.get_optimal_set() is not False


def test_dowhy_identifies_an_effect_in_the_graph(sure):
    pandas, dowhy = tool("pandas"), tool("dowhy")
    nodes, edges = unrolled(sure.learned)
    rows = pandas.DataFrame(np.random.default_rng(0).normal(size=(50, len(nodes))), columns=nodes)
    edge = next(edge for edge in sure.edges() if edge.lag)
    treatment = f"{edge.cause}_lag{edge.lag}"
    model = dowhy.CausalModel(rows, treatment=treatment, outcome=edge.effect, graph=sure.to_dowhy())
    assert set(model._graph._graph.edges) == set(edges)
    estimand = model.identify_effect(proceed_when_unidentifiable=True)
    adjusted = set(estimand.get_backdoor_variables())
    assert adjusted <= set(nodes) - {treatment, edge.effect}
    assert (treatment, edge.effect) in set(model._graph._graph.edges)


def test_pgmpy_makes_a_dag_of_the_edges_and_reads_the_text_for_dagitty(found):
    base = tool("pgmpy.base")
    nodes, edges = unrolled(found.learned)
    assert set(base.DAG(found.to_pgmpy()).edges) == set(edges)
    read = base.DAG.from_dagitty(found.to_dagitty())
    assert set(read.edges) == set(edges)
    assert set(read.nodes) == set(nodes)


def test_pydot_reads_every_link_its_lags_and_its_head():
    pydot = tool("pydot")
    found = discovery(8, seed=3)  # with names that have to be quoted
    [graph] = pydot.graph_from_dot_data(found.to_dot())
    drawn = graph.get_edges()
    assert len(drawn) == len(found.links)
    for edge, link in zip(drawn, found.links, strict=True):
        assert ("dir" in edge.get_attributes()) == (link.kind == "open")
        assert float(edge.get("effect_weight")) == pytest.approx(link.weight, rel=1e-5)
        assert edge.get("label").strip('"').split(", ") == [
            f"{lag} ({10 * lag} min)" if lag else "0" for lag in link.lags
        ]


def test_graphviz_draws_the_dot_text():
    program = shutil.which("dot")
    if not program:
        pytest.skip("the program `dot` of Graphviz is not installed")
    found = discovery(8, seed=3)
    done = subprocess.run([program, "-Tplain"], input=found.to_dot(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith("node ") for line in lines) == len(found.names)
    assert sum(line.startswith("edge ") for line in lines) == len(found.links)

"""The value that results own: one reading of an edge, and scores that are those of the metrics."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jaxstable.graph import metrics
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import KINDS, counts_of, directed_of, edges_of, kind_of, lag_text, links_of

NAMES = ("flow", "heat", "level", "ph")


@pytest.fixture
def graph():
    lagged = np.zeros((3, 4, 4))
    lagged[0, 0, 1], lagged[2, 0, 1] = 0.5, -0.2  # flow -> heat at two lags
    lagged[1, 1, 2] = -0.4  # heat -> level
    lagged[1, 2, 3] = 0.3  # level - ph, direction open
    lagged[1, 3, 0] = 0.1  # ph -> flow, doubtful
    probability = np.zeros((4, 4))
    probability[0, 1], probability[1, 2], probability[3, 0] = 0.97, 0.7, 0.3
    probability[2, 3], probability[3, 2] = 0.4, 0.45
    direction = np.full((4, 4), 0.5)
    direction[0, 1], direction[1, 2], direction[3, 0] = 1.0, 0.9, 1.0
    return LearnedGraph(
        NAMES,
        lagged,
        lagged != 0,
        probability=probability,
        lagged_probability=np.where(lagged != 0, probability, 0.0),
        direction=direction,
        scale=np.array([2.0, 10.0, 1.0, 1.0]),
        step="10 min",
    )


def test_every_kind_is_read_off_probability_and_direction(graph):
    kinds = {link[:2]: link.kind for link in links_of(graph)}
    assert kinds == {
        ("flow", "heat"): "sure",
        ("heat", "level"): "likely",
        ("level", "ph"): "open",
        ("ph", "flow"): "doubtful",
    }
    assert counts_of(graph) == dict.fromkeys(KINDS, 1)
    assert kind_of(dataclasses.replace(graph, probability=None), 0, 1) is None


def test_a_certain_probability_with_an_open_direction_is_not_sure(graph):
    probability = graph.probability.copy()
    probability[2, 3] = 0.99
    assert kind_of(dataclasses.replace(graph, probability=probability), 2, 3) == "open"


def test_the_weaker_of_two_opposite_edges_is_doubtful_where_the_draws_agree_on_the_other(graph):
    direction, lagged = graph.direction.copy(), graph.lagged_graph.copy()
    lagged[1, 1, 0], direction[1, 0] = True, 0.1  # heat -> flow beside flow -> heat, which is sure
    both = dataclasses.replace(graph, lagged_graph=lagged, direction=direction)
    assert (kind_of(both, 0, 1), kind_of(both, 1, 0)) == ("sure", "doubtful")
    direction[1, 0] = 0.6  # many draws hold both ways: which of them acts is no open question
    often = dataclasses.replace(both, direction=direction)
    assert kind_of(often, 1, 0) == "doubtful"
    probability = graph.probability.copy()
    probability[1, 0] = 0.7
    assert kind_of(dataclasses.replace(often, probability=probability), 1, 0) == "likely"


def test_a_pair_of_open_direction_is_one_link_though_its_lags_point_both_ways(graph):
    lagged, weights, direction = graph.lagged_graph.copy(), graph.lagged.copy(), graph.direction.copy()
    lagged[1, 3, 2], weights[1, 3, 2] = True, 0.2  # ph -> level beside level -> ph, each in half of the draws
    both = dataclasses.replace(graph, lagged_graph=lagged, lagged=weights, direction=direction)
    (link,) = [link for link in links_of(both) if link.kind == "open"]
    assert (link.cause, link.effect) == ("ph", "level")  # the likelier way
    forward, back = ([edge for edge in link.edges if edge.cause == cause] for cause in ("ph", "level"))
    assert [edge.lag for edge in forward] == [1]
    assert link.edges == (*forward, *back)
    assert link.lags == tuple(edge.lag for edge in link.edges)
    assert link.weight == pytest.approx(0.2)
    assert counts_of(both) == dict.fromkeys(KINDS, 1)
    assert len(directed_of(both)) == both.graph.sum() == 5
    assert len(edges_of(both)) == both.lagged_graph.sum()


def test_links_count_the_edges_of_the_graph_and_edges_those_of_every_lag(graph):
    links, edges = links_of(graph), edges_of(graph)
    assert len(links) == graph.graph.sum()
    assert len(edges) == graph.lagged_graph.sum()
    assert [edge for link in links for edge in link.edges] == list(edges)
    assert [link.probability for link in links] == [0.97, 0.7, 0.4, 0.3]


def test_net_effect_and_raw_units(graph):
    link = links_of(graph)[0]
    assert (link.lags, link.weight, link.heaviest.lag) == ((0, 2), pytest.approx(0.3), 0)
    assert link.weight_raw == pytest.approx(0.3 * 10.0 / 2.0)
    assert edges_of(dataclasses.replace(graph, scale=None))[0].weight_raw is None


def test_lags_in_time(graph):
    assert [lag_text(lag, graph.step) for lag in (0, 1, 6)] == ["0", "1 (10 min)", "6 (1 h)"]
    assert lag_text(6, None) == lag_text(6, "a while") == "6"


def test_scores_are_those_of_the_traced_metrics(graph):
    import jax.numpy as jnp

    truth = np.zeros((4, 4), bool)
    truth[0, 1] = truth[2, 1] = truth[0, 3] = True
    scores = dataclasses.replace(graph, truth=truth).scores
    traced = metrics.evaluate(jnp.array(graph.graph), jnp.array(truth))
    assert scores.f1 == pytest.approx(float(traced.f1))
    assert scores.shd == int(traced.shd) == 3
    assert scores.true_edge_count == 3
    assert graph.scores == (None, None, None)


def test_a_threshold_gives_a_graph_that_is_acyclic_at_lag_zero_and_without_self_edges():
    weights = np.zeros((2, 3, 3), np.float32)
    weights[0, 0, 1], weights[0, 1, 2], weights[0, 2, 0] = 0.9, 0.8, 0.3
    weights[1, 2, 0], weights[1, 1, 1] = 0.6, 0.9
    graph = LearnedGraph.above(("a", "b", "c"), weights, 0.25)
    assert np.argwhere(graph.lagged_graph).tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 0]]
    assert graph.order == ("a", "b", "c")
    assert graph.adjacency[1, 1] == 0
    assert [edge.weight for edge in edges_of(graph)] == pytest.approx([0.9, 0.8, 0.6])


def test_edges_below_a_probability_are_left_out(graph):
    assert {link.kind for link in links_of(graph.likely(0.5))} == {"sure", "likely"}
    with pytest.raises(ValueError, match="no probabilities"):
        dataclasses.replace(graph, probability=None).likely(0.5)


def test_equality_looks_into_the_arrays(graph):
    again = dataclasses.replace(graph, lagged=graph.lagged.copy())
    assert graph == again
    assert hash(graph) == hash(again)
    assert graph != dataclasses.replace(graph, lagged=graph.lagged * 2)
    assert graph != dataclasses.replace(graph, step="1 h")
    assert graph != "graph"


@pytest.mark.parametrize("field", ["lagged_graph", "probability", "truth", "scale"])
def test_arrays_that_do_not_fit_are_refused(graph, field):
    with pytest.raises(ValueError, match=f"{field}: found shape"):
        dataclasses.replace(graph, **{field: np.zeros((2, 2))})

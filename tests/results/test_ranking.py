"""Influences are ranked by probability, and by size too where all sensors are in one unit."""

import numpy as np
import pytest

import jaxstable as js
from jaxstable.graph.learned import LearnedGraph
from jaxstable.results.ranking import ranked

PROBABILITY = np.array([[0.0, 0.5, 0.2], [0.5, 0.0, 0.0], [0.4, 0.0, 0.0]])


def graph(units=None, scale=(1.0, 4.0, np.nan), probability=PROBABILITY) -> LearnedGraph:
    weights = np.full((1, 3, 3), 0.3)
    size = None if scale is None else np.array(scale)
    return LearnedGraph(("a", "b", "c"), weights, weights > 1, probability=probability, scale=size, units=units)


@pytest.mark.parametrize(
    ("units", "said", "same", "why"),
    [
        (None, None, False, "probability alone: no unit is known of all sensors"),
        ({"a": "m3/h", "b": "m³/h"}, None, False, "probability alone: no unit is known of all sensors"),
        ({"a": "m3/h", "b": "m³/h", "c": "m3 / h"}, None, True, "are in m3/h"),
        ({"a": "m3/h", "b": "m³/h", "c": "m3 / h"}, False, False, "said to have different units"),
        (None, True, True, "all are said to be in one unit"),
    ],
)
def test_sizes_count_where_all_sensors_are_in_one_unit(units, said, same, why):
    found = ranked(graph(units), said)
    assert found.same_units is same
    assert why in found.why
    expected = [[0, 2, 0], [0.125, 0, 0], [0, 0, 0]] if same else PROBABILITY  # a sensor left out has no size
    np.testing.assert_allclose(found.scores, expected)


def test_sizes_that_are_not_known_are_asked_for_in_vain():
    unsized = ranked(graph(dict.fromkeys("abc", "bar"), scale=None))
    assert (unsized.same_units, unsized.why) == (
        False,
        "probability alone: all are in bar, but their sizes are not known",
    )
    with pytest.raises(ValueError, match="same_units: this graph does not know the sizes"):
        ranked(graph(scale=None), True)
    with pytest.raises(ValueError, match="same_units: found 'yes', expected True, False or None"):
        ranked(graph(), "yes")


def test_a_river_grows_downstream():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(600, 4))
    for gauge in range(1, 4):
        rows[1:, gauge] += rows[:-1, gauge - 1]
    downstream = np.triu(np.ones((4, 4), bool), 1)
    data = js.Dataset.from_array(rows, units=dict.fromkeys(("x0", "x1", "x2", "x3"), "m3/s"))
    found = js.discover(data, draws=5, progress=False)
    ranking = found.ranking()
    assert ranking.same_units
    ahead = ranking.scores[np.eye(4, k=1, dtype=bool)]
    assert ahead.min() > ranking.scores[~downstream].max()
    assert (ahead > found.edge_probability[np.eye(4, k=1, dtype=bool)]).all()  # each gauge varies more than the last
    np.testing.assert_array_equal(found.ranking(False).scores, found.edge_probability)
    trained = js.train(js.Config(model="svar", epochs=1), data, progress=False)
    np.testing.assert_array_equal(trained.ranking(False).scores, trained.adjacency)


def test_units_change_no_ranking_without_sizes():
    data = js.datasets.sensors(n_steps=500)
    one = js.discover(data, draws=5, progress=False)
    other = js.discover(js.Dataset.from_array(data.values * 2.0 ** np.arange(13)), draws=5, progress=False)
    np.testing.assert_allclose(other.ranking().scores, one.ranking().scores, atol=0.02)

"""discover(data): a graph without ground truth, what is guaranteed of it, and what is said of the data."""

from __future__ import annotations

import dataclasses

import networkx as nx
import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery.fits import fit_moments
from jaxstable.graph.certificate import certify
from jaxstable.moments.lagged import lagged_moments
from jaxstable.results.rules_scale import scale_findings
from jaxstable.simulate.systems import lorenz96, svar
from jaxstable.training import exported

NAMES = ("flow", "heat", "level", "ph", "power")
DRAWS = 4


def f1(graph, truth):
    return 2 * (graph & truth).sum() / (graph.sum() + truth.sum())


@pytest.fixture(scope="module")
def system():
    return svar(5, 1500, n_instant=4, n_lagged=4, seed=3)


@pytest.fixture(scope="module")
def gappy(system):
    values = np.where(np.random.default_rng(0).random(system.values.shape) < 0.15, np.nan, system.values)
    return js.Dataset.from_array(values * [1e3, 1.0, 1.0, 1e-3, 1.0], names=NAMES, truth=system.lagged_truth)


@pytest.fixture(scope="module")
def found(gappy):
    return js.discover(gappy, draws=DRAWS, progress=False)


def test_a_simulated_system_is_found_without_its_labels(found, gappy, system):
    assert f1(found.graph, system.truth) >= 0.9
    blind = js.discover(dataclasses.replace(gappy, truth=None, lagged_truth=None), draws=DRAWS, progress=False)
    np.testing.assert_array_equal(blind.lagged_graph, found.lagged_graph)
    np.testing.assert_array_equal(blind.edge_probability, found.edge_probability)


def test_the_result_hangs_together(found):
    assert found.names == NAMES
    assert found.lagged_graph.shape == found.lagged.shape == found.lagged_probability.shape == (3, 5, 5)
    np.testing.assert_array_equal(found.lagged != 0, found.lagged_graph)
    np.testing.assert_array_equal(found.adjacency > 0, found.graph)
    assert not np.diag(found.graph).any()
    position = [found.order.index(name) for name in NAMES]
    assert all(position[i] < position[j] for i, j in np.argwhere(found.lagged_graph[0]))
    counts = found.edge_frequency * DRAWS
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    assert (found.edge_frequency >= found.lagged_frequency.max(axis=0)).all()
    off_diagonal = ~np.eye(5, dtype=bool)
    assert ((found.edge_probability > 0) == off_diagonal).all()
    assert (found.edge_probability < 1).all()
    assert len(np.unique(found.edge_probability[off_diagonal])) == 20  # strictly ranked
    assert found.edge_probability[found.graph].min() > np.median(found.edge_probability[off_diagonal])
    both = found.direction_confidence + found.direction_confidence.T
    assert (both >= 1.0 - 1e-9).all()  # more than 1 where draws hold both directions, at different lags
    assert found.edge_probability[found.graph].mean() > 0.8
    assert repr(found).startswith(f"Discovery(5 variables, {found.graph.sum()} edges, ")


def test_units_do_not_matter(found, gappy):
    other = js.Dataset.from_array(gappy.values * [1e-3, 5.0, 1.0, 1e3, 0.1] + 7.0, names=NAMES)
    again = js.discover(other, draws=0, progress=False)
    np.testing.assert_array_equal(again.lagged_graph, found.lagged_graph)


def test_the_same_arguments_give_the_same_discovery_and_the_seed_moves_the_draws(found, gappy):
    again = js.discover(gappy, draws=DRAWS, progress=False)
    for field in ("lagged", "lagged_probability", "strength", "direction_confidence"):
        np.testing.assert_array_equal(getattr(again, field), getattr(found, field))
    assert dict(again.chosen) == dict(found.chosen)


def test_settings_are_told_with_their_reasons(found):
    assert found.chosen["max_lag"].value == 2
    assert found.chosen["likelihood"].value in ("free", "equal")
    assert found.chosen["draws"].value == DRAWS
    weights = (4e-5, 6e-5, 1e-4, 1.6e-4, 2.4e-4, 4e-4)
    assert any(found.chosen["lambda_sparse"].value == pytest.approx(weight) for weight in weights)
    assert found.chosen["inflation"].value >= 1.0
    assert found.chosen["effective_rows"].value <= 1498
    assert all(choice.why for choice in found.chosen.values())


def test_required_and_forbidden_edges_are_guaranteed_by_name_or_index(gappy, system):
    true = np.argwhere(system.lagged_truth[0])[0].tolist()
    absent = next(pair for pair in np.argwhere(~system.truth & ~system.truth.T).tolist() if pair[0] != pair[1])
    required = [(NAMES[absent[0]], absent[1], 1)]
    forbidden = [(NAMES[true[0]], NAMES[true[1]])]
    found = js.discover(gappy, required=required, forbidden=forbidden, draws=2, progress=False)
    assert found.lagged_graph[1, absent[0], absent[1]]
    assert found.lagged_probability[1, absent[0], absent[1]] == 1.0
    assert found.edge_probability[absent[0], absent[1]] == 1.0
    assert not found.graph[true[0], true[1]]
    assert not found.lagged_probability[:, true[0], true[1]].any()
    assert not found.edge_probability[true[0], true[1]]
    assert nx.is_directed_acyclic_graph(nx.from_numpy_array(found.lagged_graph[0], create_using=nx.DiGraph))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_lag": -1}, "max_lag: found -1, expected a whole number >= 0"),
        ({"draws": 2.5}, "draws: found 2.5"),
        ({"required": [("flow", "heat")]}, r"required: found \('flow', 'heat'\), expected \(cause, effect, lag\)"),
        ({"required": [("flow", "steam", 1)]}, "required: found variable 'steam', expected an index or one of flow"),
        ({"forbidden": ["flow"]}, "forbidden: found 'flow'"),
        ({"max_lag": 2, "forbidden": [(0, 1, 3)]}, "expected at most max_lag=2"),
        ({"forbidden": [(0, 9)]}, "found variable 9"),
        ({"required": [("heat", "heat", 1)]}, "a variable on itself"),
        ({"forbidden": [("heat", "heat")]}, "a variable on itself"),
        ({"required": [(0, 1, 1)], "forbidden": [(0, 1)]}, "also forbidden"),
        ({"required": [(0, 1, 0), (1, 0, 0)]}, "have a cycle"),
    ],
)
def test_wrong_arguments_are_refused(gappy, arguments, message):
    with pytest.raises(js.ConfigError, match=message):
        js.discover(gappy, progress=False, **arguments)


def test_the_number_of_lags_rises_with_what_the_rows_remember(no_network):
    rng = np.random.default_rng(5)
    values = rng.normal(size=(900, 4))
    values[5:, 2] += 0.6 * values[:-5, 0]
    found = js.discover(values, draws=0, progress=False)
    assert np.argwhere(found.lagged_graph).tolist() == [[5, 0, 2]]
    assert not [finding for finding in found.findings if finding.code == "long_memory"]
    asked = js.discover(values, max_lag=2, draws=0, progress=False)
    (finding,) = [finding for finding in asked.findings if finding.code == "long_memory"]
    assert "max_lag=5" in finding.remedy
    assert "5 steps later" in finding.evidence
    assert js.discover(values, required=[(1, 3, 4)], draws=0, progress=False).lagged_graph[4, 1, 3]


def test_series_shorter_than_the_lags_are_refused(gappy):
    with pytest.raises(js.DataError, match="max_lag=2000: "):
        js.discover(gappy, max_lag=2000, progress=False)


def test_suspicious_sensors_are_found(system):
    values = system.values.copy()
    values[200:500, 1] = values[200, 1]
    values[:, 2] = 3.0
    values = np.concatenate([values, 2.0 * values[:, :1] + 1.0], axis=1)
    with pytest.warns(js.DataWarning, match="constant"):
        dataset = js.Dataset.from_array(values, names=("a", "b", "c", "d", "e", "f"))
    found = js.discover(dataset, draws=0, progress=False)
    evidence = {finding.code: finding.evidence for finding in found.findings}
    assert evidence["constant_sensor"] == "c reads 3 throughout"
    assert evidence["stuck_sensor"].endswith("in 300 consecutive readings, taken as missing")
    assert evidence["duplicated_sensors"].endswith(": a and f")
    assert not found.graph[2].any()
    assert not found.graph[:, 2].any()
    assert "see findings" in repr(found)


def test_a_sensor_that_others_make_up_is_named_with_them():
    rows = np.random.default_rng(3).normal(size=(480, 4))
    whole = rows[:, :2].sum(axis=1) + 0.01 * rows[:, 3]
    dataset = js.Dataset.from_array(np.column_stack([rows[:, :3], whole]), names=("in", "out", "other", "whole"))
    found = js.discover(dataset, draws=0, progress=False)
    (said,) = [finding for finding in found.findings if finding.code == "dependent_sensors"]
    assert "whole of in and out" in said.evidence
    assert "other" not in said.evidence.replace("others", "")


def test_noise_gives_no_edge_and_says_so():
    noise = np.random.default_rng(0).normal(size=(100, 5))
    found = js.discover(noise, draws=0, progress=False)
    assert not found.graph.any()
    assert {"no_edges", "little_data"} <= {finding.code for finding in found.findings}
    assert (found.direction_confidence == 0.5).all()


def test_environments_and_lag_0_alone(system):
    values = np.concatenate([system.values[:700], 3.0 * system.values[700:1400]])
    dataset = js.Dataset.from_array(values, environment=np.repeat([0, 1], 700), series=np.repeat([0, 1], 700))
    found = js.discover(dataset, max_lag=1, draws=2, progress=False)
    assert f1(found.graph, system.truth) >= 0.75
    alone = js.discover(dataset, max_lag=0, draws=0, progress=False)
    assert alone.lagged.shape == (1, 5, 5)
    assert alone.chosen["max_lag"].value == 0


def test_lags_that_nothing_needs_are_left_out_but_not_from_the_tables():
    system = svar(5, 480, n_lags=1, n_instant=4, n_lagged=4, seed=3)
    found = js.discover(system.values, max_lag=3, draws=0, progress=False)
    assert found.chosen["max_lag"].value == 1
    assert found.lagged_graph.shape == found.lagged_frequency.shape == (4, 5, 5)
    assert not found.lagged_graph[2:].any()
    assert f1(found.graph, system.truth) >= 0.8


def test_a_sensor_that_is_hardly_ever_read_is_left_out_unless_asked_for():
    values = svar(6, 1500, n_instant=6, n_lagged=6, seed=3).values
    values[np.random.default_rng(0).random(1500) > 0.1, 2] = np.nan
    names = (*NAMES, "speed")
    found = js.discover(js.Dataset.from_array(values, names=names), draws=0, progress=False)
    assert next(f.evidence for f in found.findings if f.code == "hardly_read").startswith("level was read in 1")
    assert not found.edge_probability[2].any()
    assert not found.edge_probability[:, 2].any()
    assert found.lagged_graph.shape == (3, 6, 6)
    held = js.discover(
        js.Dataset.from_array(values, names=names), required=[("level", "ph", 1)], draws=0, progress=False
    )
    assert held.lagged_graph[1, 2, 3]
    assert "hardly_read" not in {f.code for f in held.findings}


def test_fewer_than_two_usable_sensors_are_refused():
    values = np.random.default_rng(0).normal(size=(200, 3)) * [0.0, 1.0, 0.0]
    with pytest.warns(js.DataWarning, match="constant"):
        dataset = js.Dataset.from_array(values)
    with pytest.raises(js.DataError, match="1 of 3 sensors can be used, expected at least 2: x0 reads 0 throughout"):
        js.discover(dataset, draws=0, progress=False)


def test_drift_is_found_and_said(system):
    values = system.values + [0.0, 0.0, 9.0, 0.0, 0.0] * np.cos(np.linspace(0.0, 3.0, 1500))[:, None]
    found = js.discover(js.Dataset.from_array(values, names=NAMES), draws=0, progress=False)
    drifting = [finding.evidence for finding in found.findings if finding.code == "drifting_sensor"]
    assert len(drifting) == 1
    assert "share of the variance: 9" in drifting[0]
    assert f1(found.graph, system.truth) >= 0.8


def test_order_by_scale_is_said():
    chain = np.zeros((3, 10, 10), bool)
    chain[0, np.arange(9), np.arange(1, 10)] = True
    rng, values = np.random.default_rng(0), np.zeros((1500, 10))
    values[:, 0] = rng.normal(size=1500)
    for effect in range(1, 10):
        values[:, effect] = 1.5 * values[:, effect - 1] + rng.normal(size=1500)
    moments = lagged_moments(values, None, 2)
    codes = {finding.code: finding for finding in scale_findings(chain, moments)}
    assert "rises from cause to effect along 100 % of the paths" in codes["sorted_by_variance"].evidence
    assert codes["sorted_by_r2"].severity == "warning"
    few = chain.copy()
    few[0, :5] = False
    assert scale_findings(few, moments) == []


def test_progress_names_the_stages(gappy, capsys):
    js.discover(gappy, draws=DRAWS, progress=True)
    searched = [
        "lags ...",
        "12 fits ...",
        "graph ...",
        "directions ...",
        "effects that bend ...",
        "24 fits of 4 draws ...",
        "4 draws ...",
    ]
    stages = ["faults, drift, cycles ...", "gaps ...", "linear or not ...", *searched]
    said = capsys.readouterr()
    assert [line for line in said.err.splitlines() if line.endswith("...")] == stages  # a slow one says so again
    assert said.out == ""


def test_all_fits_are_one_program_and_each_is_what_it_would_be_alone():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3, 60, 6)) @ (np.eye(6) + 0.3 * rng.normal(size=(6, 6)))
    matrices = (np.einsum("stp,stq->spq", rows, rows) / 60)[:, None]
    before = len(exported._ready)
    together = fit_moments(matrices, [60], 3, (0.05, 0.2), steps=100)
    fit_moments(2.0 * matrices, [60], 3, (0.03, 0.1), steps=100)
    assert len(exported._ready) == before + 1
    assert together.shape == (3, 2, 2, 3, 3)
    assert not together[:, :, 0, np.arange(3), np.arange(3)].any()
    for number in range(3):
        alone = fit_moments(matrices[number : number + 1], [60], 3, (0.05, 0.2), steps=100)
        np.testing.assert_allclose(alone[0], together[number], atol=1e-4)
    assert np.abs(together[:, 1]).sum() < np.abs(together[:, 0]).sum()
    with pytest.raises(ValueError, match="matrices: found shape"):
        fit_moments(matrices[0], [60], 3, (0.05,))


def test_bent_effects_choose_the_gated_network_and_straight_ones_do_not():
    found = {}
    for name, system in (
        ("lorenz96", lorenz96(5, 1500, seed=3)),
        ("svar", svar(6, 1500, seed=3, n_instant=6, n_lagged=6)),
    ):
        found[name] = js.discover(js.Dataset.from_array(system.values), max_lag=2, draws=2, progress=False)
        assert found[name].graph.shape == system.truth.shape
    bent, straight = found["lorenz96"], found["svar"]
    assert bent.chosen["model"].value == "rcgnn_graph"
    assert straight.chosen["model"].value == "svar"
    assert certify(bent.lagged_probability[0], bent.lagged_graph[0]).dropped == ()
    assert f1(bent.graph, lorenz96(5, 1500, seed=3).truth) >= 0.8
    assert ((bent.edge_probability >= 0) & (bent.edge_probability <= 1)).all()


def test_too_few_rows_are_not_compared_with_a_network(system):
    found = js.discover(js.Dataset.from_array(system.values[:400]), draws=0, progress=False)
    assert "fewer than 500 rows" in found.chosen["model"].why

"""Directions by the shape of the noise: right where it is not Gaussian, untouched where it is."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery import choice
from jaxstable.discovery.observed import Prepared
from jaxstable.discovery.shapes import Shapes, drawn_prices, orient, select_priced, settled_against
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import select, selection_of
from jaxstable.moments.lagged import lagged_moments

CHAIN = np.eye(4, k=1).astype(bool)  # every orientation without a collider fits Gaussian noise as well
NOISES = {
    "laplace": lambda rng, shape: rng.laplace(size=shape) / np.sqrt(2),
    "uniform": lambda rng, shape: rng.uniform(-np.sqrt(3), np.sqrt(3), size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1.0,
}


def chain(noise, n_rows: int = 1500, seed: int = 0) -> np.ndarray:
    """Return rows of x0 -> x1 -> x2 -> x3 in which each holds 0.8 of the one before."""
    values = noise(np.random.default_rng(seed), (n_rows, 4))
    for effect in range(1, 4):
        values[:, effect] += 0.8 * values[:, effect - 1]
    return values


def judged(values: np.ndarray, start: np.ndarray, required=None):
    """Return the criterion, the graph that shapes orient from a graph of lag 0, and the shapes."""
    moments = lagged_moments(values, None, 0)
    criterion = Criterion(Refits(moments.matrix, moments.count, 4, moments.pair_share), required)
    rows = Prepared(values, np.isfinite(values), np.zeros(len(values), int))
    shapes = Shapes(rows, moments, 0)
    return criterion, orient(criterion, start, 1.0, shapes), shapes


@pytest.mark.parametrize("noise", NOISES)
def test_a_chain_is_turned_the_right_way_round(noise):
    criterion, oriented, _ = judged(chain(NOISES[noise]), CHAIN.T.copy())
    np.testing.assert_array_equal(oriented.graph, CHAIN)
    assert oriented.leaning[CHAIN].min() > criterion.penalty
    assert settled_against(oriented, criterion.penalty, (1, 4, 4))[0].tolist() == CHAIN.T.tolist()


def test_gaussian_noise_speaks_for_no_direction():
    values = chain(lambda rng, shape: rng.standard_normal(shape))
    for start in (CHAIN, CHAIN.T.copy()):
        criterion, oriented, shapes = judged(values, start)
        assert shapes.share(criterion.refits, start) < 0.6
        assert np.abs(oriented.leaning).max() < 5.0
        assert not settled_against(oriented, criterion.penalty, (1, 4, 4)).any()


def test_a_required_direction_stays():
    required = np.zeros((1, 4, 4), bool)
    required[0, 1, 0] = True
    _, oriented, _ = judged(chain(NOISES["laplace"]), CHAIN.T.copy(), required)
    assert oriented.graph[1, 0]
    assert oriented.leaning[1, 0] == 0.0


def test_gaps_and_a_wild_reading_leave_directions_alone():
    values = chain(NOISES["laplace"], 3000)
    values[np.random.default_rng(1).uniform(size=values.shape) < 0.2] = np.nan
    values[77, 2] += 15.0
    _, oriented, _ = judged(values, CHAIN.T.copy())
    np.testing.assert_array_equal(oriented.graph, CHAIN)


def test_draws_are_held_to_what_shapes_say_as_often_as_it_is_sure():
    criterion, oriented, _ = judged(chain(NOISES["laplace"]), CHAIN.T.copy())
    selection = selection_of(criterion, oriented.graph, 1.0, oriented.leaning)
    assert selection.turning[CHAIN].min() > criterion.penalty
    rng = np.random.default_rng(0)
    drawn = [drawn_prices(oriented, selection.turning, rng) for _ in range(20)]
    assert np.mean([one[CHAIN.T].mean() for one in drawn]) > criterion.penalty
    assert max(one[CHAIN].max() for one in drawn) == 0.0
    unsure = oriented._replace(leaning=np.where(CHAIN, 3.0, 0.0), deviation=np.where(CHAIN, 9.0, 0.0))
    drawn = [drawn_prices(unsure, unsure.leaning, rng) for _ in range(200)]
    assert 0.5 < np.mean([(one[CHAIN.T] > 0.0).mean() for one in drawn]) < 0.75
    firm = drawn_prices(unsure, np.where(CHAIN, 100.0, np.inf), rng)  # moments of all rows speak for it too
    assert firm[CHAIN].max() == 0.0
    assert all(((one > 0.0) ^ (one > 0.0).T)[CHAIN].all() for one in drawn)  # one direction is left open, always


def test_shapes_settle_what_moments_leave_open_and_no_more():
    criterion, *_ = judged(chain(NOISES["laplace"]), CHAIN)
    for wanted in (CHAIN, CHAIN.T):
        np.testing.assert_array_equal(select_priced(criterion, 20.0 * wanted.T, (), 1.0).graph[0], wanted)
    values = NOISES["laplace"](np.random.default_rng(0), (1500, 4))
    values[:, 3] += values[:, :3].sum(axis=1)  # three causes of one effect: moments alone tell them
    collider = np.zeros((4, 4), bool)
    collider[:3, 3] = True
    criterion, *_ = judged(values, collider)
    np.testing.assert_array_equal(select_priced(criterion, 5.0 * collider, (), 1.0).graph[0], collider)
    dear = 1e5 * collider
    assert not (select_priced(criterion, dear, (), 1.0).graph[0] & collider).any()


@pytest.mark.parametrize("misfit", [True, False])
def test_what_a_turn_costs_by_all_rows_counts_only_where_the_model_fits(misfit, monkeypatch):
    asked = []

    def drawn(oriented, turning, rng):
        asked.append((oriented, turning))
        return drawn_prices(oriented, turning, rng)

    monkeypatch.setattr(choice, "MISFIT", -1.0 if misfit else np.inf)
    monkeypatch.setattr(choice, "drawn_prices", drawn)
    js.discover(js.Dataset.from_array(chain(NOISES["laplace"])), max_lag=0, draws=2, progress=False)
    assert len(asked) == 2
    assert all((turning is oriented.leaning) == misfit for oriented, turning in asked)
    assert misfit or asked[0][1][CHAIN].min() > 0.0


def test_discover_finds_directions_that_second_moments_leave_open():
    found = js.discover(js.Dataset.from_array(chain(NOISES["exponential"])), max_lag=0, draws=20, progress=False)
    np.testing.assert_array_equal(found.graph, CHAIN)
    assert found.chosen["noise_shape"].value == 3
    assert found.chosen["squares"].value == 0  # bent means of the wrong direction need none
    assert found.edge_probability[CHAIN].min() > 0.9
    gaussian = chain(lambda rng, shape: rng.standard_normal(shape))
    found = js.discover(js.Dataset.from_array(gaussian), max_lag=0, draws=20, progress=False)
    assert found.chosen["noise_shape"].value == 0
    assert found.edge_probability.max() < 0.9


def test_select_alone_leaves_the_direction_of_a_chain_open():
    criterion, *_ = judged(chain(NOISES["laplace"]), CHAIN)
    assert select(criterion).turning.min() < 1.0

"""Effects that bend: squares are found where they are, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery.squares import SquareSearch, with_squares
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import select
from jaxstable.moments.lagged import lagged_moments

N_ROWS = 1500
TRUTH = {(0, 0, 1), (0, 1, 2), (1, 3, 4), (0, 5, 2)}  # lag, cause, effect
BENT = {(0, 1, 2), (1, 3, 4)}


def plant(bent: bool, seed: int = 0, noise: str = "normal") -> np.ndarray:
    """Return rows of six sensors; two of the four effects are of the square of their cause, or all are straight."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((N_ROWS, 6)) if noise == "normal" else rng.exponential(size=(N_ROWS, 6)) - 1.0
    shape = (lambda x: 0.5 * np.minimum(x * x, 6.0)) if bent else (lambda x: 0.7 * x)
    for t in range(1, N_ROWS):
        found[t] += 0.4 * found[t - 1]
        found[t, 1] += 0.6 * found[t, 0]
        found[t, 2] += shape(found[t, 1]) - 0.5 * found[t, 5]
        found[t, 4] += shape(found[t - 1, 3])
    return found


def edges(graph: np.ndarray) -> set[tuple[int, int, int]]:
    return {tuple(map(int, place)) for place in np.argwhere(graph)}


def searched(values: np.ndarray, forbidden: set[tuple[int, int, int]] = frozenset(), mask: np.ndarray | None = None):
    mask = np.ones(values.shape, bool) if mask is None else mask
    plain, squared = (lagged_moments(*rows, 1) for rows in ((values, mask), with_squares(values, mask)))
    none = np.zeros((2, 6, 6), bool)
    banned = none.copy()
    for place in forbidden:
        banned[place] = True
    straight = select(Criterion(Refits(plain.matrix, plain.count, 6, plain.pair_share), none, banned))
    search = SquareSearch(squared, none, banned, none, 1)
    return search, straight, search.search(straight)


def test_squares_are_found_where_the_straight_line_misses_them():
    search, straight, bent = searched(plant(True))
    assert not BENT & edges(straight.graph)
    assert edges(bent.selection.graph) == TRUTH
    assert edges(bent.squared) == BENT
    assert not bent.selection.graph[:, range(6), range(6)].any()
    drawn = search.draw(search.moments.matrix, bent.selection.inflation, np.zeros((6, 6)))
    assert edges(drawn.graph) == TRUTH
    dear = np.zeros((6, 6))
    dear[1, 2] = 1e5  # the effect needs the square, so that neither the sensor nor its square may stay the cause
    turned = search.draw(search.moments.matrix, bent.selection.inflation, dear)
    assert not turned.graph[0, 1, 2]
    # The weight is the slope at the mean: all of a straight effect, little of one that bends.
    assert bent.selection.weights[0, 0, 1] > 0.4
    assert abs(bent.selection.weights[1, 3, 4]) < 0.2
    assert all(bent.selection.strength[place] ** 2 > bent.criterion.penalty for place in TRUTH)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("noise", ["normal", "exponential"])
def test_none_are_found_where_effects_are_straight(seed, noise):
    assert searched(plant(False, seed, noise))[2] is None


def test_a_forbidden_edge_stays_out_with_its_square():
    bent = searched(plant(True), forbidden={(1, 3, 4)})[2]
    assert (1, 3, 4) not in edges(bent.selection.graph | bent.squared)
    assert (0, 1, 2) in edges(bent.squared)


def test_a_sensor_that_is_seldom_read_has_no_square():
    mask = np.ones((N_ROWS, 6), bool)
    mask[np.arange(N_ROWS) % 5 > 0, 3] = False
    bent = searched(plant(True), mask=mask)[2]
    assert edges(bent.squared) == {(0, 1, 2)}


def test_a_switch_has_no_square():
    values = plant(True)
    values[:, 3] = values[:, 3] > 0.3
    rows, _ = with_squares(values, np.ones(values.shape, bool))
    assert not rows[:, 6 + 3].any()
    bent = searched(values)[2]
    assert not bent.squared[:, 3].any()
    assert (0, 1, 2) in edges(bent.squared)


def test_squares_are_bounded_and_say_nothing_that_a_line_says():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=(400, 3))
    values[7, 0] = 1e6
    mask = rng.random(values.shape) > 0.2
    rows, seen = with_squares(values, mask)
    np.testing.assert_array_equal(rows[:, :3], values)
    np.testing.assert_array_equal(seen, np.hstack([mask, mask]))
    square = np.where(mask, rows[:, 3:], 0.0)
    centred = np.where(mask, values - np.nanmean(np.where(mask, values, np.nan), axis=0), 0.0)
    scale = np.sqrt((square**2).sum(axis=0) * (centred**2).sum(axis=0))
    np.testing.assert_allclose((square * centred).sum(axis=0) / scale, 0.0, atol=1e-10)
    assert np.abs(square).max() < 20.0


def test_discover_finds_them_and_says_so():
    found = js.discover(plant(True), draws=4, progress=False)
    assert {(lag, int(cause[1:]), int(effect[1:])) for lag, cause, effect in _named(found)} == TRUTH
    assert found.chosen["squares"].value == 2
    said = next(finding for finding in found.findings if finding.code == "bent_effects")
    assert "x1 -> x2" in said.evidence
    assert "x3 -> x4" in said.evidence
    assert found.edge_probability[3, 4] > 0.9


def _named(found: js.Discovery) -> list[tuple[int, str, str]]:
    return [(lag, found.names[cause], found.names[effect]) for lag, cause, effect in edges(found.lagged_graph)]

"""The fast ways of the cycles give what the plain ones give."""

import numpy as np
import pytest

from jaxstable.signals.dynamics import Dynamics
from jaxstable.signals.neighbours import median_around
from jaxstable.signals.waves import Waves, turning


@pytest.mark.parametrize(("nearest", "number", "stride"), [(2, 16, 2), (1, 1, 1), (1, 2, 3), (4, 8, 1)])
def test_the_median_of_neighbours_is_numpys(nearest, number, stride):
    values = np.random.default_rng(number).exponential(size=(200, 3))
    values[50:70] = 1.0  # ties
    shifts = stride * np.arange(nearest, nearest + number)
    places = np.arange(shifts[-1], 200 - shifts[-1])
    plain = np.median(np.stack([values[places + shift] for shift in (*-shifts, *shifts)]), axis=0)
    np.testing.assert_array_equal(median_around(values, nearest, number, stride), plain)


def test_a_number_of_neighbours_that_cannot_be_merged_is_refused():
    with pytest.raises(ValueError, match="number: found 3, expected a power of two"):
        median_around(np.zeros((9, 1)), 1, 3, 1)


def plain_waves(values, seen, frequencies):
    angle = 2 * np.pi * np.outer(np.arange(len(values)), frequencies)
    basis = np.concatenate([np.ones((len(values), 1)), np.sin(angle), np.cos(angle)], axis=1)
    fitted = np.zeros(values.shape)
    for column in range(values.shape[1]):
        rows = seen[:, column]
        if rows.all() or rows.sum() >= 2 * basis.shape[1]:
            weights = np.linalg.lstsq(basis[rows], values[rows, column], rcond=1e-8)[0]
            fitted[:, column] = basis[:, 1:] @ weights[1:]
    return fitted


@pytest.mark.parametrize("level", [0.0, 1e6])
@pytest.mark.parametrize("frequencies", [(1 / 24, 1 / 7.3), (1 / 24, 1 / 24.0001, 1 / 12), (1 / 24, 1 / 24)])
def test_waves_are_those_of_least_squares_however_alike(frequencies, level):
    rng = np.random.default_rng(0)
    time = np.arange(700)
    values = rng.normal(size=(700, 4)) + np.sin(2 * np.pi * time / 24)[:, None] * [3, 1, 0, 2] + level
    seen = rng.random(values.shape) > [0.0, 0.3, 0.6, 0.99]
    seen[:, 0] = True
    waves = Waves(values, seen)
    for frequency in frequencies:
        waves.add([frequency])
    at_once = Waves(values, seen)
    at_once.add(frequencies)
    plain = plain_waves(values, seen, frequencies)
    assert np.abs(plain).max() > 2
    assert not plain[:, 3].any()
    np.testing.assert_allclose(waves.fitted(), plain, atol=2e-9 if level else 1e-11)
    np.testing.assert_allclose(at_once.fitted(), plain, atol=2e-9 if level else 1e-11)


def test_turns_are_exponentials():
    frequencies = np.array([0.0, 1 / 7.3, 0.499])
    plain = np.exp(2j * np.pi * np.outer(frequencies, np.arange(9357)))
    np.testing.assert_allclose(turning(frequencies, 9357), plain, atol=1e-11)


def test_what_waves_gain_beside_dynamics_is_the_difference_of_two_fits():
    rows = np.random.default_rng(0).normal(size=(300, 3))
    dynamics = Dynamics(rows, np.ones(rows.shape, bool))
    angle = 2 * np.pi * dynamics.rows / 24
    terms = np.stack([np.ones(len(angle)), np.sin(angle), np.cos(angle)], axis=1)
    everywhere = np.arange(len(angle))
    scores = [dynamics.criterion([(everywhere, terms[:, :width])]) for width in (1, 3)]
    price = 2 * 3 * np.log(len(angle))
    np.testing.assert_allclose(dynamics.gains(terms).sum(), scores[0] - scores[1] + price, atol=1e-9)

"""Grids become configs, in order, and what cannot become one is refused by name."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jaxstable.config import Config, ConfigError
from jaxstable.training.grid import NAMED_GRIDS, axes_of, expand, log_spaced, random_points, static_fields


def test_product_runs_through_the_last_axis_first():
    lanes = expand(Config(epochs=3), {"lambda_sparse": [1e-4, 1e-3], "seed": range(3)})
    assert [(lane.lambda_sparse, lane.seed) for lane in lanes] == [(s, i) for s in (1e-4, 1e-3) for i in range(3)]
    assert {lane.epochs for lane in lanes} == {3}


@pytest.mark.parametrize(("name", "count"), [("structure", 27), ("penalties", 9)])
def test_named_grids_have_the_sizes_they_promise(name, count):
    lanes = expand(Config(), name)
    assert len(set(lanes)) == len(lanes) == count
    assert axes_of(lanes) == list(NAMED_GRIDS[name])


def test_a_list_may_mix_configs_and_changes():
    own = Config.unstable()
    lanes = expand(Config(seed=5), [own, {"batch_size": 4}, {}])
    assert lanes == [own, Config(seed=5, batch_size=4), Config(seed=5)]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("structur", "found 'structur', expected one of structure, penalties"),
        ({"lambda_sparse": 1e-3}, "lambda_sparse: found 0.001, expected a list"),
        ({"optimizer": "adam"}, "optimizer: found 'adam', expected a list"),
        ({"seed": []}, "seed: found no value"),
        ({"sed": [1]}, "did you mean 'seed'"),
        ({"clip_norm": [1.0, -1.0]}, "clip_norm: found -1.0, expected > 0"),
        ([], "no lane"),
        ([{"seed": 1}, 3], "grid: found 3, expected a mapping"),
        (7, "grid: found 7, expected a mapping"),
    ],
)
def test_a_grid_that_cannot_be_is_refused_by_name(grid, message):
    with pytest.raises(ConfigError, match=message):
        expand(Config(), grid)


@given(
    low=st.floats(1e-9, 1e3),
    factor=st.floats(1.01, 1e6),
    count=st.integers(2, 30),
)
def test_log_spaced_keeps_ends_order_and_ratio(low, factor, count):
    values = log_spaced(low, low * factor, count)
    assert len(values) == count
    assert math.isclose(values[0], low, rel_tol=1e-9)
    assert math.isclose(values[-1], low * factor, rel_tol=1e-9)
    ratios = [b / a for a, b in itertools.pairwise(values)]
    assert min(ratios) > 1
    assert math.isclose(max(ratios), min(ratios), rel_tol=1e-6)


def test_log_spaced_gives_the_values_one_would_type():
    assert log_spaced(1e-6, 1e-1, 6) == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]


def test_random_points_repeat_by_seed_and_stay_inside():
    space = {"lambda_sparse": (1e-5, 1e-2), "batch_size": [8, 16]}
    points = random_points(200, seed=3, **space)
    assert points == random_points(200, seed=3, **space)
    assert points != random_points(200, seed=4, **space)
    values = [point["lambda_sparse"] for point in points]
    assert 1e-5 <= min(values) < 2e-5
    assert 5e-3 < max(values) <= 1e-2
    # Log-uniform: a third of the points in each decade.
    assert all(40 < sum(low <= value < 10 * low for value in values) < 95 for low in (1e-5, 1e-4, 1e-3))
    assert {point["batch_size"] for point in points} == {8, 16}


@pytest.mark.parametrize("allowed", [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (1.0, math.inf)])
def test_a_range_without_room_is_refused(allowed):
    with pytest.raises(ConfigError, match="0 < low < high"):
        random_points(1, lambda_sparse=allowed)
    with pytest.raises(ConfigError, match="0 < low < high"):
        log_spaced(*allowed, 3)


def test_only_floats_and_the_seed_are_traced():
    same = expand(Config(), [{"learning_rate": 1.0}, {"seed": 4}, {"plateau_min_lr": 1e-6}, {"clip_norm": 3}])
    assert len({static_fields(config) for config in same}) == 1
    other = expand(
        Config(), [{}, {"batch_size": 9}, {"plateau": False}, {"model": "rcgnn_latent"}, {"window": 9}, {"epochs": 2}]
    )
    assert len({static_fields(config) for config in other}) == 6

"""How far back rows remember, whatever else is wrong with them."""

import numpy as np
import pytest

from jaxstable.moments.memory import NO_MEMORY, memory, most_lags, needed_lags
from jaxstable.simulate.systems import svar


def late(seed: int, lag: int, n_rows: int = 900, size: float = 0.5) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n_rows, 5))
    rows[lag:, 3] += size * rows[:-lag, 1]
    return rows


@pytest.mark.parametrize("lag", [3, 5, 9])
def test_late_effects_are_remembered(lag):
    rows = late(lag, lag)
    assert memory(rows, np.ones(rows.shape, bool), None, 2, 12)[:3] == (lag, 1, 3)
    assert needed_lags(rows, np.ones(rows.shape, bool)) == lag


@pytest.mark.parametrize("seed", range(4))
def test_a_system_of_two_lags_remembers_no_more(seed):
    system = svar(8, 1000, n_lags=2, seed=seed, n_instant=8, n_lagged=8)
    assert needed_lags(system.values, np.ones(system.values.shape, bool)) == 2


def test_gaps_and_bursts_are_no_memory():
    rows = late(0, 1)
    seen = np.random.default_rng(1).random(rows.shape) > 0.4
    assert needed_lags(np.where(seen, rows, np.nan), seen) == 2
    rows[300:310, 0] += 20 * np.random.default_rng(2).normal(size=10)
    rows[303:313, 2] += 20 * np.random.default_rng(3).normal(size=10)
    assert needed_lags(rows, np.ones(rows.shape, bool)) == 2


def test_short_or_wide_data_keep_to_few_lags():
    assert most_lags(np.zeros((60, 13))) < 2
    assert most_lags(np.zeros((100_000, 200))) == 2
    assert most_lags(np.zeros((1000, 4)), np.arange(1000) // 50) == 5
    assert needed_lags(np.zeros((60, 13)), np.ones((60, 13), bool)) == 2


def test_nothing_is_remembered_across_series():
    rows = late(4, 5)
    series = np.arange(len(rows)) // 4
    assert needed_lags(rows, np.ones(rows.shape, bool), series) == 2


def test_more_sensors_than_columns_are_looked_at_with_no_lags():
    wide, series = np.random.default_rng(0).normal(size=(50, 700)), np.zeros(50, int)
    assert most_lags(wide, series) == 0
    assert memory(wide, np.ones(wide.shape, bool), series, 2, most_lags(wide, series)) == NO_MEMORY

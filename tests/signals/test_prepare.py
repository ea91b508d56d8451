"""The preparation of signals: each part is taken out where it is, left alone where it is not, reported and chosen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from jaxstable.signals.cycles import clock_periods, find_cycles, take_cycles
from jaxstable.signals.drift import needed_waves
from jaxstable.signals.held import find_held
from jaxstable.signals.prepare import Removed, check_parts, prepare
from jaxstable.signals.rest import find_rest
from jaxstable.signals.spikes import find_spikes
from jaxstable.signals.steps import find_steps
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def plant():
    return 100.0 + svar(6, 1200, n_instant=5, n_lagged=5, seed=3).values


def seen(values):
    return np.isfinite(values)


def slow(n_rows, n_vars, seed, rho=0.95):
    noise = np.random.default_rng(seed).standard_normal((n_rows + 300, n_vars))
    for row in range(1, len(noise)):
        noise[row] += rho * noise[row - 1]
    return noise[300:]


def test_a_clean_plant_keeps_every_reading(plant):
    cleaned = prepare(plant, seen(plant))
    assert cleaned.mask.all()
    np.testing.assert_array_equal(cleaned.values, plant)
    assert cleaned.removed == (Removed(),) * 6


@pytest.mark.parametrize("share", [0.0, 0.3])
@pytest.mark.parametrize("period", [24.0, 7.3])
def test_a_cycle_is_taken_out_also_of_sensors_that_show_little_of_it(plant, period, share):
    rng = np.random.default_rng(1)
    size = plant.std(axis=0) * [1.0, 1.0, 1.0, 1.0, 1.0, 0.2]
    wave = size * np.sin(2 * np.pi * np.arange(len(plant))[:, None] / period + rng.uniform(0, 6, 6))
    values = np.where(rng.random(plant.shape) < share, np.nan, plant + wave)
    cleaned = prepare(values, seen(values))
    left = (cleaned.cycle - wave) - (cleaned.cycle - wave).mean(axis=0)
    assert (left.std(axis=0) < 0.2 * plant.std(axis=0)).all()
    assert cleaned.removed[0].cycles[0] == pytest.approx(period, rel=0.01)
    assert cleaned.removed[0].cycle == pytest.approx(1 / 3, abs=0.12)


def test_data_without_lines_have_none():
    found = [find_cycles(slow(800, 5, seed), np.ones((800, 5), bool)) for seed in range(15)]
    found += [find_cycles(slow(300, 3, seed, 0.4), np.ones((300, 3), bool)) for seed in range(15)]
    assert sum(map(bool, found)) <= 2  # one in fifty by construction


def test_the_clock_names_periods_that_the_spectrum_alone_would_leave():
    week = 0.9 * np.sin(2 * np.pi * np.arange(1500) / 168)[:, None]
    rows = week + np.random.default_rng(2).standard_normal((1500, 3))
    assert find_cycles(rows, seen(rows)) == ()  # among the slowest ordinates
    assert 168.0 in find_cycles(rows, seen(rows), known=clock_periods("1 h"))
    assert clock_periods("15 min")[0] == 96.0


def test_short_series_keep_slow_cycles(plant):
    waves = take_cycles(plant[:100], seen(plant[:100]), [40.0, 10.0])
    assert not take_cycles(plant[:100], seen(plant[:100]), [40.0]).any()
    assert waves.any()


@pytest.mark.parametrize("seed", range(4))
def test_slow_dynamics_are_no_drift_and_a_trend_is(seed):
    values = slow(1000, 6, seed)
    assert needed_waves(values, seen(values)) == 0
    values = slow(1000, 6, seed, 0.5)
    values += np.linspace(-1, 1, 1000)[:, None] * values.std(axis=0)
    assert needed_waves(values, seen(values)) > 0


def test_levels_of_recordings_are_taken_out_where_they_differ(plant):
    series = np.repeat([0, 1], 600)
    shifted = plant + series[:, None] * 5.0 * plant.std(axis=0)
    cleaned = prepare(shifted, seen(shifted), series)
    assert abs(cleaned.values[:600].mean(axis=0) - cleaned.values[600:].mean(axis=0)).max() < 1e-9
    low, high = cleaned.removed[0].level
    assert high - low == pytest.approx(5.0 * plant[:, 0].std(), rel=0.2)
    assert not prepare(plant, seen(plant), series).level.any()


def test_a_spike_becomes_missing_and_what_only_looks_like_one_stays(plant):
    values = plant.copy()
    values[500, 2] += 1000.0 * plant[:, 2].std()
    assert prepare(values, seen(values)).removed[2].spikes == (500,)
    rng = np.random.default_rng(0)
    rain = np.where(rng.random(1000) < 0.02, rng.exponential(size=1000), 0.0)
    switch = np.where(rng.random(1000) < 0.01, 1.0, 0.0)
    coarse = np.round(rng.standard_normal(1000) * 0.6)
    loud = rng.standard_t(2, 1000) ** 3
    ordinary = np.stack([rain, switch, coarse, loud], axis=1)
    assert not find_spikes(ordinary, seen(ordinary)).any()


def faulty(plant, share: float, length: int, size: float = 8.0, seed: int = 0):
    """Return the plant with a share of its readings off, some in a row, and where."""
    rng = np.random.default_rng(seed)
    where = np.zeros(plant.shape, bool)
    for start, column in np.argwhere(rng.random(plant.shape) < share / length).tolist():
        where[start : start + length, column] = True
    return plant + where * size * rng.choice([-1.0, 1.0], plant.shape[1]) * plant.std(axis=0), where


@pytest.mark.parametrize(("share", "length"), [(0.01, 1), (0.01, 2), (0.01, 3), (0.02, 5), (0.05, 1), (0.08, 1)])
def test_spikes_in_a_row_and_many_of_them_are_found_where_nothing_echoes_them(plant, share, length):
    values, where = faulty(plant, share, length)
    found = find_spikes(values, seen(values))
    assert (found & where).sum() >= 0.97 * where.sum()
    assert (found & ~where).sum() <= 0.02 * where.sum()


def test_two_readings_that_jump_within_what_a_smooth_sensor_reads_every_day_stay():
    smooth = 10.0 * np.sin(np.arange(1200) / 60.0) + np.random.default_rng(5).standard_normal(1200)
    weather, fault = smooth.copy(), smooth.copy()
    weather[300:302] += 20.0
    fault[300:302] += 60.0
    assert not find_spikes(weather[:, None], np.ones((1200, 1), bool)).any()
    assert np.flatnonzero(find_spikes(fault[:, None], np.ones((1200, 1), bool))).tolist() == [300, 301]


def test_faults_of_many_sensors_at_once_are_no_echo(plant):
    rows = np.arange(40, 1180, 23)
    values = plant.copy()
    values[rows] += 10 * plant.std(axis=0)
    found = find_spikes(values, seen(values))
    assert found[rows].all()
    assert found.sum() == found[rows].sum()


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("lag", [0, 1])
def test_events_that_another_sensor_follows_stay(length, lag):
    rng = np.random.default_rng(1)
    events = np.zeros(1200)
    for start in range(15, 1180, 12 * length):
        events[start : start + length] = 12.0
    valve = rng.standard_normal(1200) + events
    flow = 0.5 * np.roll(valve, lag) + rng.standard_normal(1200)
    values = np.stack([valve, flow, rng.standard_normal(1200)], axis=1)
    assert not find_spikes(values, seen(values))[:, 0].any()


def test_events_that_the_sensor_itself_remembers_stay():
    rng = np.random.default_rng(2)
    noise = np.where(rng.random(2000) < 0.05, 10.0 * rng.choice([-1, 1], 2000), rng.standard_normal(2000))
    values = noise.copy()
    for t in range(1, len(values)):
        values[t] += 0.6 * values[t - 1]
    assert not find_spikes(values[:, None], np.ones((2000, 1), bool)).any()


def test_repeats_of_a_held_sensor_become_missing_and_honest_repeats_stay():
    rng = np.random.default_rng(0)
    held = np.repeat(rng.standard_normal(100), 10)
    night = np.where(np.arange(1000) % 24 < 14, 0.0, rng.random(1000))
    coarse = np.round(np.cumsum(rng.standard_normal(1000)) * 0.1)
    values = np.stack([held, night, coarse, np.arange(1000) // 500], axis=1)
    assert find_held(values, seen(values)).sum(axis=0).tolist() == [900, 0, 0, 0]
    cleaned = prepare(values, seen(values))
    assert cleaned.removed[0].held == 900
    assert cleaned.mask[:, 0].sum() == 100


def test_parts_are_forced_forbidden_and_done_again_alike(plant):
    values = plant + 2.0 * plant.std(axis=0) * np.sin(2 * np.pi * np.arange(len(plant)) / 24)[:, None]
    assert prepare(values, seen(values), prepare="none").removed == (Removed(),) * 6
    forced = prepare(values, seen(values), prepare={"cycles": [24.0], "drift": 3})
    assert forced.removed[0].cycles == (24.0,)
    assert forced.removed[0].waves == 3
    later = prepare(values[900:], seen(values[900:]), prepare=forced.parts)
    assert later.removed[0].cycles == (24.0,)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("all", "found 'all', expected 'auto', 'none' or a mapping"),
        ({"noise": True}, "the part 'noise', expected one of levels"),
        ({"drift": -1}, "found -1 for 'drift', expected 'auto', True or False, or a number of waves"),
        ({"cycles": [1.0]}, r"found \[1.0\] for 'cycles'"),
        ({"spikes": 3}, "found 3 for 'spikes', expected 'auto', True or False$"),
    ],
)
def test_wrong_choices_are_refused(choice, message):
    with pytest.raises(ValueError, match=message):
        check_parts(choice)


def slow_chain(seed: int, n_rows: int = 3000) -> np.ndarray:
    """Return sensors that remember .95 of themselves, each driven by the one before: ever smoother ones."""
    noise = np.random.default_rng(seed).normal(size=(n_rows + 300, 5))
    rows = np.zeros_like(noise)
    for t in range(1, len(rows)):
        rows[t] = 0.95 * rows[t - 1] + noise[t]
        rows[t, 1:] += 0.3 * rows[t - 1, :-1]
    return rows[300:]


@pytest.mark.parametrize("seed", range(4))
def test_slow_dynamics_are_no_cycles_and_no_drift(seed):
    rows = slow_chain(seed)
    cleaned = prepare(rows, np.ones(rows.shape, bool))
    assert not cleaned.cycle.any()
    assert not cleaned.drift.any()


def test_a_cycle_in_slow_sensors_is_found():
    rows = slow_chain(7)
    rows += rows.std(axis=0) * np.sin(2 * np.pi * np.arange(len(rows))[:, None] / 24 + np.arange(5))
    (period,) = prepare(rows, np.ones(rows.shape, bool)).parts["cycles"]
    assert abs(period - 24) < 0.05


def test_spikes_in_a_smooth_sensor_are_found():
    rows = slow_chain(8)
    where = np.arange(40, 2960, 97)
    rows[where, 4] += 8 * rows[:, 4].std()
    removed = prepare(rows, np.ones(rows.shape, bool)).removed
    assert set(where) <= set(removed[4].spikes)
    assert len(removed[4].spikes) <= len(where) + 3


def test_a_step_of_one_sensor_is_taken_out_and_told(plant):
    values = plant.copy()
    values[400:, 3] += 4.0 * plant[:, 3].std()
    cleaned = prepare(values, seen(values))
    ((row, jump),) = cleaned.removed[3].steps
    assert abs(row - 400) <= 1
    assert jump == pytest.approx(4.0 * plant[:, 3].std(), rel=0.1)
    assert not any(one.steps for column, one in enumerate(cleaned.removed) if column != 3)
    assert abs(cleaned.values[:row, 3].mean() - cleaned.values[row:, 3].mean()) < 1e-9
    kept = prepare(values, seen(values), prepare={"steps": False})
    assert not any(one.steps for one in kept.removed)


def step_rows(values):
    return [step.row for step in find_steps(values, seen(values))]


def test_another_point_of_operation_and_a_standstill_are_stretches_with_levels_of_their_own(plant):
    up = np.random.default_rng(1).choice([-3.0, 3.0], plant.shape[1]) * plant.std(axis=0)
    shifted, stopped = plant.copy(), plant.copy()
    shifted[600:] += up
    stopped[700:800] = plant.mean(axis=0) - 4.0 * plant.std(axis=0) + 0.01 * plant[700:800]
    assert step_rows(shifted) == [600]
    assert step_rows(stopped) == [700, 800]


@pytest.mark.parametrize("seed", range(4))
def test_slow_dynamics_and_slow_drift_are_no_steps(seed):
    rows = slow_chain(seed)
    assert not find_steps(rows, seen(rows))
    drifting = np.random.default_rng(seed).standard_normal((1500, 4)) + np.linspace(0.0, 5.0, 1500)[:, None]
    cleaned = prepare(drifting, seen(drifting))
    assert cleaned.removed[0].waves
    assert not any(one.steps for one in cleaned.removed)


def test_steps_of_series_with_gaps_are_found_in_their_own_rows(plant):
    values = plant.copy()
    values[800:, 1] += 5.0 * plant[:, 1].std()
    read = np.random.default_rng(3).random(values.shape) > 0.3
    series = np.repeat([0, 1], 600)
    (step,) = find_steps(values, read, series)
    assert 798 <= step.row <= 802
    assert step.sensors[1]


def test_a_stuck_sensor_is_missing_while_it_is_stuck(plant):
    values = np.column_stack([plant, np.round(plant[:, 0], 1)])
    values[300:420, 2] = values[300, 2]
    held = find_held(values, seen(values))
    assert np.flatnonzero(held[:, 2]).tolist() == list(range(301, 420))
    assert held.sum() == 119


@pytest.mark.parametrize("rows", [[700], [400, 900]])
def test_a_valve_that_others_follow_is_no_fault(rows):
    rng = np.random.default_rng(4)
    valve = 3.0 * sum(np.arange(1500) >= row for row in rows) + 0.1 * rng.standard_normal(1500)
    values = np.column_stack([valve, rng.standard_normal((1500, 3))])
    for t in range(1, len(values)):
        values[t, 1] += 0.5 * values[t - 1, 1] + 0.5 * values[t - 1, 0]
        values[t, 2] += 0.4 * values[t - 1, 2]
    assert not find_steps(values, seen(values))
    values[:, 2] += 5.0 * (np.arange(1500) >= 1100)
    (fault,) = find_steps(values, seen(values))
    assert abs(fault.row - 1100) <= 1
    assert fault.sensors.tolist() == [False, False, True, False]


@pytest.mark.parametrize("smoothness", [5, 20])
@pytest.mark.parametrize("length", [2, 3, 5, 8])
def test_a_smooth_sensor_that_drops_out_for_some_rows_is_found(length, smoothness):
    rng = np.random.default_rng(0)
    values = gaussian_filter1d(np.cumsum(rng.standard_normal((3000, 2)), axis=0), smoothness, axis=0)
    values += 1e-5 * rng.standard_normal(values.shape)
    out = np.zeros(values.shape, bool)
    for column in range(2):
        for start in rng.choice(np.arange(100, 2900, 50), 6, replace=False):
            out[start : start + length, column] = True
    values = np.where(out, values.mean(axis=0) - 8 * values.std(axis=0), values)
    found = find_spikes(values, seen(values))
    assert found[out].mean() > 0.8
    assert (found & ~out).sum() < 30  # single wiggles, of 6,000 readings


def dropped_out(values, length, depth=2.0, times=5, seed=0):
    """Let every sensor read one value below all others, by so many deviations, for so many rows."""
    rng = np.random.default_rng(seed)
    out = np.zeros(values.shape, bool)
    for column in range(values.shape[1]):
        for start in rng.choice(np.arange(20, len(values) - 40, 40), times, replace=False):
            out[start : start + length, column] = True
    return np.where(out, values.min(axis=0) - depth * values.std(axis=0), values), out


@pytest.mark.parametrize("length", [1, 4, 12])
def test_a_value_that_a_sensor_returns_to_across_a_gap_is_a_fault(plant, length):
    values, out = dropped_out(plant, length)
    found = find_spikes(values, seen(values))
    assert found[out].all()
    assert (found & ~out).sum() <= 2


def test_a_state_that_lasts_or_that_others_follow_is_no_fault(plant):
    values, out = dropped_out(plant, 30)
    assert find_spikes(values, seen(values))[out].mean() < 0.05  # a pump that stands
    values, out = dropped_out(plant, 4, times=12)
    values[:, 1:] = np.where(out[:, 1:], plant[:, 1:], values[:, 1:])
    follows = np.roll(out[:, 0], 1)
    values[follows, 1] -= 3.0 * plant[:, 1].std()
    assert not find_spikes(values, seen(values))[:, 0].any()


def test_a_switch_and_a_gauge_that_rests_are_no_faults():
    rng = np.random.default_rng(4)
    switch = (rng.random(1500) < 0.05).astype(float)
    gauge = np.where(rng.random(1500) < 0.1, 5.0 + rng.random(1500), 0.0)
    clipped = np.maximum(rng.standard_normal(1500), -1.5)
    values = np.stack([switch, gauge, clipped, rng.standard_normal(1500)], axis=1)
    assert not find_spikes(values, seen(values)).any()


def with_gaps(plant, length, filled, every=100):
    """Fill gaps of so many rows with the last value or along a line, in every second sensor."""
    values, gap = plant.copy(), np.zeros(plant.shape, bool)
    for column in range(0, plant.shape[1], 2):
        for start in range(20 + column, len(plant) - length - 1, every):
            ends = plant[start - 1, column], plant[start + length, column]
            line = np.linspace(*ends, length + 2)[1:-1]
            values[start : start + length, column] = line if filled == "line" else ends[0]
            gap[start : start + length, column] = True
    return values, gap


@pytest.mark.parametrize("filled", ["line", "last value"])
@pytest.mark.parametrize("length", [4, 8, 25])
def test_what_a_logger_filled_in_is_no_reading(plant, length, filled):
    values, gap = with_gaps(plant, length, filled)
    np.testing.assert_array_equal(find_held(values, seen(values)), gap)


def test_a_row_that_was_written_twice_is_no_reading(plant):
    rows = np.repeat(np.arange(len(plant)), 1 + (np.arange(len(plant)) % 40 == 0))
    held = find_held(plant[rows], seen(plant[rows]))
    again = np.append(False, rows[1:] == rows[:-1])
    np.testing.assert_array_equal(held, np.repeat(again[:, None], plant.shape[1], axis=1))
    partly = np.where(np.arange(6) < 5, plant[rows], plant[np.arange(len(rows)) % len(plant)])
    assert not find_held(partly, seen(partly)).any()  # one sensor was read anew


def test_the_end_of_a_scale_a_coarse_sensor_and_a_ramp_are_readings(plant):
    rng = np.random.default_rng(6)
    clipped = np.minimum(slow(1200, 1, 1, 0.9)[:, 0], 2.0)
    coarse = np.round(slow(1200, 1, 2, 0.9)[:, 0], 1)
    ramps = np.interp(np.arange(1200), np.arange(0, 1240, 40), rng.integers(0, 9, 31))
    values = np.stack([clipped, coarse, ramps], axis=1)
    assert not find_held(values, seen(values)).any()


def test_rows_in_which_the_plant_stands_are_missing(plant):
    values, rest = plant.copy(), np.zeros(len(plant), bool)
    for start in (200, 500, 800):
        rest[start : start + 40] = True
    values[rest] = plant.mean(axis=0) + plant.std(axis=0) * (0.02 * plant[rest] / plant.std() - 4.0)
    cleaned = prepare(values, seen(values))
    np.testing.assert_array_equal(cleaned.mask.any(axis=1), ~rest)
    assert cleaned.removed[0].held == rest.sum()
    assert prepare(values, seen(values), prepare={"held": False}).mask[rest].all()
    warm = values.copy()
    warm[:, 5] = plant[:, 5]
    kept = prepare(warm, seen(warm)).mask
    assert kept[rest][:, 5].all()  # the weather goes on
    assert not kept[rest][:, :5].any()
    night = values.copy()
    night[:, 4:] = plant[:, 4:]
    assert prepare(night, seen(night)).mask[rest].mean() > 0.9  # four of six sensors: the plant runs


def test_calm_rows_are_readings(plant):
    calm = np.where(np.arange(len(plant))[:, None] % 400 < 100, 0.3, 1.0) * (plant - plant.mean(axis=0))
    assert prepare(calm, seen(calm)).mask.mean() > 0.99
    two = slow(600, 2, 3)
    two[100:150] = two[100] + 1e-3 * slow(50, 2, 4)
    assert not find_rest(two, seen(two)).any()  # two sensors are not a plant

"""Cycles: sharp lines in the spectrum, such as day and week, that drive all sensors and are nobody's effect."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.signals.dynamics import Dynamics
from jaxstable.signals.gaps import centred, stretches
from jaxstable.signals.neighbours import median_around
from jaxstable.signals.waves import Waves, turning

SLOW = 16  # ordinates left alone at the slow end: there drift and slow dynamics look like lines
NEIGHBOURS = 16  # ordinates on either side that say what the spectrum is there without a line
CHANCE = 0.02  # of a false line in all spectra of data without one
MOST_LINES = 12
SHARED = 4.5  # robust deviations of the logarithm of the sum over sensors at which a weak line is a common one
FEWEST_ROWS = 128  # of a stretch; below, a line cannot be told from slow dynamics
FEWEST_PERIODS = 3.0
_FINER = 2  # points of the grid for each ordinate of the spectrum
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DAY, _WEEK, _YEAR = 86400.0, 604800.0, 365.2425 * 86400.0
_OF_DAY, _OF_WEEK, _OF_YEAR = 12, 21, 2  # harmonics that are looked at


def clock_periods(step: str | None) -> tuple[float, ...]:
    """Return the periods of the calendar in rows: of the day, the week and the year, with their overtones.

    Args:
        step: what a row is worth, such as "1 h" or "15 min"; None where the clock is not known.

    >>> clock_periods("1 h")[:3], clock_periods(None)
    ((24.0, 12.0, 8.0), ())
    """
    found = re.fullmatch(r"\s*([\d.]+)?\s*(s|min|h|d)\s*", step or "")
    if not found:
        return ()
    seconds = float(found[1] or 1.0) * _SECONDS[found[2]]
    periods = [_DAY / k for k in range(1, _OF_DAY + 1)]
    periods += [_WEEK / k for k in range(1, _OF_WEEK + 1) if k % 7]
    periods += [_YEAR / k for k in range(1, _OF_YEAR + 1)]
    return tuple(period / seconds for period in periods if period / seconds > 2.0)


def find_cycles(
    values: NDArray[Any],
    seen: NDArray[np.bool_],
    series: NDArray[Any] | None = None,
    known: Sequence[float] = (),
) -> tuple[float, ...]:
    """Return the periods, in rows, of the lines in the spectra of some sensors; strongest first.

    A line is an ordinate that stands out from the median of its sixteen neighbours on either side further than chance
    would have it in one data set of fifty, in the spectrum of one sensor or, weaker but shared, in the sum over all,
    and that explains what the dynamics of all sensors (`signals.dynamics`) do not. For known periods fewer places
    count. The frequency of the strongest is refined, the line is taken out of all sensors, and the next is looked
    for. The slowest sixteen ordinates are left to drift and slow dynamics.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series, which has spectra of its own.
        known: periods to test first, such as those of the calendar.

    Example:
        >>> day = np.sin(2 * np.pi * np.arange(600) / 24)[:, None]
        >>> rows = day + np.random.default_rng(0).normal(size=(600, 2))
        >>> [round(period) for period in find_cycles(rows, np.ones(rows.shape, bool))]
        [24]

    Reference:
        Fisher, Tests of significance in harmonic analysis, 1929 (a line against the spectrum around it).
    """
    periods: list[float] = []
    for piece in stretches(series, len(values)):
        n_rows = piece.stop - piece.start
        if n_rows < FEWEST_ROWS:
            continue
        for period in _lines(values[piece], seen[piece], known):
            resolved = [abs(n_rows / period - n_rows / other) < 1.0 for other in periods]
            if not any(resolved):
                periods.append(period)
    return tuple(periods)


def take_cycles(
    values: NDArray[Any], seen: NDArray[np.bool_], periods: Sequence[float], series: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Return the waves of some periods, fitted by least squares to each series and sensor, `[time, vars]`.

    A series shorter than three of a period keeps it, and so does a sensor with fewer than four readings a wave.
    """
    waves = np.zeros(values.shape)
    for piece in stretches(series, len(values)):
        own = [period for period in periods if (piece.stop - piece.start) >= FEWEST_PERIODS * period]
        if own:
            fit = Waves(values[piece], seen[piece])
            fit.add([1.0 / period for period in own])
            waves[piece] = fit.fitted()
    return waves


def share_of(cycle: NDArray[Any], values: NDArray[Any], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of the variance of each sensor's readings that a part has, `[vars]`, in [0, 1]."""
    whole = np.maximum((centred(values, seen) ** 2).sum(axis=0), 1e-300)
    return np.minimum((centred(cycle, seen) ** 2).sum(axis=0) / whole, 1.0)


def _lines(values: NDArray[Any], seen: NDArray[np.bool_], known: Sequence[float]) -> list[float]:
    n_rows, n_vars = values.shape
    frequencies: list[float] = []
    left = centred(values, seen)
    dynamics = Dynamics(values, seen)
    asked = [1.0 / period for period in known if n_rows >= FEWEST_PERIODS * period]
    for frequency in asked:
        outstanding = _ratio_at(left, frequency).max() > _outstanding(CHANCE / (n_vars * len(asked)))
        if outstanding and _beside_dynamics(dynamics, frequency, len(asked)):
            frequencies.append(frequency)
    waves = Waves(values, seen)
    if frequencies:
        waves.add(frequencies)
        left = centred(values - waves.fitted(), seen)
    free: list[float] = []
    while len(free) < MOST_LINES:
        frequency = _strongest(left)
        if frequency is None:
            break
        if any(abs(frequency - other) * n_rows < 0.5 for other in free):
            break  # what a line leaves beside itself is no other line
        free.append(frequency)
        waves.add([frequency])
        left = centred(values - waves.fitted(), seen)
    kept = [frequency for frequency in free if _beside_dynamics(dynamics, frequency, n_rows)]
    return [1.0 / frequency for frequency in [*frequencies, *kept]]


def _beside_dynamics(dynamics: Dynamics, frequency: float, places: int) -> bool:
    """Return whether a wave explains of some sensor what the past of all sensors does not, looked for in many places.

    The spectrum of a slow system falls so steeply that chance peaks look like lines; its own dynamics explain those.
    """
    angle = 2.0 * np.pi * frequency * dynamics.rows
    gains = dynamics.gains(np.stack([np.ones(len(angle)), np.sin(angle), np.cos(angle)], axis=1))
    return bool(gains.max() > 2.0 * np.log(places * len(gains) / CHANCE))


def _strongest(left: NDArray[Any]) -> float | None:
    """Return the frequency of the clearest line, None if there is none."""
    n_rows, n_vars = left.shape
    power = np.abs(np.fft.rfft(left, _FINER * n_rows, axis=0)) ** 2
    first, last = SLOW * _FINER, len(power)
    if last - first < 4 * _FINER * NEIGHBOURS:
        return None
    reach = _FINER * (NEIGHBOURS + 1)
    mirrored = np.pad(power, ((reach, reach), (0, 0)), "reflect")
    around = median_around(mirrored[first : last + 2 * reach], nearest=2, number=NEIGHBOURS, stride=_FINER)
    ratio = power[first:last] / np.maximum(around, 1e-12 * np.maximum(power.max(axis=0), 1e-300))
    level = _outstanding(CHANCE / (n_rows * n_vars))
    total = np.log(np.maximum(ratio.mean(axis=1), 1e-12))
    middle, upper = np.quantile(total, [0.5, 0.75])
    shared = (total - middle) / max((upper - middle) / 0.6745, 1e-3)
    evidence = ratio.max(axis=1) / level
    if n_vars > 1:
        evidence = np.maximum(evidence, shared / SHARED)
    best = int(evidence.argmax())
    if evidence[best] <= 1.0:
        return None
    weights = 1.0 / np.maximum(around[best], 1e-300)
    grid = (first + best + np.linspace(-1.0, 1.0, 41)) / (_FINER * n_rows)
    return float(grid[int((_power_at(left, grid) @ weights).argmax())])


@functools.cache
def _outstanding(chance: float) -> float:
    """Return the ratio of an ordinate to the median of its neighbours that chance exceeds this rarely.

    Ordinates are exponential, so `P(x > t median) = E exp(-t median) = prod_i (m - i) / (m - i + t)` over the order
    statistics of the m neighbours up to their median.
    """
    steps = 2.0 * NEIGHBOURS - np.arange(NEIGHBOURS)
    low, high = 1.0, 1e6
    while high - low > 1e-3 * low:
        middle = np.sqrt(low * high)
        rarer = np.sum(np.log(steps / (steps + middle))) < np.log(chance)
        low, high = (low, middle) if rarer else (middle, high)
    return float(high)


def _power_at(left: NDArray[Any], frequencies: NDArray[Any]) -> NDArray[np.float64]:
    """Return the power `[frequencies, vars]`."""
    turns = turning(frequencies, len(left))
    across, along = (np.ascontiguousarray(part) @ left for part in (turns.real, turns.imag))
    return across**2 + along**2


def _ratio_at(left: NDArray[Any], frequency: float) -> NDArray[np.float64]:
    """Return the power of each sensor at a frequency over the median of the ordinates around it, `[vars]`."""
    shifts = np.arange(2, NEIGHBOURS + 2) / len(left)
    around = np.concatenate([frequency - shifts, frequency + shifts])
    around = around[(around > 0.5 / len(left)) & (around < 0.5)]
    power = _power_at(left, np.append(frequency, around))
    return power[0] / np.maximum(np.median(power[1:], axis=0), 1e-300)

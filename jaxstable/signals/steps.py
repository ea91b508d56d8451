"""Steps: rows from which on sensors stand at another level, where their dynamics do not explain it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from jaxstable.signals.drift import waves_criterion
from jaxstable.signals.dynamics import RIDGE, Dynamics, gained
from jaxstable.signals.gaps import stretches
from jaxstable.signals.levels import take_levels

MOST_LEVELS = 8
SHORTEST, SHARE = 30, 0.02  # rows of a level, at least: so many, and that share of all; what is shorter is an event
# Logarithms of the rows that a level costs a sensor: its height, its first and last row, and one more as noise has
# heavier tails than the Gaussian. With two, one plant in ten of the zoo without steps had some (seeds 100 to 103).
_PRICE = 4.0
_FOLLOWED = 2.0  # logarithms of the rows that a sensor loses which follows a step
_PLANT = 1.0 / 3.0  # share of the sensors that step together, beyond which all do
_LONGER = 1.5  # each length of the stretches that are looked at over the one before
_SURPRISES = 30  # rows at which stretches may begin or end, whatever their lengths
_STARTS, _MOST_STARTS = 5, 500  # of these stretches, along one length and in all


class Step(NamedTuple):
    """The row at which a level begins, and which sensors have one of their own there, bool `[vars]`."""

    row: int
    sensors: NDArray[np.bool_]


def find_steps(values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None) -> list[Step]:
    """Return where levels begin that the dynamics do not explain and nothing follows, in order.

    A stretch of rows with a level of its own joins a vector autoregression of all sensors (`signals.dynamics`), as
    drift does: a slow sensor wanders, and to whoever looks at it alone it steps. Each sensor that gains more than the
    price of a level speaks for the stretch. That for which all of them speak most is taken, then the next beside it, at
    most eight.

    A valve that somebody turns steps too, and what follows it is what is looked for. A step is left where as many other
    sensors, which do not step by themselves, are less well explained once the step is taken out of those that do. Fewer
    of them step with the others. Where more than a third of all sensors step, the plant does.

    Args:
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series, which has a level of its own here.

    Example:
        >>> noise = np.random.default_rng(0).normal(size=(600, 3))
        >>> seen = np.ones(noise.shape, bool)
        >>> find_steps(noise, seen)
        []
        >>> noise[250:, 1] += 5.0
        >>> [(step.row, step.sensors.tolist()) for step in find_steps(noise, seen)]
        [(250, [False, True, False])]

    Reference:
        Chen, Liu, Joint estimation of model parameters and outlier effects in time series, 1993 (level shifts); Kovács
        et al., Seeded binary segmentation, 2023 (the stretches that are looked at).
    """
    dynamics = Dynamics(values, seen, series)
    if not dynamics.enough:
        return []
    begins = np.array([piece.start for piece in stretches(series, len(values))])
    first = np.unique(np.searchsorted(dynamics.rows, begins))
    starts = first[first < len(dynamics.rows)]
    faults: list[Step] = []
    for _ in range(MOST_LEVELS):
        more = np.union1d(starts, _best_stretch(dynamics, starts))
        gains = gained(_misfit(dynamics, starts), _misfit(dynamics, more))
        # The estimate of the search is only that: what the step is worth is what it gains.
        if len(more) == len(starts) or _worth(gains, dynamics) <= 0.0:
            break
        moved = gains > _PRICE * np.log(len(dynamics.rows))
        edges = dynamics.rows[np.setdiff1d(more, starts)].tolist()
        stays = values - levels_between([Step(row, moved) for row in edges], values, seen, series)
        lost = gained(_misfit(Dynamics(stays, seen, series), starts), _misfit(dynamics, starts))
        follow = ~moved & (lost > _FOLLOWED * np.log(len(dynamics.rows)))
        if follow.sum() < moved.sum():
            steps = moved | follow
            faults += [Step(row, steps | bool(steps.mean() > _PLANT)) for row in edges]
        starts = more
    return sorted(faults, key=lambda step: step.row)


def explain_more(
    steps: list[Step], waves: int, values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None
) -> bool:
    """Say whether steps explain more beside the dynamics than the drift that is found without them.

    What rises slowly is also a staircase. The Bayesian information criterion compares the two; a step costs its row and
    a level in every sensor, or what finding it in its own sensors cost if that is less.

    Args:
        steps: where levels begin (`find_steps`).
        waves: of the drift that is found without them (`needed_waves`).
        values: `[time, vars]`; anything where missing.
        seen: `[time, vars]` bool, True where observed.
        series: `[time]` id; a change starts a new series.
    """
    dynamics = Dynamics(values, seen, series)
    segment = _segments([step.row for step in steps], series, len(values))[dynamics.rows]
    levels = [(np.flatnonzero(segment == one), np.ones((int((segment == one).sum()), 1))) for one in np.unique(segment)]
    levels_of = [min(_PRICE * (1 + step.sensors.sum()), 1 + values.shape[1]) for step in steps]
    price = float(np.log(len(segment)) * np.sum(levels_of))
    return dynamics.criterion(levels) + price < waves_criterion(dynamics, waves, series, len(values))


def levels_between(
    steps: list[Step], values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Return what brings every sensor to one level between its steps in each series, `[time, vars]`."""
    whole, between = _segments([], series, len(values)), np.zeros(values.shape)
    for column in np.flatnonzero(np.any([step.sensors for step in steps], axis=0)) if steps else ():
        one = slice(column, column + 1)
        own = _segments([step.row for step in steps if step.sensors[column]], series, len(values))
        between[:, one] = take_levels(values[:, one], seen[:, one], own) - take_levels(
            values[:, one], seen[:, one], whole
        )
    return between


def _segments(rows: list[int], series: NDArray[Any] | None, n_rows: int) -> NDArray[np.int_]:
    begins = [piece.start for piece in stretches(series, n_rows)]
    return np.searchsorted(np.union1d(begins, np.array(rows, int)), np.arange(n_rows), side="right") - 1


def _worth(gains: NDArray[np.float64], dynamics: Dynamics) -> NDArray[np.float64]:
    """Return by how much the sensors, last axis, together gain more than the price of a level."""
    price = _PRICE * np.log(len(dynamics.rows))
    return np.maximum(gains - price, 0.0).sum(axis=-1) - price


def _misfit(dynamics: Dynamics, starts: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return what the dynamics do not explain of each sensor beside levels that begin at `starts`."""
    places = np.split(np.arange(len(dynamics.rows)), starts[1:])
    return dynamics.misfit([(rows, np.ones((len(rows), 1))) for rows in places])


def _best_stretch(dynamics: Dynamics, starts: NDArray[np.int_]) -> NDArray[np.int_]:
    """Return where the best stretch with a level of its own begins and ends; nothing where there is room for none."""
    ends = np.append(starts[1:], len(dynamics.rows))
    gains, shortest = _Gains(dynamics, starts, ends), max(SHORTEST, int(SHARE * len(dynamics.rows)))
    edges = gains.surprises()
    pairs = np.concatenate([_stretches(low, high, edges, shortest) for low, high in zip(starts, ends, strict=True)])
    if not len(pairs):
        return np.zeros(0, int)

    def best(begin: NDArray[np.int_], end: NDArray[np.int_]) -> tuple[int, int]:
        at = int(np.argmax(_worth(gains.of(begin, end), dynamics)))
        return int(begin[at]), int(end[at])

    begin, end = best(*pairs.T)
    (low,), (high,) = gains.bounds(np.array([begin]))
    reach = max((end - begin) // _STARTS, (high - low) // _MOST_STARTS) + 1
    for _ in range(2):
        nearby = np.arange(max(begin - reach, low + shortest), min(begin + reach, end - shortest) + 1)
        begin, end = best(nearby, np.full(len(nearby), end))
        if end < high:
            nearby = np.arange(max(end - reach, begin + shortest), min(end + reach, high - shortest) + 1)
            begin, end = best(np.full(len(nearby), begin), nearby)
    return np.array([begin, end] if end < high else [begin])


def _stretches(low: int, high: int, edges: NDArray[np.int_], shortest: int) -> NDArray[np.int_]:
    """Return first rows and ends of stretches inside one that has a level, `[stretches, 2]`.

    They are of many lengths, and lie between all edges: where a step is well predicted by its own past in the rows
    after it, a stretch that misses it by a few rows gains nothing.
    """
    n_rows = high - low
    least = -(-n_rows // _MOST_STARTS)
    inside = edges[(edges >= low + shortest) & (edges <= high - shortest)]
    to_its_end = np.union1d(np.arange(low + shortest, high - shortest + 1, least), inside)
    between = np.stack(np.triu_indices(len(inside), 1), axis=1)
    between = inside[between[inside[between[:, 1]] - inside[between[:, 0]] >= shortest]]
    found = [np.stack([to_its_end, np.full(len(to_its_end), high)], axis=1), between]
    length = shortest
    while length <= n_rows - 2 * shortest:
        begin = np.arange(low + shortest, high - shortest - length + 1, max(length // _STARTS, least))
        found.append(np.stack([begin, begin + length], axis=1))
        length = int(_LONGER * length)
    return np.concatenate(found)


class _Gains:
    """What levels of stretches would gain beside the dynamics and the levels between `starts` and `ends`."""

    def __init__(self, dynamics: Dynamics, starts: NDArray[np.int_], ends: NDArray[np.int_]) -> None:
        self._starts, self._ends = starts, ends
        seen = dynamics.seen.astype(float)
        now, past = self._less_level(dynamics.now), self._less_level(dynamics.past)
        self._factor = cho_factor(past.T @ past + RIDGE * len(past) * np.eye(past.shape[1]))
        left = self._less_level((now - past @ cho_solve(self._factor, past.T @ now)) * seen, seen)
        self._readings, self._misfit = seen.sum(axis=0), (left**2).sum(axis=0)
        self._surprise = left**2 * self._readings / np.maximum(self._misfit, 1e-300)
        self._left, self._past, self._seen = map(_sums_before, (left, past, seen))

    def bounds(self, rows: NDArray[np.int_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
        """Return first row and end of the level that each row has."""
        of = np.searchsorted(self._starts, rows, side="right") - 1
        return self._starts[of], self._ends[of]

    def surprises(self) -> NDArray[np.int_]:
        """Return the rows that surprise most, one sensor or all of them together."""
        of_all, of_one = self._surprise.sum(axis=1), self._surprise.max(axis=1)
        return np.union1d(*(np.argsort(-each, kind="stable")[:_SURPRISES] for each in (of_all, of_one)))

    def of(self, begin: NDArray[np.int_], end: NDArray[np.int_]) -> NDArray[np.float64]:
        """Return the likelihood ratios that stretches with a level of their own gain, `[stretches, vars]`."""
        low, high = self.bounds(begin)
        read, whole = self._seen[end] - self._seen[begin], self._seen[high] - self._seen[low]
        size = read * (1.0 - read / np.maximum(whole, 1.0))
        past, long = self._past[end] - self._past[begin], (end - begin) * (1.0 - (end - begin) / (high - low))
        # Of the stretch only what the past does not say already can explain anything.
        new = np.clip(1.0 - (past * cho_solve(self._factor, past.T).T).sum(axis=1) / long, 1e-6, 1.0)[:, None]
        part = (self._left[end] - self._left[begin]) ** 2 / np.maximum(size * new * self._misfit, 1e-300)
        return -self._readings * np.log1p(-np.clip(part, 0.0, 1.0 - 1e-9))

    def _less_level(self, rows: NDArray[np.float64], seen: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return rows less the mean of each level, 0 where not seen."""
        seen = np.ones((len(rows), 1)) if seen is None else seen
        rows = rows * seen
        sums, count = np.add.reduceat(rows, self._starts), np.add.reduceat(seen, self._starts)
        return rows - seen * np.repeat(sums / np.maximum(count, 1.0), self._ends - self._starts, axis=0)


def _sums_before(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of all rows before each, and of all, `[rows + 1, ..]`."""
    return np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])

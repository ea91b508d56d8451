"""The preparation that all models share: what is not dynamics is tested for, taken out, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.phrases import shortened
from jaxstable.signals.cycles import clock_periods, find_cycles, share_of, take_cycles
from jaxstable.signals.drift import MOST_WAVES, needed_waves, remove_drift
from jaxstable.signals.gaps import centred
from jaxstable.signals.held import find_held
from jaxstable.signals.levels import levels_differ, take_levels
from jaxstable.signals.rest import find_rest
from jaxstable.signals.spikes import find_spikes
from jaxstable.signals.steps import Step, explain_more, find_steps, levels_between
from jaxstable.signals.threads import one_blas_thread
from jaxstable.signals.unexplained import find_unexplained

PARTS = ("levels", "drift", "cycles", "spikes", "held", "steps")
STEP = 0.5  # deviations of a sensor, below which a step of others is not called its own
CYCLE_SHARE = 0.01  # of a sensor's variance, below which a cycle of others is not called its own


class Removed(NamedTuple):
    """What was taken out of one sensor.

    Attributes:
        level: of each recording, less the mean of all, in the unit of the sensor; empty where levels stayed.
        steps: rows from which on it stands at another level, and by how much, in its unit.
        drift: share of the variance of its readings that was slow drift, in [0, 1].
        waves: half waves of a series that the drift was made of, fewer in a short one.
        cycles: periods in rows that were taken out and of which it has a part.
        cycle: share of the variance of its readings that these have, in [0, 1].
        spikes: rows whose reading was taken for a fault.
        held: number of readings that only repeated the one before, were filled in, or taken while the plant stood.
    """

    level: tuple[float, ...] = ()
    steps: tuple[tuple[int, float], ...] = ()
    drift: float = 0.0
    waves: int = 0
    cycles: tuple[float, ...] = ()
    cycle: float = 0.0
    spikes: tuple[int, ...] = ()
    held: int = 0


class Cleaned(NamedTuple):
    """Series that a model trains on, and what was taken out of them.

    Attributes:
        values: `[time, vars]` float64, less level, cycles and drift; anything where missing.
        mask: `[time, vars]` bool, True where a reading is used.
        level: `[time, vars]` of recordings and between steps that was taken out, likewise `cycle` and `drift`.
        removed: the same in figures, one per column.
        parts: the choice of parts that does to other rows what was done to these.
    """

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    level: NDArray[np.float64]
    cycle: NDArray[np.float64]
    drift: NDArray[np.float64]
    removed: tuple[Removed, ...]
    parts: dict[str, Any]

    def columns(self, chosen: Sequence[int]) -> Cleaned:
        """Return the same of some columns."""
        wide = {name: getattr(self, name)[:, chosen] for name in ("values", "mask", "level", "cycle", "drift")}
        return self._replace(**wide, removed=tuple(self.removed[index] for index in chosen))


def check_parts(prepare: Any) -> dict[str, Any]:
    """Return the choice for every part: "auto", True, False, a number of waves or a list of periods.

    Args:
        prepare: "auto" tests every part for being needed, "none" takes out nothing, a mapping says it part by part;
            parts that it does not name are "auto".

    Raises:
        ValueError: it is none of these, names an unknown part, or gives one what it does not take.

    >>> check_parts({"drift": False})["drift"], check_parts("none")["spikes"], check_parts("auto")["held"]
    (False, False, 'auto')
    """
    if isinstance(prepare, str) and prepare in ("auto", "none"):
        return dict.fromkeys(PARTS, "auto" if prepare == "auto" else False)
    if not isinstance(prepare, Mapping):
        raise ValueError(
            f"prepare: found {shortened(prepare)}, expected 'auto', 'none' or a mapping of {', '.join(PARTS)}"
        )
    chosen: dict[str, Any] = dict.fromkeys(PARTS, "auto")
    for part, choice in prepare.items():
        if part not in PARTS:
            raise ValueError(f"prepare: found the part {shortened(part)}, expected one of {', '.join(PARTS)}")
        _check_choice(part, choice)
        chosen[part] = choice
    return chosen


@one_blas_thread()
def prepare(
    values: NDArray[Any],
    mask: NDArray[np.bool_],
    series: NDArray[Any] | None = None,
    *,
    recording: NDArray[Any] | None = None,
    step: str | None = None,
    prepare: Any = "auto",
) -> Cleaned:
    """Take out of series what is not dynamics: held readings, spikes, levels, cycles, steps and drift, in this order.

    Spikes and repeats of held readings become missing; so do, last, the faint spikes that only show in what is left.
    Levels are those of recordings; steps begin another level within one, where drift does not explain as much; cycles
    and drift are waves that every series has of its own. Each part is taken out where a test says that it is there, or
    as `prepare` says.

    Args:
        values: `[time, vars]`; anything where missing.
        mask: `[time, vars]`, True where observed.
        series: `[time]` id; a change starts a new series.
        recording: `[time]` id of the recording that each row belongs to; None is the series.
        step: what a row is worth, such as "1 h"; then the periods of day, week and year are tested first.
        prepare: "auto", "none", or a mapping from parts (`levels`, `drift`, `cycles`, `spikes`, `held`, `steps`) to
            "auto", True (without a test: every recording's level, every step, a wave per 100 rows, the periods of the
            clock, spikes whatever their number, every repeat), False, a number of waves (`drift`) or a list of
            periods (`cycles`).

    Returns:
        The series, their mask and what was taken out.

    Raises:
        ValueError: `prepare` is refused.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(500, 2))
        >>> rows[77, 1] = 1000.0
        >>> cleaned = prepare(rows, np.ones(rows.shape, bool))
        >>> cleaned.removed[1].spikes, bool(cleaned.mask[77, 1])
        ((77,), False)
    """
    parts = check_parts(prepare)
    values, seen = np.asarray(values, float), np.asarray(mask, bool).copy()
    seen &= np.isfinite(values)
    series = np.zeros(len(values), int) if series is None else np.asarray(series)
    recording = series if recording is None else np.asarray(recording)
    spikes, held = np.zeros(seen.shape, bool), np.zeros(seen.shape, bool)
    if parts["held"]:
        held = find_held(values, seen, series, always=parts["held"] is True)
        held |= seen & find_rest(values, seen, series)
        seen &= ~held
    if parts["spikes"]:
        spikes = find_spikes(values, seen, series, **({"most": 1.0} if parts["spikes"] is True else {}))
        seen &= ~spikes
    rest = np.where(seen, values, 0.0)
    level, cycle, drift = (np.zeros(values.shape) for _ in range(3))
    levelled = len(np.unique(recording)) > 1 and bool(parts["levels"])
    if levelled and (parts["levels"] is True or levels_differ(rest, seen, series, recording)):
        level = take_levels(rest, seen, recording)
        rest = rest - level
    periods = _periods(parts["cycles"], rest, seen, series, clock_periods(step))
    if periods:
        cycle = take_cycles(rest, seen, periods, series)
        rest = rest - cycle
    steps = find_steps(rest, seen, series) if parts["steps"] else []
    waves = needed_waves(rest, seen, series) if parts["drift"] == "auto" or steps else 0
    if parts["steps"] == "auto" and steps and not explain_more(steps, waves, rest, seen, series):
        steps = []
    stepped = levels_between(steps, rest, seen, series)
    rest = rest - stepped
    if parts["drift"] != "auto":
        waves = MOST_WAVES if parts["drift"] is True else int(parts["drift"])
    elif steps:
        waves = needed_waves(rest, seen, series)
    if waves:
        drift = remove_drift(rest, seen, series, waves).drift
        rest = rest - drift
    if parts["spikes"]:
        faint = find_unexplained(rest, seen, series)
        spikes |= faint
        seen &= ~faint
    done = {part: parts[part] for part in ("spikes", "held", "steps")}
    done |= {"drift": waves, "levels": bool(level.any()), "cycles": list(periods) or False}
    slow = level, stepped, cycle, drift
    removed = _figures(np.where(seen, values, 0.0), seen, recording, slow, periods, steps, waves, spikes, held)
    return Cleaned(rest, seen, level + stepped, cycle, drift, removed, done)


def _periods(
    choice: Any, values: NDArray[Any], seen: NDArray[np.bool_], series: NDArray[Any], known: Sequence[float]
) -> tuple[float, ...]:
    if choice is False:
        return ()
    if choice is True:
        return tuple(known)
    if choice == "auto":
        return find_cycles(values, seen, series, known)
    return tuple(map(float, choice))


def _figures(
    values: NDArray[Any],
    seen: NDArray[np.bool_],
    recording: NDArray[Any],
    slow: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    periods: Sequence[float],
    steps: Sequence[Step],
    waves: int,
    spikes: NDArray[np.bool_],
    held: NDArray[np.bool_],
) -> tuple[Removed, ...]:
    level, stepped, cycle, drift = slow
    moving = values - level - stepped
    of_cycle, of_drift = share_of(cycle, moving, seen), share_of(drift, moving, seen)
    first, begins = np.unique(recording, return_index=True)[1], np.array([step.row for step in steps], int)
    jumps = stepped[begins] - stepped[begins - 1]
    left = centred(moving - cycle - drift, seen)
    least = STEP * np.sqrt((left**2).sum(axis=0) / np.maximum(seen.sum(axis=0), 1))
    own_steps = [np.flatnonzero(np.abs(jumps[:, column]) > least[column]) for column in range(values.shape[1])]
    return tuple(
        Removed(
            level=tuple(level[first, column].tolist()) if level.any() else (),
            steps=tuple((int(begins[at]), float(jumps[at, column])) for at in own_steps[column]),
            drift=float(of_drift[column]),
            waves=waves if drift[:, column].any() else 0,
            cycles=tuple(periods) if of_cycle[column] > CYCLE_SHARE else (),
            cycle=float(of_cycle[column]) if len(periods) else 0.0,
            spikes=tuple(np.flatnonzero(spikes[:, column]).tolist()),
            held=int(held[:, column].sum()),
        )
        for column in range(values.shape[1])
    )


def _check_choice(part: str, choice: Any) -> None:
    if isinstance(choice, (bool, np.bool_)) or (isinstance(choice, str) and choice == "auto"):
        return
    if part == "drift" and isinstance(choice, (int, np.integer)) and choice >= 0:
        return
    if part == "cycles" and isinstance(choice, Sequence) and not isinstance(choice, str) and all(map(_period, choice)):
        return
    more = {"drift": ", or a number of waves", "cycles": ", or a list of periods above 2 rows"}.get(part, "")
    raise ValueError(f"prepare: found {shortened(choice)} for {part!r}, expected 'auto', True or False{more}")


def _period(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 2.0 < value < np.inf

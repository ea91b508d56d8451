"""What is worth saying of sensors: those left out of a discovery, and what the preparation took out of the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.found import LeftOut
from jaxstable.phrases import few
from jaxstable.results.findings import Finding, of
from jaxstable.signals.held import MOSTLY, STUCK
from jaxstable.signals.prepare import Removed
from jaxstable.signals.spans import steps_text

STUCK_SHARE, STUCK_ROWS = 0.05, 50  # of a sensor's readings in one unchanged stretch
FEW_LEVELS = 10  # a switch or a state may well stay where it is
DRIFTING = 0.5  # share of a sensor's variance that was taken out as drift
APART = 0.2  # deviations between the levels of recordings that are worth a word
LEFT_OUT = {  # why -> code, and what to do about one sensor and about several
    "constant": (
        "constant_sensor",
        "Nothing to learn from it: it was left out; check whether it is connected.",
        "Nothing to learn from them: they were left out; check whether they are connected.",
    ),
    "hardly_read": (
        "hardly_read",
        "It was left out; to have its edges, take every other sensor only at the times when it was read.",
        "They were left out; to have their edges, take every other sensor only at the times when they were read.",
    ),
    "predictable": (
        "predictable_sensor",
        "It was left out: nothing can act on what repeats itself; leave the column out of the data.",
        "They were left out: nothing can act on what repeats itself; leave the columns out of the data.",
    ),
}


class Signal(NamedTuple):
    """How a finding on sensors is told: what was seen, and what to do about one sensor and about several."""

    severity: str
    evidence: str
    one: str
    several: str


SIGNALS = {
    "levels": Signal(
        "info",
        "recordings stand at other levels, taken out: {}",
        *2 * ("Nothing to do; pass environment= as well if the recordings differ in their noise too.",),
    ),
    "cycle": Signal(
        "warning",
        "{}, taken out before edges are looked for; share of the variance: {}",
        *2
        * (
            "Record what drives such a cycle as a sensor to see its effects; what sensors share at that pace is not in "
            "the graph.",
        ),
    ),
    "drifting_sensor": Signal(
        "warning",
        "slow drift, taken out before edges are looked for; share of the variance: {}",
        "Check its calibration; what it shares with other sensors that slowly is not in the graph.",
        "Check their calibration; what they share with other sensors that slowly is not in the graph.",
    ),
    "spikes": Signal(
        "warning",
        "readings that jump away and back, taken as missing (rows count from 0): {}",
        *2 * ("Look these rows up at their source; prepare={'spikes': False}, --prepare spikes=off, keeps them.",),
    ),
    "steps": Signal(
        "warning",
        "steps to another level, taken out (rows count from 0): {}",
        *2 * ("Look up what changed there; prepare={'steps': False}, --prepare steps=off, keeps the steps.",),
    ),
    "held": Signal(
        "info",
        "repeated, filled in, or read while the plant stood, taken as missing: {}",
        *2 * ("Log what is read, leave gaps empty; prepare={'held': False}, --prepare held=off, keeps the repeats.",),
    ),
    "stuck_sensor": Signal(
        "warning",
        "{}",
        "Look that stretch up: no readings if the sensor had failed, honest ones if not; "
        "prepare={'held': True} or False, --prepare held=on or off, takes all repeats as missing or none.",
        "Look those stretches up: no readings if a sensor had failed, honest ones if not; "
        "prepare={'held': True} or False, --prepare held=on or off, takes all repeats as missing or none.",
    ),
}


def left_out_findings(left_out: Sequence[LeftOut]) -> list[Finding]:
    """Find sensors that no edge can be learned of, one finding for each reason."""
    found = []
    for why, (code, one, several) in LEFT_OUT.items():
        own = [str(sensor) for sensor in left_out if sensor.why == why]
        if own:
            found.append(Finding(code, "warning", few(own), of(own, one, several)))
    return found


def sensor_findings(
    values: NDArray[Any],
    mask: NDArray[np.bool_],
    removed: Sequence[Removed],
    names: Sequence[str],
    step: str | None = None,
) -> list[Finding]:
    """Find what was taken out of sensors, and sensors that look stuck; one finding for each kind.

    Args:
        values: `[rows, variables]`; anything where missing.
        mask: bool, same shape, True where observed.
        removed: what the preparation took out of each variable.
        names: names of the variables.
        step: of the clock, such as "1 h"; None where it is not known, and cycles are told in rows.

    Returns:
        Findings `levels`, `cycle`, `drifting_sensor`, `spikes`, `steps`, `held` and `stuck_sensor`.

    Example:
        >>> flat = np.concatenate([np.arange(100.0), np.full(100, 7.0)])[:, None]
        >>> print(sensor_findings(flat, np.ones((200, 1), bool), [Removed()], ["flow"])[0].evidence)
        flow reads 7 in 100 consecutive readings
    """
    told: dict[str, list[str]] = {code: [] for code in SIGNALS}
    for column, (name, taken) in enumerate(zip(names, removed, strict=True)):
        readings = values[mask[:, column], column]
        if len(readings) < 2:
            continue
        if taken.level:
            apart = (max(taken.level) - min(taken.level)) / max(float(np.std(readings)), 1e-300)
            if apart > APART:
                told["levels"].append(f"{name} by {max(taken.level) - min(taken.level):.3g}")
        if taken.cycles:
            told["cycle"].append(f"{100 * taken.cycle:.0f} % of {name}")
        if taken.drift > DRIFTING:
            told["drifting_sensor"].append(f"{100 * taken.drift:.0f} % of {name}")
        if taken.spikes:
            row, more = taken.spikes[0], f" ({len(taken.spikes)} in all)" if len(taken.spikes) > 1 else ""
            told["spikes"].append(f"{name} reads {values[row, column]:.4g} in row {row}{more}")
        if taken.steps:
            row, jump = taken.steps[0]
            more = f" ({len(taken.steps)} in all)" if len(taken.steps) > 1 else ""
            told["steps"].append(f"{name} by {jump:.3g} from row {row} on{more}")
        if taken.held > MOSTLY * len(readings):
            told["held"].append(f"{100 * taken.held / len(readings):.0f} % of the readings of {name}")
            continue
        length, level = _longest(readings)
        if taken.held and length < STUCK:
            told["held"].append(f"{taken.held} of {len(readings)} readings of {name}")
        elif taken.held or _looks_stuck(readings):
            missing = ", taken as missing" if taken.held else ""
            told["stuck_sensor"].append(f"{name} reads {level:g} in {length} consecutive readings{missing}")
    periods = max((taken.cycles for taken in removed), key=len, default=())
    shown = [steps_text(period, step) or f"{period:.3g} rows" for period in periods]
    named = " and ".join(shown) if len(shown) == 2 else few(shown)
    cycles = f"{of(shown, 'a cycle', 'cycles')} of {named}"
    return [
        Finding(
            code,
            signal.severity,
            signal.evidence.format(*([cycles] if code == "cycle" else []), few(told[code])),
            of(told[code], signal.one, signal.several),
        )
        for code, signal in SIGNALS.items()
        if told[code]
    ]


def _longest(readings: NDArray[Any]) -> tuple[int, float]:
    """Return the length and level of the longest unchanged stretch."""
    ends = np.append(np.flatnonzero(np.diff(readings)), len(readings) - 1)
    lengths = np.diff(ends, prepend=-1)
    longest = int(lengths.argmax())
    return int(lengths[longest]), float(readings[ends[longest]])


def _looks_stuck(readings: NDArray[Any]) -> bool:
    """Return whether the longest unchanged stretch is long and the sensor no switch."""
    length, _ = _longest(readings)
    return length > max(STUCK_SHARE * len(readings), STUCK_ROWS) and len(np.unique(readings)) >= FEW_LEVELS

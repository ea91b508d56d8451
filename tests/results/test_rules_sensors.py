"""What is said of one sensor and of several, with a clock and without."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.discovery.found import LeftOut
from jaxstable.moments.memory import Memory
from jaxstable.results.rules_discovery import common_cause_findings, memory_findings
from jaxstable.results.rules_sensors import LEFT_OUT, SIGNALS, left_out_findings, sensor_findings
from jaxstable.signals.prepare import Removed

FLAT = np.concatenate([np.arange(100.0), np.full(100, 7.0)])[:, None]


def of_sensors(removed, step=None):
    values = FLAT.repeat(len(removed), axis=1)
    names = ["flow", "level", "ph"][: len(removed)]
    found = sensor_findings(values, np.ones_like(values, bool), removed, names, step)
    return {finding.code: finding for finding in found}


TAKEN = Removed(level=(0.0, 500.0), steps=((40, 9.0),), cycles=(24.0,), cycle=0.4, drift=0.7, spikes=(3,))


def test_one_sensor_is_told_in_the_singular_and_several_in_the_plural():
    one = of_sensors([TAKEN]) | of_sensors([Removed(held=150)])
    three = of_sensors([TAKEN] * 3) | of_sensors([Removed(held=150)] * 3)
    assert set(one) == set(three) == set(SIGNALS)
    for code, signal in SIGNALS.items():
        assert one[code].remedy == signal.one
        assert three[code].remedy == signal.several
        assert not set(signal.several.lower().replace(";", "").split()) & {"it", "its"} - set(signal.one.split())
    assert one["held"].evidence.endswith(": 75 % of the readings of flow")
    assert one["steps"].evidence.endswith(": flow by 9 from row 40 on")
    stuck = of_sensors([Removed(held=99)])["stuck_sensor"].evidence
    assert stuck == "flow reads 7 in 100 consecutive readings, taken as missing"
    assert one["spikes"].evidence.endswith(": flow reads 3 in row 3")


@pytest.mark.parametrize("why", LEFT_OUT)
def test_sensors_left_out_are_told_in_their_number(why):
    one, three = (left_out_findings([LeftOut(name, why, 0.03) for name in names])[0] for names in ("a", "abc"))
    assert "It was left out" in one.remedy or "it was left out" in one.remedy
    assert "hey were left out" in three.remedy
    assert [three.evidence.count(f"{name} ") >= 1 for name in "abc"] == [True] * 3


@pytest.mark.parametrize(
    ("cycles", "step", "said"),
    [
        (
            (24.0,),
            None,
            "a cycle of 24 rows",
        ),
        ((24.0,), "1 h", "a cycle of 1 d"),
        (
            (96.0, 672.0),
            "15 min",
            "cycles of 1 d and 7 d",
        ),
        (
            (96.0, 48.0, 32.0),
            "1 s",
            "cycles of 96 s, 48 s, 32 s",
        ),
    ],
)
def test_cycles_are_told_in_time_where_the_step_is_known(cycles, step, said):
    rest = ", taken out before edges are looked for; share of the variance: 40 % of flow"
    assert of_sensors([TAKEN._replace(cycles=cycles)], step)["cycle"].evidence == said + rest


def test_what_comes_late_is_told_in_time_where_the_step_is_known():
    rest = Memory(lag=12, cause=0, effect=1, correlation=0.3)
    for step, said in (
        (None, "b does still follows a 12 steps later, beyond the largest lag looked at, 3; correlation 0.30"),
        ("1 h", "b does still follows a 12 h later, beyond the largest lag looked at, 3 (3 h); correlation 0.30"),
    ):
        [finding] = memory_findings(rest, 3, ["a", "b"], step)
        assert finding.evidence == f"what {said}"
        assert "max_lag=12 (--max-lag 12)" in finding.remedy


def test_several_common_causes_are_told_apart():
    [finding] = common_cause_findings([("a", "b", "c"), ("d", "e", "f")])
    assert finding.evidence == "something unmeasured seems to act on a, b, c; on d, e, f"
    assert "sensors of a group" in finding.remedy

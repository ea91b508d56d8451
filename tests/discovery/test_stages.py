"""Long stages say that they still run, where nobody sees a bar."""

from __future__ import annotations

import time

import pytest

from jaxstable.discovery import stages
from jaxstable.discovery.stages import Stages


def waited_for(stage, advances=0, total=None):
    with Stages(True) as shown:
        shown.begin(stage, total)
        for _ in range(advances):
            shown.advance()
        time.sleep(0.25)
        shown.begin("the next")


def test_a_long_stage_says_that_it_still_runs_and_more_and_more_seldom(capsys, monkeypatch):
    monkeypatch.setattr(stages, "PATIENCE", 0.03)
    waited_for("common causes")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "common causes ..."
    assert set(said[1:-1]) == {"common causes ... 0 s"}
    assert 2 <= len(said[1:-1]) <= 3  # after .03, .09 and .21 s
    assert said[-1] == "the next ..."


def test_a_stage_of_known_length_says_how_far_it_is(capsys, monkeypatch):
    monkeypatch.setattr(stages, "PATIENCE", 0.1)
    waited_for("50 draws", 12, 50)
    assert "50 draws ... 0 s, 12 of 50 done" in capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("wanted", [False, None])
def test_nothing_is_said_unless_wanted(capsys, monkeypatch, wanted):
    monkeypatch.setattr(stages, "PATIENCE", 0.01)
    waited_for("common causes")
    capsys.readouterr()
    with Stages(wanted) as shown:
        shown.begin("common causes")
        time.sleep(0.05)
    assert capsys.readouterr().err == ""

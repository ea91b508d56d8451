"""Ctrl-C in the search of discover, or among its draws, ends it and keeps what was found."""

from __future__ import annotations

import os
import signal
import warnings

import numpy as np
import pytest

import jaxstable as js
from jaxstable.cli import main
from jaxstable.discovery import choice, engine
from jaxstable.graph.moves import Moves
from jaxstable.graph.paths import has_cycle
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import Stopped, select
from jaxstable.simulate.systems import svar


@pytest.fixture(scope="module")
def system():
    return svar(5, 400, n_instant=4, n_lagged=4, seed=3)


def test_ctrl_c_among_the_draws_keeps_the_graph_and_the_draws_so_far(system, monkeypatch):
    made = []

    def stopped(*args):
        made.append(args)
        if len(made) == 3:
            raise KeyboardInterrupt
        return bootstrap_climb(*args)

    whole = js.discover(system.values, draws=0, progress=False)
    bootstrap_climb = choice.select_priced
    monkeypatch.setattr(choice, "select_priced", stopped)
    with pytest.warns(js.DataWarning, match="stopped after 2 of 5 draws: the graph is whole"):
        found = js.discover(system.values, draws=5, progress=False)
    assert found.chosen["draws"].value == 2
    np.testing.assert_array_equal(found.lagged_graph, whole.lagged_graph)
    assert set(np.unique(found.lagged_frequency)) <= {0.0, 0.5, 1.0}


def stop_at(monkeypatch, number, after="lags"):
    """Send Ctrl-C in the midst of the move of this number after the beginning of a stage."""
    made, begun = [], []
    make, rewrite, begin = Moves.make, Moves._rewrite, engine.Stages.begin

    def noted(self, stage, total=None):
        begun.append(stage)
        begin(self, stage, total)

    def counted(self, move):
        made.extend([move] if after in begun else [])
        make(self, move)

    def interrupted(self, effects, causes):
        if len(made) == number:
            made.append(None)
            self.graph[:, effects] &= causes  # half of the move
            os.kill(os.getpid(), signal.SIGINT)
        rewrite(self, effects, causes)

    monkeypatch.setattr(engine.Stages, "begin", noted)
    monkeypatch.setattr(Moves, "make", counted)
    monkeypatch.setattr(Moves, "_rewrite", interrupted)


@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize(("after", "number", "more"), [("lags", 4, 0), ("graph", 2, 3)])
def test_ctrl_c_in_the_search_keeps_the_best_graph_by_then(system, monkeypatch, tmp_path, fits, after, number, more):
    if not fits:
        monkeypatch.setattr(choice, "_LARGE", 1)
        monkeypatch.setattr(choice, "_HUGE", 1)
    stop_at(monkeypatch, number, after)
    with pytest.warns(js.DataWarning, match="stopped in the search of the graph: it is the best one by then"):
        found = js.discover(system.values, draws=5, progress=False)
    assert found.chosen["search"].value == "stopped"
    assert found.findings[0].code == "search_stopped"
    assert found.chosen["draws"].value == 0
    assert found.graph.sum() >= max(number - 1, more)
    assert not has_cycle(found.lagged_graph[0])
    assert np.isfinite(found.edge_probability).all()
    again = js.load(found.save(tmp_path))
    assert again == found
    assert again.chosen == found.chosen
    assert "stopped" in found.report(tmp_path / "page.html").read_text()


def test_ctrl_c_before_any_edge_keeps_nothing(system, monkeypatch):
    stop_at(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        js.discover(system.values, draws=5, progress=False)


def test_ctrl_c_while_other_graphs_are_tried_keeps_the_better_one(system, monkeypatch):
    criterion = choice.Criterion(Refits(np.cov(system.values.T)[None], [400], 5))
    whole = select(criterion)

    def stopped(here):
        raise Stopped(criterion.base)

    monkeypatch.setattr("jaxstable.graph.selection._shaken", stopped)
    with pytest.raises(Stopped) as stop:
        select(criterion)
    np.testing.assert_array_equal(stop.value.graph[:5], whole.graph[0])


def test_the_command_saves_what_was_found_and_ends_as_after_any_ctrl_c(system, monkeypatch, tmp_path, capsys):
    np.savetxt(tmp_path / "rows.csv", system.values, delimiter=",", header="a,b,c,d,e", comments="")
    stop_at(monkeypatch, 4)
    words = ["discover", str(tmp_path / "rows.csv"), "--draws", "2", "--run-dir", str(tmp_path / "run")]
    with warnings.catch_warnings(action="always"):  # the command says them in a line
        assert main(words) == 130
    shown = capsys.readouterr()
    assert "warning: stopped in the search of the graph" in shown.err
    assert "search_stopped" in shown.out
    assert js.load(tmp_path / "run").graph.sum() >= 3

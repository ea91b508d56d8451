"""Ctrl-C among the draws of discover ends them and keeps what was found."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js
from jaxstable.discovery import choice
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
    bootstrap_climb = choice.select
    monkeypatch.setattr(choice, "select", lambda *args: stopped(*args) if len(args) == 3 else bootstrap_climb(*args))
    with pytest.warns(js.DataWarning, match="stopped after 2 of 5 draws: the graph is whole"):
        found = js.discover(system.values, draws=5, progress=False)
    assert found.chosen["draws"].value == 2
    np.testing.assert_array_equal(found.lagged_graph, whole.lagged_graph)
    assert set(np.unique(found.lagged_frequency)) <= {0.0, 0.5, 1.0}

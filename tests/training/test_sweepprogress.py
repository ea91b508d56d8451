"""The progress of a sweep counts every lane once and knows what is left."""

from __future__ import annotations

import pytest

from jaxstable.config import Config
from jaxstable.training.grid import expand
from jaxstable.training.sweepprogress import SweepProgress, Tally


def record(epoch, seconds=1.0, status="RUNNING", f1=None, recon=0.5, new_best=True):
    terms = {"recon": recon, "sparse": 0.0, "acyclic": 0.0, "disen": 0.0}
    return {"epoch": epoch, "epoch_time": seconds, "status": status, "val_f1": f1, "val_loss_components": terms,
            "new_best": new_best}  # fmt: skip


def test_counts_best_and_time_left():
    tally = Tally(expand(Config(epochs=10), {"batch_size": [8, 16], "seed": [0, 1, 2]}), has_truth=False)
    assert tally.counts == {"running": 0, "stopped": 0, "diverged": 0, "waiting": 6}
    assert tally.add(
        {0: record(1, 60.0), 1: record(1, 60.0, recon=0.2), 2: record(1, 60.0, "DIVERGED", recon=0.1)}
    ) == [2]
    assert tally.counts == {"running": 2, "stopped": 0, "diverged": 1, "waiting": 3}
    assert tally.best == (1, 0.2)
    # The first epoch compiled, so it says nothing of the time left.
    assert tally.seconds_left is None
    assert tally.add({0: record(2, 4.0, "EARLY_STOPPED"), 1: record(2, 4.0, recon=0.9, new_best=False)}) == []
    assert tally.counts == {"running": 1, "stopped": 1, "diverged": 1, "waiting": 3}
    assert tally.best == (1, 0.2)
    assert tally.lane_epochs == (5, 5 + 8 + 30)
    assert tally.seconds_left == pytest.approx(2.0 * 38)
    assert tally.line() == (
        "Epoch   2/10 | Lanes: 1 running, 1 stopped, 1 diverged, 3 waiting | "
        "Best val_recon: 0.2 (lane 1) | Left: 0:01:16"
    )


def test_another_group_compiles_without_spoiling_the_rate():
    tally = Tally(expand(Config(epochs=2), {"batch_size": [8, 16]}), has_truth=False)
    for lane in (0, 1):
        tally.add({lane: record(1, 100.0)})
        tally.add({lane: record(2, 1.0)})
    assert tally.seconds_left == 0.0
    assert tally.counts["stopped"] == 2
    tally = Tally(expand(Config(epochs=3), {"batch_size": [8, 16]}), has_truth=False)
    tally.add({0: record(1, 100.0)})
    tally.add({0: record(2, 1.0)})
    tally.add({0: record(3, 1.0)})
    tally.add({1: record(1, 100.0)})
    assert tally.seconds_left == pytest.approx(2.0)


def test_a_diverged_lane_is_never_the_best():
    tally = Tally([Config(epochs=5)] * 2, has_truth=True)
    tally.add({0: record(1, f1=0.9), 1: record(1, f1=0.3)})
    assert tally.best == (0, 0.9)
    tally.add({0: record(2, f1=0.9, status="DIVERGED"), 1: record(2, f1=0.4)})
    assert tally.best == (1, 0.4)


def test_a_resumed_sweep_starts_where_it_was():
    tally = Tally([Config(epochs=3)] * 3, has_truth=True)
    tally.begin({0: [record(1, f1=0.4), record(2, f1=0.6, status="EARLY_STOPPED")], 1: [record(1, f1=0.5)], 2: []})
    assert tally.counts == {"running": 1, "stopped": 1, "diverged": 0, "waiting": 1}
    assert tally.best == (0, 0.6)
    assert tally.lane_epochs == (3, 3 + 2 + 3)


@pytest.mark.parametrize(("wanted", "lines"), [(True, 3), (False, 0), (None, 0)])
def test_plain_output_is_a_line_an_epoch(capsys, wanted, lines):
    with SweepProgress([Config(epochs=2)] * 2, True, wanted, "Round 1/4 | ") as shown:
        shown.epoch({0: record(1, f1=0.5), 1: record(1, f1=0.5)})
        shown.epoch({0: record(2, f1=0.5), 1: record(2, f1=0.5)})
    said = capsys.readouterr()
    assert said.out == ""
    printed = said.err.splitlines()
    assert len(printed) == lines
    assert all(line.startswith("Round 1/4 | ") for line in printed)


def test_a_terminal_is_redrawn_and_keeps_what_diverged(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with SweepProgress([Config(epochs=2)] * 2, True, None) as shown:
        shown.epoch({0: record(1, f1=0.5), 1: record(1, status="DIVERGED")})
        shown.epoch({0: record(2, f1=0.5)})
        assert shown.tally.lane_epochs == (3, 3)
    assert "lane 1 diverged in epoch 1" in capsys.readouterr().err

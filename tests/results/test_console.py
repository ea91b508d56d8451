"""The line of one epoch, to the character."""

from __future__ import annotations

import pytest
from results_records import make_record

from jaxstable.training.console import epoch_line

LINE = (
    "Epoch   4/100 | Loss:   0.0105 | Val F1: 0.0690 | Val SHD:   27.0 | Edges:   7/13 | "
    "Grad Clip: 0.7% | LR: 5.00e-04 | NEW BEST"
)
RECORD = make_record(4, train_loss=0.0105, val_f1=0.069, val_shd=27.0, edge_count=7, grad_clip_ratio=0.007)


def test_line_of_the_design():
    assert epoch_line(RECORD, 100, 13) == LINE
    assert epoch_line({**RECORD, "new_best": False}, 100, 13) == LINE.removesuffix(" | NEW BEST")


def test_null_metrics_keep_their_width():
    nothing = {**RECORD, "val_f1": None, "val_shd": None, "edge_count": None}
    line = epoch_line(nothing, 100, 13)
    assert len(line) == len(LINE)
    assert "Val F1:    n/a | Val SHD:    n/a | Edges: n/a/13" in line


def test_validation_loss_stands_in_for_the_truth():
    line = epoch_line({**RECORD, "val_f1": None, "val_shd": None, "val_loss": 0.25}, 100)
    assert "| Val Loss:   0.2500 | Edges:   7 |" in line
    assert "Val Loss" not in epoch_line(RECORD, 100, 13)


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (21444.4146, "21444.41"),
        (999.95, "  999.95"),
        (99_999.9, "1.00e+05"),
        (1e30, "1.00e+30"),
        (-12.5, "-12.5000"),
        (3.2e-6, "3.20e-06"),
        (0.0, "  0.0000"),
        (float("inf"), "     n/a"),
        (None, "     n/a"),
    ],
)
def test_losses_of_any_size_fit(loss, text):
    assert f"| Loss: {text} |" in epoch_line({**RECORD, "train_loss": loss}, 100, 13)


def test_empty_record_and_skipped_steps():
    assert epoch_line({}, 6).startswith("Epoch n/a/6 | Loss:      n/a | Val Loss:      n/a")
    assert "| SKIPPED 3" in epoch_line({**RECORD, "skipped_steps": 3}, 100, 13)

"""Pictures of grids of any shape: cells, lines, points and fans that say how many lanes they stand for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sweep_records import make_sweep

from jaxstable.config import ConfigError
from jaxstable.training.grid import log_spaced, random_points

matplotlib = pytest.importorskip("matplotlib")

GRID = {"lambda_sparse": [1e-4, 1e-3, 1e-2], "learning_rate": [1e-3, 1e-2, 1e6], "seed": [0, 1]}


def measure(config):
    if config.learning_rate == 1e6:
        return {"status": "DIVERGED", "epochs": 2}
    return {"val_f1": -math.log10(config.lambda_sparse) / 10 + config.seed / 100}


def panels(figure):
    """The panel of the metric and the two fans."""
    found = [axes for axes in figure.findobj(matplotlib.axes.Axes) if axes.get_title("left").strip()]
    boxes = {axes: axes.get_window_extent() for axes in found}
    return sorted(found, key=lambda axes: (boxes[axes].x0 > 600, -boxes[axes].y0))


def words(axes):
    return [text.get_text() for text in axes.findobj(matplotlib.text.Text) if text.get_text() and text.get_visible()]


def test_cells_hold_means_and_name_what_is_lost(tmp_path):
    figure = make_sweep(GRID, measure).plot(x="lambda_sparse", y="learning_rate")
    figure.savefig(tmp_path / "grid.png")
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    assert figure.bbox.width == 1200
    metric, *fans = panels(figure)
    [image] = metric.images
    np.testing.assert_allclose(image.get_array()[:2].filled(np.nan), [[0.405, 0.305, 0.205]] * 2)
    assert image.get_array().mask[2].all()
    shown = words(metric)
    assert "mean over seed · 18 lanes · best: lane 1 (0.41)" in shown
    assert shown.count("2 diverged") == 3
    assert [label.get_text() for label in metric.get_xticklabels()] == ["0.0001", "0.001", "0.01"]
    assert [label.get_text() for label in metric.get_yticklabels()] == ["0.001", "0.01", "1e+06\nall diverged"]
    for fan in fans:
        assert {"median of 12 lanes", "diverged (6)"} <= set(words(fan.get_legend()))


def test_fields_are_chosen_from_the_last_with_seeds_averaged_over():
    metric = panels(make_sweep(GRID, measure).plot())[0]
    assert (metric.get_xlabel(), metric.get_ylabel()) == ("lambda_sparse", "learning_rate")
    metric = panels(make_sweep({"seed": [1, 2, 3]}).plot())[0]
    assert metric.get_xlabel() == "seed"


@pytest.mark.parametrize(
    ("grid", "kind"),
    [
        ([{}], "blank"),
        ({"seed": range(3)}, "line"),
        ({"lambda_sparse": log_spaced(1e-6, 1e-1, 12)}, "line"),
        ({"optimizer": ["adam", "adamw"]}, "line"),
        ({"optimizer": ["adam", "adamw"], "window": [None, 12]}, "cells"),
        ({"lambda_sparse": log_spaced(1e-6, 1e-1, 30), "lambda_recon": log_spaced(1, 1e3, 30)}, "cells"),
        (random_points(30, lambda_sparse=(1e-5, 1e-2), lambda_recon=(1.0, 100.0)), "points"),
    ],
    ids=["one", "seeds", "one-field", "words", "words-and-none", "large", "random"],
)
@pytest.mark.parametrize("lost", ["none", "some", "all"])
def test_a_grid_of_any_shape_draws(tmp_path, grid, kind, lost):
    def measure(config):
        fails = lost == "all" or (lost == "some" and config.lambda_sparse > 5e-4)
        return {"val_recon": config.lambda_sparse, "status": "DIVERGED" if fails else "FINISHED"}

    figure = make_sweep(grid, measure, truth=False).plot()
    figure.savefig(tmp_path / "grid.png")
    metric = panels(figure)[0]
    drawn = "cells" if metric.images else "line" if metric.lines else "points" if metric.collections else "blank"
    assert drawn == ("blank" if lost == "all" else kind)
    assert (lost == "all" and kind != "blank") == any("no lane that has not diverged" in text for text in words(metric))


def test_values_never_recorded_leave_panels_blank(tmp_path):
    figure = make_sweep(GRID, lambda c: {"train_loss_components": None}, truth=False).plot("val_shd")
    figure.savefig(tmp_path / "grid.png")
    metric, quality, reconstruction = panels(figure)
    assert any("no lane that has not diverged has a val_shd" in text for text in words(metric))
    assert "not recorded" in words(quality)
    assert "not recorded" in words(reconstruction)


def test_fan_keeps_the_last_value_of_a_lane_that_stopped():
    def measure(config):
        return {"epochs": 2 if config.seed == 0 else 4, "val_f1": 0.2 if config.seed == 0 else 0.6}

    fan = panels(make_sweep({"seed": [0, 1]}, measure).plot())[1]
    epochs, median = fan.lines[0].get_data()
    assert list(epochs) == [1, 2, 3, 4]
    np.testing.assert_allclose(median, 0.4)


def test_diverged_lanes_stay_within_the_line_picture():
    result = make_sweep({"learning_rate": [1e-3, 1e-2, 1e6]}, measure)
    metric = panels(result.plot())[0]
    low, high = metric.get_xlim()
    assert low < 1e-3
    assert high > 1e6
    assert "no value or diverged (1)" in words(metric)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("f1",), "metric: found 'f1', expected one of epochs_done, val_loss"),
        ((None, "lambda_disen"), "found the field 'lambda_disen', expected one that the grid changes"),
        ((None, None, "lambda"), "found the field 'lambda'"),
    ],
)
def test_unknown_names_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        make_sweep(GRID, measure).plot(*arguments)

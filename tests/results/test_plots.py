"""Pictures that can be saved, say what was recorded, and keep their labels inside."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest
from results_records import make_history, make_record, make_run
from test_page import discovery

from jaxstable.results.style import shorten, shorten_all
from jaxstable.results.train_result import TrainResult

matplotlib = pytest.importorskip("matplotlib")

from jaxstable.results.drawing import circle_order  # noqa: E402

LONG = tuple(f"unit_{i}_reactor_temperature_outlet_degC_{'$' * i}" for i in range(18))


def texts(axes):
    return [text for text in axes.findobj(matplotlib.text.Text) if text.get_text() and text.get_visible()]


def panels(figure):
    """The six panels of the history."""
    return figure.axes[:6]


def outside(figure, labels):
    """The labels that reach beyond the picture by more than two pixels."""
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    found = []
    for text in labels:
        box = text.get_window_extent()
        if min(box.x0, box.y0) < -2 or box.x1 > width + 2 or box.y1 > height + 2:
            found.append(text.get_text())
    return found


@pytest.mark.parametrize("truth", [True, False])
def test_result_page_holds_every_label(tmp_path, truth):
    rng = np.random.default_rng(0)
    lagged = (rng.random((2, 18, 18)) * (rng.random((2, 18, 18)) < 0.1)).astype(np.float32)
    true = np.triu(rng.random((18, 18)) < 0.1, 1) if truth else None
    adjacency = lagged.max(axis=0) * (1 - np.eye(18, dtype=np.float32))
    run = make_run(lagged=lagged, adjacency=adjacency, names=LONG, truth=true)
    result = TrainResult(run)
    figure = result.plot()
    figure.savefig(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")
    assert figure.bbox.width >= 1200
    labels = [text for text in texts(figure) if text.get_text().startswith("unit_")]
    joined = result.graph if true is None else result.graph | (true & ~np.eye(18, dtype=bool))
    assert len(labels) == 2 * len(LONG) + (joined.any(0) | joined.any(1)).sum()
    assert outside(figure, labels) == []
    titles = [axes.get_title("left") for axes in figure.findobj(matplotlib.axes.Axes)]
    shown = next(title for title in titles if title.startswith("Graph: "))
    assert shown.startswith(f"Graph: {result.graph.sum()} edges")
    assert ("missed" in shown) == truth


@pytest.mark.parametrize(
    "history",
    [
        [],
        [make_record(1)],
        [{"epoch": 1}],
        make_history(3, val_f1=None, val_shd=None, train_loss=None, train_loss_components=None),
        make_history(3, train_loss=-1.0, grad_norm=0.0),
    ],
    ids=["empty", "one", "bare", "null", "not-positive"],
)
def test_history_of_any_shape_draws(tmp_path, history):
    figure = TrainResult(make_run(history=history)).plot()
    figure.savefig(tmp_path / "history.png")
    blank = [axes for axes in panels(figure) if any("not rec" in t.get_text() for t in texts(axes))]
    assert (len(blank) == 6) == (history in ([], [{"epoch": 1}]))


def test_history_without_truth_names_only_what_it_shows():
    figure = TrainResult(make_run(history=make_history(val_f1=None, val_shd=None))).plot()
    assert [axes.get_title("left") for axes in panels(figure)][4:] == ["Best threshold", "Edges"]


@pytest.mark.parametrize("least", [1.0, 0.2])
def test_of_a_graph_of_many_edges_the_heaviest_are_drawn(least):
    full = np.triu(np.ones((1, 40, 40), np.float32), 1)
    full *= np.random.default_rng(0).uniform(least, 1.0, full.shape).astype(np.float32)
    run = make_run(lagged=full, adjacency=full[0], names=tuple(map(str, range(40))), truth=None)
    result = TrainResult(run)
    [axes] = result.plot("graph").axes
    drawn = len(axes.findobj(matplotlib.patches.FancyArrowPatch))
    assert 50 <= drawn <= 60
    assert axes.get_title("left") == f"Graph: {result.graph.sum()} edges; the {drawn} heaviest are drawn"


@pytest.mark.parametrize("n_vars", [3, 12, 41])
def test_the_graph_view_has_an_arrow_and_its_lags_for_every_link_inside_the_picture(n_vars):
    found = discovery(n_vars, seed=1)
    figure = found.plot("graph")
    [axes] = figure.axes
    assert len(axes.findobj(matplotlib.patches.FancyArrowPatch)) == len(found.links)
    labels = [text.get_text() for text in axes.texts]
    signs = {False: "\N{SUPERSCRIPT PLUS SIGN}", True: "\N{SUPERSCRIPT MINUS}"}
    wanted = [" ".join(f"{edge.lag}{signs[edge.weight < 0]}" for edge in link.edges) for link in found.links]
    assert sorted(set(wanted) & set(labels)) == sorted(set(wanted))
    assert all(labels.count(text) == wanted.count(text) for text in set(wanted))
    names = len(labels) - len(wanted)
    assert names == (n_vars if n_vars <= 16 else sum(found.graph.any(0) | found.graph.any(1)))
    assert outside(figure, axes.texts) == []


@pytest.mark.parametrize("n_vars", [3, 13, 41])
def test_a_saved_picture_ends_where_what_is_drawn_ends(n_vars, tmp_path):
    figure = discovery(n_vars).plot()
    figure.savefig(tmp_path / "own.png", dpi=50)
    figure.savefig(tmp_path / "cropped.png", dpi=50, bbox_inches="tight")
    own, cropped = (matplotlib.image.imread(tmp_path / name) for name in ("own.png", "cropped.png"))
    inked = np.flatnonzero((own[..., :3] < 0.98).any(axis=(1, 2)))
    assert len(own) - inked[-1] <= 0.25 * 50
    assert abs(len(own) - len(cropped)) <= 0.25 * 50


def test_boxes_of_the_layers_do_not_lie_on_each_other():
    [axes] = discovery(30).plot("graph").axes
    boxes = [patch.get_bbox() for patch in axes.findobj(matplotlib.patches.FancyBboxPatch) if patch.get_zorder() == 4]
    assert len(boxes) > 20
    pairs = [(one, other) for i, one in enumerate(boxes) for other in boxes[:i]]
    assert not any(one.overlaps(other) for one, other in pairs)


@pytest.mark.parametrize("n_vars", [3, 41, 125])
def test_every_label_of_the_heat_map_is_readable_or_there_is_none(n_vars):
    found = discovery(n_vars)
    figure = found.plot("matrix")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    labels = axes.get_yticklabels()
    assert len(labels) == (n_vars if n_vars <= 120 else 0)
    assert len(axes.get_xticklabels()) == len(labels)
    extents = sorted((text.get_window_extent() for text in labels), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 + 1.5 for lower, upper in itertools.pairwise(extents))
    assert all(text.get_fontsize() >= 6 for text in labels)
    order = [found.names.index(name) for name in found.order]
    expected = np.where(np.eye(n_vars, dtype=bool), 0, found.edge_probability[np.ix_(order, order)])
    np.testing.assert_array_equal(axes.images[0].get_array().filled(0), expected)


def test_the_time_view_draws_every_edge_from_its_lag_to_now():
    found = discovery(12, seed=2)
    [axes] = found.plot("time").axes
    assert len(axes.findobj(matplotlib.patches.FancyArrowPatch)) == len(found.edges())
    shown = [text.get_text() for text in axes.texts]
    assert shown[:3] == ["now", "lag 1 (10 min)", "lag 2 (20 min)"]
    assert len(shown) == 3 + len(found.names)
    known = dataclasses.replace(found, learned=dataclasses.replace(found.learned, truth=found.graph))
    [axes] = known.plot("time").axes  # whose colours are signs, not right or wrong
    assert {text.get_text() for text in axes.get_legend().get_texts()} <= {"raises", "lowers", "direction open"}


def test_of_a_dense_graph_the_time_view_draws_the_surest_and_says_so():
    found = discovery(40, density=12)
    [axes] = found.plot("time").axes
    drawn = [edge for link in found.links[:60] for edge in link.edges]
    assert len(axes.findobj(matplotlib.patches.FancyArrowPatch)) == len(drawn)
    title = f"{len(found.edges())} edges by lag; the 60 most probable are drawn"
    assert axes.get_title("left") == title


def test_a_wide_graph_stands_above_the_matrix():
    found = discovery(48)
    pairs = np.zeros((3, 48, 48), bool)
    pairs[1, np.arange(0, 48, 2), np.arange(1, 48, 2)] = True  # two layers of 24
    wide = dataclasses.replace(found, learned=dataclasses.replace(found.learned, lagged_graph=pairs))
    figure = wide.plot()
    figure.draw_without_rendering()
    places = {axes.get_title("left").split(":")[0]: axes.get_position() for axes in figure.axes}
    assert places["Graph"].y0 > places["Probability"].y1 - 0.01
    beside = {axes.get_title("left").split(":")[0]: axes.get_position() for axes in discovery(12).plot().axes}
    assert beside["Graph"].x0 > beside["Probability"].x1 - 0.01


def test_a_notebook_shows_the_picture_without_pyplot():
    assert discovery(4).plot("matrix")._repr_png_().startswith(b"\x89PNG")


def test_warnings_stand_above_the_picture_of_a_discovery():
    figure = discovery(4).plot()
    assert figure.get_suptitle().splitlines()[1] == "warnings: spikes"


def test_an_unknown_view_is_refused_by_name():
    with pytest.raises(ValueError, match="view: found 'tree', expected one of all, graph, matrix, time"):
        discovery(4).plot("tree")


def test_pyplot_and_its_settings_stay_untouched():
    program = """
import sys, matplotlib
from results_records import make_run
from jaxstable.results.train_result import TrainResult
from jaxstable.results.style import RC
before = [matplotlib.rcParams[key] for key in RC]
TrainResult(make_run()).plot()
assert "matplotlib.pyplot" not in sys.modules
assert [matplotlib.rcParams[key] for key in RC] == before
"""
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_circle_keeps_the_parts_of_a_graph_together():
    connected = np.zeros((7, 7), bool)
    for cause, effect in [(0, 4), (4, 2), (1, 5), (5, 3)]:
        connected[cause, effect] = True
    order = list(circle_order(connected))
    assert sorted(order) == list(range(7))
    assert order[-1] == 6
    assert {frozenset(order[:3]), frozenset(order[3:6])} == {
        frozenset({0, 4, 2}),
        frozenset({1, 5, 3}),
    }


def test_names_are_shortened_and_stay_different():
    assert shorten("T") == "T"
    assert len(shorten("x" * 99, 12)) == 12
    assert shorten("two\nlines\tand\x00more", 30) == "two lines and more"
    names = [f"plant_a_line_{c}_sensor_of_pressure" for c in "abc"]
    short = shorten_all(names, 14)
    assert len(set(short)) == 3
    assert all(len(name) <= 14 for name in short)


def test_a_single_zero_leaves_the_scale_logarithmic_and_no_legend_covers_a_curve():
    terms = [{"recon": 10.0**-i, "sparse": float(i != 3), "acyclic": 0.1, "disen": 1.0} for i in range(6)]
    history = [make_record(i + 1, train_loss_components=term) for i, term in enumerate(terms)]
    figure = TrainResult(make_run(history=history)).plot()
    figure.draw_without_rendering()
    assert figure.axes[1].get_yscale() == "log"
    assert "sparse > 0" in [text.get_text() for text in figure.axes[1].get_legend().get_texts()]
    for axes in panels(figure):
        if axes.get_legend():
            assert axes.get_legend().get_window_extent().y1 <= axes.get_window_extent().y0


def test_a_picture_says_when_nothing_was_learned():
    unreached = {"recon": 0.0, "sparse": 0.1, "acyclic": 0.1, "disen": 0.0}
    title = TrainResult(make_run(history=make_history(3, grad_to_adjacency=unreached))).plot().get_suptitle()
    assert title.startswith("5 variables · 3 epochs · ")
    assert title.splitlines()[1].startswith("Not learned: ")
    assert "Not learned" not in TrainResult(make_run()).plot().get_suptitle()

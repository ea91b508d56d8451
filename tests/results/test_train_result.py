"""The result's graph, totals and what survives being saved, damaged and loaded."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from results_records import NAMES, make_history, make_record, make_run

from jaxstable.config import Config
from jaxstable.files import directory as rundir
from jaxstable.files.directory import RunDirectoryError
from jaxstable.graph import metrics
from jaxstable.results.loading import diagnose, load
from jaxstable.results.train_result import TrainResult


def test_graph_is_acyclic_at_lag_zero_and_any_lag_counts():
    result = TrainResult(make_run())
    edges = {tuple(map(int, edge)) for edge in np.argwhere(result.graph)}
    assert edges == {(0, 1), (1, 2), (3, 4)}
    lagged = {tuple(map(int, edge)) for edge in np.argwhere(result.lagged_graph)}
    assert lagged == {(0, 0, 1), (0, 1, 2), (1, 0, 1), (1, 3, 4)}


def test_self_edges_never_enter_the_graph():
    lagged = np.ones((3, 4, 4), np.float32)
    adjacency = np.ones((4, 4), np.float32) - np.eye(4, dtype=np.float32)
    run = make_run(lagged=lagged, adjacency=adjacency, names=tuple("abcd"), truth=None)
    result = TrainResult(run)
    assert not result.lagged_graph[:, np.arange(4), np.arange(4)].any()
    assert result.lagged_graph[0].sum() == 6
    assert result.graph.sum() == 12


def test_threshold_compares_in_the_precision_of_the_weights():
    lagged = np.zeros((1, 2, 2), np.float32)
    lagged[0, 0, 1] = np.float32(0.35)  # above the double 0.35, equal to the float32
    run = make_run(lagged=lagged, adjacency=lagged[0], names=("a", "b"), truth=None, threshold=0.35)
    assert not TrainResult(run).graph.any()


def test_summary_holds_the_contract_and_nothing_invented():
    history = make_history(4, val_f1=[0.1, 0.4, None, 0.3], edge_count=[9, 7, None, 5])
    summary = TrainResult(make_run(history=history)).summary()
    assert (summary["best_f1"], summary["best_shd"]) == (0.3, pytest.approx(8.6))  # of the last new best
    assert (summary["graph_f1"], summary["graph_shd"], summary["graph_edge_count"]) == (pytest.approx(2 / 3), 1, 3)
    assert summary["final_edge_count"] == 5
    assert summary["true_edge_count"] == 3
    assert summary["avg_grad_clip_ratio"] == pytest.approx(0.1)
    assert summary["best_threshold"] == 0.25
    assert (summary["epochs"], summary["status"], summary["total_time"]) == (4, "FINISHED", 12.5)
    assert summary["config"] == Config().to_dict()
    blank = TrainResult(make_run(history=[], truth=None)).summary()
    unknown = ["best_f1", "best_shd", "final_edge_count", "true_edge_count"]
    assert [blank[key] for key in [*unknown, "avg_grad_clip_ratio", "final_learning_rate"]] == ([None] * 6)


def test_repr_is_one_short_line():
    text = repr(TrainResult(make_run()))
    assert text == "TrainResult(FINISHED, 8 epochs, 5 variables, 3 edges above threshold 0.25)"


def test_a_run_that_learned_nothing_says_so_wherever_it_goes(tmp_path):
    unreached = {"recon": 0.0, "sparse": 0.1, "acyclic": 0.1, "disen": 0.0}
    result = TrainResult(make_run(history=make_history(1, grad_to_adjacency=unreached), threshold=0.0))
    assert repr(result).startswith("TrainResult(FINISHED, 1 epoch, ")
    assert repr(result).endswith(" edges above threshold 0.00; not learned: see diagnose())")
    assert ["error", "reconstruction_never_reaches_adjacency"] in result.summary()["findings"]
    assert 'key="warning">not learned: ' in result.to_graphml(tmp_path / "g.graphml").read_text()
    assert str(result.diagnose()[0]).startswith("ERROR reconstruction_never_reaches_adjacency: the gradient")


@pytest.mark.parametrize("graph", [np.zeros((5, 5), bool), np.eye(5, k=1, dtype=bool), ~np.eye(5, dtype=bool)])
def test_graph_scores_are_those_of_the_metrics(graph):
    result = TrainResult(make_run(truth=graph))
    summary = result.summary()
    assert summary["graph_f1"] == pytest.approx(float(metrics.f1(result.graph, graph)))
    assert summary["graph_shd"] == int(metrics.shd(result.graph, graph))


@pytest.mark.parametrize("truth", [None, np.eye(5, k=1, dtype=bool)], ids=["blind", "truth"])
def test_saved_result_comes_back_whole(tmp_path, truth):
    result = TrainResult(make_run(truth=truth, config=Config.unstable(), status="EARLY_STOPPED"))
    again = load(result.save(tmp_path / "deep" / "run"))
    for name in ("adjacency", "lagged", "graph"):
        np.testing.assert_array_equal(getattr(again, name), getattr(result, name))
    assert again.lagged.dtype == np.float32
    assert (again.truth is None) == (truth is None)
    assert (again.names, again.threshold, again.status) == (NAMES, 0.25, "EARLY_STOPPED")
    assert again.history == result.history
    assert again.config == result.config
    assert again.summary() == result.summary()
    assert again == result
    assert again != TrainResult(make_run(threshold=0.5))
    assert again.diagnose() == result.diagnose() == diagnose(tmp_path / "deep" / "run")
    np.testing.assert_array_equal(again.params["decoder"]["kernel"], np.ones((2, 3)))
    assert sorted(path.name for path in (tmp_path / "deep" / "run").iterdir()) == [
        "adjacency.npz",
        "config.json",
        "training_log_unstable.json",
        "training_summary_unstable.json",
    ]


def test_saving_leaves_a_log_that_already_says_the_same(tmp_path):
    result = TrainResult(make_run())
    result.save(tmp_path)
    log = tmp_path / "training_log_stable.json"
    before = log.stat().st_ino
    result.save(tmp_path)
    assert log.stat().st_ino == before
    TrainResult(make_run(history=make_history(2))).save(tmp_path)
    assert len(rundir.read_log(log).records) == 2


def test_files_are_strict_json(tmp_path):
    history = [make_record(1, val_loss=float("nan"), grad_norm_max=float("inf"))]
    facts = {"scale": np.array([1.0, np.nan]), "raw_abs_max": np.float32(2.5)}
    TrainResult(make_run(history=history, data_facts=facts)).save(tmp_path)
    for path in tmp_path.glob("*.json"):
        assert json.loads(path.read_text(), parse_constant=pytest.fail)
    record = json.loads((tmp_path / "training_log_stable.json").read_text())
    assert record["val_loss"] is None
    assert record["grad_norm_max"] is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("training_log_stable.json", "no training_log_"),
        ("training_summary_stable.json", "jaxstable resume"),
        ("adjacency.npz", "jaxstable resume"),
    ],
)
def test_missing_file_names_the_way_out(tmp_path, name, message):
    TrainResult(make_run()).save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RunDirectoryError, match=message):
        load(tmp_path)


@pytest.mark.parametrize("position", [0.05, 0.3, 0.6])
def test_flipped_bit_in_the_arrays_is_refused(tmp_path, position):
    TrainResult(make_run(params={"w": np.arange(4000.0)})).save(tmp_path)
    path = tmp_path / "adjacency.npz"
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 4
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match="damaged"):
        load(tmp_path)


def test_save_and_load_need_no_plotting_or_table_package(tmp_path):
    program = f"""
import sys
for name in ("matplotlib", "pandas", "networkx", "rich"):
    sys.modules[name] = None
sys.path[:0] = {sys.path!r}
from results_records import make_run
from jaxstable.results.loading import load
from jaxstable.results.train_result import TrainResult
result = load(TrainResult(make_run()).save({str(tmp_path)!r}))
result.diagnose(), result.to_graphml({str(tmp_path / "g.graphml")!r})
assert "pip install" in result._repr_html_()
for method in (result.plot, result.to_pandas, result.to_networkx):
    try:
        method()
    except ImportError as error:
        assert "pip install " in str(error), error
    else:
        raise SystemExit(f"{{method}} did not need its package")
print("ok")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "ok\n", done.stderr


@pytest.mark.parametrize(
    ("key", "value"), [("total_time", "x"), ("total_time", [1]), ("data_facts", [1]), ("data_facts", "x")]
)
def test_a_damaged_summary_is_refused(tmp_path, key, value):
    TrainResult(make_run()).save(tmp_path)
    path = tmp_path / "training_summary_stable.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(RunDirectoryError, match="is damaged"):
        load(tmp_path)


@pytest.mark.parametrize("damage", ["plain", "adjacency", "lagged", "names", "threshold"])
def test_damaged_arrays_are_refused(tmp_path, damage):
    path = TrainResult(make_run()).save(tmp_path) / "adjacency.npz"
    with np.load(path) as file:
        arrays = dict(file)
    with path.open("wb") as handle:
        if damage == "plain":
            np.save(handle, arrays["adjacency"])
        else:
            np.savez(handle, **{**arrays, damage: np.zeros(()) if damage != "threshold" else np.zeros(2)})
    with pytest.raises(RunDirectoryError, match="is damaged"):
        load(tmp_path)


def test_a_log_with_a_line_that_no_run_wrote_is_refused(tmp_path):
    TrainResult(make_run()).save(tmp_path)
    path = tmp_path / "training_log_stable.json"
    path.write_text('{"epoch": [1]}\n' + path.read_text())
    with pytest.raises(RunDirectoryError, match="checksum"):
        load(tmp_path)

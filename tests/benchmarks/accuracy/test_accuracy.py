"""The accuracy benchmark: its command, its rows on disk and its scores; no peer is needed."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from benchmarks.accuracy import accuracy, baselines, peers, scoring
from benchmarks.accuracy.accuracy_table import best_settings, mean_and_error, summaries
from benchmarks.accuracy.peers import Estimate
from benchmarks.accuracy.peerworker import Worker
from benchmarks.accuracy.rows import Store


def a_row(**values):
    row = {"method": "m", "setting": "", "data": "d", "seed": 0, "scale": "any", "error": None, "seconds": 1.0}
    return {**row, **dict.fromkeys(scoring.SCORES, 0.5), **values}


@pytest.mark.parametrize("seed", [0, 1])
def test_scores_agree_with_scikit_learn_ties_included(seed):
    from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

    rng = np.random.default_rng(seed)
    ranking, truth = rng.integers(0, 6, (9, 9)).astype(float), rng.random((9, 9)) < 0.3
    np.fill_diagonal(truth, False)
    graph = ranking > 3
    found = scoring.score(Estimate(ranking, graph), truth)
    away = ~np.eye(9, dtype=bool)
    assert found["auroc"] == pytest.approx(roc_auc_score(truth[away], ranking[away]), abs=1e-6)
    assert found["ap"] == pytest.approx(average_precision_score(truth[away], ranking[away]), abs=1e-6)
    assert found["f1"] == pytest.approx(f1_score(truth[away], graph[away]), abs=1e-6)
    best = max(f1_score(truth[away], ranking[away] >= level) for level in range(6))
    assert found["f1_best"] == pytest.approx(best)
    assert found["f1_count"] <= found["f1_best"] + 1e-9
    assert found["true_edges"] == truth.sum()


def test_scores_that_float32_would_tie_are_told_apart():
    truth = np.array([[0, 1], [0, 0]], bool)
    ranking = np.array([[0.0, 1.0 + 1e-12], [1.0, 0.0]])
    assert scoring.score(Estimate(ranking, truth), truth)["auroc"] == 1.0


def test_a_ranking_without_an_opinion_finds_nothing():
    assert scoring.f1_at_count(np.zeros(6), np.array([True, False] * 3)) == 0.0


def test_links_without_direction_count_for_both_and_those_with_one_for_it_alone():
    marks = np.full((3, 3, 2), "", dtype="<U3")
    marks[0, 1, 0], marks[1, 0, 0] = "-->", "<--"
    marks[1, 2, 0] = marks[2, 1, 0] = "o-o"
    marks[2, 0, 1] = "-->"
    statistic = np.full((3, 3, 2), 0.1)
    statistic[0, 1, 0] = statistic[1, 0, 0] = 0.9
    statistic[1, 0, 1] = 0.2
    found = peers._from_links(statistic, marks)
    expected = np.array([[0, 1, 0], [0, 0, 1], [1, 1, 0]], bool)
    np.testing.assert_array_equal(found.graph, expected)
    assert found.scores[1, 0] == 0.2  # what lag 1 says, not the link that points the other way
    assert found.scores[0, 1] == 1.9


def test_the_setting_is_chosen_on_the_seeds_that_all_were_tried_on():
    rows = [a_row(setting="a", f1=0.9), a_row(setting="b", f1=0.8), a_row(setting="b", seed=1, f1=1.0)]
    assert best_settings(rows) == {("m", "d", "any"): "a"}
    failed = [a_row(setting="a", error="no"), a_row(setting="b", f1=0.0)]
    assert best_settings(failed) == {("m", "d", "any"): "b"}


def test_means_have_errors_and_failures_are_counted():
    assert mean_and_error([0.5]) == (0.5, None)
    (found,) = summaries([a_row(auroc=1.0), a_row(seed=1, auroc=0.0), a_row(seed=2, error="no memory")]).values()
    assert found["auroc"] == (0.5, 0.5)
    assert (found["n"], found["failed"], found["errors"]) == (2, 1, ["no memory"])


def test_rows_of_several_processes_are_merged_and_replaced_by_key(tmp_path):
    path = tmp_path / "accuracy.json"
    one, other = Store(path), Store(path)
    one.add([a_row(), a_row(seed=1)], peers={"a": "1"})
    other.add([a_row(seed=1, auroc=float("nan"), error="x"), a_row(seed=2)], peers={"b": "2"})
    rows, record = one.read()
    assert sorted(row["seed"] for row in rows.values()) == [0, 1, 2]
    replaced = rows["m", "", "d", 1, "any"]
    assert (replaced["error"], replaced["auroc"]) == ("x", None)
    assert record["peers"] == {"a": "1", "b": "2"}
    assert [file.name for file in tmp_path.iterdir()] == ["accuracy.json"]


def test_the_command_keeps_rows_and_does_not_run_them_again(tmp_path, capsys):
    out = tmp_path / "accuracy.json"
    asked = ["--methods", "empty,ridge VAR", "--data", "linear clean", "--seeds", "60-61", "--out", str(out)]
    assert accuracy.main(asked) == 0
    printed = capsys.readouterr().out
    assert "linear clean 61 | ridge VAR" in printed
    assert "DYNOTEARS" in printed
    first = json.loads(out.read_text())
    assert len(first["rows"]) == 2 + 2 * 2  # the units of the columns matter to ridge VAR alone
    assert (tmp_path / "accuracy.png").stat().st_size > 5000
    assert accuracy.main(asked) == 0
    assert "linear clean 61 |" not in capsys.readouterr().out
    assert json.loads(out.read_text())["rows"] == first["rows"]
    figures = first["figures"]["ridge VAR | linear clean | standardised"]
    assert figures["auroc"][0] > 0.85
    assert first["figures"]["empty | linear clean | any"]["auroc"][0] == 0.5


def test_a_failure_is_a_row_that_the_next_call_tries_again(tmp_path, capsys, monkeypatch):
    def fails(rows):
        raise FloatingPointError("overflow")

    out = tmp_path / "accuracy.json"
    asked = ["--methods", "|correlation|", "--data", "linear clean", "--seeds", "60", "--out", str(out)]
    with monkeypatch.context() as patch:
        patch.setitem(baselines.BASELINES, "|correlation|", peers.Peer("numpy", fails, {"": {}}, invariant=True))
        assert accuracy.main(asked) == 0
    assert "FloatingPointError: overflow" in capsys.readouterr().out
    assert accuracy.main(asked) == 0
    (figures,) = json.loads(out.read_text())["figures"].values()
    assert (figures["n"], figures["failed"]) == (1, 0)


def test_an_unknown_method_is_refused_by_name(tmp_path):
    with pytest.raises(SystemExit, match="methods: found 'magic'"):
        accuracy.main(["--methods", "magic", "--out", str(tmp_path / "x.json")])


def test_a_peer_that_is_not_installed_is_listed_with_its_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(peers.PEERS, "PCMCI", peers.PEERS["PCMCI"]._replace(package="no-such-package"))
    asked = ["--methods", "PCMCI", "--data", "linear clean", "--seeds", "60", "--out", str(tmp_path / "x.json")]
    assert accuracy.main(asked) == 0
    assert "skipped: PCMCI: no-such-package is not installed" in capsys.readouterr().out


def test_a_failing_peer_answers_with_its_error_and_a_slow_one_is_ended(tmp_path):
    worker = Worker(sys.executable)
    path = str(tmp_path / "rows.npz")
    np.savez(path, values=np.zeros((1, 9, 2)), filled=np.zeros((1, 9, 2)), n_lags=1, seed=0)
    try:
        wrong = worker.ask({"method": "no such method", "setting": "", "path": path})
        assert wrong["error"].startswith("KeyError")
        assert worker.ask({"versions": ["numpy", "no-such-package"]}) == {
            "numpy": np.__version__,
            "no-such-package": None,
        }
        worker.close()
        late = worker.ask({"versions": ["numpy"]}, limit=0.0)
        assert late == {"error": "no answer within 0 s"}
        assert worker.ask({"versions": ["numpy"]}) == {"numpy": np.__version__}
    finally:
        worker.close()


@pytest.mark.parametrize("method", list(peers.PEERS))
def test_installed_peers_find_a_strong_lagged_edge(method):
    peer = peers.PEERS[method]
    if peers.version(peer.package) is None:
        pytest.skip(f"{peer.package} is not installed")
    if method in ("DAGMA", "NOTEARS"):
        pytest.skip("knows no lags")
    rng = np.random.default_rng(0)
    values = rng.laplace(size=(1, 400, 3))
    values[0, 1:, 2] += 2.0 * values[0, :-1, 0]
    found = peer.run(peers.Rows(values, values, 1), **next(iter(peer.settings.values())))
    assert np.unravel_index(found.scores.argmax(), (3, 3)) == (0, 2)
    assert found.graph[0, 2]

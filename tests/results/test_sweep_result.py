"""The sweep's result: indexing, ranking, the table, what is saved and loaded, and the notebook display."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from results_records import make_run
from sweep_records import codes, make_sweep

from jaxstable.config import Config, ConfigError
from jaxstable.files.directory import RunDirectoryError
from jaxstable.files.kinds import kind_of
from jaxstable.results.loading import diagnose, load
from jaxstable.results.sweep_result import SweepResult
from jaxstable.results.text import report_text

GRID = {"lambda_sparse": [1e-4, 1e-3, 1e-2], "seed": [0, 1]}


def measure(config):
    if config.lambda_sparse == 1e-2:
        return {"status": "DIVERGED", "epochs": 2, "val_f1": 0.99, "val_recon": 0.001}
    return {"val_f1": 0.4 + config.seed / 10 + 100 * config.lambda_sparse, "val_recon": 0.2 - config.seed / 10}


@pytest.fixture
def result():
    return make_sweep(GRID, measure)


def test_a_lane_is_reached_by_any_integer(result):
    assert len(result) == 6
    assert result[5].config == result[-1].config == result[np.int64(5)].config
    assert [lane.config.seed for lane in result] == [0, 1] * 3
    for lane in (6, -7):
        with pytest.raises(IndexError, match="has 6 lanes, 0 to 5"):
            result[lane]
    with pytest.raises(TypeError):
        result["lambda_sparse"]
    assert [lane.config for lane in result[1:3]] == [result[1].config, result[2].config]


def test_best_follows_the_metric_and_never_a_diverged_lane(result):
    assert result.metric == "val_f1"
    assert result.best().config == result[3].config
    assert result.ranking() == [3, 1, 2, 0]
    assert result.ranking("val_recon") == [1, 3, 0, 2]
    assert result.best("val_shd").config == result[0].config
    assert make_sweep(GRID, measure, truth=False).best().config == result[1].config
    with pytest.raises(ConfigError, match="by: found 'f1', expected one of val_loss, val_recon"):
        result.best("f1")
    with pytest.raises(ConfigError, match="'edge_count', edge_count is neither better large nor better small"):
        result.best("edge_count")
    with pytest.raises(ConfigError, match="no lane that has not diverged has a val_recon"):
        make_sweep(GRID, lambda config: {"val_recon": None}).best("val_recon")


def test_dataframe_leads_with_the_grid(result):
    frame = result.to_pandas()
    assert list(frame.columns[:4]) == ["lambda_sparse", "seed", "status", "epochs_done"]
    assert frame.index.name == "lane"
    assert set(Config().to_dict()) & set(frame.columns) == set(result.axes)
    assert set(Config().to_dict()) < set(result.to_pandas(all_fields=True).columns)
    assert len(set(frame.columns)) == len(frame.columns)
    means = frame[frame.status != "DIVERGED"].groupby("lambda_sparse").val_f1.mean()
    assert means.round(6).to_dict() == {1e-4: 0.46, 1e-3: 0.55}


def test_summary_counts_each_group_once():
    runs = [make_run(config=Config(batch_size=size, seed=seed)) for size in (4, 8) for seed in range(3)]
    summary = SweepResult(runs).summary()
    assert summary["total_time"] == 2 * runs[0].total_time
    assert summary["status"] == {"FINISHED": 6}
    rounds = [make_run(config=Config(seed=seed), total_time=seconds) for seconds in (3.0, 4.5) for seed in range(2)]
    assert SweepResult(rounds).summary()["total_time"] == 7.5  # a search trains a group a round
    assert summary["axes"] == {"batch_size": [4, 8], "seed": [0, 1, 2]}
    assert summary["best"]["lane"] == 0
    assert make_sweep(GRID, lambda config: {"status": "DIVERGED"}).summary()["best"] is None


@pytest.mark.parametrize("truth", [True, False])
def test_saved_sweep_comes_back_whole(tmp_path, truth):
    result = make_sweep(GRID, measure, truth)
    assert result.save(tmp_path / "deep" / "sweep") == tmp_path / "deep" / "sweep"
    assert kind_of(tmp_path / "deep" / "sweep") == "sweep"
    again = load(tmp_path / "deep" / "sweep")
    assert again.run_dir == tmp_path / "deep" / "sweep"
    assert again.table == result.table
    assert again.summary() == result.summary()
    assert again.diagnose() == result.diagnose() == diagnose(again.run_dir)
    for own, other in zip(result, again, strict=True):
        assert (own.config, own.history, own.status) == (other.config, other.history, other.status)
        assert (own.names, own.threshold) == (other.names, other.threshold)
        assert own.run.data_facts == other.run.data_facts
        np.testing.assert_array_equal(own.graph, other.graph)
        assert (other.truth is not None) == truth


def test_lanes_may_differ_in_their_lags(tmp_path):
    short = make_run()
    long = make_run(lagged=np.concatenate([short.lagged, short.lagged]), config=Config(model="svar"))
    again = load(SweepResult([short, long]).save(tmp_path))
    for own, other in zip((short, long), again, strict=True):
        np.testing.assert_array_equal(own.lagged, other.lagged)


def test_saving_twice_rewrites_neither_log_nor_table(result, tmp_path):
    result.save(tmp_path)
    before = [(tmp_path / name).stat().st_ino for name in ("lanes_log.json", "lanes.json", "config.json")]
    result.save(tmp_path)
    assert before == [(tmp_path / name).stat().st_ino for name in ("lanes_log.json", "lanes.json", "config.json")]
    make_sweep({"seed": [7]}).save(tmp_path)
    assert [lane.config.seed for lane in load(tmp_path)] == [7]


def test_one_lane_can_be_kept_with_its_parameters(tmp_path):
    SweepResult([make_run()])[0].save(tmp_path)
    np.testing.assert_array_equal(load(tmp_path).params["decoder"]["kernel"], np.ones((2, 3)))


def test_a_flipped_bit_in_the_arrays_is_refused_or_harmless(result, tmp_path):
    path = result.save(tmp_path) / "lanes.npz"
    whole = path.read_bytes()
    refusals = []
    for position in range(0, len(whole), len(whole) // 40):
        content = bytearray(whole)
        content[position] ^= 4
        path.write_bytes(content)
        try:
            again = load(tmp_path)
        except RunDirectoryError as error:
            refusals.append(str(error))
        else:
            for own, other in zip(result, again, strict=True):
                np.testing.assert_array_equal(own.lagged, other.lagged)
                assert own.status == other.status
    assert len(refusals) >= 20
    assert all("damaged" in words or "lacks" in words for words in refusals)


def test_a_sweep_in_flight_can_be_judged_but_not_loaded(result, tmp_path):
    result.save(tmp_path)
    (tmp_path / "sweep_summary.json").unlink()
    lines = (tmp_path / "lanes.json").read_text().splitlines(keepends=True)
    (tmp_path / "lanes.json").write_text("".join(lines[:-4]))
    with (tmp_path / "lanes_log.json").open("a") as log:
        log.write('{"lane": 1, "epo')
    with pytest.raises(RunDirectoryError, match="has not ended, or lost it; `jaxstable resume"):
        load(tmp_path)
    found = diagnose(tmp_path)
    assert "lanes_unfinished" in codes(found)
    assert next(f for f in found if f.code == "lanes_unfinished").evidence.startswith("4 of 6 lanes")


def test_files_are_strict_json(tmp_path):
    make_sweep({"seed": [0, 1]}, lambda config: {"grad_norm": float("nan")}).save(tmp_path)
    for name in ("lanes_log.json", "lanes.json"):
        for line in (tmp_path / name).read_text().splitlines():
            json.loads(line, parse_constant=pytest.fail)
    json.loads((tmp_path / "sweep_summary.json").read_text(), parse_constant=pytest.fail)


def test_text_and_display_name_the_best_lane_first(result, tmp_path):
    text = report_text(result.overview(), [tmp_path])
    title, _, table, header, first = text.splitlines()[:5]
    assert title == "6 lanes over lambda_sparse, seed: 4 finished, 2 diverged; lane 3 is best by val_f1"
    assert table == "Best lanes (4 of 6)"
    assert header.split()[:3] == ["lane", "lambda_sparse", "seed"]
    assert first.split()[:4] == ["3", "0.001", "1", "0.6"]
    assert f"Written  {tmp_path}" in text
    page = result._repr_html_()
    assert page.count("<img") == 1
    assert "lanes_diverged" in page
    assert repr(result) == "SweepResult(6 lanes over lambda_sparse, seed: 4 finished, 2 diverged)"
    assert repr(make_sweep([{}])) == "SweepResult(1 lane over nothing: 1 finished)"


def test_text_of_a_sweep_in_which_all_diverged():
    text = report_text(make_sweep(GRID, lambda config: {"status": "DIVERGED"}).overview())
    assert text.splitlines()[4].split()[0] == "0"
    assert "6 diverged" in text


def test_loading_and_judging_need_neither_jax_nor_pandas(result, tmp_path):
    result.save(tmp_path)
    program = f"""
import sys
for name in ("jax", "matplotlib", "pandas"):
    sys.modules[name] = None
sys.path[:0] = {sys.path!r}
from jaxstable.results.loading import load
result = load({str(tmp_path)!r})
result.diagnose(), result.best().graph
assert "pip install" in result._repr_html_()
for method in (result.plot, result.to_pandas):
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

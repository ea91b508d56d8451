"""Rows that come in blocks give the graph of all of them, and the discovery says how it was read."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js

pl = pytest.importorskip("polars")


def test_blocks_give_the_graph_of_all_rows(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4_500, 5))
    rows[1:, 1] += 0.8 * rows[:-1, 0]
    rows[1:, 2] += 0.8 * rows[:-1, 1]
    rows += np.repeat([0.0, 4.0, -3.0], 1_500)[:, None]  # a level of its own in each block
    rows[3_500, 1] = 1_000.0  # a glitch that the first block knows nothing of
    pl.DataFrame(rows, schema=list("abcde")).write_parquet(tmp_path / "rows.parquet")
    found = js.discover(js.Blocks(tmp_path / "rows.parquet", rows=1_500), max_lag=2, draws=5, progress=False)
    assert sorted(zip(*np.nonzero(found.graph), strict=True)) == [(0, 1), (1, 2)]
    assert found.edge_probability[0, 1] > 0.8
    assert found.chosen["blocks"].value == 3
    assert "all 4500 rows" in found.chosen["blocks"].why
    assert found.provenance["rows"] == 4_500
    found.save(tmp_path / "found")
    assert js.load(tmp_path / "found").chosen["blocks"] == found.chosen["blocks"]


def test_blocks_with_environments_and_a_coarser_step(tmp_path):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(9_000, 3)) * np.repeat([1.0, 3.0, 1.0], 3_000)[:, None]
    rows[2:, 1] += 0.8 * rows[:-2, 0]
    rows[2:, 2] += 0.8 * rows[:-2, 1]
    halves = np.repeat(rows, 2, axis=0) + 0.1 * rng.normal(size=(18_000, 3))
    minutes = np.datetime64("2024-01-01", "us") + np.arange(18_000) * np.timedelta64(30_000_000, "us")
    frame = pl.DataFrame({"time": minutes, **{name: halves[:, i] for i, name in enumerate("abc")}})
    frame.with_columns(load=pl.Series(np.repeat(["low", "high", "low"], 6_000))).write_parquet(tmp_path / "a.parquet")
    blocks = js.Blocks(tmp_path / "a.parquet", rows=5_000, resample="1min", environment="load")
    found = js.discover(blocks, max_lag=2, draws=5, progress=False)
    assert sorted(zip(*np.nonzero(found.graph), strict=True)) == [(0, 1), (1, 2)]
    assert np.abs(found.lagged[2, [0, 1], [1, 2]]).min() > 0.4

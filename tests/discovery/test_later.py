"""Rows that come in blocks give the graph of all of them, and the discovery says how it was read."""

from __future__ import annotations

import numpy as np
import pytest

import jaxstable as js

pl = pytest.importorskip("polars")


def test_blocks_give_the_graph_of_all_rows(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6_000, 3))
    rows[1:, 1] += 0.8 * rows[:-1, 0]
    rows[1:, 2] += 0.8 * rows[:-1, 1]
    rows += np.repeat([0.0, 4.0, -3.0], 2_000)[:, None]  # a level of its own in each block
    rows[5_000, 1] = 1_000.0  # a glitch that the first block knows nothing of
    pl.DataFrame(rows, schema=["a", "b", "c"]).write_parquet(tmp_path / "rows.parquet")
    found = js.discover(js.Blocks(tmp_path / "rows.parquet", rows=2_000), max_lag=2, draws=5, progress=False)
    assert sorted(zip(*np.nonzero(found.graph), strict=True)) == [(0, 1), (1, 2)]
    assert found.edge_probability[0, 1] > 0.8
    assert found.chosen["blocks"].value == 3
    assert "all 6000 rows" in found.chosen["blocks"].why
    assert found.provenance["rows"] == 6_000
    found.save(tmp_path / "found")
    assert js.load(tmp_path / "found").chosen["blocks"] == found.chosen["blocks"]

"""Rows in blocks: the same rows as at once, one reading for all blocks, refusals that name the rows."""

from __future__ import annotations

import numpy as np
import pytest

from jaxstable.data import blocks
from jaxstable.data.blocks import Blocks, too_large
from jaxstable.data.checks import DataError, DataWarning
from jaxstable.data.dataset import Dataset
from jaxstable.moments.combined import combined
from jaxstable.moments.lagged import lagged_moments

pl = pytest.importorskip("polars")
N = 5_000
VALUES = np.random.default_rng(0).normal(size=(N, 3)).cumsum(axis=1)
VALUES[::11, 1] = np.nan
MINUTES = np.datetime64("2024-01-01", "us") + np.arange(N) * np.timedelta64(60_000_000, "us")


def frame(values=VALUES, time=MINUTES, **more):
    return pl.DataFrame({"time": time, **{f"x{i}": values[:, i] for i in range(3)}, **more}).fill_nan(None)


@pytest.fixture
def file(tmp_path):
    frame(number=np.arange(N)).write_parquet(tmp_path / "a.parquet", row_group_size=700)
    return tmp_path / "a.parquet"


def test_blocks_hold_the_rows_of_the_whole(file):
    whole, parts = Dataset.from_file(file), list(Blocks(file, rows=1_200))
    assert [len(part) for part in parts] == [1_200] * 4 + [200]
    assert {part.names for part in parts} == {whole.names} == {("x0", "x1", "x2")}
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), whole.values)
    assert {part.step for part in parts} == {"1 min"}
    assert repr(Blocks(file, rows=1_200)) == "Blocks(5000 rows of a.parquet, 5 blocks of 1200 rows)"


def test_folders_are_read_in_the_order_of_their_files(tmp_path):
    for day in range(5):
        frame(VALUES[day * 1_000 : day * 1_000 + 1_000], MINUTES[day * 1_000 : day * 1_000 + 1_000]).write_parquet(
            tmp_path / f"day{day}.parquet"
        )
    rows = np.concatenate([part.values for part in Blocks(tmp_path, rows=1_500)])
    np.testing.assert_array_equal(rows, VALUES)


def test_what_cannot_be_read_in_blocks_is_refused(tmp_path, file):
    frame(time=MINUTES[::-1]).write_parquet(tmp_path / "b.parquet")
    sorts = pytest.warns(DataWarning, match="the rows were sorted")
    with (
        sorts,
        pytest.raises(DataError, match=r"b\.parquet, rows 2000 to 4000: its time begins before .*sort the rows"),
    ):
        list(Blocks(tmp_path / "b.parquet", rows=2_000))
    late = VALUES.copy()
    late[3_000:, 2] = np.nan
    frame(late).write_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r"rows 3000 to 4000: column 'x2' has no observed entry"):
        list(Blocks(tmp_path / "c.parquet", rows=1_000))
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="as Parquet"):
        Blocks(tmp_path / "d.csv")
    with pytest.raises(DataError, match="no such file"):
        Blocks(tmp_path / "e.parquet")
    with pytest.raises(DataError, match="rows=10: expected a whole number"):
        Blocks(file, rows=10)


def test_environments_are_numbered_over_all_blocks(tmp_path):
    labels = np.repeat([10, 2, 10, 7, 2], 1_000)
    frame(regime=labels).write_parquet(tmp_path / "a.parquet")
    parts = list(Blocks(tmp_path / "a.parquet", rows=1_500, environment="regime"))
    codes = np.concatenate([part.environment for part in parts])
    assert {(code, label) for code, label in zip(codes.tolist(), labels.tolist(), strict=True)} == {
        (0, 10),
        (1, 2),
        (2, 7),
    }
    moments = [lagged_moments(p.values, p.mask, 1, p.series, p.environment) for p in parts]
    both = combined(moments)
    assert both.environments == (0, 1, 2)
    assert [moment.environments for moment in moments] == [(0, 1), (0, 1), (1, 2), (1,)]
    whole = lagged_moments(VALUES, None, 1, np.repeat([0, 1, 2, 3], [1_500] * 3 + [500]), codes)
    np.testing.assert_array_equal(both.count, whole.count)
    np.testing.assert_allclose(both.matrix, whole.matrix, atol=0.01)
    np.testing.assert_array_equal(both.block_count.sum(), whole.block_count.sum())
    for label in range(3):
        assert both.block_count[both.block_environment == label].sum() == whole.count[label]


def test_no_step_of_resample_is_cut_by_a_block(file, tmp_path):
    whole = Dataset.from_file(file, resample="7min")
    for rows in (1_000, 1_200):
        parts = list(Blocks(file, rows=rows, resample="7min"))
        assert len(parts) > 1
        np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), whole.values)
    with pytest.raises(DataError, match=r"rows 0 to 1000: .*one step of resample='2d': choose larger blocks"):
        list(Blocks(file, rows=1_000, resample="2d"))
    with pytest.raises(DataError, match="resample='7 moons'"):
        list(Blocks(file, rows=1_000, resample="7 moons"))
    frame().drop("time").write_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match="resample= needs a clock"):
        list(Blocks(tmp_path / "b.parquet", rows=1_000, resample="7min"))


def test_only_what_does_not_fit_is_too_large(file, tmp_path, monkeypatch):
    assert not too_large(file)
    assert not too_large(VALUES)
    assert not too_large(tmp_path / "absent.parquet")
    monkeypatch.setattr(blocks, "free_memory", lambda: 1e5)
    assert too_large(file)
    assert too_large(str(file.parent))


def test_combined_moments_are_those_of_recordings_with_levels_of_their_own():
    levels = np.repeat([0.0, 30.0, -50.0], [2_000, 1_500, 1_500])[:, None]
    parts = np.split(VALUES + levels, [2_000, 3_500])
    both = combined([lagged_moments(part, n_lags=2) for part in parts])
    rows = np.concatenate([part - np.nanmean(part, axis=0) for part in parts])
    whole = lagged_moments(rows, n_lags=2, series=np.repeat([0, 1, 2], [2_000, 1_500, 1_500]))
    np.testing.assert_allclose(both.matrix, whole.matrix, atol=5e-3)
    np.testing.assert_allclose(both.scale, whole.scale, rtol=2e-3)
    np.testing.assert_array_equal(both.count, whole.count)
    np.testing.assert_allclose(both.pair_share, whole.pair_share, atol=1e-9)
    second = both.block_second.sum(axis=0) / both.count[0]
    np.testing.assert_allclose(second, both.matrix[0], atol=5e-3)
    with pytest.raises(ValueError, match="other lags"):
        combined([lagged_moments(VALUES, n_lags=1), lagged_moments(VALUES, n_lags=2)])

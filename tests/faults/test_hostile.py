"""Hostile calls: each ends in finite numbers or in an error of ours that names the argument, soon and in few words."""

from __future__ import annotations

import itertools
import json
import warnings

import numpy as np
import pytest

import jaxstable as js
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery import asked

GOOD = np.random.default_rng(0).normal(size=(60, 3))
STEPS = np.arange(60)
PAUSE = np.r_[:30, 10**9 : 10**9 + 30]


def hidden(values, where):
    return np.ma.masked_array(values, mask=where)


REFUSED = {
    "names in no order": ({"names": {"a", "b", "c"}}, "names="),
    "names of bytes": ({"names": b"abc"}, "names="),
    "names without end": ({"names": itertools.count()}, "names has over 3 entries"),
    "too many names": ({"names": list("abcd")}, "names has 4 entries"),
    "names of a million letters": ({"names": ["a" * 10**6, "a" * 10**6, "b"]}, "duplicate column names 'aaa"),
    "units of a number": ({"units": 5}, "units=5"),
    "units without a length": ({"units": (unit for unit in "abc")}, "units=<generator"),
    "a unit of broken text": ({"units": {"x0": "\ud800"}}, "units: .* broken text"),
    "hidden labels": ({"environment": hidden(STEPS // 30, STEPS > 30)}, "environment has missing labels"),
    "hidden words": ({"environment": hidden(np.array(["a"] * 60), STEPS > 30)}, "environment has missing labels"),
    "a hidden moment": ({"time": hidden(STEPS, STEPS == 5)}, "time is missing at row 5"),
    "a hidden date": ({"time": hidden(STEPS.astype("M8[h]"), STEPS == 5)}, "time is missing at row 5"),
    "a hidden mask": ({"mask": hidden(GOOD > 0, GOOD > 1)}, "mask holds other values"),
    "a hidden truth": ({"truth": hidden(np.eye(3, k=1), np.eye(3) > 0)}, "truth must hold finite numbers"),
    "time without end": ({"time": STEPS * 1e300}, "time at row 1 is 1e.300, too far"),
    "time beyond signed integers": ({"time": STEPS.astype("u8") + np.uint64(2**63)}, "time at row 0 is .* too far"),
    "years beyond microseconds": ({"time": (STEPS * 10**6).astype("M8[Y]")}, "time at row 1 is .* too far"),
    "picoseconds": ({"time": STEPS.astype("M8[ps]")}, r"time is of type datetime64\[ps\]"),
    "a step without end": ({"time": STEPS, "resample": np.inf}, "resample=inf"),
    "a step of nothing": ({"time": STEPS, "resample": 1e-300}, "resample=1e-300"),
    "a pause filled to the brim": ({"time": PAUSE, "max_gap": 10**12}, r"max_gap=1e\+12 steps: 1e\+09 rows"),
    "a pause filled without end": ({"time": PAUSE, "max_gap": np.inf}, r"max_gap=inf steps"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name_in_few_words(case):
    arguments, message = REFUSED[case]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match=message) as refusal:
            Dataset.from_array(GOOD, window=6, **arguments)
    assert len(str(refusal.value)) < 1000


def test_a_cell_of_a_million_letters_is_refused_in_few_words():
    cells = GOOD.astype(object)
    cells[3, 1] = "a" * 10**6
    with pytest.raises(DataError, match="column 'x1' is not numeric: row 3 holds 'aaa") as refusal:
        Dataset.from_array(cells, window=6)
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize(
    "columns",
    [{"a", "b"}, 1.0, 0, b"ab", [["a"], ["b"]], itertools.count(), "ab"],
    ids=lambda names: type(names).__name__,
)
def test_columns_that_are_no_names_in_order_are_refused(columns, tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(GOOD, columns=list("abc"))
    frame.to_csv(tmp_path / "a.csv", index=False)
    long = frame.assign(t=STEPS).melt("t").sort_values("t")
    for read in (
        lambda: Dataset.from_dataframe(frame, columns=columns),
        lambda: Dataset.from_file(tmp_path / "a.csv", columns=columns),
        lambda: Dataset.from_long(long, "t", "variable", "value", columns=columns),
    ):
        with pytest.raises(DataError, match="columns"):
            read()


def test_columns_may_come_from_an_iterator():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(GOOD, columns=list("abc"))
    assert Dataset.from_dataframe(frame, columns=iter("ca"), window=6).names == ("c", "a")


@pytest.mark.parametrize("field", ["environment", "series"])
@pytest.mark.parametrize("label", [["a"], np.arange(60), {"a": 1}, 2.5], ids=["list", "array", "mapping", "number"])
def test_labels_that_name_no_column_are_refused(field, label):
    pandas = pytest.importorskip("pandas")
    with pytest.raises(DataError, match=f"{field}="):
        Dataset.from_dataframe(pandas.DataFrame(GOOD, columns=list("abc")), **{field: label})


def test_a_step_longer_than_all_rows_leaves_one():
    with pytest.raises(DataError, match="longest of 1 series has 1 steps"):
        Dataset.from_array(GOOD, window=6, time=STEPS, resample=1e300)


def test_a_clock_of_nanoseconds_since_a_start_keeps_its_steps():
    data = Dataset.from_array(GOOD, window=6, time=STEPS.astype("m8[ns]"))
    assert len(data.values) == 60
    assert ("step", "1 ns") in data.understood


@pytest.mark.parametrize(
    "values",
    [
        GOOD[::-1, ::-1],
        np.asfortranarray(GOOD),
        GOOD.astype(">f8"),
        np.frombuffer(GOOD.tobytes()).reshape(60, 3),
        np.broadcast_to(GOOD[:, :1] + [0, 1e-3, 1], (60, 3)),
        GOOD.astype("f2"),
        GOOD > 0,
    ],
    ids=["reversed", "fortran", "big endian", "read only", "broadcast", "half", "boolean"],
)
def test_any_layout_in_memory_is_copied(values):
    data = Dataset.from_array(values, window=6)
    np.testing.assert_array_equal(data.values, values.astype(float))
    assert not np.shares_memory(data.values, values)


def deleted():
    import jax.numpy as jnp

    array = jnp.asarray(GOOD)
    array.delete()
    return array


def under_a_transformation(call):
    import jax
    import jax.numpy as jnp

    return jax.jit(call)(jnp.asarray(GOOD))


def test_arrays_of_jax_are_read_and_those_without_numbers_are_refused():
    import jax
    import jax.numpy as jnp

    np.testing.assert_array_equal(js.Dataset.from_array(jnp.asarray(GOOD), window=6).values, GOOD.astype("f4"))
    for refused in (
        lambda: js.Dataset.from_array(deleted(), window=6),
        lambda: js.Dataset.from_array(jax.random.split(jax.random.key(0), (60, 3)), window=6),
        lambda: under_a_transformation(lambda values: js.Dataset.from_array(values, window=6).values.sum()),
        lambda: under_a_transformation(lambda values: js.discover(values, draws=0).lagged.sum()),
    ):
        with pytest.raises(DataError, match="values holds no numbers yet, or no longer"):
            refused()


def small():
    return js.Dataset.from_array(GOOD, window=6)


def trained(**more):
    return js.train(js.Config(epochs=1, batch_size=16), small(), progress=False, **more)


def swept(grid):
    return js.sweep(js.Config(epochs=1), small(), grid, progress=False)


def found():
    return js.discover(small(), draws=0, progress=False)


def na():
    """Return what refuses to be compared."""
    return pytest.importorskip("pandas").NA


ITSELF: dict = {}
ITSELF["again"] = ITSELF
CALLS = {
    "an edge without end": (
        lambda: js.discover(small(), required=itertools.repeat((0, 1, 1))),
        "required: found more than 1000 edges",
    ),
    "values in no order": (lambda: swept({"seed": {1, 2}}), "seed: found"),
    "values without end": (lambda: swept({"seed": itertools.count()}), "grid: found more than"),
    "a billion lanes": (lambda: swept({"seed": range(10**9)}), "grid: found more than"),
    "a billion of a product": (
        lambda: swept(dict.fromkeys(["seed", "epochs", "batch_size"], range(1, 1001))),
        "grid: found 1000000000 lanes",
    ),
    "lanes without end": (lambda: swept(itertools.repeat(js.Config())), "grid: found more than"),
    "an optimizer of nothing": (lambda: trained(optimizer=lambda hyper: None), "optimizer: the function returned None"),
    "notes in a list": (lambda: trained(run_dir="run", notes=["a"]), "notes: found"),
    "notes that hold themselves": (lambda: trained(run_dir="run", notes={"a.json": ITSELF}), "notes: the document"),
    "notes of broken text": (lambda: trained(run_dir="run", notes={"a\ud800.json": {}}), "notes: found"),
    "a number for a directory": (lambda: trained(run_dir=5), "run_dir: found 5"),
    "bytes for a directory": (lambda: trained(run_dir=b"run"), "run_dir: found b'run'"),
    "no text for a directory": (lambda: trained(run_dir=""), "run_dir: found ''"),
    "a search in a number": (
        lambda: js.search(None, small(), {"seed": [1]}, run_dir=5, rounds=1, lanes=1),
        "run_dir: found 5",
    ),
    "loading a number": (lambda: js.load(5), "directory: found 5"),
    "loading nothing": (lambda: js.load(None), "directory: found None"),
    "a diagnosis of a number": (lambda: js.diagnose(5), "path: found 5"),
    "saving into a number": (lambda: found().save(5), "directory: found 5"),
    "a page over a directory": (lambda: found().report("."), "cannot be written"),
    "a page nowhere": (lambda: found().report("/dev/null/a/page.html"), "/dev/null/a/page.html cannot be written"),
    "a page of a number": (lambda: found().report(5), "path: found 5"),
    "edges nowhere": (lambda: found().to_csv("/dev/null/a/edges.csv"), "/dev/null/a/edges.csv cannot be written"),
    "a graph nowhere": (lambda: found().to_graphml("/dev/null/a/g.graphml"), "/dev/null/a/g.graphml cannot be written"),
    "a probability of two": (lambda: found().likely(2), "min_probability: found 2"),
    "a probability of nothing": (lambda: found().likely(np.nan), "min_probability: found nan"),
    "a probability of text": (lambda: found().likely("high"), "min_probability: found 'high'"),
    "a directory of no name": (lambda: found().save("a\0b"), "directory: found 'a.x00b'"),
    "a page of no name": (lambda: found().report("a\0b"), "path: found 'a.x00b'"),
    "a config of no name": (lambda: js.Config.from_file("a\0b"), "config file a.b: cannot be read"),
    "a model of nothing": (lambda: js.Config(model=na()), "model: found <"),
    "a preset of nothing": (lambda: js.Config(preset=na()), "preset: found <"),
    "models in an array": (lambda: js.Config(model=np.array(["svar", "svar"])), "model: found array"),
    "a field of nothing": (lambda: swept({na(): [1]}), "grid: found {<"),
    "a model of nothing in a grid": (lambda: swept({"model": [na()]}), "model: found <"),
    "edges of a number": (lambda: js.SVAR(required=5), "required: found 5"),
    "edges by name": (lambda: js.SVAR(forbidden=[("x0", "x1", 1)]), "forbidden: found .*by index"),
    "an own edge": (lambda: js.SVAR(forbidden=[(1, 0, 0)]), "forbidden: edge .* on itself"),
    "lags of text": (lambda: js.SVAR(n_lags="2"), "n_lags: found '2'"),
    "a billion thresholds": (lambda: js.Config(thresholds=10**9), "thresholds: found 1000000000"),
    "rows of a fraction": (lambda: js.datasets.sensors(n_steps=1e3), "n_steps=1000.0"),
    "a trillion rows": (lambda: js.datasets.sensors(n_steps=10**12), "n_steps=1000000000000"),
    "a seed below zero": (lambda: js.datasets.sensors(seed=-1), "seed"),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_hostile_call_is_refused_by_name_and_leaves_nothing(case, tmp_path, monkeypatch):
    call, message = CALLS[case]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(asked, "MOST_EDGES", 1000)  # each is read before they are counted
    with pytest.raises(ValueError, match=message) as refusal:
        call()
    assert type(refusal.value).__module__.startswith("jaxstable") or "min_probability" in message
    assert len(str(refusal.value)) < 1000
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]


def test_what_on_epoch_changes_is_its_own(tmp_path):
    def spoil(record):
        record["train_loss_components"].clear()
        record["train_loss"] = None

    result = trained(on_epoch=spoil, run_dir=tmp_path)
    assert result.history[0]["train_loss"] is not None
    assert json.loads((tmp_path / "training_log_stable.json").read_text())["train_loss_components"]
    assert result.history[0]["train_loss_components"]


@pytest.mark.parametrize("case", ["two rows", "three rows", "the same column thrice", "a column and its negative"])
def test_little_to_learn_from_ends_in_finite_numbers(case):
    values = {
        "two rows": GOOD[:2],
        "three rows": GOOD[:3],
        "the same column thrice": GOOD[:, [0, 0, 0]],
        "a column and its negative": GOOD[:, [0, 0, 1]] * [1, -2, 1],
    }[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", js.DataWarning)
        result = js.discover(values, draws=0, progress=False)
    assert np.isfinite(result.lagged).all()
    assert np.isfinite(result.edge_probability).all()


@pytest.mark.parametrize(
    "frame",
    [[1, 2], {"a": [1], "b": [2]}, 5, None, "a", GOOD, iter("ab"), object],
    ids=lambda frame: type(frame).__name__,
)
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(DataError, match=r"frame is a .*expected a pandas, polars, pyarrow"):
        Dataset.from_dataframe(frame)

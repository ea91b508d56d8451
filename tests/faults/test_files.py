"""Rows of the fault matrix on clocks, files and signals: nothing lost, nothing half written, nothing silently wrong."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from test_resume import contents
from toy_models import linear

import jaxstable as js
from jaxstable.cli import main
from jaxstable.files import directory as files

CONFIG = js.Config(epochs=4, batch_size=16, thresholds=5)


@pytest.fixture(scope="module")
def data():
    return js.Dataset.from_array(np.random.default_rng(0).normal(size=(120, 3)), window=8)


def train(data, directory, **more):
    return js.train(CONFIG, data, run_dir=directory, model=linear(), progress=False, **more)


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    train(data, place)
    return place


@pytest.fixture
def copy(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "run")


@pytest.mark.fault(23)
def test_an_autumn_hour_that_comes_twice_is_named_for_what_it_is():
    clock = pd.date_range("2024-10-26", periods=72, freq="h", tz="Europe/Berlin").tz_localize(None)
    frame = pd.DataFrame({"time": clock, "a": np.arange(72.0) % 7, "b": np.arange(72.0) % 5})
    with pytest.raises(js.DataError, match="daylight saving"):
        js.Dataset.from_dataframe(frame, time="time", window=8)


@pytest.mark.fault(24)
def test_an_irregular_clock_is_told_and_resampling_offered_works():
    rng = np.random.default_rng(0)
    clock = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.cumsum(rng.integers(20, 100, 400)), unit="s")
    frame = pd.DataFrame({"time": clock, "a": rng.normal(size=400), "b": rng.normal(size=400)})
    with pytest.warns(js.DataWarning, match=r"gaps in one recording.*resample='2min'"):
        js.Dataset.from_dataframe(frame, time="time", window=3)
    data = js.Dataset.from_dataframe(frame, time="time", window=8, resample="2min")
    assert data.step == "2 min"
    assert np.isfinite(data.values[data.mask.astype(bool)]).all()


def stopped_after(data, directory, epoch):
    """Train until Ctrl-C comes in the given epoch."""

    def stop(record):
        if record["epoch"] == epoch:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(js.Interrupted) as caught:
        train(data, directory, on_epoch=stop)
    return caught.value


KILLED = """
import os, signal, sys
import numpy as np, jaxstable as js
from jaxstable.training import loop
from toy_models import linear
loop.CHECKPOINT_SECONDS = 0.0
data = js.Dataset.from_array(np.random.default_rng(0).normal(size=(120, 3)), window=8)
config = js.Config(epochs=4, batch_size=16, thresholds=5)
where = sys.argv[2]
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
if where == "save":
    from jaxstable.files import directory
    honest = os.replace
    def replace(source, target):
        saved.extend(["checkpoint"] if "checkpoint" in str(target) else [])
        return kill() if len(saved) == 3 else honest(source, target)
    os.replace = replace
    saved = []
js.train(config, data, run_dir=sys.argv[1], model=linear(), progress=False,
         on_epoch=lambda record: kill() if where == "epoch" and record["epoch"] == 3 else None)
"""


@pytest.mark.parametrize(
    "where", [pytest.param("epoch", marks=pytest.mark.fault(35)), pytest.param("save", marks=pytest.mark.fault(36))]
)
def test_a_killed_run_resumes_to_the_same_bytes_and_leaves_nothing_over(where, data, whole, tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "run"), where], env=environment, timeout=240)
    assert done.returncode == -signal.SIGKILL
    train(data, tmp_path / "run", resume=True)
    assert contents(tmp_path / "run") == contents(whole)
    assert {path.name for path in (tmp_path / "run").iterdir()} == {path.name for path in whole.iterdir()}


@pytest.mark.fault(37)
def test_ctrl_c_in_an_epoch_saves_everything_and_the_rest_follows(data, whole, tmp_path):
    stop = stopped_after(data, tmp_path, 2)
    assert (stop.signum, len(stop.result.history)) == (signal.SIGINT, 2)
    train(data, tmp_path, resume=True)
    assert contents(tmp_path) == contents(whole)


@pytest.mark.fault(37)
@pytest.mark.fault(38)
@pytest.mark.parametrize("command", ["train", "discover"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_first_epoch_ends_with_a_word(command, number, code, tmp_path):
    words = [sys.executable, "-m", "jaxstable", command, "--run-dir", str(tmp_path / "run")]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
    try:
        assert program.stderr is not None
        assert program.stderr.readline()  # the command has begun: it says what it reads
        program.send_signal(number)
        _, said = program.communicate(timeout=120)
    finally:
        program.kill()
        program.wait()
    assert program.returncode == code, said
    assert "Traceback" not in said
    assert "jaxstable: " in said
    assert not list(tmp_path.glob("**/*.tmp"))


STAGED = """
import builtins, os, signal, sys
from jaxstable.__main__ import program
stage, number = sys.argv.pop(1), int(sys.argv.pop(1))
def come():
    os.kill(os.getpid(), number)
if stage == "the third file":
    from jaxstable.files import directory
    honest, written = directory.write_atomic, []
    def write(path, content):
        if str(path).startswith(sys.argv[-1]):  # of the run directory; programs are kept elsewhere
            written.append(path)
            come() if len(written) == 3 else None
        return honest(path, content)
    directory.write_atomic = write
else:
    bring = builtins.__import__
    def bringing(name, *rest):
        if name == stage:
            builtins.__import__ = bring
            come()
        return bring(name, *rest)
    builtins.__import__ = bringing
program()
"""


@pytest.mark.fault(37)
@pytest.mark.fault(38)
@pytest.mark.parametrize("stage", ["jaxstable.cli", "jax", "the third file"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_any_stage_ends_with_a_word_and_nothing_half_written(stage, number, code, tmp_path):
    values = np.random.default_rng(0).normal(size=(200, 3))
    np.savetxt(tmp_path / "rows.csv", values, delimiter=",", header="a,b,c", comments="")
    words = ["discover", str(tmp_path / "rows.csv"), "--quiet", "--draws", "0", "--max-lag", "1"]
    words += ["--run-dir", str(tmp_path / "run")]
    done = subprocess.run(
        [sys.executable, "-c", STAGED, stage, str(int(number)), *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("jaxstable: ")
    if stage == "the third file":  # what is being written is written to its end
        assert str(tmp_path / "run") in done.stderr
        assert js.load(tmp_path / "run").names
    else:
        assert not list(tmp_path.glob("run/*"))


@pytest.mark.fault(39)
def test_a_full_disk_leaves_the_lock_free_and_no_half_file(data, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(js.RunDirectoryError, match=os.strerror(errno.ENOSPC)):
        train(data, tmp_path / "run")
    monkeypatch.undo()
    assert not list((tmp_path / "run").glob("*.tmp"))
    assert train(data, tmp_path / "run").status == "FINISHED"


@pytest.mark.fault(40)
@pytest.mark.parametrize("command", ["train", "discover"])
def test_a_target_that_cannot_be_written_is_told_before_the_work(command, tmp_path):
    (tmp_path / "file").write_text("no directory")
    words = [sys.executable, "-m", "jaxstable", command, "--run-dir", str(tmp_path / "file" / "run")]
    started = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert "run" in done.stderr
    assert "Epoch" not in done.stdout
    assert "fits" not in done.stdout
    assert time.monotonic() - started < 60


@pytest.mark.fault(41)
def test_a_second_run_in_one_directory_is_refused(data, tmp_path):
    seen = []

    def another(record):
        with pytest.raises(js.RunDirectoryError, match="in use"):
            train(data, tmp_path)
        seen.append(record["epoch"])

    train(data, tmp_path, on_epoch=another)
    assert seen == [1, 2, 3, 4]


@pytest.mark.fault(42)
@pytest.mark.parametrize("name", ["checkpoint.npz", "adjacency.npz"])
def test_a_flipped_bit_or_a_cut_is_named_and_never_read(name, copy, data):
    path = copy / name
    content = path.read_bytes()
    for damaged in (content[: len(content) // 2], content[:200] + bytes([content[200] ^ 1]) + content[201:]):
        path.write_bytes(damaged)
        with pytest.raises(js.RunDirectoryError, match=name):
            train(data, copy, resume=True) if name.startswith("checkpoint") else js.load(copy)


@pytest.mark.fault(44)
def test_files_of_a_later_format_are_refused_by_name(copy):
    path = copy / "training_summary_stable.json"
    document = files.read_json(path)
    files.write_json(path, {**document, "format": 99})
    with pytest.raises(js.RunDirectoryError, match="format 99"):
        js.load(copy)


@pytest.mark.fault(45)
def test_another_number_of_devices_on_resume_gives_the_same_bits(data, whole, tmp_path):
    stopped_after(data, tmp_path / "run", 2)
    program = KILLED.replace("sys.argv[2]", "''").replace("progress=False,", "progress=False, resume=True,")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "JAX_NUM_CPU_DEVICES": "5"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "run")], env=environment, timeout=240, check=True)
    assert contents(tmp_path / "run") == contents(whole)


@pytest.mark.fault(46)
@pytest.mark.parametrize("name", ["config.json", "training_summary_stable.json"])
def test_hostile_documents_are_refused_in_a_second_and_in_a_line(name, copy):
    (copy / name).write_text("[" * 200_000)
    started = time.process_time()
    with pytest.raises(js.RunDirectoryError) as refused:
        js.load(copy)
    assert time.process_time() - started < 5
    assert len(str(refused.value)) < 500


@pytest.mark.fault(46)
@pytest.mark.parametrize("lanes", ["5", "[5]", "null", "[]", "[" * 100_000])
@pytest.mark.parametrize("command", ["resume", "diagnose", "show"])
def test_lanes_that_are_none_are_refused_in_a_line(command, lanes, data, tmp_path, capsys):
    js.sweep(CONFIG.replace(epochs=1), data, {"seed": [1, 2]}, run_dir=tmp_path, model=linear(), progress=False)
    (tmp_path / "data.json").write_text('{"path": null}')
    (tmp_path / "config.json").write_text(f'{{"lanes": {lanes}}}')
    capsys.readouterr()
    assert main([command, str(tmp_path)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "config.json" in line
    assert len(line) < 500
    (tmp_path / "sweep_summary.json").unlink()  # as while it trains
    assert main([command, str(tmp_path)]) == 2


ALIASES = "epochs: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{field}: &{new} [{', '.join(['*' + old] * 9)}]\n"
    for old, new, field in zip(
        "abcdefg", "bcdefgh", ("seed", "window", "max_lag", "batch_size", "model", "monitor", "preset"), strict=True
    )
)
FILES = {  # what a config file may hold against us: depth, lists of lists of lists, dates and numbers that are none
    "deep.json": "[" * 200_000,
    "deep.yaml": "[" * 200_000,
    "deeper.json": '{"epochs":' * 100_000,
    "aliases.yaml": ALIASES,
    "date.yaml": "epochs: 2024-13-45",
    "moment.yaml": "epochs: !!timestamp x",
    "digits.json": '{"epochs": ' + "9" * 100_000 + "}",
    "digits.yaml": "epochs: " + "9" * 100_000,
    "number.yaml": "epochs: !!int x",
    "keys.yaml": "".join(f"k{number}: 1\n" for number in range(3000)) + "epochs: 1",
}


@pytest.mark.fault(46)
@pytest.mark.parametrize("name", FILES)
def test_hostile_config_files_are_refused_in_a_line(name, tmp_path):
    (tmp_path / name).write_text(FILES[name])
    started = time.process_time()
    with pytest.raises(js.ConfigError) as refused:
        js.Config.from_file(tmp_path / name)
    assert time.process_time() - started < 5
    assert len(str(refused.value)) < 1000


@pytest.mark.fault(47)
def test_other_data_on_resume_are_refused(copy, data):
    values = data.values.copy()
    values[5, 1] += 1e-9
    with pytest.raises(js.RunDirectoryError, match="other data"):
        train(js.Dataset.from_array(values, window=8), copy, resume=True)

"""Compiled programs are kept for the next run: in the user's place or ours, with the same bits, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys

import filelock
import jax
import pytest

from jaxstable.training import programs

CACHE = ("JAX_COMPILATION", "JAX_PERSIST")  # what the variables begin with by which a user sets JAX's own cache
PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
import jax, numpy as np, jaxstable as js
hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("cache_hits") else None)
data = js.Dataset.from_array(np.random.default_rng(0).normal(size=(100, 3)).cumsum(axis=0), window=6)
run = js.train(js.Config(epochs=2), data, progress=False)
print(jax.config.jax_compilation_cache_dir, len(hits), run.lagged.tobytes().hex())
"""


def environment(home, **more):
    mine = {
        name: value for name, value in os.environ.items() if not name.startswith(("JAX_COMPILATION", "JAX_PERSIST"))
    }
    return {**mine, "XDG_CACHE_HOME": str(home), **more}


def start(home, **more):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process):
    """The folder, the number of programs that were read back, and the bits of the run."""
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    place, hits, bits = out.split()
    return place, int(hits), bits


def kept(home):
    return sorted(path.name for path in home.rglob("*-cache"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is Linux'")
def test_the_second_run_reads_what_the_first_compiled_and_no_bit_changes(tmp_path):
    _, none, without = told(start(tmp_path / "off", JAXSTABLE_CACHE="0"))
    assert (none, kept(tmp_path)) == (0, [])
    crowd = [start(tmp_path / "on") for _ in range(3)]  # all of them cold, into one folder
    first = [told(process) for process in crowd]
    programs_kept = kept(tmp_path / "on")
    place, hits, bits = told(start(tmp_path / "on"))
    assert place.startswith(str(tmp_path / "on" / "jaxstable" / "programs"))
    assert hits >= len(programs_kept) > 0
    assert kept(tmp_path / "on") == programs_kept
    assert {bits, *(other for _, _, other in first)} == {without}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="XDG_CACHE_HOME is Linux'")
def test_a_place_of_the_users_is_used_and_one_that_cannot_be_written_is_no_matter(tmp_path):
    place, _, _ = told(start(tmp_path / "ours", JAX_COMPILATION_CACHE_DIR=str(tmp_path / "theirs")))
    assert place == str(tmp_path / "theirs")
    assert not (tmp_path / "ours").exists()
    (tmp_path / "file").write_text("")
    place, hits, _ = told(start(tmp_path / "file"))
    assert (place, hits) == ("None", 0)


@pytest.fixture
def settings(monkeypatch):
    """What is asked of JAX's configuration."""
    asked = {}
    monkeypatch.setattr(programs, "_chosen", lambda: asked.get("jax_compilation_cache_dir"))
    monkeypatch.setattr(jax.config, "update", asked.__setitem__)
    for name in (programs.SWITCH, *(name for name in os.environ if name.startswith(CACHE))):
        monkeypatch.delenv(name, raising=False)
    return asked


def test_what_a_killed_process_left_half_written_is_dropped(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "cache_folder", lambda: tmp_path)
    programs.keep_programs()
    place = next((tmp_path / "programs").iterdir())
    assert settings["jax_compilation_cache_dir"] == str(place)
    for name in ("whole-cache", "whole-atime", "half-cache"):
        (place / name).write_bytes(b"12345678")
    settings.clear()
    with filelock.FileLock(place / ".lockfile"):  # somebody writes: nothing is touched
        programs.keep_programs()
    assert (place / "half-cache").exists()
    settings.clear()
    programs.keep_programs()
    assert {path.name for path in place.glob("*-*")} == {"whole-cache", "whole-atime"}


@pytest.mark.parametrize("how", ["switch", "chosen"])
def test_nothing_is_asked_of_jax_where_the_user_has_decided(how, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "cache_folder", lambda: tmp_path)
    if how == "switch":
        monkeypatch.setenv(programs.SWITCH, "0")
    else:
        monkeypatch.setattr(programs, "_chosen", lambda: "/somewhere")
    programs.keep_programs()
    assert settings == {}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/jaxstable"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/jaxstable"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/jaxstable"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/jaxstable"),
    ],
)
def test_the_folder_is_where_the_system_keeps_such_things(platform, variables, folder, monkeypatch):
    monkeypatch.setattr(programs.sys, "platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert programs.cache_folder().as_posix() == folder

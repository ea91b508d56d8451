"""Flags that act when they are read: completion in a shell, and pictures that nothing can draw."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys

import pytest

from jaxstable.cli import main

BASH = shutil.which("bash")


def script_of(shell, capsys):
    pytest.importorskip("shtab")
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", shell])
    assert end.value.code == 0
    return capsys.readouterr().out


def completed(script, words, folder):
    """What bash offers for the last of the words, as it would at the press of the tabulator."""
    [function] = {line.split()[-2] for line in script.splitlines() if line.startswith("complete ")}
    line = shlex.join(words)
    ask = (
        f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; COMP_LINE={shlex.quote(line)}; COMP_POINT={len(line)}\n"
        f"{function} {shlex.join([words[0], words[-1], words[-2]])} 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run([BASH, "-c", f"{script}\n{ask}"], cwd=folder, capture_output=True, text=True, timeout=30)
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["jaxstable", "disc"], {"discover"}),
        (["jaxstable", "s"], {"sweep", "show"}),
        (["jaxstable", "train", "--lambda-sp"], {"--lambda-sparse"}),
        (["jaxstable", "train", "--optimizer", ""], {"adamw", "adam"}),
        (["jaxstable", "discover", "--min"], {"--min-probability"}),
        (["jaxstable", "check", "pla"], {"plant.csv", "plants"}),
        (["jaxstable", "show", "pla"], {"plants"}),
        (["jaxstable", "discover", "--report", "pla"], {"plant.csv", "plants"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_completes(words, offered, capsys, tmp_path):
    (tmp_path / "plant.csv").touch()
    (tmp_path / "plants").mkdir()
    assert set(completed(script_of("bash", capsys), words, tmp_path)) == offered


def test_zsh_takes_the_script(capsys, tmp_path):
    script = script_of("zsh", capsys)
    assert script.startswith("#compdef jaxstable")
    assert "--lambda-sparse" in script
    zsh = shutil.which("zsh")
    if zsh is not None:
        assert subprocess.run([zsh, "-n"], input=script, text=True, capture_output=True, timeout=30).stderr == ""


def test_without_shtab_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as end:
        main(["--print-completion", "bash"])
    assert end.value.code == 2
    assert capsys.readouterr().err == "jaxstable: error: --print-completion: needs shtab: pip install shtab\n"


def test_a_picture_that_nothing_can_draw_is_refused_before_the_work(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as end:
        main(["discover", "--plot"])
    assert end.value.code == 2
    assert capsys.readouterr().err == "jaxstable: error: --plot: needs matplotlib: pip install matplotlib\n"

"""Everything the README shows runs as it stands, but for the set-up lines, which `.ci/run` runs to the letter."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for kind, text in BLOCKS if kind == "bash" for line in text.splitlines() if line.startswith("jaxstable ")
]


@pytest.mark.slow
def test_python_blocks_run_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = [text for kind, text in BLOCKS if kind == "python"]
    assert blocks
    for text in blocks:
        exec(compile(text, str(README), "exec"), names)
    assert (tmp_path / "artifacts/first/result.png").stat().st_size > 10_000
    assert "2 series" in capsys.readouterr().out


@pytest.mark.slow
def test_commands_run_in_order(tmp_path):
    assert COMMANDS
    for line in COMMANDS:
        arguments = [sys.executable, "-m", "jaxstable.cli", *shlex.split(line)[1:]]
        done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

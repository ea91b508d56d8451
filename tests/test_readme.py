"""What README and docs show runs as it stands, but for the set-up lines, which `.ci/run` runs to the letter."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jaxstable.results.rules_sensors import LEFT_OUT, SIGNALS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {str(path.relative_to(ROOT)): path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
BLOCKS = {name: BLOCK.findall(path.read_text()) for name, path in PAGES.items()}
PYTHON = {
    name: found for name, blocks in BLOCKS.items() if (found := [text for kind, text in blocks if kind == "python"])
}
FOREIGN = ("docs/lanes.md",)  # commands of a cluster
COMMANDS = {
    name: found
    for name, blocks in BLOCKS.items()
    if name not in FOREIGN
    and (
        found := [
            line
            for kind, text in blocks
            if kind == "bash"
            for line in text.splitlines()
            if line.startswith("jaxstable ")
        ]
    )
}
UCI = "AirQualityUCI.csv"


@pytest.fixture
def place(tmp_path, monkeypatch, request):
    """An empty directory, with the UCI data in it where a page reads them."""
    monkeypatch.chdir(tmp_path)
    if UCI in PAGES[request.node.callspec.params["name"]].read_text():
        shared = request.getfixturevalue("shared")
        shutil.copy(shared / "data" / "uci_air" / UCI, tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("name", PYTHON)
def test_python_blocks_run_in_order(place, name):
    names: dict[str, object] = {}
    for text in PYTHON[name]:
        exec(compile(text, name, "exec"), names)
    assert len(names) > 1


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_run_in_order(place, name):
    for line in COMMANDS[name]:
        arguments = [sys.executable, "-m", "jaxstable", *shlex.split(line)[1:]]
        done = subprocess.run(arguments, cwd=place, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md"])
def test_what_the_readme_shows_is_what_the_commands_print(place, name, monkeypatch):
    """Digits aside, which may differ between machines and from day to day."""
    monkeypatch.setenv("COLUMNS", "120")
    printed: list[str] = []
    for line in COMMANDS[name]:
        arguments = [sys.executable, "-m", "jaxstable", *shlex.split(line)[1:]]
        done = subprocess.run(arguments, cwd=place, capture_output=True, text=True, timeout=240)
        printed += [_shape(text) for text in done.stdout.splitlines()]
    shown = [_shape(text) for kind, block in BLOCKS[name] if kind == "text" for text in block.splitlines()]
    assert len(shown) > 10
    assert [text for text in shown if text not in printed] == []


def _shape(line: str) -> str:
    return " ".join(re.sub(r"\d", "0", line).split())


def test_the_site_lists_every_finding_with_its_evidence_and_remedy():
    table = runpy.run_path(str(ROOT / "docs" / "conf.py"))["finding_codes"]()
    rows = {row.split("`")[1]: row.split(" | ") for row in table.splitlines()[2:]}
    source = "".join(path.read_text() for path in (ROOT / "jaxstable").rglob("*.py"))
    named = set(re.findall(r'Finding\(\s*"(\w+)"', source))
    assert len(named) > 40
    assert set(rows) >= named | set(SIGNALS) | {code for code, *_ in LEFT_OUT.values()}
    assert [row for row in rows.values() if len(row) != 4 or any(len(cell.strip("| ")) < 2 for cell in row)] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_cell_of_a_notebook_hides_what_it_is_there_to_show(name):
    cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", PAGES[name].read_text(), re.DOTALL | re.MULTILINE)
    assert [
        line for cell in cells for line in cell.splitlines() if "plot(" in line and line.rstrip().endswith(";")
    ] == []


def test_the_sentences_of_the_readme_are_short():
    prose = BLOCK.sub("", PAGES["README.md"].read_text()).split("## Read on")[0]
    prose = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", prose)
    sentences = [re.split(r"(?<=[.:;?!])\s+", part) for part in re.split(r"\n\s*\n|\n- ", prose)]
    long = [one for part in sentences for one in part if len(one.split()) >= 25]
    assert long == []


def test_the_readme_has_the_two_set_up_commands_and_fits_a_screen_or_two():
    lines = PAGES["README.md"].read_text().splitlines()
    assert len(lines) <= 100
    set_up = [line for line in lines if line.startswith("pip install ") and " && " in line]
    assert len(set_up) == 2
    assert set_up[0].endswith("&& jaxstable train")


@pytest.mark.parametrize("name", PAGES)
def test_every_link_to_a_file_or_page_leads_somewhere(name):
    folder = PAGES[name].parent
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", PAGES[name].read_text())
    for target in targets:
        assert target.startswith("https://") or (folder / target).exists(), f"{name}: {target}"

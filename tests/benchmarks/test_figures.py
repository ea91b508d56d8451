"""Every figure that a document shows is read from the JSON of the run that measured it."""

from __future__ import annotations

import re

import pytest

from benchmarks import figures
from benchmarks.common import RESULTS, ROOT

DOCUMENTS = {str(path.relative_to(ROOT)): path for path in figures.documents()}
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def test_there_are_documents_and_every_block_is_shown_somewhere():
    text = "".join(path.read_text() for path in DOCUMENTS.values())
    assert {found["name"] for found in figures.BLOCK.finditer(text)} == set(figures.BLOCKS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_block_is_what_its_json_says(name):
    text = DOCUMENTS[name].read_text()
    assert figures.written(text) == text, "python benchmarks/figures.py writes the blocks anew"


@pytest.mark.parametrize("name", ["README.md", "benchmarks/README.md", "docs/benchmarks.md"])
def test_no_measured_figure_stands_outside_a_block(name):
    text = CODE.sub("", figures.BLOCK.sub("", DOCUMENTS[name].read_text()))
    # Scores (.93) and factors (13.4 times); versions of Python and of other software are no figures.
    found = re.findall(r"(?<![\w.])(?:0?\.\d\d+|\d+\.\d+ (?:times|s\b|GB)|\d+ times)", text)
    assert found == [], f"{found}: read them from a JSON, benchmarks/figures.py"


def test_a_block_that_differs_is_seen(monkeypatch):
    stale = "<!-- figures: kills -->\n| 7 |\n<!-- end of figures -->"
    assert figures.written(stale) != stale
    assert figures.written(figures.written(stale)) == figures.written(stale)
    with pytest.raises(ValueError, match="no figures are called 'kils'"):
        figures.written(stale.replace("kills", "kils"))


def test_every_record_that_a_claim_names_is_there_and_knows_its_machine():
    named = set(re.findall(r"results/(\w+)\.json", figures.claims()))
    assert named == {path.stem for path in RESULTS.glob("*.json")}
    for name in named:
        assert {"cpu", "cores", "commit", "versions"} <= set(figures.record(name)["machine"])

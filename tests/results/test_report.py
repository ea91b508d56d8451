"""Reports in words: text for the console, a page for notebooks."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from results_records import make_history, make_run

from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.report import run_totals
from jaxstable.results.text import findings_text, report_text
from jaxstable.results.train_result import TrainResult

FINDINGS = [
    Finding("no_edges", "error", "0 edges", "Lower lambda_sparse.", 7),
    Finding("dead_sensors", "warning", "pump", "Drop these columns."),
    Finding("loss_falling", "ok", "1 -> 0.1", NOTHING, 7),
]


def test_findings_have_one_remedy_each_and_healthy_ones_none():
    assert findings_text(FINDINGS).splitlines() == [
        "ERROR  no_edges (epoch 7): 0 edges",
        "       -> Lower lambda_sparse.",
        "WARN   dead_sensors: pump",
        "       -> Drop these columns.",
        "ok     loss_falling (epoch 7): 1 -> 0.1",
    ]
    assert "loss_falling" not in findings_text(FINDINGS, healthy=False)
    assert findings_text([]).startswith(
        "Nothing to complain of in the data and their fit. That does not say that each edge"
    )


def test_summary_shows_totals_paths_and_what_is_unknown():
    text = report_text(TrainResult(make_run()).overview(), ["artifacts/log", "artifacts/graph"])
    rows = dict(line.split("  ", 1) for line in text.splitlines() if line and not line.startswith(" ") and "  " in line)
    rows = {label.strip(): value.strip() for label, value in rows.items()}
    assert rows["Best F1"] == "0.5800"
    assert rows["Edges at last evaluation"] == "6 (true graph: 3)"
    assert rows["Mean clip ratio"] == "10.0%"
    assert rows["Written"] == "artifacts/log"
    assert text.splitlines()[-1].strip() == "artifacts/graph"
    blind = report_text(TrainResult(make_run(history=[], truth=None)).overview())
    assert "Best F1                   n/a" in blind
    assert "Written" not in blind
    assert ("Status", "n/a") in run_totals({})


def test_findings_of_one_kind_are_named_together():
    many = [Finding("drifting_sensor", "warning", f"s{i} drifts", "Check it.", subject=f"s{i}") for i in range(38)]
    text = findings_text([*many, FINDINGS[0]])
    assert text.splitlines()[0].startswith("WARN   drifting_sensor (38 times): s0, s1, s2, ")
    assert text.count("Check it.") == 1
    assert len(text.splitlines()) == 4


class Page(HTMLParser):
    """Collect open tags, to see that each is closed and none comes from the data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in ("img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_notebook_page_is_sound_html_and_escapes_names():
    pytest.importorskip("matplotlib")
    facts = {"constant": ["<script>alert(1)</script>"]}
    result = TrainResult(make_run(data_facts=facts, history=make_history(edge_count=0)))
    text = result._repr_html_()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.seen == {"div", "p", "table", "tr", "th", "td", "ul", "li", "span", "em", "br", "img"}
    assert "constant_sensor" in text
    assert "no_edges" in text
    assert "data:image/png;base64,iVBOR" in text

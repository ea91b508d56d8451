"""Reports in words: text for the console, a page for notebooks."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest
from results_records import make_history, make_run

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import links_of
from jaxstable.results.findings import NOTHING, Finding
from jaxstable.results.report import headline, link_tables, run_totals
from jaxstable.results.text import findings_text, report_text
from jaxstable.results.train_result import TrainResult
from jaxstable.results.words import evidence

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
    assert rows["Edges"] == "3 (true graph: 3); 6 are above the threshold, of which 3 would close a cycle"
    assert rows["Mean clip ratio"] == "10.0%"
    assert rows["Written"] == "artifacts/log"
    assert text.splitlines()[-1].strip() == "artifacts/graph"
    blind = report_text(TrainResult(make_run(history=[], truth=None)).overview())
    assert "Best F1" not in blind
    assert "Test loss            n/a" in blind
    assert "Written" not in blind
    assert ("Status", "n/a") in run_totals({})


def test_a_pair_of_open_direction_is_one_row_with_its_lags_both_ways():
    weights, probability, direction = np.zeros((3, 3, 3)), np.zeros((3, 3)), np.full((3, 3), 0.5)
    weights[0, 0, 1], weights[1, 0, 1], weights[1, 1, 0], weights[2, 1, 2] = 0.5, 0.2, 0.3, 0.4
    probability[0, 1], probability[1, 0], probability[1, 2], direction[1, 2] = 0.6, 0.5, 0.95, 1.0
    names = ("flow", "heat", "level")
    graph = LearnedGraph(
        names, weights, weights != 0, probability=probability, direction=direction, step="90 min", scale=np.ones(3)
    )
    assert headline(graph) == "3 variables, 2 edges, 1 sure, 1 of open direction"
    _, undecided = link_tables(graph)
    assert undecided.title == "Of open direction (1)"
    lags = "-> 0\n-> 1 (90 min)\n<- 1 (90 min)"
    assert undecided.rows == (("flow -- heat", lags, "+0.50\n+0.20\n+0.30", "+0.7", "1.00", "0.60", "0.50"),)
    assert evidence(links_of(graph)[1], graph).endswith("lag 1 (90 min): +0.20; lag 1 (90 min): +0.30 from heat")


def test_findings_of_one_kind_are_named_together():
    many = [Finding("drifting_sensor", "warning", f"s{i} drifts", "Check it.", subject=f"s{i}") for i in range(38)]
    text = findings_text([*many, FINDINGS[0]])
    assert text.splitlines()[0].startswith("WARN   drifting_sensor (38 times): s0, s1, s2, ")
    assert text.count("Check it.") == 1
    assert len(text.splitlines()) == 4


def test_a_finding_that_lists_hundreds_is_cut_and_counted():
    listed = ", ".join(f"sensor {i} -> sensor {i + 1}" for i in range(400))
    finding = [Finding("doubtful_edges", "info", f"less likely than not: {listed}", NOTHING)]
    text = findings_text(finding, healthy=False, width=80)
    assert len(text.splitlines()) < 15
    assert "more (--verbose: all)" in text
    assert findings_text(finding).count("->") == 400


def test_a_link_of_open_direction_tells_how_sure_the_link_is():
    lagged = np.zeros((1, 2, 2))
    lagged[0, 0, 1] = 0.5
    probability, direction = np.array([[0.0, 0.3], [0.5, 0.0]]), np.array([[0.0, 0.4], [0.6, 0.0]])
    graph = LearnedGraph(("a", "b"), lagged, lagged != 0, probability=probability, direction=direction)
    [table] = link_tables(graph)
    assert table.columns[-3:] == ("either way", "probability", "direction")
    assert table.rows[0][-3:] == ("0.80", "0.30", "0.40")
    assert evidence(links_of(graph)[0], graph).startswith("linked either way with probability 0.80; probability 0.30")


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

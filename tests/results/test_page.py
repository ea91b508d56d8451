"""The page of a result: one reading of every edge, nothing from outside, and it works in a real browser."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
import shutil
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from results_records import make_history, make_run
from sweep_records import make_sweep

import jaxstable as js
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import KINDS, counts_of, links_of
from jaxstable.results.layers import layered
from jaxstable.results.page_sensors import sensors_html, spark
from jaxstable.results.report import TITLES, headline, link_tables
from jaxstable.results.sensors import recorded_of, taken_out
from jaxstable.results.text import report_text
from jaxstable.results.train_result import TrainResult
from jaxstable.results.words import paragraph, sentence
from jaxstable.signals.prepare import Removed

VOID = {"meta", "input", "br", "img", "link"}


def discovery(n_vars: int = 12, seed: int = 0, density: int = 2) -> js.Discovery:
    """A discovery with links of every kind, one of open direction with edges both ways, and names like HTML's own."""
    rng = np.random.default_rng(seed)
    lagged = np.zeros((3, n_vars, n_vars), bool)
    for _ in range(density * n_vars):
        cause, effect = rng.choice(n_vars, 2, replace=False)
        lagged[rng.integers(1 if cause > effect else 0, 3), cause, effect] = True
    shape = (n_vars, n_vars)
    probability = rng.choice([0.95, 0.8, 0.55, 0.3], shape)
    direction = rng.choice([1.0, 0.9, 0.5], shape)
    both = [0, 1], [1, 0]
    lagged[0, 0, 1] = lagged[1, 1, 0] = True
    probability[both], direction[both] = 0.55, 0.5
    names = tuple(f'<b>s{i}</b> & "{"x" * (i % 30)}"' for i in range(n_vars))
    graph = LearnedGraph(
        names,
        np.where(lagged, rng.normal(size=lagged.shape), 0.0),
        lagged,
        probability=probability,
        lagged_probability=np.where(lagged, 0.5, 0.0),
        direction=direction,
        scale=rng.random(n_vars) + 0.5,
        units=dict.fromkeys(names[::2], "degC"),
        step="10 min",
    )
    nothing = np.zeros(lagged.shape)
    finding = js.Finding("spikes", "warning", "<script>alert(1)</script>", "Look.", subject=names[0])
    return js.Discovery(graph, nothing, nothing[0], nothing, {}, {}, (finding,))


class Page(HTMLParser):
    """Collect what a page opens, closes and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def having(self, tag, key):
        return [attrs for name, attrs in self.tags if name == tag and key in attrs]


def test_every_output_counts_the_same_links_by_the_same_kinds(tmp_path):
    found = discovery()
    counts = counts_of(found.learned)
    assert min(counts.values()) > 0, "the example must hold every kind"
    assert sum(counts.values()) == len(found.links) == found.graph.sum() - 1  # of an open pair with edges both ways
    tables = link_tables(found.learned)
    assert [len(table.rows) for table in tables] == list(counts.values())
    text = report_text(found.overview())
    for (kind, count), table in zip(counts.items(), tables, strict=True):
        assert table.title == f"{TITLES[kind]} ({count})"
        assert table.title in text
        assert f"{count} {TITLES[kind].lower()}" in headline(found.learned)
        assert f"{count} {TITLES[kind].lower()}" in repr(found)
    frame = found.to_pandas()
    pairs = {
        (kind, *(sorted(ends) if kind == "open" else ends)) for *ends, kind in frame[["cause", "effect", "kind"]].values
    }
    assert Counter(kind for kind, *_ in pairs) == counts
    rows = (found.to_csv(tmp_path / "edges.csv")).read_text().splitlines()
    assert len(rows) - 1 == len(frame) == found.lagged_graph.sum()
    document = found.overview().document
    assert len(document["links"]) == document["graph_edge_count"] == sum(counts.values())
    assert {kind: document[f"{kind}_edge_count"] for kind in KINDS} == counts
    networkx = pytest.importorskip("networkx")
    arrows = networkx.read_graphml(found.to_graphml(tmp_path / "g.graphml")).edges(data="kind")  # has no other edges
    assert Counter(kind for *_, kind in arrows) == {**counts, "open": counts["open"] + 1}
    assert {kind: found._repr_html_().count(f"{TITLES[kind]} ({count})") for kind, count in counts.items()} == (
        dict.fromkeys(KINDS, 1)
    )
    page = Page(found.report(tmp_path / "page.html").read_text())
    drawn = [attrs["class"].split()[-1] for attrs in page.having("path", "data-p")]
    assert {kind: drawn.count(kind) for kind in KINDS} == counts
    assert len(page.having("tr", "data-p")) == sum(counts.values())
    assert all(("marker-end" in attrs) != attrs["class"].endswith(" open") for attrs in page.having("path", "data-p"))


def test_the_picture_draws_the_links_by_their_kinds():
    matplotlib = pytest.importorskip("matplotlib")
    found = discovery()
    axes = found.plot().axes[1]
    arrows = axes.findobj(matplotlib.patches.FancyArrowPatch)
    assert len(arrows) == len(found.links)
    headless = [arrow for arrow in arrows if type(getattr(arrow, "get_arrowstyle")()).__name__ == "Curve"]  # noqa: B009
    assert len(headless) == counts_of(found.learned)["open"]
    assert all(f"{count} {kind}" in axes.get_title("left") for kind, count in counts_of(found.learned).items())


@pytest.mark.parametrize("kind", ["train", "diverged", "sweep", "discovery", "empty", "many"])
def test_the_page_of_every_result_is_sound_and_needs_nothing(kind, tmp_path):
    nothing = discovery(12)
    blank = dataclasses.replace(nothing.learned, lagged_graph=np.zeros((3, 12, 12), bool))
    result = {
        "train": lambda: TrainResult(make_run()),
        "diverged": lambda: TrainResult(make_run(history=make_history(train_loss=None), status="DIVERGED")),
        "sweep": lambda: make_sweep({"lambda_sparse": [1e-4, 1e-3], "seed": [0, 1]}),
        "discovery": discovery,
        "empty": lambda: dataclasses.replace(nothing, learned=blank),
        "many": lambda: discovery(300),
    }[kind]()
    text = result.report(tmp_path / "page.html").read_text()
    page = Page(text)
    assert page.open == []
    assert len(text.encode()) < 2_000_000
    assert not re.search(r"https?://|src=|@import|url\((?!#)", text)
    assert not {"b>s0</b", "script>alert"} & set(re.findall(r"<([^>]*)>", text))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert "prefers-color-scheme:dark" in text


def test_no_edge_crosses_a_box_of_its_layers_and_causes_stand_before_effects():
    graph = discovery(40).learned
    places = layered(graph.graph, np.asarray(graph.probability))
    assert all((places.layer[i] > places.layer[j]) == places.backward[i, j] for i, j in np.argwhere(graph.graph))
    assert places.backward.any()
    assert set(places.passing) == set(map(tuple, np.argwhere(graph.graph).tolist()))
    for layer in range(places.layer.max() + 1):
        rows = sorted(places.row[places.layer == layer])
        assert np.diff(rows).min(initial=1.0) >= 1.0 - 1e-9
        for (i, j), stops in places.passing.items():
            assert len(stops) == abs(places.layer[j] - places.layer[i]) - 1
            at = (places.layer[i] - layer if places.backward[i, j] else layer - places.layer[i]) - 1
            if 0 <= at < len(stops):
                assert min(abs(np.array(rows) - stops[at]), default=1.0) >= 0.5 - 1e-9
    cyclic = np.array([[0, 1], [1, 0]], bool)
    assert layered(cyclic, np.array([[0.0, 0.9], [0.4, 0.0]])).backward.tolist() == [[False, False], [True, False]]


def test_sentences_say_which_way_how_fast_and_how_much():
    lagged = np.zeros((3, 3, 3))
    lagged[1, 0, 1], lagged[0, 1, 2], lagged[2, 1, 2] = 0.5, -0.4, -0.2
    probability = np.where(lagged.any(0), 0.95, 0.0)
    names = ("feed", "level", "valve")
    graph = LearnedGraph(names, lagged, lagged != 0, probability=probability, scale=np.array([1.0, 0.8, 2.0]))
    told = dataclasses.replace(graph, units={"feed": "m3/h", "level": "m"}, step="1 h")
    said = {link[:2]: sentence(link, told) for link in links_of(told)}
    assert said["feed", "level"] == "feed raises level after 1 h: +0.4 m per m3/h."
    assert said["level", "valve"] == (
        "level lowers valve within 2 h: -0.4 at first, -0.6 over all lags in standard deviations."
    )
    assert paragraph(told).startswith("Among 3 sensors, 2 influences are sure. feed raises level after 1 h")
    assert "after 1 step: +0.5 in standard deviations" in paragraph(graph)
    blind = dataclasses.replace(graph, probability=None, signed=False)
    assert "does not say how sure" in paragraph(blind)
    assert "acts on" in paragraph(blind)
    less = dataclasses.replace(graph, probability=0.7 * probability)
    assert paragraph(less) == "Among 3 sensors, no influence is sure. 2 are likely."
    assert paragraph(dataclasses.replace(graph, lagged_graph=lagged > 9)) == (
        "Among 3 sensors, no influence of one on another was found."
    )


@contextlib.contextmanager
def browser_of(profile, width):
    """Open a browser that keeps its log, or skip the test where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="the browser test needs selenium")
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver_path:
        pytest.skip("the browser test needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (
        *("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"),
        *("disable-component-update", "disable-sync", f"user-data-dir={profile}"),
        f"window-size={width},900",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with webdriver.Chrome(options=options, service=webdriver.ChromeService(driver_path)) as browser:
        yield browser


def test_a_dense_graph_is_drawn_in_part_at_first_and_its_tables_whole(tmp_path):
    found = discovery(40, density=12)
    probability = np.random.default_rng(1).random((40, 40))
    found = dataclasses.replace(found, learned=dataclasses.replace(found.learned, probability=probability))
    text = found.report(tmp_path / "page.html").read_text()
    page = Page(text)
    [slider] = page.having("input", "value")
    drawn = [attrs for attrs in page.having("path", "data-p") if "data-late" not in attrs]
    assert len(page.having("path", "data-p")) == len(found.links) > 150
    assert len(drawn) == 60
    assert float(slider["value"]) <= min(float(attrs["data-p"]) for attrs in drawn) < float(slider["value"]) + 0.01
    assert f"Of {len(found.links)} influences the 60 surest are drawn at first" in text
    boxes = [float(attrs["y"]) for attrs in page.having("rect", "rx")]
    assert len(boxes) == len({name for link in found.links for name in link[:2]})
    high = float(next(iter(page.having("svg", "height")))["height"])
    assert max(boxes) < high < 40 * 38  # as few rows as the edges of the beginning ask for, the other sensors below
    [slider] = Page(discovery(40).report(tmp_path / "few.html").read_text()).having("input", "value")
    assert float(slider["value"]) == 0
    assert "drawn at first" not in (tmp_path / "few.html").read_text()
    shown = "return document.querySelectorAll('{}:not(.gone)').length"
    edges, rows = shown.format("path.edge"), shown.format("tr[data-p]")
    with browser_of(tmp_path / "profile", 1280) as browser:
        browser.get((tmp_path / "page.html").as_uri())
        assert browser.execute_script(edges) == 60
        assert browser.execute_script(rows) == len(found.links)
        place = max(range(40), key=lambda i: sum(found.names[i] in link[:2] for link in found.links))
        ends = sum(found.names[place] in link[:2] for link in found.links)
        node = browser.find_element("css selector", f"g.node[data-n='{place}']")
        click = "arguments[0].dispatchEvent(new MouseEvent('click'))"
        browser.execute_script(click, node)  # a sensor shows all of its own
        assert browser.execute_script(edges.replace("path.edge", "path.edge:not(.faint)")) == ends
        browser.execute_script(click, node)
        assert browser.execute_script(edges) == 60
        move = "var s = document.getElementById('least'); s.value = 0.5; s.dispatchEvent(new Event('input'))"
        browser.execute_script(move)
        assert browser.execute_script(edges) == browser.execute_script(rows) == len(found.links_above(0.5))
        assert browser.get_log("browser") == []


@pytest.mark.parametrize("width", [1280, 420])
def test_it_works_in_a_browser(tmp_path, width):
    """It opens from disk without a complaint; slider and click change what is shown; it prints."""
    found = discovery(41)
    names = [f"{name}{'_y::' * (place % 20)}" for place, name in enumerate(found.names)]  # without a space to break at
    found = dataclasses.replace(found, learned=dataclasses.replace(found.learned, names=tuple(names), units=None))
    path = found.report(tmp_path / "page.html")
    with browser_of(tmp_path / "profile", width) as browser:
        browser.get(path.as_uri())
        assert browser.get_log("browser") == []
        shown = "return document.querySelectorAll('path.edge:not(.gone)').length"
        assert browser.execute_script(shown) == len(found.links)
        move = "var s = document.getElementById('least'); s.value = 0.9; s.dispatchEvent(new Event('input'))"
        browser.execute_script(move)
        assert browser.execute_script(shown) == len(found.links_above(0.9)) < len(found.links)
        assert len(browser.execute_script("return [...document.querySelectorAll('tr[data-p]:not(.gone)')]")) == (
            len(found.links_above(0.9))
        )
        cause = found.links_above(0.9)[0]
        node = browser.find_element("css selector", f"g.node[data-n='{found.names.index(cause.cause)}']")
        browser.execute_script("arguments[0].dispatchEvent(new MouseEvent('click'))", node)
        about = browser.find_element("id", "about").text
        assert " ".join(cause.effect.split()) in " ".join(about.split("It drives")[1].split())
        browser.find_element("css selector", "#about button").click()  # a cause or effect of the sensor: now that one
        [chosen] = browser.find_elements("css selector", "g.node.on")
        assert chosen.get_attribute("data-n") != node.get_attribute("data-n")
        find = "var s = document.getElementById('sensor'); s.selectedIndex = 30; s.dispatchEvent(new Event('change'))"
        browser.execute_script(find)
        inside = "var f = document.querySelector('.canvas').getBoundingClientRect(),"
        inside += "b = document.querySelector('g.node.on').getBoundingClientRect();"
        inside += "return b.left >= f.left && b.right <= f.right && b.top >= f.top && b.bottom <= f.bottom"
        assert browser.execute_script(inside)
        browser.find_element("id", "fit").click()
        whole = "var c = document.querySelector('.canvas'); return c.scrollWidth <= c.clientWidth + 1"
        assert browser.execute_script(whole)
        assert browser.get_log("browser") == []
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert base64.b64decode(browser.print_page()).startswith(b"%PDF")


def test_the_sensors_have_a_line_a_range_and_what_was_taken_out():
    values = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, np.nan], [4.0, 5.0]])
    recorded = recorded_of(np.nan_to_num(values), ~np.isnan(values), ("feed", "<level>"))
    assert recorded["<level>"].missing == 0.25
    assert spark(recorded["<level>"]).count("M") == 2  # broken where there is no reading
    taken = taken_out(Removed(drift=0.5, waves=3, spikes=(1,)), "1 h")
    text = sensors_html({"feed": (recorded["feed"], "m3/h", taken), "<level>": (recorded["<level>"], "", "")})
    assert "<td>1 m3/h</td><td>4 m3/h</td><td>0 %</td><td>slow drift (50 % of the variance), 1 spike</td>" in text
    assert "&lt;level&gt;" in text
    assert "<td>25 %</td><td>nothing</td>" in text

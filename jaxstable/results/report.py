"""What a result says, as a value: totals, tables, findings, settings and a picture. It is rendered elsewhere, once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from jaxstable.graph.learned import LearnedGraph, Scores
from jaxstable.graph.links import KINDS, Link, counts_of, lag_text, links_of
from jaxstable.phrases import counted, shown
from jaxstable.results.evidence import number
from jaxstable.results.findings import Finding
from jaxstable.results.sensors import Recorded

TITLES = {
    "sure": "Sure",
    "likely": "Likely",
    "open": "Of open direction",
    "doubtful": "Doubtful",
}
LINE = "\n"  # between the lags of a link, each of which has a row of its own within the cell
UNTESTED = "no probability: `jaxstable discover FILE` says how sure each edge is"


class Table(NamedTuple):
    """Rows under a title, every cell a text.

    Attributes:
        title: what the rows are.
        columns: one heading a column; words stand left, the rest right.
        rows: the rows; a cell may have several lines.
        note: what to know of them.
        ends: cause and effect of each row, where rows are links.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    ends: tuple[tuple[str, str], ...] = ()


class Report(NamedTuple):
    """Everything that a result has to say.

    Attributes:
        title: the answer in one line.
        tables: its rows, the most important table first.
        totals: (label, value) rows.
        findings: errors first.
        settings: (name, value, why) rows: how it came about.
        document: the same for programs, JSON-ready.
        graph: the learned graph, None for a sweep.
        draw: returns a matplotlib figure; raises ImportError where that is missing.
        source: the data in one line: files, dates, rows; empty where they are not known.
        sensors: what was recorded of each sensor, its unit and what was taken out of it (None: not known), by name.
    """

    title: str
    tables: tuple[Table, ...]
    totals: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    settings: tuple[tuple[str, str, str], ...]
    document: Mapping[str, Any]
    graph: LearnedGraph | None
    draw: Callable[[], Any]
    source: str = ""
    sensors: Mapping[str, tuple[Recorded, str, str | None]] = {}


def link_tables(graph: LearnedGraph) -> tuple[Table, ...]:
    """Return one table for every kind of link that the graph has, a row a link; one of all without probabilities."""
    links = links_of(graph)
    if graph.probability is None:
        heaviest = sorted(links, key=lambda link: (-abs(link.heaviest.weight), link[:2]))
        return (_table(f"Edges ({len(links)})", heaviest, graph, UNTESTED),)
    groups = {kind: [link for link in links if link.kind == kind] for kind in KINDS}
    return tuple(
        _table(f"{TITLES[kind]} ({len(group)})", group, graph, KINDS[kind]) for kind, group in groups.items() if group
    )


def headline(graph: LearnedGraph) -> str:
    """Count the links of a graph by kind; each count is the number of rows of a table of `link_tables`.

    >>> import numpy as np
    >>> headline(LearnedGraph(("a", "b"), np.zeros((1, 2, 2)), np.zeros((1, 2, 2), bool)))
    '2 variables, 0 edges'
    """
    total = len(links_of(graph))
    text = f"{len(graph.names)} variables, {counted(total, 'edge')}"
    counts = [f"{count} {TITLES[kind].lower()}" for kind, count in counts_of(graph).items() if count]
    return ", ".join([text, *counts])


def arrow(link: Link) -> str:
    """Write a link as text; one of open direction has no head."""
    return f"{link.cause} {'--' if link.kind == 'open' else '->'} {link.effect}"


def share_text(share: float) -> str:
    """Write a probability with two digits, rounded down: what reads 0.90 is 0.9 or more, as its kind says.

    >>> share_text(0.8999), share_text(0.29), share_text(1.0)
    ('0.89', '0.29', '1.00')
    """
    return f"{math.floor(100 * share + 1e-9) / 100:.2f}"


def either_way(link: Link, graph: LearnedGraph) -> float:
    """Return the probability that the two sensors of a link are linked, whichever drives the other."""
    assert graph.probability is not None
    cause, effect = graph.names.index(link.cause), graph.names.index(link.effect)
    return min(1.0, float(graph.probability[cause, effect] + graph.probability[effect, cause]))


def raw_unit(link: Link, units: Mapping[str, str] | None) -> str:
    """Return the unit of the raw weight of a link, empty where the units are not known."""
    cause, effect = ((units or {}).get(name) for name in (link.cause, link.effect))
    return f"{effect} per {cause}" if cause and effect else ""


def against_truth(scores: Scores) -> tuple[tuple[str, str], ...]:
    """Say how a graph agrees with the true one, as one row (label, value); nothing where that is not known.

    >>> from jaxstable.graph.learned import Scores
    >>> against_truth(Scores(0.4615, 11, 17))
    (('True graph', '17 edges, given to compare with: F1 0.46, 11 edges lacking, too many or reversed'),)
    """
    if scores.f1 is None or scores.true_edge_count is None or scores.shd is None:
        return ()
    true, off = (counted(number, "edge") for number in (scores.true_edge_count, scores.shd))
    return (("True graph", f"{true}, given to compare with: F1 {scores.f1:.2f}, {off} lacking, too many or reversed"),)


def run_totals(summary: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Lay the totals of a run out as (label, value) pairs; what was not measured reads `n/a`.

    Scores are left out where no true graph is known.
    """

    def total(key: str, spec: str) -> str:
        value = number(summary.get(key))
        return "n/a" if value is None else format(value, spec)

    scores = (("Best F1", total("best_f1", ".4f")), ("Best SHD", total("best_shd", ".1f")))
    return (
        ("Status", str(summary.get("status") or "n/a")),
        ("Epochs", total("epochs", ".0f")),
        ("Time", f"{total('total_time', '.1f')} s{_parts_of_time(summary)}"),
        ("Test loss", total("test_loss", ".4g")),
        *(score for score in scores if score[1] != "n/a"),
        ("Best threshold", total("best_threshold", ".3f")),
        ("Edges", _edge_counts(summary)),
        ("Mean clip ratio", total("avg_grad_clip_ratio", ".1%")),
        ("Final learning rate", total("final_learning_rate", ".2e")),
    )


def _edge_counts(summary: Mapping[str, Any]) -> str:
    """Say how many edges the graph has, and why the last evaluation counted others where it did.

    >>> _edge_counts({"graph_edge_count": 4, "final_edge_count": 6, "best_epoch": 12, "last_evaluation": 30})
    '4, those of epoch 12, the best; 6 in epoch 30, the last evaluation'
    >>> _edge_counts({"graph_edge_count": 4, "final_edge_count": 6, "best_epoch": 30, "last_evaluation": 30})
    '4; 6 are above the threshold, of which 2 would close a cycle'
    """
    keys = ("graph_edge_count", "final_edge_count", "true_edge_count", "best_epoch", "last_evaluation")
    shown, last, true, best, end = (number(summary.get(key)) for key in keys)
    if shown is None:
        return "n/a"
    told = f"{shown:.0f}" if true is None else f"{shown:.0f} (true graph: {true:.0f})"
    if last is None or last == shown:
        return told
    if best == end:
        return f"{told}; {last:.0f} are above the threshold, of which {last - shown:.0f} would close a cycle"
    whose = "" if best is None else f", those of epoch {best:.0f}, the best"  # a run may diverge before any is
    return f"{told}{whose}; {last:.0f} in epoch {end:.0f}, the last evaluation"


def _parts_of_time(summary: Mapping[str, Any]) -> str:
    """Split the time of a run, where that is known."""
    times = dict(summary.get("times") or {})
    before = times.pop("prepare", None)
    parts = [", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items())]
    parts += [] if before is None else [f"{before:.1f} s before it to prepare"]
    told = "; ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def amount(value: float, digits: int = 3, sign: str = "") -> str:
    """Write some digits of a number, without an exponent where it has a usual size.

    >>> amount(1099.8), amount(-293.4, 2, "+"), amount(0.0808, 2, "+"), amount(2.72e-5)
    ('1100', '-290', '+0.081', '2.72e-05')
    """
    return f"{float(f'{value:.{digits}g}'):{sign}.9g}"


def cell(value: Any) -> str:
    """Write a value of a field or a metric in few characters, `n/a` for None."""
    return "n/a" if value is None else shown(value)


def grouped(findings: Iterable[Finding]) -> list[Sequence[Finding]]:
    """Put the findings of one code, severity and remedy together, in the order of the first of each."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.severity, finding.remedy), []).append(finding)
    return list(groups.values())


def _table(title: str, links: Sequence[Link], graph: LearnedGraph, note: str) -> Table:
    tested, raw = graph.probability is not None, graph.scale is not None
    columns = ["edge", "lag", "weight"]
    columns += ["net in raw units"] if raw else []
    undecided = bool(links) and links[0].kind == "open"
    columns += ["either way"] if undecided else []
    columns += ["probability", "direction"] if tested else []
    rows: list[tuple[str, ...]] = []
    for link in links:
        back = [edge.cause != link.cause for edge in link.edges]
        ways = ["<- " if other else "-> " for other in back] if any(back) else [""] * len(back)
        lags = LINE.join(way + lag_text(lag, graph.step) for way, lag in zip(ways, link.lags, strict=True))
        cells = [arrow(link), lags, LINE.join(f"{edge.weight:{'+' if graph.signed else ''}.2f}" for edge in link.edges)]
        if raw:
            net = link.weight_raw
            cells.append("n/a" if net is None else f"{amount(net, sign='+')} {raw_unit(link, graph.units)}".rstrip())
        if undecided:
            cells.append(share_text(either_way(link, graph)))
        if link.probability is not None:
            cells += [share_text(link.probability), "n/a" if link.direction is None else share_text(link.direction)]
        rows.append(tuple(cells))
    return Table(title, tuple(columns), tuple(rows), note, tuple((link.cause, link.effect) for link in links))

"""A learned graph in plain words: one sentence a link, and one paragraph for all."""

from __future__ import annotations

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import DIRECTED, LIKELY, SURE, Link, counts_of, lag_text, links_of
from jaxstable.phrases import counted
from jaxstable.results.report import amount, either_way, raw_unit, share_text
from jaxstable.signals.spans import steps_text

MOST_NAMED = 3  # links that the paragraph tells in full


def paragraph(graph: LearnedGraph) -> str:
    """Say what was found in a few plain sentences, the surest influences first."""
    links, total = links_of(graph), len(graph.names)
    if not links:
        return f"Among {total} sensors, no influence of one on another was found."
    counts = counts_of(graph)
    if not counts:
        heaviest = sorted(links, key=lambda link: -abs(link.heaviest.weight))
        start = (
            f"Among {total} sensors, {len(links)} {_influences(len(links))} above the threshold of this one training "
            "run; it does not say how sure each is."
        )
        return " ".join([start, *(sentence(link, graph) for link in heaviest[:MOST_NAMED])])
    sure = [link for link in links if link.kind == "sure"]
    start = f"Among {total} sensors, {len(sure) or 'no'} {_influences(len(sure) or 1)} sure."
    more = " more" if sure else ""
    rest = [
        f"{counts['likely']}{more} {'is' if counts['likely'] == 1 else 'are'} likely" * (counts["likely"] > 0),
        f"in {counted(counts['open'], 'pair')} it is open which one drives the other" * (counts["open"] > 0),
        f"{counts['doubtful']} {'is' if counts['doubtful'] == 1 else 'are'} doubtful" * (counts["doubtful"] > 0),
    ]
    said = "; ".join(part for part in rest if part)
    said = f"{said[0].upper()}{said[1:]}." if said else ""
    heaviest = sorted(sure, key=lambda link: -abs(link.heaviest.weight))[:MOST_NAMED]
    return " ".join(part for part in [start, *(sentence(link, graph) for link in heaviest), said] if part)


def sentence(link: Link, graph: LearnedGraph) -> str:
    """Say what a link means: which way, how fast and how much.

    >>> import numpy as np
    >>> weights = np.zeros((2, 2, 2)); weights[1, 0, 1] = 0.5
    >>> graph = LearnedGraph(("feed", "level"), weights, weights != 0, probability=weights[1] * 1.9, step="1 h")
    >>> sentence(links_of(graph)[0], graph)
    'feed raises level after 1 h: +0.5 in standard deviations.'
    """
    if link.kind == "open":
        return f"{link.cause} and {link.effect} are linked {_when(link, graph)}; which one drives the other is open."
    if not graph.signed:  # such a model knows that there is an effect, not which way
        return f"{link.cause} acts on {link.effect} {_when(link, graph)}, with weight {abs(link.heaviest.weight):.2g}."
    first, unit = link.first, raw_unit(link, graph.units)
    verb = "raises" if first.weight > 0 else "lowers"
    at_first, in_all, scale = first.weight, link.weight, "in standard deviations"
    if unit and first.weight_raw is not None and link.weight_raw is not None:
        at_first, in_all, scale = first.weight_raw, link.weight_raw, unit
    how = amount(at_first, 2, "+")
    if at_first * in_all < 0:
        verb = f"first {verb}, then {'lowers' if at_first > 0 else 'raises'}"
    if len(link.edges) > 1:
        how += f" at first, {amount(in_all, 2, '+')} over all lags"
    return f"{link.cause} {verb} {link.effect} {_when(link, graph)}: {how} {scale}."


def evidence(link: Link, graph: LearnedGraph) -> str:
    """Say what speaks for a link: its probability, its direction and its lags."""
    return "; ".join(part for part in (trust(link, graph), *_by_lag(link, graph)) if part)


def trust(link: Link, graph: LearnedGraph) -> str:
    """Say how sure a link is: its probability and its direction."""
    parts = []
    if link.kind == "open":
        parts.append(f"linked either way with probability {share_text(either_way(link, graph))}")
    if link.probability is not None:
        parts.append(f"probability {share_text(link.probability)}")
    if link.direction is not None:
        parts.append(f"direction {share_text(link.direction)}")
    return "; ".join(parts)


def _by_lag(link: Link, graph: LearnedGraph) -> list[str]:
    lags = []
    for edge in link.edges if len(link.edges) > 1 else ():
        at = "" if edge.lag_probability is None else f", probability {edge.lag_probability:.2f}"
        at = f" from {edge.cause}{at}" if edge.cause != link.cause else at
        lags.append(f"lag {lag_text(edge.lag, graph.step)}: {edge.weight:{'+' if graph.signed else ''}.2f}{at}")
    return lags


def what_would_change_it(graph: LearnedGraph) -> tuple[str, ...]:
    """Say what the graph rests on, one sentence a reservation."""
    said = [
        "An influence is a direct one among these sensors. A cause that is not recorded may look like an influence "
        "between the sensors that it drives; record it, and such an edge goes."
    ]
    if graph.probability is not None:
        said += [
            "The search was repeated on rows drawn anew; direction is the share of these draws that point this way, of "
            f"those that link the two. Sure means probability {SURE} or more and direction {DIRECTED} or more; likely "
            f"starts at probability {LIKELY}. The probabilities were calibrated on simulated systems.",
            "More rows make weak influences visible. A change made on purpose to one sensor, with the others watched, "
            "settles a direction that is open.",
        ]
    else:
        said.append("How sure each edge is, one training run cannot say: `jaxstable discover` does.")
    return tuple(said)


def _influences(count: int) -> str:
    return "influence is" if count == 1 else "influences are"


def _when(link: Link, graph: LearnedGraph) -> str:
    first, last = min(link.lags), max(link.lags)
    if last == 0:
        return "within the same step" if graph.step is None else f"within {graph.step}"
    steps = steps_text(last, graph.step) or counted(last, "step")
    return f"after {steps}" if first == last else f"within {steps}"

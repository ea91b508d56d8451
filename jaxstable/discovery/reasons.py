"""The settings that `discover` chose, each with its value and why."""

from __future__ import annotations

from jaxstable.discovery.bends import FITS, OPEN, Question
from jaxstable.discovery.choice import Chosen, Path
from jaxstable.discovery.found import Choice
from jaxstable.discovery.hidden import MOST_COLUMNS, WIDER
from jaxstable.discovery.observed import MOST_PATTERNS, SELDOM
from jaxstable.discovery.shapes import MOST_SHAPED
from jaxstable.discovery.squares import MOST_COLUMNS as MOST_SQUARED
from jaxstable.models.svar import SPARSE_UNIT


def gated_choices(question: Question, n_lags: int) -> dict[str, Choice]:
    """Return the settings behind a graph found by the gated network, by name."""
    return {
        "model": Choice("rcgnn_graph", question.why),
        "max_lag": Choice(n_lags, "as asked: gates of lags that are not needed shut by themselves"),
        "threshold": Choice(OPEN, "a gate that is rather open than shut is an edge"),
        "draws": Choice(FITS, "starts of the network; the mean probability of a gate is that of its edge"),
    }


def choices(chosen: Chosen, question: Question) -> dict[str, Choice]:
    """Return the settings behind a choice by name.

    Args:
        chosen: what was chosen.
        question: whether the edges bend.
    """
    criterion, selection, path, order = chosen.criterion, chosen.selection, chosen.path, chosen.order
    shown = ", ".join(f"{score - min(order.scores):.0f}" for score in order.scores)
    smallest = f"smallest within the price of an edge of the best; criterion above it {shown}"
    stopped = "stopped by Ctrl-C: the graph is the best one by then; edges may be missing or false"
    return {
        "model": Choice("svar", question.why),
        **({"search": Choice("stopped", stopped)} if chosen.stopped else {}),
        "max_lag": Choice(
            order.lags, smallest if order.scores else "all that were looked at: stopped before the choice"
        ),
        **_path_choices(path, selection.score),
        "inflation": Choice(
            selection.inflation, "rows worth one independent row, from what absent edges seem to explain"
        ),
        "effective_rows": Choice(
            criterion.effective_rows(selection.inflation), "rows in which a pair was read, over the inflation"
        ),
        "penalty": Choice(criterion.penalty, "2 log(number of candidate edges), at least log(rows)"),
        "noise_shape": Choice(
            chosen.shaped,
            "lag-0 edges whose direction rests on the shape of the noise more than on second moments: noise that is "
            f"not Gaussian tells causes from effects; looked at with one environment and up to {MOST_SHAPED} sensors",
        ),
        "readings": Choice(
            chosen.extras.by_readings,
            f"whether graphs were judged by the readings alone: where a sensor is read in less than {SELDOM:g} of the "
            f"rows, with no more than {MOST_PATTERNS} patterns of gaps; squares and common causes are not looked for",
        ),
        "squares": Choice(
            0 if chosen.extras.squared is None else int(chosen.extras.squared.sum()),
            "edges that need the square of their cause; looked for where the lags of sensors and squares are no more "
            f"than {MOST_SQUARED} columns, kept where they are worth their edges and two more and explain more than "
            "hidden causes do",
        ),
        "common_causes": Choice(
            len(chosen.extras.common_causes),
            "hidden causes, each worth its edges and two more; looked for where four sensors are all linked and "
            f"{WIDER} times the lags are no more than {MOST_COLUMNS} columns",
        ),
        "draws": Choice(
            len(chosen.draws), f"moving blocks of time, {_starts(chosen)}; behind the probability of an edge"
        ),
    }


def _path_choices(path: Path | None, score: float) -> dict[str, Choice]:
    """Return what was chosen among the fits; nothing where there were none."""
    if path is None:
        return {}
    other = {name: score for name, score in path.scores.items() if name != path.likelihood}
    behind = " and ".join(
        f"{score - path.scores[path.likelihood]:.1f} below that of {name}" for name, score in other.items()
    )
    lowest = f"as in Config; lowest criterion of {len(path.sparsities)}"
    return {
        "likelihood": Choice(
            path.likelihood, f"its graph scores {behind}; equal must be better by the price of an edge"
        ),
        "lambda_sparse": Choice(
            path.sparsity / SPARSE_UNIT, f"{lowest}, and the search lowered it by {path.score - score:.1f}"
        ),
    }


def _starts(chosen: Chosen) -> str:
    """Say where the search of a draw starts."""
    if chosen.stopped:
        return "none, as the search was stopped"
    if chosen.path is None:
        return "searched from no edges"
    every = len(chosen.sparsities) == len(chosen.path.sparsities)
    return f"fitted at {'every sparsity weight' if every else 'the chosen sparsity weight'}"

"""From data to a graph without ground truth and without a knob to turn."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.api import as_dataset
from jaxstable.config import ConfigError
from jaxstable.data.bootstrap import bootstrap_moments
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.data.detrend import remove_drift
from jaxstable.data.moments import Moments, lagged_moments
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.refit import Refits
from jaxstable.graph.selection import Selection, candidates, select
from jaxstable.results.discovery import Choice, Discovery
from jaxstable.results.findings import SEVERITIES
from jaxstable.results.rules_discovery import graph_findings, moment_findings, sensor_findings
from jaxstable.training.lanes import use_every_core
from jaxstable.training.momentfits import fit_moments
from jaxstable.training.stages import Stages

LAMBDAS = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
Edge = Sequence[Any]


def discover(
    data: Dataset | Any,
    *,
    max_lag: int = 2,
    required: Iterable[Edge] | None = None,
    forbidden: Iterable[Edge] | None = None,
    draws: int = 50,
    seed: int = 0,
    progress: bool | None = None,
) -> Discovery:
    """Find the causal graph of sensor time series, with the confidence in every edge.

    Drift is taken out, second moments are expected under the gaps, `SVAR` is fitted at six sparsity weights to the
    moments and to every bootstrap draw of them, all at once, and the graph is the one that a refit criterion likes
    best (`graph.selection.select`). The share of the draws in which an edge is chosen is its probability. A true
    graph that the data may come with is never looked at.

    Args:
        data: A `Dataset`, an array ``[time, variables]``, a dataframe or a path. Labels of environments are taken
            from the data set: they share the graph, not the noise.
        max_lag: Largest lag of an effect, in steps, >= 0.
        required: Edges (cause, effect, lag) that the graph must hold, by name or index.
        forbidden: Edges (cause, effect, lag), or (cause, effect) for every lag, that it must not hold.
        draws: Draws of the bootstrap, >= 0; with 0 the probabilities are those of the graph itself, 0 or 1.
        seed: Seed of the draws.
        progress: Show what is going on; None does so in a terminal or notebook only.

    Returns:
        The discovery; the same arguments give the same one.

    Raises:
        ConfigError: An argument is refused.
        DataError: The data cannot be used, or no series is longer than `max_lag`.

    Example:
        >>> import jaxstable as js
        >>> found = js.discover(js.datasets.sensors(n_steps=1000), draws=0, progress=False)
        >>> found.edge_probability.shape
        (13, 13)

    Reference:
        Meinshausen, Buhlmann, Stability selection, 2010 (edge frequencies); Pamfil et al., DYNOTEARS, 2020
        (gradient estimation of lagged graphs).
    """
    for name, number in (("max_lag", max_lag), ("draws", draws), ("seed", seed)):
        _check_count(name, number)
    dataset = as_dataset(data)
    asked = _edges("required", required, dataset.names, max_lag), _edges("forbidden", forbidden, dataset.names, max_lag)
    use_every_core()
    with Stages(progress) as stages:
        stages.begin("moments")
        moments = _moments(dataset, max_lag)
        matrices = moments.matrix[None].astype(np.float32)
        if draws:
            matrices = np.concatenate([matrices, bootstrap_moments(moments, draws, seed=seed)])
        criterion = _criterion(moments, moments.matrix, asked)
        stages.begin(f"{len(matrices) * len(LAMBDAS)} fits")
        fits = fit_moments(matrices, moments.count, dataset.n_vars, LAMBDAS)
        stages.begin("graph")
        selection = select(criterion, fits[0])
        stages.begin(f"{draws} draws", draws)
        drawn = []
        for matrix, fit in zip(matrices[1:], fits[1:], strict=True):
            drawn.append(select(_criterion(moments, matrix, asked), fit, selection.inflation))
            stages.advance()
    shares = _shares(drawn or [selection])
    found = [
        *sensor_findings(dataset.values, dataset.mask, dataset.names),
        *moment_findings(moments, dataset.names),
        *graph_findings(
            selection.graph,
            selection.inflation,
            criterion.effective_rows(selection.inflation),
            shares.edge,
            dataset.names,
        ),
    ]
    return Discovery(
        names=dataset.names,
        lagged_graph=selection.graph,
        lagged=np.where(selection.graph, selection.weights, 0.0),
        lagged_probability=shares.lagged,
        edge_probability=shares.edge,
        direction_confidence=shares.direction,
        strength=selection.strength,
        chosen=_chosen(criterion, selection, fits[0], draws),
        findings=tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))),
        truth=dataset.truth,
    )


class _Shares(NamedTuple):
    lagged: NDArray[np.float64]
    edge: NDArray[np.float64]
    direction: NDArray[np.float64]


def _shares(drawn: Sequence[Selection]) -> _Shares:
    """Return how often each edge, and each direction of a linked pair, was chosen."""
    lagged = np.mean([selection.graph for selection in drawn], axis=0)
    summary = np.array([selection.graph.any(axis=0) for selection in drawn])
    edge, linked = summary.mean(axis=0), (summary | summary.transpose(0, 2, 1)).mean(axis=0)
    return _Shares(lagged, edge, np.where(linked > 0, edge / np.maximum(linked, 1e-9), 0.5))


def _moments(dataset: Dataset, max_lag: int) -> Moments:
    level = remove_drift(dataset.values, dataset.mask, dataset.series).values
    try:
        return lagged_moments(level, dataset.mask, max_lag, dataset.series, dataset.environment)
    except ValueError as error:
        raise DataError(f"max_lag={max_lag}: {error}") from error


def _criterion(moments: Moments, matrix: NDArray, asked: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> Criterion:
    refits = Refits(matrix, moments.count, moments.n_vars, moments.pair_share)
    try:
        return Criterion(refits, *asked)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _chosen(criterion: Criterion, selection: Selection, fits: NDArray, draws: int) -> dict[str, Choice]:
    """Return the settings behind a selection."""
    scores = [min(criterion.score(graph, selection.inflation) for graph in candidates(criterion, fit)) for fit in fits]
    best = int(np.argmin(scores))
    lags = np.flatnonzero(selection.graph.any(axis=(1, 2)))
    gained = scores[best] - selection.score
    return {
        "max_lag": Choice(criterion.n_lags, f"as asked; the graph uses lags {', '.join(map(str, lags)) or 'none'}"),
        "lambda_sparse": Choice(
            LAMBDAS[best], f"lowest criterion of {len(LAMBDAS)}; the search lowered it by {gained:.1f}"
        ),
        "likelihood": Choice("free", "sensors differ in their noise, and the units of the data do not matter then"),
        "inflation": Choice(
            selection.inflation, "rows worth one independent row, from what absent edges seem to explain"
        ),
        "effective_rows": Choice(
            criterion.effective_rows(selection.inflation), "rows in which a pair was read, over the inflation"
        ),
        "penalty": Choice(criterion.penalty, "2 log(number of candidate edges)"),
        "draws": Choice(draws, "moving blocks of time; their frequency is the probability of an edge"),
    }


def _edges(name: str, edges: Iterable[Edge] | None, names: Sequence[str], max_lag: int) -> NDArray[np.bool_]:
    """Return edges given by name or index as bool ``[lag, cause, effect]``."""
    table = np.zeros((max_lag + 1, len(names), len(names)), bool)
    for edge in edges or ():
        parts = (edge,) if isinstance(edge, str) else tuple(edge)
        if len(parts) != 3 and not (len(parts) == 2 and name == "forbidden"):
            short = " or (cause, effect)" if name == "forbidden" else ""
            raise ConfigError(f"{name}: found {edge!r}, expected (cause, effect, lag){short}")
        cause, effect = (_variable(name, part, names) for part in parts[:2])
        if len(parts) == 2:
            table[:, cause, effect] = True
            continue
        _check_count(f"{name}: the lag of {edge!r}", parts[2])
        if parts[2] > max_lag:
            raise ConfigError(f"{name}: found lag {parts[2]} in {edge!r}, expected at most max_lag={max_lag}")
        table[parts[2], cause, effect] = True
    return table


def _variable(name: str, given: Any, names: Sequence[str]) -> int:
    if isinstance(given, str) and given in names:
        return names.index(given)
    if not isinstance(given, (str, bool)) and hasattr(given, "__index__") and 0 <= operator.index(given) < len(names):
        return operator.index(given)
    raise ConfigError(f"{name}: found variable {given!r}, expected an index or one of {', '.join(names)}")


def _check_count(name: str, number: Any) -> None:
    if isinstance(number, bool) or not hasattr(number, "__index__") or number < 0:
        raise ConfigError(f"{name}: found {number!r}, expected a whole number >= 0")

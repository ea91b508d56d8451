"""From data to a graph without ground truth and without a knob to turn."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.config import ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.bends import FITS, do_edges_bend, find_by_gates, without_graph
from jaxstable.discovery.choice import choose
from jaxstable.discovery.cost import check_cost
from jaxstable.discovery.found import Found, LeftOut, Sensors
from jaxstable.discovery.reasons import choices, gated_choices
from jaxstable.discovery.stages import Stages
from jaxstable.graph.calibration import edge_probability, lag_probability
from jaxstable.moments.lagged import lagged_moments
from jaxstable.signals.gaps import news_share
from jaxstable.signals.prepare import Cleaned, check_parts
from jaxstable.signals.prepare import prepare as clean
from jaxstable.training.devices import prepare_jax

HARDLY_READ = 0.25  # of the share of rows in which the median sensor was read
NEWS = 1e-6  # of a sensor's variance that its own past must leave for an edge to explain
Edge = Sequence[Any]


def find(
    dataset: Dataset,
    *,
    max_lag: int = 2,
    required: Iterable[Edge] | None = None,
    forbidden: Iterable[Edge] | None = None,
    draws: int = 50,
    seed: int = 0,
    prepare: Any = "auto",
    progress: bool | None = None,
) -> Found:
    """Find the causal graph of a data set; see `jaxstable.discover` for the method and the arguments.

    Raises:
        ConfigError: An argument is refused.
        DataError: The data cannot be used, need more memory than is free, or no series is longer than `max_lag`.
    """
    for name, number in (("max_lag", max_lag), ("draws", draws), ("seed", seed)):
        _check_count(name, number)
    longest = int(np.unique(dataset.series, return_counts=True)[1].max())
    if longest <= max_lag:  # before anything of that size is made
        raise DataError(f"max_lag={max_lag}: found {longest} rows in the longest series, expected more rows than lags")
    check_cost(dataset.n_vars, dataset.n_rows, max_lag, draws)
    asked = _edges("required", required, dataset.names, max_lag), _edges("forbidden", forbidden, dataset.names, max_lag)
    try:
        parts = check_parts(prepare)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    read, left_out = _usable(dataset, asked[0])
    prepare_jax()
    with Stages(progress) as stages:
        stages.begin("signals")
        kept, cleaned = _telling(dataset, read, _cleaned(dataset, read, parts), asked[0], max_lag, left_out)
        inner = np.ix_(range(max_lag + 1), kept, kept)
        stages.begin("moments")
        try:
            moments = lagged_moments(cleaned.values, cleaned.mask, max_lag, dataset.series, dataset.environment)
        except ValueError as error:
            raise DataError(f"max_lag={max_lag}: {error}") from error
        edges = asked[0][inner], asked[1][inner]
        stages.begin("linear or not")
        usable = without_graph(dataset, kept, cleaned)
        question = do_edges_bend(usable, max_lag)
        try:
            chosen = choose(moments, *edges, 0 if question.nonlinear else draws, seed, stages.begin, stages.advance)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        gated = None
        if question.nonlinear:
            stages.begin(f"{FITS} networks", FITS)
            gated = find_by_gates(usable, moments, *edges, seed, stages.advance)
            chosen = chosen._replace(selection=gated.selection._replace(inflation=chosen.selection.inflation))

    def whole(table: NDArray, rest: float = 0.0) -> NDArray:
        """Return a table of the variables and lags in use as one of all of them."""
        wide = np.full((max_lag + 1, dataset.n_vars, dataset.n_vars)[-table.ndim :], rest, table.dtype)
        wide[np.ix_(*(range(len(table)),) * (table.ndim - 2), kept, kept)] = table
        return wide

    selection = chosen.selection
    drawn = np.array(gated.fits if gated else [draw.graph for draw in chosen.draws or [selection]])
    summaries: NDArray[np.bool_] = np.logical_or.reduce(drawn, axis=1)
    lagged_frequency, frequency = drawn.mean(axis=0), summaries.mean(axis=0)
    linked = (summaries | summaries.transpose(0, 2, 1)).mean(axis=0)
    if gated:
        lagged_probability, probability = selection.strength, selection.strength.max(axis=0)
    else:
        evidence = selection.strength / np.sqrt(chosen.criterion.penalty)
        probability = edge_probability(frequency, evidence.max(axis=0), len(drawn))
        lagged_probability = lag_probability(lagged_frequency, evidence, len(drawn))
    return Found(
        names=dataset.names,
        lagged_graph=whole(selection.graph),
        lagged=whole(np.where(selection.graph, selection.weights, 0.0)),
        lagged_probability=_as_asked(whole(lagged_probability), *asked),
        edge_probability=_as_asked(whole(probability), np.logical_or.reduce(asked[0]), np.logical_and.reduce(asked[1])),
        lagged_frequency=whole(lagged_frequency),
        edge_frequency=whole(frequency),
        direction_confidence=whole(np.where(linked > 0, frequency / np.maximum(linked, 1e-9), 0.5), 0.5),
        strength=whole(selection.strength),
        chosen=gated_choices(question, max_lag) if gated else choices(chosen, question, draws),
        removed={dataset.names[index]: what for index, what in zip(kept, cleaned.removed, strict=True)},
        truth=dataset.truth,
        left_out=tuple(left_out),
        sensors=Sensors(tuple(dataset.names[index] for index in kept), dataset.values[:, kept], dataset.mask[:, kept]),
        moments=moments,
        choice=chosen,
    )


def _as_asked(probability: NDArray, required: NDArray[np.bool_], forbidden: NDArray[np.bool_]) -> NDArray:
    """Return probabilities that are 1 for required edges, and 0 for forbidden ones and of a variable on itself."""
    self_loops = np.broadcast_to(np.eye(probability.shape[-1], dtype=bool), probability.shape)
    return np.where(required, 1.0, np.where(forbidden | self_loops, 0.0, probability))


def _usable(dataset: Dataset, required: NDArray[np.bool_]) -> tuple[list[int], list[LeftOut]]:
    """Return the variables that an edge can be learned of, and why every other one is left out."""
    read, held = (
        dataset.mask.mean(axis=0),
        np.logical_or.reduce(required, axis=(0, 1)) | np.logical_or.reduce(required, axis=(0, 2)),
    )
    found: list[LeftOut] = []
    kept: list[int] = []
    for index, name in enumerate(dataset.names):
        readings = dataset.values[dataset.mask[:, index], index]
        if held[index]:
            kept.append(index)
        elif len(readings) and readings.min() == readings.max():
            found.append(LeftOut(name, "constant", float(readings[0])))
        elif read[index] < HARDLY_READ * np.median(read):
            found.append(LeftOut(name, "hardly_read", float(read[index])))
        else:
            kept.append(index)
    _check_enough(kept, 2, dataset, found)
    return kept, found


def _cleaned(dataset: Dataset, columns: list[int], parts: Any) -> Cleaned:
    """Return some columns of a data set as the preparation leaves them; the levels are those of its recordings."""
    whose = None if dataset.recording is None else dataset.recording[dataset.series]
    values, mask = dataset.values[:, columns], dataset.mask[:, columns]
    step = getattr(dataset, "step", None)
    return clean(values, mask, dataset.series, recording=whose, step=step, prepare=parts)


def _telling(
    dataset: Dataset,
    read: list[int],
    cleaned: Cleaned,
    required: NDArray[np.bool_],
    max_lag: int,
    left_out: list[LeftOut],
) -> tuple[list[int], Cleaned]:
    """Return the variables of which something is left to explain, and their series; the others join `left_out`."""
    news = news_share(dataset.values[:, read], cleaned.values, cleaned.mask, dataset.series, max_lag)
    ends = np.logical_or.reduce(required, axis=0)
    held: NDArray[np.bool_] = np.asarray(ends.any(axis=0) | ends.any(axis=1))[read]
    telling = np.flatnonzero(held | (news > NEWS)).tolist()
    for place in np.flatnonzero(~held & (news <= NEWS)).tolist():
        left_out.append(LeftOut(dataset.names[read[place]], "predictable", float(news[place])))
    kept = [read[place] for place in telling]
    _check_enough(kept, 1, dataset, left_out)
    return kept, cleaned.columns(telling)


def _check_enough(kept: list[int], least: int, dataset: Dataset, left_out: list[LeftOut]) -> None:
    if len(kept) < least:
        used = f"{len(kept)} of {dataset.n_vars} sensors can be used, expected at least {least}: "
        raise DataError(used + "; ".join(map(str, left_out)))


def _edges(name: str, edges: Iterable[Edge] | None, names: Sequence[str], max_lag: int) -> NDArray[np.bool_]:
    """Return edges given by name or index as bool ``[lag, cause, effect]``."""
    table = np.zeros((max_lag + 1, len(names), len(names)), bool)
    if edges is not None and (isinstance(edges, (str, bytes)) or not isinstance(edges, Iterable)):
        raise ConfigError(f"{name}: found {edges!r}, expected a list of edges (cause, effect, lag)")
    for edge in edges if edges is not None else ():
        parts = tuple(edge) if isinstance(edge, Iterable) and not isinstance(edge, (str, bytes)) else (edge,)
        if len(parts) != 3 and not (len(parts) == 2 and name == "forbidden"):
            short = " or (cause, effect)" if name == "forbidden" else ""
            raise ConfigError(f"{name}: found {edge!r}, expected (cause, effect, lag){short}")
        cause, effect = (_variable(name, part, names) for part in parts[:2])
        if cause == effect:
            raise ConfigError(
                f"{name}: found {edge!r}, a variable on itself; its own past always belongs to its model and is no edge"
            )
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

"""From data to a graph without ground truth and without a knob to turn."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jaxstable.config import ConfigError
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.asked import Edge, asked_edges, check_count, edge_table, latest
from jaxstable.discovery.bends import FITS, do_edges_bend, find_by_gates, without_graph
from jaxstable.discovery.beyond import Sources
from jaxstable.discovery.choice import choose
from jaxstable.discovery.cost import BLOCKS, check_cost
from jaxstable.discovery.found import Found, Sensors
from jaxstable.discovery.hidden import WIDER
from jaxstable.discovery.later import with_later
from jaxstable.discovery.observed import Prepared
from jaxstable.discovery.reasons import choices, gated_choices
from jaxstable.discovery.squares import with_squares
from jaxstable.discovery.stages import Stages
from jaxstable.discovery.usable import cleaned_of, telling, usable
from jaxstable.graph.calibration import doubts_of, edge_probability, held_to_direction, lag_probability
from jaxstable.moments.lagged import Moments, lagged_moments
from jaxstable.moments.memory import memory, most_lags, needed_lags
from jaxstable.signals.prepare import check_parts
from jaxstable.signals.threads import one_blas_thread
from jaxstable.training.devices import prepare_jax

LEAST_LAGS = 2  # looked at where nobody says how many
ROWS_PER_LAG = 10  # in a row, of the lags that hidden causes are read off


def find(
    dataset: Dataset,
    *,
    max_lag: int | None = None,
    required: Iterable[Edge] | None = None,
    forbidden: Iterable[Edge] | None = None,
    draws: int = 50,
    seed: int = 0,
    prepare: Any = "auto",
    progress: bool | Literal["full"] | None = None,
    later: Iterable[Dataset] = (),
    n_blocks: int = 1,
) -> Found:
    """Find the causal graph of a data set; see `jaxstable.discover` for the method and the arguments.

    Args:
        dataset: All rows, or the first block of them.
        later: The other blocks, which only the moments need; `n_blocks` counts all.

    Raises:
        ConfigError: An argument is refused.
        DataError: The data cannot be used, need more memory than is free, or no series is longer than `max_lag`.
    """
    for name, number in (("max_lag", max_lag or 0), ("draws", draws), ("seed", seed)):
        check_count(name, number)
    given = {"required": required, "forbidden": forbidden}
    wished = {name: asked_edges(name, edges, dataset.names) for name, edges in given.items()}
    longest = int(np.unique(dataset.series, return_counts=True)[1].max())
    least = max(min(LEAST_LAGS, longest - 1), *map(latest, wished.values())) if max_lag is None else max_lag
    if longest <= least:  # before anything of that size is made
        raise DataError(f"max_lag={least}: found {longest} rows in the longest series, expected more rows than lags")
    check_cost(dataset.n_vars, dataset.n_rows, least, draws)
    ends = edge_table("required", wished["required"], dataset.names, least)
    edge_table("forbidden", wished["forbidden"], dataset.names, least)
    try:
        parts = check_parts(prepare)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    read, left_out = usable(dataset, ends)
    prepare_jax()
    with Stages(progress) as stages, one_blas_thread():
        stages.begin("faults, drift, cycles")
        kept, cleaned = telling(dataset, read, cleaned_of(dataset, read, parts), ends, least, left_out)
        series = cleaned.values, cleaned.mask, dataset.series
        n_lags = needed_lags(*series, least) if max_lag is None else max_lag
        rest = memory(*series, n_lags, most_lags(cleaned.values, dataset.series))
        asked = tuple(edge_table(name, edges, dataset.names, n_lags) for name, edges in wished.items())
        inner = np.ix_(range(n_lags + 1), kept, kept)
        edges = asked[0][inner], asked[1][inner]
        stages.begin("gaps")
        shares = max((BLOCKS if draws else 1) // n_blocks, 1)  # kept for the draws

        def moments_of(n_lags: int, squares: bool = False) -> Moments:
            rows = with_squares(*series[:2]) if squares else series[:2]
            try:
                return lagged_moments(*rows, n_lags, dataset.series, dataset.environment, shares)
            except ValueError as error:
                raise DataError(f"max_lag={n_lags}: {error}") from error

        moments = moments_of(n_lags)
        if n_blocks > 1:
            stages.begin(f"{n_blocks} blocks of rows", n_blocks - 1)
            moments = with_later(moments, later, n_blocks, kept, cleaned.parts, stages.advance)
        wide = n_blocks == 1 and longest > ROWS_PER_LAG * WIDER * n_lags
        stages.begin("linear or not")
        prepared = without_graph(dataset, kept, cleaned)
        question = do_edges_bend(prepared, n_lags)
        try:
            squared = functools.partial(moments_of, squares=True) if n_blocks == 1 else None
            rows = Prepared(*series) if n_blocks == 1 else None
            sources = Sources(moments_of if wide else None, squared, rows)
            n_draws, beyond = (0, None) if question.nonlinear else (draws, sources)
            chosen = choose(moments, *edges, n_draws, seed, beyond, stages.begin, stages.advance)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        gated = None
        if question.nonlinear and not chosen.stopped:
            stages.begin(f"{FITS} networks", FITS)
            gated = find_by_gates(prepared, moments, *edges, seed, stages.advance)
            chosen = chosen._replace(selection=gated.selection._replace(inflation=chosen.selection.inflation))

    def whole(table: NDArray[Any], rest: float = 0.0) -> NDArray[Any]:
        """Return a table of the variables and lags in use as one of all of them."""
        wide = np.full((n_lags + 1, dataset.n_vars, dataset.n_vars)[-table.ndim :], rest, table.dtype)
        wide[np.ix_(*(range(len(table)),) * (table.ndim - 2), kept, kept)] = table
        return wide

    selection = chosen.selection
    drawn = np.array(gated.fits if gated else [draw.graph for draw in chosen.draws or [selection]])
    summaries: NDArray[np.bool_] = np.logical_or.reduce(drawn, axis=1)
    lagged_frequency, frequency = drawn.mean(axis=0), summaries.mean(axis=0)
    linked = (summaries | summaries.transpose(0, 2, 1)).mean(axis=0)
    directed = np.where(linked > 0, frequency / np.maximum(linked, 1e-9), 0.5)
    if gated:
        lagged_probability, probability = selection.strength, selection.strength.max(axis=0)
    else:
        evidence = selection.strength / np.sqrt(chosen.criterion.penalty)
        doubts = doubts_of(selection, 1.0 if chosen.extras.by_readings else cleaned.mask.mean(axis=0))
        probability = edge_probability(frequency, evidence.max(axis=0), len(drawn), doubts)
        lagged_probability = lag_probability(lagged_frequency, evidence, len(drawn), doubts)
        probability = held_to_direction(probability, selection)
        lagged_probability[0] = np.minimum(held_to_direction(lagged_probability[0], selection), probability)
    return Found(
        names=dataset.names,
        lagged_graph=whole(selection.graph),
        lagged=whole(np.where(selection.graph, selection.weights, 0.0)),
        lagged_probability=_as_asked(whole(lagged_probability), *asked),
        edge_probability=_as_asked(whole(probability), np.logical_or.reduce(asked[0]), np.logical_and.reduce(asked[1])),
        lagged_frequency=whole(lagged_frequency),
        edge_frequency=whole(frequency),
        direction_confidence=whole(directed if gated else held_to_direction(directed, selection), 0.5),
        strength=whole(selection.strength),
        chosen=gated_choices(question, n_lags) if gated else choices(chosen, question),
        removed={dataset.names[index]: what for index, what in zip(kept, cleaned.removed, strict=True)},
        truth=dataset.truth,
        left_out=tuple(left_out),
        sensors=Sensors(tuple(dataset.names[index] for index in kept), dataset.values[:, kept], dataset.mask[:, kept]),
        moments=moments,
        choice=chosen,
        memory=rest,
        common_causes=tuple(
            tuple(dataset.names[kept[index]] for index in group) for group in chosen.extras.common_causes
        ),
    )


def _as_asked(probability: NDArray[Any], required: NDArray[np.bool_], forbidden: NDArray[np.bool_]) -> NDArray[Any]:
    """Return probabilities that are 1 for required edges, and 0 for forbidden ones and of a variable on itself."""
    self_loops = np.broadcast_to(np.eye(probability.shape[-1], dtype=bool), probability.shape)
    return np.where(required, 1.0, np.where(forbidden | self_loops, 0.0, probability))

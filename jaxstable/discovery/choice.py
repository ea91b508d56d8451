"""From moments to graphs: fits along a path of sparsity weights, the choice among them, and the same for every draw."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.data.checks import DataWarning
from jaxstable.discovery.beyond import Extras, Sources, look_beyond
from jaxstable.discovery.fits import STEPS, fit_by_likelihood, fit_moments
from jaxstable.discovery.shapes import MISFIT, MOST_SHAPED, Shapes, drawn_prices, orient, select_priced, settled_against
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.order import Order, choose_order
from jaxstable.graph.refit import Edges, Numbers, Refits
from jaxstable.graph.selection import Selection, Stopped, candidates, select, selection_of
from jaxstable.moments.bootstrap import bootstrap_moments
from jaxstable.moments.lagged import Moments

LAMBDAS = (0.02, 0.03, 0.05, 0.08, 0.12, 0.2)
LIKELIHOODS = ("free", "equal")
# Fits are where a search starts, not where it ends. From so many parameters on every other sparsity weight and short
# fits lead to as good graphs, and draws use the chosen weight only; from so many more the search starts at no edges.
_LARGE, _HUGE = 10_000, 1_000_000
_FEW_STEPS = 200
SO_FAR = "stopped in the search of the graph: it is the best one by then, without draws; edges may be missing or false"


class Path(NamedTuple):
    """The best candidate of the fits: what it was fitted with and what it scored before the search."""

    likelihood: str
    sparsity: float
    score: float
    scores: Mapping[str, float]
    """score of the graph found from the fits of each likelihood."""
    sparsities: tuple[float, ...]
    """sparsity weights of the fits."""


class Chosen(NamedTuple):
    """What was chosen for one set of moments, and for each of its bootstrap draws."""

    criterion: Criterion
    selection: Selection
    order: Order
    path: Path | None
    """None where the search started at no edges, without fits."""
    draws: tuple[Selection, ...]
    sparsities: tuple[float, ...]
    """sparsity weights that the draws were fitted at."""
    extras: Extras = Extras()
    shaped: int = 0
    """lag-0 edges whose direction rests on the shape of the noise more than on the moments."""
    stopped: bool = False
    """whether Ctrl-C ended the search: the graph is the best by then."""


def choose(
    moments: Moments,
    required: Edges,
    forbidden: Edges,
    draws: int = 0,
    seed: int = 0,
    sources: Sources | None = None,
    begin: Callable[[str, int | None], None] = lambda stage, total: None,
    advance: Callable[[], None] = lambda: None,
) -> Chosen:
    """Choose number of lags, likelihood, sparsity weight and graph by one criterion, and again for every draw.

    A draw keeps the number of lags, the likelihood and the inflation of the full data; its graph is its own, and so is
    its sparsity weight where the data are not wide. Ctrl-C in the search of the graph ends it with the best one so far,
    and without draws; among the draws it ends these, and what was found stays.

    Args:
        moments: of the data, up to the largest lag to look at.
        required: bool `[lags + 1, cause, effect]`, edges that every graph must hold.
        forbidden: bool, same shape, edges that no graph may hold.
        draws: number of bootstrap draws.
        seed: seed of the draws.
        sources: further moments of the same rows, to look for squares and hidden common causes with; None looks for
            none.
        begin: called with the name of each stage and its number of steps, None if that is not known.
        advance: called after every draw.

    Returns:
        What was chosen; selections have the lags of the order, not of the moments.

    Raises:
        ValueError: an edge is both required and forbidden, or the required edges have a cycle.
    """
    begin("lags", None)

    def judge(matrix: NDArray[Any], lags: int) -> Criterion:
        given = required[: lags + 1], forbidden[: lags + 1]
        return Criterion(_refits(moments, matrix, lags), *given, looked_at=moments.n_lags)

    criterion, path, oriented, shaped = judge(moments.matrix, moments.n_lags), None, None, 0
    order, graph = Order(moments.n_lags, (), criterion.base), criterion.base
    try:
        order = choose_order(_refits(moments, moments.matrix, moments.n_lags), required, forbidden)
        parts = required[: order.lags + 1], forbidden[: order.lags + 1]
        criterion, graph = judge(moments.matrix, order.lags), order.graph
        sparsities, steps = fits_of(criterion.dim * criterion.n_vars)
        if sparsities:
            begin(f"{len(LIKELIHOODS) * len(sparsities)} fits", None)
            matrix = moments.matrix[None, :, : criterion.dim, : criterion.dim]
            fits = fit_by_likelihood(matrix, moments.count, moments.n_vars, sparsities, LIKELIHOODS, steps)
            begin("graph", None)
            likelihood, selection, scores = _of_likelihoods(criterion, fits)
            every = dict(zip(sparsities, fits[likelihood], strict=True))
            path = _best(criterion, likelihood, every, selection.inflation, scores)
            sparsities = sparsities if steps == STEPS else (path.sparsity,)
        else:
            begin("graph", None)
            selection = select(criterion)
        graph = _flat(criterion, selection)
        settled = np.zeros_like(parts[1])
        if sources and sources.rows and len(moments.count) == 1 and moments.n_vars <= MOST_SHAPED:
            begin("directions", None)
            shapes = Shapes(sources.rows, moments, order.lags)
            oriented = orient(criterion, graph, selection.inflation, shapes, seed)
            selection = selection_of(criterion, oriented.graph, selection.inflation, oriented.leaning)
            settled = settled_against(oriented, criterion.penalty, parts[1].shape)
            shaped = int((settled[0].T & (oriented.leaning > selection.turning - oriented.leaning)).sum())
        beyond = look_beyond(sources or Sources(), moments, selection, *parts, settled, moments.n_lags, begin)
    except KeyboardInterrupt as stop:
        return _so_far(criterion, [graph, *([stop.graph] if isinstance(stop, Stopped) else [])], order)
    rng = np.random.default_rng([seed, 6])

    def prices() -> Numbers:
        if oriented is None:
            return np.zeros((criterion.n_vars, criterion.n_vars))
        # Where the model is wrong, graphs some moves away are as good as the one with an edge turned: shapes are alone.
        misfit = selection.unexplained > MISFIT
        return drawn_prices(oriented, oriented.leaning if misfit else selection.turning, rng)

    if beyond:
        matrices = bootstrap_moments(beyond.moments, draws, seed=seed) if draws else ()
        if draws:
            begin(f"{draws} draws", draws)
        drawn = _until_stopped((beyond.draw(matrix, prices()) for matrix in matrices), draws, advance)
        return Chosen(beyond.criterion, beyond.selection, order, path, drawn, sparsities, beyond.extras, shaped)

    def draw() -> Iterator[Selection]:
        matrices, every = bootstrap_moments(moments, draws, seed=seed), itertools.repeat((), draws)
        if path:
            begin(f"{draws * len(sparsities)} fits of {draws} draws", None)
            inner = matrices[..., : criterion.dim, : criterion.dim]
            every = fit_moments(inner, moments.count, moments.n_vars, sparsities, path.likelihood, steps)
        begin(f"{draws} draws", draws)
        for matrix, own in zip(matrices, every, strict=True):
            yield select_priced(judge(matrix, order.lags), prices(), own, selection.inflation)

    drawn = _until_stopped(draw() if draws else (), draws, advance)
    return Chosen(criterion, selection, order, path, drawn, sparsities, shaped=shaped)


def _so_far(criterion: Criterion, graphs: Sequence[Edges], order: Order) -> Chosen:
    """Return the best graph that a search had come to when the user stopped it; none without an edge."""
    inflation = criterion.inflation(graphs[0])
    alike = [graph for graph in graphs if graph.shape == graphs[0].shape]  # others are of sensors with what drives them
    graph = min(alike, key=lambda graph: criterion.score(graph, inflation))
    if not (graph & ~criterion.base).any():
        raise KeyboardInterrupt
    warnings.warn(SO_FAR, DataWarning, stacklevel=2)
    selection = selection_of(criterion, graph, criterion.inflation(graph))
    return Chosen(criterion, selection, order, None, (), (), stopped=True)


def _until_stopped(draws: Iterable[Selection], wanted: int, advance: Callable[[], None]) -> tuple[Selection, ...]:
    """Return the draws, those so far if the user stops them: the graph of all data is there by then."""
    drawn: list[Selection] = []
    try:
        for one in draws:
            drawn.append(one)
            advance()
    except KeyboardInterrupt:
        made = f"stopped after {len(drawn)} of {wanted} draws: the graph is whole"
        warnings.warn(f"{made}, its probabilities rest on these draws alone", DataWarning, stacklevel=2)
    return tuple(drawn)


def _refits(moments: Moments, matrix: NDArray[Any], n_lags: int) -> Refits:
    dim = (n_lags + 1) * moments.n_vars
    return Refits(matrix[:, :dim, :dim], moments.count, moments.n_vars, moments.pair_share[:dim])


def _of_likelihoods(criterion: Criterion, fits: Mapping[str, NDArray[Any]]) -> tuple[str, Selection, dict[str, float]]:
    """Search from the fits of each likelihood; another than the first must be worth the price of an edge."""
    found = {name: select(criterion, path) for name, path in fits.items()}
    first = LIKELIHOODS[0]
    inflation = found[first].inflation
    scores = {name: criterion.score(_flat(criterion, one), inflation) for name, one in found.items()}
    # Graphs that score within the price of an edge are tied: more starts would only find luckier wrong ones.
    best = min(scores, key=lambda name: scores[name] + (0.0 if name == first else criterion.penalty))
    return best, found[best], scores


def _flat(criterion: Criterion, selection: Selection) -> Edges:
    return selection.graph.reshape(criterion.dim, criterion.n_vars) | criterion.own


def _best(
    criterion: Criterion,
    likelihood: str,
    fits: Mapping[float, NDArray[Any]],
    inflation: float,
    scores: Mapping[str, float],
) -> Path:
    found = {}
    for sparsity, weights in fits.items():
        graphs = candidates(criterion, np.nan_to_num(weights))
        found[sparsity] = min(criterion.score(graph, inflation) for graph in graphs)
    sparsity = min(found, key=lambda key: found[key])
    return Path(likelihood, sparsity, found[sparsity], scores, tuple(fits))


def fits_of(n_parameters: int) -> tuple[tuple[float, ...], int]:
    """Return the sparsity weights that moments are fitted at, and the length of a fit; no weights are no fits."""
    if n_parameters < _LARGE:
        return LAMBDAS, STEPS
    return (LAMBDAS[::2] if n_parameters < _HUGE else ()), _FEW_STEPS

"""The search for common factors of the noise and the graph beside them, each change judged by the likelihood."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from jaxstable.discovery.factors import Factored, FactorModel
from jaxstable.graph.groups import suspects
from jaxstable.graph.paths import reachability
from jaxstable.graph.refit import Edges
from jaxstable.signals.threads import one_blas_thread

_TRIED = 3  # changes that derivatives favour, tried before a climb ends
_SHORT, _LONG = 4, 30  # steps of a fit: of a change that is tried, of where a descent ends
_MOST_MOVES = 100
_MOST_SWEEPS = 4
_MOST_MISSES = 2  # factors that do not pay at once: overlapping ones can be worth little one by one
_LEAST_EFFECTS = 2
_GAIN = 0.5  # of the score, below which a change is left


@one_blas_thread()
def search(model: FactorModel, graph: Edges, most: int) -> Factored:
    """Return the best system with up to so many factors, none where none is worth its loadings.

    A factor begins on sensors that are all linked, in place of the edges between them. Then single edges and loadings
    change while the score falls, and at its bottom sensors join or leave factors, and pairs of sensors choose their
    causes anew, each time with a new descent.

    Args:
        model: what systems are judged by.
        graph: of straight effects, `[(lags + 1) variables, variables]`, own lags among its edges.
        most: factors.
    """
    now = best = model.started(graph)
    missed = 0
    while len(now.acts) < most and missed < _MOST_MISSES:
        started = [_with_factor(model, now, group) for group in _groups(model, now)]
        grown = [one for one in (_descended(model, start) for start in started) if len(one.acts) > len(now.acts)]
        if not grown:
            break
        now = _escaped(model, min(grown, key=lambda one: one.score), (_memberships,))
        missed = 0 if now.score < best.score - _GAIN else missed + 1
        best = min(best, now, key=lambda one: one.score)
    return _escaped(model, best, (_memberships, _causes_anew)) if len(best.acts) else best


def _descended(model: FactorModel, system: Factored) -> Factored:
    """Return the system after all changes of one edge or loading that lower the score, the most promising first."""
    system = model.fitted(system)
    for _ in range(_MOST_MOVES):
        worth = model.worth(system)
        flat = np.concatenate([worth.graph.ravel(), worth.acts.ravel()])
        for place in np.argsort(-flat)[:_TRIED]:
            if flat[place] <= 0.0:
                return _without_idle(model, model.fitted(system, _LONG))
            change = np.zeros(len(flat), bool)
            change[place] = True
            graph = system.graph ^ change[: worth.graph.size].reshape(worth.graph.shape)
            acts = system.acts ^ change[worth.graph.size :].reshape(worth.acts.shape)
            other = model.fitted(model.changed(system, graph, acts), _SHORT)
            if other.score < system.score - _GAIN:
                system = other
                break
        else:
            break
    return _without_idle(model, model.fitted(system, _LONG))


def _without_idle(model: FactorModel, system: Factored) -> Factored:
    """Return the system without factors that act on one sensor or none."""
    kept = system.acts.sum(axis=1) >= _LEAST_EFFECTS
    if kept.all():
        return system
    return model.fitted(system._replace(acts=system.acts[kept], loadings=system.loadings[kept]), _LONG)


def _escaped(
    model: FactorModel, system: Factored, kinds: tuple[Callable[[FactorModel, Factored], Iterator[Factored]], ...]
) -> Factored:
    """Return the system after all changes of some kinds from which a descent leads lower."""
    for _ in range(_MOST_SWEEPS):
        before = system.score
        for kind in kinds:
            tried, left = 0, list(kind(model, system))
            while tried < len(left):
                other = _descended(model, left[tried])
                tried += 1
                if other.score < system.score - _GAIN:
                    system, left = other, list(kind(model, other))
        if system.score > before - _GAIN:
            break
    return system


def _memberships(model: FactorModel, system: Factored) -> Iterator[Factored]:
    """Yield systems in which one sensor leaves a factor, or joins it and has no edges with the others that do."""
    for factor, sensor in np.ndindex(system.acts.shape):
        members = system.acts[factor]
        acts, graph = system.acts.copy(), system.graph
        acts[factor, sensor] ^= True
        if acts[factor, sensor]:
            graph = _unlinked(model, graph, np.arange(model.n_vars) == sensor, members)
        yield model.changed(system, graph, acts)


def _causes_anew(model: FactorModel, system: Factored) -> Iterator[Factored]:
    """Yield systems in which the ends of an edge at lag 0 have no causes but, where it may be, the other way round.

    One of the ends is a sensor on which a factor acts.
    """
    n_vars, criterion = model.n_vars, model.criterion
    near = np.logical_or.reduce(system.acts)
    asked = system.graph[:n_vars] & ~criterion.required[:n_vars] & (near | near[:, None])
    for cause, effect in np.argwhere(asked).tolist():
        graph = system.graph.copy()
        graph[:, [cause, effect]] = criterion.base[:, [cause, effect]]
        graph[effect, cause] |= criterion.allowed[effect, cause] and not reachability(graph[:n_vars])[cause, effect]
        yield model.changed(system, graph, system.acts)


def _groups(model: FactorModel, system: Factored) -> list[tuple[int, ...]]:
    """Return groups of sensors that are all linked, by edges or through factors, and that no factor holds whole."""
    pairs: NDArray[np.bool_] = model.criterion.n_present(system.graph) > 0
    linked = pairs | pairs.T
    shared = (system.acts.T.astype(int) @ system.acts.astype(int)) > 0
    held = [set(np.flatnonzero(row).tolist()) for row in system.acts]
    groups = dict.fromkeys([*suspects(linked), *suspects(linked | shared)])
    return [group for group in groups if not any(held_by.issuperset(group) for held_by in held)]


def _with_factor(model: FactorModel, system: Factored, group: tuple[int, ...]) -> Factored:
    members = np.array(group)
    inside = np.isin(np.arange(model.n_vars), members)
    return model.with_factor(system, members, _unlinked(model, system.graph, inside, inside))


def _unlinked(model: FactorModel, graph: Edges, some: NDArray[np.bool_], others: NDArray[np.bool_]) -> Edges:
    """Return the graph without edges between some sensors and others that need not be there."""
    between = np.outer(some, others)
    return graph & ~np.tile(between | between.T, (len(graph) // model.n_vars, 1)) | model.criterion.base

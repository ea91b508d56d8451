"""The graph of data whose edges bend: when to look for one, and how sure the gates of a few networks are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.config import Config
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.networks import fit_gates, weigh_nonlinearity
from jaxstable.graph.certificate import certify
from jaxstable.graph.criterion import Criterion
from jaxstable.graph.preference import MARGIN, Preference
from jaxstable.graph.refit import Edges, Refits
from jaxstable.graph.selection import Selection
from jaxstable.moments.lagged import Moments
from jaxstable.signals.prepare import Cleaned

FEWEST_ROWS = 500  # below, the last quarter is too short to tell bent effects from luck
MOST_VARIABLES = 50  # above, the network costs minutes on a CPU
FITS = 4
OPEN = 0.5  # probability from which a gate is an edge


class Question(NamedTuple):
    """Whether the edges bend: the answer, None where it was not asked, and why it came out so."""

    answer: Preference | None
    why: str

    @property
    def nonlinear(self) -> bool:
        """Whether the gated network is to be preferred."""
        return self.answer is not None and self.answer.nonlinear


class Gated(NamedTuple):
    """What the gates of several fits say."""

    selection: Selection
    """graph of the mean probability; its weights are a linear refit, its strength is the probability."""
    fits: tuple[NDArray[np.bool_], ...]
    """graph of each fit, bool `[lags + 1, cause, effect]`."""


def do_edges_bend(dataset: Dataset, n_lags: int) -> Question:
    """Ask whether a nonlinear network predicts held-out rows better than the same network without hidden units.

    Args:
        dataset: The data; a true graph is not looked at.
        n_lags: Largest lag.
    """
    if n_lags < 1:
        return Question(None, "not compared with a network: it needs a lag")
    if dataset.environment is not None:
        return Question(None, "not compared with a network: it knows no environments")
    if dataset.n_vars < 2:
        return Question(None, "not compared with a network: a single sensor has something to tell")
    if dataset.n_vars > MOST_VARIABLES:
        return Question(None, f"not compared with a network: more than {MOST_VARIABLES} variables")
    if dataset.n_rows < FEWEST_ROWS:
        return Question(None, f"not compared with a network: fewer than {FEWEST_ROWS} rows")
    answer = weigh_nonlinearity(dataset, n_lags=n_lags, parts="none")
    gain = f"bent effects predict the last quarter better by {answer.gain:.3f} nats a reading, standard error "
    limit = "" if answer.nonlinear else f"; {MARGIN:g} beyond the error would call for them"
    return Question(answer, f"{gain}{answer.error:.3f}{limit}")


def find_by_gates(
    dataset: Dataset,
    moments: Moments,
    required: Edges,
    forbidden: Edges,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> Gated:
    """Fit the gated network from several starts and return the graph of the mean probability.

    Args:
        dataset: The data.
        moments: Second moments of the same variables up to the largest lag, >= 1, for the linear weights.
        required: bool `[lags + 1, cause, effect]`, edges that the graph must hold.
        forbidden: bool, same shape, edges that it may not hold.
        seed: Seed of the first start.
        advance: Called after every fit.
    """
    n_lags = moments.n_lags
    starts = []
    for start in range(FITS):
        config = Config.for_model("rcgnn_graph", seed=seed + start)
        starts.append(fit_gates(dataset, config, n_lags, parts="none"))
        advance()
    probabilities = np.where(required, 1.0, np.where(forbidden, 0.0, np.asarray(starts, float)))
    mean = probabilities.mean(axis=0)
    graph = _certified(mean)
    criterion = Criterion(Refits(moments.matrix, moments.count, moments.n_vars, moments.pair_share))
    flat = graph.reshape(criterion.dim, criterion.n_vars) | criterion.own
    how_sure = criterion.turnings(flat), criterion.unexplained(flat)
    selection = Selection(graph, mean, criterion.weights(flat), 1.0, float("nan"), *how_sure)
    return Gated(selection, tuple(_certified(one) for one in probabilities))


def _certified(probability: NDArray[Any]) -> NDArray[np.bool_]:
    graph = probability > OPEN
    graph[0] = certify(probability[0], graph[0]).graph
    return graph


def without_graph(dataset: Dataset, variables: list[int], cleaned: Cleaned) -> Dataset:
    """Return some variables of a data set as the preparation leaves them, without its true graph."""
    return dataclasses.replace(
        dataset,
        values=np.where(cleaned.mask, cleaned.values, np.nan),
        mask=cleaned.mask,
        names=tuple(dataset.names[index] for index in variables),
        truth=None,
        lagged_truth=None,
    )

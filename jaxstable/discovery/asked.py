"""Edges that a user requires or forbids: by name or index, checked, as tables over lags."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.config import ConfigError

Edge = Sequence[Any]
MOST_EDGES = 10**6  # far more than a thousand sensors have pairs


class Asked(NamedTuple):
    """One edge that was asked for: indices of cause and effect, and the lag; None is every lag."""

    cause: int
    effect: int
    lag: int | None


def asked_edges(name: str, edges: Iterable[Edge] | None, names: Sequence[str]) -> list[Asked]:
    """Return edges as indices.

    Args:
        name: of the argument, "required" or "forbidden"; only the latter may leave out the lag.
        edges: (cause, effect, lag) or (cause, effect), variables by name or index.
        names: of the variables.

    Raises:
        ConfigError: an edge is none, names an unknown variable, or is one of a variable on itself.
    """
    if edges is not None and (isinstance(edges, (str, bytes)) or not isinstance(edges, Iterable)):
        raise ConfigError(f"{name}: found {edges!r}, expected a list of edges (cause, effect, lag)")
    found = []
    for edge in itertools.islice(edges, MOST_EDGES + 1) if edges is not None else ():
        parts = tuple(edge) if isinstance(edge, Iterable) and not isinstance(edge, (str, bytes)) else (edge,)
        if len(parts) != 3 and not (len(parts) == 2 and name == "forbidden"):
            short = " or (cause, effect)" if name == "forbidden" else ""
            raise ConfigError(f"{name}: found {edge!r}, expected (cause, effect, lag){short}")
        cause, effect = (_variable(name, part, names) for part in parts[:2])
        if cause == effect:
            raise ConfigError(
                f"{name}: found {edge!r}, a variable on itself; its own past always belongs to its model and is no edge"
            )
        if len(parts) == 3:
            check_count(f"{name}: the lag of {edge!r}", parts[2])
        found.append(Asked(cause, effect, operator.index(parts[2]) if len(parts) == 3 else None))
    if len(found) > MOST_EDGES:
        raise ConfigError(f"{name}: found more than {MOST_EDGES} edges, as an iterator without end has; give a list")
    return found


def latest(edges: Iterable[Asked]) -> int:
    """Return the largest lag of some edges, 0 of none."""
    return max((edge.lag or 0 for edge in edges), default=0)


def edge_table(name: str, edges: Iterable[Asked], names: Sequence[str], max_lag: int) -> NDArray[np.bool_]:
    """Return edges as bool `[max_lag + 1, cause, effect]`.

    Raises:
        ConfigError: a lag is beyond `max_lag`.
    """
    table = np.zeros((max_lag + 1, len(names), len(names)), bool)
    for cause, effect, lag in edges:
        if lag is not None and lag > max_lag:
            edge = names[cause], names[effect], lag
            raise ConfigError(f"{name}: found lag {lag} in {edge!r}, expected at most max_lag={max_lag}")
        table[slice(None) if lag is None else lag, cause, effect] = True
    return table


def check_count(name: str, number: Any) -> None:
    """Refuse what is no whole number >= 0."""
    if isinstance(number, bool) or not hasattr(number, "__index__") or number < 0:
        raise ConfigError(f"{name}: found {number!r}, expected a whole number >= 0")


def _variable(name: str, given: Any, names: Sequence[str]) -> int:
    if isinstance(given, str) and given in names:
        return names.index(given)
    if not isinstance(given, (str, bool)) and hasattr(given, "__index__") and 0 <= operator.index(given) < len(names):
        return operator.index(given)
    raise ConfigError(f"{name}: found variable {given!r}, expected an index or one of {', '.join(names)}")

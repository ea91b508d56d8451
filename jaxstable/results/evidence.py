"""Read records, config and data facts without trusting them: any key may be null or missing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def number(value: Any) -> float | None:
    """Return a finite number as float, None for anything else.

    >>> number(3), number(float("nan")), number("3"), number(True)
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def as_mapping(config: Any) -> Mapping[str, Any]:
    """View a config (dataclass, mapping or None) as a mapping."""
    if config is None:
        return {}
    if isinstance(config, Mapping):
        return config
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    return vars(config)


def series(history: Iterable[Any], key: str) -> list[tuple[int, float]]:
    """Collect (epoch, value) where the value is a finite number, in order of epoch."""
    points = []
    for position, record in enumerate(history, 1):
        value = number(record.get(key)) if isinstance(record, Mapping) else None
        if value is not None:
            epoch = number(record.get("epoch"))
            points.append((position if epoch is None else int(epoch), value))
    return sorted(points, key=lambda point: point[0])


class Evidence:
    """What is known of a run, with readers that never fail on what is not there."""

    def __init__(self, history: Any, config: Any, data_facts: Any, status: Any) -> None:
        self.history: list[Mapping[str, Any]] = [record for record in history or () if isinstance(record, Mapping)]
        self.config: Mapping[str, Any] = as_mapping(config)
        self.facts: Mapping[str, Any] = as_mapping(data_facts)
        last = self.history[-1].get("status") if self.history else None
        self.status: Any = last if status is None else status

    def series(self, key: str) -> list[tuple[int, float]]:
        """Collect (epoch, value) of one key of the records."""
        return series(self.history, key)

    def setting(self, key: str) -> float | None:
        """Read a number of the config."""
        return number(self.config.get(key))

    def fact(self, key: str) -> float | None:
        """Read a number of the data facts."""
        return number(self.facts.get(key))

    def listed(self, key: str) -> list[Any]:
        """Read a list of the data facts, empty where it is missing."""
        value = self.facts.get(key)
        return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []

    def audits(self) -> list[tuple[int, dict[str, float | None]]]:
        """Collect (epoch, {term: gradient norm reaching the adjacency}) of evaluated epochs."""
        found = []
        for position, record in enumerate(self.history, 1):
            audit = record.get("grad_to_adjacency")
            if isinstance(audit, Mapping) and "recon" in audit:
                norms = {str(term): number(value) for term, value in audit.items()}
                found.append((int(number(record.get("epoch")) or position), norms))
        return found

    @property
    def unreached(self) -> bool:
        """Whether the gradient of reconstruction was exactly zero in every evaluated epoch."""
        audits = self.audits()
        return bool(audits) and all(norms["recon"] == 0.0 for _, norms in audits)

    @property
    def probabilities(self) -> bool:
        """Whether the adjacency holds probabilities of edges, not weights: their threshold is one half by meaning."""
        return self.facts.get("scores") == "probability"

    @property
    def standardized(self) -> bool | None:
        """Whether the inputs were standardised, None if nothing says so."""
        for value in (self.facts.get("standardized"), self.config.get("standardize")):
            if isinstance(value, bool):
                return value
        return None

    @property
    def names(self) -> list[str]:
        """Names of the variables, numbered where none are known, empty without any fact."""
        for key in ("names", "missing_share", "scale", "mean"):
            values = self.listed(key)
            if values:
                numbered = (f"variable {i}" for i in range(len(values)))
                return [str(value) for value in values] if key == "names" else list(numbered)
        return []

    @property
    def true_edges(self) -> int | None:
        """Edges of the true graph, None without ground truth."""
        count = self.fact("true_edge_count")
        return None if count is None else int(count)

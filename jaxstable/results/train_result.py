"""The result of one run: what was learned, how training went, and how to keep it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.files.table import kept_evaluation
from jaxstable.results.diagnosis import Finding, diagnose
from jaxstable.results.evidence import as_mapping, number, series
from jaxstable.results.findings import verdict

if TYPE_CHECKING:
    import networkx
    import pandas
    from matplotlib.figure import Figure

    from jaxstable.config import Config
    from jaxstable.training.record import Run


@dataclass(frozen=True, eq=False, repr=False)
class TrainResult:
    """Everything one run produced.

    Attributes:
        run: the record that training handed over.
        run_dir: where its files are, None if they were never written.
    """

    run: Run
    run_dir: Path | None = None

    @property
    def adjacency(self) -> np.ndarray:
        """Edge weights [cause, effect], the strongest over lags."""
        return self.run.adjacency

    @property
    def lagged(self) -> np.ndarray:
        """Edge weights [lag, cause, effect], lag 0 first."""
        return self.run.lagged

    @property
    def threshold(self) -> float:
        """Weight above which an edge counts."""
        return float(self.run.threshold)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(self.run.names)

    @property
    def history(self) -> list[dict[str, Any]]:
        """Health records, one per epoch."""
        return self.run.history

    @property
    def status(self) -> str:
        """How training ended: FINISHED, EARLY_STOPPED, DIVERGED or INTERRUPTED."""
        return self.run.status

    @property
    def config(self) -> Config:
        """The config of the run."""
        return self.run.config

    @property
    def params(self) -> Any:
        """Parameters of the best state, a pytree; None where they were not kept."""
        return self.run.params

    @property
    def truth(self) -> np.ndarray | None:
        """True graph [cause, effect], None if it is not known."""
        return self.run.truth

    @cached_property
    def _certified(self) -> tuple[np.ndarray, tuple[tuple[int, int], ...]]:
        from jaxstable.graph.certificate import certify

        above = np.asarray(self.lagged) > self.threshold
        above[:, np.arange(len(self.names)), np.arange(len(self.names))] = False
        certificate = certify(np.asarray(self.lagged[0]), above[0])
        above[0] = np.asarray(certificate.graph, dtype=bool)
        dropped = tuple((cause, effect) for cause, effect, _ in certificate.dropped)
        return above, dropped

    @property
    def lagged_graph(self) -> np.ndarray:
        """Edges [lag, cause, effect]; lag 0 is a certified DAG, no variable causes itself."""
        return self._certified[0]

    @property
    def graph(self) -> np.ndarray:
        """Edges [cause, effect] of any lag."""
        return np.asarray(self.lagged_graph.any(axis=0))

    @property
    def dropped_edges(self) -> list[tuple[str, str]]:
        """Lag-0 edges (cause, effect) left out because they would close a cycle."""
        return [(self.names[cause], self.names[effect]) for cause, effect in self._certified[1]]

    @property
    def _true_edge_count(self) -> int | None:
        if self.truth is None:
            return None
        true = np.asarray(self.truth, dtype=bool)
        return int(true.sum() - np.trace(true))

    @property
    def _graph_scores(self) -> tuple[float | None, int | None]:
        """F1 and SHD of the certified graph, as in `graph.metrics` but on the host."""
        if self.truth is None:
            return None, None
        off_diagonal = ~np.eye(len(self.names), dtype=bool)
        graph, true = self.graph & off_diagonal, np.asarray(self.truth, dtype=bool) & off_diagonal
        extra, missed, edges = graph & ~true, true & ~graph, int(graph.sum() + true.sum())
        shd = int(extra.sum() + missed.sum() - (extra & missed.T).sum())
        return float(2 * (graph & true).sum() / edges) if edges else 0.0, shd

    @property
    def verdict(self) -> str | None:
        """What is wrong with the run in a few words, None where no finding is an error."""
        return verdict(self.diagnose())

    def summary(self) -> dict[str, Any]:
        """Return the totals of the run, JSON-ready.

        `best_f1`, `best_shd` and `best_threshold` are those of one evaluation, that of the state that
        was kept; `final_edge_count` is the edge count of the last evaluation. `graph_f1`, `graph_shd`
        and `graph_edge_count` judge `graph`, which is certified acyclic and may hold fewer edges.
        `findings` lists [severity, code] of errors and warnings. What was never measured is None.
        """

        def values(key: str) -> list[float]:
            return [value for _, value in series(self.history, key)]

        clips, rates, edges = (values(key) for key in ("grad_clip_ratio", "learning_rate", "edge_count"))
        kept = kept_evaluation(self.history)
        graph_f1, graph_shd = self._graph_scores
        return {
            "total_time": float(self.run.total_time),
            "epochs": len(self.history),
            "best_shd": number(kept.get("val_shd")),
            "best_f1": number(kept.get("val_f1")),
            "best_threshold": self.threshold,
            "final_edge_count": int(edges[-1]) if edges else None,
            "true_edge_count": self._true_edge_count,
            "graph_f1": graph_f1,
            "graph_shd": graph_shd,
            "graph_edge_count": int(self.graph.sum()),
            "avg_grad_clip_ratio": sum(clips) / len(clips) if clips else None,
            "final_learning_rate": rates[-1] if rates else None,
            "status": self.status,
            "findings": [[f.severity, f.code] for f in self.diagnose() if f.severity in ("error", "warning")],
            "config": dict(as_mapping(self.config)),
        }

    def diagnose(self) -> list[Finding]:
        """Return the findings on this run, errors first."""
        facts: Mapping[str, Any] = {
            **(self.run.data_facts or {}),
            "names": list(self.names),
            "true_edge_count": self._true_edge_count,
        }
        return diagnose(self.history, self.config, facts, self.status)

    def to_networkx(self) -> networkx.DiGraph[str]:
        """Return the graph as a networkx DiGraph with `weight` and `lag` on each edge."""
        from jaxstable.results.export import to_networkx

        return to_networkx(self)

    def to_pandas(self) -> pandas.DataFrame:
        """Return one row per edge and lag: cause, effect, lag, weight."""
        from jaxstable.results.export import to_pandas

        return to_pandas(self)

    def to_graphml(self, path: str | os.PathLike[str]) -> Path:
        """Write the graph as GraphML and return the path."""
        from jaxstable.results.export import to_graphml

        return to_graphml(self, path)

    def plot(self) -> Figure:
        """Draw the history, the weights and the graph; `.savefig(path)` keeps the picture."""
        from jaxstable.results.plots import plot_result

        return plot_result(self)

    def save(self, directory: str | os.PathLike[str]) -> Path:
        """Write log, summary, config and arrays into a directory and return it.

        Each file is written whole or not at all; `load` reads them back.
        """
        from jaxstable.results.storage import save

        return save(self, directory)

    def __repr__(self) -> str:
        edges = int(self.graph.sum())
        epochs = len(self.history)
        level = f"{self.threshold:.2f}" if round(self.threshold, 2) == self.threshold else f"{self.threshold:.3g}"
        wrong = f"; {self.verdict}: see diagnose()" if self.verdict else ""
        return (
            f"TrainResult({self.status}, {epochs} epoch{'s' if epochs != 1 else ''}, {len(self.names)} variables, "
            f"{edges} edge{'s' if edges != 1 else ''} above threshold {level}{wrong})"
        )

    def _repr_html_(self) -> str:
        from jaxstable.results.report import html

        return html(self)


def load(directory: str | os.PathLike[str]) -> TrainResult:
    """Read a result that `save` or a finished run wrote.

    Args:
        directory: the run directory.

    Returns:
        The result; `params` is a nested dict of arrays.

    Raises:
        RunDirectoryError: a file is missing or damaged.
    """
    from jaxstable.results.storage import load

    return load(directory)

"""The result of one run: what was learned, how training went, and how to keep it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.config import Config
from jaxstable.files import archive
from jaxstable.files.table import kept_evaluation
from jaxstable.graph.learned import LearnedGraph, same_fields
from jaxstable.phrases import counted, ended_text
from jaxstable.results.about import about
from jaxstable.results.archives import of_run, to_run
from jaxstable.results.diagnosis import diagnose_run
from jaxstable.results.evidence import as_mapping, number, series
from jaxstable.results.findings import Finding, verdict
from jaxstable.results.owner import GraphResult
from jaxstable.results.plots import View, plot_run, plot_view
from jaxstable.results.report import Report, headline, link_tables, run_totals
from jaxstable.training.record import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class TrainResult(GraphResult):
    """Everything one run produced.

    Attributes:
        run: the record that training handed over.
        run_dir: where its files are, None if they were never written.
    """

    run: Run
    run_dir: Path | None = None

    @cached_property
    def learned(self) -> LearnedGraph:
        """The learned graph: weights above the threshold, lag 0 certified acyclic."""
        facts = self.run.data_facts or {}
        known = {name: facts[name] for name in ("units", "step") if facts.get(name)}
        run = self.run
        return LearnedGraph.above(tuple(run.names), run.lagged, self.threshold, run.truth, run.signs, **known)

    @property
    def adjacency(self) -> np.ndarray:
        """Edge weights `[cause, effect]`, the strongest over lags."""
        return self.run.adjacency

    @property
    def lagged(self) -> np.ndarray:
        """Scores of edges >= 0, `[lag, cause, effect]`, lag 0 first; `edges` has their signs where they are known."""
        return self.run.lagged

    @property
    def threshold(self) -> float:
        """Weight above which an edge counts."""
        return float(self.run.threshold)

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
    def verdict(self) -> str | None:
        """What is wrong with the run in a few words, None where no finding is an error."""
        return verdict(self.diagnose())

    @property
    def _facts(self) -> Mapping[str, Any]:
        facts: dict[str, Any] = {"threshold": self.threshold, "status": str(self.status)}
        errors = [finding.code for finding in self.diagnose() if finding.severity == "error"]
        return facts | ({"warning": f"{self.verdict}: {', '.join(errors)}"} if errors else {})

    def summary(self) -> dict[str, Any]:
        """Return the totals of the run, JSON-ready.

        `best_f1`, `best_shd` and `best_threshold` are those of one evaluation, that of the state that
        was kept, in epoch `best_epoch`; `final_edge_count` is the edge count of the last evaluation, in epoch
        `last_evaluation`. `graph_f1`, `graph_shd` and `graph_edge_count` judge `graph`, that of the state that
        was kept, which is certified acyclic and may hold fewer edges.
        `test_loss` is the loss of the kept state on the newest 15 % of the windows, which nothing else reads.
        `findings` lists [severity, code] of errors and warnings. What was never measured is None.
        """

        def values(key: str) -> list[float]:
            return [value for _, value in series(self.history, key)]

        clips, rates = values("grad_clip_ratio"), values("learning_rate")
        last_evaluation, edges = next(reversed(series(self.history, "edge_count")), (None, None))
        kept, scores = kept_evaluation(self.history), self.learned.scores
        return {
            "total_time": float(self.run.total_time),
            "epochs": len(self.history),
            "best_shd": number(kept.get("val_shd")),
            "best_f1": number(kept.get("val_f1")),
            "best_threshold": self.threshold,
            "best_epoch": kept.get("epoch"),
            "last_evaluation": last_evaluation,
            "test_loss": self.run.test_loss,
            "final_edge_count": None if edges is None else int(edges),
            "true_edge_count": scores.true_edge_count,
            "graph_f1": scores.f1,
            "graph_shd": scores.shd,
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
            "true_edge_count": self.learned.scores.true_edge_count,
        }
        return diagnose_run(self.history, self.config, facts, self.status)

    def overview(self) -> Report:
        """Return what the run says, as a value."""
        summary, findings = self.summary(), tuple(self.diagnose())
        ended = f"{ended_text(self.status)} ({self.verdict})" if self.verdict else ended_text(self.status)
        return Report(
            title=f"{headline(self.learned)}, after {counted(len(self.history), 'epoch')}: {ended}",
            tables=link_tables(self.learned),
            totals=run_totals({**summary, "times": self.run.times}),
            findings=findings,
            settings=tuple((name, str(value), "") for name, value in summary["config"].items()),
            document={**summary, "names": list(self.names), "edges": [edge._asdict() for edge in self.edges()]},
            graph=self.learned,
            draw=self.plot,
            **about(self.run_dir, self.learned.units)._asdict(),
        )

    def plot(self, view: View = "all") -> Figure:
        """Draw the history, the weights and the graph; `.savefig(path)` keeps the picture.

        Args:
            view: "all", or one picture alone: "graph", "matrix" (weights, sorted) or "time" (sensor by lag).

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: There is no such view.
        """
        if view != "all":
            return plot_view(self.learned, self.adjacency, view)
        return plot_run(self.learned, self.adjacency, self.history, self.config.model, self.status)

    def save(self, directory: str | Path) -> Path:
        """Write log, summary, config and arrays into a directory and return it.

        Each file is written whole or not at all; `jaxstable.load` reads them back.

        Raises:
            RunDirectoryError: The directory holds another run.
        """
        return archive.save(directory, of_run(self.run, self.graph, self.summary()), own=self.run_dir)

    @classmethod
    def load(cls, directory: str | Path) -> TrainResult:
        """Read what `save` or a finished run wrote; `params` is a nested dict of arrays.

        Raises:
            RunDirectoryError: A file is missing or damaged.
        """
        return cls(to_run(archive.load(directory), Path(directory)), Path(directory))

    def __eq__(self, other: object) -> bool:
        """Compare what was learned and how it went; parameters and directories aside."""
        if not isinstance(other, TrainResult):
            return NotImplemented
        return same_fields(*(dataclasses.replace(result.run, params=None, times={}) for result in (self, other)))

    def __hash__(self) -> int:
        return hash((self.names, self.status, len(self.history)))

    def __repr__(self) -> str:
        edges = int(self.graph.sum())
        level = f"{self.threshold:.2f}" if round(self.threshold, 2) == self.threshold else f"{self.threshold:.3g}"
        wrong = f"; {self.verdict}: see diagnose()" if self.verdict else ""
        return (
            f"TrainResult({self.status}, {counted(len(self.history), 'epoch')}, {len(self.names)} variables, "
            f"{counted(edges, 'edge')} above threshold {level}{wrong})"
        )

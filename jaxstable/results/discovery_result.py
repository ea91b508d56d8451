"""The result of `discover`: a certified graph with the confidence in every edge, and why it is this one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jaxstable.data.continued import continued
from jaxstable.data.dataset import Dataset
from jaxstable.discovery.found import Choice, Found
from jaxstable.files import archive
from jaxstable.files.directory import json_ready
from jaxstable.files.provenance import fingerprints, provenance, source_line
from jaxstable.graph.learned import LearnedGraph, same_fields
from jaxstable.graph.links import counts_of
from jaxstable.phrases import counted
from jaxstable.results.archives import EVIDENCE, of_discovery, to_discovery
from jaxstable.results.export import csv_text
from jaxstable.results.findings import Finding
from jaxstable.results.graphml import graphml_text
from jaxstable.results.origin import Origin, rows_of, to_file, with_named_edges
from jaxstable.results.owner import GraphResult
from jaxstable.results.plots import View, plot_discovery, plot_view
from jaxstable.results.report import Report, against_truth, cell, headline, link_tables
from jaxstable.results.rules_discovery import discovery_findings
from jaxstable.results.sensors import Recorded, recorded_of, taken_out
from jaxstable.signals.prepare import Removed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Discovery(GraphResult):
    """A graph found in data without ground truth, with what speaks for it.

    The probabilities are calibrated on simulated systems of many kinds (`benchmarks/discovery/calibration.py`): of the
    edges given 0.9 about 0.9 were true there. They say too much where a common cause stays hidden.

    Attributes:
        learned: the graph; its weights are refitted coefficients in standard deviations, signed, 0 where there is no
            edge; its probabilities are calibrated and strictly ordered: edges found in every draw rank too.
        lagged_frequency: share of the draws that hold an edge at a lag, `[lag, cause, effect]`.
        edge_frequency: share of the draws that hold an edge at any lag, `[cause, effect]`.
        strength: evidence for every edge, present or not, `[lag, cause, effect]`; ranks edges of one probability.
        chosen: settings by name, each a value and why it was chosen.
        removed: what the preparation took out of each sensor: level, drift, cycles (periods in rows), spikes (rows),
            held readings.
        common_causes: groups of sensors that behave as if something unmeasured acted on all of them.
        findings: what to know of the data and the graph, warnings first.
        recorded: what the rows of each sensor look like, by name.
        provenance: the data, the versions, the command and the date, see `files.provenance`.
        origin: the rows and what was asked of them, for `update`.
    """

    learned: LearnedGraph
    lagged_frequency: NDArray[np.float64]
    edge_frequency: NDArray[np.float64]
    strength: NDArray[np.float64]
    chosen: Mapping[str, Choice]
    removed: Mapping[str, Removed] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    recorded: Mapping[str, Recorded] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None
    common_causes: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(
        cls, found: Found, units: Mapping[str, str] | None = None, step: str | None = None, **more: Any
    ) -> Discovery:
        """Return the result of what the engine found, with its findings.

        Args:
            found: what the engine found.
            units: unit of each variable by name, if they are known.
            step: what one lag lasts, if it is known.
            **more: `recorded`, `provenance` and `origin`.
        """
        scale = np.full(len(found.names), np.nan)
        scale[[found.names.index(name) for name in found.sensors.names]] = found.moments.scale
        learned = LearnedGraph(
            names=found.names,
            lagged=found.lagged,
            lagged_graph=found.lagged_graph,
            probability=found.edge_probability,
            lagged_probability=found.lagged_probability,
            direction=found.direction_confidence,
            truth=found.truth,
            scale=scale,
            units=units,
            step=step,
        )
        evidence = found.lagged_frequency, found.edge_frequency, found.strength
        said = {"chosen": found.chosen, "removed": found.removed, "common_causes": found.common_causes}
        return cls(learned, *evidence, **said, findings=discovery_findings(found, learned), **more)

    @classmethod
    def in_rows(cls, dataset: Dataset, asked: Mapping[str, Any], progress: Any = None) -> Discovery:
        """Find the graph of a data set; `jaxstable.discover` describes the arguments.

        Args:
            dataset: the rows.
            asked: max_lag, required, forbidden, draws, seed and prepare.
            progress: as for `discover`.
        """
        from jaxstable.discovery.engine import find  # loads JAX, which reading and showing a discovery do without

        asked = with_named_edges(asked, dataset.names)
        found = find(dataset, **asked, progress=progress)
        recorded = recorded_of(dataset.values, dataset.mask, dataset.names)
        about = {"recorded": recorded, "provenance": provenance(dataset, asked["seed"])}
        return cls.of(found, dataset.units, dataset.step, **about, origin=Origin(json_ready(asked), dataset))

    def update(
        self, rows: Any, *, data: Dataset | None = None, new_series: bool = False, progress: Any = None, **reading: Any
    ) -> Discovery:
        """Return the discovery of old and new rows together: what `discover` finds in all of them, to the last bit.

        The arguments of `discover` stay as they were. The preparation, the number of lags and whether edges bend depend
        on every row: a discovery keeps its rows for this, in memory and in its directory.

        Args:
            rows: what came after the old rows, of the same variables: a `Dataset`, an array, a dataframe or a path; one
                row is enough. It goes on from the last series unless a clock of dates shows a pause.
            data: the old rows, where they were not kept (`save(keep_rows=False)`).
            new_series: the new rows are a recording of their own.
            progress: as for `discover`.
            **reading: as for `Dataset.from_file`: time, time_format, missing, series, resample, max_gap ...

        Raises:
            ConfigError: an earlier version saved the discovery.
            DataError: the new rows do not go on from the old ones, or the old ones are not there.

        Example:
            >>> import jaxstable as js
            >>> values = js.datasets.sensors(n_steps=400).values
            >>> found = js.discover(values[:300], draws=0, progress=False).update(values[300:], progress=False)
            >>> found == js.discover(values, draws=0, progress=False)
            True
        """
        old, origin = rows_of(self.origin, data, self.provenance)
        whole = continued(old, rows, apart=new_series, **reading)
        return Discovery.in_rows(whole, origin.asked, progress)

    def read_from(self, source: Mapping[str, Any], before: Sequence[Mapping[str, Any]] = ()) -> Discovery:
        """Return the same discovery with the files of its data in its provenance, and how they were read.

        Args:
            source: `path` and the options of the command line.
            before: entries of the files that came before.
        """
        files = [*before, *fingerprints(source["path"])]
        reading = {name: value for name, value in source.items() if name not in ("path", "truth")}
        origin = self.origin and self.origin._replace(reading=reading)
        return dataclasses.replace(self, provenance={**self.provenance, "files": files}, origin=origin)

    def likely(self, min_probability: float) -> Discovery:
        """Return the same discovery without the edges of a lower probability (of the pair, at any lag)."""
        return dataclasses.replace(self, learned=self.learned.likely(min_probability))

    @property
    def edge_probability(self) -> NDArray[np.float64]:
        """Calibrated probability of an edge at any lag, `[cause, effect]`."""
        assert self.learned.probability is not None
        return self.learned.probability

    @property
    def lagged_probability(self) -> NDArray[np.float64]:
        """Calibrated probability of an edge at a lag, `[lag, cause, effect]`."""
        assert self.learned.lagged_probability is not None
        return self.learned.lagged_probability

    @property
    def direction_confidence(self) -> NDArray[np.float64]:
        """Of the draws that link two variables, the share with an edge from cause to effect, `[cause, effect]`.

        0.5 where none links them.
        """
        assert self.learned.direction is not None
        return self.learned.direction

    @property
    def _facts(self) -> Mapping[str, Any]:
        warnings = ", ".join(dict.fromkeys(code for _, code in self._warnings()))
        return {"warning": warnings} if warnings else {}

    def summary(self) -> dict[str, Any]:
        """Return the totals, JSON-ready.

        `graph_edge_count` counts `links`, `sure_edge_count` and so on those of each kind. `graph_f1`, `graph_shd` and
        `true_edge_count` are None where the true graph is not known; `findings` lists [severity, code] of errors and
        warnings; `config` holds the chosen settings.
        """
        scores = self.learned.scores
        return {
            "graph_edge_count": len(self.links),
            **{f"{kind}_edge_count": count for kind, count in counts_of(self.learned).items()},
            "true_edge_count": scores.true_edge_count,
            "graph_f1": scores.f1,
            "graph_shd": scores.shd,
            "findings": self._warnings(),
            "config": {name: choice.value for name, choice in self.chosen.items()},
        }

    def diagnose(self) -> list[Finding]:
        """Return the findings, warnings first."""
        return list(self.findings)

    def overview(self) -> Report:
        """Return what the discovery says, as a value."""
        units = self.learned.units or {}
        return Report(
            title=headline(self.learned),
            tables=link_tables(self.learned),
            totals=against_truth(self.learned.scores),
            findings=self.findings,
            settings=tuple((name, cell(choice.value), choice.why) for name, choice in self.chosen.items()),
            document=self._document(),
            graph=self.learned,
            draw=self.plot,
            source=source_line(self.provenance),
            sensors={
                name: (what, units.get(name, ""), taken_out(self.removed.get(name), self.learned.step))
                for name, what in self.recorded.items()
            },
        )

    def plot(self, view: View = "all") -> Figure:
        """Draw the probabilities and the graph, or one view alone, see `GraphResult.plot`."""
        if view != "all":
            return plot_view(self.learned, self.adjacency, view)
        codes = [finding.code for finding in self.findings if finding.severity in ("error", "warning")]
        return plot_discovery(self.learned, headline(self.learned), list(dict.fromkeys(codes)))

    def save(self, directory: str | Path, *, keep_rows: bool = True) -> Path:
        """Write arrays, edges, summary and graph into a directory and return it; `jaxstable.load` reads them back.

        Args:
            directory: where to.
            keep_rows: also write the rows that it was found in, which `update` needs.

        Raises:
            RunDirectoryError: The directory holds a run or a sweep.
        """
        evidence = {name: getattr(self, name) for name in EVIDENCE}
        texts = {"edges": csv_text(self.learned), "graph": graphml_text(self.learned, self._facts)}
        origin, rows = to_file(self.origin, keep_rows)
        whole = of_discovery(self.learned, {**evidence, **rows}, {**self._document(), **origin}, texts)
        return archive.save(directory, whole)

    @classmethod
    def load(cls, directory: str | Path) -> Discovery:
        """Read what `save` wrote.

        Raises:
            RunDirectoryError: A file is missing or damaged.
        """
        return cls(**to_discovery(archive.load(directory), Path(directory)))

    def _warnings(self) -> list[list[str]]:
        return [[f.severity, f.code] for f in self.findings if f.severity in ("error", "warning")]

    def _document(self) -> dict[str, Any]:
        links = [link._asdict() | {"edges": [edge._asdict() for edge in link.edges]} for link in self.links]
        named = {what: getattr(self, what) for what in ("chosen", "removed", "recorded")}
        return {
            **self.summary(),
            "names": list(self.names),
            "links": links,
            "edges": [edge._asdict() for edge in self.edges()],
            "order": list(self.order),
            "edge_probability": self.edge_probability.tolist(),
            **{what: {name: own._asdict() for name, own in each.items()} for what, each in named.items()},
            "common_causes": [list(group) for group in self.common_causes],
            "findings": [finding._asdict() for finding in self.findings],
            "provenance": self.provenance,
            "units": self.learned.units,
            "step": self.learned.step,
        }

    def __eq__(self, other: object) -> bool:
        """Compare what was found field by field, arrays by their content; when and in what is left out."""
        if not isinstance(other, Discovery):
            return NotImplemented
        return same_fields(*(dataclasses.replace(one, provenance={}, origin=None) for one in (self, other)))

    def __hash__(self) -> int:
        return hash(self.learned)

    def __repr__(self) -> str:
        warned = self._warnings()
        more = f"; {counted(len(warned), 'warning')}: see findings" if warned else ""
        return f"Discovery({headline(self.learned)}{more})"

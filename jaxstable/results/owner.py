"""What every result that owns one learned graph offers: tables, exports, the picture, the page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxstable.graph.links import Edge, Link, edges_of, links_of
from jaxstable.results import export
from jaxstable.results.formats import Formats
from jaxstable.results.graphml import to_graphml
from jaxstable.results.notebook import report_html
from jaxstable.results.page import write_page
from jaxstable.results.plots import View
from jaxstable.results.ranking import Ranking, ranked
from jaxstable.results.report import Report

if TYPE_CHECKING:
    import networkx
    import pandas
    from matplotlib.figure import Figure


class ReportedResult:
    """A result that says what it has to say as one `Report`, rendered to text, a notebook cell and a page."""

    def overview(self) -> Report:
        """Return what the result says, as a value."""
        raise NotImplementedError

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write one self-contained HTML page, which opens from disk and needs no network, and return its path."""
        return write_page(self.overview(), path)

    def _repr_html_(self) -> str:
        return report_html(self.overview())


class GraphResult(Formats, ReportedResult):
    """A result that owns one `LearnedGraph`. All matrices are `[cause, effect]`, all stacks `[lag, cause, effect]`."""

    def plot(self, view: View = "all") -> Figure:
        """Draw the result; `.savefig(path)` keeps the picture.

        Args:
            view: "all", or one picture alone: "graph", "matrix" (sorted by `order`) or "time" (sensor by lag).

        Raises:
            ImportError: matplotlib is not installed.
            ValueError: There is no such view.
        """
        raise NotImplementedError

    @property
    def _facts(self) -> Mapping[str, Any]:
        """What a file of the graph says of the whole."""
        raise NotImplementedError

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables."""
        return self.learned.names

    @property
    def lagged(self) -> np.ndarray:
        """Weights `[lag, cause, effect]`, lag 0 first."""
        return self.learned.lagged

    @property
    def lagged_graph(self) -> np.ndarray:
        """Edges `[lag, cause, effect]`; lag 0 is a certified DAG, no variable causes itself."""
        return self.learned.lagged_graph

    @property
    def graph(self) -> np.ndarray:
        """Edges `[cause, effect]` of any lag."""
        return self.learned.graph

    @property
    def adjacency(self) -> np.ndarray:
        """Absolute weights `[cause, effect]`, the strongest over lags."""
        return self.learned.adjacency

    @property
    def truth(self) -> np.ndarray | None:
        """True graph `[cause, effect]`, None if it is not known; never used to learn one."""
        return self.learned.truth

    @property
    def order(self) -> tuple[str, ...]:
        """Every variable once, each after all of its causes at lag 0: the proof that lag 0 is acyclic."""
        return self.learned.order

    @property
    def links(self) -> tuple[Link, ...]:
        """One row per pair: cause, effect, probability, direction, kind, lags; the most probable first."""
        return links_of(self.learned)

    def links_above(self, min_probability: float) -> tuple[Link, ...]:
        """Return the links of at least this probability.

        Raises:
            ValueError: The graph has no probabilities, as that of one training run.
        """
        return links_of(self.learned.likely(min_probability))

    def ranking(self, same_units: bool | None = None) -> Ranking:
        """Return a score of every pair to rank influences by: probability, and size where all are in one unit.

        See `jaxstable.results.ranking.ranked`.
        """
        return ranked(self.learned, same_units)

    def edges(self) -> list[Edge]:
        """List the edges of every lag, the most probable first, or the heaviest where no probability is known."""
        return list(edges_of(self.learned))

    def to_pandas(self) -> pandas.DataFrame:
        """Return one row per edge and lag: cause, effect, lag, weight, and what is known of its trust.

        Columns `probability` (of the pair), `lag_probability`, `direction`, `kind` and `weight_raw` (units of the
        effect per unit of the cause) are there where they are known.

        Raises:
            ImportError: pandas is not installed.
        """
        return export.to_pandas(self.learned)

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows of `to_pandas` as CSV and return the path; needs no pandas, and spreadsheets may open it."""
        return export.to_csv(self.learned, path)

    def to_networkx(self, lags: bool = False) -> networkx.DiGraph[str]:
        """Return the graph as a networkx DiGraph with `weight` and `lag` of the heaviest lag on each edge.

        Args:
            lags: Return a MultiDiGraph with one edge for every lag instead, the lag its key.

        Raises:
            ImportError: networkx is not installed.
        """
        return export.to_networkx(self.learned, lags, **self._facts)

    def to_graphml(self, path: str | os.PathLike[str], lags: bool = False) -> Path:
        """Write the graph as GraphML, which networkx, Gephi, yEd and Cytoscape read, and return the path.

        Args:
            path: The file.
            lags: Write one edge for every lag instead of one for all.
        """
        return to_graphml(self.learned, path, self._facts, lags)

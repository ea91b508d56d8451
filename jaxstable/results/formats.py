"""Hand a learned graph to tools of causal inference: DOT, GML, dagitty, tigramite, DoWhy, pgmpy. Nothing is needed."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import directed_of, lag_text, links_of
from jaxstable.results.export import edge_attributes


class TigramiteArrays(NamedTuple):
    """What tigramite's plots and effects take.

    Attributes:
        graph: text `[cause, effect, lag]`: "-->", at lag 0 also "<--" and "o-o"; "" where there is no link.
        val_matrix: weights, same shape; at lag 0 the same in both directions.
        var_names: names of the variables.
    """

    graph: NDArray[np.str_]
    val_matrix: NDArray[np.float64]
    var_names: list[str]


class Formats:
    """The texts and arrays of one learned graph for other tools: an exporter is a method here."""

    learned: LearnedGraph

    def to_dot(self) -> str:
        """Return the summary graph in the DOT language: an edge a link, its lags as label, dashed where doubtful.

        A link of open direction is dashed and has no head.
        """
        graph = self.learned
        lines = ["digraph {", *(f"  {_quoted(name)};" for name in graph.names)]
        for link in links_of(graph):
            looks = [f"label={_quoted(', '.join(lag_text(lag, graph.step) for lag in link.lags))}"]
            looks += ["style=dashed"] if link.kind in ("open", "doubtful") else []
            looks += ["dir=none"] if link.kind == "open" else []
            numbers = {"weight": link.weight, "probability": link.probability, "direction": link.direction}
            # "weight" is a length in DOT: ours has another name.
            looks += [f"effect_{key}={value:.6g}" for key, value in numbers.items() if value is not None]
            lines.append(f"  {_quoted(link.cause)} -> {_quoted(link.effect)} [{', '.join(looks)}];")
        return "\n".join([*lines, "}", ""])

    def to_gml(self) -> str:
        """Return the graph as GML with one edge for every lag, which networkx, igraph, Gephi and Cytoscape read."""
        graph = self.learned
        number = {name: index for index, name in enumerate(graph.names)}
        lines = ["graph [", "  directed 1", "  multigraph 1"]
        for name, index in number.items():
            lines += ["  node [", f"    id {index}", f"    label {_gml_text(name)}", "  ]"]
        for link in directed_of(graph):
            for edge in link.edges:
                lines += ["  edge [", f"    source {number[edge.cause]}", f"    target {number[edge.effect]}"]
                lines += [f"    key {edge.lag}"]
                for key, value in edge_attributes(edge).items():
                    lines.append(
                        f"    {key.replace('_', '')} {_gml_text(value) if isinstance(value, str) else _number(value)}"
                    )
                lines.append("  ]")
        return "\n".join([*lines, "]", ""])

    def to_dagitty(self) -> str:
        """Return the unrolled graph (see `unrolled`) as the model code of dagitty."""
        nodes, edges = unrolled(self.learned)
        lines = [f"  {_quoted(node)}" for node in nodes]
        lines += [f"  {_quoted(cause)} -> {_quoted(effect)}" for cause, effect in edges]
        return "\n".join(["dag {", *lines, "}", ""])

    def to_dowhy(self) -> str:
        """Return the unrolled graph (see `unrolled`) as the GML text that `dowhy.CausalModel(graph=...)` takes."""
        nodes, edges = unrolled(self.learned)
        lines = ["graph [", "directed 1"]
        lines += [f"node [ id {_gml_text(node)} label {_gml_text(node)} ]" for node in nodes]
        lines += [f"edge [ source {_gml_text(cause)} target {_gml_text(effect)} ]" for cause, effect in edges]
        return "\n".join([*lines, "]"])

    def to_pgmpy(self) -> list[tuple[str, str]]:
        """Return the edges of the unrolled graph (see `unrolled`), as `pgmpy.base.DAG` takes them."""
        return unrolled(self.learned)[1]

    def to_tigramite(self) -> TigramiteArrays:
        """Return the arrays of tigramite, `[cause, effect, lag]`; a lag-0 link of open direction is "o-o"."""
        graph = self.learned
        n_vars, n_lags = len(graph.names), len(graph.lagged)
        words, values = np.full((n_vars, n_vars, n_lags), "", dtype="<U3"), np.zeros((n_vars, n_vars, n_lags))
        place = {name: index for index, name in enumerate(graph.names)}
        for link in directed_of(graph):
            i, j = place[link.cause], place[link.effect]
            for edge in link.edges:
                words[i, j, edge.lag], values[i, j, edge.lag] = "-->", edge.weight
                if edge.lag == 0:
                    words[j, i, 0], values[j, i, 0] = "<--", edge.weight
                    if link.kind == "open":
                        words[i, j, 0] = words[j, i, 0] = "o-o"
        return TigramiteArrays(words, values, list(graph.names))


def unrolled(graph: LearnedGraph) -> tuple[list[str], list[tuple[str, str]]]:
    """Unroll a graph in time: one node for every variable and lag, and the edges among them, a DAG.

    The node of lag 0 has the name of the variable, the others end in ``_lag1``, ``_lag2`` and so on, as columns of
    shifted data would. Every edge is there at every time that the nodes cover. Each variable also follows from itself
    one step before: the models all let it, though the graph does not show it.

    Args:
        graph: the graph.

    Returns:
        The nodes, the oldest first, and the edges (cause, effect).
    """
    most = max((lag for link in directed_of(graph) for lag in link.lags), default=0)
    nodes = [_at(name, lag) for lag in range(most, -1, -1) for name in graph.names]
    edges = [(_at(name, lag), _at(name, lag - 1)) for lag in range(most, 0, -1) for name in graph.names]
    for link in directed_of(graph):
        for lag in link.lags:
            edges += [(_at(link.cause, lag + age), _at(link.effect, age)) for age in range(most - lag, -1, -1)]
    return nodes, edges


def _at(name: str, lag: int) -> str:
    return f"{name}_lag{lag}" if lag else name


def _quoted(text: str) -> str:
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return '"{}"'.format(plain.replace("\\", "\\\\").replace('"', '\\"'))


def _gml_text(text: str) -> str:
    """Quote a text; GML is ASCII, anything else is written as a character reference."""
    legal = escape(text, quote=True).replace("&#x27;", "'")
    return '"{}"'.format("".join(c if " " <= c <= "~" else f"&#{ord(c)};" for c in legal))


def _number(value: float | int) -> str:
    text = repr(value)
    return text.upper() if isinstance(value, float) else text

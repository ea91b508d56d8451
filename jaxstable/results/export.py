"""Hand a learned graph to tables and to networkx."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxstable.files.directory import write_file
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import Edge, Link, directed_of, edges_of

if TYPE_CHECKING:
    import networkx
    import pandas

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that starts so is run by a spreadsheet
INTEGERS, TEXTS = ("lag",), ("cause", "effect", "kind")


def columns_of(graph: LearnedGraph) -> list[str]:
    """Return the names of the columns that are known of this graph, in the order of `Edge`."""
    unknown = set()
    if graph.probability is None:
        unknown |= {"probability", "kind"}
    unknown |= {"lag_probability"} if graph.lagged_probability is None else set()
    unknown |= {"direction"} if graph.direction is None else set()
    unknown |= {"weight_raw"} if graph.scale is None else set()
    return [name for name in Edge._fields if name not in unknown]


def to_pandas(graph: LearnedGraph) -> pandas.DataFrame:
    """Return one row per edge and lag, with what is known of each; the most probable first, else the heaviest.

    Raises:
        ImportError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ImportError("to_pandas needs pandas: pip install pandas") from error
    columns = columns_of(graph)
    table = pandas.DataFrame([[getattr(edge, name) for name in columns] for edge in edges_of(graph)], columns=columns)
    kinds = {name: "int64" if name in INTEGERS else "float64" for name in columns if name not in TEXTS}
    return table.astype(kinds)


def to_csv(graph: LearnedGraph, path: str | os.PathLike[str]) -> Path:
    """Write the text of `csv_text`, whole or not at all, and return the path."""
    return write_file(path, csv_text(graph).encode())


def csv_text(graph: LearnedGraph) -> str:
    """Return the rows of `to_pandas` as CSV; needs no pandas.

    A name that a spreadsheet would take for a formula is written with a quotation mark before it, as spreadsheets
    themselves do.
    """
    columns = columns_of(graph)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for edge in edges_of(graph):
        writer.writerow([_plain(getattr(edge, name)) for name in columns])
    return text.getvalue()


def to_networkx(graph: LearnedGraph, lags: bool = False, **facts: Any) -> networkx.DiGraph[str]:
    """Return the graph as a networkx DiGraph, or as a MultiDiGraph with one edge a lag.

    Args:
        graph: the graph.
        lags: one edge for every lag, with the lag as its key, instead of one for all.
        **facts: attributes of the graph.

    Returns:
        A graph whose edges carry what `attributes` gives.

    Raises:
        ImportError: networkx is not installed.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "to_networkx needs networkx: pip install networkx (to_graphml needs nothing and networkx reads its file)"
        ) from error
    made: Any = networkx.MultiDiGraph(**facts) if lags else networkx.DiGraph(**facts)
    made.add_nodes_from(graph.names)
    for link in directed_of(graph):
        if lags:
            for edge in link.edges:
                made.add_edge(edge.cause, edge.effect, key=edge.lag, **edge_attributes(edge))
        else:
            made.add_edge(link.cause, link.effect, **link_attributes(link))
    return made


def link_attributes(link: Link) -> dict[str, Any]:
    """Return what is known of a link: `weight` and `lag` of its heaviest lag, all `lags`, and its trust."""
    own = {"weight": link.heaviest.weight, "lag": link.heaviest.lag, "lags": " ".join(map(str, link.lags))}
    trust = {"probability": link.probability, "direction": link.direction, "kind": link.kind}
    return own | {name: value for name, value in trust.items() if value is not None}


def edge_attributes(edge: Edge) -> dict[str, Any]:
    """Return what is known of an edge besides its ends."""
    return {name: value for name, value in edge._asdict().items() if value is not None and name not in TEXTS[:2]}


def _plain(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

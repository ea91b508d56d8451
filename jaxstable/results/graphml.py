"""Write a learned graph as GraphML, which networkx, Gephi, yEd and Cytoscape read."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jaxstable.files.directory import write_file
from jaxstable.graph.learned import LearnedGraph
from jaxstable.graph.links import directed_of
from jaxstable.results.export import edge_attributes, link_attributes

GRAPHML = "http://graphml.graphdrawing.org/xmlns"
TYPES: dict[type, str] = {float: "double", int: "int", str: "string"}


def to_graphml(
    graph: LearnedGraph, path: str | os.PathLike[str], facts: Mapping[str, Any] | None = None, lags: bool = False
) -> Path:
    """Write the text of `graphml_text`, whole or not at all, and return the path."""
    return write_file(path, graphml_text(graph, facts, lags).encode())


def graphml_text(graph: LearnedGraph, facts: Mapping[str, Any] | None = None, lags: bool = False) -> str:
    """Return a graph as GraphML.

    Node ids are the names of the variables, with characters that XML cannot hold replaced by U+FFFD.

    Args:
        graph: the graph.
        facts: attributes of the graph, text or numbers.
        lags: one edge for every lag instead of one for all.
    """
    facts = facts or {}
    ids = dict(zip(graph.names, _legal_ids(graph.names), strict=True))
    links = directed_of(graph)
    ends = [(edge.cause, edge.effect, edge_attributes(edge)) for link in links for edge in link.edges]
    if not lags:
        ends = [(link.cause, link.effect, link_attributes(link)) for link in links]
    root = ElementTree.Element("graphml", xmlns=GRAPHML)
    declared = {name: type(value) for *_, attributes in ends for name, value in attributes.items()}
    for scope, types in (("edge", declared), ("graph", {name: type(value) for name, value in facts.items()})):
        for key, kind in types.items():
            attributes = {"id": key, "for": scope, "attr.name": key, "attr.type": TYPES[kind]}
            ElementTree.SubElement(root, "key", attributes)
    drawn = ElementTree.SubElement(root, "graph", id="G", edgedefault="directed")
    _fill(drawn, facts)
    for name in graph.names:
        ElementTree.SubElement(drawn, "node", id=ids[name])
    for cause, effect, own in ends:
        _fill(ElementTree.SubElement(drawn, "edge", source=ids[cause], target=ids[effect]), own)
    ElementTree.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ElementTree.tostring(root, encoding='unicode')}\n"


def _fill(element: Any, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        text = repr(value) if isinstance(value, float) else _cleaned(str(value))
        ElementTree.SubElement(element, "data", key=key).text = text


def _legal(character: str) -> bool:
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _cleaned(text: str) -> str:
    return "".join(c if _legal(c) else "\N{REPLACEMENT CHARACTER}" for c in text)


def _legal_ids(names: Sequence[str]) -> list[str]:
    ids: list[str] = []
    for name in names:
        legal = _cleaned(name)
        candidate, copy = legal, 1
        while candidate in ids or (candidate != name and candidate in names):
            copy += 1
            candidate = f"{legal} ({copy})"
        ids.append(candidate)
    return ids

"""Write a graph as GraphML, which networkx, Gephi, yEd and Cytoscape read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from jaxstable.files.directory import write_atomic

GRAPHML = "http://graphml.graphdrawing.org/xmlns"
TYPES = {float: "double", int: "int", str: "string"}


def write_graphml(
    path: str | os.PathLike[str],
    names: Sequence[str],
    edges: Iterable[tuple[str, str, Mapping[str, Any]]],
    edge_types: Mapping[str, type],
    facts: Mapping[str, Any],
    fact_types: Mapping[str, type],
) -> Path:
    """Write a directed graph, whole or not at all.

    Args:
        path: the file.
        names: names of the variables; node ids, with characters that XML cannot hold replaced by U+FFFD.
        edges: (cause, effect, attributes).
        edge_types: float, int or str for every attribute of an edge.
        facts: attributes of the graph that are known.
        fact_types: the same for every attribute of the graph.

    Returns:
        The path.
    """
    ids = dict(zip(names, _legal_ids(names), strict=True))
    root = ElementTree.Element("graphml", xmlns=GRAPHML)
    for scope, types in (("edge", edge_types), ("graph", fact_types)):
        for key, kind in types.items():
            attributes = {"id": key, "for": scope, "attr.name": key, "attr.type": TYPES[kind]}
            ElementTree.SubElement(root, "key", attributes)
    graph = ElementTree.SubElement(root, "graph", id="G", edgedefault="directed")
    for key, value in facts.items():
        ElementTree.SubElement(graph, "data", key=key).text = _text(value)
    for name in names:
        ElementTree.SubElement(graph, "node", id=ids[name])
    for cause, effect, attributes in edges:
        edge = ElementTree.SubElement(graph, "edge", source=ids[cause], target=ids[effect])
        for key, value in attributes.items():
            ElementTree.SubElement(edge, "data", key=key).text = _text(value)
    ElementTree.indent(root)
    write_atomic(Path(path), ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    return Path(path)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _legal(character: str) -> bool:
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _legal_ids(names: Sequence[str]) -> list[str]:
    ids: list[str] = []
    for name in names:
        legal = "".join(c if _legal(c) else "\N{REPLACEMENT CHARACTER}" for c in name)
        candidate, copy = legal, 1
        while candidate in ids or (candidate != name and candidate in names):
            copy += 1
            candidate = f"{legal} ({copy})"
        ids.append(candidate)
    return ids

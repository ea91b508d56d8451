"""Discover in rows that come in blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxstable.data.blocks import Blocks
from jaxstable.discovery.found import Choice
from jaxstable.files.directory import json_ready
from jaxstable.files.provenance import provenance
from jaxstable.results.discovery_result import Discovery
from jaxstable.results.origin import Origin, with_named_edges
from jaxstable.results.sensors import recorded_of


def discover_in_blocks(blocks: Blocks, asked: Mapping[str, Any], progress: Any = None) -> Discovery:
    """Find the graph of rows that need not fit into memory; what needs rows at hand looks at the first block.

    Args:
        blocks: the rows.
        asked: max_lag, required, forbidden, draws, seed and prepare.
        progress: as for `discover`.
    """
    from jaxstable.discovery.engine import find  # loads JAX

    rows = iter(blocks)
    first = next(rows)
    asked = with_named_edges(asked, first.names)
    found = find(first, **asked, progress=progress, later=rows, n_blocks=len(blocks))
    why = (
        f"all {blocks.n_rows} rows were read, {blocks.rows} at a time, each block with its own level; lags, "
        "preparation, bends and findings are those of the first"
    )
    found = dataclasses.replace(found, chosen={**found.chosen, "blocks": Choice(len(blocks), why)})
    about = {
        "recorded": recorded_of(first.values, first.mask, first.names),
        "provenance": {**provenance(first, asked["seed"]), "rows": blocks.n_rows},
    }
    return Discovery.of(found, first.units, first.step, **about, origin=Origin(json_ready(asked), None))

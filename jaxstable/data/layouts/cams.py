"""CAMS radiation service: comments, the last of which holds the names, and periods such as 2004-02-01T00:00/T01:00."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jaxstable.data.layout import Layout

CLOCK = "Observation period"


def matches(lines: Sequence[str]) -> bool:
    """Tell whether a comment above the data names the period of observation."""
    return any(line.startswith("#") and line.lstrip("# ").startswith(f"{CLOCK};") for line in lines)


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the clock."""
    return dataclasses.replace(layout, time=(CLOCK,), decimal=".")

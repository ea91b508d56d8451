"""PVGIS of the European Commission: place above the names, a clock such as 20200131:0010, what the names mean below."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from jaxstable.data.layout import Layout


def matches(lines: Sequence[str]) -> bool:
    """Tell whether the file starts with the place as PVGIS writes it."""
    return lines[0].lstrip("\ufeff").startswith("Latitude (decimal degrees)")


def adapt(layout: Layout, lines: Sequence[str]) -> Layout:
    """Name the clock; its column is the first one, `time` or `time(UTC)`."""
    return dataclasses.replace(layout, time=(layout.names[0],), decimal=".")

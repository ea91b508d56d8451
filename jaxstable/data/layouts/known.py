"""The layouts that are found by themselves or named, and how a layout is chosen."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout, look
from jaxstable.data.layouts.names import NAMES
from jaxstable.phrases import shortened

# These need no look at the rows: lines above them may split into as many cells.
ALONE = ("epw", "usgs", "weatherlink", "surfrad", "srml", "lascar")
FIRST = 2_000  # lines that are shown to a layout


class Known(NamedTuple):
    """A layout with a name: how to tell it, and what to add to what its first rows show."""

    matches: Callable[[Sequence[str]], bool]
    adapt: Callable[[Layout, Sequence[str]], Layout]


def _known(name: str) -> Known:
    module = importlib.import_module(f"jaxstable.data.layouts.{name}")
    return Known(module.matches, module.adapt)


KNOWN = {name: _known(name) for name in NAMES}


def layout_of(text: str, named: str | Layout | None = None, delimiter: str | None = None) -> Layout:
    """Return the layout of a text: the one that is given or named, or what is found out.

    Args:
        text: the file, plain line ends.
        named: a layout of your own, the name of a known one, "plain", or None to find it out.
        delimiter: what splits cells, or None to find it out.

    Raises:
        DataError: there is no layout of that name, or nothing splits the lines.

    Example:
        >>> layout_of("a,b\\n1,2\\n").name
        'plain'
    """
    if isinstance(named, Layout):
        return named
    if named is not None and named not in (*KNOWN, "plain"):
        raise DataError(
            f"layout={shortened(named)}: expected one of {', '.join(KNOWN)}, plain, or a Layout of your own"
        )
    lines = text[:200_000].split("\n")[:FIRST]
    name = named or next((name for name, known in KNOWN.items() if known.matches(lines)), "plain")
    found = Layout() if name in ALONE else look(text, delimiter)
    if name == "plain":
        return found
    adapted = KNOWN[name].adapt(found, lines)
    told = ("layout", name + (" (as said)" if named else " (by its first lines)"))
    return dataclasses.replace(adapted, name=name, notes=(told, *adapted.notes))

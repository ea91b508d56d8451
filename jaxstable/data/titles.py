"""Names that come twice in a header, told apart by what stands above, below or beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence

ASIDE = re.compile(
    r"q|qc|quality|status|statuscode|flag|validity|units?", re.IGNORECASE
)  # speaks of what is left of it


def told_apart(names: Sequence[str], above: Sequence[Sequence[str]], below: Sequence[Sequence[str]]) -> list[str]:
    """Return names of which none comes twice, if some line of the header or the column beside tells them apart.

    Args:
        names: of the columns.
        above, below: the other lines of the header, from top to bottom.

    Example:
        >>> told_apart(["time", "Temp", "Temp"], [["", "Reactor 1", "Reactor 2"]], [])
        ['time', 'Reactor 1 Temp', 'Reactor 2 Temp']
        >>> told_apart(["time", "Ozone", "status", "Dust", "status"], [], [])
        ['time', 'Ozone', 'Ozone status', 'Dust', 'Dust status']
    """
    twice = {name for name in names if name and names.count(name) > 1}
    ways = [_prefixed(names, _reaching(line), twice) for line in reversed(above) if len(line) == len(names)]
    ways += [
        [f"{name} {cell.strip()}".strip() if name in twice else name for name, cell in zip(names, line, strict=True)]
        for line in below
        if len(line) == len(names)
    ]
    if all(map(ASIDE.fullmatch, twice)):
        ways.append(_prefixed(names, _reaching(["" if name in twice else name for name in names]), twice))
    distinct = (way for way in ways if len(set(filter(None, way))) == len(list(filter(None, way))))
    return next(distinct, list(names))


def _prefixed(names: Sequence[str], stems: Sequence[str], twice: set[str]) -> list[str]:
    return [f"{stem} {name}".strip() if name in twice else name for stem, name in zip(stems, names, strict=True)]


def _reaching(line: Sequence[str]) -> list[str]:
    """Let each cell reach over the empty ones behind it, as cells that were merged do."""
    found, last = [], ""
    for cell in line:
        last = " ".join(cell.split()) or last
        found.append(last)
    return found

"""What the cells of a table can be: numbers, quantities with a unit, moments, switches, words for missing, names."""

from __future__ import annotations

import re

COMMENTS = ("#", "%", "//")
MISSING = frozenset(
    [
        "",
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "nil",
        "?",
        "-",
        "--",
        "---",
        "#n/a",
        "#na",
        "#null!",
        "#value!",
        "#div/0!",
        "#ref!",
        "#num!",
        "<na>",
        "nat",
        "-nan",
        "1.#qnan",
        "\\n",  # \N of databases
    ]
)
SWITCHES = {
    **dict.fromkeys(
        ("true", "on", "yes", "wahr", "ein", "ja", "vrai", "oui", "verdadero", "verdadeiro", "vero", "sim"), 1.0
    ),
    **dict.fromkeys(("false", "off", "no", "falsch", "aus", "nein", "faux", "non", "falso", "não"), 0.0),
}
NUMBER = re.compile(r"[+-]?(?:\d+[\d.,' \u00a0\u202f\u2019]*|[.,]\d+)(?:[eE][+-]?\d+)?$")
DATE = (  # the notations that are taken for a date; `clocktext` reads them
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{8}|\d{4}年\d{1,2}月\d{1,2}日|"
    r"(?:[^\W\d_]{2,9}[.,]+ ?)?\d{1,2}\.?[- /.]?[^\W\d_]{3,9}\.?[- /.,]?(?:\d{4}|\d{2})|"
    r"(?:[^\W\d_]{3} )?[^\W\d_]{3,9}\.? +\d{1,2}(?:, ?| )(?:\d{4}|[\d:]+ \d{4})|"
    r"\d{4}[-/]\d{2}|\d{4}-\d{3}|\d{4}[-/ ]?W\d{2}(?:-?[1-7])?|\d{4}[-/ ]?[Qq][1-4]"
)
MOMENT = re.compile(
    rf"(?:{DATE})(?:[T ,:_][^;|\t\"]*)?$|\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?:[.,]\d+)?(?: ?[AaPp]\.? ?[Mm]\.?)?$"
)
QUANTITY = re.compile(r"[+-]?\d[\d.,' \u00a0\u202f]*(?:[eE][+-]?\d+)?\s?([^\d\s.,].{0,11})$")
RULE = re.compile(r"[-+=:| ]*")
UNIT = re.compile(
    r"[%°Ω]|.*[/°²³%µ].*|(?:k|m|M|G|h|µ)?(?:W|Wh|V|A|Hz|Pa|bar|g|m|s|J|N|K|L|l|mol|VA|var)|deg ?[CFK]?|[CFK]|min|"
    r"ppm|ppb|rpm|psi|inch|mm|cm|km|h|d|days?|hours?|sec(?:onds?)?|Avg|Smp|TS|RN|-|counts?|pH|NTU|dB|lux|ph|uS|mS|gal|mph|kt"
)


def is_datum(cell: str) -> bool:
    """Tell a number, with its unit or without, a time, a switch or a usual text for missing from a name."""
    cell = cell.strip()
    if cell.lower() in MISSING or NUMBER.match(cell) or MOMENT.match(cell) or cell.lower() in SWITCHES:
        return True
    return bool((found := QUANTITY.match(cell)) and UNIT.fullmatch(found[1]))


def clean(name: str) -> tuple[str, str]:
    """Split "flow [m3/h]" or "flow (m3/h)" into name and unit; other names have none.

    Example:
        >>> clean("flow (m3/h)"), clean("CO(GT)")
        (('flow', 'm3/h'), ('CO(GT)', ''))
    """
    name = " ".join(name.split())
    found = re.fullmatch(r"(.*\S) ?\[([^\[\]]{1,24})\]|(.*\S) \(([^()]{1,24})\)", name)
    if not found:
        return name, ""
    stem, unit = (found[1], found[2]) if found[1] else (found[3], found[4])
    if found[3] and not UNIT.fullmatch(unit):
        return name, ""
    return stem, unit.strip()

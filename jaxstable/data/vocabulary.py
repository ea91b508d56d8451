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
        "undefined",
        "nil",
        "missing",
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
        *(f"{sign}1.#{word}" for sign in ("", "-") for word in ("qnan", "qnan0", "ind", "ind00", "snan")),
        "#n/a n/a",
        "#name?",
        "#error!",
        "\\n",  # \N of databases
    ]
)
SWITCHES = {
    **dict.fromkeys(
        ("true", "on", "yes", "wahr", "ein", "ja", "vrai", "oui", "verdadero", "verdadeiro", "vero", "sim"), 1.0
    ),
    **dict.fromkeys(("false", "off", "no", "falsch", "aus", "nein", "faux", "non", "falso", "não"), 0.0),
}
# More words for them, which are names of columns too.
OPEN = "open opened run running active enabled started aan på sí si tak да вкл evet はい 是 开 开启"
CLOSED = "closed close stop stopped inactive disabled uit av nej nie нет выкл hay\u0131r いいえ 否 关 关闭"
STATES = SWITCHES | dict.fromkeys(OPEN.split(), 1.0) | dict.fromkeys(CLOSED.split(), 0.0)
LETTERS = ({"y": 1.0, "n": 0.0}, {"t": 1.0, "f": 0.0}, {"j": 1.0, "n": 0.0})  # only where both are there
NUMBER = re.compile(r"(?:[+-] *)?(?:\d+[\d.,' \u00a0\u2007\u2009\u202f\u2019]*|[.,]\d+)(?:[eE][+-]?\d+|[dD][+-]\d+)?$")
DATE = (  # the notations that are taken for a date; `clocktext` reads them
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{8}|"
    r"\d{4}[年년] ?\d{1,2}[月월] ?\d{1,2}[日일]|"
    r"\d{4}\. ?\d{1,2}\. ?\d{1,2}\.?|\d{1,2}\. ?\d{1,2}\. ?\d{4}\.?|"
    r"(?:[^\W\d_]{2,9}[.,]+ ?)?\d{1,2}\.?[- /.]?[^\W\d_]{3,9}\.?[- /.,]?(?:\d{4}|\d{2})|"
    r"(?:[^\W\d_]{3} )?[^\W\d_]{3,9}\.? +\d{1,2}(?:, ?| )(?:\d{4}|[\d:]+ \d{4})|"
    r"\d{4}[-/ ][^\W\d_]{3,9}[-/ ]\d{1,2}|\d{4}[-/]\d{2}|\d{4}-\d{3}|\d{4}[-/ ]?W\d{2}(?:-?[1-7])?|\d{4}[-/ ]?[Qq][1-4]"
)
MOMENT = re.compile(
    rf"(?:{DATE})(?:[T ,:_][^;|\t\"]*)?$|"
    rf"\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}})?(?:[.,]\d+)?(?: ?(?:[AaPp]\.? ?[Mm]\.?|[ap]))?$"
)
HEXADECIMAL = re.compile(r"0[xX][0-9A-Fa-f]+$")
QUANTITY = re.compile(r"[+-]?\d[\d.,' \u00a0\u2007\u2009\u202f]*(?:[eE][+-]?\d+)?\s?([^\d\s.,].{0,11})$")
SYMBOL = re.compile(r"([^\W\d]{1,4}(?=/[^%°])|[^/]+(?=/[%°]))/(\S+)")  # t/min or Level/%, as in physics; km/h is a unit
RULE = re.compile(r"[-+=:| ]*")
UNIT = re.compile(
    r"[%°Ω]|.*[/°²³%µ].*|(?:k|m|M|G|h|µ)?(?:W|Wh|V|A|Hz|Pa|bar(?:\(?[ag]\)?)?|g|m|s|J|N|K|L|l|mol|VA|var)|deg ?[CFK]?|"
    r"[CFK]|min|ppm|ppb|rpm|psi|inch|mm|cm|km|h|d|days?|hours?|sec(?:onds?)?|Avg|Smp|TS|RN|-|counts?|pH|NTU|dB|lux|ph|uS|mS|gal|"
    r"mph|kt|yr|mo|dy|hr|mn|ft|nmi|hPa|degT|degrees?(?:_[A-Za-z]+)?|celsius|kelvin|percent|UTC|"
    r"[Vv]olts?|[Aa]mp(?:ere)?s?|[Ww]atts?|℃|℉|º[CF]|[A-Za-zµ]{1,6}\d?(?:[ .][A-Za-z]{1,4}-?\d?)*[ .][A-Za-z]{1,4}-\d"
)


ZEROS = "\u0660\u06f0\u0966\u09e6\uff10"  # of Arabic, Persian, Hindi, Bengali, and of full width
DIGITS = {ord(zero) + i: str(i) for zero in ZEROS for i in range(10)} | {0x66B: ".", 0x66C: ","}
WIDE = DIGITS | {0xFF0E: ".", 0xFF1A: ":", 0xFF0F: "/", 0xFF0D: "-"}


def plain_digits(text: bytes) -> bytes:
    """Write the digits and decimal marks of other scripts as those of ASCII.

    Example:
        >>> plain_digits("２０.３８, ５".encode())
        b'20.38, 5'
    """
    if text.isascii():
        return text
    found = text.decode()
    return found.translate(WIDE).encode() if DIGITS.keys() & map(ord, set(found)) else text


def is_datum(cell: str) -> bool:
    """Tell a number, with its unit or without, a time, a switch or a usual text for missing from a name."""
    cell = cell.strip() if cell.isascii() else cell.strip().translate(WIDE)
    if cell.lower() in MISSING or cell.lower() in SWITCHES:
        return True
    if NUMBER.match(cell) or MOMENT.match(cell) or HEXADECIMAL.match(cell):
        return True
    return bool((found := QUANTITY.match(cell)) and UNIT.fullmatch(found[1]))


def clean(name: str) -> tuple[str, str]:
    """Split "flow [m3/h]", "flow (m3/h)", "flow / m3/h" or "flow in m3/h" into name and unit; other names have none.

    Brackets may be of any kind; what round ones hold must be a known unit, as in "CO(GT)" it is none.

    Example:
        >>> clean("flow (m3/h)"), clean("flow in m3/h"), clean("CO(GT)")
        (('flow', 'm3/h'), ('flow', 'm3/h'), ('CO(GT)', ''))
        >>> clean("t/min"), clean("Level/%"), clean("km/h")
        (('t', 'min'), ('Level', '%'), ('km/h', ''))
    """
    name = " ".join(name.split())
    if found := re.fullmatch(r"(.*[^\s<]) ?(?:\[([^\[\]]{1,24})\]|\{([^{}=]{1,24})\}|<([^<>]{1,24})>)", name):
        return found[1], next(filter(None, found.groups()[1:])).strip()
    found = re.fullmatch(r"(.*\S) \(([^()]{1,24}(?:\([^()]{1,8}\))?)\)", name) or re.fullmatch(
        r"(.*\S) (?:/|in|\|) (%|\S{2,12})", name
    )
    if found is None and (slashed := SYMBOL.fullmatch(name)) and not UNIT.fullmatch(slashed[1]):
        unit = slashed[2].strip("()")
        return (slashed[1], unit) if UNIT.fullmatch(unit) else (name, "")
    return (found[1], found[2].strip()) if found and UNIT.fullmatch(found[2]) else (name, "")

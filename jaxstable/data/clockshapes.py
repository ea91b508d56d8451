"""The notations of time that loggers, spreadsheets and programs use, as regular expressions."""

from __future__ import annotations

MONTHS = {  # by its first letters, without accents
    "jan": 1, "ene": 1, "gen": 1, "feb": 2, "fev": 2, "mar": 3, "mrz": 3, "apr": 4, "avr": 4, "abr": 4, "may": 5,
    "mai": 5, "mag": 5, "maj": 5, "jun": 6, "juin": 6, "giu": 6, "jul": 7, "juil": 7, "lug": 7, "aug": 8, "aou": 8,
    "ago": 8, "sep": 9, "set": 9, "oct": 10, "okt": 10, "out": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12,
    "dic": 12,
    "янв": 1, "фев": 2, "мар": 3, "апр": 4, "мая": 5, "май": 5, "июн": 6, "июл": 7, "авг": 8, "сен": 9, "окт": 10,
    "ноя": 11, "дек": 12, "mrt": 3, "mei": 5, "oca": 1, "şub": 2, "nis": 4, "haz": 6, "tem": 7, "ağu": 8, "eyl": 9,
    "eki": 10, "kas": 11, "ara": 12,
}  # fmt: skip
NO_MONTH = 99
HOURS = (
    r"(?P<H>\d{1,2})(?:[:.h]?(?P<M>\d{2})(?:[:.]?(?P<S>\d{2})(?:[.,:](?P<f>\d{1,9}))?)?)?h?"
    r" ?(?P<p>[AaPp]\.? ?[Mm]\.?)? ?(?P<z>[A-Z]{3,4}|Z|[+-]\d{2}(?::?\d{2})?)?$"
)
NO_HOURS = "(?P<M>)(?P<S>)(?P<f>)(?P<H>)(?P<p>)(?P<z>)$"
AFTER = rf"(?:[T ,;_]+{HOURS.removesuffix('$')})?$"
SHAPES = {
    "year first": r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + AFTER,
    "slashed": r"^(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4}|\d{2})" + AFTER,
    "month in words": r"^(?P<d>\d{1,2})\.?(?:[- /.]| de )*(?P<m>\pL{3,})\.?(?:[- /.,]| de )*(?P<y>\d{4})"
    rf"(?:[T ,;:_]+{HOURS.removesuffix('$')})?$",
    "month in words, two digits": r"^(?P<a>\d{1,2})[- /.](?P<m>\pL{3,})[- /.](?P<b>\d{2})" + AFTER,
    "month first in words": r"^(?P<m>\pL{3,})\.? +(?P<d>\d{1,2})(?:st|nd|rd|th)?[ ,]+(?P<y>\d{4})" + AFTER,
    "year first in words": r"^(?P<y>\d{4})[-/ .](?P<m>\pL{3,})[-/ .](?P<d>\d{1,2})" + AFTER,
    "year last": r"^(?P<m>\pL{3,})\.? +(?P<d>\d{1,2}) +(?P<H>\d{1,2}):(?P<M>\d{2}):(?P<S>\d{2})(?P<f>)(?P<p>)"
    r" ?(?P<z>[A-Z]{3,4})? +(?P<y>\d{4})$",
    "compact": r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:[T:_ -]?(?P<H>\d{2}):?(?P<M>\d{2})?:?(?P<S>\d{2})?)?"
    r"(?:[.,](?P<f>\d{1,9}))?(?P<p>)(?P<z>Z|[+-]\d{2}(?::?\d{2})?)?$",
    "months": r"^(?P<y>\d{4})[-/](?P<m>\d{1,2})" + NO_HOURS,
    "days of a year": r"^(?P<y>\d{4})[-/ ](?P<n>\d{3})" + AFTER,
    "ISO weeks": r"^(?P<y>\d{4})[-/ ]?W(?P<w>\d{2})(?:-?(?P<e>[1-7]))?" + NO_HOURS,
    "quarters": r"^(?P<y>\d{4})[-/ ]?[Qq](?P<q>[1-4])" + NO_HOURS,
}
WEEKDAYS = frozenset({
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    "sunday", "mo", "di", "mi", "do", "fr", "sa", "so", "montag", "dienstag", "mittwoch", "donnerstag", "freitag",
    "samstag", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lunes", "martes",
    "miércoles", "jueves", "viernes", "sábado", "domingo",
})  # fmt: skip
REWRITTEN = (  # what is brought into one of the shapes first
    (r"^(\d{4}-\d{2}-\d{2})t(.*\d)z?$", r"\1T\2"),
    (r"z$", "Z"),
    (
        r"^(.*\d:\d{2}(?::\d{2})?)(?: ?[\x{2013}\x{2014}] ?| (?:-|to) )(?:\S+ )?\d{1,2}:\d{2}(?::\d{2})?$",
        r"\1",
    ),  # periods
    (r"^(\d{4}-\d{2}-\d{2}T[^/]*)/\d{4}-.*$", r"\1"),  # a period: its start
    (r"^(\d{4}-\d{2}-\d{2})[_T ](\d{2})-(\d{2})-(\d{2})$", r"\1 \2:\3:\4"),
    (r"^(.*[+-]\d{2}:?\d{2})\[[A-Za-z_/]+\]$", r"\1"),  # an offset, and the zone that it is of
    (r"(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[.,]* +", ""),
    (r"(?i)^(?:mo|di|mi|do|fr|sa|so)[.,]+ *", ""),
    (r"(?i)^(?:(?:mon|diens|donners|frei|sams)tag|mittwoch|sonn(?:tag|abend)),? +", ""),
    (
        r"(?i)^(?:(?:lun|mar|mercre|jeu|vendre|same)di|dimanche|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado"
        r"|domingo|(?:luned|marted|mercoled|gioved|venerd)ì|sabato|domenica|(?:segunda|terça|quarta|quinta|sexta)"
        r"(?:-feira)?),? +",
        "",
    ),
    (r"^(\d{2})(\d{2})(\d{2}) (\d{2}:?\d{2}.*)$", r"\1-\2-\3 \4"),
    (r"^(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]", r"\1-\2-\3"),
    (r"^(\d{4})\. ?(\d{1,2})\. ?(\d{1,2})\.?", r"\1-\2-\3"),
    (r"^(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})\.?", r"\1.\2.\3"),
    (r"(\d{1,2})[時时시] ?(\d{1,2})[分분](?: ?(\d{1,2})[秒초])?$", r"\1:\2:\3"),
    (r"^(.*\d) ?(?:GMT|UTC)([+-]\d{2}:?(?:\d{2})?)(?: ?\(.*\))?$", r"\1 \2"),
    (r"^(.*\d) ?(?:GMT|UTC)([+-])(\d)(?::00)?$", r"\1 \20\3"),
    (r" ?(?:Uhr|hod\.?|óra)$", ""),
    (r" (?:kl|\x{0433}|\x{0447}|um)\.? ", " "),
    (r"(?:上午|午前|오전) ?(\d{1,2}(?::\d{2}){0,2})$", r"\1 AM"),
    (r"(?:下午|午後|오후) ?(\d{1,2}(?::\d{2}){0,2})$", r"\1 PM"),
    (r"(\d) ?(?:π\.?μ\.?|ص)$", r"\1 AM"),
    (r"(\d) ?(?:μ\.?μ\.?|م)$", r"\1 PM"),
    (r":$", ""),
    (r"(\d) ?([ap])$", r"\1 \2m"),
    (r" de\.? (\d{1,2}(?::\d{2}){1,2})$", r" \1 AM"),
    (r" du\.? (\d{1,2}(?::\d{2}){1,2})$", r" \1 PM"),
    # The first and the second of the hour that comes twice in autumn, which the order of the rows tells, too.
    (r"^(.*\d:\d{2}(?::\d{2})?) ?[AB]$", r"\1"),
    (r"^(.*[ T]\d{1,2})[AB](:\d{2}.*)$", r"\1\2"),
)
NUMBER = r"\d+(?:[.,]\d+)?"
DURATIONS = (  # days, hours, minutes, seconds and half of the day
    r"^(?:(?P<D>\d{1,6})(?: days?,? ?|\.))?(?P<H>\d{1,5}):(?P<M>\d{2})(?::(?P<S>\d{2}(?:[.,]\d{1,9})?))?"
    r" ?(?P<p>[AaPp]\.? ?[Mm]\.?)?$",
    r"^(?P<D>)(?P<H>)(?P<M>\d{1,5}):(?P<S>\d{2}[.,]\d{1,9})(?P<p>)$",
    rf"^P(?:(?P<D>{NUMBER})D)?(?:T(?:(?P<H>{NUMBER})H)?(?:(?P<M>{NUMBER})M)?(?:(?P<S>{NUMBER})S)?)?(?P<p>)$",
    rf"^(?:(?P<D>{NUMBER}) ?d(?:ays?)?)? ?(?:(?P<H>{NUMBER}) ?h(?:ours?|rs?)?)?"
    rf" ?(?:(?P<M>{NUMBER}) ?m(?:in(?:ute)?s?)?)? ?(?:(?P<S>{NUMBER}) ?s(?:ec(?:ond)?s?)?)?(?P<p>)$",
)


def month_of(word: str) -> int:
    """Return the number of a month that is written in one of several languages, `NO_MONTH` for another word.

    Example:
        >>> [month_of(word) for word in ("März", "juin", "Juli", "flow")]
        [3, 6, 7, 99]
    """
    plain = word.lower().translate(str.maketrans("äéèêûúôóãç", "aeeeuuooac"))
    return MONTHS.get(plain[:4], MONTHS.get(plain[:3], NO_MONTH))

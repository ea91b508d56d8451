"""Names of columns that tell what they hold: clocks, parts of a calendar, counts and labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jaxstable.data.checks import CLOCKS

COUNTERS = frozenset(
    ("", "#", "no", "no.", "nr", "nr.", "row", "index", "idx", "id", "record", "recnbr", "rownames", "unnamed: 0")
) | frozenset(("line", "line#", "sample", "seq", "count", "obs", "rownum", "level_0"))
CALENDAR = {  # name -> smallest and largest value
    "year": (1800, 2300), "yr": (1800, 2300), "month": (1, 12), "mon": (1, 12), "day": (1, 31), "hour": (0, 24),
    "hr": (0, 24), "minute": (0, 59), "min": (0, 59), "second": (0, 60), "sec": (0, 60), "week": (0, 53),
    "weekday": (0, 7), "dayofweek": (0, 7), "dow": (0, 7), "doy": (1, 366), "dayofyear": (1, 366), "jday": (1, 366),
    "yday": (1, 366), "quarter": (1, 4), "hhmm": (0, 2400), "hrmn": (0, 2400), "hour_minute": (0, 2400),
    "millisecond": (0, 999), "milliseconds": (0, 999), "msec": (0, 999), "millitm": (0, 999), "dst": (0, 1),
    "isdst": (0, 1), "ms": (0, 999),
}  # fmt: skip
FIELDS = (
    ("year", "yr", "yyyy", "yy", "jahr", "année", "año", "ano", "anno", "år", "jaar", "vuosi", "rok", "год", "年"),
    ("month", "mon", "mo", "mm", "monat", "mois", "mes", "mês", "mese", "månad", "måned", "maand", "kuukausi",
     "miesiąc", "měsíc", "месяц", "月"),
    ("day", "dd", "dy", "tag", "jour", "dia", "día", "giorno", "dag", "päivä", "dzień", "den", "день", "日"),
    ("hour", "hr", "hh", "stunde", "heure", "hora", "ora", "timme", "uur", "tunti", "godzina", "hodina", "час", "時"),
    ("minute", "min", "mn", "mi", "mm", "minuto", "minuut", "minuutti", "分"),
    ("second", "sec", "ss"),
)  # fmt: skip
DAYS_OF_YEAR = ("doy", "dayofyear", "jday", "yday", "julian_day", "day_of_year")
HOURS = (*FIELDS[3], "hhmm", "hrmn", "hour_minute")
PAIRS = (
    ("date", "time"),
    ("date", "hour"),
    ("date", "clock"),
    ("day", "time"),
    ("datum", "uhrzeit"),
    ("datum", "zeit"),
)
SPLIT = (("sec", "nsec"), ("secs", "nsecs"), ("seconds", "nanoseconds"), ("sec", "nanosec"))
MILLISECONDS = ("ms", "msec", "millitm", "millis", "millisecond", "milliseconds", "time_ms", "ms.")
ENDS = frozenset({"timestamp_end", "time_end", "end_time", "date_end", "end", "stop", "timestamp_stop"})
MORE_CLOCKS = frozenset({"date_time", "date time", "datetime_utc", "timestamp_start", "time_utc", "time(utc)", "datum",
                         "zeit", "measurement date", "valid_time", "_time", "ts", "date-time", "start", "uhrzeit",
                         "zeitstempel", "fecha", "data", "data/hora", "horodate", "horodatage", "datenum", "date/time",
                         "tmstamp", "x_value", "timestring", "日時", "時刻", "日期", "时间", "時間",
                         "clock", "t_stamp", "tstamp", "date&time", "datum/zeit", "datum von", "fecha/hora",
                         "settlementdate", "created_at", "дата", "время"})  # fmt: skip
ORDER = re.compile(
    r"\b((?:[dtjg]{1,2}|[ya]{2})(?=[-/. ]m)|mm?(?=[-/. ][dtjg]))[-/. ](?:mm?|[dtjg]{1,2})[-/. ][yjadtg]{2,4}\b"
)
CLOCK_NAME = re.compile(
    r"(?:elapsed|relative|rel\.?|run|test|unix|epoch|system|utc|local|sample|log|up)[ _-]?(?:time|ts|timestamp)?"
    r"(?:[ _-]?(?:s|ms|us|ns|sec|secs|seconds|milliseconds))?$|(?:time|timestamp|ts|t)[ _-]?"
    r"(?:s|ms|us|ns|sec|secs|seconds|milliseconds|min|minutes|h|hours|d|days|unix|epoch)$"
)
LABEL = re.compile(
    r"(?:unit|machine|device|sensor|stations?|site|plant|asset|engine|turbine|well|meter|node|location|experiment|trial|"
    r"batch|episode|subject|run|serial)[ _-]?(?:id|no|nr|number|name)|unit|machine|station|engine|trial|batch"
)
PLACE = re.compile(  # names of what tells a place or an instrument, or speaks of all readings, where it never changes
    r"lat|lon|latitude.*|longitude.*|altitude|elevation|height|location|poste|stn|staid|souid|quality|validity|"
    r"verification|status|flag|qc|ms|(?:.*[ _-])?(?:id|code|no|nr|number)"
)
COUNTING = re.compile(  # a word of a name that says that its column counts rows or time; a nameless one may
    r"(?:^|[ ._-])(?:n|no|nr|num|number|counter|count|seq|sequence|id|idx|index|row|rn|rec|record|sample|cycle|step|"
    r"frame|iteration|instant|line|obs|zaehler|zähler|lfd|t|time|timestamp|unix|epoch|s|ms|us|ns|sec|secs|seconds|nsec|"
    r"datenum|jd|mjd|julian|elapsed|zeit|year|stamp|tow|sow|filetime|ticks?|x|x-axis|"
    r"lp|scan|reading|zyklus|zyklen|takt|messung|nummer|schuss|shot|part|ciclo|compteur|contador|contatore|numero|numéro|"
    r"número|numer|№|序号|番号|연번)(?:$|[ ._-])|^column \d+$"
)


def is_clock_name(name: str) -> bool:
    """Tell whether a column's name says that it is the time.

    Example:
        >>> is_clock_name("TIMESTAMP"), is_clock_name("time (s)"), is_clock_name("flow time")
        (True, True, False)
    """
    low = re.sub(r" ?[(\[{<].{0,24}[)\]}>]$", "", name.lower().strip()) or name.lower()
    return low in CLOCKS | MORE_CLOCKS or name.lower() in MORE_CLOCKS or bool(CLOCK_NAME.match(low)) or name == "t"


def order_of(header: str) -> str | None:
    """Return which field of its dates a header such as "Date (MM/DD/YYYY)" or "TT.MM.JJJJ" puts first, if it says so.

    Example:
        >>> order_of("Date (MM/DD/YYYY)"), order_of("dd/MM/yyyy HH:mm:ss"), order_of("Date")
        ('month first', 'day first', None)
    """
    found = ORDER.search(header.lower())
    if not found:
        return None
    return "month first" if found[1][0] == "m" else "day first" if found[1][0] in "dtjg" else "year first"


def calendar_parts(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of year, month, day and so on, or of year, day of the year and hour; none without a day.

    Args:
        names: of the columns that may be parts; MM before mm is the month.

    Example:
        >>> calendar_parts(["Year", "DOY", "HHMM", "flow"])
        ('Year', 'DOY', 'HHMM')
    """
    taken: list[str] = []

    def first(words: Sequence[str]) -> str | None:
        found = next((name for name in names if name.lower().strip() in words and name not in taken), None)
        taken.extend([] if found is None else [found])
        return found

    year, month, day, of_year = (first(words) for words in (*FIELDS[:3], DAYS_OF_YEAR))
    date = (year, month, day) if month and day else (year, of_year)
    if not all(date):
        return ()
    found = list(date)
    for words in (HOURS, *FIELDS[4:]):
        if not (part := first(words)):
            break
        found.append(part)
    return tuple(part for part in found if part)


def months_of(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of year and month."""
    found = [next((name for name in names if name.lower().strip() in words), None) for words in FIELDS[:2]]
    return tuple(name for name in found if name) if all(found) else ()

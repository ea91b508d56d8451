"""Local time and its zones: abbreviations, and the hour that comes twice in autumn."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import numpy as np

from jaxstable.data.checks import DataError
from jaxstable.data.kernels import kernels
from jaxstable.phrases import shortened

ABBREVIATIONS = {  # hours before or after UTC
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "BRT": -3, "SAST": 2,
}  # fmt: skip


OFFSET = re.compile(r"(?:UTC|GMT) ?[+-]\d{1,2}(?::?\d{2})?|[+-]\d{2}:?\d{2}")


def names_zones(words: Collection[str]) -> bool:
    """Tell words all of which name a zone or an offset.

    Example:
        >>> names_zones(["CET", "CEST"]), names_zones(["+01:00"]), names_zones(["EAST", "WEST"])
        (True, True, False)
    """
    return bool(words) and all(word in ABBREVIATIONS or OFFSET.fullmatch(word) for word in words)


def in_utc(
    time: np.ndarray, zone: str, place: Callable[[int], str] = "row {}".format, groups: np.ndarray | None = None
) -> np.ndarray:
    """Turn local time into UTC; of the hour that comes twice, the rows after the clock went back are the later ones.

    Args:
        time: [rows] datetime64, local, in the order of the file, which may fall.
        zone: a name of the time zone database, such as "Europe/Berlin".
        place: names the place of a row, for messages.
        groups: [rows] labels; rows of one label are in order, those of several may take turns. None is one for all.

    Returns:
        [rows] datetime64[us].

    Raises:
        DataError: no such zone, or a time that the clock of the zone skips in spring.

    Example:
        >>> local = np.array(["2024-10-27T01:30", "2024-10-27T02:30", "2024-10-27T02:00"], "M8[us]")
        >>> np.diff(in_utc(local, "Europe/Berlin")).astype("m8[m]").astype(int).tolist()
        [60, 30]
    """
    import pyarrow as pa

    pc = kernels()
    cells = pa.array(time.astype("M8[us]"))

    def read(end: str) -> tuple[np.ndarray, np.ndarray]:
        found = pc.assume_timezone(cells, zone, ambiguous=end, nonexistent=end)
        moved = pc.not_equal(pc.local_timestamp(found), cells).to_numpy(zero_copy_only=False)
        return pc.cast(found, pa.timestamp("us", "UTC")).to_numpy(zero_copy_only=False), moved

    if not isinstance(zone, str):
        raise DataError(f"zone={shortened(zone)}: expected a name such as 'Europe/Berlin'")
    try:
        (first, skipped), (last, _) = read("earliest"), read("latest")
    except pa.ArrowInvalid as error:
        raise DataError(f"zone={shortened(zone)}: expected a name such as 'Europe/Berlin'") from error
    if skipped.any():
        row = int(np.flatnonzero(skipped)[0])
        raise DataError(
            f"time at {place(row)} is {str(time[row])[:19]}, which the clocks of {zone} skip in spring: leave "
            "zone= out if the logger keeps one offset all year, which needs no zone"
        )
    twice = first < last
    order = np.arange(len(time)) if groups is None else np.argsort(groups, kind="stable")
    starts = np.zeros(len(time), bool) if groups is None else np.append(True, np.diff(groups[order]) != 0)
    if len(time) > 1 and np.median(np.diff(time[order].astype("M8[us]")).astype(np.int64)) < 0:  # the newest row first
        order, starts = order[::-1], np.append(True, starts[:0:-1])
    found = first.copy()
    for place_in_order in np.flatnonzero(twice[order]):
        row, above = order[place_in_order], order[place_in_order - 1]
        # Rows in order: the first that does not come after the row above it is the first of the second hour.
        if place_in_order and not starts[place_in_order] and first[row] <= found[above]:
            found[row] = last[row]
    return found

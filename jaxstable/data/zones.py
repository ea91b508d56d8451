"""Local time and its zones: abbreviations, and the hour that comes twice in autumn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jaxstable.data.checks import DataError, shortened
from jaxstable.data.kernels import kernels

ABBREVIATIONS = {  # hours before or after UTC
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "BRT": -3, "SAST": 2,
}  # fmt: skip


def in_utc(time: np.ndarray, zone: str, place: Callable[[int], str] = "row {}".format) -> np.ndarray:
    """Turn local time into UTC; of the hour that comes twice, the rows after the clock went back are the later ones.

    Args:
        time: [rows] datetime64, local, in the order of the file.
        zone: a name of the time zone database, such as "Europe/Berlin".
        place: names the place of a row, for messages.

    Returns:
        [rows] datetime64[us].

    Raises:
        DataError: no such zone, or a time that the clock of the zone skips in spring.

    Example:
        >>> local = np.array(["2024-10-27T02:30", "2024-10-27T02:00"], "M8[us]")
        >>> np.diff(in_utc(local, "Europe/Berlin"))
        array([1800000000], dtype='timedelta64[us]')
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
    found = first.copy()
    for row in np.flatnonzero(twice):
        # Rows in order: the first that does not come after the row above it is the first of the second hour.
        if row and first[row] <= found[row - 1]:
            found[row] = last[row]
    return found

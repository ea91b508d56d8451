"""What a person says of how a file or a frame is to be read."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import Any

from jaxstable.data.checks import DataError
from jaxstable.data.layout import Layout
from jaxstable.data.ragged import HOW
from jaxstable.data.tables import column_list
from jaxstable.phrases import listed, nearest, shortened


@dataclasses.dataclass(frozen=True)
class Reading:
    """What is known of a table; None where it is to be found out.

    Attributes:
        time: columns of the clock; several are joined by a blank.
        time_format: as in `read_clock`.
        environment, series: columns of labels.
        columns: the sensors, in order; or all but some, as "-flow".
        missing: texts that mean missing.
        decimal: decimal mark.
        layout: name of a layout, or one of your own.
        encoding: of the text.
        zone: where the clock hangs, such as "Europe/Berlin".
        sheet: name of the sheet of a workbook.
        ragged: what lines of another width than the header are: None refuses them, "missing" makes each a row
            without an entry, "short" takes the cells that a line lacks at its end for missing.
        codes: numbers that mean missing.
        without: columns that are left out.
    """

    time: Any = None
    time_format: str | None = None
    environment: str | None = None
    series: str | None = None
    columns: Sequence[str] | None = None
    missing: tuple[str, ...] = ()
    decimal: str | None = None
    layout: str | Layout | None = None
    encoding: str | None = None
    zone: str | None = None
    sheet: str | None = None
    ragged: str | None = None
    codes: tuple[Any, ...] = ()
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("environment", "series"):
            if not isinstance(column := getattr(self, field), Hashable):
                raise DataError(f"{field}={shortened(column)}: expected the name of one column")
        if self.ragged not in (None, *HOW):
            raise DataError(f"ragged={shortened(self.ragged)}: expected one of {', '.join(map(repr, HOW))}")
        object.__setattr__(self, "columns", column_list(self.columns))

    def of(self, present: Sequence[Any]) -> Reading:
        """Return the same of a table with these columns, where `columns` may name those that are left out.

        Example:
            >>> Reading(columns=["-flow"]).of(["flow", "level"]).without
            ('flow',)
        """
        asked = [
            name for name in self.columns or () if isinstance(name, str) and name[:1] == "-" and name not in present
        ]
        if not asked:
            return self
        if len(asked) < len(self.columns or ()):
            raise DataError(
                f"columns={shortened(self.columns)}: name those that are used, or each with a - that is not"
            )
        left_out = tuple(name[1:] for name in asked)
        if strange := [name for name in left_out if name not in present]:
            raise DataError(
                f"columns: {listed(strange)} not found in {listed(list(present), 20)}{nearest(strange[0], present)}"
            )
        return dataclasses.replace(self, columns=None, without=left_out)


ANYTHING = Reading()


def clock_columns(time: Any, present: Sequence[str]) -> tuple[str, ...] | None:
    """Return the columns that `time=` names: one, a list of them, or "Date,Time".

    Example:
        >>> clock_columns("Date,Time", ["Date", "Time", "flow"])
        ('Date', 'Time')
    """
    if time is None:
        return None
    if isinstance(time, str):
        return (time,) if time in present or "," not in time else tuple(part.strip() for part in time.split(","))
    if isinstance(time, (list, tuple)) and time and all(isinstance(part, str) for part in time):
        return tuple(time)
    raise DataError(f"time={shortened(time)}: expected the name of one column, or a list of names")

"""Tell a file of the long format, a row for each new value, that is read as if each column were a sensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jaxstable.data import columnnames
from jaxstable.data.cellkinds import is_dated
from jaxstable.data.checks import DataError

TAGS = frozenset({
    "tag", "tagname", "tag_name", "variable", "varname", "parameter", "metric", "metric_name", "sensor",
    "sensor_id", "sensorid", "signal", "channel", "entity_id", "nodeid", "node_id", "_field", "topic", "point",
    "pointname", "item", "itemid", "measurement", "attribute", "name", "series", "sensor_name", "register",
    "node", "param", "quantity", "tagid", "element", "datatype", "data_type", "characteristicname", "datapoint",
    "key", "property",
})  # fmt: skip
VALUES = (
    "_value", "value", "val", "varvalue", "reading", "state", "payload", "wert", "result", "v", "avg",
    "resultmeasurevalue", "val_num",
)  # fmt: skip


def refuse_long(cells: Mapping[str, Any], clock: tuple[str, ...]) -> None:
    """Refuse columns of which one names a tag and one holds its value; say how to read them.

    Args:
        cells: an arrow array of text for each column.
        clock: the columns of the clock, as far as they were found.
    """
    tag = next((name for name in cells if name.lower() in TAGS), None)
    held = {name.lower(): name for name in cells if cells[name].null_count < len(cells[name])}
    value = next((held[name] for name in VALUES if name in held), None)
    if tag is None or value is None or 3 * len(cells[tag].unique()) > len(cells[tag]):
        return
    time = clock[0] if clock else next((n for n in cells if columnnames.is_clock_name(n) or is_dated(cells[n])), None)
    if time is None:
        return
    raise DataError(
        f"column {tag!r} names what {value!r} is of, the long format of one row for each new value: read it with "
        f"Dataset.from_long(path, {time!r}, {tag!r}, {value!r}), on the command line --long '{time},{tag},{value}'"
    )

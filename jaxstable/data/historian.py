"""Put event-sampled tags, one row for each new value, on a common clock: the long format of historians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxstable.data.cellunits import without_unit
from jaxstable.data.checks import DataError
from jaxstable.data.events import Events, recordings_of
from jaxstable.data.kernels import kernels
from jaxstable.data.numerals import decimal_mark, to_numbers
from jaxstable.data.reading import ANYTHING, Reading
from jaxstable.data.recordings import joined, units_of
from jaxstable.data.regular import MAX_GAP, as_span, tick_of
from jaxstable.data.tables import Table
from jaxstable.phrases import counted, listed, nearest, shortened
from jaxstable.signals.spans import span_text

FEW = 10  # different whole numbers up to which a tag is a state
LADDER = np.array([1, 2, 5, 10, 15, 20, 30])  # of a second, of a minute; 1, 2, 3, 6, 12 hours, then days
STEPS = np.concatenate(
    [
        1e3 * np.outer([1, 10, 100], [1, 2, 5]).ravel(),
        1e6 * LADDER,
        6e7 * LADDER,
        36e8 * np.array([1, 2, 3, 6, 12]),
        [864e8],
    ]
)
EVEN = 0.8  # share of a tag's intervals near the usual one, above which it is sampled and not written on change
STALE = 5.0  # usual intervals without a row, after which a sampled tag is missing


def read_long(
    source: Any,
    time: str,
    name: str,
    value: str,
    asked: Reading = ANYTHING,
    *,
    step: Any = None,
    text: str | None = None,
) -> Table:
    """Read rows of (time, tag, value) into a table with one column for each tag.

    Args:
        source: a dataframe, a file, or several files, each a recording.
        time, name, value: the columns that hold them.
        asked: what is known of it; the tags to read are its columns, all by default.
        step: step of the common clock, such as "1s"; None takes the usual interval between rows of a measurement.
        text: what becomes of tags whose values are words: None leaves them out, "ordinal" numbers them in sorted
            order, "onehot" makes a column of 0 and 1 for each word.

    Returns:
        The table; each recording on whole multiples of the step.

    Raises:
        DataError: a column or a tag is not there, or nothing numeric is left.
    """
    if text not in (None, "ordinal", "onehot"):
        raise DataError(f"text={shortened(text)}: expected 'ordinal', 'onehot', or None to leave such tags out")
    recordings, notes = recordings_of(source, (time, name, value), asked)
    tags = sorted({tag for events in recordings for tag in events.tag.tolist()})
    asked = asked.of(tags)
    tags = [tag for tag in tags if tag not in asked.without]
    if asked.columns is not None:
        strange = [tag for tag in asked.columns if tag not in tags]
        if strange:
            raise DataError(
                f"columns: {listed(strange)} not among the tags {listed(tags, 20)}{nearest(strange[0], tags)}"
            )
        tags = list(asked.columns)
    decimal = asked.decimal or decimal_mark([events.value for events in recordings], ";")
    units = units_of([events.units for events in recordings], [events.label for events in recordings])
    numbers, words = _numbers(recordings, tags, asked.missing, text, decimal, units)
    if not numbers:
        raise DataError(f"no tag holds numbers: {listed(words, 8)} hold words; text='onehot' makes columns of them")
    empty = [tag for tag, parts in numbers.items() if all(np.isnan(part).all() for part in parts)]
    numbers = {tag: parts for tag, parts in numbers.items() if tag not in empty}
    if not numbers:
        raise DataError(f"no tag of {listed(tags, 8)} has a value")
    dated = recordings[0].dated
    states = {tag for tag, parts in numbers.items() if _is_state(np.concatenate(parts))}
    span = _step(recordings, numbers, states, step, dated)
    tables = [
        _on_clock(events, {tag: parts[i] for tag, parts in numbers.items()}, states, span)
        for i, events in enumerate(recordings)
    ]
    tick = 1.0 if dated else tick_of(time)
    shown = span_text(span * tick) if tick else f"{span:g}"
    notes += [
        (
            "layout",
            f"long format, {counted(sum(len(e.time) for e in recordings), 'row')} of {counted(len(tags), 'tag')}",
        ),
        (
            "common clock",
            f"a step of {shown}" + (" (as said)" if step is not None else ", the usual interval of a measurement"),
        ),
        (
            "values",
            "means within the step" + (f"; of {counted(len(states), 'state')} the last one held" if states else ""),
        ),
    ]
    if words:
        notes.append(
            ("columns left out", f"{counted(len(words), 'tag')} of words: {listed(words, 6)}; text='onehot' keeps them")
        )
    if empty:
        notes.append(("columns left out", f"{counted(len(empty), 'tag')} without a value: {listed(empty, 6)}"))
    table = joined(tables, [events.label for events in recordings]) if len(tables) > 1 else tables[0]
    return table._replace(
        tick=None if dated else tick,
        units={tag: unit for tag, unit in units.items() if tag in table.names},
        notes=[*notes, *[n for n in table.notes if n[0] in ("columns left out", "not in every file")]],
    )


def _numbers(
    recordings: Sequence[Events],
    tags: Sequence[str],
    missing: Sequence[str],
    text: str | None,
    decimal: str | None,
    units: dict[str, str],
) -> tuple[dict[str, list[np.ndarray]], list[str]]:
    """Return the values of each tag by recording, and the tags whose values are words; note units behind numbers."""
    import pyarrow as pa

    pc = kernels()
    found: dict[str, list[np.ndarray]] = {}
    words = []
    rows = [{tag: np.flatnonzero(events.tag == tag) for tag in tags} for events in recordings]
    for tag in tags:
        parts = [events.value.take(pa.array(mine[tag])) for events, mine in zip(recordings, rows, strict=True)]
        whole = pa.chunked_array(parts).combine_chunks()
        whole = whole.combine_chunks() if hasattr(whole, "combine_chunks") else whole
        whole, unit = without_unit(whole)
        if unit:
            units.setdefault(tag, unit)
        sizes = np.cumsum([len(part) for part in parts])[:-1]
        try:
            numbers = to_numbers(pc.fill_null(whole, ""), tag, "row {}".format, decimal, missing)[0]
        except DataError as error:
            _refuse_mixed(whole, tag, missing, error)
            if text is None:
                words.append(tag)
                continue
            kinds = sorted(kind for kind in pc.unique(whole).to_pylist() if kind)
            codes = pc.index_in(whole, pa.array(kinds)).to_numpy(zero_copy_only=False).astype(float)
            if text == "ordinal":
                found[tag] = np.split(codes, sizes)
            else:
                for i, kind in enumerate(kinds):
                    found[f"{tag}={kind}"] = np.split(np.where(np.isnan(codes), np.nan, codes == i), sizes)
            continue
        found[tag] = np.split(numbers, sizes)
    return found, words


def _refuse_mixed(cells: Any, tag: str, missing: Sequence[str], error: DataError) -> None:
    """Refuse a tag most of whose values are numbers, which a few words would otherwise make one of words."""
    pc = kernels()
    plain = pc.utf8_trim_whitespace(cells.drop_null())
    held = pc.match_substring_regex(plain, r"^[+-]?[\d.,]+(?:[eE][+-]?\d+)?$")
    other = [t for t in pc.unique(plain.filter(pc.invert(held))).to_pylist() if t and t not in missing]
    if 2 * pc.sum(held).as_py() < len(plain):
        return
    if not other or len(other) > 5:
        raise error
    shown = repr(other[0]) if len(other) == 1 else repr(other)
    raise DataError(
        f"tag {tag!r} holds numbers, and {counted(len(plain) - pc.sum(held).as_py(), 'time')} {shown}: if that stands "
        f"for missing, say missing={shown}; otherwise leave the tag out, columns={['-' + tag]!r}"
    ) from error


def _is_state(values: np.ndarray) -> bool:
    seen = values[~np.isnan(values)]
    return bool((seen == np.floor(seen)).all() and len(np.unique(seen)) <= FEW)


def _origin(tag: str, tags: np.ndarray) -> str:
    """Return the tag that a column of one word came from."""
    return tag if (tags == tag).any() or "=" not in tag else tag.rpartition("=")[0]


def _step(recordings: Sequence[Events], numbers: dict[str, Any], states: set[str], asked: Any, dated: bool) -> float:
    if asked is not None:
        return as_span(asked, "step", dated)
    usual: dict[bool, list[float]] = {True: [], False: []}
    for events in recordings:
        for tag in numbers:
            times = events.time[events.tag == _origin(tag, events.tag)]
            steps = np.diff(times)[np.diff(times) > 0]
            if len(steps) >= 5:
                usual[tag in states].append(float(np.median(steps)))
    found = usual[False] or usual[True]
    if not found:
        raise DataError("no tag has rows at six times, from which a step could be chosen: say step=, e.g. step='1s'")
    middle = float(np.median(found))
    if dated:
        return float(STEPS[np.argmin(np.abs(np.log(STEPS / middle)))])
    scale = 10.0 ** np.floor(np.log10(middle))
    return float(scale * min((1, 2, 5, 10), key=lambda k: abs(np.log(k * scale / middle))))


def _on_clock(events: Events, numbers: dict[str, np.ndarray], states: set[str], step: float) -> Table:
    """Return one recording on its clock; a tag is missing before its first row, and where a row says that it is.

    A row without any value says nothing. Where nothing was written for long, although most measurements are sampled
    evenly, the logger paused: those rows are left out.
    """
    bins = np.floor(events.time / step).astype(np.int64)
    used = bins[np.isin(events.tag, [_origin(tag, events.tag) for tag in numbers])]
    used = used if len(used) else bins
    start, count = int(used[0]), int(used[-1] - used[0]) + 1
    if count > 50_000_000:
        raise DataError(f"a step of {step:g} would make {count} rows: choose a longer one with step=")
    values = np.full((count, len(numbers)), np.nan)
    evens = []
    spoken = events.value.is_valid().to_numpy(zero_copy_only=False)
    for column, (tag, series) in enumerate(numbers.items()):
        rows = np.flatnonzero(events.tag == _origin(tag, events.tag))
        good = ~np.isnan(series)
        if not good.any():
            continue
        ended = np.zeros(count, bool)
        ended[bins[rows][spoken[rows]] - start] = ~good[spoken[rows]]  # of several rows in one step the last tells
        place, series = bins[rows][good] - start, series[good]
        if tag in states:
            values[place, column] = series  # of several in one step the last stays
            values[:, column] = _held(values[:, column], count, ended)
            continue
        total, number = np.bincount(place, series, count), np.bincount(place, minlength=count)
        values[:, column] = np.where(number > 0, total / np.maximum(number, 1), np.nan)
        steps = np.diff(events.time[rows][good])
        usual = float(np.median(steps)) if len(steps) else 0.0
        even = usual > 0 and (np.abs(steps - usual) <= 0.2 * usual).mean() >= EVEN
        evens += [column] if even else []
        values[:, column] = _held(values[:, column], int(np.ceil(STALE * usual / step)) if even else count, ended)
    time = np.arange(start, start + count) * step
    if 2 * len(evens) >= len(numbers) - len(states) and evens:
        kept = ~_pauses(np.all(np.isnan(values[:, evens]), axis=1), np.unique(used - start))
        values, time = values[kept], time[kept]
    return Table(values, tuple(numbers), time=time.astype(np.int64).astype("M8[us]") if events.dated else time)


def _pauses(silent: np.ndarray, written: np.ndarray) -> np.ndarray:
    """Return which rows lie in a long run of silent ones, in none of which anything was written."""
    run = np.cumsum(np.append(True, silent[1:] != silent[:-1])) - 1
    length, spoken = np.bincount(run), np.zeros(run[-1] + 1, dtype=bool)
    spoken[run[written]] = True
    return (length > MAX_GAP)[run] & silent & ~spoken[run]


def _held(values: np.ndarray, most: int, ended: np.ndarray) -> np.ndarray:
    """Carry each value over the steps without one, `most` of them at the longest, and not beyond one that ends it."""
    place = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, place))
    end = np.maximum.accumulate(np.where(ended, place, -1))
    age = place - last
    return np.where((last >= 0) & (age <= most) & ((age == 0) | (end < last)), values[last], np.nan)

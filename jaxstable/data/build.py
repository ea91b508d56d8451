"""Put a table into the shape of a data set: missing entries, order, gaps and recordings, checked and accounted for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jaxstable.data import checks, timeline
from jaxstable.data.checks import DataError
from jaxstable.data.clocks import read_clock
from jaxstable.data.columns import counts, extremes
from jaxstable.data.regular import MAX_GAP, Rows, as_span, filled, in_order, own_step, resampled, round_span, step_text
from jaxstable.data.standardize import BLOCK
from jaxstable.data.suspicions import warn_columns
from jaxstable.data.tables import Table
from jaxstable.data.truth import check_truth
from jaxstable.phrases import counted, listed, nearest, shortened
from jaxstable.signals.spans import span_text


@dataclasses.dataclass(frozen=True)
class Wish:
    """What is asked of a data set, whatever it is made from.

    Attributes:
        window, stride: steps, checked.
        truth: as `check_truth` takes it, or None.
        missing: numbers and texts that mean missing.
        units: unit by name, or one for each variable, or None.
        resample: step to average over, or None.
        max_gap: longest gap that is filled with NaN: steps, or a duration; None is the usual rule.
        part: the rows will join others: they may be few, and a variable may have no entry in them.
    """

    window: int
    stride: int
    truth: Any = None
    missing: Any = None
    units: Any = None
    resample: Any = None
    max_gap: Any = None
    part: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts among `missing`."""
        return tuple(code for code in _listed(self.missing) if isinstance(code, str))

    @property
    def codes(self) -> list[Any]:
        """The rest of `missing`."""
        return [code for code in _listed(self.missing) if not isinstance(code, str)]


def _listed(missing: Any) -> list[Any]:
    return [] if missing is None else np.atleast_1d(np.asarray(missing, dtype=object)).ravel().tolist()


def build(table: Table, mask: np.ndarray | None, wish: Wish) -> dict[str, Any]:
    """Return the fields of a data set.

    Args:
        table: owns its values, which are changed in place.
        mask: bool [rows, variables], True where observed; or None.
        wish: what is asked.

    Raises:
        DataError: anything that cannot be trained on, with the way out.
    """
    values, names, notes = table.values, table.names, list(table.notes)
    n_rows, n_vars = values.shape
    if n_vars < 2:
        found = f"the only variable is {names[0]!r}" if names else "there is no variable"
        said = "".join(f"; {what}: {how}" for what, how in notes if what in ("clock", "columns left out"))
        raise DataError(f"{found}: a graph needs at least two columns{said}")
    if not n_rows:
        raise DataError("the table has no rows")
    if mask is not None:
        if hidden := int(np.isnan(values[mask]).sum()):
            checks.warn(f"mask is 1 at {counted(hidden, 'place')} where values hold NaN: missing")
        np.copyto(values, np.nan, where=~mask)
    codes = checks.check_sentinels([*wish.codes, *table.codes])
    checks.mark_missing(values, codes, BLOCK)
    _refuse_infinite(values, names, table.place)
    series = np.zeros(n_rows, np.int32)
    if table.series is not None:
        series = timeline.encode(table.series, n_rows, "series")
    labels = table.environment
    if labels is not None:
        labels = timeline.encode(labels, n_rows, "environment")
    rows, gaps, step, longest, ends = _timed(table, Rows(values, np.zeros(0), series, labels), wish, notes)
    values, n_rows = rows.values, len(rows.values)
    joints = timeline.label_joints(rows.series, "series")
    low, high = extremes(values)
    pieces = np.flatnonzero(joints | gaps)
    if wish.part:
        checks.check_columns(np.nan_to_num(low, nan=0.0, posinf=np.inf, neginf=-np.inf), high, names)
    else:
        checks.check_columns(low, high, names)
        checks.check_length(np.diff(np.append(pieces, n_rows)), wish.window, n_vars, int(gaps.sum()), wish.stride)
        warn_columns(values, low, high, names, skip=table.overflowed)
    graph, lagged = (None, None) if wish.truth is None else check_truth(wish.truth, names)
    if graph is not None:
        notes.append(("true graph", _graph_text(graph)))
    observed = ~np.isnan(values)
    values.setflags(write=False)
    observed.setflags(write=False)
    units = _units(wish.units, table, names)
    stretches = f" in {counted(len(pieces), 'stretch').replace('stretchs', 'stretches')}" if gaps.any() else ""
    notes.append(("rows", f"{n_rows}{ends}"))
    notes.append(("recordings", f"{int(joints.sum())}{stretches}"))
    notes.append(("missing", _missing_text(observed, names, [*wish.texts, *codes])))
    if units:
        notes.append(("units", ", ".join(f"{name} {unit}" for name, unit in units.items())))
    return {
        "values": values,
        "mask": observed,
        "names": names,
        "series": np.cumsum(joints | gaps, dtype=np.int32) - np.int32(1),
        "environment": rows.environment,
        "truth": graph,
        "lagged_truth": lagged,
        "window": wish.window,
        "stride": wish.stride,
        "recording": np.cumsum(joints, dtype=np.int32)[pieces] - np.int32(1),
        "units": units,
        "longest_gap": longest,
        "step": step,
        "understood": notes,
    }


def _refuse_infinite(values: np.ndarray, names: tuple[str, ...], place: Callable[[int], str]) -> None:
    """Refuse infinite values, which an instrument writes beyond its range, with the place of the first."""
    infinite = np.isinf(values)
    if not infinite.any():
        return
    columns = np.flatnonzero(infinite.any(axis=0))
    first = int(columns[0])
    row = int(np.flatnonzero(infinite[:, first])[0])
    code = f"{values[row, first]:g}"
    raise DataError(
        f"infinite values in column {listed([names[i] for i in columns])}, first at {place(row)}: replace them "
        f"by NaN (= missing), e.g. values[~np.isfinite(values)] = np.nan, or say missing={code}"
    )


def _timed(
    table: Table, rows: Rows, wish: Wish, notes: list[tuple[str, str]]
) -> tuple[Rows, np.ndarray, str | None, float, str]:
    """Bring the rows onto their clock; return them with gaps, step, longest gap and the ends of the clock."""
    n_rows = len(rows.values)
    if table.time is None:
        if wish.resample is not None or wish.max_gap is not None:
            field = "resample" if wish.resample is not None else "max_gap"
            raise DataError(f"{field}= needs a clock: name its column with time=")
        if table.sortable:
            notes.append(("clock", "none: each row is one step"))
        return rows, np.zeros(n_rows, dtype=bool), None, 0.0, ""
    array = checks.as_array(table.time, "time")
    if array.shape != (n_rows,):
        raise DataError(f"time has shape {array.shape}: expected one entry for {n_rows} rows")
    time = read_clock(array, table.place).time
    dated = time.dtype.kind == "M"
    nanos = dated and np.datetime_data(time.dtype)[0] == "ns"
    per_micro = 1000 if nanos else 1
    ticks = time.astype("M8[ns]" if nanos else "M8[us]").astype(np.int64) if dated else time
    joints = timeline.joints_of(rows.series)
    rows = rows._replace(time=ticks)
    if dated:
        timeline.refuse_repeated_hour(time, joints, table.place)
    place = None if table.place == Table._field_defaults["place"] else table.place
    if table.sortable or wish.resample is not None:
        rows, order = in_order(rows, table.place)
        place = place if order is None else timeline.moved(table.place, order)
    if wish.resample is not None:
        step = as_span(wish.resample, "resample", dated) * (per_micro if dated else 1)
        notes.append(("resampled", f"to {wish.resample}, mean of the {n_rows} rows within each step"))
        rows = resampled(rows, step)
    joints = timeline.label_joints(rows.series, "series")
    inside = ~joints[1:]
    steps = np.diff(rows.time)[inside]
    onward = own_step(rows) or (60e6 * per_micro if dated else 1.0)
    span = repr(round_span(onward / per_micro)) if dated else f"{onward:g}"
    gaps = timeline.gap_joints(rows.time, joints, place, span)
    usual = float(np.median(steps)) if inside.any() else 0.0
    first, last = rows.time[0], rows.time[-1]
    most = _most_steps(wish.max_gap, usual, dated, per_micro)
    rows, added = filled(rows, most)
    if added:
        joints = timeline.label_joints(rows.series, "series")
        gaps = timeline.gap_joints(rows.time, joints)
        notes.append(
            (
                "skipped stamps",
                f"{counted(added, 'row')} of NaN put in; fewer than {most:g} stamps are skipped there",
            )
        )
    said = span_text if dated else "{:g}".format
    timeline.refuse_other_steps(rows.time, joints, lambda ticks: said(ticks / per_micro if dated else ticks))
    longest = timeline.longest_gap(rows.time, joints, gaps, span)
    if gaps.any():
        notes.append(
            (
                "pauses",
                f"{counted(int(gaps.sum()), 'pause')}, each starts a new series, the longest {longest:.4g} steps",
            )
        )
    shown = [_moment(time, nanos) if dated else f"{time:g}" for time in (first, last)]
    step = step_text(usual / per_micro) if dated and usual >= per_micro else None
    if not dated and table.tick and usual > 0:
        step = step_text(usual * table.tick)
    notes.append(("step", step or f"{usual:g}{' ns' if nanos else ''}"))
    return rows, gaps, step, longest, f", {shown[0]} to {shown[1]}"


def _moment(ticks: int, nanos: bool) -> str:
    """Write an instant without the zeros behind its second."""
    whole, _, rest = str(np.datetime64(int(ticks), "ns" if nanos else "us")).replace("T", " ").partition(".")
    return f"{whole}.{rest}".rstrip("0").rstrip(".")


def _most_steps(max_gap: Any, usual: float, dated: bool, per_micro: int) -> float:
    if max_gap is None:
        return MAX_GAP
    if isinstance(max_gap, (int, float, np.number)) and not isinstance(max_gap, bool) and max_gap >= 0:
        return float(max_gap)
    return as_span(max_gap, "max_gap", dated) * per_micro / usual if usual else MAX_GAP


def _units(given: Any, table: Table, names: tuple[str, ...]) -> dict[str, str] | None:
    """Return the units, those that are said over those found."""
    if given is None:
        return dict(table.units) or None
    if isinstance(given, Mapping):
        strange = [str(name) for name in given if name not in names]
        if strange:
            raise DataError(f"units: {listed(strange)} not among {listed(names, 20)}" + nearest(strange[0], names))
        said = {**table.units, **{str(name): unit for name, unit in given.items()}}
    elif checks.in_order(given) and hasattr(given, "__len__") and len(given) == len(names):
        said = dict(zip(names, list(given), strict=True))
    else:
        raise DataError(f"units={shortened(given)}: expected a unit by name, such as {{{names[0]!r}: 'degC'}}")
    found = {name: str(unit) for name, unit in said.items() if unit and unit == unit}
    if broken := [unit for unit in found.values() if checks.SURROGATE.search(unit)]:
        raise DataError(f"units: {broken[0]!a} is broken text (a lone surrogate), which no file can hold")
    return found


def _graph_text(graph: np.ndarray) -> str:
    """Say how many edges a true graph has, and that it may speak of some sensors only."""
    linked = int((graph | graph.T).any(axis=0).sum())
    rest = "; found edges of the others count as wrong, columns=[...] leaves them out" if linked < len(graph) else ""
    return f"{counted(int(graph.sum()), 'edge')} among {linked} of {len(graph)} sensors{rest}"


def _missing_text(observed: np.ndarray, names: tuple[str, ...], declared: list[Any]) -> str:
    gone = counts(~observed)
    shown = listed([f"{code:g}" if isinstance(code, float) else code for code in declared])
    if not gone.any():
        return "none" + (f" ({shown} declared)" if declared else "")
    worst = np.argsort(-gone, kind="stable")[:4]
    each = ", ".join(f"{gone[i]} of {names[i]}" for i in worst if gone[i])
    more = max(int(np.count_nonzero(gone)) - 4, 0)
    said = f", among them all that hold {shown}" if declared else ""
    rest = f" and {counted(more, 'column')} more" if more else ""
    return f"{int(gone.sum())} of {observed.size} entries ({each}{rest}){said}"

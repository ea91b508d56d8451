"""Warn of columns that look wrong: constant, a code for missing left in, an integer overflow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from jaxstable.data.checks import CLOCKS, warn
from jaxstable.data.columns import counts
from jaxstable.phrases import listed

MIN_SHARE = 0.01  # of the observed entries of a column
MIN_COUNT = 2
MIN_DISTINCT = 10  # below that a column is a switch or a state, and any extreme is ordinary
SAMPLE = 100_000
CODES = {200.0, 999.25, 6999.0, 7999.0, 9.96921e36, float(np.float32(9.96921e36))}  # and all that is written in nines
LIMITS = {
    float(limit): bits for bits in (16, 32, 64) for limit in (2**bits - 1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))
}


def warn_integers(columns: Iterable[np.ndarray], names: Sequence[str]) -> set[str]:
    """Warn of integers that overflowed or that float64 cannot hold; return their names.

    Three signs: the limit of the integer type itself (NaN cast to int64, -1 cast to uint16), steps
        of
    nearly the whole 16- or 32-bit range between otherwise slow values (a counter that wrapped), and
    magnitudes above 2^53.

    Args:
      columns: integer arrays [rows], one per name; other types are skipped.
      names: names of the columns.

    Returns:
      The names warned about.

    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):
    ...     sorted(warn_integers([np.array([5, 65535, 7], np.uint16)], ["flow"]))
    ['flow']
    """
    found: dict[str, list[str]] = {}
    for column, name in zip(columns, names, strict=True):
        if column.dtype.kind not in "iu" or not column.size:
            continue
        info = np.iinfo(column.dtype)
        low, high = int(column.min()), int(column.max())
        if info.bits >= 16 and (high == info.max or low == info.min < 0):
            found.setdefault(f"reaches the limit of {column.dtype}", []).append(name)
        elif max(abs(low), abs(high)) > 2**53:
            found.setdefault("holds integers above 2^53, inexact in float64", []).append(name)
        elif _wraps(column, low, high):
            found.setdefault("jumps by a whole 16- or 32-bit range", []).append(name)
    for sign, columns_found in found.items():
        warn(
            f"integer overflow? column {listed(columns_found)} {sign}: check the type it was "
            "stored in, unwrap counters, subtract large offsets, or declare the code with missing="
        )
    return {name for group in found.values() for name in group}


def _wraps(column: np.ndarray, low: int, high: int) -> bool:
    for bits in (16, 32):
        span = 2**bits
        inside = (low >= 0 and high < span) or (-span // 2 <= low and high < span // 2)
        if not inside or high - low < 0.9 * span:
            continue
        steps = np.abs(np.diff(column.astype(np.int64)))
        far = steps > span // 2
        if far.any() and not far.all() and steps[~far].max() < span // 8:
            return bool(far.mean() < 0.1 and len(np.unique(column[:SAMPLE])) >= MIN_DISTINCT)
    return False


def warn_columns(
    values: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    names: Sequence[str],
    skip: Collection[str] = (),
) -> None:
    """Warn of constant columns and of extreme values that look like a code for missing.

    An extreme value is suspicious if it repeats (in more than 1 % of the
    observed entries, or at least twice if it is one that loggers write for missing) and lies far
    outside the rest: further from the nearest other value than that value is from the 5 % quantile
    on its side and than a fifth of the 5-95 % range, and of the opposite sign to all others, or
    three times as large as any, or such a code. Zero is never suspicious (a pump that is off), nor
    is a column with fewer than ten other values (a switch), except for such a code of the other
    sign, nor one clipped at the end of its range (the nearest value is close).

    Args:
      values: float [rows, variables], NaN where missing.
      low: smallest observed value of each column.
      high: largest observed value of each column.
      names: names of the columns.
      skip: names already warned about as overflowed.
    """
    constant = [name for name, a, b in zip(names, low, high, strict=True) if a == b]
    if constant:
        one = len(constant) == 1
        warn(
            f"column {listed(constant)} is constant: it can have no edge; leave it out"
            if one
            else f"columns {listed(constant)} are constant: they can have no edge; leave them out"
        )
    for i, name in enumerate(names):
        if name.lower() in CLOCKS and (np.diff(values[:, i]) >= 0).all() and name not in constant:
            warn(f"column {name!r} never falls: if it is the time, say time={name!r}")
    codes: dict[float, list[str]] = {}
    limits: dict[float, list[str]] = {}
    for end in (low, high):
        repeats = _count(values, end)
        for i in np.flatnonzero((low != high) & (repeats > 0)).tolist():
            value = float(end[i])
            often = repeats[i] >= MIN_COUNT
            if value == 0.0 or names[i] in skip or not (often or value in LIMITS):
                continue
            column = values[:, i]
            share = repeats[i] / np.count_nonzero(~np.isnan(column))
            if value in LIMITS and _is_far(column, value, any_sign=True):
                limits.setdefault(value, []).append(names[i])
            elif often and (share > MIN_SHARE or _is_code(value)) and _is_far(column, value):
                codes.setdefault(value, []).append(names[i])
    for value, found in codes.items():
        warn(
            f"the value {value:g} repeats far outside the rest of column {listed(found)}: if it "
            f"stands for missing, pass missing={value:g}"
        )
    for value, found in limits.items():
        warn(
            f"integer overflow? {value:.0f}, a limit of {LIMITS[value]}-bit integers, lies far "
            f"outside the rest of column {listed(found)}: check the type it was stored in, or pass "
            f"missing={value:.0f}"
        )


def _count(values: np.ndarray, target: np.ndarray) -> np.ndarray:
    found = np.zeros(values.shape[1], dtype=np.int64)
    for first in range(0, len(values), SAMPLE):
        found += counts(values[first : first + SAMPLE] == target)
    return found


def _is_code(value: float) -> bool:
    """Tell the numbers that loggers write for missing, for which two readings are enough."""
    digits = f"{abs(value):.10g}".replace(".", "")
    return abs(value) in CODES or (len(digits) > 1 and set(digits) == {"9"})


def _is_far(column: np.ndarray, value: float, any_sign: bool = False) -> bool:
    rest = column[~np.isnan(column) & (column != value)].astype(np.float64)
    sample = rest[:: len(rest) // SAMPLE + 1]
    opposite = (rest >= 0).all() if value < 0 else (rest <= 0).all()
    nines = _is_code(value)
    if len(np.unique(sample)) < MIN_DISTINCT and not (nines and opposite and len(rest)):
        return False
    least = value < rest[0]
    nearest = rest.min() if least else rest.max()
    inner, outer = np.quantile(sample, (0.05, 0.95))
    tail = abs((inner if least else outer) - nearest)
    larger = abs(value) > 3 * np.abs(rest).max()
    far = abs(nearest - value) > max(tail, 0.2 * (outer - inner))
    return bool(far and (any_sign or opposite or larger or nines))

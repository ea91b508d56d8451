"""The fault matrix is whole: each of its rows has a test that carries `@pytest.mark.fault(row)`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

MATRIX = {
    1: "NaN without a mask: mask derived, count told",
    2: "NaN where the mask says observed: refused, or told with the count",
    3: "infinite values: refused by column; under a mask of 0 they are missing",
    4: "a column without a reading, also in the training rows only: refused by name",
    5: "a constant column: warning and finding",
    6: "a batch or window without a reading: loss and gradients finite",
    7: "integers above 2^53: held exactly, or told",
    8: "an offset of 1e6 over a deviation of .001: the same graph",
    9: "object columns, numbers as text: refused by column and row",
    10: "values of another rank: refused",
    11: "a mask of another shape: refused",
    12: "a mask of other values: refused",
    13: "a sentinel that was not declared: told, never masked",
    14: "units of 1e±12, 1e±30, 1e±200: the same graph, or refused by column",
    15: "a batch larger than the data: trains",
    16: "too few rows: refused with the way out",
    17: "no validation window: refused with the way out",
    18: "a single variable: refused with the way out",
    19: "2,000 variables: time and memory estimated before the work, and an end",
    20: "names that are given twice: refused",
    21: "odd names: escaped everywhere, or refused at the door",
    22: "time backwards, repeated or unknown: refused by row",
    23: "time zones and daylight saving: right hours, the repeated hour named",
    24: "irregular spacing: gaps seen, resampling offered",
    25: "a truth of other shape, names or order: matched by name, or refused",
    26: "a truth with loops or with cycles in lag 0: refused",
    27: "config: negative and out of range: refused by field",
    28: "config: NaN and infinite: refused by field",
    29: "config: unknown key, text for a number: refused by field",
    30: "config: a key given twice: refused by field",
    31: "one lane diverges: its neighbours keep their bits",
    32: "all lanes diverge: report, exit code 1",
    33: "a metric of NaN: never best, and a finding",
    34: "1,000 lanes in chunks: all there, the same numbers in every chunking",
    35: "kill -9 in an epoch: resumed to the same bytes, nothing left over",
    36: "kill -9 in a save: resumed to the same bytes, nothing left over",
    37: "SIGINT in every stage of every command: message, 130, everything saved that is saved",
    38: "SIGTERM in every stage of every command: message, 143, everything saved that is saved",
    39: "disk full: no half file, lock free, RunDirectoryError",
    40: "a target that cannot be written: told before the work",
    41: "two runs in one directory: the second refused",
    42: "bit flips and truncation: named, never silently wrong",
    43: "another config or model on resume: refused, the field named",
    44: "files of another version: refused by name",
    45: "another number of devices on resume: the same bits",
    46: "hostile files: refused in a second, in one line",
    47: "data changed before resume: refused",
    48: "threads, processes, fork, notebooks, -W error, x64, debug_nans, ascii consoles, closed pipes",
}
PENDING: set[int] = set()  # rows without a test so far; this must shrink to nothing


def marked(source: str) -> set[int]:
    """The rows that the tests of a file are marked with, as decorator or on a parameter."""
    return {
        row.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "fault"
        for row in node.args
        if isinstance(row, ast.Constant) and isinstance(row.value, int)
    }


COVERED = set().union(*(marked(path.read_text()) for path in Path(__file__).parent.glob("test_*.py")))


def test_the_marker_is_read_from_decorators_and_parameters():
    source = """
@pytest.mark.fault(3)
@pytest.mark.fault(4, 5)
def test_a(): ...
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.fault(9))])
def test_b(x): ...
"""
    assert marked(source) == {3, 4, 5, 9}


def test_every_mark_is_a_row():
    assert set(MATRIX) == set(range(1, 49))
    assert set(MATRIX) >= COVERED | PENDING


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: f"{row}: {MATRIX[row]}")
def test_every_row_has_a_test(row):
    if row in PENDING:
        assert row not in COVERED, f"row {row} has a test now: take it out of PENDING"
        pytest.skip("no test so far")
    assert row in COVERED

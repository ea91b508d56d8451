"""Lines with more or fewer cells than the header, and ARFF files."""

from __future__ import annotations

import numpy as np
import pytest
from loggerfiles import BOTH, HOUR, HOURS, body, check, check_case, stamp

from jaxstable.cli import main
from jaxstable.data.dataset import Dataset

HEAD = "time,Flow,Temp\n"
LINES = body().splitlines(keepends=True)
BARE = [line.split(",", 1)[1] for line in LINES]


def changed(lines, **new):
    return "".join(new.get(f"line{i}", line) for i, line in enumerate(lines))


def lacking(*rows, column=slice(None)):
    values = BOTH.copy()
    values[list(rows), column] = np.nan
    return values


TORN = HEAD + changed(LINES, line4="2024-03-04T04:00,1\n", line9="2024-03-04T09:00,1,2,3\n")
SHORT = HEAD + changed(LINES, line4=LINES[4].rsplit(",", 1)[0] + "\n", line6=LINES[6].split(",")[0] + "\n")
MISSING = {"ragged": "missing"}
CASES = {
    "refused": (TORN, {}, {"error": r"line 6 has 2 fields, the header 3: mend the line, or .*'missing', or .*'short'"}),
    "longer, refused": (
        HEAD + changed(LINES, line9="2024-03-04T09:00,1,2,3\n"),
        {},
        {"error": r"line 11 has 4 fields, the header 3: mend the line, or .*ragged='missing'$"},
    ),
    "missing": (TORN, MISSING, HOUR | {"values": lacking(4, 9), "series": 1}),
    "missing without a clock": (
        "Flow,Temp\n" + changed(BARE, line4="1\n", line9="1,2,3\n"),
        MISSING,
        {"values": lacking(4, 9)},
    ),
    "torn at the end": (HEAD + "".join(LINES) + "2024-03-06T12:0", MISSING, HOUR),
    "words among the rows": (HEAD + changed(LINES, line3=LINES[3] + "LOG STOPPED\nLOG STARTED\n"), MISSING, HOUR),
    "short": (
        SHORT,
        {"ragged": "short"},
        HOUR | {"values": np.where(np.arange(60)[:, None] == 6, np.nan, lacking(4, column=1))},
    ),
    "short, but longer": (TORN, {"ragged": "short"}, {"error": "line 11 has 4 fields, the header 3"}),
    "quoted decimal commas": (
        HEAD
        + "".join(f'{line[:16]},"{a}","{b}"\n'.replace(".", ",") for line, (a, b) in zip(LINES, BOTH, strict=True))
        + '2024-03-06T12:00,"1,5"\n',
        {"ragged": "short"},
        {"rows": 61, "missing": 1, "names": HOUR["names"]},
    ),
    "another word": (TORN, {"ragged": "drop"}, {"error": r"ragged='drop': expected one of 'missing', 'short'"}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_ragged(case, tmp_path):
    text, how, expected = CASES[case]
    (tmp_path / "a.csv").write_text(text)
    check_case(Dataset.from_file, tmp_path / "a.csv", how, expected)


def test_what_the_refusal_advises_works_from_the_command_line(tmp_path, capsys):
    (tmp_path / "a.csv").write_text(TORN)
    assert main(["check", str(tmp_path / "a.csv")]) == 2
    assert "--ragged missing" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "a.csv"), "--ragged", "missing"]) == 0
    assert "2 lines, the first line 6: each a row without an entry" in " ".join(capsys.readouterr().out.split())


def test_ragged_lines_of_the_long_format(tmp_path):
    rows = [f"{t},{name},{row[i]}\n" for t, row in zip(HOURS, BOTH, strict=True) for i, name in enumerate("ab")]
    (tmp_path / "long.csv").write_text("t,tag,v\n" + "".join(rows[:7]) + "2024-03-04T04:30,a\n" + "".join(rows[7:]))
    data = Dataset.from_long(tmp_path / "long.csv", "t", "tag", "v", step="1h", ragged="missing")
    np.testing.assert_allclose(data.values, BOTH)


def test_the_long_format_takes_a_decimal_mark(tmp_path):
    rows = [f"{t};{name};1,{200 + i % 7}\n" for i, t in enumerate(HOURS) for name in "ab"]
    (tmp_path / "long.csv").write_text("t;tag;v\n" + "".join(rows))
    read = Dataset.from_long(tmp_path / "long.csv", "t", "tag", "v", step="1h", decimal=",")
    np.testing.assert_allclose(read.values[:3, 0], [1.2, 1.201, 1.202])
    read = Dataset.from_long(tmp_path / "long.csv", "t", "tag", "v", step="1h", decimal=".")
    np.testing.assert_allclose(read.values[:3, 0], [1200, 1201, 1202])


ARFF = """% 1. Title: a plant
@RELATION 'plant 7'

@attribute time date "yyyy-MM-dd HH:mm:ss"
@ATTRIBUTE 'Flow [m3/h]' NUMERIC % of the feed
@attribute Temp real
@attribute state {'on', off, idle}
@attribute note string

@DATA
% one row an hour
"""
WEKA = [
    f'"{t}",{a},{b},{"off" if a > 20 else "idle"},?' for t, (a, b) in zip(stamp("%Y-%m-%d %H:%M:%S"), BOTH, strict=True)
]
RELATIONS = {
    "arff": (ARFF + "\n".join(WEKA) + "\n", HOUR | {"units": {"Flow": "m3/h"}}),
    "question marks": (
        ARFF + "\n".join([*WEKA[:3], '"2024-03-04 03:00:00",?,?,on,?', *WEKA[4:]]),
        HOUR | {"values": lacking(3)},
    ),
    "no clock, switches": (
        "@relation p\n@attribute a numeric\n@attribute b integer\n@attribute pump {0,1}\n@data\n"
        + "".join(f"{a},{i * 7 % 5},{i % 2}\n" for i, a in enumerate(BOTH[:, 0])),
        {"names": ("a", "b", "pump"), "row": [BOTH[0, 0], 0.0, 0.0]},
    ),
    "days first": (
        ARFF.replace("yyyy-MM-dd HH:mm:ss", "dd.MM.yyyy HH:mm")
        + "\n".join(f'"{t}",{a},{b},on,?' for t, (a, b) in zip(stamp("%d.%m.%Y %H:%M"), BOTH, strict=True)),
        HOUR,
    ),
    "sparse": (ARFF + "{1 5, 2 7}\n{2 6}\n", {"error": "holds sparse ARFF"}),
    "without data": ("@relation p\n@attribute a numeric\n@attribute b numeric\n", {"error": "above a line @data"}),
}


@pytest.mark.parametrize("case", RELATIONS)
def test_arff(case, tmp_path):
    text, expected = RELATIONS[case]
    (tmp_path / "a.arff").write_text(text)
    check_case(Dataset.from_file, tmp_path / "a.arff", {}, expected)


def test_words_of_arff_are_left_out_with_the_reason(tmp_path):
    (tmp_path / "a.arff").write_text(ARFF + "\n".join(WEKA))
    data = Dataset.from_file(tmp_path / "a.arff")
    check(data, HOUR)
    told = dict(data.understood)
    assert told["layout"] == "arff (by its first lines)"
    assert "state" in told["columns left out"]
    labelled = Dataset.from_file(tmp_path / "a.arff", environment="state")
    assert labelled.environment is not None
    assert set(labelled.environment.tolist()) == {0, 1}

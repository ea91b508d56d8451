"""The long format: states are held, measurements averaged, what is stale is missing; the lathe is read whole."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jaxstable.cli import main
from jaxstable.data.checks import DataError
from jaxstable.data.dataset import Dataset

pd = pytest.importorskip("pandas")


def events():
    """A valve that changes now and then, a pressure written at uneven times, a level read every 10 s, a word."""
    rng = np.random.default_rng(0)
    rows = [
        (0.0, "valve", "False"),
        (31.4, "valve", "True"),
        (77.0, "valve", "False"),
        (0.0, "mode", "idle"),
        (50.0, "mode", "run"),
    ]
    rows += [(float(t), "level", f"{t / 100}") for t in range(0, 200, 10) if not 80 < t < 150]
    rows += [
        (float(t), "pressure", f"{v:.3f}")
        for t, v in zip(np.cumsum(rng.exponential(4, 45)), rng.normal(size=45), strict=True)
    ]
    return pd.DataFrame(sorted(rows), columns=["t", "tag", "v"])


def read(**how):
    return Dataset.from_long(events(), time="t", name="tag", value="v", **{"step": 5, "window": 5, **how})


def test_states_hold_their_last_value():
    data = read()
    assert data.names == ("level", "pressure", "valve")
    valve = data.values[:, 2]
    seconds = 5 * np.arange(len(data))
    np.testing.assert_array_equal(valve, (seconds + 5 > 31.4) & (seconds + 5 <= 77.0 - 1e-9) | (seconds == 75) * 0)


def test_measurements_are_means_within_a_step_and_an_even_one_goes_stale():
    frame, data = events(), read()
    pressure = frame[frame.tag == "pressure"]
    for step in (pressure.t // 5).unique().astype(int):
        inside = pressure[pressure.t // 5 == step].v.astype(float)
        assert data.values[step, 1] == pytest.approx(inside.mean())
    level = data.values[:, 0]
    assert level[0] == 0.0
    assert level[1] == 0.0  # held between two readings
    longer = read(step=1).values[:, 0]
    assert np.isnan(longer[140])
    assert longer[125] == 0.8


def test_words_are_left_out_or_asked_for():
    assert "1 tag of words: 'mode'" in dict(read().understood)["columns left out"]
    assert read(text="ordinal").names == ("level", "mode", "pressure", "valve")
    names = read(text="onehot").names
    assert {"mode=idle", "mode=run"} <= set(names)
    idle = read(text="onehot").values[:, names.index("mode=idle")]
    np.testing.assert_array_equal(idle[[0, 9, 10]], [1, 1, 0])
    with pytest.raises(DataError, match="text='words': expected 'ordinal'"):
        read(text="words")


def test_tags_are_left_out_by_a_minus():
    assert read(columns=["-level"]).names == tuple(name for name in read().names if name != "level")


def test_a_step_is_chosen_and_said():
    data = read(step=None)
    assert dict(data.understood)["common clock"].startswith("a step of ")
    dated = events()
    dated["t"] = pd.Timestamp("2024-03-01") + pd.to_timedelta(dated.t, unit="s")
    hours = Dataset.from_long(dated, time="t", name="tag", value="v", step="5s", window=5)
    assert hours.step == "5 s"
    np.testing.assert_array_equal(hours.values, read().values)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"name": "node"}, "'node' is not a column: there are 't', 'tag', 'v'"),
        ({"columns": ["level", "presure"]}, "did you mean 'pressure'"),
        ({"value": 5}, "value=5: expected the name of one column"),
        ({"step": "5 parsecs"}, "step='5 parsecs': expected a number in the unit of the time column"),
        ({"columns": ["mode"]}, "no tag holds numbers: 'mode' hold words; text='onehot'"),
    ],
)
def test_refused(how, message):
    with pytest.raises(DataError, match=message):
        Dataset.from_long(events(), **{"time": "t", "name": "tag", "value": "v", "step": 5, "window": 5, **how})


@pytest.mark.filterwarnings("ignore::jaxstable.data.checks.DataWarning")
def test_the_lathe_by_command_line_alone(shared, capsys):
    folder = shared / "data" / "lathe"
    files = sorted(map(str, folder.glob("hydraulics_fault*.csv")))
    long = ["--long", "time_s,node,value", "--truth", str(folder / "hydraulics_edges.csv")]
    assert main(["check", *files, *long, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(files) == 12
    assert (told["series"], told["true_edges"]) == (12, 18)
    assert {"Hyd_Pressure", "Hyd_Pump_On"} <= set(told["variables"])
    assert not {"Prog_Name", "T_ActToolIdent"} & set(told["variables"])
    how = {row["what"]: row["how"] for row in told["understood"]}
    assert how["recordings"] == "12"


def test_check_shows_what_train_and_discover_would_read(tmp_path, capsys):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 3))
    values[:, 2] = values[:, 0]
    values[77, 1] = 1000.0
    text = "time;flow [m3/h];temp;twin\n" + "".join(
        f"{stamp};{a:.4f};{b:.4f};{c:.4f}\n".replace(".", ",")
        for stamp, (a, b, c) in zip(pd.date_range("2024-03-01", periods=200, freq="h"), values, strict=True)
    )
    (tmp_path / "a.csv").write_text(text)
    assert main(["check", str(tmp_path / "a.csv")]) == 0
    out = capsys.readouterr().out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for words in ("delimiter semicolon", "decimal mark comma", "step 1 h", "units flow m3/h"):
        assert words in lines
    text = " ".join(out.split())  # whatever width the terminal has
    assert "temp reads 1000 in row 77" in text
    assert "correlate above 0.999: flow and twin" in text
    assert main(["check", str(tmp_path / "a.csv"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {finding["code"] for finding in told["findings"]} >= {"spikes", "duplicated_sensors"}
    assert told["units"] == {"flow": "m3/h"}


@pytest.mark.filterwarnings("error")
def test_a_reading_that_a_row_calls_missing_or_bad_is_not_held(tmp_path):
    told = [
        f"2024-03-04 {h:02}:00,{tag},{h if h not in (5, 6) else 'unavailable'}\n" for tag in "ab" for h in range(24)
    ]
    (tmp_path / "a.csv").write_text("time,tag,value\n" + "".join(told))  # each tag in its order: nothing is sorted
    with pytest.raises(DataError, match=r"2 times 'unavailable'.*say missing='unavailable'"):
        Dataset.from_long(tmp_path / "a.csv", "time", "tag", "value")
    data = Dataset.from_long(tmp_path / "a.csv", "time", "tag", "value", missing="unavailable", window=4)
    assert np.flatnonzero(~data.mask[:, 0]).tolist() == [5, 6]
    rated = [f"2024-03-04 {h:02}:00,{tag},{h},{192 if h != 7 else 24}\n" for tag in "ab" for h in range(24)]
    (tmp_path / "b.csv").write_text("time,tag,value,QualityDetail\n" + "".join(rated))
    bad = Dataset.from_long(tmp_path / "b.csv", "time", "tag", "value", window=4)
    assert np.flatnonzero(~bad.mask[:, 0]).tolist() == [7]


def test_a_tag_without_a_value_does_not_lengthen_the_clock(tmp_path):
    rows = [f"2024-03-04 {h:02}:00,{tag},{h + 0.5}\n" for h in range(20) for tag in "ab"]
    (tmp_path / "a.csv").write_text("time,tag,value\n" + "".join(rows) + "2024-03-05 00:00,end,\n")
    assert Dataset.from_long(tmp_path / "a.csv", "time", "tag", "value", window=4).n_rows == 20


def test_names_of_machines_that_take_turns_are_refused_with_a_way_out_that_works(tmp_path):
    rows = [f"2024-03-04 {h:02}:00,press {m},{h % 7 + 0.5},{h % 5 + 0.5}\n" for h in range(24) for m in "AB"]
    (tmp_path / "a.csv").write_text("time,machine,flow,temp\n" + "".join(rows))
    with pytest.raises(DataError, match=r"'machine' tells 2 recordings apart, .* say series='machine'"):
        Dataset.from_file(tmp_path / "a.csv", window=4)
    with pytest.warns(UserWarning, match="sorted by series"):
        assert Dataset.from_file(tmp_path / "a.csv", window=4, series="machine").n_series == 2


def test_a_pause_of_the_logger_starts_a_new_series():
    day = pd.concat(
        pd.DataFrame(
            {"t": pd.Timestamp(f"2024-03-0{i} 06:00") + pd.to_timedelta(10 * np.arange(360), unit="s"), "tag": "level"}
        )
        for i in (4, 5)
    )
    day["v"] = np.sin(np.arange(720) / 9).astype(str)
    pump = day.iloc[::50].assign(tag="pump", v=lambda frame: np.arange(len(frame)) % 2)
    frame = pd.concat([day, pump]).sort_values("t")
    data = Dataset.from_long(frame, "t", "tag", "v")
    assert (data.step, data.n_series, data.missing_share) == ("10 s", 2, 0.0)
    assert 720 <= data.n_rows <= 740
    assert dict(data.understood)["pauses"].startswith("1 pause, each starts a new series")
    rare = frame[(frame.tag == "pump") | (frame.t < "2024-03-05")]  # another tag goes on: no pause
    assert Dataset.from_long(rare, "t", "tag", "v").n_series == 1


def test_check_tells_a_script_everything_in_numbers(tmp_path, capsys):
    rng = np.random.default_rng(0)
    level = np.append(np.nan, rng.normal(20.0, 3.0, 299).round(4))
    frame = pd.DataFrame({"level [m]": level, "twin": 2 * level, "pump": ["on", "off", "on"] * 100})
    frame.loc[77, "twin"] = 9000.0  # a glitch hides no twin
    frame.insert(0, "time", pd.date_range("2024-03-01", periods=300, freq="h"))
    frame.drop(index=range(200, 220)).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "truth.csv").write_text("cause,effect\npump,level\n")
    how = [str(tmp_path / "a.csv"), "--truth", str(tmp_path / "truth.csv")]
    assert main(["check", *how, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    level = frame["level [m]"].drop(index=range(200, 220))
    assert told["sensors"][0] == {
        "sensor": "level",
        "unit": "m",
        "readings": 279,
        "missing": 1,
        "first_row": None,
        "last_row": pytest.approx(level.iloc[-1]),
        "least": pytest.approx(level.min()),
        "mean": pytest.approx(level.mean()),
        "largest": pytest.approx(level.max()),
        "deviation": pytest.approx(level.std(ddof=0)),
    }
    assert (told["recordings"], told["series"], told["longest_gap_steps"], told["step"]) == (1, 2, 21.0, "1 h")
    assert "duplicated_sensors" in {finding["code"] for finding in told["findings"]}
    assert main(["check", *how]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "280 rows of 3 sensors, 0.2 % missing; the true graph has 1 edge" in text
    assert "true graph 1 edge among 2 of 3 sensors; found edges of the others count as wrong, --columns A,B,..." in text
    assert "sensor unit readings first row last row least mean largest deviation" in text


@pytest.mark.parametrize("unix", [False, True])
@pytest.mark.filterwarnings("ignore:time. the rows were sorted")
def test_numbers_of_tags_and_of_machines_that_take_turns_are_refused_with_a_way_out_that_works(unix, tmp_path):
    start, rng = pd.Timestamp("2024-03-01"), np.random.default_rng(0)
    times = [start + pd.Timedelta(seconds=10 * i) for i in range(60) for _ in (17, 23)]
    told = [int(t.timestamp()) if unix else t.isoformat() for t in times]
    frame = pd.DataFrame({"ts": told, "id": [17, 23] * 60, "val": rng.normal(size=120).round(3)})
    frame.to_csv(tmp_path / "long.csv", index=False)
    with pytest.raises(DataError, match=r"from_long\(path, 'ts', 'id', 'val'\)"):
        Dataset.from_file(tmp_path / "long.csv")
    assert Dataset.from_long(tmp_path / "long.csv", "ts", "id", "val", window=5).names == ("17", "23")
    both = frame.rename(columns={"val": "flow", "id": "dev"}).assign(level=rng.normal(size=120).round(3))
    both.to_csv(tmp_path / "wide.csv", index=False)
    said = "time='ts', series='dev'" if unix else "series='dev'"
    for read, source in ((Dataset.from_file, tmp_path / "wide.csv"), (Dataset.from_dataframe, both)):
        with pytest.raises(DataError, match=f"'dev' tells 2 recordings apart.*say {said}; or"):
            read(source)
        data = read(source, time="ts", series="dev")
        assert (data.names, data.n_series, data.step) == (("flow", "level"), 2, "10 s")

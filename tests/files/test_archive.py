"""What a result leaves comes back whole, or is refused by name: damaged, hostile, of another version or kind."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile

import numpy as np
import pytest

from jaxstable import __version__
from jaxstable.files import archive as store
from jaxstable.files.archive import Archive, check_shapes
from jaxstable.files.arrays import unpack
from jaxstable.files.directory import RunDirectoryError, write_atomic
from jaxstable.files.kinds import FORMAT, KINDS, kind_of

NAMES = np.array(["a", "ä→"])
ARCHIVES = {
    "train": Archive(
        "train",
        {"names": NAMES, "adjacency": np.eye(2, dtype=np.float32), "params/w": np.zeros((0, 3)), "threshold": 0.5},
        {"config": {"preset": "stable", "seed": 1}, "summary": {"total_time": 1.25, "loss": float("nan")}},
        {"log": [{"epoch": 1, "loss": 0.1}, {"epoch": 2, "loss": 1e-300}]},
        {"graph": "<graphml/>"},
    ),
    "sweep": Archive(
        "sweep",
        {"names": NAMES, "status": np.array(["FINISHED"])},
        {"config": {"lanes": [{"preset": "stable"}]}, "summary": {"lanes": 1}},
        {"log": [{"lane": 0, "epoch": 1}], "table": [{"lane": 0, "status": "FINISHED"}]},
        {},
    ),
    "discovery": Archive(
        "discovery", {"names": NAMES, "strength": np.ones((1, 2, 2))}, {"summary": {"chosen": {}}}, {}, {"edges": "a,b"}
    ),
}


@pytest.fixture(params=ARCHIVES)
def archive(request):
    return ARCHIVES[request.param]


@pytest.fixture
def saved(archive, tmp_path):
    return store.save(tmp_path / "run", archive)


def snapshot(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def stamp_of(directory):
    path = next(path for path in directory.glob("*.json") if "checksums" in path.read_text())
    return path, json.loads(path.read_text())


def test_round_trip(archive, saved):
    again = store.load(saved)
    assert again.kind == kind_of(saved) == archive.kind
    assert set(again.arrays) == set(archive.arrays)
    for name, array in archive.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], array)
        assert again.arrays[name].dtype == np.asarray(array).dtype
    assert again.lines == archive.lines
    expected = {role: dict(document) for role, document in archive.documents.items()}
    if archive.kind == "train":
        expected["summary"]["loss"] = None  # strict JSON has no NaN
    assert again.documents == expected


def test_the_stamp_names_format_version_and_kind(archive, saved):
    _, stamp = stamp_of(saved)
    assert (stamp["format"], stamp["version"], stamp["kind"]) == (FORMAT, __version__, archive.kind)
    assert set(stamp["checksums"]) | {KINDS[archive.kind].texts[role] for role in archive.texts} == set(snapshot(saved))


def test_every_file_is_owned_by_its_kind(archive, saved):
    owned = {path.name for pattern in KINDS[archive.kind].owned for path in saved.glob(pattern)}
    assert owned == set(snapshot(saved))


def test_saving_the_same_again_touches_nothing(archive, saved):
    before = {path.name: path.stat().st_ino for path in saved.iterdir()}
    store.save(saved, archive)
    assert {path.name: path.stat().st_ino for path in saved.iterdir()} == before


def test_every_flipped_bit_is_named(archive, saved):
    rng, whole = np.random.default_rng(0), snapshot(saved)
    texts = {KINDS[archive.kind].texts[role] for role in archive.texts}
    for name in set(whole) - texts:
        for position in rng.integers(len(whole[name]), size=60):
            damaged = bytearray(whole[name])
            damaged[position] ^= 1 << rng.integers(8)
            (saved / name).write_bytes(damaged)
            try:
                again = store.load(saved)
            except RunDirectoryError as error:
                assert str(saved) in str(error)  # noqa: PT017 - both outcomes are right
            else:  # a line that is none any more is left out, or white space between the values has changed
                lines = [record for role in again.lines for record in again.lines[role]]
                assert all(record in [*archive.lines[role]] for role in again.lines for record in again.lines[role])
                assert len(lines) >= sum(map(len, archive.lines.values())) - 2
                for key, array in archive.arrays.items():
                    np.testing.assert_array_equal(again.arrays[key], array)
        (saved / name).write_bytes(whole[name])


def test_files_of_two_savings_never_mix_silently(archive, tmp_path):
    other = archive._replace(arrays={**archive.arrays, "names": np.array(["c", "d"])})
    one, two = store.save(tmp_path / "one", archive), store.save(tmp_path / "two", other)
    name = KINDS[archive.kind].arrays
    (one / name).write_bytes((two / name).read_bytes())
    with pytest.raises(RunDirectoryError, match=f"{name} is damaged"):
        store.load(one)


def test_a_missing_file_is_named_with_the_way_out(archive, saved):
    texts = {KINDS[archive.kind].texts[role] for role in archive.texts}
    for name, content in snapshot(saved).items():
        if name in texts:
            continue
        (saved / name).unlink()
        with pytest.raises(RunDirectoryError, match=r"jaxstable resume|run discover again|does not exist|holds no"):
            store.load(saved)
        (saved / name).write_bytes(content)
    assert store.load(saved).kind == archive.kind


@pytest.mark.parametrize(("field", "value"), [("format", FORMAT + 1), ("format", "2"), ("format", None), ("format", 0)])
def test_another_format_is_refused_by_name(saved, field, value):
    path, stamp = stamp_of(saved)
    path.write_text(json.dumps({**stamp, field: value, "version": "9.9.9"}))
    with pytest.raises(RunDirectoryError, match=rf"{path.name} is of format .*9\.9\.9.*reads formats 1 to {FORMAT}"):
        store.load(saved)


def test_the_first_release_is_read(archive, saved):
    path, stamp = stamp_of(saved)
    bare = {key: value for key, value in stamp.items() if key not in store.STAMP}
    path.write_text(json.dumps(bare))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **archive.arrays)
    (saved / KINDS[archive.kind].arrays).write_bytes(buffer.getvalue())
    again = store.load(saved)
    np.testing.assert_array_equal(again.arrays["names"], NAMES)
    assert set(again.arrays) == set(archive.arrays)


@pytest.mark.parametrize("other", ARCHIVES)
def test_one_directory_holds_one_kind(archive, saved, other):
    before = snapshot(saved)
    if other == archive.kind:
        store.save(saved, ARCHIVES[other])
    else:
        with pytest.raises(RunDirectoryError, match="holds another run"):
            store.save(saved, ARCHIVES[other])
    assert snapshot(saved) == before


def test_a_directory_with_a_checkpoint_takes_no_other_result(archive, saved):
    (saved / ("checkpoint-0.npz" if archive.kind == "sweep" else "checkpoint.npz")).write_bytes(b"state")
    with pytest.raises(RunDirectoryError, match="holds another run"):
        store.save(saved, archive)
    store.save(saved, archive, own=saved)


def test_two_kinds_in_one_directory_are_named(tmp_path):
    store.save(tmp_path, ARCHIVES["discovery"])
    for path in store.save(tmp_path / "run", ARCHIVES["train"]).iterdir():
        path.rename(tmp_path / path.name)
    with pytest.raises(RunDirectoryError, match="holds a run and a discovery"):
        store.load(tmp_path)


def test_threads_may_save_into_one_directory(archive, tmp_path):
    failed = []

    def saving():
        for number in range(25):
            try:
                store.save(tmp_path, archive._replace(arrays={**archive.arrays, "names": np.array([f"v{number}"])}))
                write_atomic(tmp_path / "note.json", b"{}")
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=saving) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.load(tmp_path).arrays["names"][0].startswith("v")
    assert not list(tmp_path.glob(".*"))


def npz(members, compression=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def header(shape, dtype="<f4"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


HOSTILE = {
    "a header that claims 320 GB": npz({"a": header((80_000_000_000,)) + b"1234"}),
    "a member of 600 MB in 600 kB": npz(
        {"a": header((600_000_000,), "|u1") + bytes(600_000_000)}, zipfile.ZIP_DEFLATED
    ),
    "Python objects": npz({"a": header((1,), "|O") + b"cos\nsystem\n"}),
    "a negative shape": npz({"a": header((-1,)) + b"1234"}),
    "brackets": npz({"a": b"\x93NUMPY\x01\x00\x00\x20" + b"(" * 8192}),
    "no array": npz({"a": b"hello"}),
    "no archive": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives_are_refused_in_a_second(content):
    start = time.process_time()
    with pytest.raises(RunDirectoryError) as refusal:
        unpack(content)
    assert time.process_time() - start < 1
    assert len(str(refusal.value)) < 300


def test_a_member_that_nobody_needs_is_not_unpacked():
    content = npz({"a": header((), "|u1") + b"\7", "b": bytes(10**8)}, zipfile.ZIP_DEFLATED)
    assert unpack(content, wanted=lambda name: name == "a", packed=True)["a"] == 7


@pytest.mark.parametrize("text", ["[" * 200_000 + "]" * 200_000, '{"a":' * 200_000], ids=["lists", "objects"])
def test_nested_brackets_are_refused_in_a_second(archive, saved, text):
    start = time.process_time()
    for path in saved.glob("*.json"):
        whole = path.read_bytes()
        path.write_text(text)
        if path.name in {name.format(preset="stable") for name in KINDS[archive.kind].lines.values()}:
            assert all(not lines for role, lines in store.load(saved).lines.items() if path.name.startswith(role))
        else:
            with pytest.raises(RunDirectoryError, match=f"{path.name} is "):
                store.load(saved)
        path.write_bytes(whole)
    assert time.process_time() - start < 3


def test_shapes_are_checked_by_name(saved, archive):
    again = store.load(saved)
    check_shapes(saved, again, {"truth": (2, 2)}, optional=("truth",))
    with pytest.raises(RunDirectoryError, match="it lacks truth"):
        check_shapes(saved, again, {"truth": (2, 2)})
    with pytest.raises(RunDirectoryError, match=r"names is <U2 .*expected numbers"):
        check_shapes(saved, again, {"names": (2,)})

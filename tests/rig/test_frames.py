"""The log after kills and power cuts: what was durable is there, what is there is right, and nothing stands twice."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from rig_cases import readings

from lithostat.rig.frames import Fact, Log, entries, packed, unpacked
from lithostat.rig.gauge import Epochs
from lithostat.rig.keeper import Keeper
from lithostat.rig.readings import Lines, Readings
from lithostat.rig.segments import entries_of, merged, roll_up

CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"


def some_entries(draw: np.random.Generator, count: int) -> list[object]:
    made, end = [], 0
    for k in range(count):
        if draw.random() < 0.4:
            data = bytes(draw.integers(32, 127, draw.integers(1, 200), dtype=np.uint8)) + b"\n"
            made.append(Lines("cycler", "a.mpt", 0, end, data, float(k), b"before"))
            end += len(data)
        elif draw.random() < 0.9:
            made.append(readings(draw.normal(size=draw.integers(1, 9)).tolist(), at=10.0 * k))
        else:
            made.append(Fact("epoch", float(k), {"why": "the port was opened"}))
    return made


def same(a: object, b: object) -> bool:
    return packed(a) == packed(b)  # type: ignore[arg-type]


def test_entries_come_back() -> None:
    for entry in some_entries(np.random.default_rng(0), 50):
        assert same(unpacked(packed(entry)), entry)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(200 if CAMPAIGN else 20))
def test_a_power_cut_loses_nothing_that_was_synced(tmp_path: Path, seed: int) -> None:
    """After a cut, any bytes behind the last sync may be missing, torn or nonsense, and the log goes on."""
    draw = np.random.default_rng(seed)
    path, every = tmp_path / "log.frames", some_entries(draw, 30)
    log = Log(path)
    synced = int(draw.integers(1, 29))
    for k, entry in enumerate(every):
        log.append(entry)  # type: ignore[arg-type]
        if k == synced:
            durable = log.sync()
    log.close()
    data = bytearray(path.read_bytes())
    at = int(draw.integers(durable, len(data) + 1))
    kind = draw.integers(3)
    if kind == 0:
        data = data[:at]
    elif kind == 1:
        data[at:] = bytes(len(data) - at)
    else:
        data[at:] = draw.integers(0, 256, len(data) - at, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    log = Log(path)
    there = list(entries(path))
    assert len(there) > synced
    assert all(same(a, b) for a, b in zip(there, every, strict=False))
    for entry in every[len(there) :]:
        log.append(entry)  # type: ignore[arg-type]
    log.close()
    assert [packed(entry) for entry in entries(path)] == [packed(entry) for entry in every]  # type: ignore[arg-type]


def test_what_is_cut_off_is_kept_for_people(tmp_path: Path) -> None:
    path = tmp_path / "log.frames"
    log = Log(path)
    log.append(Fact("a", 0.0, {}))
    log.close()
    path.write_bytes(path.read_bytes() + b"torn")
    log = Log(path)
    assert log.recovered.cut == "4 bytes behind the last whole entry were cut off"
    log.close()
    assert (tmp_path / ".log.frames-damaged-1").read_bytes() == b"torn"


def test_two_processes_cannot_hold_one_log(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.frames")
    with pytest.raises(BlockingIOError):
        Log(tmp_path / "log.frames")
    log.close()


def test_a_full_disk_loses_nothing_and_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write ends somewhere in the middle, until there is space again."""
    said: list[str] = []
    full, real, left = [True], os.pwrite, [25]

    def pwrite(handle: int, data: bytes, at: int) -> int:
        if not full[0]:
            return real(handle, data, at)
        if left[0] <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done = real(handle, data[: left[0]], at)
        left[0] -= done
        return done

    monkeypatch.setattr(os, "pwrite", pwrite)
    keeper = Keeper({"a": tmp_path}, lambda cell, sentence: said.append(sentence))
    keeper.start()
    for k in range(5):
        keeper.keep("a", readings([float(k)], at=float(k)))
    assert not keeper.flush(timeout=2.5)
    assert list(entries(tmp_path / "log.frames")) == []
    full[0] = False
    assert keeper.flush()
    keeper.close()
    values = [value for entry in entries(tmp_path / "log.frames") for value in entry.column("load").tolist()]
    assert values == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [sentence.split(" (")[0] for sentence in said] == [
        "the log cannot be written",
        "the disk takes data again; nothing was lost",
    ]


def test_finished_stretches_say_the_same_and_take_less_room(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    every = some_entries(draw, 400)
    for third in (every[:130], every[130:260], every[260:]):
        log = Log(tmp_path / "log.frames")
        for entry in third:
            log.append(entry)  # type: ignore[arg-type]
        log.close()
        size = (tmp_path / "log.frames").stat().st_size
        if third is not every[260:]:
            made = roll_up(tmp_path)
            assert made.stat().st_size < size
    assert told(list(entries_of(tmp_path))) == told(every)


def test_a_stretch_that_no_log_speaks_of_counts_nothing(tmp_path: Path) -> None:
    """A kill between the two files of a roll-up."""
    log = Log(tmp_path / "log.frames")
    log.append(readings([1.0, 2.0]))
    log.close()
    before = (tmp_path / "log.frames").read_bytes()
    roll_up(tmp_path)
    (tmp_path / "log.frames").write_bytes(before)
    assert told(list(entries_of(tmp_path))) == told([readings([1.0, 2.0])])


def test_merging_never_joins_what_does_not_follow() -> None:
    lines = [Lines("cycler", "a", 0, 0, b"1\n", 0.0), Lines("cycler", "a", 1, 0, b"2\n", 1.0, replaces=0)]
    assert list(merged(lines)) == lines


def test_a_keeper_rolls_up_a_long_log(tmp_path: Path) -> None:
    keeper = Keeper({"a": tmp_path}, lambda cell, sentence: None, long=2000)
    keeper.start()
    for k in range(4):
        keeper.keep("a", readings(list(range(100 * k, 100 * k + 100)), at=100.0 * k))
        assert keeper.flush()
    keeper.close()
    assert (tmp_path / ".rolled").is_dir()
    assert told(list(entries_of(tmp_path))) == told([readings(list(range(400)))])


def told(every: list[object]) -> tuple[object, ...]:
    """What entries say together: lines, values, facts."""
    lines = b"".join(entry.data for entry in every if isinstance(entry, Lines))
    values = [v for entry in every if isinstance(entry, Readings) for v in entry.values[:, 0].tolist()]
    times = [t for entry in every if isinstance(entry, Readings) for t in entry.at.tolist()]
    return lines, values, times, [entry for entry in every if isinstance(entry, Fact)]


def test_epochs_come_back_from_a_log() -> None:
    epochs = Epochs(10.0)
    facts = [epochs.begin(0.0, "the port was opened"), epochs.begin(50.0, "again"), epochs.confirm(12.0, "by hand")]
    assert Epochs.of(10.0, facts).each == epochs.each

"""One contract for every source: it is described, opens with a good answer or is lost, and may be opened again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rig_cases import Device, MptFile, content_of, line, symmetric_record

from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import Record
from lithostat.reading.read import read
from lithostat.rig.cell_log import Plan, record_of
from lithostat.rig.frames import Fact, Log
from lithostat.rig.growing_file import GrowingFile, parts_of
from lithostat.rig.new_rows import NewRows
from lithostat.rig.readings import FIRST, OK, OUT_OF_RANGE, UNREADABLE, Lines, Lost, Readings, Source

STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CAMPAIGN = os.environ.get("LITHOSTAT_CAMPAIGN") == "1"


class SerialCase:
    """A load cell on a serial line."""

    def __init__(self, _: Path) -> None:
        self.device = Device()
        self.source = line(self.device, patience=2.0)
        self._quiet = threading.Event()

    def ready(self) -> None:
        def talk() -> None:
            while not self._quiet.wait(0.02):
                self.device.say("raw=100 T=25.0\n")

        self._talk = threading.Thread(target=talk)
        self._talk.start()

    def more(self) -> None:
        self.device.say("raw=101 T=25.0\nraw=102 T=25.0\n")

    def gone(self) -> None:
        self._quiet.set()
        self._talk.join()
        self.device.unplug()

    def end(self) -> None:
        self.gone()


class FileCase:
    """A cycler's file."""

    def __init__(self, folder: Path) -> None:
        self.file = MptFile(folder / "a.mpt", symmetric_record(half_cycles=1), STARTED)
        self.source = GrowingFile("cycler", str(folder / "*.mpt"), 0.0, lambda: 1.0, patience=0.0)

    def ready(self) -> None:
        self.file.grow(2)

    def more(self) -> None:
        self.file.grow(2)

    def gone(self) -> None:
        self.file.path.unlink()

    def end(self) -> None:
        pass


@pytest.fixture(params=[SerialCase, FileCase])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SerialCase | FileCase]:
    folder = tmp_path / "devices"
    folder.mkdir()
    made = request.param(folder)
    yield made
    made.source.close()
    made.end()


def test_the_contract(case: SerialCase | FileCase) -> None:
    source = case.source
    assert isinstance(source, Source)
    assert source.describe()
    with pytest.raises(Lost, match=r"\w"):
        source.open()  # nothing is there yet
    case.ready()
    source.open()
    assert until(lambda: len(source.read(0.0)))
    case.more()
    assert until(lambda: len(source.read(0.05)))
    began = time.process_time()
    source.read(0.1)
    assert time.process_time() - began < 0.1  # it waits, and does not spin
    source.close()
    source.close()


def test_a_source_that_goes_away_is_lost(case: SerialCase | FileCase) -> None:
    case.ready()
    case.source.open()
    case.gone()
    assert lost(case.source)
    with pytest.raises(Lost):
        case.source.open()


def lost(source: Source) -> str:
    """Why a source is lost, '' if it is not."""
    try:
        for _ in range(50):
            source.read(0.02)
    except Lost as error:
        return str(error)
    return ""


def until(met: Callable[[], object], tries: int = 100) -> bool:
    for _ in range(tries):
        if met():
            return True
        time.sleep(0.02)
    return False


# ------------------------------------------------------------------------------------------------------- serial lines


def opened(device: Device) -> tuple[object, list[Readings]]:
    source = line(device)
    thread = threading.Timer(0.1, device.say, ["10 T=25.0\nraw=1000 T=25.0\n"])
    thread.start()
    source.open()
    thread.join()
    return source, list(source.read(0.0))


def test_the_first_line_after_opening_is_not_believed() -> None:
    """'10' may be the end of '1000', and what comes right behind it is marked."""
    device = Device()
    source, first = opened(device)
    assert first[0].values[:, 0].tolist() == [1000.0]
    assert first[0].quality.tolist() == [FIRST]
    assert np.isnan(first[0].column("load")).all()
    source.close()  # type: ignore[attr-defined]
    device.unplug()


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("raw=5 T=25.0\n", OK),
        ("raw=5 T=25.0\r\n", OK),
        ("raw= T=25.0\n", UNREADABLE),
        ("\x00\xff\x07garbage\n", UNREADABLE),
        ("raw=5 T=.\n", UNREADABLE),
        ("raw=99999999 T=25.0\n", OUT_OF_RANGE),
        ("x" * 5000 + "\n", UNREADABLE),
    ],
)
def test_lines_that_are_no_readings_are_marked(text: str, quality: int) -> None:
    device = Device()
    source, _ = opened(device)
    os.write(device.master, text.encode("latin-1"))
    got: list[Readings] = []
    assert until(lambda: got.extend(source.read(0.05)) or got)  # type: ignore[attr-defined]
    assert got[0].quality.tolist()[0] == quality
    source.close()  # type: ignore[attr-defined]
    device.unplug()


def test_a_line_that_comes_in_two_halves_is_one() -> None:
    device = Device()
    source, _ = opened(device)
    device.say("raw=12")
    assert list(source.read(0.1)) == []  # type: ignore[attr-defined]
    device.say("34 T=25.0\n")
    (got,) = source.read(0.5)  # type: ignore[attr-defined]
    assert got.column("load").tolist() == [1234.0]
    source.close()  # type: ignore[attr-defined]
    device.unplug()


def test_a_port_that_another_program_has_is_said() -> None:
    device = Device()
    source, _ = opened(device)
    with pytest.raises(Lost, match="another program has it"):
        line(device).open()
    source.close()  # type: ignore[attr-defined]
    device.unplug()


@pytest.mark.parametrize("times", [50 if CAMPAIGN else 5])
def test_pulled_in_mid_line_and_plugged_in_again(times: int) -> None:
    """No half of a line is ever taken for a reading: all values are the device's own."""
    rng, seen = np.random.default_rng(0), []
    for _ in range(times):
        device = Device()
        source, _first = opened(device)
        whole = "raw=123456 T=25.0\n" * 3
        device.say(whole[: int(rng.integers(1, len(whole)))])
        for _ in range(3):
            seen += [v for got in source.read(0.02) for v in got.column("load").tolist()]  # type: ignore[attr-defined]
        device.unplug()
        assert "unplugged" in lost(source)  # type: ignore[arg-type]
    assert set(seen) <= {123456.0}


# ------------------------------------------------------------------------------------------------------ growing files


def logged(tmp_path: Path, lines: list[Lines]) -> Record:
    """The record of a log with these lines."""
    folder = tmp_path / "cell"
    folder.mkdir()
    log = Log(folder / "log.frames")
    log.append(Fact("began", 0.0, {"zero": STARTED.isoformat()}))
    for entry in lines:
        log.append(entry)
    log.close()
    record = record_of(Plan("cell", folder))
    assert record is not None
    return record


def followed(tmp_path: Path, *, most: int = 1 << 21) -> tuple[MptFile, GrowingFile]:
    file = MptFile(tmp_path / "a.mpt", symmetric_record(half_cycles=8), STARTED)
    return file, GrowingFile("cycler", str(tmp_path / "a.mpt"), 0.0, lambda: 1.0, most=most)


def test_only_whole_lines_are_taken(tmp_path: Path) -> None:
    file, source = followed(tmp_path)
    file.grow(3, torn=True)
    lines = list(source.read(0.0))
    assert content_of(lines) == file.content
    file.finish_line()
    lines += source.read(0.0)
    assert content_of(lines) == file.path.read_bytes()


def test_a_file_that_is_locked_says_so_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, source = followed(tmp_path)
    file.grow(3)
    lines = list(source.read(0.0))
    real = Path.open

    def locked(self: Path, *args: object, **kwargs: object) -> object:
        raise PermissionError(13, "Permission denied")

    file.grow(3)
    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(Lost, match="locked by another program"):
        source.read(0.0)
    monkeypatch.setattr(Path, "open", real)
    lines += source.read(0.0)
    assert content_of(lines) == file.path.read_bytes()


def test_a_file_that_is_replaced_whole_goes_on(tmp_path: Path) -> None:
    file, source = followed(tmp_path)
    file.replace(5)
    lines = list(source.read(0.0))
    file.replace(9)
    lines += source.read(0.0)
    assert [entry.part for entry in lines] == [0, 0]
    assert content_of(lines) == file.path.read_bytes()


def test_a_file_that_is_being_written_anew_is_waited_for(tmp_path: Path) -> None:
    file, source = followed(tmp_path)
    file.grow(50)
    lines = list(source.read(0.0))
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[: len(whole) // 2])
    assert list(source.read(0.0)) == []
    file.path.write_bytes(whole)
    file.grow(5)
    lines += source.read(0.0)
    assert content_of(lines) == file.path.read_bytes()


def test_a_new_test_in_the_same_file_is_another_part(tmp_path: Path) -> None:
    file, source = followed(tmp_path)
    file.grow(5)
    lines = list(source.read(0.0))
    first = file.path.read_bytes()
    other = MptFile(file.path, symmetric_record(seed=1), datetime(2026, 3, 2, tzinfo=UTC))
    other.replace(4)
    lines += source.read(0.0)
    assert b"".join(entry.data for entry in lines) == first + other.content
    record = logged(tmp_path, lines)
    assert len(record.table) == 9
    assert any("another test; both count" in warning for warning in record.warnings)


@pytest.mark.parametrize("rows", [5, 100])
def test_rows_that_were_changed_count_once_as_they_were_written_last(tmp_path: Path, rows: int) -> None:
    file, source = followed(tmp_path)
    file.grow(rows)
    lines = list(source.read(0.0))
    other = MptFile(file.path, symmetric_record(seed=1), STARTED)
    other.replace(rows + 2)
    lines += source.read(0.0)
    assert [entry.replaces for entry in lines] == [None, 0]
    record = logged(tmp_path, lines)
    assert np.array_equal(record.column("voltage_volt"), read(file.path).column("voltage_volt"))
    assert any("its earlier version does not count" in warning for warning in record.warnings)


@pytest.mark.parametrize("seed", range(100 if CAMPAIGN else 10))
def test_whatever_happens_to_a_file_no_row_is_missing_or_doubled(tmp_path: Path, seed: int) -> None:
    """Grown, torn, replaced, half rewritten, watched by a process that is killed and begins anew from its log."""
    rng = np.random.default_rng(seed)
    file, source = followed(tmp_path, most=int(rng.choice([700, 5000, 1 << 21])))
    lines: list[Lines] = []
    durable: list[Lines] = []
    while file.written < 200:
        match rng.integers(6):
            case 0 | 1:
                file.grow(int(rng.integers(1, 9)))
            case 2:
                file.grow(int(rng.integers(1, 9)), torn=True)
                lines += source.read(0.0)
                file.finish_line()
            case 3:
                file.replace(file.written + int(rng.integers(0, 5)))
            case 4:
                whole = file.path.read_bytes() if file.path.exists() else b""
                file.path.write_bytes(whole[: int(rng.integers(0, len(whole) + 1))])
                lines += source.read(0.0)
                file.path.write_bytes(whole)
            case 5:
                durable = lines[: int(rng.integers(len(durable), len(lines) + 1))]
                lines = list(durable)
                source = GrowingFile("cycler", source.pattern, 0.0, lambda: 1.0, parts_of(lines), most=source.most)
        lines += source.read(0.0)
    for _ in range(200):
        lines += source.read(0.0)
    assert content_of(lines) == file.path.read_bytes()


@pytest.mark.parametrize("ending", ["a.mpt", "generic.csv"])
def test_new_lines_say_what_the_whole_file_says(tmp_path: Path, ending: str) -> None:
    """Rows of new lines, read behind the file's own header, are those of the whole file."""
    record = symmetric_record(half_cycles=3)
    path, columns = tmp_path / ending, ("test_time_second", "voltage_volt", "current_ampere")
    if ending == "a.mpt":
        file = MptFile(path, record, STARTED)
        text = file.header + "".join(file.lines)
    else:
        rows = zip(*(record.column(name).tolist() for name in columns), strict=True)
        text = "Time (s),Voltage (V),Current (A)\n" + "".join(f"{t},{v},{i}\n" for t, v, i in rows)
    source, news = GrowingFile("cycler", str(path), 0.0, lambda: 1.0), NewRows(CellNote())
    got: list[Readings] = []
    data, rng = text.encode("latin-1"), np.random.default_rng(0)
    path.write_bytes(b"")
    for place in range(0, len(data), 997):
        with path.open("ab") as stream:
            stream.write(data[place : place + 997])
        for entry in source.read(0.0):
            if rng.random() < 0.1:  # a watch that begins anew
                earlier, news = news, NewRows(CellNote())
                news._headers = earlier._headers
            rows_ = news.rows(entry)
            got += [rows_] if rows_ is not None else []
    whole = read(path)
    for name, column in (("voltage", "voltage_volt"), ("current", "current_ampere")):
        assert np.array_equal(np.concatenate([g.column(name) for g in got]), whole.column(column))
    assert np.array_equal(np.concatenate([g.stamped for g in got]), whole.column("test_time_second"))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.mpt").write_text("x\n")
    source = GrowingFile("cycler", str(tmp_path / "*" / "x.mpt"), 0.0, lambda: 1.0)
    with pytest.raises(Lost, match=r"two files called x\.mpt"):
        source.read(0.0)


def test_a_version_that_cannot_be_read_doubles_no_rows(tmp_path: Path) -> None:
    """A file that was written anew twice, once with nonsense: the last version counts alone."""
    file, source = followed(tmp_path)
    file.grow(5)
    lines = list(source.read(0.0))
    whole = file.path.read_bytes()
    file.path.write_bytes(b"nonsense\n" * 1000)
    lines += source.read(0.0)
    file.path.write_bytes(whole + whole[-60:].split(b"\n", 1)[1])
    lines += source.read(0.0)
    assert [entry.part for entry in lines] == [0, 1, 2]
    assert np.array_equal(logged(tmp_path, lines).column("voltage_volt"), read(file.path).column("voltage_volt"))


def test_a_file_that_is_no_text_comes_whole_when_it_is_left_alone(tmp_path: Path) -> None:
    record = symmetric_record(half_cycles=2)
    path = tmp_path / "a.parquet"
    record.write_parquet(path)
    source, news = GrowingFile("cycler", str(path), 0.0, lambda: 1.0), NewRows(CellNote())
    assert list(source.read(0.0)) == []  # it may be half written
    (entry,) = source.read(0.0)
    assert entry.whole
    assert len(news.rows(entry) or ()) == 60
    assert list(source.read(0.0)) == []
    symmetric_record(half_cycles=3).write_parquet(path)
    source.read(0.0)
    (entry,) = source.read(0.0)
    assert len(news.rows(entry) or ()) == 30


def test_a_worker_whose_watch_was_killed_leaves_the_record_to_the_next(tmp_path: Path) -> None:
    from lithostat.rig.state import RECORD_FILE
    from lithostat.rig.worker import judge

    written, source = followed(tmp_path)
    written.grow(5)
    lines = [entry for entry in source.read(0.1) if isinstance(entry, Lines)]
    logged(tmp_path, lines)
    plan = Plan("cell", tmp_path / "cell")
    assert judge(plan, asker=-1).rows == 5  # its parent is another process: the one that asked is gone
    assert not (tmp_path / "cell" / RECORD_FILE).exists()
    assert judge(plan, asker=os.getppid()).rows == 5
    assert (tmp_path / "cell" / RECORD_FILE).exists()

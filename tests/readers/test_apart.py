"""A file that ends, blocks or fills the process that reads it is refused in one sentence; the next one is read."""

from __future__ import annotations

import os
import pickle
import signal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.reading import apart
from lithostat.reading.read import read, read_here

TABLE = "time/s,voltage/V,current/mA\n" + "".join(f"{10 * k},0.05,1.0\n" for k in range(20))
DECLARATION = """name: mine
table: {header: '^time.*'}
columns:
  - {match: 'time/(?P<unit>s)', is: test_time_second}
  - {match: 'voltage/(?P<unit>V)', is: voltage_volt}
  - {match: 'current/(?P<unit>mA)', is: current_ampere}
about: {note: PATTERN}
"""


@pytest.fixture(autouse=True)
def own_child():
    """Each test begins and ends without a child."""
    apart._close()
    yield
    apart._close()


def record(rows: int = 20) -> Record:
    times = np.arange(rows) * 10.0
    table = {"test_time_second": times, "voltage_volt": 0.05 + 0.0 * times, "current_ampere": 1e-3 + 0.0 * times}
    spectrum = Spectrum(np.array([1e5, 1.0]), np.array([30.0 + 0.0j, 40.0 - 2.0j]))
    return Record(pl.DataFrame(table), spectra=(spectrum,), warnings=("a warning",))


def same(one: Record, other: Record) -> bool:
    return pickle.dumps((one.provenance, one.warnings, one.start)) == pickle.dumps(
        (other.provenance, other.warnings, other.start)
    ) and bool(one.table.equals(other.table) and len(one.spectra) == len(other.spectra))


def test_what_comes_back_is_what_is_read_here(tmp_path: Path) -> None:
    path = record().write_parquet(tmp_path / "a.parquet")
    assert same(read(path), read_here(path))
    assert apart._child is not None


def test_text_of_known_formats_needs_no_child(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    assert len(read(tmp_path / "a.csv").table) == 20
    assert apart._child is None


def test_one_child_reads_many_files_and_an_error_does_not_end_it(tmp_path: Path) -> None:
    path = record().write_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + bytes(100))
    read(path)
    assert apart._child is not None
    first = apart._child.process.pid
    for _ in range(3):
        with pytest.raises(InputError, match=r"^.*b\.parquet: "):
            read(tmp_path / "b.parquet")
        read(path)
    assert apart._child.process.pid == first


def test_an_error_names_the_path_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.parquet").write_bytes(b"PAR1" + bytes(40))
    with pytest.raises(InputError) as caught:
        read("b.parquet")
    assert caught.value.file == "b.parquet"
    Path("wrong.yaml").write_text("nam: x\n")
    Path("a.txt").write_text(TABLE)
    with pytest.raises(InputError, match=r"^wrong\.yaml, line 1"):
        read("a.txt", declaration="wrong.yaml")


# what a reader may do to the process it is in, as Python; the sentence says what became of it
CRUEL = {
    "abort": ("os.abort()", "ended its reader"),
    "a signal": ("os.kill(os.getpid(), 11)", "ended its reader"),
    "an exit": ("os._exit(0)", "ended its reader"),
    "a polite exit": ("sys.exit(3)", "ended its reader"),
    "no memory at once": ("bytearray(1 << 40)", "more memory than there is"),
    "no memory bit by bit": ("[bytearray(1 << 24) for _ in range(1 << 20)]", "more memory than there is"),
    "no memory in a library": ("import numpy; numpy.ones(1 << 40)", "more memory than there is"),
    "no memory in Rust": ("import polars; polars.zeros(1 << 42, eager=True)", "memory|ended its reader|damaged"),
    "no end": ("while True: pass", "busy without an end"),
    "no end in C": ("import re; re.match('(a+)+b', 'a' * 60)", "busy without an end"),
    "no end in a thread": (
        "import threading; t = threading.Thread(target=re.match, args=('(a+)+b', 'a' * 60)); t.start(); t.join()",
        "busy without an end",
    ),
    "no bottom": ("def deep(): deep()\n    deep()", "RecursionError"),
    "noise": ("os.write(1, b'x' * 100000); print('y' * 100000); raise ValueError('z')", "ValueError: z"),
    "a panic": ("import polars.exceptions as e; raise e.PanicException('p')", "PanicException"),
}
PLAYED = """
import os, re, sys
from lithostat.reading import own
def cruel(path):
    {code}
gentle = own.read
own.read = lambda path: cruel(path) if path.name.startswith('cruel') else gentle(path)
from lithostat.reading.apart_child import serve; serve()
"""


@pytest.mark.parametrize("way", CRUEL)
def test_what_a_file_does_to_its_reader_is_one_sentence(tmp_path, monkeypatch, way) -> None:
    code, says = CRUEL[way]
    monkeypatch.setattr(apart, "_CHILD", PLAYED.format(code=code))
    monkeypatch.setattr(apart, "SECONDS", (1.0, 0.0))
    monkeypatch.setattr(apart, "MEMORY", (1 << 29, 0))
    gentle = record().write_parquet(tmp_path / "gentle.parquet")
    cruel = record().write_parquet(tmp_path / "cruel.parquet")
    assert len(read(gentle).table) == 20
    with pytest.raises(InputError, match=says) as caught:
        read(cruel)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{cruel}: ")
    assert len(read(gentle).table) == 20
    assert not list(Path.cwd().glob("core*"))


def test_a_reader_that_waits_is_ended_by_the_clock(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(apart, "_CHILD", PLAYED.format(code="import time; time.sleep(3600)"))
    monkeypatch.setattr(apart, "SECONDS", (0.3, 0.0))
    monkeypatch.setattr(apart, "PATIENCE", 10.0)
    cruel = record().write_parquet(tmp_path / "cruel.parquet")
    with pytest.raises(InputError, match="busy without an end"):
        read(cruel)


def test_a_stop_by_a_person_ends_the_child_and_passes(tmp_path, monkeypatch) -> None:
    path = record().write_parquet(tmp_path / "a.parquet")
    read(path)
    child = apart._child
    assert child is not None
    monkeypatch.setattr(apart, "receive", lambda stream: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        read(path)
    assert child.process.returncode == -signal.SIGKILL
    monkeypatch.undo()
    assert len(read(path).table) == 20


def test_a_fork_starts_a_child_of_its_own(tmp_path) -> None:
    path = record().write_parquet(tmp_path / "a.parquet")
    read(path)
    child = apart._child
    assert child is not None
    monkey = apart._Child.__new__(apart._Child)
    monkey.__dict__ |= child.__dict__ | {"owner": os.getpid() + 1}
    apart._child = monkey  # as a fork would see it
    assert len(read(path).table) == 20
    assert apart._child.process.pid != child.process.pid
    child.closed()


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "^(.*a){25}$", "(?P<x>([a-z]+)*)[0-9]"])
def test_a_pattern_of_a_declaration_without_an_end(tmp_path, monkeypatch, pattern) -> None:
    monkeypatch.setattr(apart, "SECONDS", (1.0, 0.0))
    (tmp_path / "d.yaml").write_text(DECLARATION.replace("PATTERN", f"'{pattern}'"))
    (tmp_path / "a.txt").write_text("# " + "a" * 60 + "!\n" + TABLE)
    with pytest.raises(InputError, match=r"a\.txt: keeps its reader busy without an end"):
        read(tmp_path / "a.txt", declaration=tmp_path / "d.yaml")
    (tmp_path / "d.yaml").write_text(DECLARATION.replace("PATTERN", "'(b)'"))
    assert len(read(tmp_path / "a.txt", declaration=tmp_path / "d.yaml").table) == 20


def test_much_text_is_read_apart(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("lithostat.reading.read.MUCH", 100)
    (tmp_path / "a.csv").write_text(TABLE)
    assert len(read(tmp_path / "a.csv").table) == 20
    assert apart._child is not None


def test_without_an_interpreter_it_is_read_here(tmp_path, monkeypatch) -> None:
    path = record().write_parquet(tmp_path / "a.parquet")
    monkeypatch.setattr(apart.sys, "frozen", True, raising=False)
    assert len(read(path).table) == 20
    assert apart._child is None


@pytest.mark.parametrize(
    "name", ["a[b].parquet", "a*.parquet", "?.parquet", "a{b,c}.parquet", "~.parquet", "%41.parquet"]
)
def test_a_name_is_one_file_whatever_letters_it_has(tmp_path: Path, name: str) -> None:
    """Some libraries take a name for a pattern of names."""
    plain = {"test_time_second": [0.0, 1.0], "voltage_volt": [1.0, 1.0], "current_ampere": [0.0, 0.0]}
    for other in ("ab.parquet", "aa.parquet", "a.parquet", "A.parquet", "b.parquet"):
        pl.DataFrame(plain).write_parquet(tmp_path / other)
    pl.DataFrame(plain | {"voltage_volt": [2.0, 2.0]}).write_parquet(tmp_path / "made")
    (tmp_path / "made").rename(tmp_path / name)
    assert read(tmp_path / name).column("voltage_volt").tolist() == [2.0, 2.0]
    record(3).write_parquet(tmp_path / name)
    assert len(read(tmp_path / name).table) == 3

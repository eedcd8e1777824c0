"""What is written and printed: whole or not at all, said in a sentence where it cannot be, and obeyed by nobody."""

from __future__ import annotations

import csv
import errno
import io
import os
import random
import re
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from lithostat.experiment.errors import FULL, InputError, sentence_of
from lithostat.experiment.record import without_formulas, write_csv, write_text
from lithostat.experiment.report import Report, Section
from lithostat.experiment.unfinished import PREFIX, _swept, remove_unfinished
from lithostat.show.report_text import print_report
from lithostat.terminal import open_console, visible

LITHOSTAT = str(Path(sys.executable).with_name("lithostat"))
TABLE = "time/s,voltage/V,current/mA\n" + "".join(f"{10 * k},0.05,1.0\n" for k in range(40))
HARMFUL = [
    chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0x200F, 0x2028, 0x202E, 0x2066) if chr(code) not in "\t\n"
]


def hostile(draw: random.Random) -> str:
    """A name that somebody could give a cell."""
    parts = [
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x9b2J",
        "[/bold]",
        ":x:",
        "$a$",
        "=1+2",
        "<b>",
        "é",
        " ",
        "cell",
        "\u202e",
    ]
    return "".join(draw.choice([*parts, *HARMFUL]) for _ in range(draw.randint(1, 8)))


@pytest.mark.parametrize("seed", range(20))
def test_no_control_code_reaches_a_terminal(seed, capsys):
    draw = random.Random(seed)
    names = [hostile(draw) for _ in range(5)]
    report = Report(
        title=names[0], word=names[1], answer=names[2], warnings=(names[3],),
        sections=(Section("s", points=tuple(names), spoken=True),),
    )  # fmt: skip
    console = open_console(stderr=False)
    print_report(report, console)
    console.print(f"1 of 2: {names[4]}", markup=False)
    said = capsys.readouterr().out
    assert not [letter for letter in HARMFUL if letter in said], repr(said)
    assert visible("[/bold] a\tb\nc :x: é") == "[/bold] a\tb\nc :x: é"


@pytest.mark.parametrize("seed", range(10))
def test_no_cell_of_a_csv_is_a_formula(seed, tmp_path):
    draw = random.Random(seed)
    begins = ["=", "+", "-", "@", "\t=", " -", "", "1"]
    texts = [draw.choice(begins) + hostile(draw).replace("\x00", "") for _ in range(30)]
    numbers = ["-1.5", "+2e-3", "-.5", "-7"]
    table = pl.DataFrame({"=name": [*texts, *numbers], "x": [-1.0] * (len(texts) + len(numbers))})
    rows = list(csv.reader(io.StringIO(write_csv(tmp_path / "a.csv", table).read_bytes().decode(), newline="")))
    for row in rows:
        for cell in row:
            assert not re.match(r"\s*[=+\-@]", cell) or re.fullmatch(r"[+-]?[\d.]+(e-?\d+)?", cell), cell
    assert [row[0].removeprefix("'") for row in rows[1:]] == [*texts, *numbers]
    assert without_formulas(table)["x"].equals(table["x"])


def run(*arguments: str, **how) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LITHOSTAT, *arguments], stderr=subprocess.PIPE, text=True, check=False, **how)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("materials", "--json"), ("materials",), ("--version",)])
def test_an_output_that_takes_nothing_is_said_in_a_line(arguments):
    with open("/dev/full", "w") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 2
    assert done.stderr == "lithostat: cannot be written (the disk is full)\n"


def test_who_reads_one_line_misses_no_target():
    code = "import sys; sys.stdin.readline()"  # and goes
    reader = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    done = run("materials", "--json", stdout=reader.stdin)
    assert reader.stdin is not None
    reader.stdin.close()
    reader.wait()
    assert (done.returncode, done.stderr) in ((141, ""), (0, ""))
    read, write = os.pipe()
    os.close(read)  # nobody ever reads
    with os.fdopen(write, "w") as closed:
        assert (done := run("materials", "--json", stdout=closed)).returncode == 141, done.stderr
    assert done.stderr == ""


def small_disk() -> None:
    """As a disk on which no file of more than 20 kB fits."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # JAX dislikes that this process forks
def test_of_what_does_not_fit_the_rest_is_kept(tmp_path):
    (tmp_path / "run.csv").write_text(TABLE)
    out = tmp_path / "out"
    done = run("analyze", str(tmp_path / "run.csv"), "-o", str(out), "--kind", "symmetric", "--json",
               stdout=subprocess.PIPE, preexec_fn=small_disk)  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "run.html: cannot be written (it is too large)" in done.stdout
    assert "fault in lithostat" not in done.stdout + done.stderr
    kept = {path.name for path in out.iterdir()}
    assert {"run.parquet", "run-half-cycles.csv", "cells.csv", "index.html"} <= kept
    assert "run.html" not in kept
    assert not [name for name in kept if name.startswith(PREFIX)]


@pytest.mark.parametrize("code", FULL)
def test_a_full_disk_is_said_as_one(tmp_path, code):
    def write(_: str) -> None:
        raise OSError(code, os.strerror(code))

    from lithostat.experiment.record import write_whole

    with pytest.raises(InputError, match=re.escape(f"cannot be written ({FULL[code]})")):
        write_whole(tmp_path / "a", write)
    assert FULL[code] in sentence_of(OSError(code, os.strerror(code), "a"))
    panic = pl.exceptions.ComputeError(f"parquet: underlying IO error: {os.strerror(code)} (os error {code})")

    def of_polars(_: str) -> None:
        raise panic

    with pytest.raises(InputError, match=re.escape(FULL[code])):
        write_whole(tmp_path / "a", of_polars)
    assert list(tmp_path.iterdir()) == []
    assert errno.ENOSPC in FULL


def test_what_a_killed_writer_left_is_removed_by_the_next_and_what_a_living_one_holds_is_not(tmp_path):
    code = (
        "import sys, time\n"
        "from lithostat.experiment.record import write_whole\n"
        "def write(name):\n"
        "    open(name, 'w').write('half')\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(60)\n"
        "write_whole(sys.argv[1], write)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.csv")]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "begun\n"
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 2
        writers[0].kill()
        writers[0].wait()
        write_text(tmp_path / "b.txt", "whole")
        assert len(list(tmp_path.glob(f"{PREFIX}*"))) == 1
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
            if writer.stdout is not None:
                writer.stdout.close()
    _swept.discard(tmp_path)
    remove_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]

"""A folder of data runs no code: not as a module that is imported, nor as a program that is found, nor by settings."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lithostat.experiment.other_programs import SETTINGS, program, python_command
from lithostat.reading import apart, arbin_res

LITHOSTAT = Path(sys.executable).with_name("lithostat")  # the program, whose own folder is that of programs
DATABASE = arbin_res.MAGIC[0]  # 19 bytes, of which the library reads as many as it wants
TABLE = "time/s,voltage/V,current/mA\n" + "".join(f"{10 * k},0.05,1.0\n" for k in range(20))
PROGRAMS = (
    *("mdb-export", "python", "python3", "latex", "dvipng", "dvisvgm", "kpsewhich", "pdflatex", "inkscape", "gs"),
    *(
        "fc-list",
        "uname",
        "lscpu",
        "nvidia-smi",
        "gcc",
        "cc",
        "ld",
        "ldconfig",
        "objdump",
        "git",
        "sh",
        "which",
        "file",
    ),
)
IMPORTED = """
import sys
from lithostat.reading import read, arbin_res, neware, spreadsheet, biologic_mpr, own, delimited, apart_child
from pathlib import Path
try:
    read.read_here(Path(sys.argv[1]))
except Exception:
    pass
print("\\n".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Every module that the child has imported once it has read a database."""
    pytest.importorskip("access_parser", reason="the extra 'files' is not installed")
    path = tmp_path_factory.mktemp("clean") / "x.res"
    path.write_bytes(DATABASE + bytes(5000))
    command, alone = [*python_command(IMPORTED), str(path)], os.environ | {"PATH": str(path.parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=alone)
    found = [name for name in done.stdout.split() if name.isidentifier() and name not in ("__main__", "lithostat")]
    assert {"json", "polars", "pickle", "access_parser", "struct", "zipfile"} <= set(found)
    return [*found, "lithostat", "usercustomize", "sitecustomize", "matplotlib", "jax", "arviz", "resource"]


def plant(folder: Path, modules: list[str], marks: Path) -> None:
    """A module, a package and a program of every name; each leaves a mark when it runs."""
    for number, name in enumerate(modules):
        code = f"open({str(marks / f'module-{name}')!r}, 'w').close()\n"
        if number % 2:
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
        else:
            (folder / f"{name}.py").write_text(code)
    for name in PROGRAMS:
        if not (folder / name).exists():
            (folder / name).write_text(f"#!/bin/sh\n: > {marks / f'program-{name}'}\n")
            (folder / name).chmod((folder / name).stat().st_mode | stat.S_IXUSR)
    (folder / "matplotlibrc").write_text("text.usetex: True\nbackend: module://json\nfont.size: 99\n")
    (folder / "arvizrc").write_text("stats.ic_scale: deviance\ndata.index_origin: 1\n")


@pytest.mark.parametrize("stands", ["in it", "beside it"])
def test_nothing_in_a_folder_of_data_runs(tmp_path: Path, modules: list[str], stands: str) -> None:
    marks, data = tmp_path / "marks", tmp_path / "data"
    marks.mkdir()
    data.mkdir()
    plant(data, modules, marks)
    (data / "x.res").write_bytes(DATABASE)
    (data / "a.csv").write_text(TABLE)
    (data / "cell.yaml").write_text("kind: symmetric\nfiles: ['*.csv', '*.res']\n")
    path = f":.:data:{data}:{tmp_path / 'none'}:"  # no mdbtools, so that access-parser reads
    environment = os.environ | {"PATH": path, "PYTHONPATH": ""}
    done = subprocess.run(
        [str(LITHOSTAT), "analyze", str(data) if stands == "beside it" else ".", "-o", str(tmp_path / "out"), "--json"],
        cwd=data if stands == "in it" else tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert [mark.name for mark in marks.iterdir()] == []
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)
    assert [entry["file"] for entry in cell["refused"]] == ["x.res"]
    assert (tmp_path / "out" / "data.html").stat().st_size > 10_000  # with its figures
    if stands == "in it":
        assert [line for line in done.stderr.splitlines() if "is not used" in line] == [
            f"lithostat: warning: {name} in this folder is not used" for name in SETTINGS
        ]


def test_every_child_is_named_by_its_whole_path_and_isolated(tmp_path: Path) -> None:
    """Whatever a command starts: no name without a place, no interpreter that looks into the current folder."""
    (tmp_path / "x.res").write_bytes(DATABASE + bytes(5000))
    (tmp_path / "a.csv").write_text(TABLE)
    (tmp_path / "cell.yaml").write_text("kind: symmetric\narea: 1 cm2\n")
    code = (
        "import sys, os, json\n"
        "def told(event, given):\n"
        "    if event in ('subprocess.Popen', 'os.posix_spawn', 'os.exec', 'os.system', 'os.spawn', 'os.fork'):\n"
        "        said = [event, repr(given[0]), [repr(part) for part in given[1] or []]]\n"
        "        print('CHILD ' + json.dumps(said), file=sys.stderr)\n"
        "sys.addaudithook(told)\n"
        "from lithostat.cli import main\nmain()"
    )
    command = [*python_command(code), "analyze", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line[6:]) for line in done.stderr.splitlines() if line.startswith("CHILD ")]
    assert seen  # the reader, at least
    for event, executable, arguments in seen:
        assert event == "subprocess.Popen"
        assert os.path.isabs(executable.strip("'\"")), (executable, arguments)
        if "python" in executable:
            assert "'-I'" in arguments, arguments


def test_a_program_is_found_where_it_is_installed_and_nowhere_else(tmp_path: Path, monkeypatch) -> None:
    data, tools, link = tmp_path / "data", tmp_path / "tools", tmp_path / "link"
    for place in (data, tools, link):
        place.mkdir()
    for place in (data, tools):
        (place / "tool").write_text("#!/bin/sh\n")
        (place / "tool").chmod(0o755)
    (link / "tool").symlink_to(data / "tool")
    monkeypatch.chdir(data)
    for path in ("", ".", f".:{data}", f"{data}:{data}/../data:../data", str(link), "/nowhere"):
        monkeypatch.setenv("PATH", path)
        assert program("tool", outside=data) is None
        monkeypatch.setenv("PATH", f"{path}:{tools}")
        assert program("tool", outside=data) == tools / "tool"
    (tools / "tool").chmod(0o644)
    assert program("tool", outside=data) is None


def test_the_child_finds_modules_where_its_parent_does_but_for_here(tmp_path: Path, monkeypatch) -> None:
    library, here = tmp_path / "library", tmp_path / "here"
    for place in (library, here):
        place.mkdir()
        (place / "plum.py").write_text(f"where = {place.name!r}\n")
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", ["", str(here), str(library), "relative", *sys.path[1:]])
    done = subprocess.run(python_command("import plum; print(plum.where)"), capture_output=True, text=True, check=True)
    assert done.stdout == "library\n"


def test_the_reader_stands_in_an_empty_folder(tmp_path: Path) -> None:
    child = apart._Child()
    try:
        assert list(Path(child.folder.name).iterdir()) == []
        assert Path(os.readlink(f"/proc/{child.process.pid}/cwd")) == Path(child.folder.name)
    finally:
        child.closed()
    assert not Path(child.folder.name).exists()

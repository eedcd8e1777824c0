"""Files of cells: each has a name of its own on every file system, and every file system takes it."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.experiment.output_names import ENDINGS, OutputNames, possible
from lithostat.experiment.record import write_text, write_whole

LIMIT = 143  # bytes of a whole name on the file system that allows the fewest
DEVICES = {"con", "prn", "aux", "nul", *(f"{kind}{k}" for kind in ("com", "lpt") for k in range(10))}
POOL = (
    *("Cell", "cell", "CELL", "cells", "Index", "index", "cell-2", "cells-cycles", "a", "A", "A.bdf", "A-half"),
    *("A-half-cycles", "A-cells", "A-spectra", "x/y", "x:y", "x y", "x\\y", "x|y", "x\ty", "../x", "/etc/passwd", ".."),
    *(
        "",
        " ",
        ".",
        "...",
        "name.",
        "name ",
        "name",
        "-rf",
        "--help",
        ".hidden",
        "CON",
        "con.txt",
        "AUX",
        "nul",
        "COM1",
    ),
    *(
        "COM¹",
        "LPT9.tar.gz",
        "Ä",
        "A\u0308",
        "ä",
        "ß",
        "ss",
        "SS",
        "\u0131",
        "i",
        "I",
        "İ",
        "ﬁ",
        "fi",
        "Å",
        "Å",
        "K",
        "K",
    ),
    *("a\0b", "\udcff", "\udcfe", "\u202ecell", "語" * 80, "語" * 79, "x" * 300, "x" * 299, "é" * 51, "e\u0301" * 51),
    *("😀" * 40, "µ", "μ", "con" + "." * 300, "₂", "2", "a" * 98 + ".b", "a" * 99 + ".b", "a" * 100 + ".b", "cell 1"),
)


def names(rng: random.Random) -> list[str]:
    """Names of the cells of one folder, of which many are alike."""
    some = [rng.choice(POOL) for _ in range(rng.randint(2, 40))]
    for k in range(len(some)):
        turn = rng.random()
        if turn < 0.2:
            some[k] = rng.choice((str.upper, str.lower, str.title, str.swapcase))(some[k])
        elif turn < 0.4:
            some[k] = unicodedata.normalize(rng.choice(("NFC", "NFD", "NFKC", "NFKD")), some[k])
        elif turn < 0.5:
            some[k] += rng.choice(("-2", "-3", ".", " ", "_", "/", "-cycles", ".parquet", ".bdf"))
    return some


def one_file(name: str) -> tuple[str, ...]:
    """Everything that some file system may compare instead of the name."""
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD")]
    return tuple(fold for form in forms for fold in (form.lower(), form.upper(), form.casefold()))


@pytest.mark.parametrize("seed", range(40))
def test_no_two_cells_share_a_file_on_any_file_system(seed: int) -> None:
    given, own = OutputNames(Path("out")), ("cells.csv", "cells.parquet", "index.html")
    seen = {fold for name in own for fold in one_file(name)}
    for name in names(random.Random(seed)):
        named = given.of(name)
        assert named.stem.parent == Path("out")
        files = {fold for ending in ENDINGS for fold in one_file(named.path(ending).name)}
        assert not files & seen, name
        seen |= files


@pytest.mark.parametrize("seed", range(40))
def test_every_file_system_takes_every_name(seed: int) -> None:
    given = OutputNames(Path("out"))
    for name in names(random.Random(1000 + seed)):
        for ending in ENDINGS:
            file = given.of(name).path(ending).name
            assert len(file.encode()) <= LIMIT
            assert not re.search(r'[<>:"/\\|?*\s\x00-\x1f\x7f-\x9f]', file)
            assert not re.search(r"^[.-]|[. ]$", file)
            assert unicodedata.normalize("NFKC", file.split(".")[0]).lower() not in DEVICES


def test_ordinary_names_stay_as_they_are() -> None:
    given = OutputNames(Path("out"))
    for name in ("Li-Li_25_MPa", "cell1", "2024-05-01_A.b+c", "Zelle_äöü", "セル１"):
        assert possible(name) == name
        assert given.of(name).stem.name == name


def test_only_known_endings_are_kept_apart() -> None:
    with pytest.raises(ValueError, match="ENDINGS"):
        OutputNames(Path("out")).of("a").path(".exe")


def test_a_file_of_the_longest_name_can_be_written(tmp_path: Path) -> None:
    """The temporary name counts too."""
    longest = tmp_path / ("y" * 251 + ".csv")
    assert write_text(longest, "x").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == [longest.name]
    named = OutputNames(tmp_path / "out").of("語" * 200)
    for ending in ENDINGS:
        write_whole(named.path(ending), lambda temporary: Path(temporary).write_text("x"))


TABLE = "time/s,voltage/V,current/mA\n" + "".join(f"{10 * k},0.05,{'-' * (k // 9 % 2)}1.0\n" for k in range(40))
# folder of the note, name in it (None: that of the folder)
CELLS = (
    *(("a", "Cell A"), ("b", "Cell A"), ("c", "cell a"), ("d", "Cell/A"), ("e", "cells"), ("f", "index")),
    *(("g", "語" * 80), ("h", "語" * 79 + "x"), ("con", None), ("i", "A"), ("j", "A.bdf"), ("k", "../out/z")),
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("names") / "lab"
    for place, name in CELLS:
        (folder / place).mkdir(parents=True)
        (folder / place / "run.csv").write_text(TABLE.replace("10,0.05", f"{10 + ord(place[0]) / 1000},0.05"))
        (folder / place / "cell.yaml").write_text("kind: symmetric\n" + (f"name: {json.dumps(name)}\n" if name else ""))
    return folder


def test_each_cell_of_a_folder_has_its_own_files_and_a_link(lab: Path) -> None:
    out = lab.parent / "out"
    done = CliRunner().invoke(app, ["analyze", str(lab), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    cells = json.loads(done.stdout)
    assert sorted(cell["cell"] for cell in cells) == sorted(name or place for place, name in CELLS)
    written = [path for cell in cells for path in cell["written"]]
    assert len({fold for path in written for fold in one_file(path)[:1]}) == len(written)
    assert all(Path(path).parent == out and Path(path).is_file() for path in written)
    page = (out / "index.html").read_text()
    links = re.findall(r'<td class="id"><a href="([^"]+)">', page)
    assert sorted(links) == sorted(Path(path).name for path in written if path.endswith(".html"))
    for cell in cells:
        (own,) = [path for path in cell["written"] if path.endswith(".html")]
        assert f"<h1>{cell['cell']}</h1>" in Path(own).read_text()
        record = pl.read_parquet(next(p for p in cell["written"] if re.search(r"(?<!bdf)\.parquet$", p)))
        assert len(record) == 40
    table = pl.read_csv(out / "cells.csv")
    assert table["written_as"].n_unique() == len(CELLS)
    assert table["cell"].to_list() == [cell["cell"] for cell in cells]


def test_files_whose_names_are_no_text_are_cells_too(tmp_path: Path) -> None:
    for raw in (b"\xff.csv", b"\xfe.csv", b"fine.csv"):
        with open(bytes(tmp_path) + b"/" + raw, "w") as stream:
            stream.write(TABLE.replace("0.05", f"0.0{5 + raw[0] % 5}"))
    done = CliRunner().invoke(app, ["analyze", str(tmp_path), "-o", str(tmp_path / "lithostat-out")])
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    pages = [path.name for path in (tmp_path / "lithostat-out").glob("*.html")]
    assert sorted(pages) == ["cell-2.html", "cell.html", "fine.html", "index.html"]


def test_impedance_names_its_files_in_the_same_way(tmp_path: Path) -> None:
    rows = "frequency/Hz,Re(Z)/ohm,-Im(Z)/ohm\n"
    for f in (10.0 ** (6 - 0.25 * i) for i in range(28)):
        z = 10.0 + 50.0 / (1.0 + 2j * 3.14159 * f * 1e-4)
        rows += f"{f},{z.real},{-z.imag}\n"
    for place, name in (("a", "Cell"), ("b", "cell")):
        (tmp_path / "lab" / place).mkdir(parents=True)
        (tmp_path / "lab" / place / "z.csv").write_text(rows.replace("10000.0,", f"{10000 + ord(place)}.0,"))
        (tmp_path / "lab" / place / "cell.yaml").write_text(f"name: {name}\n")
    arguments = ["impedance", str(tmp_path / "lab"), "--circuit", "R0-p(R1,C1)", "-o", str(tmp_path / "out"), "--json"]
    done = CliRunner().invoke(app, [*arguments, "--pages"])
    assert done.exit_code == 0, f"{done.output} {done.exception!r}"
    found = {path.name for path in (tmp_path / "out").iterdir()}
    ends = (".csv", "-points.csv", "-curves.csv", "-distributions.csv", ".html")
    assert found == {f"{stem}-spectra{end}" for stem in ("Cell", "cell-2") for end in ends}

"""A lab's folder of spectra, from files to the card of the interface: what was simulated comes back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.experiment.cell_note import CellNote
from lithostat.experiment.record import Record
from lithostat.experiment.spectrum import Spectrum
from lithostat.lab.spectra_study import Question, study_spectra
from lithostat.materials.card import load

MPA = (1, 5, 10, 15, 20, 25, 15, 5, 2)
NOISE = 2e-3
NOTE = """\
electrolyte: Li6PS5Cl
area: 1.267 cm2
electrolyte_thickness: 1 mm
temperature: 25 degC
spectra:
"""


@pytest.fixture(scope="module")
def record(run: Any) -> Record:
    """A cell pressed and released step by step, with a spectrum at each pressure."""
    steps: list[dict[str, Any]] = []
    for before, mpa in zip((0, *MPA), MPA, strict=False):
        steps += [{"press" if mpa > before else "release": f"{mpa} MPa"}, {"measure_impedance": {"from": "10 MHz"}}]
    return run(steps, parameters={"ripening_time": "1e9 h"})


@pytest.fixture
def folder(tmp_path: Path, record: Record) -> Path:
    """The spectra as a lab has them: one CSV each, without a clock, the pressure in a note."""
    random = np.random.default_rng(0)
    made = tmp_path / "cell A"
    made.mkdir()
    note = NOTE
    for k, spectrum in enumerate(record.spectra):
        z = spectrum.impedance
        z = z + NOISE * np.abs(z) * (random.standard_normal(len(z)) + 1j * random.standard_normal(len(z)))
        rows = [f"{f:.8g},{one.real:.8g},{one.imag:.8g}" for f, one in zip(spectrum.frequency, z, strict=True)]
        (made / f"eis_{k:02d}.csv").write_text("\n".join(["freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]) + "\n")
        note += f"  - {{files: 'eis_{k:02d}.csv', pressure: {MPA[k]} MPa}}\n"
    (made / "cell.yaml").write_text(note)
    return made


def study(folder: Path, output: Path, *more: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["impedance", str(folder), "-o", str(output), "--json", *more])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)[0]


def test_pressing_and_releasing_gives_the_contact_law_back(folder: Path, tmp_path: Path, record: Record) -> None:
    said = study(
        folder,
        tmp_path / "out",
        *("--circuit", "R0-p(R1,C1)", "--tie", "C1=shared", "--card", "lithium|Li6PS5Cl", "--pages"),
    )
    assert [row["pressure_pa"] for row in said["spectra"]] == [mpa * 1e6 for mpa in MPA]
    found = {finding["name"]: finding for finding in said["findings"]}
    truth = record.provenance["parameters"]
    for name in ("contact_pressure", "constriction_resistance", "unloading_exponent"):
        finding = found[name]
        assert abs(finding["value"] - truth[name]) < 4.0 * finding["uncertainty"] < 0.2 * truth[name], name
    card = load(tmp_path / "out" / "lithium_Li6PS5Cl.yaml")
    assert card.properties["contact_pressure"].value == pytest.approx(found["contact_pressure"]["value"], rel=1e-3)
    assert (tmp_path / "out" / "cell_A-spectra.html").read_text().count("<svg") >= 4
    assert {row["validity"] for row in said["spectra"]} <= {"valid", "stray points"}


def test_the_note_says_the_order_where_no_file_has_a_clock(folder: Path, tmp_path: Path) -> None:
    note = (folder / "cell.yaml").read_text()
    for k in range(len(MPA)):  # by their names the files go backwards
        (folder / f"eis_{k:02d}.csv").rename(folder / f"back_{9 - k}.csv")
        note = note.replace(f"eis_{k:02d}.csv", f"back_{9 - k}*")
    (folder / "cell.yaml").write_text(note)
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,C1)")
    assert [row["pressure_pa"] for row in said["spectra"]] == [mpa * 1e6 for mpa in MPA]
    assert {row["test_time_second"] for row in said["spectra"]} == {None}
    assert not any("order of their names" in line for line in said["warnings"])


def test_an_order_that_nobody_stated_is_said(record: Record) -> None:
    named = tuple(replace(one, name=f"{k}.csv") for k, one in enumerate(record.spectra))
    note, asked = CellNote.model_validate({"area": "1.267 cm2"}), Question(text="R0-p(R1,C1)")
    assert any("order of their names" in line for line in study_spectra(named, note, asked, clock=False).warnings)
    assert not any("order of their names" in line for line in study_spectra(named, note, asked).warnings)


def heated() -> tuple[list[Spectrum], CellNote]:
    """Spectra at six temperatures whose resistance scatters by 3 % about an activation energy of 30 kJ/mol."""
    random = np.random.default_rng(3)
    f, kelvin = np.geomspace(1e6, 1.0, 30), np.linspace(263.0, 333.0, 6)
    ohm = 20.0 * np.exp(30e3 / 8.314 * (1.0 / kelvin - 1.0 / 298.15) + 0.03 * random.standard_normal(6))
    made = []
    for k in range(6):
        z = ohm[k] + 50.0 / (1.0 + 2j * np.pi * f * 1e-3)
        z = z * (1.0 + NOISE * (random.standard_normal(30) + 1j * random.standard_normal(30)))
        made.append(Spectrum(f, z, temperature=float(kelvin[k]), name=f"{k}.csv"))
    return made, CellNote.model_validate({"area": "1.267 cm2", "electrolyte_thickness": "1 mm"})


def test_tied_resistances_do_not_make_the_conductivity_exact() -> None:
    spectra, note = heated()
    free = study_spectra(spectra, note, Question(text="R0-p(R1,C1)")).arrhenius
    found = study_spectra(spectra, note, Question(text="R0-p(R1,C1)", ties={"R0": "arrhenius"}))
    assert free is not None
    assert found.arrhenius is not None
    assert found.arrhenius.sigma.error == pytest.approx(free.sigma.error, rel=1e-6)
    assert abs(found.arrhenius.sigma.activation_energy - 30e3) < 4.0 * found.arrhenius.sigma.error < 4e3
    assert any("own fit" in line for line in found.warnings)
    assert any("speak against the ties" in line for line in found.warnings)


def test_the_study_says_what_its_fits_warn_of(folder: Path, tmp_path: Path) -> None:
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,CPE1)-p(R2,CPE2)")
    assert any("not determined by this spectrum" in line and "more of 9 fits" in line for line in said["warnings"])
    assert any("ripening" in line for line in said["warnings"])  # of the contact law


@pytest.mark.parametrize("points", [30, 60])  # the fewer points, the more noise the relations see in it
def test_a_turned_sign_is_seen(points: int) -> None:
    random = np.random.default_rng(1)
    f = np.geomspace(1e5, 0.1, points)
    z = 20.0 + 50.0 / (1.0 + (2j * np.pi * f * 1e-4) ** 0.9)
    z = z * (1.0 + NOISE * (random.standard_normal(points) + 1j * random.standard_normal(points)))
    right, turned = Spectrum(f, z, name="right.csv"), Spectrum(f, z.conj(), name="turned.csv")
    said = study_spectra([right, turned], CellNote(), Question(text="R0-p(R1,CPE1)"))
    assert [name for name, _ in said.refused] == ["turned.csv"]
    assert "does the column hold -Im Z?" in said.refused[0][1]
    assert "`sign: -1`" in said.refused[0][1]


DOCS = Path(__file__).parents[2] / "docs" / "impedance.md"
MADAP = Path(__file__).parents[3] / "shared" / "data" / "07_EIS_vs_T_conductivity_MADAP"


def test_the_way_out_of_a_turned_sign_is_the_one_in_the_docs(tmp_path: Path) -> None:
    """Both files are taken from the page; without them the refusal names the way."""
    f = np.geomspace(1e5, 0.1, 40)
    z = 20.0 + 50.0 / (1.0 + (2j * np.pi * f * 1e-4) ** 0.9)
    rows = "".join(f"{a:.8g},{b.real:.8g},{-b.imag:.8g}\n" for a, b in zip(f, z, strict=True))
    made = tmp_path / "cell"
    made.mkdir()
    if MADAP.is_dir():
        for path in MADAP.glob("test_?.csv"):
            (made / path.name).write_bytes(path.read_bytes())
    (made / "test_own.csv").write_text("freq,real,imag\n" + rows)
    refused = CliRunner().invoke(app, ["impedance", str(made), "-o", str(tmp_path / "out"), "--circuit", "R0-CPE1"])
    assert refused.exit_code == 2
    assert "`sign: -1`" in " ".join(refused.output.split())
    blocks = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8").split("## A turned sign")[1], re.DOTALL)
    (made / "cell.yaml").write_text(blocks[0])
    (made / "turned.yaml").write_text(blocks[1])
    said = study(made, tmp_path / "out", "--circuit", "R0-p(R1,CPE1)")
    assert said["refused"] == []
    assert len(said["spectra"]) == len(list(made.glob("test_*.csv")))
    (own,) = (row for row in said["spectra"] if "own" in row["spectrum"])
    assert own["R1 [ohm]"] == pytest.approx(50.0, rel=1e-3)


def test_leads_are_no_turned_sign() -> None:
    f = np.geomspace(1e6, 1e3, 40)
    random = np.random.default_rng(2)
    z = (0.01 + 0.01 / (1.0 + 2j * np.pi * f * 3e-4) + 2j * np.pi * f * 5e-7) * (
        1.0 + NOISE * (random.standard_normal(40) + 1j * random.standard_normal(40))
    )
    assert np.mean(z.imag > 0.0) > 0.5
    said = study_spectra([Spectrum(f, z, name="leads.csv")], CellNote(), Question(text="L0-R0-p(R1,C1)"))
    assert said.refused == ()


def test_posteriors_are_a_table_and_files_without_a_clock_are_not_named_one_by_one(
    folder: Path, tmp_path: Path
) -> None:
    for path in sorted(folder.glob("eis_*.csv"))[2:]:
        path.unlink()
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,C1)", "--posterior")
    table = pl.read_csv(tmp_path / "out" / "cell_A-posterior.csv")
    assert table["spectrum"].to_list() == ["eis_00.csv"] * 3 + ["eis_01.csv"] * 3
    for row, found in zip(table.to_dicts(), [one for each in said["posterior"] for one in each], strict=True):
        assert (row["name"], row["value"]) == (found["name"], pytest.approx(found["value"]))
    assert not any("has no clock" in line for line in said["warnings"])


def test_the_pellet_is_not_all_of_the_series_resistance(record: Record) -> None:
    spectra = tuple(replace(one, name=f"{k}.csv", pressure=MPA[k] * 1e6) for k, one in enumerate(record.spectra))
    asked = Question(text="R0-p(R1,C1)")
    alone, stated = (
        CellNote.model_validate({"area": "1.267 cm2"} | more) for more in ({}, {"ionic_resistance": "10 ohm"})
    )
    free, known = (study_spectra(spectra, note, asked).memory for note in (alone, stated))
    assert free is not None
    assert known is not None
    assert known.estimates == free.estimates
    few = study_spectra(spectra[:2], stated, asked)
    assert few.memory is not None
    assert few.memory.known["series_resistance"] == pytest.approx(10.0 * 1.267e-4)
    assert any("no films" in line for line in few.warnings)


def test_a_circuit_is_suggested_where_none_is_named(folder: Path, tmp_path: Path) -> None:
    said = study(folder, tmp_path / "out")
    assert said["candidates"][0]["text"] == said["circuit"] == "R0-p(R1,CPE1)"
    assert any("suggested" in line for line in said["warnings"])


def test_without_an_area_there_is_no_contact_law_and_that_is_said(folder: Path, tmp_path: Path) -> None:
    note = folder / "cell.yaml"
    note.write_text(note.read_text().replace("area: 1.267 cm2\n", ""))
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,C1)")
    assert any("no contact law was fitted" in line and "area" in line for line in said["warnings"])
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,C1)", "--card", "lithium|Li6PS5Cl")
    assert any("no card was written" in line for line in said["warnings"])  # and everything else is
    assert [name.removeprefix(str(tmp_path / "out" / "cell_A")) for name in said["written"]] == [
        "-spectra.csv",
        "-spectra-points.csv",
        "-spectra-curves.csv",
        "-spectra-distributions.csv",
    ]


def test_a_bad_spectrum_is_named_and_stops_no_other(folder: Path, tmp_path: Path) -> None:
    (folder / "eis_03.csv").write_text("freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm\n1e6,10,-1\n1e5,11,-2\n")
    said = study(folder, tmp_path / "out", "--circuit", "R0-p(R1,C1)")
    assert len(said["spectra"]) == len(MPA) - 1
    assert [entry["spectrum"] for entry in said["refused"]] == ["eis_03.csv"], said["refused"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--circuit", "R0-p(R1"], "not closed"),
        (["--circuit", "R0-p(R1,C1)", "--tie", "R7=shared"], "no parameter 'R7'"),
        (["--tie", "R0"], "NAME=VALUE"),
        (["--fix", "R0=ten"], "a number in SI units"),
        (["--area", "12"], "area"),
        (["--card", "lithium Li6PS5Cl"], "<electrode>|<electrolyte>"),
        (["--card", ""], "<electrode>|<electrolyte>"),
    ],
)
def test_faulty_requests_are_sentences(folder: Path, tmp_path: Path, more: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["impedance", str(folder), "-o", str(tmp_path / "out"), "--json", *more])
    assert result.exit_code != 0
    assert says in (str(result.exception) + result.output)


def test_a_known_resistor_and_the_self_test(tmp_path: Path) -> None:
    f = np.geomspace(1e6, 1.0, 40)
    rows = [f"{one:.8g},1.002,{2e-8 * 2 * np.pi * one:.8g}" for one in f]
    path = tmp_path / "resistor.csv"
    path.write_text("\n".join(["freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]) + "\n")
    result = CliRunner().invoke(app, ["impedance", str(path), "--one-ohm", "1 ohm", "--json"])
    assert result.exit_code == 0, result.output
    assert "inductance of 20 nH" in json.loads(result.stdout)["verdict"]
    assert CliRunner().invoke(app, ["impedance", "--self-test"]).exit_code == 0

"""Spectra that are hard in the way real ones are, from file to study: what was made comes back."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from lithostat.cli import app
from lithostat.cycling.analysis import analyze
from lithostat.experiment.errors import InputError
from lithostat.lab.folder import find_cells, load
from lithostat.lab.spectra_study import Question, SpectraStudy, study_spectra
from lithostat.physics.constants import FARADAY

HARD = Path(__file__).parents[3] / "shared" / "data" / "13_impedance_hard"
pytestmark = pytest.mark.skipif(not HARD.is_dir(), reason="no made spectra beside the checkout (shared/data)")
SURE = 3.0  # standard errors


@functools.cache
def study(name: str, **asked: Any) -> SpectraStudy:
    (cell,) = find_cells(HARD / name, together=True)
    loaded = load(cell)
    clock = loaded.record.start is not None
    return study_spectra(loaded.record.spectra, loaded.note, Question(**asked), clock=clock)


@functools.cache
def truth() -> dict[str, Any]:
    return json.loads((HARD / "truth.json").read_text())


def command(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["impedance", *arguments])


def test_a_pellet_with_only_the_flank_of_its_arc() -> None:
    found = study("S01")
    assert found.series.circuit.text == "p(R1,CPE1)-CPE2"
    ohm = found.electrolyte.resistance
    assert (np.abs(ohm[:, 0] - truth()["S01"]["bulk"]) < SURE * ohm[:, 1]).all()
    assert (ohm[:, 1] < 2e-3 * ohm[:, 0]).all()
    assert found.arrhenius is not None
    energy, error = found.arrhenius.sigma.activation_energy / FARADAY, found.arrhenius.errors[1] / FARADAY
    assert abs(energy - truth()["S01"]["Ea_sigma"]) < error
    assert 0.001 < error < 0.01
    assert [entry.source for entry in found.arrhenius.budget.entries] == ["points", "thickness", "area", "temperature"]
    assert np.isnan(found.resistance).all(), "blocking electrodes have no resistance at rest"


def test_a_garnet_without_a_resistance_in_series() -> None:
    found = study("S02")
    assert found.series.circuit.text == "p(R1,CPE1)-p(R2,CPE2)-CPE3"
    assert max(fit.noise for fit in found.series.fits) < 4e-3
    right = np.array(truth()["S02"]["bulk_gb"])
    bulk, boundary = found.electrolyte.parts
    assert (bulk.kinds, boundary.kinds) == (("bulk",), ("grain boundary",))
    for part, ohm in zip((bulk, boundary), right.T, strict=True):
        np.testing.assert_allclose([reading.resistance for reading in part.readings], ohm, rtol=0.01)
    np.testing.assert_allclose(found.electrolyte.resistance[:, 0], right.sum(1), rtol=2e-3)
    energies = {label: line.sigma.activation_energy / FARADAY for label, line in found.branches.items()}
    assert energies["R1 (bulk)"] == pytest.approx(0.35, abs=0.003)
    assert energies["R2 (grain boundary)"] == pytest.approx(0.42, abs=0.003)
    assert found.electrolyte.shared


def test_loops_are_named_and_taken_away_at_rest() -> None:
    found = study("S05")
    right = np.array(truth()["S05"]["dc"], float)
    assert (np.abs(found.resistance[:, 0] - right) < SURE * found.resistance[:, 1]).all()
    assert sum("turn back above the real axis" in line for line in found.warnings) == 3
    assert all(each.signed for each in found.relaxations), "a loop has a negative distribution"
    (loop,) = study("c08_rl.csv").resistance
    assert abs(loop[0] - 42.0) < SURE * loop[1]


def test_drift_is_named_and_makes_no_process() -> None:
    found = study("S06")
    assert found.series.circuit.text == "R0-p(R1,CPE1)"
    assert {held.kind for held in found.validities} == {"drift"}
    middle = np.mean(truth()["S06"]["R1_start_end"], axis=1)
    np.testing.assert_allclose(found.series.values("R1"), middle, rtol=5e-3)
    np.testing.assert_allclose(found.series.values("R0"), 25.0, rtol=5e-3)
    assert (np.abs(found.series.values("R1") - middle) < SURE * found.series.standard_errors("R1")).all()
    assert {len(each.peaks) for each in found.relaxations} == {1}
    assert sum("changed while it was swept" in line for line in found.warnings) == 5


def test_a_short_is_called_one_and_no_circuit_is_blamed() -> None:
    found = study("S10")
    ((name, why),) = found.shorted
    assert name == "c03.csv"
    assert "short" in why
    np.testing.assert_allclose(found.resistance[:, 0], 80.0, rtol=2e-3)
    assert not any("does not describe" in line for line in found.warnings)


def test_a_negative_resistance_is_said_and_none_at_rest_is_printed() -> None:
    found = study("S11")
    assert np.isnan(found.resistance).all()
    assert any("real part is negative" in line and "-14.97" in line for line in found.warnings)


@pytest.mark.parametrize("name", ["collapse_bulk_in_window", "collapse_bulk_out"])
def test_the_same_short_is_called_wherever_the_arc_is(name: str) -> None:
    (cell,) = find_cells(HARD / name, together=True)
    loaded = load(cell)
    found = analyze(loaded.record, loaded.note)
    assert found.outcome.kind == "short before current"
    ionic = next(finding for finding in found.findings if finding.name == "ionic resistance, first spectrum")
    assert ionic.value == pytest.approx(900.0, rel=0.03)
    assert ionic.uncertainty is not None


def test_the_whole_pellet_is_its_ionic_resistance() -> None:
    """60 + 360 ohm and a capacitor: the resistance in series alone is a seventh of it."""
    (cell,) = find_cells(HARD.parent / "12_lab_habits" / "09_blocking", together=True)
    loaded = load(cell)
    analysed = analyze(loaded.record, loaded.note)
    ionic = next(finding for finding in analysed.findings if finding.name == "ionic resistance, first spectrum")
    assert ionic.value == pytest.approx(420.0, rel=0.015)
    assert abs(ionic.value - 420.0) < ionic.uncertainty
    read = study_spectra(loaded.record.spectra, loaded.note, Question()).electrolyte
    assert read.total[0].how == "circuit"
    assert read.total[0].resistance == pytest.approx(420.0, rel=1e-4)


def test_without_high_frequencies() -> None:
    fit = study("c01_no_hf.csv").series.fits[0]
    for name, ohm in (("R0", 30.0), ("R1", 80.0)):
        assert abs(fit.values[name] - ohm) < SURE * fit.standard_errors[name]


def test_two_capacitors_close_together() -> None:
    found = study("c02_two_rc.csv")
    fit = found.series.fits[0]
    assert [fit.values[name] for name in ("R1", "R2")] == pytest.approx([100.0, 100.0], rel=1e-3)
    assert len(found.relaxations[0].peaks) == 2


def test_points_that_no_cell_shows_at_high_frequency() -> None:
    found = study("c03_neg_re.csv")
    ((ohm, error),) = found.resistance
    assert abs(ohm - 5.006e8) < SURE * error < 0.02 * ohm
    assert len(found.validities[0].stray_frequencies) == 6
    (said,) = (line for line in found.warnings if "left out of the fit" in line)
    assert "1e+06 Hz" in said
    assert "--to" in said
    kept = study("c03_neg_re.csv", highest=1.5e5)
    assert not any("left out" in line for line in kept.warnings)
    assert kept.resistance[0, 0] == pytest.approx(ohm, rel=0.01)


def test_scrambled_frequencies_are_refused() -> None:
    result = command(str(HARD / "c04_scrambled_f.csv"))
    assert result.exit_code == 2
    assert "15 of 60 frequencies" in " ".join(result.output.split())


@pytest.mark.parametrize("name", ["c05_modphase_deg.csv", "c05_zahner.txt", "c06_palmsens.csv", "c07_prime.csv"])
def test_formats(name: str) -> None:
    fit = study(name, text="R0-p(R1,CPE1)").series.fits[0]
    assert (fit.values["R0"], fit.values["R1"]) == pytest.approx((20.0, 50.0), rel=5e-3)


def test_up_and_down_are_two_sweeps() -> None:
    found = study("c11_updown.csv", text="R0-p(R1,CPE1)")
    assert [len(held.spectrum.frequency) for held in found.validities] == [50, 50]
    assert any("sweep 2 differs from the sweep before it" in line for line in found.warnings)


def test_a_turned_sign_is_refused_with_the_way_out() -> None:
    result = command(str(HARD / "c13_turned.csv"))
    assert result.exit_code == 2
    assert "does the column hold -Im Z" in " ".join(result.output.split())


def test_repeats_are_averaged_with_their_scatter_as_the_noise() -> None:
    found = study("c16_repeats.csv", text="R0-p(R1,CPE1)")
    assert any("scatter between repeats" in reason for reason in found.validities[0].reasons)
    fit = found.series.fits[0]
    assert (fit.values["R0"], fit.values["R1"]) == pytest.approx((20.0, 50.0), rel=5e-3)


def test_of_two_copies_the_named_one_is_kept() -> None:
    found = study("dup_named", text="R0-CPE1")
    (fit,) = found.series.fits
    assert fit.spectrum.name == "zz_named.csv"
    assert fit.spectrum.temperature == pytest.approx(298.15)


def test_figures_and_tables_are_written_when_asked(tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = command(
        str(HARD / "c01_no_hf.csv"), "-o", str(out), "--json", "--figures", "svg,pdf", "--circuit", "R0-CPE1"
    )
    assert result.exit_code == 0, result.output
    names = {path.name.removeprefix("c01_no_hf") for path in out.iterdir()}
    tables = {"-spectra.csv", "-spectra-points.csv", "-spectra-curves.csv", "-spectra-distributions.csv"}
    drawn = {
        f"-{name}.{kind}" for name in ("spectra", "residuals", "validity", "relaxation") for kind in ("svg", "pdf")
    }
    assert tables | drawn <= names
    assert not any(name.endswith(".html") for name in names), "no page unless asked"
    assert (out / "c01_no_hf-spectra.pdf").read_bytes().startswith(b"%PDF")
    result = command(str(HARD / "c01_no_hf.csv"), "--figures", "gif")
    assert isinstance(result.exception, InputError)
    assert "svg, pdf, png" in str(result.exception)

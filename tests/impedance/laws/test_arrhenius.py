"""Conductivity against temperature: exact lines and bends, coverage of the errors, and the published spectra."""

from __future__ import annotations

import ast
import math

import numpy as np
import pytest
from scipy import stats

from lithostat.experiment.errors import InputError
from lithostat.experiment.quantity import parse
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.laws.arrhenius import cell_parameters, conductivity, electrolyte_card, fit_arrhenius
from lithostat.impedance.laws.fitted_card import write_card
from lithostat.impedance.laws.intercept import electrolyte_resistance
from lithostat.materials.card import find, load
from lithostat.physics.constants import GAS
from lithostat.reading.read import read

KELVIN = np.linspace(253.15, 333.15, 9)
ENERGY = 33.8e3


def branch(kelvin=KELVIN, power=0.0):
    """sigma T^power follows Arrhenius exactly, 0.28 S/m at 25 degC."""
    return 0.28 * (298.15 / kelvin) ** power * np.exp(-ENERGY / GAS * (1.0 / kelvin - 1.0 / 298.15))


def test_exact_branches_of_sigma_and_of_sigma_t():
    of_sigma = fit_arrhenius(KELVIN, branch())
    assert of_sigma.sigma.activation_energy == pytest.approx(ENERGY, rel=1e-10)
    assert of_sigma.sigma.reference == pytest.approx(0.28, rel=1e-10)
    assert of_sigma.sigma.error < 1e-6 * ENERGY
    of_both = fit_arrhenius(KELVIN, branch(power=1.0))
    assert of_both.sigma_t.activation_energy == pytest.approx(ENERGY, rel=1e-10)
    assert of_both.sigma_t.reference == pytest.approx(0.28 * 298.15, rel=1e-10)


def test_the_two_energies_differ_by_rt():
    """By R times the harmonic centre of the temperatures; both are findings with their own name."""
    fit = fit_arrhenius(KELVIN, branch())
    difference = fit.sigma_t.activation_energy - fit.sigma.activation_energy
    assert difference == pytest.approx(GAS / np.mean(1.0 / KELVIN), rel=0.01)
    names = {one.name: one for one in fit.findings}
    assert names["activation energy of sigma T"].value > names["activation energy of sigma"].value
    assert "0.3503 eV" in names["activation energy of sigma"].evidence[0]
    assert all(one.formula for one in fit.findings)


@pytest.mark.parametrize("stated", [True, False])
def test_errors_cover_what_they_say(stated):
    """Over 1000 seeds of uneven noise (stated) or even noise (estimated) the 68.27 % interval holds the truth."""
    noise = np.linspace(0.01, 0.05, 9) if stated else np.full(9, 0.03)
    inside, pulls = 0, []
    for seed in range(1000):
        measured = branch() * np.exp(noise * np.random.default_rng(seed).standard_normal(9))
        fit = fit_arrhenius(KELVIN, measured, error=noise * measured if stated else None)
        low, high = fit.interval()
        inside += low <= ENERGY <= high
        pulls.append((fit.sigma.activation_energy - ENERGY) / fit.sigma.error)
    assert inside / 1000 == pytest.approx(0.6827, abs=3.0 * math.sqrt(0.6827 * 0.3173 / 1000))
    assert abs(np.mean(pulls)) < 3.5 / math.sqrt(1000)
    if stated:
        assert np.std(pulls) == pytest.approx(1.0, abs=0.08)


def test_covariance_against_scipy():
    measured = branch() * np.exp(0.03 * np.random.default_rng(3).standard_normal(9))
    fit = fit_arrhenius(KELVIN, measured)
    other = stats.linregress(-(1.0 / KELVIN - 1.0 / 298.15) / GAS, np.log(measured))
    assert fit.sigma.activation_energy == pytest.approx(other.slope, rel=1e-9)
    assert fit.sigma.error == pytest.approx(other.stderr, rel=1e-9)
    assert math.sqrt(fit.sigma.covariance[0, 0]) == pytest.approx(other.intercept_stderr, rel=1e-9)


def test_bends_are_called_at_the_rate_that_is_said():
    """A straight branch is called bent in 1 of 100 cases, a VFT liquid nearly always."""
    called = {0.0: 0, 1.0: 0}
    for seed in range(500):
        noise = np.exp(0.01 * np.random.default_rng(seed).standard_normal(9))
        called[0.0] += bool(fit_arrhenius(KELVIN, branch() * noise).warnings)
        called[1.0] += bool(fit_arrhenius(KELVIN, 10.0 * np.exp(-600.0 / (KELVIN - 160.0)) * noise).warnings)
    assert called[0.0] == pytest.approx(5, abs=3.0 * math.sqrt(5))
    assert called[1.0] > 490


def test_an_exact_vft_law_is_found_and_named():
    fit = fit_arrhenius(KELVIN, 10.0 * np.exp(-600.0 / (KELVIN - 160.0)))
    assert fit.vft.t0 == pytest.approx(160.0, abs=0.1)
    assert fit.vft.b == pytest.approx(600.0, rel=2e-3)
    assert fit.vft.a == pytest.approx(10.0, rel=5e-3)
    assert "VFT with T_0 = 160 K" in fit.warnings[0]
    assert fit_arrhenius(KELVIN, branch()).warnings == ()
    assert fit_arrhenius(KELVIN, branch()).vft is None


def test_conductivity_needs_a_geometry():
    assert conductivity([10.0], thickness=1e-3, area=1e-4) == pytest.approx([1.0])
    assert conductivity([10.0], cell_constant=10.0) == pytest.approx([1.0])
    with pytest.raises(InputError, match="cannot be had from a resistance alone"):
        conductivity([10.0])
    with pytest.raises(InputError, match="cannot be had from a resistance alone"):
        conductivity([10.0], thickness=1e-3)
    with pytest.raises(InputError, match="resistance -1 ohm"):
        conductivity([10.0, -1.0], cell_constant=10.0)


def test_too_little_is_refused():
    with pytest.raises(InputError, match="1 temperatures"):
        fit_arrhenius([300.0, 300.0, 300.0], [1.0, 1.1, 0.9])
    with pytest.raises(InputError, match="2 points at 2 temperatures"):
        fit_arrhenius([300.0, 310.0], [1.0, 1.1])
    assert fit_arrhenius([300.0, 310.0], [1.0, 1.1], error=[0.1, 0.1]).sigma.error > 0.0
    with pytest.raises(InputError, match="point 2 has conductivity nan"):
        fit_arrhenius(KELVIN[:3], [1.0, np.nan, 2.0])


def test_the_result_goes_into_a_cell_and_a_card(tmp_path, run):
    fit = fit_arrhenius(KELVIN, branch() * np.exp(0.01 * np.cos(np.arange(9))))
    parameters = cell_parameters(fit)
    assert parse(parameters["conductivity"], "conductivity") == pytest.approx(fit.sigma.reference, rel=1e-5)
    assert parse(parameters["conductivity_temperature"], "conductivity_temperature") == pytest.approx(298.15)
    path = write_card(tmp_path / "pellet.yaml", electrolyte_card(fit, "mine", source="here", base="Li6PS5Cl"))
    card = load(path)
    energy = card.value("conductivity_activation_energy")
    assert energy.value == pytest.approx(fit.sigma.activation_energy, rel=1e-5)
    assert energy.high - energy.value == pytest.approx(fit.sigma.error, rel=1e-3)
    assert card.value("toughness") == find("Li6PS5Cl").value("toughness")
    record = run([{"press": "10 MPa"}, {"rest": "1 h"}], parameters=parameters)
    assert record.provenance["parameters"]["conductivity"] == pytest.approx(fit.sigma.reference, rel=1e-5)


def sweep(z):
    return Spectrum(np.logspace(6, 1, 51), z(2j * np.pi * np.logspace(6, 1, 51)))


def test_three_readings_of_one_resistance():
    blocking = electrolyte_resistance(sweep(lambda s: 120.0 + 1.0 / (1e-6 * s**0.9)), "blocking")
    assert blocking.resistance == pytest.approx(120.0, rel=1e-6)
    with_leads = sweep(lambda s: 120.0 + 2e-5 * s + 1.0 / (1e-5 * s))
    crossing = electrolyte_resistance(with_leads)
    assert (crossing.reading, crossing.resistance) == ("crossing", pytest.approx(120.0, rel=1e-12))
    assert crossing.frequency == pytest.approx(1.0 / (2 * np.pi * math.sqrt(2e-5 * 1e-5)), rel=0.02)
    arc = sweep(lambda s: 1.0 / (1.0 / 120.0 + 1e-9 * s) + 1.0 / (1e-4 * s))
    turning = electrolyte_resistance(arc)
    assert (turning.reading, turning.resistance) == ("turning point", pytest.approx(120.0, rel=2e-3))
    assert electrolyte_resistance(sweep(lambda s: 120.0 + 1.0 / (1e-6 * s**0.9))).reading == "blocking"
    with pytest.raises(InputError, match="no crossing"):
        electrolyte_resistance(arc, "crossing")
    with pytest.raises(InputError, match="one of crossing"):
        electrolyte_resistance(arc, "guess")


# --- measured: 39 spectra of liquid electrolytes with their published resistance, conductivity, cell constant ---------


@pytest.fixture(scope="module")
def published(request):
    from pathlib import Path

    path = Path(__file__).parents[4] / "shared" / "data" / "07_EIS_vs_T_conductivity_MADAP" / "all508.csv"
    if not path.is_file():
        pytest.skip("no measured files beside the checkout (shared/data)")
    record = read(path)
    rows = record.provenance["files"][0]["header"]["rows"]
    return record.spectra, [
        {
            "ohm": float(row["resistance [Ohm]"]),
            "sigma": 100.0 * float(row["conductivity [S/cm]"]),
            "constant": 100.0 * ast.literal_eval(row["cell constant, standard deviation"])[0],
            "vessel": row["experimentID"],
        }
        for row in rows
    ]


def test_published_conductivity_is_cell_constant_over_resistance(published):
    for row in published[1]:
        assert conductivity(row["ohm"], cell_constant=row["constant"]) == pytest.approx([row["sigma"]], rel=1e-9)


def test_the_published_resistance_is_that_of_the_blocking_circuit(published):
    """R0 of R0-p(R1,CPE1), weighted by the modulus: exact where that has a finite R1, within 1.3 % where it has none.

    No spectrum crosses or turns: the real part at the highest frequency misses by up to 16 %.
    """
    spectra, rows = published
    readings = [electrolyte_resistance(spectrum) for spectrum in spectra]
    assert {one.reading for one in readings} == {"blocking"}
    missed = np.array([one.resistance / row["ohm"] - 1.0 for one, row in zip(readings, rows, strict=True)])
    warm = np.array([spectrum.temperature > 320.0 for spectrum in spectra])
    assert np.abs(missed[warm]).max() < 1e-4
    assert np.abs(missed).max() < 0.013
    assert (np.abs(missed) < 0.01).sum() >= 36
    ends = [spectrum.impedance.real[np.argmax(spectrum.frequency)] for spectrum in spectra]
    assert max(abs(end / row["ohm"] - 1.0) for end, row in zip(ends, rows, strict=True)) > 0.15


def test_liquids_bend_and_the_bend_is_named(published):
    """Three of the four electrolytes; the fourth, with nine points, bends with a probability of 2 % by chance."""
    spectra, rows = published
    fits = {}
    for vessel in {row["vessel"] for row in rows}:
        own = [k for k, row in enumerate(rows) if row["vessel"] == vessel]
        fits[vessel] = fit_arrhenius([spectra[k].temperature for k in own], [rows[k]["sigma"] for k in own])
    bent = {vessel for vessel, fit in fits.items() if fit.warnings}
    assert set(fits) - bent == {"PYA_25082021_BM169_1"}
    for vessel in bent:
        fit = fits[vessel]
        assert "not enough" in fit.warnings[0]
        assert 100.0 < fit.vft.t0 < fit.temperature.min()
        assert fit.vft.better > 10.0
    assert fits["PYA_25082021_BM169_1"].sigma.curvature == pytest.approx(0.02, abs=0.005)

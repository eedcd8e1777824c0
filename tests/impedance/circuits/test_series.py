"""Spectra of one cell fitted together: ties recover what they tie, tell when they are wrong, and narrow the errors."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.circuits.circuit import circuit
from lithostat.impedance.circuits.fit import fit_each
from lithostat.impedance.circuits.series import SeriesFit, fit_series

GAS = 8.31446261815324
TEXT = "R0-p(R1,CPE1)"
F = np.geomspace(1e6, 1.0, 40)
KELVIN = np.linspace(270.0, 340.0, 8)
PASCAL = np.geomspace(1e6, 25e6, 8)
BULK, CONTACT, EXPONENT = 34e3, 200.0, -0.8


def truth(k: int) -> dict[str, float]:
    return {
        "R0": 30.0 * np.exp(BULK / GAS * (1.0 / KELVIN[k] - 1.0 / 298.15)),
        "R1": CONTACT * (PASCAL[k] / 1e6) ** EXPONENT,
        "CPE1_Q": 2e-6,
        "CPE1_n": 0.85,
    }


def series(noise: float, seed: int = 0) -> list[Spectrum]:
    random = np.random.default_rng(seed)
    found = []
    for k in range(len(KELVIN)):
        z = np.asarray(circuit(TEXT).impedance(F, truth(k)))
        parts = random.standard_normal(len(F)) + 1j * random.standard_normal(len(F))
        found.append(
            Spectrum(
                F,
                z + noise * np.abs(z) * parts,
                time=100.0 * k,
                temperature=KELVIN[k],
                pressure=PASCAL[k],
                name=f"s{k}",
            )
        )
    return found


TIES = {"R0": "arrhenius", "R1": "power", "CPE1_Q": "shared", "CPE1_n": "shared"}


def test_exact_spectra_give_the_activation_energy_and_the_exponent() -> None:
    found = fit_series(series(0.0), TEXT, ties=TIES)
    assert found.laws["R0"].slope == pytest.approx(BULK, rel=1e-5)
    assert found.laws["R1"].slope == pytest.approx(EXPONENT, rel=1e-5)
    assert found.laws["CPE1_Q"].value == pytest.approx(2e-6, rel=1e-5)
    for k, one in enumerate(found.fits):
        assert one.values == pytest.approx(truth(k), rel=1e-5)


def test_standard_errors_of_ties_hold_the_truth_at_their_rate() -> None:
    """Pulls of four tied numbers over 40 series: a normal distribution, tested by its variance and mean."""
    away = []
    for seed in range(40):
        laws = fit_series(series(5e-3, seed), TEXT, ties=TIES).laws
        away.append(
            [
                (laws["R0"].slope - BULK) / laws["R0"].slope_error,
                (laws["R1"].slope - EXPONENT) / laws["R1"].slope_error,
                (laws["CPE1_Q"].value - 2e-6) / laws["CPE1_Q"].value_error,
                (laws["CPE1_n"].value - 0.85) / laws["CPE1_n"].value_error,
            ]
        )
    spread = np.array(away)
    assert np.abs(spread.mean(0)).max() < 4.0 / np.sqrt(len(away))
    # 40 pulls: their variance has a standard deviation of 0.22
    assert np.abs(spread.var(0, ddof=1) - 1.0).max() < 4.0 * np.sqrt(2.0 / 39.0)


def test_sharing_narrows_the_errors_of_what_is_free() -> None:
    spectra = series(5e-3)
    tied = fit_series(spectra, TEXT, ties={"CPE1_Q": "shared", "CPE1_n": "shared"})
    alone = fit_series(spectra, TEXT)
    assert (tied.standard_errors("R1") < alone.standard_errors("R1")).all()
    assert tied.warnings == ()


def test_without_ties_each_spectrum_is_fitted_for_itself() -> None:
    spectra = series(5e-3)
    assert [one.values for one in fit_series(spectra, TEXT).fits] == [one.values for one in fit_each(spectra, TEXT)]


def test_a_wrong_tie_is_doubted_and_the_spectrum_named() -> None:
    found = fit_series(series(5e-3), TEXT, ties={"R0": "shared"})
    assert any("speak against the ties (R0 shared)" in said for said in found.warnings)


def test_a_right_tie_is_hardly_ever_doubted() -> None:
    doubted = sum(bool(fit_series(series(5e-3, seed), TEXT, ties=TIES).warnings) for seed in range(30))
    assert doubted <= 1  # the level is one in a thousand


def test_smooth_values_lie_nearer_the_truth_than_free_ones() -> None:
    gain = []
    for seed in range(10):
        spectra = series(0.02, seed)
        real = np.array([truth(k)["CPE1_Q"] for k in range(len(KELVIN))])
        free = fit_series(spectra, TEXT).values("CPE1_Q")
        smooth = fit_series(spectra, TEXT, ties={"CPE1_Q": "smooth"}, axis="time").values("CPE1_Q")
        gain.append(((np.log(smooth / real)) ** 2).sum() / ((np.log(free / real)) ** 2).sum())
    assert np.mean(gain) < 0.8


def test_smooth_does_not_flatten_a_step() -> None:
    spectra = series(1e-3)
    for k in range(4, 8):
        jumped = truth(k) | {"CPE1_Q": 8e-6}
        z = np.asarray(circuit(TEXT).impedance(F, jumped))
        spectra[k] = Spectrum(F, z, time=100.0 * k)
    found = fit_series(spectra, TEXT, ties={"CPE1_Q": "smooth"}, axis="time").values("CPE1_Q")
    assert found == pytest.approx([2e-6] * 4 + [8e-6] * 4, rel=0.02)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ties": {"R0": "arrhenius"}, "drop": "temperature"}, "needs the temperature"),
        ({"ties": {"R0": "power"}, "drop": "pressure"}, "needs the pressure"),
        ({"ties": {"R0": "arhenius"}}, "did you mean 'arrhenius'"),
        ({"ties": {"R9": "shared"}}, "no parameter 'R9'"),
        ({"ties": {"R0": "shared"}, "fixed": {"R0": 3.0}}, "both fixed and tied"),
        ({"ties": {"R0": "smooth"}, "axis": "pressur"}, "along 'pressur'"),
        ({"ties": {"R0": "arrhenius"}, "alike": True}, "all spectra are alike"),
    ],
)
def test_ties_that_cannot_be_followed_are_refused(change: dict, says: str) -> None:
    spectra = series(1e-3)
    drop = change.pop("drop", None)
    if drop:
        spectra = [Spectrum(one.frequency, one.impedance, name=one.name) for one in spectra]
    if change.pop("alike", False):
        spectra = [Spectrum(one.frequency, one.impedance, temperature=300.0) for one in spectra]
    with pytest.raises(InputError, match=says):
        fit_series(spectra, TEXT, **change)


def test_no_spectra_are_refused() -> None:
    with pytest.raises(InputError, match="no spectrum"):
        fit_series([], TEXT)


def test_findings_carry_value_unit_and_error() -> None:
    found: SeriesFit = fit_series(series(5e-3), TEXT, ties=TIES)
    by_name = {finding.name: finding for finding in found.findings()}
    energy = by_name["R0 activation energy"]
    assert energy.unit == "J/mol"
    assert energy.uncertainty is not None
    assert abs(energy.value - BULK) < 5.0 * energy.uncertainty  # type: ignore[operator]

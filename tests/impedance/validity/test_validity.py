"""Kramers-Kronig: exact circuits pass, noise is measured, false alarms are as stated, what breaks is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from random_sweeps import exact, noisy, sweep

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.check import DRIFT_ALARM, FALSE_ALARM, check, clean
from lithostat.reading.read import read

DATA = Path(__file__).parents[4] / "shared" / "data"
MADAP = DATA / "07_EIS_vs_T_conductivity_MADAP"
real = pytest.mark.skipif(not MADAP.is_dir(), reason="no measured files beside the checkout (shared/data)")

F = np.logspace(6, -2, 81)
S = 2j * np.pi * F


def arc(ohm: float, tau: float, exponent: float = 1.0) -> np.ndarray:
    return ohm / (1.0 + (S * tau) ** exponent)


EXACT = {
    "one RC": 10.0 + arc(5.0, 1e-3),
    "ZARC with leads": 10.0 + arc(30.0, 1e-4, 0.8) + 1e-6 * S,
    "infinite Warburg": 10.0 + arc(30.0, 1e-5, 0.9) + 20.0 / np.sqrt(S),
    "finite Warburg": 10.0 + 5.0 * np.tanh(np.sqrt(3.0 * S)) / np.sqrt(3.0 * S),
    "blocking CPE": 10.0 + 1e5 / S**0.9,
    "blocking capacitor": 100.0 + 1e6 / S,
    "inductive loop": 10.0 + arc(5.0, 1e-3, 0.9) - arc(2.0, 3.0),
}
CELL = 10.0 + arc(30.0, 1e-5, 0.85) + arc(20.0, 0.05, 0.8) + 2e-7 * S


@pytest.mark.parametrize("name", EXACT)
def test_what_obeys_exactly_leaves_nothing(name: str) -> None:
    held = check(Spectrum(F, EXACT[name]))
    assert held.kind == "valid"
    assert np.abs(held.residual).max() < 3e-7  # rounding, amplified by terms that nearly cancel
    assert held.noise_level < 3e-7


def test_exact_cell_shows_its_resistances_and_leads() -> None:
    held = check(Spectrum(F, CELL))
    ohm, sure = held.high_frequency_resistance
    assert abs(ohm - 10.0) < 3.0 * sure
    assert sure < 0.1
    assert held.inductance[0] == pytest.approx(2e-7, rel=0.01)
    assert abs(held.total_resistance[0] - 60.0) < 3.0 * held.total_resistance[1]
    assert held.total_resistance[1] < 0.6


def test_open_end_has_no_resistance_at_rest() -> None:
    held = check(Spectrum(F, EXACT["blocking CPE"]))
    assert np.isnan(held.total_resistance[0])
    finding = next(finding for finding in held.findings() if finding.name == "total resistance")
    assert finding.value is None
    assert "lowest frequency" in finding.evidence[0]


@pytest.fixture(scope="module")
def many() -> list[tuple[float, float, object]]:
    random = np.random.default_rng(11)
    made = [sweep(random) for _ in range(250)]
    return [(level, ohm, check(spectrum)) for spectrum, level, ohm in made]


def test_false_alarms_are_as_stated(many: list) -> None:
    stray = np.mean([held.stray.any() for _, _, held in many])
    drifting = np.mean([held.drifting for _, _, held in many])
    assert stray < FALSE_ALARM + 3.0 * np.sqrt(FALSE_ALARM / len(many))
    assert drifting < DRIFT_ALARM + 4.0 * np.sqrt(DRIFT_ALARM / len(many))
    assert all(held.kind != "not believable" for _, _, held in many)


def test_noise_is_measured(many: list) -> None:
    """80 % of the levels within 20 % and nearly all within 40 %: 25 points carry 50 numbers, and terms take some."""
    ratio = np.array([held.noise_level / level for level, _, held in many])
    assert np.median(ratio) == pytest.approx(1.0, abs=0.04)
    assert np.mean(np.abs(ratio - 1.0) < 0.2) > 0.8
    assert np.mean(np.abs(ratio - 1.0) < 0.4) > 0.98


def test_uncertainty_of_the_high_frequency_resistance_is_honest(many: list) -> None:
    pull = [(held.high_frequency_resistance[0] - ohm) / held.high_frequency_resistance[1] for _, ohm, held in many]
    assert np.mean(np.abs(pull) < 2.0) > 0.93


def test_noise_of_one_size_in_ohm_is_told_from_noise_in_percent() -> None:
    random = np.random.default_rng(3)
    z = 1.0 + arc(99.0, 1e-2, 0.9)
    for _ in range(20):
        held = check(Spectrum(F, noisy(random, z, 0.2)))
        assert held.uneven
        assert not held.stray.any()
        assert held.noise / 0.2 == pytest.approx(np.ones(81), rel=0.6)
    held = check(Spectrum(F, noisy(random, z, 0.01 * np.abs(z))))
    assert not held.uneven


def test_one_stray_point_is_named_and_taken_out() -> None:
    random = np.random.default_rng(5)
    for _ in range(25):
        z, _ = exact(random, F)
        z = noisy(random, z, 0.003 * np.abs(z))
        row = random.integers(2, 79)
        z[row] += 0.05 * np.abs(z[row]) * np.exp(2j * np.pi * random.uniform())
        spectrum = Spectrum(F, z, pressure=5e6, name="cell")
        held = check(spectrum)
        assert F[row] in held.stray_frequencies
        assert held.stray.sum() <= 2
        kept, said = clean(spectrum)
        assert F[row] not in kept.frequency
        assert len(kept.frequency) == 81 - held.stray.sum()
        assert kept.pressure == 5e6
        assert any(f"{F[row]:.4g} Hz" in sentence for sentence in said)


def test_mains_are_named() -> None:
    random = np.random.default_rng(6)
    frequency = np.sort(np.append(F, [50.0, 49.0]))[::-1]
    z = 10.0 + 30.0 / (1.0 + 2j * np.pi * frequency * 1e-3)
    z = noisy(random, z, 0.002 * np.abs(z))
    struck = np.isin(frequency, [50.0, 49.0, 100.0])
    z[struck] += np.array([1.0 + 2.0j, -2.0 + 1.0j, 1.5j])
    held = check(Spectrum(frequency, z))
    assert set(held.stray_frequencies) == {50.0, 49.0, 100.0}
    assert sum("mains" in reason for reason in held.reasons) == 3


@pytest.mark.parametrize("growth", [0.1, -0.1, 0.03])
def test_drift_is_told_from_stray_points(growth: float) -> None:
    """The large arc's resistance grows in time while every point takes two cycles, from high to low frequency."""
    random = np.random.default_rng(7)
    time = np.cumsum(2.0 / F)
    grown = 1.0 + growth * time / time[-1]
    drifted = 10.0 + arc(5.0, 1e-5, 0.85) + grown * arc(50.0, 0.05, 0.9)
    seen = [check(Spectrum(F, noisy(random, drifted, 1e-3 * np.abs(drifted)))) for _ in range(10)]
    assert all(held.drifting and held.kind.startswith("drift") for held in seen)
    assert np.mean([held.stray.sum() for held in seen]) < 0.5
    expected = growth * 50.0 / 65.0  # what the whole impedance grew by
    assert np.mean([held.drift[0] for held in seen]) == pytest.approx(expected, rel=0.3)
    assert "changed by" in " ".join(seen[0].reasons)


def test_points_out_of_order_are_sorted_and_copies_averaged() -> None:
    order = np.random.default_rng(0).permutation(81)
    held = check(Spectrum(np.append(F[order], F[3]), np.append(CELL[order], CELL[3])))
    assert np.array_equal(held.spectrum.frequency, F)
    assert np.array_equal(held.spectrum.impedance, CELL)
    assert "sorted" in held.notes[0]
    assert "averaged" in held.notes[1]
    upwards = check(Spectrum(F[::-1], CELL[::-1]))
    assert upwards.notes == ()
    assert np.array_equal(upwards.spectrum.frequency, F)


REFUSED = {
    "5 points": (F[:5], CELL[:5]),
    "one impedance for each": (F[:9], CELL[:8]),
    "no numbers": (F[:9], np.append(CELL[:8], np.nan)),
    "frequencies above zero": (np.append(F[:8], 0.0), CELL[:9]),
    "other values": (np.append(F[:8], F[0]), CELL[:9]),
    "positive at every frequency": (F, CELL.conj() + 1e-3 * S),
    "same impedance": (F, np.full(81, 3.0 + 0j)),
    "is zero": (F, np.append(CELL[:80], 0.0)),
}


@pytest.mark.parametrize("word", REFUSED)
def test_what_is_no_spectrum_is_refused_with_a_sentence(word: str) -> None:
    with pytest.raises(InputError, match=word):
        check(Spectrum(*REFUSED[word], name="cell"))


def test_random_numbers_are_not_believed() -> None:
    random = np.random.default_rng(8)
    for _ in range(5):
        held = check(Spectrum(F, random.standard_normal(81) + 1j * random.standard_normal(81)))
        assert held.kind == "not believable"
        assert "%" in " ".join(held.reasons)


@real
def test_measured_sweep_with_four_faked_points_loses_these_four() -> None:
    held = check(read(MADAP / "for_test_8.csv").spectra[0])
    assert [round(f) for f in held.stray_frequencies] == [72, 64, 57, 50]


@real
def test_measured_sweeps_of_one_percent_noise_show_it() -> None:
    folder = DATA / "06_DRT_benchmark_bayes-drt"
    for name, ohm in (("ZARC", 0.009996), ("2RC", 0.02), ("Gerischer", 0.009972), ("RC-ZARC", 0.01944)):
        held = check(read(folder / f"Z_{name}_uniform_1.0.csv").spectra[0])
        assert np.median(held.noise) == pytest.approx(ohm, rel=0.15), name
        assert not held.stray.any(), name
        assert check(read(folder / f"Z_{name}_noiseless.csv").spectra[0]).kind == "valid"

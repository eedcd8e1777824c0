"""Ends of sweeps without a circuit: loops, negative resistances, drift referred to the middle, repeats, crops."""

from __future__ import annotations

import numpy as np
import pytest

from lithostat.experiment.errors import InputError
from lithostat.experiment.spectrum import Spectrum
from lithostat.impedance.validity.check import check
from lithostat.impedance.validity.drift import referred_to_the_middle
from lithostat.impedance.validity.kramers_kronig import elapsed
from lithostat.impedance.validity.sweep import cropped, ordered, scatter
from lithostat.impedance.validity.turning import turns_back, turns_negative

F = np.geomspace(1e6, 1e-2, 66)
S = 2j * np.pi * F


def noisy(z: np.ndarray, level: float = 2e-3, seed: int = 0) -> Spectrum:
    random = np.random.default_rng(seed)
    return Spectrum(F, z * (1.0 + level * (random.standard_normal(66) + 1j * random.standard_normal(66))))


ARC = 10.0 + 40.0 / (1.0 + (S * 1e-4) ** 0.9)


@pytest.mark.parametrize("seed", range(20))
def test_a_sweep_that_ends_on_the_axis_does_not_turn_back(seed: int) -> None:
    assert turns_back(noisy(ARC, seed=seed)) is None
    assert turns_negative(noisy(ARC, seed=seed)) is None


@pytest.mark.parametrize("loop", [2.0, 15.0])
def test_a_loop_is_seen_where_it_begins(loop: float) -> None:
    at = turns_back(noisy(ARC - loop / (1.0 + S * 2.0)))
    assert at is not None
    assert 0.02 < at < 10.0


def test_a_negative_resistance_is_seen() -> None:
    at = turns_negative(noisy(ARC - 80.0 / (1.0 + S * 2.0)))
    assert at == pytest.approx(1.0 / (2.0 * np.pi * 2.0), rel=0.5)


@pytest.mark.parametrize("growth", [0.08, -0.05, 0.2])
def test_a_drifting_sweep_is_referred_to_its_middle(growth: float) -> None:
    ohm = 100.0 * (1.0 + growth * elapsed(F))
    held = check(noisy(25.0 + ohm / (1.0 + (S * 1e-4) ** 0.9)))
    assert held.drifting
    steady = referred_to_the_middle(held)
    value, error = steady.growth
    assert abs(value - growth) < 4.0 * error
    middle = 25.0 + 100.0 * (1.0 + 0.5 * growth) / (1.0 + (S * 1e-4) ** 0.9)
    assert np.abs(steady.spectrum.impedance / middle - 1.0).max() < 0.015
    assert not check(steady.spectrum).drifting


def test_repeats_are_averaged_and_their_scatter_is_the_noise() -> None:
    sweeps = [noisy(ARC, level=5e-3, seed=seed).impedance for seed in range(3)]
    spectrum = Spectrum(np.repeat(F, 3), np.stack(sweeps, axis=1).ravel())
    averaged, notes = ordered(spectrum)
    np.testing.assert_allclose(averaged.impedance, np.mean(sweeps, axis=0))
    assert any("132 repeats of a frequency were averaged" in note for note in notes)
    assert scatter(spectrum) == pytest.approx(5e-3 / np.sqrt(3.0), rel=0.2)
    assert check(spectrum).noise_level == pytest.approx(5e-3 / np.sqrt(3.0), rel=0.2)
    assert scatter(noisy(ARC)) is None
    other = np.concatenate([sweeps[0], 1.3 * sweeps[0]])
    with pytest.raises(InputError, match="other values"):
        ordered(Spectrum(np.concatenate([F, F]), other))


def test_a_crop_keeps_what_lies_between() -> None:
    spectrum = noisy(ARC)
    part = cropped(spectrum, 1.0, 1e4)
    assert part.frequency.min() >= 1.0
    assert part.frequency.max() <= 1e4
    assert len(part.frequency) == np.sum((F >= 1.0) & (F <= 1e4))
    assert cropped(spectrum, None, None) is spectrum
    assert cropped(spectrum, float(F[-1]), float(F[0])) is spectrum, "both ends are included"
    with pytest.raises(InputError, match="no point lies between"):
        cropped(spectrum, 1e7, None)


def test_a_negative_real_part_at_high_frequency_is_the_instruments() -> None:
    z = noisy(1e5 / (1.0 + S * 1e-6)).impedance.copy()
    z[:6] = z[:6] - 1.5 * z[:6].real
    held = check(Spectrum(F, z))
    assert held.stray[:6].all()
    assert held.stray[6:].sum() <= 1
    assert all("its real part is negative" in reason for reason in held.reasons[:6])

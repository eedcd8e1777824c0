import numpy as np
import pytest

from lithostat.physics.fracture import critical_flaw, penetrates, plating_overpressure, runs_or_penetrates


@pytest.mark.parametrize("pressure", [2e6, 25e6, 75e6])
def test_a_flaw_of_critical_length_has_sneddons_stress_intensity(pressure):
    length = critical_flaw(pressure, toughness=0.2e6)
    assert 2.0 * pressure * np.sqrt(length / np.pi) == pytest.approx(0.2e6, rel=1e-12)


def test_critical_flaw_at_25_megapascal():
    assert critical_flaw(25e6, toughness=0.2e6) == pytest.approx(np.pi / 4 * 0.008**2, rel=1e-12)  # 50.3 um


def test_no_pressure_never_cracks():
    assert critical_flaw(0.0, toughness=0.2e6) > 1e9


def test_ten_millivolts_of_full_transmission_are_74_megapascal():
    got = plating_overpressure(0.010, transmission=1.0, molar_volume=13.02e-6)
    assert got == pytest.approx(964.8533212 / 13.02e-6, rel=1e-12)
    assert got == pytest.approx(74e6, rel=0.005)  # Porz et al. 2017


def test_overpressure_is_off_without_transmission():
    assert plating_overpressure(0.5, transmission=0.0, molar_volume=13e-6) == 0.0


def test_fracture_or_the_far_electrode_whichever_comes_first():
    assert runs_or_penetrates(50e-6, 1e-3) == 50e-6
    assert runs_or_penetrates(5e-3, 1e-3) == 1e-3


def test_percolation_ignores_fracture():
    assert penetrates(50e-6, 1e-3) == 1e-3

import numpy as np
import pytest

from lithostat.physics.constants import FARADAY, GAS, arrhenius


def test_constants_are_codata_2018():
    assert pytest.approx(1.602176634e-19 * 6.02214076e23, rel=1e-10) == FARADAY
    assert pytest.approx(1.380649e-23 * 6.02214076e23, rel=1e-10) == GAS


def test_arrhenius_is_one_at_the_reference_temperature():
    assert arrhenius(311.0, activation_energy=5e4, reference_temperature=311.0) == 1.0


def test_arrhenius_slope_in_inverse_temperature_is_the_activation_energy():
    energy, temperature = 33.8e3, np.array([260.0, 350.0])
    factor = arrhenius(temperature, activation_energy=energy, reference_temperature=298.15)
    slope = np.diff(np.log(factor)) / np.diff(1.0 / temperature)
    assert slope[0] == pytest.approx(-energy / 8.31446261815324, rel=1e-9)  # R is kept to 10 digits


def test_no_activation_energy_means_no_temperature_dependence():
    assert arrhenius(400.0, activation_energy=0.0, reference_temperature=298.15) == 1.0

import numpy as np
import pytest

from lithostat.physics.impedance import stack_impedance

SERIES, ARC, CAPACITANCE = 40e-4, 3e-4, 0.22


def stack(frequency, interface=(ARC, ARC)):
    return stack_impedance(
        np.atleast_1d(frequency), series=SERIES, interface=np.array(interface), capacitance=CAPACITANCE
    )


def test_direct_current_sees_every_resistance():
    assert stack(0.0)[0] == pytest.approx(SERIES + 2 * ARC, rel=1e-14)


def test_high_frequency_leaves_the_series_resistance():
    z = stack(1e15)[0]
    assert z.real == pytest.approx(SERIES, rel=1e-12)
    assert z.imag == pytest.approx(0.0, abs=1e-12)


def test_apex_of_the_semicircle_lies_at_one_over_two_pi_rc():
    apex = 1.0 / (2.0 * np.pi * ARC * CAPACITANCE)
    z = stack(apex, (ARC,))[0]
    assert z == pytest.approx(SERIES + ARC / 2 - 0.5j * ARC, rel=1e-12)
    around = stack(apex * np.array([0.9, 1.1]), (ARC,))
    assert np.all(-around.imag < -z.imag)


def test_an_arc_is_a_semicircle():
    z = stack(np.logspace(-2, 8, 60), (ARC,))
    assert np.abs(z - (SERIES + ARC / 2)) == pytest.approx(np.full(60, ARC / 2), rel=1e-11)


def test_a_capacitor_has_a_negative_imaginary_part():
    assert np.all(stack(np.logspace(-2, 8, 60)).imag < 0.0)

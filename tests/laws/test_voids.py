import math

import numpy as np
import pytest

from lithostat.physics.voids import critical_stripping_current, unvoided, void_rate

OMEGA = 13.02e-6


def test_critical_stripping_current_passes_through_both_published_points():
    m = math.log(5.0) / math.log(7.0 / 3.0)
    got = critical_stripping_current(np.array([3e6, 7e6]), reference=2.0, reference_pressure=3e6, exponent=m)
    assert got == pytest.approx([2.0, 10.0], rel=1e-12)


def test_the_printed_exponent_is_that_of_the_two_points():
    assert math.log(5.0) / math.log(7.0 / 3.0) == pytest.approx(1.90, abs=0.005)


def test_without_pressure_no_stripping_is_replenished():
    assert critical_stripping_current(0.0, reference=2.0, reference_pressure=3e6, exponent=1.9) < 1e-15


@pytest.mark.parametrize(
    ("stripping", "void", "sign"),
    [
        (3.0, 0.0, 1),  # above the critical current: grows from nothing
        (3.0, 1e-6, 1),
        (2.0, 1e-6, 0),  # at it: stands still
        (1.0, 1e-6, -1),  # below it: creep closes it
        (0.0, 1e-6, -1),  # at rest: creep closes it
        (-1.0, 1e-6, -1),  # plating fills it
        (-1.0, 0.0, 0),  # nothing to fill
        (1.0, 0.0, 0),
        (0.0, 0.0, 0),
        (-1.0, -1e-12, 0),  # below empty by rounding: no further
    ],
)
def test_signs_of_void_growth(stripping, void, sign):
    assert np.sign(void_rate(stripping, 1.0, void, critical=2.0, molar_volume=OMEGA)) == sign


def test_void_growth_is_the_unreplenished_lithium():
    got = void_rate(3.0, 0.5, 0.0, critical=2.0, molar_volume=OMEGA)
    assert got == pytest.approx(OMEGA / 96485.33212 * (3.0 / 0.5 - 2.0), rel=1e-14)


def test_plating_heals_faster_than_rest():
    rest, plating = void_rate(np.array([0.0, -1.0]), 1.0, 1e-6, critical=2.0, molar_volume=OMEGA)
    assert plating < rest < 0.0


def test_voids_take_63_percent_at_their_scale_and_nothing_when_empty():
    assert unvoided(1e-6, scale=1e-6) == pytest.approx(math.exp(-1.0), rel=1e-14)
    assert unvoided(0.0, scale=1e-6) == 1.0
    assert unvoided(-1e-9, scale=1e-6) == 1.0
    assert 0.0 < unvoided(1.0, scale=1e-6) < 1e-12

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from lithostat.physics.voids import (
    constant_closure,
    critical_stripping_current,
    crowding,
    left_exponentially,
    left_linearly,
    proportional_closure,
)

OMEGA = 13.02e-6
PER_CHARGE = OMEGA / 96485.33212
FIRST = {"molar_volume": OMEGA, "void_height": 1e-6}
SPAN = 12e-6
SECOND = {"molar_volume": OMEGA, "void_height": SPAN}


def test_critical_stripping_current_passes_through_both_published_points():
    m = math.log(5.0) / math.log(7.0 / 3.0)
    got = critical_stripping_current(np.array([3e6, 7e6]), reference=2.0, reference_pressure=3e6, exponent=m)
    assert got == pytest.approx([2.0, 10.0], rel=1e-12)


def test_the_printed_exponent_is_that_of_the_two_points():
    assert math.log(5.0) / math.log(7.0 / 3.0) == pytest.approx(1.90, abs=0.005)


def test_without_pressure_no_stripping_is_replenished_unless_something_adheres():
    numbers = {"reference": 2.0, "reference_pressure": 3e6, "exponent": 1.9}
    assert critical_stripping_current(0.0, **numbers) < 1e-15
    assert critical_stripping_current(0.0, adhesion=1e6, **numbers) == pytest.approx(2.0 * 0.25**1.9, rel=1e-12)


def test_creep_quickens_what_can_be_replenished_and_the_ceiling_is_never_passed():
    numbers = {"reference": 2.0, "reference_pressure": 3e6, "exponent": 1.4}
    hot = critical_stripping_current(3e6, 353.15, activation_energy=37e3, **numbers)
    assert hot / 2.0 == pytest.approx(math.exp(-37e3 / 8.314462618 * (1 / 353.15 - 1 / 298.15)), rel=1e-12)
    capped = critical_stripping_current(np.array([3e6, 1e9]), ceiling=200.0, **numbers)
    assert capped[0] == pytest.approx(2.0 / 1.01, rel=1e-12)
    assert 190.0 < capped[1] < 200.0


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
    height = FIRST | {"void_height": 1e30}  # a void takes no contact, so that the local current stays
    assert np.sign(constant_closure(stripping, 1.0, void, 2.0, **height)) == sign


def test_void_growth_is_the_unreplenished_lithium():
    got = constant_closure(3.0, 0.5, 0.0, 2.0, **FIRST)
    assert got == pytest.approx(OMEGA / 96485.33212 * (3.0 / 0.5 - 2.0), rel=1e-14)


def test_plating_heals_faster_than_rest():
    rest, plating = constant_closure(np.array([0.0, -1.0]), 1.0, 1e-6, 2.0, **FIRST)
    assert plating < rest < 0.0


def test_voids_take_63_percent_at_their_scale_and_nothing_when_empty():
    assert left_exponentially(1e-6, void_height=1e-6) == pytest.approx(math.exp(-1.0), rel=1e-14)
    assert left_exponentially(0.0, void_height=1e-6) == 1.0
    assert left_exponentially(-1e-9, void_height=1e-6) == 1.0
    assert 0.0 < left_exponentially(1.0, void_height=1e-6) < 1e-12


def integrated(stripping, pressed, start, critical, seconds):
    """Void thickness after some time [m], by an integrator that knows nothing of closed forms."""
    rate = lambda _, w: proportional_closure(stripping, pressed, w, critical, **SECOND)  # noqa: E731
    return solve_ivp(rate, (0.0, seconds), [start], rtol=1e-10, atol=1e-16).y[0, -1]


@pytest.mark.parametrize(("current", "pressed"), [(2.0, 0.4), (1.0, 0.9), (8.0, 0.5)])
def test_steady_stripping_opens_voids_as_the_closed_form_says(current, pressed):
    critical, seconds = 5.0, 5400.0
    k = PER_CHARGE * critical / SPAN
    y = current / (pressed * critical) * (1.0 - math.exp(-k * seconds))
    assert integrated(current, pressed, 0.0, critical, seconds) / SPAN == pytest.approx(y, rel=1e-8)


def test_contact_is_lost_if_and_only_if_the_local_current_is_above_the_critical_one():
    pressed, critical = 0.4, 5.0
    below = integrated(0.999 * pressed * critical, pressed, 0.0, critical, 1e8) / SPAN
    assert below == pytest.approx(0.999, rel=1e-6)
    current = 2.0 * pressed * critical
    k = PER_CHARGE * critical / SPAN
    lost = -math.log(1.0 - pressed * critical / current) / k
    assert integrated(current, pressed, 0.0, critical, lost) / SPAN == pytest.approx(1.0, rel=1e-8)


def test_without_creep_contact_is_lost_after_the_charge_that_fills_the_voids():
    charge = 0.3 * SPAN / PER_CHARGE
    assert integrated(2.0, 0.3, 0.0, 0.0, charge / 2.0) / SPAN == pytest.approx(1.0, rel=1e-9)


def test_many_short_turns_leave_the_share_that_conserves_current():
    """y / (1 - y) = j / (2 c j_crit) after stripping, for half-cycles that are short against closing."""
    pressed, critical, current, seconds = 0.5, 4.0, 1.0, 5.0
    w = 0.0
    k_strip = PER_CHARGE * critical / SPAN
    k_plate = PER_CHARGE * (current / pressed + critical) / SPAN
    for _ in range(200_000):
        w *= math.exp(-k_plate * seconds)
        steady = SPAN * current / (pressed * critical)
        w = steady + (w - steady) * math.exp(-k_strip * seconds)
    y = w / SPAN
    assert y / (1.0 - y) == pytest.approx(current / (2.0 * pressed * critical), rel=1e-3)
    e1, e2 = math.exp(-k_strip * seconds), math.exp(-k_plate * seconds)
    assert y == pytest.approx(current / (pressed * critical) * (1.0 - e1) / (1.0 - e1 * e2), rel=1e-9)


def test_plating_and_rest_close_voids_and_empty_ones_stay_empty():
    rest, plating = proportional_closure(np.array([0.0, -1.0]), 0.5, 1e-6, 2.0, **SECOND)
    assert plating < rest < 0.0
    assert proportional_closure(-1.0, 0.5, 0.0, 2.0, **SECOND) == 0.0


def test_a_void_that_spans_the_area_leaves_no_contact():
    assert left_linearly(0.25 * SPAN, void_height=SPAN) == pytest.approx(0.75, rel=1e-14)
    assert left_linearly(-1e-9, void_height=SPAN) == 1.0
    assert 0.0 < left_linearly(2.0 * SPAN, void_height=SPAN) < 1e-8


def test_crowding_conserves_the_current_over_what_is_left():
    left = np.array([1.0, 0.5, 0.1])
    assert crowding(left, void_focusing=1.0) * left == pytest.approx(np.ones(3), rel=1e-12)
    assert crowding(left, void_focusing=0.0) == pytest.approx(np.ones(3), rel=1e-14)
